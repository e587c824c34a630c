"""What a change of the calendar does to the limits that work orders keep themselves (承办单自己的时限).

An order is to be signed for by a moment (签收时限), a helper may have working days of his own (协办时限), and what
he passed down follows him. All of it is worked out again from what the order stores; its history keeps the old
moment with the reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from hezhi.engines.flow import timing
from hezhi.engines.flow.models import AT_WORK, Deadline, WorkOrder
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due
from hezhi.ground import time

UNSIGNED = Q(signed_at__isnull=True, sign_amount__isnull=False, state__in=("to_sign", "on_hold"))


@dataclass(frozen=True)
class OrderMove:
    """An order whose limits another calendar moves (变动的承办单): as it stands, and its moments after it."""

    order: WorkOrder
    due: datetime | None
    sign_due: datetime | None

    @property
    def moves_due(self) -> bool:
        return self.due != self.order.due_at

    @property
    def moves_sign(self) -> bool:
        return self.sign_due != self.order.sign_due_at


def with_helpers() -> QuerySet[WorkOrder, UUID]:
    """The matters in which a helper has a limit of his own: all their orders are worked out here."""
    return WorkOrder.objects.filter(own_days__isnull=False, state__in=AT_WORK).values_list("matter_id", flat=True)


def order_moves(tables: timing.Timetable, *, lock: bool = False) -> list[OrderMove]:
    """The open orders that the calendar as it now stands would move by themselves, upper orders first."""
    helped = set(with_helpers())
    rows = WorkOrder.objects.filter(UNSIGNED | Q(matter_id__in=helped), state__in=AT_WORK).order_by("depth", "id")
    orders = list(rows.select_for_update(of=("self",)) if lock else rows)
    totals = _totals(helped | {order.matter_id for order in orders}, tables)
    found: dict[UUID, OrderMove] = {}
    for order in orders:
        now_due = _due(order, found, totals, tables) if order.matter_id in helped else order.due_at
        found[order.pk] = OrderMove(order, now_due, _sign_due(order, totals, tables))
    return [each for each in found.values() if each.moves_due or each.moves_sign]


@dataclass(frozen=True)
class _Total:
    """The total limit of a matter: as it stands, and after the calendar."""

    row: Deadline
    old: datetime | None
    new: datetime | None


def _totals(matters: set[UUID], tables: timing.Timetable) -> dict[UUID, _Total]:
    found = {}
    for row in Deadline.objects.filter(object_id__in=matters, stage=timing.TOTAL, state=Deadline.State.RUNNING):
        old = row.due_at
        timing.recompute(row, tables)
        found[row.object_id] = _Total(row, old, row.due_at)
    return found


def _due(
    order: WorkOrder, above: Mapping[UUID, OrderMove], totals: Mapping[UUID, _Total], tables: timing.Timetable
) -> datetime | None:
    """A helper's own limit, never after the one above it; everything else goes with the limit it stands at."""
    if order.due_at is None:
        return None  # held: worked out when it goes on, by the calendar of that day
    total, parent = totals.get(order.matter_id), above.get(order.parent_id) if order.parent_id else None
    if order.own_days:
        pauses = timing.pauses_of(total.row) if total else ()
        own = due(order.issued_at, Limit(order.own_days, Unit.WORKING_DAYS), tables.calendar, pauses=pauses)
        latest = (parent.due if parent else None, total.new if total else None)
        return min(filter(None, (own, *latest)), default=None)
    if parent is not None and order.due_at == parent.order.due_at:
        return parent.due
    return total.new if total is not None and order.due_at == total.old else order.due_at


def _sign_due(order: WorkOrder, totals: Mapping[UUID, _Total], tables: timing.Timetable) -> datetime | None:
    if order.state == WorkOrder.State.ON_HOLD:
        return order.sign_due_at  # worked out when it goes on, as its other limit is
    total = totals.get(order.matter_id)
    return timing.sign_due_of(order, total.row if total else None, tables.calendar)


_MOVED = """
with moved as (
  select * from unnest(%(ids)s::uuid[], %(dues)s::timestamptz[], %(new_dues)s::timestamptz[],
                       %(signs)s::timestamptz[], %(new_signs)s::timestamptz[]) as m(id, due, new_due, sign, new_sign)
), orders as (
  update flow_workorder o set due_at = case when m.new_due is distinct from m.due then m.new_due else o.due_at end,
    sign_due_at = m.new_sign,
    warned = case when o.warned = 'due' and m.new_due > %(moment)s then ''
                  when o.warned = 'sign' and m.new_sign > %(moment)s then '' else o.warned end
  from moved m where o.id = m.id
)
update flow_todo t set due_at = case when t.due_at = m.sign then m.new_sign else m.new_due end
from moved m where t.object_id = m.id and t.done_at is null and t.due_at in (m.sign, m.due)
"""


def move_orders(moved: Sequence[OrderMove]) -> None:
    """Write the moves: orders and their to-dos in one statement; who was told of a lateness may be told again.

    An order whose limit is that of its matter was moved with it before: of that only the time for signing is written.
    """
    if not moved:
        return
    values: dict[str, Any] = {
        "ids": [m.order.pk for m in moved],
        "dues": [m.order.due_at for m in moved],
        "new_dues": [m.due for m in moved],
        "signs": [m.order.sign_due_at if m.order.signed_at is None else None for m in moved],
        "new_signs": [m.sign_due for m in moved],
        "moment": time.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, values)
