"""Reads of calls, always starting from who reads (通话查询)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import User
from hezhi.engines.reach import call_rules as rules
from hezhi.engines.reach.models import Call
from hezhi.ground import time
from hezhi.ground.errors import NotFound


def nothing() -> NotFound:
    """Whatever the reason: there is no such call for this person."""
    return NotFound("没有找到这次通话。", "可能已经结束，或没有呼叫您。", "请回到督办事项查看。", code="reach.no_call")


def call_for(by: Actor, call_id: UUID) -> Call:
    """One call that this person makes or may answer; otherwise «not found»."""
    rows = Call.objects.visible_to(by).select_related("caller", "unit", "answered_by")
    found = rows.filter(pk=call_id).first()
    if found is None:
        raise nothing()
    return found


def standing(call: Call) -> rules.Standing:
    """The row as the rules see it."""
    return rules.Standing(
        call.asked_at, frozenset(call.invited), call.state, call.result, call.note, frozenset(call.declined), call.answered_at,
        call.ended_at, call.caller_seen, call.callee_seen,
    )  # fmt: skip


def engaged(people: Iterable[UUID]) -> set[UUID]:
    """Who of these talks or calls just now (正在通话)."""
    asked = set(people)
    rows = Call.objects.living().filter(Q(caller__in=asked) | Q(answered_by__in=asked))
    return asked & {user for pair in rows.values_list("caller_id", "answered_by_id") for user in pair if user}


def ringing(users: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """What rings now at each of these people, in words for their open pages (来电)."""
    rows = Call.objects.filter(state=rules.RINGING, asked_at__gt=time.now() - rules.RINGS, invited__overlap=list(users))
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for call in rows.select_related("caller").order_by("asked_at"):
        told = {
            "id": str(call.pk), "video": call.video, "url": call.link,
            "text": f"{call.caller_unit} {call.caller.full_name} {'视频' if call.video else '语音'}呼叫 · {call.title}",
        }  # fmt: skip
        for user in (set(call.invited) - set(call.declined)) & set(users):
            found[user].append(told)
    return found


def living_of(user: UUID, call_id: UUID) -> Call | None:
    """The call that this person is in, while it is talked (供信令通道核对)."""
    rows = Call.objects.filter(pk=call_id, state=rules.TALKING)
    return rows.filter(Q(caller=user) | Q(answered_by=user)).first()


def is_caller(by: Actor, call: Call) -> bool:
    """Whether this person makes the call."""
    return by.user_id == call.caller_id


def other_side(by: Actor, call: Call) -> tuple[str, str]:
    """Name and unit of the other side, from our own roster (对方): never what a browser says of itself."""
    if not is_caller(by, call):
        return call.caller.full_name, call.caller_unit
    return (call.answered_by.full_name if call.answered_by else ""), call.unit.name


def people(ids: Iterable[UUID]) -> list[User]:
    """These people, by login name."""
    return list(User.objects.filter(pk__in=list(ids)).order_by("login_name"))
