"""The verbs of a call (通话操作): ring, answer, refuse, hang up, fail; and the clock that ends what nobody ends.

Who may ring whom about what is the calling chapter's to say. When a call is over it is announced
(`reach.call_ended`), in the same transaction; the matter's chapter writes it into its file.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from hezhi.engines.org.actor import Actor, system
from hezhi.engines.reach import call_rules as rules
from hezhi.engines.reach import calls
from hezhi.engines.reach.calling import queries
from hezhi.engines.reach.models import Call
from hezhi.engines.reach.news import tell_people
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.events import announce

LEFT_OPEN = timedelta(minutes=3)
"""A process killed between the end of a call and the end of its room leaves it open no longer than a round."""
Turn = Callable[[rules.Standing], rules.Standing]


@verb("reach.ring")
def ring(asked: calls.Ring, *, by: Actor) -> Call:
    """Call the people of a unit about a matter (呼叫). Raises NotNow when no engine answers, nobody is there, or one talks already."""
    calls.must_work(asked.unit)
    if by.user_id is None:
        raise NotNow("只有登录的人员可以呼叫。", code="reach.nobody_calls")
    people = [user for user in asked.people if user != by.user_id]
    if not people:
        raise NotNow(
            f"{asked.unit}没有可接听的人员。", "该单位没有承办督办事项的岗位，或岗位暂无人员。", "请拨打电话，并登记通话情况。",
            code="reach.nobody_to_call",
        )  # fmt: skip
    _end_own_leftovers(by)
    if by.user_id in queries.engaged([by.user_id]):
        raise NotNow("您正在另一个通话中。", "一次只能进行一个通话。", "请先挂断再呼叫。", code="reach.in_a_call")
    begun = rules.begin(time.now(), people, queries.engaged(people))
    kind, key = asked.about
    call = Call(
        object_type=kind, object_id=key, title=asked.title, video=asked.video, room=secrets.token_hex(12), caller_id=by.user_id,
        caller_post=by.post_title, caller_unit=by.unit_name, unit_id=asked.unit_id, invited=people,
    )  # fmt: skip
    call.link = f"{asked.page}{call.pk}/"
    _keep(call, begun, by=by)
    return call


@verb("reach.answer_call")
def answer(call_id: UUID, *, by: Actor) -> Call:
    """Take a call (接听): the first who does has it. Raises NotNow when it is over or a colleague was quicker."""
    call = _locked(call_id, by)
    if queries.is_caller(by, call):
        raise queries.nothing()
    now = rules.looked_at(queries.standing(call), time.now())
    if now.state == rules.TALKING and call.answered_by_id == by.user_id:
        return call
    if now.state != rules.RINGING:
        taken = now.state == rules.TALKING
        raise NotNow(
            "同事已接听。" if taken else "通话已经结束。",
            remedy="" if taken else "请回到督办事项，用电话联系对方。",
            code="reach.call_is_over",
        )
    if by.user_id in queries.engaged([by.user_id]):  # type: ignore[list-item]
        raise NotNow("您正在另一个通话中。", remedy="请先挂断再接听。", code="reach.in_a_call")
    call.answered_by_id = by.user_id
    _keep(call, rules.answer(now, time.now()), by=by)
    return call


@verb("reach.reject_call")
def reject(call_id: UUID, *, by: Actor) -> Call:
    """Refuse a call (拒接); it goes on ringing at colleagues who may answer."""
    return _turn(call_id, by, lambda now: rules.reject(now, by.user_id, time.now()) if by.user_id else now)


@verb("reach.hang_up")
def hang_up(call_id: UUID, *, by: Actor) -> Call:
    """End a call (挂断)."""
    call = _locked(call_id, by)
    if call.state == rules.RINGING and not queries.is_caller(by, call):
        return call
    return _turn(call_id, by, lambda now: rules.hang_up(now, time.now()))


@verb("reach.call_failed")
def fail(call_id: UUID, *, by: Actor, heard: bool = False) -> Call:
    """Say that the line could not be had, or broke and did not come back (未能连通、连接中断)."""
    return _turn(call_id, by, lambda now: rules.fail(now, time.now(), heard=heard))


def beat(call_id: UUID, *, by: Actor) -> Call:
    """A sign of life of a page in the call, which hears how the call stands (心跳).

    It has no audit row of its own: what it may end is written as the end of the call.
    """
    call, moment = queries.call_for(by, call_id), time.now()
    if rules.looked_at(queries.standing(call), moment) != queries.standing(call):
        return look_at(call.pk)
    field = "caller_seen" if queries.is_caller(by, call) else "callee_seen" if call.answered_by_id == by.user_id else ""
    if field and call.state != rules.ENDED:
        Call.objects.filter(pk=call.pk).exclude(state=rules.ENDED).update(**{field: moment})
    return call


def seat(call_id: UUID, *, by: Actor) -> calls.Seat:
    """What this page needs to enter the call (入会凭据). Raises NotFound for a stranger, NotNow when it is not talked in."""
    call = queries.call_for(by, call_id)
    if by.user_id is None or by.user_id not in (call.caller_id, call.answered_by_id):
        raise queries.nothing()
    if call.state != rules.TALKING:
        raise NotNow("通话没有在进行。", remedy="请回到督办事项。", code="reach.not_talking")
    return calls.port().admit(call.room, by.user_id)


def look_at(call_id: UUID) -> Call:
    """Let time have its say about a call (超时、离线)."""
    by = system("通话看守")
    with acting(by, verb="reach.call_over") as deed:
        call = (
            Call.objects.select_for_update(of=("self",)).select_related("caller", "unit", "answered_by").get(pk=call_id)
        )
        deed.on(call)
        now = queries.standing(call)
        then = rules.looked_at(now, time.now())
        if then != now:
            _keep(call, then, by=by)
    return call


def end_stale() -> int:
    """One round (通话看守): calls that nobody ends, and rooms that their end left open; gives how many calls it ended."""
    moment, ended = time.now(), 0
    for room in Call.objects.filter(ended_at__gt=moment - LEFT_OPEN, answered_at__isnull=False).values_list(
        "room", flat=True
    ):
        calls.port().close(room)
    for call in Call.objects.living():
        if rules.looked_at(queries.standing(call), moment) != queries.standing(call):
            ended += look_at(call.pk).state == rules.ENDED
    return ended


# -- how a call is turned --------------------------------------------------------------------------------


def _locked(call_id: UUID, by: Actor) -> Call:
    rows = Call.objects.visible_to(by).select_for_update(of=("self",))
    found = rows.select_related("caller", "unit", "answered_by").filter(pk=call_id).first()
    if found is None:
        raise queries.nothing()
    return found


def _turn(call_id: UUID, by: Actor, turn: Turn) -> Call:
    call = _locked(call_id, by)
    if call.state == rules.TALKING and by.user_id not in (call.caller_id, call.answered_by_id):
        raise queries.nothing()
    now = queries.standing(call)
    then = turn(now)
    if then != now:
        _keep(call, then, by=by)
    return call


def _keep(call: Call, now: rules.Standing, *, by: Actor) -> None:
    """Write down how the call stands, tell the open pages, and announce its end."""
    was_over = call.state == rules.ENDED
    for name in (
        "asked_at",
        "state",
        "result",
        "note",
        "answered_at",
        "ended_at",
        "caller_seen",
        "callee_seen",
        "seconds",
    ):
        setattr(call, name, getattr(now, name))
    call.declined = sorted(now.declined)
    call.save()
    tell_people({call.caller_id, *call.invited})
    if now.state == rules.ENDED and not was_over:
        announce("reach.call_ended", call=call, by=by)
        if call.answered_at:
            room = call.room
            transaction.on_commit(lambda: calls.port().close(room))


def _end_own_leftovers(by: Actor) -> None:
    """A call of one's own that a closed page left behind does not hinder the next."""
    for call in Call.objects.living().filter(caller=by.user_id):
        look_at(call.pk)
