"""What the citizen's phone sends (手机端接口): the report under its own id, each photo by itself; all repeatable."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse

from hezhi.channels.citizen import rules
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.api import Receipt, attached, message_of, near_rows, read_json, take_in
from hezhi.engines.org.actor import Actor, citizen, reader
from hezhi.engines.org.rights import open_to_all
from hezhi.engines.records.files import keep_files
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotFound
from hezhi.ground.ui.language import refusing_in_language

clause = "9.1.2-1"
WHY = "anybody may tell the government something, without an account"
REPEATABLE = timedelta(days=7)
"""How long a phone may come back with the rest of a report (its photos, a repeat after a lost answer)."""
LONGEST_PROOF = 100
"""What the phone drew together with the id (回执凭据) and keeps until the report is delivered; ours are 36 signs."""


@open_to_all(WHY)
def who(request: HttpRequest) -> HttpResponse:
    """Who is here: a citizen has no account; the token is for the next PUT."""
    return JsonResponse({"account": None if request.user.is_authenticated else "", "csrf": get_token(request)})


@open_to_all(WHY, clause=clause)
@refusing_in_language
def put_report(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Take a report in under the id that the phone made; the same id and proof again give the same answer."""
    if request.method != "PUT":
        raise NotAllowed("请用上报页面提交。", code="citizen.put_only")
    rules.not_too_many(reader(request).address)
    given = read_json(request)
    proof = str(given.get("proof") or "")[:LONGEST_PROOF]
    receipt = take_in(message_of(given), by=_citizen(request), case_id=case_id, proof=proof)
    if not receipt.new:
        _same_report(case_id)
    remember(request, receipt)
    answer = {"number": receipt.number, "code": receipt.code, "url": reverse("citizen-case", args=[receipt.id])}
    return JsonResponse(answer, status=201 if receipt.new else 200)


def _citizen(request: HttpRequest) -> Actor:
    """The reporter as an actor: never the officer who may be signed in on the same phone."""
    here = reader(request)
    return citizen().at(channel="citizen", address=here.address, request_id=here.request_id)


def _same_report(case_id: UUID) -> Case:
    """A report of this channel that is still young enough to be repeated; anything else is not told about."""
    case = Case.objects.filter(pk=case_id, source="citizen").first()
    if case is None or time.now() - case.recorded_at > REPEATABLE:
        raise NotFound("这条上报已不能再补传。", remedy="请用编号和查询码查看进度。", code="citizen.too_late")
    return case


def remember(request: HttpRequest, receipt: Receipt) -> None:
    """Let this browser open its own case without typing number and code again."""
    mine = request.session.get("mine", [])
    if str(receipt.id) not in mine:
        request.session["mine"] = [*mine, str(receipt.id)][-30:]


@open_to_all(WHY, clause=clause)
@refusing_in_language
def put_photo(request: HttpRequest, case_id: UUID, n: int) -> HttpResponse:
    """Take one photo, recording or video of a report; each comes by itself, so that a cut line costs one of them."""
    if request.method != "PUT":
        raise NotAllowed("请用上报页面提交。", code="citizen.put_only")
    if str(case_id) not in request.session.get("mine", []):
        raise NotFound("没有找到这条上报。", code="citizen.not_yours")
    case = _same_report(case_id)
    looked = attached(request, case, n)
    visibility = Attachment.Visibility.SECRET if case.secret else Attachment.Visibility.REPORTER
    keep_files(_citizen(request), case, looked, stage="report", visibility=visibility, field="photos")
    return JsonResponse({"n": n}, status=201)


@open_to_all(WHY, clause=clause)
def near(request: HttpRequest) -> HttpResponse:
    """Open reports of the same kind within 200 m (附近同类): only public matters, and nothing that somebody wrote."""
    rules.not_too_many(reader(request).address, "near", rules.MOST_LOOKS_PER_HOUR)
    return JsonResponse({"reports": near_rows(request)})
