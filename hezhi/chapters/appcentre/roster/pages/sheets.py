"""The roster to look at (值班表): all units now, one unit by week or by month."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hezhi.chapters.appcentre.roster import queries, rules
from hezhi.chapters.appcentre.roster.queries import EDIT, may_edit
from hezhi.engines.org.api import Actor, DutyShift, Unit, needs, reader
from hezhi.ground import time
from hezhi.ground.time import local
from hezhi.ground.ui.shapes import Action, Crumb

clause = "10.1-3"
READERS = (EDIT, "cases.view", "org.view")


@needs(*READERS, clause=clause)
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Who is on duty now in every unit, and where nobody is in the next week (值班总览)."""
    by = reader(request)
    standing = queries.overview()
    only = request.GET.get("only") == "gaps"
    faulty = [each for each in standing if each.gaps]
    return render(request, "appcentre/roster/overview.html", {
        "rows": [(each, gap_told(each.gaps)) for each in (faulty if only else standing)],
        "all": len(standing), "faulty": len(faulty), "only": only, "own": by.unit_id,
        "action_list": _ways_above(by), "now": time.now(),
    })  # fmt: skip


def _ways_above(by: Actor) -> list[Action]:
    if not by.may(EDIT):
        return []
    drawn = [Action("班次清单和导入", "/r/duty-shifts/")]
    if by.unit_id:
        drawn.append(Action("本单位值班表", reverse("roster-unit", args=[by.unit_id]), kind="primary"))
    return drawn


@needs(*READERS, clause=clause)
@require_GET
def unit(request: HttpRequest, unit_id: UUID) -> HttpResponse:
    """One unit's roster, by week or by month, with its gaps and double bookings (单位值班表)."""
    by, place = reader(request), queries.unit_of(unit_id)
    day, month = _day(request), request.GET.get("view") == "month"
    first, after = rules.month_of(day) if month else rules.week_of(day)
    sheet = queries.sheet(place, first, after)
    for each in sheet.days:
        each.inside = not month or each.day.month == day.month
    editor = may_edit(by, place.pk)
    context = {
        "unit": place, "sheet": sheet, "month": month, "today": time.today(), "may_edit": editor,
        "heading": f"{place.name}值班表", "spoken": _spoken(month, day, first, after),
        "weeks": [sheet.days[n : n + 7] for n in range(0, len(sheet.days), 7)],
        "rows": [(rank, [[s for s in d.shifts if s.rank == rank] for d in sheet.days]) for rank in sheet.ranks],
        "before": _there(month, first - timedelta(days=1) if month else first - timedelta(days=7), day, -1),
        "later": _there(month, after, day, 1), "this": "?view=month" if month else "?",
        "other_view": f"?day={day}" if month else f"?view=month&day={day}",
        "gap_list": [queries.span_told(a, b) for a, b in sheet.gaps[:8]], "gap_count": len(sheet.gaps),
        "twice": [_twice_told(a, b) for a, b in sheet.twice[:8]],
        "changes": queries.changes_of(place), "action_list": _ways(place, editor, first), "monday": first,
        "crumbs": [Crumb("值班总览", reverse("roster")), Crumb(place.name)], "now": time.now(),
    }  # fmt: skip
    return render(request, "appcentre/roster/unit.html", context)


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return time.today()


def _there(month: bool, day: date, now: date, way: int) -> str:
    if month:
        day = (now.replace(day=1) - timedelta(days=1)) if way < 0 else (now.replace(day=1) + timedelta(days=32))
        return f"?view=month&day={day.replace(day=1)}"
    return f"?day={day}"


def _spoken(month: bool, day: date, first: date, after: date) -> str:
    return f"{day:%Y 年 %-m 月}" if month else f"{first:%Y-%m-%d} 至 {after - timedelta(days=1):%m-%d}"


def _ways(place: Unit, editor: bool, monday: date) -> list[Action]:
    if not editor:
        return []
    return [
        Action("复制上周", f"{reverse('roster-copy', args=[place.pk])}?monday={monday}", opens="dialog"),
        Action("登记一个班次", reverse("roster-new", args=[place.pk]), opens="dialog"),
        Action("批量排班", reverse("roster-plan", args=[place.pk]), kind="primary", icon="plus"),
    ]


def gap_told(gaps: list[queries.Span]) -> str:
    """The gaps of a unit in one sentence."""
    if not gaps:
        return ""
    more = f"，另有 {len(gaps) - 1} 段" if len(gaps) > 1 else ""
    return f"{queries.span_told(*gaps[0])}{more}"


def _twice_told(a: DutyShift, b: DutyShift) -> dict[str, Any]:
    start = max(a.starts_at, b.starts_at)
    return {
        "who": a.user.full_name, "when": f"{local(start):%m-%d %H:%M}",
        "where": "、".join(dict.fromkeys(f"{s.unit.name}第 {s.rank} 顺位" for s in (a, b))),
    }  # fmt: skip
