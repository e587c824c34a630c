"""Articles on the citizen's phone (市民通的工作宣传): no account, no cookie, nobody is counted, only the reading."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from hezhi.chapters.grassroots.party import actions
from hezhi.chapters.grassroots.party.models import Article, NewsColumn
from hezhi.chapters.grassroots.party.models.articles import PUBLIC
from hezhi.engines.org.rights import open_to_all
from hezhi.engines.records.files import open_file
from hezhi.ground.errors import NotFound
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
    return {"article": row, "pictures": pictures}


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
    return render(request, "party/public_news.html", listing(request, (PUBLIC,), "citizen-news", "citizen-article"))


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


urlpatterns = [
    path("", listed, name="citizen-news"),
    path("<uuid:id>/", one, name="citizen-article"),
    path("<uuid:id>/pictures/<uuid:picture_id>/", picture, name="citizen-article-picture"),
]
