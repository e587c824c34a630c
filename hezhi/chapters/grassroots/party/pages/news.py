"""Articles on the grid worker's phone (网格员手机端的工作宣传); what is for members alone is shown to members."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models.articles import GRID, PARTY
from hezhi.chapters.grassroots.party.pages.public import listing, one_of, picture_answer, story
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs

clause = "9.1.3-3-4"


def _channels(by: Actor) -> tuple[str, ...]:
    return (GRID, PARTY) if queries.member_of_account(by) is not None else (GRID,)


@needs("party.take_part", clause=clause)
def listed(request: HttpRequest) -> HttpResponse:
    """The articles for those who work in the grids."""
    context = listing(request, _channels(reader(request)), "phone-party-news", "phone-party-article")
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


urlpatterns = [
    path("news/", listed, name="phone-party-news"),
    path("news/<uuid:id>/", one, name="phone-party-article"),
    path("news/<uuid:id>/pictures/<uuid:picture_id>/", picture, name="phone-party-article-picture"),
]
