"""What the grid worker's phone sends (网格端接口): reports and photos, repeatable, bound to the account."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.api import Message, attached, message_of, near_rows, read_json, take_in
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs, open_to_all
from hezhi.engines.records.files import keep_files
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound

clause = "9.1.2-1"
REPEATABLE = timedelta(days=14)


@open_to_all("the outbox asks who is signed in before it sends; it tells nothing but an id")
def who(request: HttpRequest) -> HttpResponse:
    """Whose phone this is now: reports of another account stay where they are."""
    account = str(request.user.pk) if request.user.is_authenticated else None
    return JsonResponse({"account": account, "csrf": get_token(request)})


@needs("cases.report", clause=clause)
def put_report(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Take a grid worker's report in: dealt with on the spot, or sent up."""
    if request.method != "PUT":
        raise NotAllowed("请用上报页面提交。", code="grid.put_only")
    given = read_json(request)
    by = reader(request)
    if given.get("account") and str(given["account"]) != str(by.user_id):
        raise NotAllowed(
            "这条上报属于另一位同事的账号。", "为免冒名，没有提交。", "请由本人登录后发送。", code="grid.other_account"
        )
    receipt = take_in(grid_message(given), by=by.at(
        channel="gridworker", address=by.address, request_id=by.request_id
    ), case_id=case_id)  # fmt: skip
    answer = {"number": receipt.number, "code": "", "url": reverse("grid-case", args=[receipt.id])}
    return JsonResponse(answer, status=201 if receipt.new else 200)


def grid_message(given: dict[str, Any]) -> Message:
    """The phone's form as a message of the grid channel; what was done on the spot makes it a closed case."""
    message = message_of(given)
    spot = str(given.get("spot_result", "")).strip()
    done = given.get("outcome") == "done"
    if done and not spot:
        raise BadInput({"spot_result": ["已当场处理的，请写一句怎么处理的。"]})
    return replace(
        message, source="grid", anonymous=False, name="", phone="", secret=False, spot_result=spot if done else ""
    )


@needs("cases.report", clause=clause)
def put_photo(request: HttpRequest, case_id: UUID, n: int) -> HttpResponse:
    """Take one photo, recording or video of a report of one's own."""
    if request.method != "PUT":
        raise NotAllowed("请用上报页面提交。", code="grid.put_only")
    by = reader(request)
    case = Case.objects.filter(pk=case_id, registered_by=by.user_id, source="grid").first()
    if case is None or time.now() - case.recorded_at > REPEATABLE:
        raise NotFound("没有找到这条上报。", code="grid.not_yours")
    looked = attached(request, case, n)
    keep_files(by, case, looked, stage="report", field="photos")
    return JsonResponse({"n": n}, status=201)


@needs("cases.report", clause=clause)
def near(request: HttpRequest) -> HttpResponse:
    """Open reports of the same kind within 200 m."""
    return JsonResponse({"reports": near_rows(request)})
