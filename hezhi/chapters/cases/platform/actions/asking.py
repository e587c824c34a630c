"""What needs the platform's yes (待来源平台确认): asked here, answered there, by interface or written down by hand."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.actions.approving import fall_away
from hezhi.chapters.cases.handling.actions.ceiling import follow_ceiling
from hezhi.chapters.cases.handling.actions.turning import MATTER, NAMES, given, seen, settle
from hezhi.chapters.cases.handling.api import ENDED, Case
from hezhi.chapters.cases.platform.actions.turning import HANDLE, able, platform_of, tell_platform, who
from hezhi.chapters.cases.platform.models import Platform, Request
from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow

Kind, State = Request.Kind, Request.State
MOST = 500
VEILED = "保密件，理由不外送。"


def needs_yes(platform: Platform, kind: str) -> bool:
    """Whether the platform wants to be asked for this (须平台确认)."""
    return bool(getattr(platform, f"confirms_{kind}"))


def may_ask(case: Case, platform: Platform, kind: str) -> bool:
    """Whether a case can be asked for now: a return or a longer limit while it is not answered, a closing when it is."""
    if not needs_yes(platform, kind) or case.state in ENDED:
        return False
    return (case.state == "to_call_back") == (kind == Kind.CLOSE)


@clause("9.1.2-1")
@verb("platform.ask")
def ask(case_id: UUID, *, by: Actor, kind: str, reason: str, until: datetime | None = None) -> Request:
    """Ask the platform that brought a case for a return, a longer limit or the closing (申请退单、延期、办结).

    Until it answers nothing changes here: our clock runs on. One request of a kind waits at a time.
    """
    by.must(HANDLE)
    case = seen(case_id, by=by)
    platform = platform_of(case)
    if kind not in Kind.values or not may_ask(case, platform, kind):
        name = Kind(kind).label if kind in Kind.values else "这一项"
        raise NotNow(
            f"现在不能向{platform.name}申请{name}：这件事是「{NAMES[case.state]}」。",
            "办结在答复以后申请，退单和延期在答复以前申请；平台不要求确认的事项直接在本系统办理。", "请刷新后查看。",
            code="platform.not_now",
        )  # fmt: skip
    reason = given(reason, "reason", "请写明理由，来源平台会看到。")
    if len(reason) > MOST:
        raise BadInput({"reason": [f"理由最多 {MOST} 个字，现在是 {len(reason)} 个字。"]})
    if kind == Kind.EXTENSION:
        _check_until(case, until)
    try:
        with transaction.atomic():
            row = Request.objects.create(
                case=case, platform=platform, kind=kind, reason=VEILED if case.secret else reason,
                until=until if kind == Kind.EXTENSION else None, asked_by_id=by.user_id, asked_name=by.name,
                asked_unit=by.unit_name, asked_at=time.now(),
            )  # fmt: skip
    except IntegrityError:
        raise NotNow(
            f"已经向{platform.name}申请过{Kind(kind).label}，还在等待答复。", "同一事项一次只等一个答复。", "请等平台答复，或先撤回。",
            code="platform.waiting",
        ) from None  # fmt: skip
    tell_platform(platform, case, f"ask_{kind}", f"申请{row.get_kind_display()}")
    told = {"延至": time.show(until)} if row.until and until else {}
    settle(
        case, f"ask_platform_{kind}", by=by, title=f"向来源平台申请{row.get_kind_display()}", text=reason, fields=told
    )
    return row


def _check_until(case: Case, until: datetime | None) -> None:
    if until is None:
        raise BadInput({"until": ["请填写申请延长到什么时候。"]})
    if until <= (case.outside_due_at or time.now()) or until <= time.now():
        raise BadInput({"until": ["延长后的时限应晚于现在的平台时限。"]})


@clause("9.1.2-1")
@verb("platform.withdraw")
def withdraw(request_id: UUID, *, by: Actor) -> Request:
    """Take a request back that the platform has not answered (撤回申请)."""
    by.must(HANDLE)
    row, case = _waiting(request_id, by)
    row.state, row.answered_at = State.WITHDRAWN, time.now()
    row.save(update_fields=["state", "answered_at"])
    tell_platform(row.platform, case, f"withdraw_{row.kind}", f"撤回{row.get_kind_display()}申请")
    settle(case, "withdraw_platform_request", by=by, title=f"撤回向来源平台的{row.get_kind_display()}申请")
    return row


def _waiting(request_id: UUID, by: Actor) -> tuple[Request, Case]:
    """A request that still waits, its case locked; somebody else's is «not found»."""
    found = Request.objects.filter(pk=request_id).select_related("platform").first()
    if found is None:
        raise NotFound("没有找到这份申请。", code="platform.no_request")
    case = seen(found.case_id, by=by)
    row = Request.objects.select_for_update(of=("self",)).select_related("platform").get(pk=request_id)
    if row.state != State.WAITING:
        raise NotNow(
            f"这份申请{row.get_state_display()}。", "不能再答复或撤回。", "请刷新后查看。", code="platform.answered"
        )
    return row, case


