"""Reads of the flow engine, always starting from who reads."""

from uuid import UUID

from hezhi.engines.flow.models import Approval, Deadline, ToDo, WorkOrder
from hezhi.engines.flow.todos import waiting_for
from hezhi.engines.org.actor import Actor


def todo_count(actor: Actor) -> int:
    """How many to-dos wait for this reader's post (待办数)."""
    return waiting_for(actor).count()


def todos(actor: Actor, limit: int = 100) -> list[ToDo]:
    """The to-dos of this reader's post, most pressing first."""
    return list(waiting_for(actor).select_related("claimed_by").order_by("due_at", "created_at")[:limit])


def orders_of(matter_id: UUID) -> list[WorkOrder]:
    """The tree of work orders of a matter, in the order in which they were issued."""
    return list(
        WorkOrder.objects.filter(matter_id=matter_id)
        .select_related("unit", "issued_by_unit", "holder")
        .order_by("round", "depth", "issued_at", "id")
    )


def deadlines_of(matter_id: UUID) -> list[Deadline]:
    """The limits of a matter, oldest first."""
    return list(Deadline.objects.filter(object_id=matter_id).order_by("started_at", "id"))


def approvals_of(matter_id: UUID) -> list[Approval]:
    """The approvals asked for on a matter, newest first."""
    return list(
        Approval.objects.filter(object_id=matter_id)
        .select_related("asked_by", "asked_unit", "decided_by")
        .order_by("-asked_at")
    )


def approvals_waiting(actor: Actor) -> list[Approval]:
    """What this reader may decide now; never his own requests (本人申请不得自审)."""
    if actor.unit_id is None:
        return []
    return list(
        Approval.objects.filter(
            state=Approval.State.WAITING, unit=actor.unit_id, permission__in=list(actor.permissions)
        )
        .exclude(asked_by=actor.user_id)
        .select_related("asked_by", "asked_unit")
        .order_by("asked_at")[:200]
    )
