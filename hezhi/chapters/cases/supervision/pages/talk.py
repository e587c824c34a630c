"""The page of a call about a matter (通话页面): who rings starts here, who is rung answers here.

Camera and microphone open after a press and not before. What the page is told of the other side comes from our
roster. Neither sound nor picture is kept.
"""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.cases.supervision import actions, queries
from hezhi.chapters.cases.supervision.actions.calling import told
from hezhi.chapters.cases.supervision.flows import ANSWER, LEAD
from hezhi.engines.org.api import Actor, Unit, needs, on_duty, reader
from hezhi.engines.reach import calls
from hezhi.engines.reach.api import Call, calling
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.shapes import Crumb

clause = "9.1.2-3-1"
STEPS = {
    "answer": lambda key, by, given: calling.answer(key, by=by),
    "reject": lambda key, by, given: calling.reject(key, by=by),
    "hang_up": lambda key, by, given: calling.hang_up(key, by=by),
    "fail": lambda key, by, given: calling.fail(key, by=by, heard=given.get("heard") == "1"),
    "beat": lambda key, by, given: calling.beat(key, by=by),
}


@needs(LEAD, clause=clause)
@require_safe
def begin(request: HttpRequest, matter_id: UUID, unit_id: UUID) -> HttpResponse:
    """Before the call: whom it is for, and the button that opens the microphone and rings."""
    by = reader(request)
    matter = queries.matter_for(by, matter_id)
    unit = Unit.objects.filter(pk=unit_id).first() if unit_id in matter.units else None
    if unit is None:
        raise NotFound("没有找到这个承办单位。", remedy="请回到督办事项选择。")
    video = request.GET.get("video") == "1"
    health = calls.port().health()
    context = {
        "role": "caller", "video": video, "peer_name": "", "peer_unit": unit.name, "number": matter.number, "matter_id": matter.pk,
        "ring_url": reverse("supervision-ring", args=[matter.pk]), "unit_id": unit.pk, "state": "ready",
        "phones": _phones(unit), "lacking": "" if health.ok else health.sentence,
    }  # fmt: skip
    return _page(request, context)


@needs(LEAD, ANSWER, clause=clause)
@require_safe
def page(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """A call that one is in, or may answer."""
    by = reader(request)
    call = calling.beat(call_id, by=by)
    name, unit = calling.other_side(by, call)
    mine = calling.is_caller(by, call)
    seen = queries.sees(by, call.object_id)
    context = {
        "role": "caller" if mine else "callee", "video": call.video, "peer_name": name, "peer_unit": unit, "number": call.title,
        "matter_id": call.object_id if seen else None, "call_url": call.link, "connected": call.result == calling.ANSWERED, "state": call.state, "told": _told(by, call),
        "phones": _phones(call.unit) if mine else [], "unit_id": call.unit_id,
    }  # fmt: skip
    return _page(request, context)


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    kind = "视频督办" if context["video"] else "语音督办"
    number, matter_id = context["number"], context["matter_id"]
    crumbs = [
        Crumb("督办事项", "/r/supervision/"),
        Crumb(number, reverse("supervision-matter", args=[matter_id]) if matter_id else ""),
        Crumb(kind),
    ]
    response = render(request, "supervision/call.html", context | {"kind": kind, "crumbs": crumbs})
    response.makes_calls = True  # type: ignore[attr-defined]  # the content policy lets it speak to the gate of signals
    return response


def _phones(unit: Unit) -> list[tuple[str, str]]:
    """Whom to telephone when nobody answers here (值班和单位电话)."""
    duty = [
        (f"值班 {shift.user.full_name}", shift.user.work_phone)
        for shift in on_duty(unit, time.now())
        if shift.user.work_phone
    ]
    return duty + ([(unit.name, unit.phone)] if unit.phone else [])


@needs(LEAD, clause=clause)
@require_POST
def ring(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """Ring now; gives where the call is."""
    by = reader(request)
    try:
        unit_id = UUID(request.POST.get("unit", ""))
    except ValueError:
        raise NotFound("没有找到这个承办单位。") from None
    call = actions.ring(matter_id, by=by, unit_id=unit_id, video=request.POST.get("video") == "1")
    return JsonResponse(_standing(by, call) | {"url": call.link})


@needs(LEAD, ANSWER, clause=clause)
@require_POST
def do(request: HttpRequest, call_id: UUID, step: str) -> HttpResponse:
    """One step of a call, or a sign of life; gives how the call stands."""
    if step not in STEPS:
        raise NotFound("没有这个步骤。")
    by = reader(request)
    return JsonResponse(_standing(by, STEPS[step](call_id, by, request.POST)))


@needs(LEAD, ANSWER, clause=clause)
@require_POST
def seat(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """What this page needs to enter the call."""
    return JsonResponse(asdict(calling.seat(call_id, by=reader(request))))


def _standing(by: Actor, call: Call) -> dict[str, Any]:
    name, unit = calling.other_side(by, call)
    return {"state": call.state, "result": call.result, "told": _told(by, call), "peer": {"name": name, "unit": unit}}


def _told(by: Actor, call: Call) -> str:
    """How it ended, in words."""
    return f"{calling.RESULTS[call.result]}。{told(call)}" if call.result else ""
