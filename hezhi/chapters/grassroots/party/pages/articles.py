"""Articles at the desk (宣传文章): preview as on a phone, withdraw, the pictures of an article not yet published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models import Article, ArticlePush
from hezhi.chapters.grassroots.party.pages.public import picture_answer, story
from hezhi.chapters.grassroots.party.pages.videos import poster_answer, video_answer
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground import time
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


@needs("party_articles.view", clause=clause)
def video(request: HttpRequest, id: UUID) -> HttpResponseBase:
    """The video for those who write and check the article."""
    return video_answer(request, _article(reader(request), id))


@needs("party_articles.view", clause=clause)
def poster(request: HttpRequest, id: UUID) -> HttpResponse:
    """The picture before the video, for the same."""
    return poster_answer(_article(reader(request), id))


class PushForm(forms.Form):
    """To whom (推送对象)."""

    to = forms.ChoiceField(label="推送给", choices=ArticlePush.To.choices, widget=forms.RadioSelect)
    roles = forms.MultipleChoiceField(
        label="工作人员的岗位", choices=(), required=False, widget=forms.CheckboxSelectMultiple,
        help_text="推送给“工作人员”时选，本单位及下级",
    )  # fmt: skip


@needs("party_articles.push", clause=clause)
def push(request: HttpRequest, id: UUID) -> HttpResponse:
    """Push a published article to an audience, once (推送)."""
    by = reader(request)
    row = _article(by, id)
    back = f"{addresses.page('party-articles', row.pk)}?tab=pushes"
    done = set(row.pushes.values_list("to", flat=True))

    def form(*args: Any) -> forms.Form:
        made = PushForm(*args)
        made.fields["to"].choices = [(code, name) for code, name in ArticlePush.To.choices if code not in done]  # type: ignore[attr-defined]
        made.fields["roles"].choices = [(each.code, each.name) for each in queries.roles_below(by)]  # type: ignore[attr-defined]
        return made

    def do(given: dict[str, Any]) -> HttpResponse:
        made = actions.push_article(row, by=by, to=given["to"], roles=given["roles"])
        when = "立即发出" if made.leaves_at <= time.now() else f"{time.show(made.leaves_at)} 发出"
        messages.success(request, f"已推送，{when}，共 {made.letters} 条消息。")
        return go(request, back)

    note = "每类对象只推送一次；关闭推送的人不会收到。文章还没到显示时间的，到时发出。"
    return ask(request, form, f"推送：{row.title}", do, back, "推送", note)


class NothingForm(forms.Form):
    """Nothing is asked but the word (确认)."""


@needs("party_articles.push", clause=clause)
def withdraw_push(request: HttpRequest, id: UUID, push_id: UUID) -> HttpResponse:
    """Take back what has not left yet (撤回推送)."""
    by = reader(request)
    row = _article(by, id)
    found = row.pushes.filter(pk=push_id).first()
    if found is None:
        raise NotFound("没有找到这次推送。")
    back = f"{addresses.page('party-articles', row.pk)}?tab=pushes"

    def do(given: dict[str, Any]) -> HttpResponse:
        told = actions.withdraw_push(found, by=by)
        messages.success(request, f"已撤回 {told.withdrawn} 条未发出的消息。")
        return go(request, back)

    return ask(
        request, NothingForm, f"撤回推送：{found.get_to_display()}", do, back, "撤回", "只撤回还没有发出的消息。"
    )


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
    path("articles/<uuid:id>/video/", video, name="party-video_file"),
    path("articles/<uuid:id>/poster/", poster, name="party-poster"),
    path("articles/<uuid:id>/push/", push, name="party-push"),
    path("articles/<uuid:id>/pushes/<uuid:push_id>/withdraw/", withdraw_push, name="party-push-withdraw"),
    path("articles/<uuid:id>/preview/", preview, name="party-preview"),
    path("articles/<uuid:id>/withdraw/", withdraw, name="party-withdraw"),
    path("articles/<uuid:id>/pictures/<uuid:picture_id>/", picture, name="party-picture"),
]
