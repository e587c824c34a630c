"""The page of one warning (预警): why it came, to whom, what was done, how it was judged."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.awareness.early_warning import actions, rules
from hezhi.chapters.awareness.early_warning.models import Standing, Warning
from hezhi.chapters.awareness.early_warning.queries import lists
from hezhi.engines.analysis.models import Event
from hezhi.engines.org.api import Actor, Unit, needs, reader
from hezhi.ground import time
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact, Figure, TimelineItem

clause = "9.1.4-1"
STATES = {"open": "to_sign", "acknowledged": "handling", "judged": "closed"}


@needs("events.view", clause=clause)
@require_safe
def page(request: HttpRequest, warning_id: UUID) -> HttpResponse:
    """Reasons, figures at the moment of the warning, and what the event has come to since."""
    by = reader(request)
    warning = lists.warning_for(by, warning_id)
    seen = Event.objects.visible_to(by).filter(pk__in=[warning.event_id] if warning.event_id else []).exists()
    mine = bool({by.unit_id, *by.scope.units} & set(warning.units))
    standing = Standing.objects.filter(event=warning.event_id).first()
    context = {
        "warning": warning, "crumbs": [Crumb("预警", "/r/warnings/"), Crumb(warning.number)],
        "title": _title(by, warning, seen=seen, mine=mine),
        "event_url": reverse("event", args=[warning.event_id]) if seen else "", "state_code": STATES[warning.state],
        "fact_list": _facts(by, warning), "figure_list": _figures(warning, standing), "timeline_items": _timeline(warning),
        "action_list": _actions(by, warning),
    }  # fmt: skip
    return render(request, "early_warning/warning.html", context)


def _title(by: Actor, warning: Warning, *, seen: bool, mine: bool) -> str:
    """What the event is called: for who sees it, and for who was warned of it."""
    if warning.found_on is not None:
        return (
            f"数据分析发现{warning.model.analysis.get_method_display()}"
            if warning.model.analysis
            else "数据分析的新发现"
        )
    if warning.event is None:
        return "成员已清除的事件"
    return lists.title_of(by, warning.event) if seen else warning.event.title if mine else "辖区外事件"


def _figures(warning: Warning, now: Standing | None) -> list[Figure]:
    if warning.found_on is not None:
        return [
            Figure("发现的日期", f"{warning.found_on:%m-%d}"),
            Figure("实际件数", str(warning.members), "件"),
            Figure("应有件数", str(warning.usual), "件", f"为应有的 {warning.ratio:g} 倍"),
            Figure("是否偶然", rules.chance_of(warning.chance)),
        ]
    return [
        Figure("预警时反映人数", str(warning.reporters), "人", f"{warning.members} 件"),
        Figure("现在反映人数", str(now.reporters) if now else "—", "人" if now else "", f"{now.messages} 件" if now else "30 天内无新来件"),
        Figure("预警时热度", f"{warning.heat:.1f}", note=f"现在 {now.heat:.1f}" if now else ""),
Figure("与平时相比", rules.compared(warning.usual, warning.ratio), note=rules.chance_of(warning.chance)),
    ]  # fmt: skip


def _facts(by: Actor, warning: Warning) -> list[Fact]:
    units = "、".join(Unit.objects.filter(pk__in=warning.units).order_by("code").values_list("name", flat=True))
    model = reverse("warning-model", args=[warning.model_id]) if by.may("warnings.models") else ""
    facts = [
        Fact("预警模型", warning.model.name, url=model),
        Fact("预警时间", time.show(warning.raised_at)),
        Fact("推送单位", units),
        Fact("签收时限", time.show(warning.due_at)),
        Fact("预警理由", warning.why, wide=True),
    ]
    if warning.found_on is not None and warning.model.analysis is not None and by.may("situation.view"):
        url = reverse("situation-model", args=[warning.model.analysis_id])
        facts.insert(1, Fact("分析模型", str(warning.model.analysis), url=url))
    if warning.measure:
        facts.append(Fact("采取措施", warning.measure, wide=True))
    if warning.verdict:
        facts.append(Fact("评判", warning.get_verdict_display(), note=warning.verdict_note, wide=True))
    return facts


def _timeline(warning: Warning) -> list[TimelineItem]:
    told = [
        TimelineItem("发出预警", warning.raised_at, "系统自动", warning.why, "danger" if warning.level < 3 else "warn")
    ]
    if warning.escalated_at:
        told.append(TimelineItem("逾期未签收，已升级", warning.escalated_at, "系统自动", tone="warn"))
    if warning.acknowledged_at:
        told.append(TimelineItem("签收", warning.acknowledged_at, str(warning.acknowledged_by), warning.measure))
    if warning.judged_at:
        who = str(warning.judged_by)
        told.append(
            TimelineItem(f"评判：{warning.get_verdict_display()}", warning.judged_at, who, warning.verdict_note, "done")
        )
    return told[::-1]


def _actions(by: Actor, warning: Warning) -> list[Action]:
    mine = by.may("warnings.acknowledge") and {by.unit_id, *by.scope.units} & set(warning.units)
    if not mine:
        return []
    if warning.state == Warning.State.OPEN:
        return [Action("签收预警", reverse("warning-acknowledge", args=[warning.pk]), opens="dialog", kind="primary")]
    name = "重新评判" if warning.verdict else "评判"
    return [
        Action(
            name,
            reverse("warning-judge", args=[warning.pk]),
            opens="dialog",
            kind="plain" if warning.verdict else "primary",
        )
    ]


class AcknowledgeForm(forms.Form):
    measure = forms.CharField(
        label="已采取或准备采取的措施", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明已采取或准备采取的措施。"},
    )  # fmt: skip


class JudgeForm(forms.Form):
    verdict = forms.ChoiceField(
        label="这次预警",
        choices=Warning.Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择。"},
    )
    note = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="误报须写明原因。",
    )


@needs("warnings.acknowledge", clause=clause)
def acknowledge(request: HttpRequest, warning_id: UUID) -> HttpResponse:
    """The unit has seen it."""
    by = reader(request)
    warning = lists.warning_for(by, warning_id)

    def done(given: dict[str, Any]) -> None:
        actions.acknowledge(warning.pk, by=by, measure=given["measure"])
        messages.success(request, "已签收。处置有结果后，请回来评判这次预警。")

    back = reverse("warning", args=[warning.pk])
    return ask(request, AcknowledgeForm, "签收预警", done, back, submit="签收", note=f"{warning.number} {warning.why}")


@needs("warnings.acknowledge", clause=clause)
def judge(request: HttpRequest, warning_id: UUID) -> HttpResponse:
    """Was it right?"""
    by = reader(request)
    warning = lists.warning_for(by, warning_id)

    def done(given: dict[str, Any]) -> None:
        actions.judge(warning.pk, by=by, verdict=given["verdict"], note=given["note"])
        messages.success(request, "已评判，模型的准确率随之更新。")

    back = reverse("warning", args=[warning.pk])
    note = "评判的是模型，不是经办单位：用来调整条件，减少误报。"
    return ask(request, JudgeForm, "评判预警", done, back, submit="评判", note=note)
