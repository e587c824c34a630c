"""Reads about shifts (值班查询), always starting from who reads."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.shifts.models import Call, Handover, Item, Promise
from hezhi.engines.org.api import Actor, DutyShift, Unit
from hezhi.ground import time
from hezhi.ground.errors import NotFound

URGENT = ("critical", "urgent")
AT_DESK, AT_UNIT = ("to_accept", "to_dispatch", "redo"), ("to_sign",)
MOST = 200


def without_a_call(unit: str, states: Sequence[str]) -> QuerySet[Case]:
    """Urgent cases that wait in these states at a unit (`desk` or `lead_unit`) which nobody has been called for."""
    called = Call.objects.filter(case=OuterRef("pk"), unit=OuterRef(unit), round=OuterRef("redos") + 1)
    rows = Case.objects.filter(urgency__in=URGENT, state__in=states, **{f"{unit}__isnull": False})
    return rows.filter(~Exists(called)).select_related(unit)


def waits(case: Case, unit_id: UUID) -> bool:
    """Whether a case still waits at this unit for somebody to begin."""
    at_desk = case.desk_id == unit_id and case.state in AT_DESK
    return at_desk or (case.lead_unit_id == unit_id and case.state in AT_UNIT)


def calls(by: Actor) -> list[Call]:
    """Calls nobody has acknowledged that this reader may see, oldest first."""
    rows = Call.objects.visible_to(by).filter(ended_at=None).select_related("case", "unit", "called")
    return list(rows.order_by("asked_at")[:MOST])


def call_of(by: Actor, case_id: UUID) -> Call | None:
    """The running call about a case."""
    rows = Call.objects.visible_to(by).filter(case=case_id, ended_at=None)
    return rows.select_related("unit", "called").order_by("-asked_at").first()


def promises(by: Actor) -> list[Promise]:
    """Promised call-backs still to be kept in the reader's unit, the earliest first."""
    rows = Promise.objects.visible_to(by).filter(kept_at=None, unit=by.unit_id).select_related("case")
    return list(rows.order_by("at")[:MOST])


def promise_for(by: Actor, key: UUID) -> Promise:
    """One promised call-back about a case that this reader may see."""
    row = Promise.objects.visible_to(by).select_related("case").filter(pk=key).first()
    if row is None:
        raise NotFound("没有找到这次约定。", code="shifts.no_promise")
    return row


def to_hand_over(by: Actor) -> list[Item]:
    """What the shift of the reader's unit would hand over now: calls, urgent, overdue, promised call-backs."""
    unit, now = by.unit_id, time.now()
    mine = Case.objects.visible_to(by).open().filter(Q(desk=unit) | Q(lead_unit=unit) | Q(units__contains=[unit]))
    called = [(call.case, call.answer_by, "") for call in calls(by) if call.unit_id == unit]
    urgent = [(case, case.due_at, "") for case in mine.filter(urgency__in=URGENT).order_by("due_at")[:MOST]]
    late = [(case, case.due_at, "") for case in mine.filter(due_at__lt=now).order_by("due_at")[:MOST]]
    rung = [(promise.case, promise.at, promise.note) for promise in promises(by)]
    told = ((Item.Kind.CALL, called), (Item.Kind.URGENT, urgent), (Item.Kind.OVERDUE, late), (Item.Kind.PROMISE, rung))
    return [
        Item(kind=kind, case=case, state=case.state, due_at=due, note=note)
        for kind, rows in told for case, due, note in rows
    ]  # fmt: skip


def open_handover(unit_id: UUID | None) -> Handover | None:
    """The handing over of a unit that waits for the next shift."""
    return Handover.objects.filter(unit=unit_id, in_at=None).first() if unit_id else None


def handovers(by: Actor) -> list[Handover]:
    """The last handovers this reader may see."""
    return list(Handover.objects.visible_to(by).select_related("unit").order_by("-out_at")[:60])


def handover_for(by: Actor, key: UUID) -> tuple[Handover, list[Item]]:
    """One handover with those of its matters that this reader may see."""
    row = Handover.objects.visible_to(by).select_related("unit").filter(pk=key).first()
    if row is None:
        raise NotFound("没有找到这次交接班。", code="shifts.no_handover")
    return row, list(Item.objects.visible_to(by).filter(handover=row).select_related("case"))  # type: ignore[arg-type]


def next_shifts(unit: Unit | UUID) -> list[DutyShift]:
    """Who is on duty in a unit now or within the next hour: who may take over."""
    now = time.now()
    rows = DutyShift.objects.filter(unit=unit, starts_at__lte=now + timedelta(hours=1), ends_at__gt=now)
    return list(rows.filter(user__is_active=True).select_related("user").order_by("starts_at", "rank"))
