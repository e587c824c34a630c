"""Supervising face to face (视频督办、语音督办): ring a unit about a matter, and write into its file how that went."""

from datetime import datetime
from uuid import UUID

from hezhi.chapters.cases.supervision.actions.turning import MATTER, take, tell_unit
from hezhi.chapters.cases.supervision.flows import ANSWER
from hezhi.chapters.cases.supervision.models import Matter, Step
from hezhi.engines.org.api import Actor, Unit, holders_of
from hezhi.engines.reach.api import Call, Ring, calling
from hezhi.engines.records.acting import verb
from hezhi.engines.records.gathering import later
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput

PAGE = "/supervision/calls/"
UNHEARD = (calling.MISSED, calling.BUSY)


@clause("9.1.2-3-1")
@verb("supervision.ring")
def ring(matter_id: UUID, *, by: Actor, unit_id: UUID, video: bool) -> Call:
    """Ring a unit that works on the matter (呼叫承办单位); those of its people may answer who answer for supervisions there."""
    matter = take(matter_id, "call", by=by)
    if unit_id not in matter.units:
        raise BadInput({"unit": ["请选择承办单位。"]})
    unit = Unit.objects.get(pk=unit_id)
    people = tuple(user.pk for user in holders_of(ANSWER, unit))
    return calling.ring(Ring((MATTER, matter.pk), matter.number, unit.pk, unit.name, people, video, PAGE), by=by)


def write_down(call: Call, *, by: Actor) -> None:
    """A call is over: one step in the file of its matter (通话登记), under the name of who called; who missed it is told."""
    matter = Matter.objects.filter(pk=call.object_id).first() if call.object_type == MATTER else None
    if matter is None:
        return
    later(Step(
        matter=matter, verb="call", title=f"{kind_of(call)}督导{call.unit.name}：{calling.RESULTS[call.result]}"[:60], text=told(call),
        by_id=call.caller_id, by_name=call.caller.full_name, post_title=call.caller_post, unit_name=call.caller_unit, at=time.now(),
    ))  # fmt: skip
    if call.result in UNHEARD:
        tell_unit(
            matter, "supervision.missed_call", by=by, unit_id=call.unit_id, permission=ANSWER, unit=call.unit.name,
            caller=f"{call.caller_unit}{call.caller.full_name}", at=time.show(call.asked_at),
        )  # fmt: skip


def kind_of(call: Call) -> str:
    """By picture or by voice alone."""
    return "视频" if call.video else "语音"


def told(call: Call) -> str:
    """How a call went, in one line for the file (通话经过)."""
    parts = [f"{_clock(call.asked_at)} 呼叫"]
    if call.answered_at and call.answered_by:
        parts.append(f"{_clock(call.answered_at)} 由{call.answered_by.full_name}接听")
    if call.ended_at:
        parts.append(f"{_clock(call.ended_at)} 结束")
    if call.answered_at:
        parts.append(f"通话 {calling.lasted(call.seconds)}")
    if call.note:
        parts.append(call.note)
    return "，".join(parts) + "。未录音录像。"


def _clock(moment: datetime) -> str:
    return f"{time.local(moment):%H:%M:%S}"
