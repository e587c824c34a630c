"""我的诉求 (9.1.2-1): all matters of a telephone that its holder has just proven, for half an hour, in this browser only."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hezhi.channels.citizen import actions, queries
from hezhi.channels.citizen.models import PhoneProof
from hezhi.chapters.cases.handling.api import MATTER, PUBLIC_STATES, Case
from hezhi.engines.org.actor import Actor, citizen, reader
from hezhi.engines.org.rights import open_to_all
from hezhi.engines.reach.api import Channel, is_connected
from hezhi.engines.records import audit
from hezhi.ground import time
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.masks import Kind, mask, mask_text
from hezhi.ground.ui.language import in_language, refused, said

clause = "9.1.2-1"
WHY = "whoever has read a code on the telephone that stands with a report is its reporter"
COOKIE, PATH = "hezhi_phone", "/c/"
NOT_YET = "短信服务还没有接通，验证码暂时发不出去。请先用编号和查询码查看，给您带来不便，请谅解。"


def proof_of(request: HttpRequest) -> PhoneProof | None:
    """The telephone that this browser has proven, while it lasts."""
    return actions.opened(request.COOKIES.get(COOKIE, ""))


def me(request: HttpRequest) -> Actor:
    """The citizen in front of this browser; never the officer who may be signed in on it."""
    here = reader(request)
    return citizen().at(channel="citizen", address=here.address, request_id=here.request_id)


def note_reading(request: HttpRequest, cases: Sequence[UUID]) -> None:
    """Write down what was shown to the holder of a number (查阅留痕): ids only."""
    if cases:
        audit.write(me(request), "citizen.read_by_phone", [(MATTER, case_id) for case_id in cases])


def _kept(answer: HttpResponse, request: HttpRequest, token: str) -> HttpResponse:
    answer.set_cookie(
        COOKIE, token, max_age=int(actions.OPEN_LASTS.total_seconds()), path=PATH, samesite="Lax",
        secure=request.is_secure(), httponly=True,
    )  # fmt: skip
    return answer


@open_to_all(WHY, clause=clause)
@in_language
def page(request: HttpRequest) -> HttpResponse:
    """The list while a number is proven; else where the code, or the number, is typed."""
    proof = proof_of(request)
    return _list(request, proof) if proof else _door(request)


def _door(request: HttpRequest, fault: str = "", typed: str = "") -> HttpResponse:
    asking = actions.waiting(request.COOKIES.get(COOKIE, ""))
    again = "again" in request.GET or bool(typed)
    context = {
        "fault": fault, "typed": typed, "asking": asking if not again else None,
        "masked": mask(Kind.PHONE, asking.phone) if asking else "", "connected": is_connected(Channel.SMS),
    }  # fmt: skip
    return render(request, "citizen/mine_door.html", context, status=422 if fault else 200)


def _list(request: HttpRequest, proof: PhoneProof) -> HttpResponse:
    asked = request.GET.get("page", "")
    number = int(asked) if asked.isdigit() and len(asked) < 5 else 1
    cases, more = queries.page_of(proof, number)
    note_reading(request, [case.pk for case in cases])
    context = {
        "rows": [_row(case) for case in cases], "masked": mask(Kind.PHONE, proof.phone),
        "until": proof.opened_at + actions.OPEN_LASTS if proof.opened_at else None,
        "newer": number - 1 if number > 1 else 0, "older": number + 1 if more else 0,
    }  # fmt: skip
    return render(request, "citizen/mine.html", context)


def _row(case: Case) -> dict[str, Any]:
    words, until = queries.limit_words(case, time.now())
    to_do = {"to_supplement": "请您补充情况", "to_call_back": "请您看看答复"}.get(case.state, "")
    return {
        "name": mask_text(case.title), "url": reverse("citizen-case", args=[case.pk]), "number": case.number, "at": case.received_at,
        "state_code": case.state, "state_name": said(PUBLIC_STATES[case.state]), "to_do": said(to_do),
        "unit": case.lead_unit.name if case.lead_unit else "", "limit": said(words), "until": until,
    }  # fmt: skip


def _by_post(step: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Only by the button; a mere address leads back to the page."""

    def stepping(request: HttpRequest) -> HttpResponse:
        return step(request) if request.method == "POST" else redirect("citizen-mine")

    return stepping


@open_to_all(WHY, clause=clause)
@in_language
@_by_post
def ask(request: HttpRequest) -> HttpResponse:
    """Send the code; the same words and the same work for every number."""
    typed = request.POST.get("phone", "")[:20]
    if not (settings.DEMO or is_connected(Channel.SMS)):  # no code would arrive, and nobody else is to read it
        return _door(request, said(NOT_YET), typed)
    try:
        token = actions.ask_code(typed, by=me(request))
    except Refusal as refusal:
        return _door(request, _sentence(refusal), typed)
    return _kept(redirect("citizen-mine"), request, token)


@open_to_all(WHY, clause=clause)
@in_language
@_by_post
def enter(request: HttpRequest) -> HttpResponse:
    """Take the code in."""
    try:
        token = actions.open_by_code(request.COOKIES.get(COOKIE, ""), request.POST.get("code", ""), by=me(request))
    except Refusal as refusal:
        return _door(request, _sentence(refusal))
    return _kept(redirect("citizen-mine"), request, token)


@open_to_all(WHY, clause=clause)
@in_language
@_by_post
def leave(request: HttpRequest) -> HttpResponse:
    """Leave: the half hour ends, and the browser keeps nothing of it."""
    answer = redirect("citizen-home")
    if end(request, answer):
        messages.success(request, said("已退出，这台设备上没有留下查看记录。"))
    return answer


def end(request: HttpRequest, answer: HttpResponse) -> bool:
    """End the half hour of this browser, if one runs, and take its token away; whether one ran."""
    proof = proof_of(request)
    if proof:
        actions.leave(proof, by=me(request))
    answer.delete_cookie(COOKIE, path=PATH, samesite="Lax")
    return proof is not None


def _sentence(refusal: Refusal) -> str:
    if isinstance(refusal, BadInput):
        return " ".join(said(each) for told in refusal.fields.values() for each in told)
    return refused(refusal)
