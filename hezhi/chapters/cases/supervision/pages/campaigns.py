"""Campaigns (督导专项): the list with progress, one of them, and its steps."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.supervision import actions, queries
from hezhi.chapters.cases.supervision.models import Campaign
from hezhi.chapters.cases.supervision.pages.forms import unit_choices, uuids
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.engines.registry.models import SavedView
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact, Figure

clause = "9.1.2-3-4"
Given = dict[str, Any]


class Ends(forms.DateField):
    """The last day of a campaign."""

    def __init__(self) -> None:
        super().__init__(
            label="完成期限", widget=forms.DateInput(attrs={"type": "date"}),
            error_messages={"required": "请选择日期。", "invalid": "日期格式不对。"},
        )  # fmt: skip


def _words(label: str, rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": f"请填写{label}。"},
    )


def _new_form(by: Actor, kind: str) -> Any:
    views = SavedView.objects.visible_to(by).filter(registry="cases")
    chosen = [("", "请选择"), *((str(view.pk), view.name) for view in views)]

    class Form(forms.Form):
        title = forms.CharField(label="专项名称", max_length=80, error_messages={"required": "请填写专项名称。"})
        request = _words("工作要求")
        ends_on = Ends()
        if kind == Campaign.Kind.CASES:
            view = forms.ChoiceField(
                label="事件范围", choices=chosen, error_messages={"required": "请选择一个常用筛选。"},
                help_text="从「事件管理」里存为常用的筛选中选择；以发起时筛出的事件为准，最多 500 件。",
            )  # fmt: skip

    return Form


@needs("supervision.view", clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The campaigns this reader may see, with their progress."""
    by = reader(request)
    return render(
        request, "supervision/campaigns.html", {"rows": queries.campaigns(by), "leads": by.may("supervision.lead")}
    )


@needs("supervision.lead", clause=clause)
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Begin a campaign over cases or of tasks."""
    if kind not in Campaign.Kind.values:
        raise NotFound("没有这种专项。")
    by = reader(request)

    def done(given: Given) -> HttpResponse:
        view = given.get("view")
        campaign = actions.open_campaign(
            by=by, kind=kind, title=given["title"], request=given["request"], ends_on=given["ends_on"],
            view_id=UUID(view) if view else None,
        )  # fmt: skip
        messages.success(request, "专项已发起。")
        return redirect("supervision-campaign", campaign_id=campaign.pk)

    name = Campaign.Kind(kind).label
    return ask(request, _new_form(by, kind), f"发起{name}", done, reverse("supervision-campaigns"), submit="发起")


@needs("supervision.view", clause=clause)
@require_safe
def one(request: HttpRequest, campaign_id: UUID) -> HttpResponse:
    """One campaign: progress over what this reader may see, by unit, and its matters."""
    by = reader(request)
    campaign = queries.campaign_for(by, campaign_id)
    told = queries.progress(by, campaign, lines=True)
    cases = campaign.kind == Campaign.Kind.CASES
    noun = "件事件" if cases else "项任务"
    context = {
        "campaign": campaign, "progress": told, "cases": cases, "request_text": mask_text(campaign.request),
        "matters": [(m, mask_text(m.title)) for m in queries.matters_of(by, campaign)],
        "crumbs": [Crumb("督导专项", reverse("supervision-campaigns")), Crumb(campaign.title)],
        "fact_list": _facts(campaign), "action_list": _buttons(by, campaign, cases),
        "figure_list": [
            Figure("总数", str(told.total), noun), Figure("已完成", str(told.ended), noun, note=f"{told.share}%"),
            Figure("逾期未完成", str(told.late), noun), Figure("已督办", str(told.supervised), "件"),
        ],
    }  # fmt: skip
    return render(request, "supervision/campaign.html", context)


def _facts(campaign: Campaign) -> list[Fact]:
    facts = [
        Fact("类型", campaign.get_kind_display()), Fact("组织单位", str(campaign.unit)),
        Fact("发起人", str(campaign.opened_by or "")), Fact("完成期限", str(campaign.ends_on)),
    ]  # fmt: skip
    if campaign.filter_name:
        facts.append(Fact("事件范围", f"常用筛选「{campaign.filter_name}」", note="发起时筛出的事件"))
    if campaign.closed_at:
        facts.append(Fact("专项总结", mask_text(campaign.result), wide=True))
    return facts


def _buttons(by: Actor, campaign: Campaign, cases: bool) -> list[Action]:
    if not by.may("supervision.lead") or campaign.closed_at:
        return []
    step = ("supervise", "逐件督办") if cases else ("task", "下达任务")
    return [
        Action(step[1], reverse("supervision-campaign-do", args=[campaign.pk, step[0]]), kind="primary", opens="dialog"),
        Action("结束专项", reverse("supervision-campaign-do", args=[campaign.pk, "close"]), opens="dialog"),
    ]  # fmt: skip


def _task_form() -> Any:
    class Form(forms.Form):
        title = forms.CharField(label="任务名称", max_length=60, error_messages={"required": "请填写任务名称。"})
        request = _words("任务要求")
        days = forms.IntegerField(label="反馈时限（工作日）", min_value=1, max_value=30, initial=5)
        units = forms.MultipleChoiceField(
            label="承办单位", widget=forms.CheckboxSelectMultiple, choices=unit_choices(),
            error_messages={"required": "请选择承办单位。"},
        )  # fmt: skip

    return Form


class DaysForm(forms.Form):
    """How long the units have for each case."""

    days = forms.IntegerField(label="反馈时限（工作日）", min_value=1, max_value=30, initial=2)


class ResultForm(forms.Form):
    """The summary of a campaign."""

    text = _words("专项总结", 4)


@needs("supervision.lead", clause=clause)
def do(request: HttpRequest, campaign_id: UUID, step: str) -> HttpResponse:
    """A step on a campaign: supervise its cases one by one, add a task, end it."""
    by = reader(request)
    campaign = queries.campaign_for(by, campaign_id)
    back = reverse("supervision-campaign", args=[campaign.pk])

    def supervise(given: Given) -> None:
        opened, left = actions.supervise_members(campaign.pk, by=by, days=given["days"])
        messages.success(request, f"已督办 {opened} 件" + (f"，还有 {left} 件，请再次逐件督办。" if left else "。"))

    def task(given: Given) -> None:
        matter = actions.add_task(
            campaign.pk, by=by, title=given["title"], request=given["request"], unit_ids=uuids(given["units"]),
            days=given["days"],
        )  # fmt: skip
        messages.success(request, f"任务已下达，编号 {matter.number}。")

    def close(given: Given) -> None:
        actions.close_campaign(campaign.pk, by=by, text=given["text"])
        messages.success(request, "专项已结束。")

    if step == "supervise":
        note = "对专项内尚未办结的事件逐件发起督办，已在督办的不重复。"
        return ask(request, DaysForm, "逐件督办", supervise, back, submit="发起", note=note)
    if step == "task":
        return ask(request, _task_form(), "下达任务", task, back, submit="下达", note=campaign.title)
    if step == "close":
        return ask(request, ResultForm, "结束专项", close, back, submit="结束", note="未销号的督办照常进行。")
    raise NotFound("没有这个步骤。")
