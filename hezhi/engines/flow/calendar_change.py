"""What a change of the calendar does to open limits (日历变更): look first, then move them all at once.

Limits are worked out from what each row itself stores, so nothing is lost; writing is one statement for the
limits with the work orders and to-dos that stand at them, and one for the orders with limits of their own
(`calendar_orders`). Whoever keeps a due moment beside its own row listens to `flow.limits_moved`; whoever works
out moments of his own in working time registers them with `keep`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from hezhi.engines.flow import timing
from hezhi.engines.flow.calendar_orders import OrderMove, move_orders, order_moves, with_helpers
from hezhi.engines.flow.models import Deadline
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.events import announce

CHUNK = 2000
SIGN, HELP = "sign", "help"
"""The stages of the limits that an order keeps itself: to be signed for, a helper's own."""


@dataclass(frozen=True)
class Moved:
    """A limit that another calendar moves (变动的时限)."""

    id: UUID
    matter: tuple[str, UUID]
    stage: str
    started_at: datetime
    old: datetime | None
    new: datetime | None
    yellow: datetime | None


@dataclass(frozen=True)
class Keeper:
    """A room whose rows hold a moment worked out in working time (自计时限): what moves, and the writing of one move.

    `moves` locks the rows when it is asked to. The stage of its moves has a name of its own.
    """

    moves: Callable[[timing.Timetable, bool], Iterable[Moved]]
    write: Callable[[Moved], object]


_keepers: dict[str, Keeper] = {}


def keep(stage: str, keeper: Keeper) -> None:
    """Let the moments of a room follow the calendar; the same stage again replaces it."""
    _keepers[stage] = keeper


def moves(tables: timing.Timetable | None = None) -> list[Moved]:
    """The running limits that the calendar as it now stands would move, the earliest old due moment first.

    A paused limit is worked out when it goes on again, by the calendar of that day.
    """
    tables = tables or timing.timetable()
    kept = [moved for keeper in _keepers.values() for moved in keeper.moves(tables, False)]
    return _sorted([*_limits(tables), *_own(order_moves(tables)), *kept])


def _limits(tables: timing.Timetable, *, lock: bool = False) -> list[Moved]:
    rows = Deadline.objects.filter(state=Deadline.State.RUNNING)
    rows = rows.select_for_update(of=("self",)).order_by("id") if lock else rows.order_by("id")
    return _sorted(list(_moves(rows.iterator(chunk_size=CHUNK), tables)))


def _sorted(found: list[Moved]) -> list[Moved]:
    return sorted(found, key=lambda moved: (moved.old is None, moved.old, moved.id))


def _own(orders: Sequence[OrderMove]) -> Iterator[Moved]:
    """The moved limits that orders keep themselves; what was passed down under a helper goes with his."""
    for each in orders:
        order, matter = each.order, (each.order.matter_type, each.order.matter_id)
        if each.moves_sign:
            yield Moved(order.pk, matter, SIGN, order.issued_at, order.sign_due_at, each.sign_due, None)
        if each.moves_due and order.own_days:
            yield Moved(order.pk, matter, HELP, order.issued_at, order.due_at, each.due, None)


def _moves(rows: Iterator[Deadline], tables: timing.Timetable) -> Iterator[Moved]:
    for row in rows:
        old, old_yellow = row.due_at, row.yellow_at
        timing.recompute(row, tables)
        if (row.due_at, row.yellow_at) != (old, old_yellow):
            matter = (row.object_type, row.object_id)
            yield Moved(row.pk, matter, row.stage, row.started_at, old, row.due_at, row.yellow_at)


_MOVED = """
with moved as (
  select * from unnest(%(ids)s::uuid[], %(matters)s::uuid[], %(olds)s::timestamptz[], %(news)s::timestamptz[],
                       %(yellows)s::timestamptz[]) as m(id, matter, old, new, yellow)
), limits as (
  update flow_deadline d set due_at = m.new, yellow_at = m.yellow, log = d.log || jsonb_build_array(jsonb_build_array(
      %(now)s::text, %(by)s::text, %(reason)s::text, to_json(m.old)::jsonb)),
    warned = case when m.yellow > %(moment)s then '' when m.new > %(moment)s and d.warned = 'red' then 'yellow'
                  else d.warned end
  from moved m where d.id = m.id
), orders as (
  update flow_workorder o set due_at = m.new from moved m
  where o.matter_id = m.matter and o.due_at = m.old and o.state in ('to_sign', 'handling', 'to_review')
    and o.matter_id <> all(%(helped)s)
  returning o.id, m.old, m.new
)
update flow_todo t set due_at = w.new
from (select matter as id, old, new from moved union all select id, old, new from orders) w
where t.object_id = w.id and t.due_at = w.old and t.done_at is null
"""


def move(by: Actor, reason: str) -> int:
    """Move the running limits to the calendar as it now stands, each with a line in its log; gives how many.

    Within the caller's verb. Work orders and to-dos that stood at the old moment follow, a card already
    shown is taken back where its moment lies ahead again, and `flow.limits_moved` tells who else keeps it.
    """
    timing.forget()
    tables = timing.timetable()
    moved, orders = _limits(tables, lock=True), order_moves(tables, lock=True)
    if moved:
        values = _columns(moved) | {"by": by.name, "reason": reason, "helped": list(with_helpers()), **_moment()}
        with connection.cursor() as cursor:
            cursor.execute(_MOVED, values)
    move_orders(orders)
    kept = _move_kept(tables)
    if moved:
        announce("flow.limits_moved", moved=moved, by=by, reason=reason)
    return len(moved) + len(list(_own(orders))) + kept


def _move_kept(tables: timing.Timetable) -> int:
    count = 0
    for keeper in _keepers.values():
        for moved in list(keeper.moves(tables, True)):
            keeper.write(moved)
            count += 1
    return count


def _columns(moved: Sequence[Moved]) -> dict[str, Any]:
    return {
        "ids": [m.id for m in moved],
        "matters": [m.matter[1] for m in moved],
        "olds": [m.old for m in moved],
        "news": [m.new for m in moved],
        "yellows": [m.yellow for m in moved],
    }


def _moment() -> dict[str, Any]:
    moment = time.now()
    return {"moment": moment, "now": moment.isoformat()}
