"""Articles on the citizen's phone (市民通的工作宣传): no account, no cookie, nobody is counted, only the reading."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from hezhi.chapters.grassroots.party import actions
from hezhi.chapters.grassroots.party.models import Article, ArticleVideo, NewsColumn
from hezhi.chapters.grassroots.party.models.articles import PUBLIC
from hezhi.chapters.grassroots.party.pages.videos import poster_answer, video_answer
from hezhi.engines.org.rights import open_to_all
from hezhi.engines.records.files import open_file
from hezhi.ground.errors import NotFound
from hezhi.ground.feeds import Entry, atom
from hezhi.ground.ui.shapes import Chip, Empty

clause = "9.1.3-3-4"
WHY = "published articles are for everybody"
SHOWN = 60


def live(audiences: tuple[str, ...]) -> QuerySet[Article]:
    """What stands published for one of these audiences now."""
    rows = Article.objects.none()
    for audience in audiences:
        rows = rows | Article.objects.live(audience)
    return rows.select_related("column").order_by("-on_top", "-shows_from", "-id")


def listing(request: HttpRequest, audiences: tuple[str, ...], listed: str, opened: str) -> dict[str, Any]:
    """The list of a channel, by column (按栏目)."""
    rows = live(audiences)
    chosen, url = request.GET.get("column", ""), reverse(listed)
    columns = NewsColumn.objects.filter(active=True, pk__in=rows.order_by().values("column"))
    chips = [Chip("全部", rows.count(), url, active=not chosen)]
    chips += [
        Chip(each.name, rows.filter(column=each).count(), f"{url}?column={each.code}", active=chosen == each.code) for each in columns
    ]  # fmt: skip
    found = rows.filter(column__code=chosen) if chosen else rows
    told = [
        {
            "name": row.title, "url": reverse(opened, args=[row.pk]), "at": row.shows_from,
            "note": " · ".join(filter(None, ("置顶" if row.on_top else "", row.column.name, row.source))),
        }
        for row in found[:SHOWN]
    ]  # fmt: skip
    return {"rows": told, "chips": chips if len(chips) > 2 else [], "empty": Empty("现在没有发布的内容。")}


def story(row: Article, opened: str) -> dict[str, Any]:
    """One article with its pictures; `opened` names the address of a picture in this channel."""
    pictures = [(each.alt, reverse(opened, args=[row.pk, each.pk])) for each in row.pictures.all()]
    video = ArticleVideo.objects.filter(article=row).select_related("file").first()
    told: dict[str, Any] = {"article": row, "pictures": pictures, "video": video}
    if video is not None:
        base = opened.removesuffix("-picture")
        told |= {name: reverse(f"{base}-{name}", args=[row.pk]) for name in ("video_file", "poster")}
    return told


def one_of(audiences: tuple[str, ...], key: UUID) -> Article:
    """An article of this channel as it stands now; NotFound for one that is not, or no longer, shown."""
    found = live(audiences).filter(pk=key).first()
    if found is None:
        raise NotFound("这篇文章没有发布，或已经撤下。", remedy="请返回列表查看其他内容。", code="party.not_published")
    return found


def picture_answer(row: Article, picture_id: UUID) -> HttpResponse:
    """The bytes of a picture of an article that the caller has let through."""
    found = row.pictures.select_related("file").filter(pk=picture_id).first()
    if found is None:
        raise NotFound("没有找到这张图片。")
    content, content_type = open_file(found.file)
    response = HttpResponse(content, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=600"
    return response


@open_to_all(WHY, clause=clause)
def listed(request: HttpRequest) -> HttpResponse:
    """The articles for citizens."""
    context = listing(request, (PUBLIC,), "citizen-news", "citizen-article")
    code = request.GET.get("column", "")
    column = NewsColumn.objects.filter(code=code, active=True).first() if code else None
    feed_url = reverse("citizen-news-column-feed", args=[column.code]) if column else reverse("citizen-news-feed")
    return render(request, "party/public_news.html", context | {"feed_url": feed_url, "column": column})


@open_to_all(WHY, clause=clause)
def one(request: HttpRequest, id: UUID) -> HttpResponse:
    """One article; the reading is counted, the reader is not."""
    row = one_of((PUBLIC,), id)
    actions.count_read(row, PUBLIC)
    context = story(row, "citizen-article-picture") | {"back_url": reverse("citizen-news")}
    return render(request, "party/phone_article.html", context)


@open_to_all(WHY, clause=clause)
def picture(request: HttpRequest, id: UUID, picture_id: UUID) -> HttpResponse:
    """A picture of a published article."""
    return picture_answer(one_of((PUBLIC,), id), picture_id)


@open_to_all(WHY, clause=clause)
def video(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """The video of a published article, in the parts a player asks for."""
    return video_answer(request, one_of((PUBLIC,), id))


@open_to_all(WHY, clause=clause)
def poster(request: HttpRequest, id: UUID) -> HttpResponse:
    """The picture before the video of a published article."""
    return poster_answer(one_of((PUBLIC,), id))


@open_to_all(WHY, clause=clause)
def feed(request: HttpRequest, code: str = "") -> HttpResponse:
    """Published articles for a program that reads feeds (订阅): who subscribes leaves nothing with us."""
    column = NewsColumn.objects.filter(code=code, active=True).first() if code else None
    if code and column is None:
        raise NotFound("没有这个栏目。", remedy="请返回列表选择。", code="party.no_column")
    rows = live((PUBLIC,)).filter(column=column) if column else live((PUBLIC,))
    listed_at = request.build_absolute_uri(reverse("citizen-news") + (f"?column={code}" if column else ""))
    entries = [
        Entry(
            f"urn:uuid:{row.pk}:{row.edition}", row.title, max(row.shows_from, row.approved_at or row.shows_from),
            request.build_absolute_uri(reverse("citizen-article", args=[row.pk])), row.column.name,
        )
        for row in rows.order_by("-shows_from", "-id")[:SHOWN]
    ]  # fmt: skip
    title = f"工作宣传：{column.name}" if column else "工作宣传"
    return atom(title, request.build_absolute_uri(), listed_at, "社会治理中心", entries)


urlpatterns = [
    path("feed.atom", feed, name="citizen-news-feed"),
    path("feed/<slug:code>.atom", feed, name="citizen-news-column-feed"),
    path("<uuid:id>/video/", video, name="citizen-article-video_file"),
    path("<uuid:id>/poster/", poster, name="citizen-article-poster"),
    path("", listed, name="citizen-news"),
    path("<uuid:id>/", one, name="citizen-article"),
    path("<uuid:id>/pictures/<uuid:picture_id>/", picture, name="citizen-article-picture"),
]
