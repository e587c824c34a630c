"""Articles at the desk (宣传文章): preview as on a phone, withdraw, the pictures of an article not yet published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from hezhi.chapters.grassroots.party import actions
from hezhi.chapters.grassroots.party.models import Article
from hezhi.chapters.grassroots.party.pages.public import picture_answer, story
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.asking import ask, go

clause = "9.1.3-3-4"


def _article(by: Actor, key: UUID) -> Article:
    rows = Article.objects.visible_to(by).select_related("column")
    found: Article | None = rows.filter(pk=key, removed_at__isnull=True).first()
    if found is None:
        raise NotFound("没有找到这篇文章。")
    return found


@needs("party_articles.view", clause=clause)
def preview(request: HttpRequest, id: UUID) -> HttpResponse:
    """The article as it will stand on a phone (手机预览); not counted as a reading."""
    row = _article(reader(request), id)
    context = story(row, "party-picture") | {"back_url": addresses.page("party-articles", row.pk), "preview": True}
    return render(request, "party/phone_article.html", context)


@needs("party_articles.view", clause=clause)
def picture(request: HttpRequest, id: UUID, picture_id: UUID) -> HttpResponse:
    """A picture for those who write and check the article."""
    return picture_answer(_article(reader(request), id), picture_id)


class WithdrawForm(forms.Form):
    """Why (撤下原因)."""

    reason = forms.CharField(label="撤下原因", max_length=200)


@needs("party_articles.withdraw", clause=clause)
def withdraw(request: HttpRequest, id: UUID) -> HttpResponse:
    """Take a published article down at once (撤下)."""
    by = reader(request)
    row = _article(by, id)
    back = addresses.page("party-articles", row.pk)

    def do(given: dict[str, Any]) -> HttpResponse:
        actions.withdraw_article(row, by=by, reason=given["reason"])
        messages.success(request, "文章已撤下，各渠道立即不再显示。")
        return go(request, back)

    return ask(request, WithdrawForm, f"撤下：{row.title}", do, back, "撤下", "各渠道立即不再显示；历史和原因保留。")


urlpatterns = [
    path("articles/<uuid:id>/preview/", preview, name="party-preview"),
    path("articles/<uuid:id>/withdraw/", withdraw, name="party-withdraw"),
    path("articles/<uuid:id>/pictures/<uuid:picture_id>/", picture, name="party-picture"),
]
