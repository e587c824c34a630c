"""What the roster's pages read (值班查询). The roster is the office's directory: colleagues may read all of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from hezhi.engines.org import duty
from hezhi.engines.org.api import Actor, DutyShift, Holding, Unit, User, units
from hezhi.engines.records.history import versions_of
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.time import at_local, local

EDIT = "roster.edit"
Span = tuple[datetime, datetime]
WITH_ROSTER = (Unit.Kind.CENTRE, Unit.Kind.DEPARTMENT, Unit.Kind.TOWN)
"""Kinds of units that are to be on duty at every hour; others may keep a roster when they wish."""


def may_edit(by: Actor, unit_id: UUID) -> bool:
    """Whether this post keeps the roster of a unit: its own, those below it, or all."""
    return by.may(EDIT) and (by.scope.everything or unit_id == by.unit_id or unit_id in by.scope.units)


@dataclass
class Day:
    """A day of a roster (一天): its shifts by when they begin, and the hours nobody covers."""

    day: date
    shifts: list[DutyShift] = field(default_factory=list)
    gaps: list[Span] = field(default_factory=list)
    inside: bool = True


@dataclass
class Sheet:
    """A stretch of a unit's roster (值班表): days, gaps, people booked twice."""

    days: list[Day]
    gaps: list[Span]
    twice: list[tuple[DutyShift, DutyShift]]
    ranks: list[int]


def unit_of(unit_id: UUID) -> Unit:
    """An open unit, or «not found»."""
    unit = units().filter(pk=unit_id).first()
    if unit is None:
        raise NotFound("没有找到这个单位。", code="roster.no_unit")
    return unit


def shift_of(shift_id: UUID) -> DutyShift:
    """One line of the roster, or «not found»."""
    shift = DutyShift.objects.select_related("unit", "user").filter(pk=shift_id).first()
    if shift is None:
        raise NotFound("没有找到这个班次。", "它可能刚刚被取消。", code="roster.no_shift")
    return shift


def sheet(unit: Unit, first: date, after: date) -> Sheet:
    """The roster of a unit from a day to before another; gaps are told from now on only."""
    start, end = at_local(first), at_local(after)
    shifts = duty.shifts_between(unit, start, end)
    spans = [(s.starts_at, s.ends_at) for s in shifts if s.user.is_active]
    gaps = duty.uncovered(spans, max(start, time.now()), end) if end > time.now() else []
    days = [Day(first + timedelta(days=n)) for n in range((after - first).days)]
    for each in days:
        a, b = at_local(each.day), at_local(each.day + timedelta(days=1))
        each.shifts = [s for s in shifts if a <= s.starts_at < b or (each.day == first and s.starts_at < a)]
        each.gaps = [(max(x, a), min(y, b)) for x, y in gaps if x < b and y > a]
    return Sheet(days, gaps, twice(shifts), sorted({s.rank for s in shifts}) or [1])


def twice(shifts: Sequence[DutyShift]) -> list[tuple[DutyShift, DutyShift]]:
    """People of these shifts who are on duty somewhere else at the same time, from now on."""
    ahead = [s for s in shifts if s.ends_at > time.now()]
    if not ahead:
        return []
    start, end = min(s.starts_at for s in ahead), max(s.ends_at for s in ahead)
    rows = DutyShift.objects.filter(user__in={s.user_id for s in ahead}, starts_at__lt=end, ends_at__gt=start)
    own = {s.pk for s in ahead}
    pairs = duty.booked_twice(list(rows.select_related("unit", "user")))
    return [(a, b) for a, b in pairs if a.pk in own or b.pk in own]


def people_of(unit: Unit) -> list[User]:
    """Who works in a unit now, by name: whom a roster usually holds."""
    moment = time.now()
    held = Holding.objects.filter(post__unit=unit, user__is_active=True, valid_from__lte=moment)
    held = held.exclude(valid_to__lte=moment)
    return list(User.objects.filter(pk__in=held.values("user_id")).order_by("full_name", "login_name"))


@dataclass
class Standing:
    """How a unit stands (值班情况): who is on duty now, and the first hours without anybody in the next week."""

    unit: Unit
    now: list[DutyShift]
    gaps: list[Span]


def overview() -> list[Standing]:
    """Every unit that is to be on duty, and those that keep a roster besides: two queries."""
    moment = time.now()
    until = moment + timedelta(days=7)
    by_unit: dict[UUID, list[DutyShift]] = {}
    rows = DutyShift.objects.filter(starts_at__lt=until, ends_at__gt=moment, user__is_active=True)
    for shift in rows.select_related("user").order_by("rank", "starts_at"):
        by_unit.setdefault(shift.unit_id, []).append(shift)
    found = []
    for unit in units().order_by("order", "code"):
        shifts = by_unit.get(unit.pk, [])
        if not shifts and unit.kind not in WITH_ROSTER:
            continue
        here = [s for s in shifts if s.starts_at <= moment]
        found.append(Standing(unit, here, duty.uncovered([(s.starts_at, s.ends_at) for s in shifts], moment, until)))
    return found


def changes_of(unit: Unit, most: int = 30) -> list[dict[str, object]]:
    """The last changes of a unit's roster (排班变更): who, when, why, which shift."""
    events = versions_of(DutyShift)
    if events is None:
        return []
    rows = list(events._default_manager.filter(unit_id=unit.pk).order_by("-pgh_id")[:most])
    names = dict(User.objects.filter(pk__in={r.user_id for r in rows}).values_list("pk", "full_name"))  # type: ignore[attr-defined]
    words = {"insert": "登记", "update": "调整", "delete": "取消"}
    return [
        {
            "at": row.pgh_created_at, "what": words.get(row.pgh_label, row.pgh_label),  # type: ignore[attr-defined]
            "who": (row.pgh_context or {}).get("name", ""), "why": (row.pgh_context or {}).get("reason", ""),  # type: ignore[attr-defined]
            "person": names.get(row.user_id, ""), "rank": row.rank,  # type: ignore[attr-defined]
            "span": span_told(row.starts_at, row.ends_at),  # type: ignore[attr-defined]
        }
        for row in rows
    ]  # fmt: skip


def span_told(starts: datetime, ends: datetime) -> str:
    """A span in words: «11-26 08:30–17:30», with the day when it ends on another."""
    a, b = local(starts), local(ends)
    if a.date() == b.date():
        return f"{a:%m-%d %H:%M}–{b:%H:%M}"
    if b - a == timedelta(days=1) and a.time() == b.time() and f"{a:%H:%M}" == "00:00":
        return f"{a:%m-%d} 全天"
    return f"{a:%m-%d %H:%M}–{b:%m-%d %H:%M}"
