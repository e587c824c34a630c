"""Reading that leaves a trace (留痕查阅): personal values, the true text of a secret case; and remarks."""

from uuid import UUID

from hezhi.chapters.cases.handling.actions.turning import MATTER, given, seen, settle
from hezhi.chapters.cases.handling.models import Reporter
from hezhi.chapters.cases.handling.queries import DUTY_CHIEF, may_lift_veil
from hezhi.engines.org.actor import Actor
from hezhi.engines.records import audit
from hezhi.engines.records.acting import verb
from hezhi.engines.records.models import Comment
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotFound

REVEALED = ("name", "phone", "address")


@verb("cases.reveal_personal")
def reveal_personal(case_id: UUID, *, by: Actor, field: str, purpose: str) -> str:
    """Give one personal value of the reporter in clear; who, what and why are logged first."""
    by.must("cases.reveal_personal")
    purpose = given(purpose, "purpose", "请写明查看目的。")
    case = seen(case_id, by=by)
    reporter = Reporter.objects.filter(case=case).first()
    if reporter is None or field not in REVEALED or case.secret:
        raise NotFound("没有可查看的内容。", code="cases.nothing_to_reveal")
    audit.read_of_personal(by, MATTER, case.pk, [f"reporter.{field}"], purpose)
    return str(getattr(reporter, field))


@verb("cases.open_secret")
def open_secret(case_id: UUID, *, by: Actor, purpose: str) -> dict[str, str]:
    """Give the true text and the reporter of a secret case (保密件), to the acceptor of record or the duty chief."""
    by.must("cases.open_secret")
    case = seen(case_id, by=by)
    if not may_lift_veil(by, case):
        raise NotAllowed(
            "保密件只由原受理员和值班长查阅。", "这是为了保护上报人。", "确需了解请联系值班长。", code="cases.veil"
        )
    purpose = given(purpose, "purpose", "请写明查阅目的。")
    reporter = Reporter.objects.filter(case=case).first()
    audit.read_of_personal(by, MATTER, case.pk, ["sealed_text", "reporter"], purpose)
    if case.accepted_by_id is None and by.role_code != DUTY_CHIEF:
        case.accepted_by_id = by.user_id  # who opens it first is its acceptor of record
        case.save(update_fields=["accepted_by"])
    return {
        "text": case.sealed_text,
        "name": reporter.name if reporter else "",
        "phone": reporter.phone if reporter else "",
        "address": reporter.address if reporter else "",
    }


@verb("cases.comment")
def comment(case_id: UUID, *, by: Actor, text: str) -> Comment:
    """Leave a remark that only officers read (批注)."""
    by.must("cases.view")
    case = seen(case_id, by=by)
    text = given(text, "text", "请写批注内容。")
    settle(case, "comment", by=by, title="批注", text=text)
    return Comment.objects.create(
        object_type=MATTER, object_id=case.pk, text=text, by_id=by.user_id, by_name=by.name,
        unit_name=by.unit_name, at=time.now(),
    )  # fmt: skip
