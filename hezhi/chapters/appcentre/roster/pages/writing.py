"""The roster to write (排班): one shift, a pattern, last week again; change and cancel with the reason."""

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from hezhi.chapters.appcentre.roster import actions, queries, rules
from hezhi.chapters.appcentre.roster.actions import Made
from hezhi.chapters.appcentre.roster.pages import forms
from hezhi.chapters.appcentre.roster.queries import EDIT
from hezhi.engines.org.api import DutyShift, needs, reader
from hezhi.ground import time
from hezhi.ground.time import local
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Crumb

clause = "10.1-3"


@needs(EDIT, clause=clause)
def new(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """One shift (登记班次)."""
    unit = queries.unit_of(unit_id)
    asked: list[forms.OneShift] = []

    def form(data: Any) -> forms.OneShift:
        asked.append(forms.OneShift(data, unit=unit, initial=forms.next_start()))
        return asked[-1]

    def do(_: dict[str, Any]) -> None:
        shift = actions.put(unit, by=reader(request), **asked[-1].wanted())
        messages.success(request, f"已安排{shift.user}值班：{queries.span_told(shift.starts_at, shift.ends_at)}。")

    return ask(request, form, f"登记班次：{unit.name}", do, _week(unit.pk), submit="登记")


@needs(EDIT, clause=clause)
def plan(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """A repeating roster over people and turns (批量排班)."""
    unit = queries.unit_of(unit_id)
    first: list[date] = []

    def do(typed: dict[str, Any]) -> None:
        made = actions.plan(unit, by=reader(request), **typed)
        first.append(typed["first"])
        messages.success(request, _told(made))

    note = "按名单和班次自动排出一段时间的值班表；整批写入，有冲突就一条也不写。"
    crumbs = [Crumb("值班总览", reverse("roster")), Crumb(unit.name, _week(unit.pk)), Crumb("批量排班")]
    form = partial(forms.Pattern, unit=unit)
    return ask(request, form, f"批量排班：{unit.name}", do, _week(unit.pk), submit="排班", note=note, crumbs=crumbs)


@needs(EDIT, clause=clause)
def copy_week(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """The week before again (复制上周)."""
    unit = queries.unit_of(unit_id)
    try:
        monday = rules.week_of(date.fromisoformat(request.GET.get("monday", "")))[0]
    except ValueError:
        monday = rules.week_of(time.today())[0]

    def do(_: dict[str, Any]) -> None:
        messages.success(request, _told(actions.copy_week(unit, by=reader(request), monday=monday)))

    note = f"把上一周的班次照样排到 {monday:%Y-%m-%d} 起的一周；已经排好的班次不动。"
    back = f"{_week(unit.pk)}?day={monday}"
    return ask(request, forms.Nothing, f"复制上周：{unit.name}", do, back, submit="复制", note=note)


@needs(EDIT, clause=clause)
def change(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Another person or another time (调班)."""
    shift = queries.shift_of(shift_id)
    asked: list[forms.ChangedShift] = []

    def form(data: Any) -> forms.ChangedShift:
        asked.append(forms.ChangedShift(data, shift=shift))
        return asked[-1]

    def do(_: dict[str, Any]) -> None:
        actions.change(shift, by=reader(request), **asked[-1].wanted())
        messages.success(request, "班次已调整。")

    note = f"{shift.user.full_name}，{queries.span_told(shift.starts_at, shift.ends_at)}"
    return ask(
        request, form, f"调班：{shift.unit.name}", do, _week_of(shift), submit="保存", note=note,
        other_url=reverse("roster-cancel", args=[shift.pk]), other_name="取消这个班次",
    )  # fmt: skip


@needs(EDIT, clause=clause)
def cancel(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Take a shift off (取消班次)."""
    shift = queries.shift_of(shift_id)

    def do(typed: dict[str, Any]) -> None:
        actions.cancel(shift, by=reader(request), reason=typed["reason"])
        messages.success(request, "班次已取消，请注意是否留下空档。")

    note = f"{shift.user.full_name}，{queries.span_told(shift.starts_at, shift.ends_at)}"
    title = f"取消班次：{shift.unit.name}"
    return ask(request, forms.Reason, title, do, _week_of(shift), submit="取消班次", note=note, submit_kind="danger")


def _told(made: Made) -> str:
    kept = f"，{made.taken} 个时段已有人，未改动" if made.taken else ""
    return f"已排 {len(made.shifts)} 个班次{kept}。"


def _week(unit_id: UUID) -> str:
    return reverse("roster-unit", args=[unit_id])


def _week_of(shift: DutyShift) -> str:
    return f"{_week(shift.unit_id)}?day={local(shift.starts_at):%Y-%m-%d}"
