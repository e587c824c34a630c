"""The shift's desk (值班台): who is on duty, who is called, what was promised, and the handing over."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.cases.handling.api import queries as handling
from hezhi.chapters.cases.shifts import actions, queries
from hezhi.chapters.cases.shifts.models import Handover, Item
from hezhi.engines.org.api import needs, on_duty_here, reader
from hezhi.ground import time
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact, Figure

clause = "9.1.2-2"
Given = dict[str, Any]


class NoteForm(forms.Form):
    """What one shift tells the other."""

    note = forms.CharField(
        label="说明",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "请填写说明。"},
    )


class PromiseForm(forms.Form):
    """When the one who reported will be rung, and what about."""

    at = forms.DateTimeField(
        label="约定时间", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "请填写约定的时间。", "invalid": "时间格式不对。"},
    )  # fmt: skip
    note = forms.CharField(
        label="约定事项", max_length=200, required=False, help_text="不必写姓名和电话，回电时在事件页查看。"
    )


class KeepForm(forms.Form):
    """How the call went."""

    reached = forms.ChoiceField(
        label="是否接通", choices=[("yes", "接通"), ("no", "未接通")], widget=forms.RadioSelect,
        error_messages={"required": "请选择接通或未接通。"},
    )  # fmt: skip
    said = forms.CharField(
        label="通话情况", max_length=200, required=False, help_text="一句话写明说了什么；不必写姓名和电话。"
    )
    again = forms.DateTimeField(
        label="下次回电时间", required=False, help_text="未接通时填写，约定继续保留。",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "时间格式不对。"},
    )  # fmt: skip


@needs("shifts.view", clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The desk of the shift of the reader's unit."""
    by = reader(request)
    calls, promised = queries.calls(by), queries.promises(by)
    context = {
        "on_duty": on_duty_here(by.unit_id, time.now()), "now": time.now(), "takes_part": by.may("shifts.take_part"),
        "calls": [(row, mask_text(row.case.title)) for row in calls],
        "promised": [(row, mask_text(row.case.title), mask_text(row.note)) for row in promised],
        "open": queries.open_handover(by.unit_id), "handovers": queries.handovers(by),
        "figure_list": [
            Figure("未应答呼叫", str(len(calls)), "件"),
            Figure("约定回电", str(len(promised)), "件", note=f"{sum(p.at < time.now() for p in promised)} 件已过时"),
            Figure("待接班", str(sum(row.in_at is None for row in queries.handovers(by))), "次"),
        ],
    }  # fmt: skip
    return render(request, "shifts/desk.html", context)


@needs("shifts.take_part", clause=clause)
@require_POST
def acknowledge(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Acknowledge a call; the case itself opens."""
    row = actions.acknowledge(call_id, by=reader(request))
    messages.success(request, "已应答，请随即办理。")
    return redirect("case", case_id=row.case_id)


@needs("shifts.take_part", clause=clause)
def promise(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Promise a call-back."""
    by = reader(request)
    case = handling.case_for(by, case_id)

    def done(given: Given) -> None:
        actions.promise(case.pk, by=by, at=given["at"], note=given["note"])
        messages.success(request, "已登记约定回电，到时由当班人回电。")

    note = "约定的回电列在值班台，交班时一并移交。"
    return ask(request, PromiseForm, "约定回电", done, reverse("case", args=[case.pk]), "登记", note)


@needs("shifts.take_part", clause=clause)
def keep(request: HttpRequest, promise_id: UUID) -> HttpResponse:
    """Say how the call went; opened on the page of its case, it leads back there."""
    by = reader(request)
    row = queries.promise_for(by, promise_id)

    def done(given: Given) -> None:
        reached = given["reached"] == "yes"
        actions.keep(row.pk, by=by, reached=reached, said=given["said"], again=given["again"])
        messages.success(request, "已登记回电。" if reached else f"已登记未接通，改约 {time.show(given['again'])}。")

    case = reverse("case", args=[row.case_id])
    on_case = urlsplit(request.headers.get("HX-Current-URL", "")).path == case
    about = f"{row.case.number} {mask_text(row.case.title)}，约定 {time.show(row.at)}"
    note = f"{about}。" + ("保密件，通话情况不在这里保存。" if row.case.secret else "")
    return ask(request, KeepForm, "登记回电", done, case if on_case else reverse("shifts-desk"), "登记", note)


@needs("shifts.take_part", clause=clause)
def hand_over(request: HttpRequest) -> HttpResponse:
    """Begin to hand over."""
    by = reader(request)
    items = queries.to_hand_over(by)
    counts = "，".join(f"{kind.label} {n} 件" for kind in Item.Kind if (n := sum(item.kind == kind for item in items)))

    def done(given: Given) -> HttpResponse:
        row = actions.hand_over(by=by, note=given["note"])
        messages.success(request, "已交班，等待下一班接班；接班以前仍由本班负责。")
        return redirect("shifts-handover", handover_id=row.pk)

    note = f"移交：{counts or '没有紧急、超期和约定回电的事件'}。"
    return ask(request, NoteForm, "交班", done, reverse("shifts-desk"), "交班", note)


@needs("shifts.view", clause=clause)
@require_safe
def one(request: HttpRequest, handover_id: UUID) -> HttpResponse:
    """One handing over with its matters."""
    by = reader(request)
    row, items = queries.handover_for(by, handover_id)
    may_take = by.may("shifts.take_part") and row.in_at is None and by.user_id != row.out_by_id
    groups = [
        (kind.label, [(item, mask_text(item.case.title), mask_text(item.note)) for item in items if item.kind == kind])
        for kind in Item.Kind
    ]
    url = reverse("shifts-take-over", args=[row.pk])
    context = {
        "row": row, "fact_list": _facts(row), "groups": [(name, rows) for name, rows in groups if rows],
        "action_list": [Action("接班", url, "primary", opens="dialog")] if may_take else [],
        "crumbs": [Crumb("值班台", reverse("shifts-desk")), Crumb("交接班")],
    }  # fmt: skip
    return render(request, "shifts/handover.html", context)


def _facts(row: Handover) -> list[Fact]:
    facts = [Fact("交班人", row.out_name), Fact("交班时间", time.show(row.out_at))]
    facts.append(Fact("接班人", row.in_name or "等待接班"))
    facts.append(Fact("接班时间", time.show(row.in_at) if row.in_at else "未接班"))
    facts.append(Fact("交班说明", mask_text(row.out_note), wide=True))
    return [*facts, Fact("接班说明", mask_text(row.in_note), wide=True)] if row.in_at else facts


@needs("shifts.take_part", clause=clause)
def take_over(request: HttpRequest, handover_id: UUID) -> HttpResponse:
    """Take the shift over."""
    by = reader(request)
    row, items = queries.handover_for(by, handover_id)

    def done(given: Given) -> None:
        actions.take_over(row.pk, by=by, note=given["note"])
        messages.success(request, "已接班。")

    note = f"接收{row.out_name}移交的 {len(items)} 项；接班以后由您负责。"
    return ask(request, NoteForm, "接班", done, reverse("shifts-handover", args=[row.pk]), "接班", note)
