"""The door for outer systems (开放接口, 9.1.2-1): report, follow, supplement, attach, tell the platform's verdict.

Plain views, because this is the hot path of intake: no session, no framework in between. Who calls is said by
his key; he sees what he sent himself and nothing else.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from hezhi.channels.open_api import bodies
from hezhi.channels.open_api.reading import TooLarge, Unreadable, read
from hezhi.chapters.cases.handling.api import PUBLIC_STATES, Case, Category
from hezhi.chapters.cases.intake.api import take_in, take_in_once
from hezhi.chapters.cases.intake.outside import add_from_outside, case_of_number, note_outside
from hezhi.chapters.cases.platform.api import first_order, our_code
from hezhi.engines.connect.api import Claim, KeyActor, OutOfScope, QuotaSpent, authenticate, digest_of, once
from hezhi.engines.org.rights import open_to_all
from hezhi.engines.records.files import keep_files
from hezhi.engines.records.models import Attachment
from hezhi.engines.records.vault import blind
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.masks import mask_text

log = logging.getLogger("hezhi.open_api")

clause = "9.1.2-1"
WRITE, READ = "reports.write", "reports.read"
MOST_FILES, MOST_BYTES, MOST_KEY = 20, 20 * 1024 * 1024, 64
Operation = Callable[..., HttpResponse]


class WrongMethod(Refusal):
    """An address that does not take this method (方法不支持)."""

    status = 405
    code = "api.wrong_method"
    what = "这个地址不接受这种请求方法"
    meaning = "请求没有被处理"
    remedy = "请查看接口说明中允许的方法"


def door(*, raw: bool = False, **operations: tuple[Operation, tuple[str, ...]]) -> Callable[..., HttpResponse]:
    """The view of an address: by method, what is done and which of these scopes the key must have.

    `raw`: the body is a file and may be as large as one, instead of as large as a form.
    """

    @csrf_exempt
    @open_to_all("an outer system shows its channel key instead of an account", clause=clause)
    def answer(request: HttpRequest, **where: Any) -> HttpResponse:
        try:
            if raw:
                _take_up(request)
            return _answered(request, operations, where)
        except RequestDataTooBig:
            return letter(TooLarge())
        except UnreadablePostError:
            return letter(Unreadable())
        except Refusal as refusal:
            # The address as it is declared: what stands in its place may be the number of a secret case.
            route = request.resolver_match.route if request.resolver_match else ""
            log.info("%s %s %s %s", route, refusal.status, refusal.code, refusal.number)
            response = letter(refusal)
            if refusal.status == 405:
                response["Allow"] = ", ".join(name.upper() for name in operations)
            return response

    answer.for_machines = True  # type: ignore[attr-defined]
    return answer


def _answered(request: HttpRequest, operations: dict[str, Any], where: dict[str, Any]) -> HttpResponse:
    method = "get" if request.method == "HEAD" else (request.method or "").lower()
    if method not in operations:
        raise WrongMethod
    operation, scopes = operations[method]
    by = authenticate(request)
    if not any(by.may(scope) for scope in scopes):
        raise OutOfScope(meaning=f"需要的权限：{'或'.join(scopes)}")
    return operation(request, by, **where)


def _take_up(request: HttpRequest) -> None:
    """Read a file's bytes once, before the signature asks for them; Django's own limit is made for forms."""
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        raise TooLarge
    request._body = request.read(MOST_BYTES + 1)
    if len(request.body) > MOST_BYTES:
        raise TooLarge


def letter(refusal: Refusal) -> HttpResponse:
    """A refusal as JSON, with the same words as on a page."""
    response = as_json({"error": refusal.as_dict()}, refusal.status)
    if isinstance(refusal, QuotaSpent):
        response["Retry-After"] = str(refusal.retry_after)
    return response


def as_json(told: Any, status: int = 200) -> HttpResponse:
    """An answer in JSON."""
    return HttpResponse(msgspec.json.encode(told), content_type="application/json", status=status)


def _once(
    request: HttpRequest, by: KeyActor, name: str, work: Callable[[], tuple[bodies.Receipt, int]], *, secret: bool
) -> HttpResponse:
    """Do the work once per Idempotency-Key, when the caller sends one; a repetition gets the first answer.

    The outside number is not kept with the answer, since the request brings it again; and of a secret case the
    key is kept as its print, because platforms like to use their number for it.
    """
    key = _key(request)
    if key is None:
        return as_json(*work())
    if secret:
        key = blind("open_api.key", key.encode().hex())[:40]
    with once(by.system, f"{name}:{key}", digest_of(request.body)) as kept:
        if kept.is_new:
            receipt, status = work()
            told = msgspec.to_builtins(receipt)
            number = told.pop("outside_number")
            kept.keep({"told": told, "status": status})
            return as_json(told | {"outside_number": number}, status)
    number = request.resolver_match.kwargs.get("outside_number") if request.resolver_match else None
    number = number or read(request, bodies.Report).outside_number
    response = as_json(kept.answer["told"] | {"outside_number": number}, kept.answer["status"])
    response["Idempotent-Replayed"] = "true"
    return response


def _key(request: HttpRequest) -> str | None:
    """The caller's own key for this request (幂等键), when he sends one."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (key.isascii() and key.isprintable() and 0 < len(key.strip()) <= MOST_KEY):
        raise BadInput({"Idempotency-Key": [f"幂等键须为 1 至 {MOST_KEY} 个可见的英文字符。"]})
    return key


