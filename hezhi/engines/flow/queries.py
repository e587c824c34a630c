"""Reads of the flow engine, always starting from who reads."""

from collections.abc import Iterable, Sequence
from functools import cache, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery

from hezhi.engines.flow.models import Approval, Deadline, ToDo, WorkOrder
from hezhi.engines.flow.timing import TOTAL
from hezhi.engines.flow.todos import waiting, waiting_for
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.tables.worded import Given, Worded

TODO_COUNT = """
SELECT count(*) FROM flow_todo WHERE unit_id = %s AND permission = ANY(%s) AND done_at IS NULL
  AND (claimed_by_id IS NULL OR claimed_by_id = %s OR claimed_until < %s)
"""
"""How many to-dos wait for a reader's post (待办数): `waiting_for`, worded once, since every page asks it."""


def todo_values(actor: Actor) -> list[Any]:
    """What `TODO_COUNT` asks of this reader."""
    return [actor.unit_id, list(actor.permissions), actor.user_id, time.now()]


def todos(actor: Actor, limit: int = 100) -> list[ToDo]:
    """The to-dos of this reader's post, most pressing first."""
    if actor.unit_id is None:
        return []
    return _waiting(limit)(unit=actor.unit_id, permissions=list(actor.permissions), user=actor.user_id, now=time.now())


@cache
def _waiting(limit: int) -> Worded[ToDo]:
    rows = waiting(Given("unit"), Given("permissions"), Given("user"), Given("now"))
    return Worded(lambda: rows.select_related("claimed_by").order_by(*PRESSING)[:limit])


PRESSING = ("due_at", "created_at", "id")
"""The order of to-dos: what is due first."""


def todos_from(actor: Actor, steps: Sequence[tuple[str, str]], start: int, most: int) -> list[ToDo]:
    """A later page of the to-dos, or those of some steps alone, each told as (object type, step)."""
    rows = waiting_for(actor).select_related("claimed_by")
    if steps:
        rows = rows.filter(reduce(or_, (Q(object_type=kind, step=step) for kind, step in steps)))
    return list(rows.order_by(*PRESSING)[start : start + most])


def todo_counts(actor: Actor) -> list[tuple[str, str, int]]:
    """How many to-dos wait at each step: (object type, step, how many), the most first."""
    rows = waiting_for(actor).order_by().values_list("object_type", "step").annotate(n=Count("id"))
    return list(rows.order_by("-n", "object_type", "step"))


_MATTER = Given("matter")
_ORDERS = Worded(
    lambda: (
        WorkOrder.objects.filter(matter_id=_MATTER)
        .select_related("unit", "issued_by_unit", "holder")
        .order_by("round", "depth", "issued_at", "id")
    )
)
_DEADLINES = Worded(lambda: Deadline.objects.filter(object_id=_MATTER).order_by("started_at", "id"))
_APPROVALS = Worded(
    lambda: (
        Approval.objects.filter(object_id=_MATTER)
        .select_related("asked_by", "asked_unit", "decided_by", "delegated_to")
        .order_by("-asked_at")
    )
)
_ORDER = Worded(lambda: WorkOrder.objects.filter(pk=Given("order")).select_related("unit", "issued_by_unit", "holder"))


def last_total() -> Subquery:
    """How the newest total limit of a matter stands (`Deadline.State`), as a column beside the matter's own."""
    limits = Deadline.objects.filter(object_id=OuterRef("pk"), stage=TOTAL).order_by("-started_at", "-id")
    return Subquery(limits.values("state")[:1])


def order_of(order_id: UUID) -> WorkOrder | None:
    """A work order with its units and its holder; whether its matter may be seen is for the asker to ask."""
    return next(iter(_ORDER(order=order_id)), None)


def orders_of(matter_id: UUID) -> list[WorkOrder]:
    """The tree of work orders of a matter: each order before those passed down from it, else as they were issued."""
    below: dict[UUID | None, list[WorkOrder]] = {}
    for order in _ORDERS(matter=matter_id):
        below.setdefault(order.parent_id, []).append(order)
    rows: list[WorkOrder] = []
    waiting = below.pop(None, [])[::-1]
    while waiting:
        order = waiting.pop()
        rows.append(order)
        waiting.extend(below.pop(order.pk, [])[::-1])
    return rows + [order for rest in below.values() for order in rest]


def deadlines_of(matter_id: UUID) -> list[Deadline]:
    """The limits of a matter, oldest first."""
    return _DEADLINES(matter=matter_id)


def approvals_of(matter_id: UUID) -> list[Approval]:
    """The approvals asked for on a matter, newest first."""
    return _APPROVALS(matter=matter_id)


def approvals_waiting(actor: Actor) -> list[Approval]:
    """What this reader may decide now; never his own requests (本人申请不得自审)."""
    if actor.unit_id is None or actor.user_id is None:
        return []
    mine = Q(unit=actor.unit_id, permission__in=list(actor.permissions)) | Q(delegated_to=actor.user_id)
    return list(
        Approval.objects.filter(mine, state=Approval.State.WAITING)
        .exclude(asked_by=actor.user_id)
        .select_related("asked_by", "asked_unit")
        .order_by("asked_at")[:200]
    )


def requests_of(actor: Actor, kinds: Iterable[str]) -> list[Approval]:
    """Requests of these kinds that concern this reader (与我有关的申请): to decide, to co-sign, or asked by himself."""
    if actor.user_id is None:
        return []
    mine = Q(asked_by=actor.user_id) | Q(delegated_to=actor.user_id) | Q(decided_by=actor.user_id)
    mine |= Q(cosigners__contains=[{"user": str(actor.user_id)}])
    if actor.unit_id is not None:
        mine |= Q(unit=actor.unit_id, permission__in=list(actor.permissions))
    rows = Approval.objects.filter(mine, kind__in=list(kinds))
    return list(rows.select_related("asked_by", "asked_unit", "decided_by", "delegated_to").order_by("-asked_at")[:200])


def named_in(actor: Actor, object_types: Iterable[str]) -> list[Approval]:
    """Waiting requests about such rows that this reader was asked by name to sign or to decide (请我会签、委托我审批)."""
    if actor.user_id is None:
        return []
    named = Q(delegated_to=actor.user_id) | Q(cosigners__contains=[{"user": str(actor.user_id)}])
    rows = Approval.objects.filter(named, object_type__in=list(object_types), state=Approval.State.WAITING)
    return list(rows.select_related("asked_by", "asked_unit", "delegated_to").order_by("-asked_at")[:200])


def asked_by(actor: Actor, object_types: Iterable[str]) -> list[Approval]:
    """This reader's own newest requests about such rows, decided or not (本人提出的申请)."""
    if actor.user_id is None:
        return []
    rows = Approval.objects.filter(asked_by=actor.user_id, object_type__in=list(object_types))
    return list(rows.select_related("asked_by", "asked_unit", "decided_by").order_by("-asked_at")[:50])


def may_decide(actor: Actor, row: Approval) -> bool:
    """Whether this reader is one who decides this request now; never his own (本人申请不得自审)."""
    if row.state != Approval.State.WAITING or row.asked_by_id == actor.user_id or actor.user_id is None:
        return False
    return row.delegated_to_id == actor.user_id or (actor.unit_id == row.unit_id and actor.may(row.permission))
