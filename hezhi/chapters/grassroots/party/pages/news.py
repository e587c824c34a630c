"""Articles on the grid worker's phone (网格员手机端的工作宣传); what is for members alone is shown to members."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models.articles import GRID, PARTY
from hezhi.chapters.grassroots.party.pages.public import listing, one_of, picture_answer, story
from hezhi.chapters.grassroots.party.pages.videos import poster_answer, video_answer
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs, signed_in

clause = "9.1.3-3-4"


def _channels(by: Actor) -> tuple[str, ...]:
    return (GRID, PARTY) if queries.member_of_account(by) is not None else (GRID,)


@needs("party.take_part", clause=clause)
def listed(request: HttpRequest) -> HttpResponse:
    """The articles for those who work in the grids."""
    by = reader(request)
    context = listing(request, _channels(by), "phone-party-news", "phone-party-article")
    context["takes_news"] = queries.takes_news(by)
    return render(request, "party/phone_news.html", context)


@needs("party.take_part", clause=clause)
def one(request: HttpRequest, id: UUID) -> HttpResponse:
    """One article; the reading is counted, the reader is not."""
    row = one_of(_channels(reader(request)), id)
    actions.count_read(row, GRID)
    context = story(row, "phone-party-article-picture") | {"back_url": reverse("phone-party-news")}
    return render(request, "party/phone_article.html", context)


@needs("party.take_part", clause=clause)
def picture(request: HttpRequest, id: UUID, picture_id: UUID) -> HttpResponse:
    """A picture of an article of this channel."""
    return picture_answer(one_of(_channels(reader(request)), id), picture_id)


@needs("party.take_part", clause=clause)
def video(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """The video of an article of this channel."""
    return video_answer(request, one_of(_channels(reader(request)), id))


@needs("party.take_part", clause=clause)
def poster(request: HttpRequest, id: UUID) -> HttpResponse:
    """The picture before the video."""
    return poster_answer(one_of(_channels(reader(request)), id))


# -- at the desk: every member of staff reads what stands for the grid ------------------------------


@signed_in
def reading(request: HttpRequest) -> HttpResponse:
    """The articles at the desk (宣传阅读), and whether one wants to be told of new ones."""
    by = reader(request)
    context = listing(request, _channels(by), "party-readings", "party-reading")
    return render(request, "party/readings.html", context | {"takes_news": queries.takes_news(by)})


@signed_in
def reading_one(request: HttpRequest, id: UUID) -> HttpResponse:
    """One article at the desk; the reading is counted, the reader is not."""
    row = one_of(_channels(reader(request)), id)
    actions.count_read(row, GRID)
    return render(request, "party/reading.html", story(row, "party-reading-picture"))


@signed_in
def reading_picture(request: HttpRequest, id: UUID, picture_id: UUID) -> HttpResponse:
    """A picture of an article that stands for staff."""
    return picture_answer(one_of(_channels(reader(request)), id), picture_id)


@signed_in
def reading_video(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """The video of an article that stands for staff."""
    return video_answer(request, one_of(_channels(reader(request)), id))


@signed_in
def reading_poster(request: HttpRequest, id: UUID) -> HttpResponse:
    """The picture before the video."""
    return poster_answer(one_of(_channels(reader(request)), id))


@signed_in
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Say that one wants news, or none (接收、关闭推送)."""
    wanted = request.POST.get("wanted") == "1"
    actions.choose_news(by=reader(request), wanted=wanted)
    messages.success(request, "已开启推送。" if wanted else "已关闭推送，不再收到宣传消息；内容随时可以在这里看。")
    return redirect("phone-party-news" if request.POST.get("phone") else "party-readings")


desk_patterns = [
    path("news/", reading, name="party-readings"),
    path("news/choose/", choose, name="party-news-choose"),
    path("news/<uuid:id>/", reading_one, name="party-reading"),
    path("news/<uuid:id>/pictures/<uuid:picture_id>/", reading_picture, name="party-reading-picture"),
    path("news/<uuid:id>/video/", reading_video, name="party-reading-video_file"),
    path("news/<uuid:id>/poster/", reading_poster, name="party-reading-poster"),
]

urlpatterns = [
    path("news/<uuid:id>/video/", video, name="phone-party-article-video_file"),
    path("news/<uuid:id>/poster/", poster, name="phone-party-article-poster"),
    path("news/", listed, name="phone-party-news"),
    path("news/<uuid:id>/", one, name="phone-party-article"),
    path("news/<uuid:id>/pictures/<uuid:picture_id>/", picture, name="phone-party-article-picture"),
]