# -- operations ------------------------------------------------------------------------------------


def report(request: HttpRequest, by: KeyActor) -> HttpResponse:
    """Take a report in (上报); the same outside number gives the same case."""
    given = read(request, bodies.Report)
    if given.outside_number in (".", ".."):
        raise BadInput({"outside_number": ["编号不能只有点号。"]})
    if given.answers and len(given.answers) > 30:
        raise BadInput({"answers": ["补充询问的答复最多 30 项。"]})

    message = given.message(source=by.source, channel=by.system)
    if message.category:
        message = replace(message, category=our_code(by.system, message.category))
    key = None if given.secret else _key(request)  # of a secret case nothing is kept but a print of the key
    if key is not None:
        expected = _told(given, state=message.first_state, number="", area="")
        claim = Claim(
            by.system, f"report:{key}", digest_of(request.body),
            {"told": msgspec.to_builtins(expected), "status": 201},
        )  # fmt: skip
        receipt = take_in_once(message, by=by, claim=claim)
        if receipt is not None:
            return as_json(_told(given, state=receipt.state, number=receipt.number, area=receipt.area), 201)

    def work() -> tuple[bodies.Receipt, int]:
        made = take_in(message, by=by)
        area = "" if given.secret else made.area
        told = _told(given, state=made.state, number=made.number, area=area, new=made.new)
        return told, 201 if made.new else 200

    return _once(request, by, "report", work, secret=bool(given.secret))


def _told(given: bodies.Report, *, state: str, number: str, area: str, new: bool = True) -> bodies.Receipt:
    return bodies.Receipt(
        number=number, outside_number=given.outside_number, state=state, state_name=PUBLIC_STATES[state], area=area,
        new=new,
    )  # fmt: skip


def status(request: HttpRequest, by: KeyActor, outside_number: str) -> HttpResponse:
    """How a report stands (进度), in public words."""
    return as_json(_status(own(by, outside_number), outside_number))


def supplement(request: HttpRequest, by: KeyActor, outside_number: str) -> HttpResponse:
    """Add words to a report (补充)."""
    given = read(request, bodies.Supplement)
    case = own(by, outside_number)

    def work() -> tuple[bodies.Receipt, int]:
        changed = add_from_outside(case.pk, by=by, text=given.text)
        return _receipt(changed, outside_number), 200

    return _once(request, by, f"supplement:{case.pk.hex[-8:]}", work, secret=case.secret)


