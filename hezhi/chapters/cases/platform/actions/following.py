"""What the platform does after our answer (来源后续): its call-back and its redo, linked to the first order."""

from datetime import datetime
from uuid import UUID

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.actions.secrecy import SEALED_WORDS, seal_words
from hezhi.chapters.cases.handling.actions.turning import MATTER, given, seen, settle
from hezhi.chapters.cases.handling.api import Case, sealed_number
from hezhi.chapters.cases.intake.outside import note_outside
from hezhi.chapters.cases.platform.actions.turning import HANDLE, able, platform_of, who
from hezhi.chapters.cases.platform.models import FollowUp, Platform
from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput
from hezhi.ground.text import one_line

Kind = FollowUp.Kind
MOST = 1000


@clause("9.1.2-1")
@verb("platform.follow_up")
def follow_up(
    case_id: UUID, *, by: Actor, kind: str, outside_number: str = "", solved: bool | None = None,
    satisfied: bool | None = None, text: str = "", due_at: datetime | None = None,
) -> FollowUp:  # fmt: skip
    """Take the platform's call-back or redo in (平台回访、平台重办) and do here what follows from it.

    A good call-back closes a case that waits for one; a bad one, and a redo, send an answered or closed case round
    again. A case still at work only hears of it. The new number of a redo leads to the first order from now on; the
    same number told twice is taken once.
    """
    if by.kind != "channel":
        by.must(HANDLE)
    case = seen(case_id, by=by)
    platform = platform_of(case)
    if kind not in Kind.values:
        raise BadInput({"kind": ["请填写平台回访或平台重办。"]})
    text = text.strip()
    if kind == Kind.CALL_BACK and solved is None:
        raise BadInput({"solved": ["请填写平台回访的结果：是否解决。"]})
    if kind == Kind.REDO or solved is False:
        text = given(text, "text", "请写明平台给出的原因。")
    if len(text) > MOST:
        raise BadInput({"text": [f"说明最多 {MOST} 个字，现在是 {len(text)} 个字。"]})
    number = _number(platform, case, one_line(outside_number))
    known = FollowUp.objects.filter(platform=platform, outside_number=number).first() if number else None
    if known is not None:
        return known
    words = _kept(case, Kind(kind).label, text, by)
    if due_at is not None:
        note_outside(case.pk, by=by, due_at=due_at)
    row = FollowUp(
        case=case, platform=platform, kind=kind, outside_number=number, solved=solved, satisfied=satisfied, text=words,
        by_name=who(by), at=time.now(), did=_done(case, kind, solved, satisfied, words, by),
    )  # fmt: skip
    row.save(force_insert=True)
    if case.desk_id:
        reach.tell(
            by, event="platform.follow_up", to_unit=case.desk_id, permission=HANDLE, about=(MATTER, case.pk),
            link=f"/cases/{case.pk}/",
            values={
                "number": case.number, "platform": platform.name, "what": row.get_kind_display(), "done": row.did,
            },
        )  # fmt: skip
    return row


def _number(platform: Platform, case: Case, number: str) -> str:
    """The follow-up's own number as it is kept: sealed for a secret case, empty when it is the first order's own."""
    if len(number) > 60:
        raise BadInput({"outside_number": ["平台编号最多 60 个字。"]})
    if case.secret:
        number = sealed_number(platform.code, number)
    return "" if number == case.outside_number else number


def _kept(case: Case, heading: str, text: str, by: Actor) -> str:
    """The words as they may stand in the clear; those about a secret case go under its seal."""
    if not case.secret or not text:
        return text
    seal_words(case, heading, text)
    settle(case, "add_from_outside", by=by, title=heading, text=SEALED_WORDS, changed=("sealed_text",))
    return SEALED_WORDS


def _done(case: Case, kind: str, solved: bool | None, satisfied: bool | None, text: str, by: Actor) -> str:
    """Do what follows here, and say it."""
    again = kind == Kind.REDO or solved is False
    reason = f"{Kind(kind).label}：{text}" if text else Kind(kind).label
    if case.state == "to_call_back" and kind == Kind.CALL_BACK:
        handling.call_back(
            case.pk, by=able(by, "call_back"), reached=True, solved=bool(solved), satisfied=satisfied,
            reason=reason[:300], note=reason, again=again, by_platform=True,
        )  # fmt: skip
        return "已重办" if again else "已办结"
    if again and case.state in ("to_call_back", "closed"):
        handling.redo(case.pk, by=able(by, "redo"), reason=reason)
        return "已重办"
    fresh = seen(case.pk, by=by)
    settle(fresh, "platform_follow_up", by=by, title=Kind(kind).label, text=text)
    return "已记入办理过程"
