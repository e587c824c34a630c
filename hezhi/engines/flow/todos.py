"""To-dos of a post (待办): put there by a verb, done by the next one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Q, QuerySet, Value

from hezhi.engines.flow import timing
from hezhi.engines.flow.models import ToDo
from hezhi.engines.org import duty
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.gathering import gathered, later, run_later
from hezhi.ground import lookups, time  # noqa: F401 - `among`
from hezhi.ground.errors import NotNow

USUAL_SHIFT = timedelta(hours=8)
"""How long a claimed to-do stays with its person when neither roster nor working day says when the shift ends."""


@dataclass(frozen=True)
class Lead:
    """Where a to-do about a kind of row is done, and what its steps are called (待办去处)."""

    address: Callable[[UUID], str]
    steps: Mapping[str, str] = field(default_factory=dict)
    titles: Callable[[Actor, Sequence[UUID]], Mapping[UUID, str]] | None = None


_leads: dict[str, Lead] = {}


def leads(
    object_type: str,
    address: Callable[[UUID], str],
    steps: Mapping[str, str],
    titles: Callable[[Actor, Sequence[UUID]], Mapping[UUID, str]] | None = None,
) -> None:
    """Let a room say where its to-dos lead: `address(object_id)` gives the page, `steps` the names of the steps.

    `titles` tells a reader what they are about, where the to-do itself keeps no word of it.
    """
    _leads[object_type] = Lead(address, steps, titles)


def lead_of(object_type: str) -> Lead | None:
    """Where to-dos about rows of this kind lead; None when no room has said so."""
    return _leads.get(object_type)


_DONE = "UPDATE flow_todo SET done_at = %s WHERE object_id = %s AND done_at IS NULL"


def done(object_id: UUID, steps: Sequence[str] = ()) -> None:
    """Take the open to-dos of an object off the list; all of them, or those of some steps."""
    moment = time.now()
    for row in gathered(ToDo):
        if row.object_id == object_id and (not steps or row.step in steps):
            row.done_at = moment
    if steps:
        run_later(f"{_DONE} AND step = ANY(%s)", [moment, object_id, list(steps)])
    else:
        run_later(_DONE, [moment, object_id])


def put(
    obj: tuple[str, UUID],
    *,
    number: str,
    title: str,
    step: str,
    permission: str,
    unit_id: UUID,
    due_at: datetime | None,
    urgency: str = "normal",
) -> ToDo:
    """Put one to-do before a post of a unit."""
    row = ToDo(
        object_type=obj[0],
        object_id=obj[1],
        number=number,
        title=title[:200],
        step=step,
        permission=permission,
        unit_id=unit_id,
        due_at=due_at,
        urgency=urgency,
        created_at=time.now(),
    )
    later(row)
    return row


def waiting_for(actor: Actor) -> QuerySet[ToDo]:
    """What waits for this reader's post: his unit, his permissions, not claimed by a colleague."""
    if actor.unit_id is None:
        return ToDo.objects.none()
    permissions = Value(list(actor.permissions), output_field=ArrayField(CharField()))
    return waiting(actor.unit_id, permissions, actor.user_id, time.now())


def waiting(unit: Any, permissions: Any, user: Any, now: Any) -> QuerySet[ToDo]:
    """The same, told in values or in the places of values."""
    free = Q(claimed_by__isnull=True) | Q(claimed_by=user) | Q(claimed_until__lt=now)
    return ToDo.objects.filter(free, unit=unit, permission__among=permissions, done_at__isnull=True)


def shift_end(by: Actor) -> datetime:
    """When what this person claims now falls back to the post (交班时间).

    The end of his present shift on the roster of his unit (值班表); off the roster the close of the working day
    (下班); in the evening and on a day of rest eight hours from now.
    """
    now = time.now()
    shifts = duty.on_duty(by.unit_id, now) if by.unit_id else []
    mine = [shift.ends_at for shift in shifts if shift.user_id == by.user_id]
    return max(mine) if mine else timing.close_of_day(now) or now + USUAL_SHIFT


def claim(todo: ToDo, *, by: Actor, until: datetime) -> ToDo:
    """Take a to-do for oneself until the shift ends (认领); the second of two people gets a sentence."""
    moment = time.now()
    taken = ToDo.objects.filter(
        Q(claimed_by__isnull=True) | Q(claimed_by=by.user_id) | Q(claimed_until__lt=moment),
        pk=todo.pk,
        done_at__isnull=True,
    ).update(claimed_by=by.user_id, claimed_until=until)
    if not taken:
        raise NotNow("这条待办已被同事认领。", "同一件事只由一人办理。", "请选择其他待办。", code="flow.claimed")
    todo.refresh_from_db()
    return todo


def release(todo: ToDo, *, by: Actor) -> None:
    """Give a claimed to-do back to the post (退回待办池)."""
    ToDo.objects.filter(pk=todo.pk, claimed_by=by.user_id).update(claimed_by=None, claimed_until=None)


def move(limits: Mapping[UUID, datetime | None]) -> None:
    """Give the open to-dos of each object the limit that is told (改时限)."""
    if not limits:
        return
    run_later(
        "UPDATE flow_todo t SET due_at = m.due FROM unnest(%s::uuid[], %s::timestamptz[]) AS m(id, due)"
        " WHERE t.object_id = m.id AND t.done_at IS NULL",
        [list(limits), list(limits.values())],
    )


def unclaim(object_id: UUID) -> None:
    """Let nobody hold the open to-dos of an object any more (接手): whoever took the work over finds them."""
    run_later(
        "UPDATE flow_todo SET claimed_by_id = NULL, claimed_until = NULL WHERE object_id = %s AND done_at IS NULL",
        [object_id],
    )
