"""The limits of work orders (承办单时限): to be on the spot, to be signed for, a helper's own, and that of the case."""

from collections.abc import Sequence
from datetime import datetime

from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.flow import timing, todos
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.flow.rules.calendar import Calendar
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due

SIGN = "sign"
"""The stage of the limit rules that says within what time an order is signed for (签收时限)."""


def sign_limit(case: Case, moment: datetime) -> timing.Planned | None:
    """Until when an order of this case must be signed for (签收时限); None where no rule gives a limit."""
    return timing.planned(
        kind=case.kind, category=case.category.path if case.category else "", urgency=case.urgency, stage=SIGN, at=moment,
        tables=timing.recent_timetable(),
    )  # fmt: skip


def own_due(started: datetime, days: int | None, latest: datetime | None) -> datetime | None:
    """When a helper's own limit is over (协办时限): in working days, never after the limit of the case."""
    if not days:
        return latest
    own = due(started, Limit(days, Unit.WORKING_DAYS), timing.recent_timetable().calendar)
    return min(filter(None, (own, latest)), default=None)


def stand_still(orders: Sequence[WorkOrder]) -> None:
    """The limits of these orders stand still (挂起): no to-do shows one that does not run."""
    for order in orders:
        order.state, order.due_at = WorkOrder.State.ON_HOLD, None
    WorkOrder.objects.filter(pk__in=[order.pk for order in orders]).update(state="on_hold", due_at=None)
    todos.move({order.pk: None for order in orders})


def run_on(orders: Sequence[WorkOrder], case: Case, total: Deadline | None) -> None:
    """The limits of these orders go on from where they stood (恢复): the whole, to sign, to be on the spot."""
    calendar = timing.timetable().calendar
    _work_out(orders, case, total, calendar)
    for order in orders:
        order.sign_due_at = timing.sign_due_of(order, total, calendar)
        order.arrival_due_at = _arrival_after(order, total)
    WorkOrder.objects.bulk_update(orders, ["state", "due_at", "sign_due_at", "arrival_due_at"])
    todos.move({order.pk: order.pressing_at for order in orders})


def follow(orders: Sequence[WorkOrder], case: Case, total: Deadline) -> None:
    """These orders follow a total limit that was moved (延期、外部时限变更); what waits to be signed for is signed for no later."""
    _work_out(orders, case, total, timing.timetable().calendar)
    WorkOrder.objects.bulk_update(orders, ["due_at"])
    todos.move({order.pk: order.pressing_at for order in orders})


def _work_out(orders: Sequence[WorkOrder], case: Case, total: Deadline | None, calendar: Calendar) -> None:
    """The whole limit of each: that of the order above it, else of the case, and a helper's own where that is earlier."""
    pauses = timing.pauses_of(total) if total else ()
    for order in orders:  # upper orders come first, as they were issued
        latest = (order.parent.due_at if order.parent else None) or case.due_at
        own = None
        if order.own_days:
            own = due(order.issued_at, Limit(order.own_days, Unit.WORKING_DAYS), calendar, pauses=pauses)
        order.due_at = min(filter(None, (own, latest)), default=None)


def _arrival_after(order: WorkOrder, total: Deadline | None) -> datetime | None:
    """By when a called unit is on the spot after a hold: later by as long as it lasted, unless it was late before."""
    pause = timing.pauses_of(total)[-1] if total and total.pauses else None
    until = order.arrival_due_at
    if until is None or order.arrived_at or pause is None or pause.end is None or until <= pause.start:
        return until
    return until + (pause.end - pause.start)