def change(request: HttpRequest, by: KeyActor, outside_number: str) -> HttpResponse:
    """Tell the platform's own verdict and limit (外部结论、外部时限); said twice it is kept once."""
    given = read(request, bodies.Change)
    case = own(by, outside_number)
    due_at = given.outside_due_at
    note_outside(
        case.pk, by=by, verdict=None if given.verdict is msgspec.UNSET else given.verdict,
        due_at=None if due_at is msgspec.UNSET else due_at, clear_due=due_at is None,
    )  # fmt: skip
    return as_json(_status(own(by, outside_number), outside_number))


def attach(request: HttpRequest, by: KeyActor, outside_number: str, n: int) -> HttpResponse:
    """Keep the n-th file of a report (附件): the body is the file; the same again is kept once."""
    case = own(by, outside_number)
    if not 0 <= n < MOST_FILES:
        raise BadInput({"n": [f"附件序号从 0 到 {MOST_FILES - 1}，每件最多 {MOST_FILES} 个附件。"]})
    name = request.GET.get("name", "")[:120] or f"附件{n + 1}"
    sent = SimpleUploadedFile(name, request.body, content_type=request.content_type or "application/octet-stream")
    with once(by.system, f"file:{n}:{case.pk.hex}", digest_of(request.body)) as kept:
        if kept.is_new:
            visibility = Attachment.Visibility.SECRET if case.secret else Attachment.Visibility.READERS
            (made,) = keep_files(by, case, [sent], stage="report", visibility=visibility, field="file")
            told = made.name if not case.secret else f"附件{n + 1}"  # the answer is kept, the name is sealed
            kept.keep({"n": n, "name": told, "size": made.size}, object_id=case.pk)
            return as_json(kept.answer, 201)
    return as_json(kept.answer, 200)


def categories(request: HttpRequest, by: KeyActor) -> HttpResponse:
    """The categories in use (事件类别)."""
    rows = (
        Category.objects.filter(active=True).order_by("code").values_list("code", "name", "full_name", "parent__code")
    )
    items = [bodies.Kind(code=c, name=n, full_name=f or n, parent=p or "") for c, n, f, p in rows]
    return as_json(bodies.Kinds(items=items))


# -- pieces ----------------------------------------------------------------------------------------


def own(by: KeyActor, outside_number: str) -> Case:
    """A case that this very system brought, by its first or a later number (重办编号); else «not found»."""
    return first_order(by.system, outside_number) or case_of_number(by.system, outside_number)


def _receipt(case: Case, outside_number: str) -> bodies.Receipt:
    return bodies.Receipt(
        number=case.number, outside_number=outside_number, state=case.state, state_name=PUBLIC_STATES[case.state],
        area="" if case.secret else case.place, new=False,
    )  # fmt: skip


def _status(case: Case, outside_number: str) -> bodies.Status:
    """The case in public words; of a secret one only number, state and times."""
    open_words = not case.secret
    steps = case.steps.exclude(public_text="").order_by("at", "id") if open_words else []
    return bodies.Status(
        number=case.number, outside_number=outside_number, state=case.state, state_name=PUBLIC_STATES[case.state],
        received_at=case.received_at, due_at=case.due_at, closed_at=case.closed_at,
        outside_due_at=case.outside_due_at, outside_verdict=case.outside_verdict,
        category=case.category.full_name if open_words and case.category else "",
        unit=case.lead_unit.name if open_words and case.lead_unit else "",
        reply=mask_text(case.reply) if open_words else "", replied_at=case.replied_at,
        files=Attachment.objects.filter(object_id=case.pk, stage="report", removed_at__isnull=True).count(),
        steps=[bodies.PublicStep(at=step.at, title=step.public_title, text=mask_text(step.public_text)) for step in steps],
    )  # fmt: skip
