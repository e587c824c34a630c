"""The tree of work orders of a case (承办单树) and the state that follows from it."""

from typing import Any
from uuid import UUID

from django.db import connection

from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules import work_orders as rule
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.tables.worded import Given, Worded


def tree(case: Case, *, afresh: bool = False) -> list[WorkOrder]:
    """All work orders of a case in this round and earlier ones, in order of issue, each with its parent.

    Read once per verb: the case is locked, so nobody else changes them, and the verb changes these very
    objects (new orders join them, see `dispatching.issue`).
    """
    known: list[WorkOrder] | None = None if afresh else case.__dict__.get("_tree")
    if known is None:
        known = case.__dict__["_tree"] = _ORDERS(case=case.pk)
        by_id = {order.pk: order for order in known}
        for order in known:
            order.parent = by_id[order.parent_id] if order.parent_id else None
    return known


_ORDERS = Worded(
    lambda: WorkOrder.objects.filter(matter_id=Given("case")).select_related("unit").order_by("issued_at", "id")
)


def derived(case: Case) -> str:
    """The state of the case that its living work orders give (the one tested rule)."""
    return case_state([o for o in tree(case) if o.round == case.redos + 1])


def case_state(orders: list[WorkOrder]) -> str:
    """The rule's answer as a state of the case; when all work is done the case waits for the call-back."""
    where = rule.standing(
        rule.Order(id=o.pk, parent=o.parent_id, part=o.part, state=o.state, unit=o.unit.name) for o in orders
    )
    return "to_call_back" if where is rule.Standing.DONE else where.value


def order_state_of(order: WorkOrder) -> str:
    """The state an order goes back to after a hold: what its own stamps say.

    A reply that was sent back, or is taken up again for what is missing, bears no stamp any more.
    """
    if order.replied_at and not order.reviewed_at:
        return WorkOrder.State.TO_REVIEW
    return WorkOrder.State.HANDLING if order.signed_at else WorkOrder.State.TO_SIGN


_NEAREST = """
select u.id from org_unit mine
join org_unit u on mine.path like u.path || '%%'
where mine.id = %(unit)s and u.id <> all(%(but)s) and exists (
  select 1 from org_post p join org_role r on r.id = p.role_id
  join org_holding h on h.post_id = p.id
  where p.unit_id = u.id and %(right)s = any(r.permissions) and p.valid_to is null
    and h.user_id <> %(user)s and h.valid_from <= %(now)s and (h.valid_to is null or h.valid_to > %(now)s))
order by length(u.path) desc limit 1
"""


def reviewing_unit(order: WorkOrder, by: Actor) -> UUID:
    """The nearest unit, from the order's own upwards, where somebody else may sign the reply off.

    A grid has no reviewer of its own: its community or town signs. Falls back to the order's unit.
    """
    return _nearest(order.unit_id, "cases.review", by) or order.unit_id


def deciding_unit(order: WorkOrder, right: str, by: Actor, desk: UUID | None) -> UUID | None:
    """Who decides what a unit asks about its order (审批单位): the unit above, or the next one upward where somebody may.

    A grid that whistled holds no such right: a unit over it answers, else the dispatching desk; never the unit that asks.
    """
    if order.parent is None:
        return desk
    return _nearest(order.parent.unit_id, right, by, but=order.unit_id) or desk


def _nearest(unit: UUID, right: str, by: Actor, but: UUID | None = None) -> UUID | None:
    """The nearest unit, from this one upwards, where somebody else holds a right."""
    asked: dict[str, Any] = {
        "unit": unit,
        "right": right,
        "user": by.user_id,
        "now": time.now(),
        "but": [but] if but else [],
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, asked)
        row = cursor.fetchone()
    return row[0] if row else None
