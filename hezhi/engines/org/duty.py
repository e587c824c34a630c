"""值班表: who answers for a unit at every hour, and whom to call next when nobody answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from hezhi.engines.org.models import DutyShift, Unit
from hezhi.ground.errors import BadInput
from hezhi.ground.tables.worded import Given, Worded

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Turn:
    """One person in the order of calling (呼叫顺序), and how long he has to answer."""

    user_id: UUID
    minutes: int


# --- thinking: values in, values out ------------------------------------------------------


def whose_turn(order: Sequence[Turn], waited: timedelta) -> Turn | None:
    """Who is to be called after so long without an answer; the last one stays called.

    Nobody has a turn only when the order is empty.
    """
    left = waited
    for turn in order:
        if left < timedelta(minutes=turn.minutes):
            return turn
        left -= timedelta(minutes=turn.minutes)
    return order[-1] if order else None


def uncovered(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    """The pieces of a time in which nobody is on duty (值班空档), in order."""
    gaps, reached = [], start
    for begins, ends in sorted(spans):
        if begins > reached and reached < end:
            gaps.append((reached, min(begins, end)))
        reached = max(reached, ends)
    if reached < end:
        gaps.append((reached, end))
    return gaps


def clash(new: DutyShift, others: Sequence[DutyShift]) -> str:
    """Why a shift does not fit among the others of its unit, as a sentence; empty when it fits.

    At one time a rank has one person, and a person has one rank.
    """
    for other in others:
        if other.pk == new.pk or new.starts_at >= other.ends_at or other.starts_at >= new.ends_at:
            continue
        if other.rank == new.rank:
            return f"第 {new.rank} 顺位在这段时间已安排了人，请先调整原来的班次。"
        if other.user_id == new.user_id:
            return "这个人在这段时间已排在另一顺位，同一时间只能排一个顺位。"
    return ""


def booked_twice(shifts: Sequence[DutyShift]) -> list[tuple[DutyShift, DutyShift]]:
    """Pairs of shifts in which one person is to be in two places at a time (重复排班), in order of time."""
    found: list[tuple[DutyShift, DutyShift]] = []
    last: dict[UUID, list[DutyShift]] = {}
    for shift in sorted(shifts, key=lambda each: (each.starts_at, str(each.pk))):
        running = [other for other in last.get(shift.user_id, []) if other.ends_at > shift.starts_at]
        found += [(other, shift) for other in running]
        last[shift.user_id] = [*running, shift]
    return found


# --- reading ------------------------------------------------------------------------------


def on_duty(unit: Unit | UUID, at: datetime) -> list[DutyShift]:
    """Who is on duty for a unit at a moment, first to be called first (当班人员)."""
    shifts = DutyShift.objects.filter(unit=unit, starts_at__lte=at, ends_at__gt=at, user__is_active=True)
    return list(shifts.select_related("user", "unit").order_by("rank", "starts_at"))


def on_duty_in(units: Sequence[UUID], at: datetime) -> dict[UUID, list[DutyShift]]:
    """Who is on duty at a moment in several units, first to be called first; one query (各单位当班人员)."""
    found: dict[UUID, list[DutyShift]] = {unit: [] for unit in units}
    shifts = DutyShift.objects.filter(unit__in=units, starts_at__lte=at, ends_at__gt=at, user__is_active=True)
    for shift in shifts.select_related("user", "unit").order_by("rank", "starts_at"):
        found[shift.unit_id].append(shift)
    return found


def on_duty_here(unit_id: UUID | None, at: datetime) -> list[DutyShift]:
    """Who is on duty at a moment in a unit and at the centre, the own unit first; one query (本单位和中心当班)."""
    return sorted(_HERE(unit=unit_id, at=at), key=lambda shift: shift.unit_id != unit_id)


_HERE = Worded(
    lambda: DutyShift.objects.filter(
        Q(unit__kind=Unit.Kind.CENTRE, unit__parent__isnull=True) | Q(unit=Given("unit")),
        starts_at__lte=Given("at"), ends_at__gt=Given("at"), user__is_active=True,
    ).select_related("user", "unit").order_by("rank", "starts_at")
)  # fmt: skip


def shifts_between(unit: Unit | UUID, start: datetime, end: datetime) -> list[DutyShift]:
    """The roster of a unit between two moments, in order of time and rank (值班表)."""
    rows = DutyShift.objects.filter(unit=unit, starts_at__lt=end, ends_at__gt=start)
    return list(rows.select_related("user", "unit").order_by("starts_at", "rank"))


def next_to_call(unit: Unit, asked_at: datetime, now: datetime) -> DutyShift | None:
    """Whom to call now for something asked at `asked_at` and not yet acknowledged (下一应答人).

    Rank after rank of the unit, then those of the unit above it, up to the top; the last one stays
    called. When the shift has changed meanwhile, calling starts again with the first of the new shift,
    who has heard nothing yet. None only when nobody is on duty up to the top.
    """
    order = _calling_order(unit, now)
    own = [shift for shift in order if shift.unit_id == unit.pk] or order
    began = max([asked_at, *(shift.starts_at for shift in own)])
    turns = [Turn(shift.user_id, shift.answer_within) for shift in order]
    turn = whose_turn(turns, now - began)
    return order[turns.index(turn)] if turn else None


def _calling_order(unit: Unit, at: datetime) -> list[DutyShift]:
    """The shifts of a unit and of the units above it, nearest first, each person once."""
    codes = unit.path.rstrip("/").split("/")
    shifts = DutyShift.objects.filter(
        unit__code__in=codes, starts_at__lte=at, ends_at__gt=at, user__is_active=True
    ).select_related("user", "unit")
    nearest_first = sorted(shifts, key=lambda shift: (-len(shift.unit.path), shift.rank, shift.starts_at))
    heard: set[UUID] = set()
    return [s for s in nearest_first if not (s.user_id in heard or heard.add(s.user_id))]  # type: ignore[func-returns-value]


def gaps(unit: Unit | UUID, start: datetime, end: datetime) -> list[Span]:
    """When nobody is on duty for a unit between two moments; an empty list is a full roster."""
    shifts = DutyShift.objects.filter(unit=unit, starts_at__lt=end, ends_at__gt=start)
    return uncovered(list(shifts.values_list("starts_at", "ends_at")), start, end)


def fits(shift: DutyShift) -> None:
    """Refuse a shift that runs over others of its unit, or backwards; call it with the unit locked."""
    if shift.ends_at <= shift.starts_at:
        raise BadInput({"ends_at": "值班结束时间应晚于开始时间。"})
    near = DutyShift.objects.filter(unit_id=shift.unit_id, starts_at__lt=shift.ends_at, ends_at__gt=shift.starts_at)
    said = clash(shift, list(near))
    if said:
        raise BadInput({"rank": said})
