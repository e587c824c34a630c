"""The verbs of the roster (排班操作): one shift, a repeating pattern, last week again, change and cancel."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from hezhi.chapters.appcentre.roster import rules
from hezhi.chapters.appcentre.roster.queries import EDIT, may_edit
from hezhi.engines.org import actions as org
from hezhi.engines.org import duty
from hezhi.engines.org.api import Actor, DutyShift, Unit, User
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed
from hezhi.ground.time import at_local

WEEK = timedelta(days=7)


@dataclass
class Made:
    """What a plan brought (排班结果): shifts written, and turns left as they were because they were taken."""

    shifts: list[DutyShift] = field(default_factory=list)
    taken: int = 0


@verb("roster.put")
def put(
    unit: Unit, *, by: Actor, user: User, starts_at: datetime, ends_at: datetime, rank: int = 1,
    answer_within: int = 10, reason: str = "",
) -> DutyShift:  # fmt: skip
    """Put one shift on a unit's roster (登记班次)."""
    _must(by, unit.pk)
    _not_gone(ends_at)
    return org.put_on_duty(unit, user, starts_at=starts_at, ends_at=ends_at, rank=rank, answer_within=answer_within)


@verb("roster.change")
def change(
    shift: DutyShift, *, by: Actor, user: User, starts_at: datetime, ends_at: datetime, rank: int,
    answer_within: int, reason: str,
) -> DutyShift:  # fmt: skip
    """Change a shift (调班), with the reason."""
    _must(by, shift.unit_id)
    return org.change_shift(
        shift, user=user, starts_at=starts_at, ends_at=ends_at, rank=rank, answer_within=answer_within
    )


def cancel(shift: DutyShift, *, by: Actor, reason: str) -> None:
    """Take a shift off the roster (取消班次), with the reason; the history keeps it."""
    _must(by, shift.unit_id)
    with acting(by, verb="roster.cancel", reason=reason) as deed:
        deed.on(shift)
        org.cancel_shift(shift)


def plan(
    unit: Unit, *, by: Actor, people: list[User], turns: str, first: date, last: date, rotation: str,
    weekdays: list[int], rank: int = 1, answer_within: int = 10, keep: bool = False,
) -> Made:  # fmt: skip
    """Write a repeating roster (批量排班), all of it or nothing.

    With `keep` a turn that runs over a shift that stands is left out; otherwise the first such turns are
    told and nothing is written.
    """
    _must(by, unit.pk)
    lines = rules.planned(people, rules.read_turns(turns), first, last, rotation, weekdays)
    wanted = [_shift(unit, user, starts, ends, rank, answer_within) for user, starts, ends in lines]
    return _write(unit, wanted, by=by, verb="roster.plan", keep=keep)


def copy_week(unit: Unit, *, by: Actor, monday: date) -> Made:
    """Copy the week before into a week (复制上周); turns that stand already are left as they are."""
    _must(by, unit.pk)
    start = at_local(monday)
    before = [s for s in duty.shifts_between(unit, start - WEEK, start) if s.starts_at >= start - WEEK]
    if not before:
        raise BadInput({"": "上一周没有排班，没有可以复制的内容。"})
    wanted = [
        _shift(unit, s.user, s.starts_at + WEEK, s.ends_at + WEEK, s.rank, s.answer_within)
        for s in before if s.user.is_active
    ]  # fmt: skip
    return _write(unit, wanted, by=by, verb="roster.copy_week", keep=True)


def _write(unit: Unit, wanted: Iterable[DutyShift], *, by: Actor, verb: str, keep: bool) -> Made:
    made, faults = Made(), []
    moment = time.now()
    with acting(by, verb=verb) as deed:
        Unit.objects.select_for_update().get(pk=unit.pk)
        wanted = [shift for shift in wanted if shift.ends_at > moment]
        if not wanted:
            raise BadInput({"": "这些班次都已经过去，没有可以排的。"})
        around = min(s.starts_at for s in wanted), max(s.ends_at for s in wanted)
        standing = duty.shifts_between(unit, *around)
        for shift in wanted:
            said = duty.clash(shift, standing)
            if said and not keep:
                faults.append(f"{time.show(shift.starts_at)} {shift.user.full_name}：{said}")
            elif said:
                made.taken += 1
            else:
                standing.append(shift)
                made.shifts.append(shift)
        if faults:
            more = f"等共 {len(faults)} 处" if len(faults) > 3 else ""
            raise BadInput({"": [*faults[:3], f"以上{more}与已排的班次冲突，没有写入。可勾选“已排的不动，只补空档”。"]})
        DutyShift.objects.bulk_create(made.shifts)
        deed.on(unit)
        deed.detail |= {"written": len(made.shifts), "taken": made.taken}
    return made


def _shift(unit: Unit, user: User, starts: datetime, ends: datetime, rank: int, answer_within: int) -> DutyShift:
    return DutyShift(unit=unit, user=user, rank=rank, starts_at=starts, ends_at=ends, answer_within=answer_within)


def _must(by: Actor, unit_id: UUID) -> None:
    by.must(EDIT)
    if not may_edit(by, unit_id):
        raise NotAllowed(
            "这个单位的值班表不由您安排。",
            "没有做任何改动。",
            "请联系该单位或区中心值班长。",
            code="roster.not_your_unit",
        )


def _not_gone(ends_at: datetime) -> None:
    if ends_at <= time.now():
        raise BadInput({"ends_at": "这个班次已经过去，不能补排。"})