@clause("9.1.2-1")
@verb("platform.answer")
def answer(
    request_id: UUID, *, by: Actor, grant: bool, text: str = "", new_due_at: datetime | None = None, system: str = ""
) -> Request:
    """The platform's yes or no (平台答复), and what follows from it, in the same transaction.

    From the platform itself (`system` is its code) or written down by an officer. Granted: a return ends the case
    here, an extension moves both clocks, a closing closes. A closing that is refused sends the case round again.
    """
    if by.kind != "channel":
        by.must(HANDLE)
    row, case = _waiting(request_id, by)
    if by.kind == "channel" and row.platform.code != system:
        raise NotFound("没有找到这份申请。", code="platform.no_request")
    text = text.strip()[:MOST]
    if not grant:
        text = given(text, "text", "平台不同意时，请写明平台的理由。")
    if grant and row.kind == Kind.EXTENSION:
        new_due_at = new_due_at or row.until
    row.state = State.GRANTED if grant else State.REFUSED
    row.answer, row.answered_by, row.answered_at = ("" if case.secret else text), who(by), time.now()
    row.new_due_at = new_due_at if grant and row.kind == Kind.EXTENSION else None
    row.save(update_fields=["state", "answer", "answered_by", "answered_at", "new_due_at"])
    told = "同意" if grant else "不同意"
    case = settle(
        case, "platform_answer", by=by, title=f"来源平台{told}{row.get_kind_display()}", text=row.answer,
        fields={"平台新时限": time.show(row.new_due_at)} if row.new_due_at else {},
    )  # fmt: skip
    _tell_asker(row, case, by, told)
    if grant:
        _GRANTED[Kind(row.kind)](row, case, by, row.answer)
    elif row.kind == Kind.CLOSE and case.state == "to_call_back":
        handling.redo(case.pk, by=able(by, "redo"), reason=f"来源平台不同意办结：{row.answer or '见平台意见'}")
    return row


def _tell_asker(row: Request, case: Case, by: Actor, told: str) -> None:
    if row.asked_by_id:
        reach.tell(
            by, event="platform.answered", to_user=row.asked_by_id, about=(MATTER, case.pk), link=f"/cases/{case.pk}/",
            values={
                "number": case.number, "platform": row.platform.name, "what": row.get_kind_display(), "decision": told,
                "opinion": row.answer or "无",
            },
        )  # fmt: skip


def _returned(row: Request, case: Case, by: Actor, text: str) -> None:
    fall_away(
        case, "void", f"来源平台同意退单。{text}", by, title="退回来源平台",
        public="本件已退回来源平台，由其另行派办。",
    )  # fmt: skip


def _extended(row: Request, case: Case, by: Actor, text: str) -> None:
    case.outside_due_at = row.new_due_at
    settle(
        case, "extend", by=by, title="平台时限延长", public_text="因办理需要，时限已延长。", changed=("outside_due_at",)
    )
    follow_ceiling(case, stretch=f"来源平台同意延期至 {time.show(row.new_due_at)}" if row.new_due_at else "")


def _closed(row: Request, case: Case, by: Actor, text: str) -> None:
    if case.state == "to_call_back":
        handling.close(case.pk, by=able(by, "close"), reason=f"来源平台确认办结。{text}".strip())


_GRANTED = {Kind.RETURN: _returned, Kind.EXTENSION: _extended, Kind.CLOSE: _closed}
