"""Steps on the three lists (清单的办理): claim, done, verdict, stop; a need that is no longer there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import path

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models import Need, PartyOrganisation, Project
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.asking import ask, go

clause = "9.1.3-3-1"


class ClaimForm(forms.Form):
    """Who takes it on (认领党组织)."""

    lead = forms.ModelChoiceField(PartyOrganisation.objects.none(), label="认领党组织", empty_label="请选择")


class FinishForm(forms.Form):
    """What was done (完成情况)."""

    done_on = forms.DateField(
        label="完成日期", initial=time.today, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    result = forms.CharField(
        label="完成情况", max_length=1000, widget=forms.Textarea({"rows": 5}), help_text="做了什么、效果如何；不写姓名和电话",
    )  # fmt: skip


class RateForm(forms.Form):
    """Whether the need is met (评价)."""

    verdict = forms.ChoiceField(label="需求是否解决", choices=Project.Verdict.choices, widget=forms.RadioSelect)
    text = forms.CharField(label="评价意见", max_length=200, required=False, help_text="没有完全解决的，写明还差什么")


class WhyForm(forms.Form):
    """Why (原因)."""

    reason = forms.CharField(label="原因", max_length=100)


Do = Callable[[Project, Actor, dict[str, Any]], Any]
STEPS: dict[str, tuple[str, type[forms.Form], str, str, Do]] = {
    "claim": (
        "认领项目", ClaimForm, "认领", "认领后由这个党组织负责实施。",
        lambda row, by, given: actions.claim_project(row, by=by, lead_id=given["lead"].pk),
    ),
    "finish": (
        "登记完成", FinishForm, "登记完成", "完成后由另一位同事回访提出方并评价。",
        lambda row, by, given: actions.finish_project(row, by=by, **given),
    ),
    "rate": (
        "评价项目", RateForm, "提交评价", "先向需求提出方了解情况，再登记。",
        lambda row, by, given: actions.rate_project(row, by=by, **given),
    ),
    "stop": (
        "终止项目", WhyForm, "终止", "终止后，需求回到待对接。",
        lambda row, by, given: actions.stop_project(row, by=by, reason=given["reason"]),
    ),
}  # fmt: skip
DONE = {"claim": "已认领。", "finish": "已登记完成，等待评价。", "rate": "评价已登记。", "stop": "项目已终止。"}


@needs("party_lists.edit", clause=clause)
def step(request: HttpRequest, id: UUID, step: str) -> HttpResponse:
    """One step of a project (办理项目)."""
    by = reader(request)
    row = Project.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).first()
    if row is None or step not in STEPS:
        raise NotFound("没有找到这个项目。")
    title, kind, submit, note, do = STEPS[step]
    back = addresses.page("party-projects", row.pk)

    def form(*args: Any) -> forms.Form:
        made = kind(*args)
        lead = made.fields.get("lead")
        if isinstance(lead, forms.ModelChoiceField):
            lead.queryset = queries.organisations(by).order_by("code")
        return made

    def act(given: dict[str, Any]) -> HttpResponse:
        do(row, by, given)
        messages.success(request, DONE[step])
        return go(request, back)

    return ask(request, form, f"{title}：{row.title}", act, back, submit, note)


@needs("party_lists.edit", clause=clause)
def close_need(request: HttpRequest, id: UUID) -> HttpResponse:
    """A need is no longer there (不再需要)."""
    by = reader(request)
    row = Need.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).first()
    if row is None:
        raise NotFound("没有找到这项需求。")
    back = addresses.page("party-needs", row.pk)

    def act(given: dict[str, Any]) -> HttpResponse:
        actions.close_need(row, by=by, reason=given["reason"])
        messages.success(request, "需求已关闭。")
        return go(request, back)

    return ask(request, WhyForm, f"不再需要：{row.title}", act, back, "关闭需求")


urlpatterns = [
    path("projects/<uuid:id>/<slug:step>/", step, name="party-project-step"),
    path("needs/<uuid:id>/close/", close_need, name="party-close-need"),
]
