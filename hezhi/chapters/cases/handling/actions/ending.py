"""How a case ends (办结): call back, close, redo, rate."""

from uuid import UUID

from hezhi.chapters.cases.handling.actions.accepting import begin_call_back, begin_total
from hezhi.chapters.cases.handling.actions.joining import answer_merged
from hezhi.chapters.cases.handling.actions.secrecy import SEALED_WORDS, seal_words
from hezhi.chapters.cases.handling.actions.turning import (
    VERBS,
    given,
    seen,
    settle,
    take,
    tell_reporter,
    tell_unit,
    wait,
)
from hezhi.chapters.cases.handling.models import CallBack, Case, Rating
from hezhi.chapters.cases.handling.queries import tries_in_vain
from hezhi.chapters.cases.handling.rules import said
from hezhi.engines.flow import timing, todos
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.events import announce

UNREACHED = "未联系上的，这一项不填，请清空；有话可写在备注里。"


@clause("9.1.2-2")
@verb("cases.call_back")
def call_back(
    case_id: UUID,
    *,
    by: Actor,
    reached: bool,
    true_matter: bool | None = None,
    solved: bool | None = None,
    satisfied: bool | None = None,
    satisfied_attitude: bool | None = None,
    contacted: bool | None = None,
    reason: str = "",
    note: str = "",
    way: str = "phone",
    again: bool = False,
    by_platform: bool = False,
    revision: int | None = None,
) -> Case:
    """Write down a call back (回访): a good result closes the case, `again` sends it to be redone (重办).

    Not reached: the case stays «待回访» and the try is counted; after the third try it may be closed. A platform's own
    call-back (`by_platform`) may leave open whether the reporter is content: then nothing is counted as said.
    """
    case = take(case_id, "call_back", by=by, revision=revision)
    if reached and (solved is None or (satisfied is None and not by_platform)):
        raise BadInput({"solved": ["已联系上的，请填写是否解决、是否满意。"]})
    if reached and satisfied is False:
        reason = given(reason, "reason", "上报人不满意时，请写明原因。")
    answers = {
        "true_matter": true_matter, "contacted": contacted, "solved": solved, "satisfied": satisfied,
        "satisfied_attitude": satisfied_attitude,
    }  # fmt: skip
    if not reached and (told_without := [name for name, answer in answers.items() if answer is not None]):
        raise BadInput({name: [UNREACHED] for name in told_without})
    if not reached and reason.strip():
        raise BadInput({"reason": [UNREACHED]})
    CallBack.objects.create(
        case=case, by_id=by.user_id, at=time.now(), reached=reached, true_matter=true_matter, solved=solved,
        satisfied=satisfied, satisfied_attitude=satisfied_attitude, contacted=contacted, reason=reason, note=note, way=way,
    )  # fmt: skip
    told = {"联系": said(reached), "属实": said(true_matter), "解决": said(solved), "满意": said(satisfied)}
    announce("cases.called_back", case=case, reached=reached, by=by)
    if not reached:
        settle(case, "call_back", by=by, text=note or f"第 {tries_in_vain(case)} 次未联系上。", fields=told)
        return case
    case.satisfied = satisfied
    if again or solved is False:
        settle(case, "call_back", by=by, text=reason, fields=told, changed=("satisfied",))
        return _again(case, by=by, reason=reason or "回访时上报人表示尚未解决。")
    _end(case, by=by, verb_name="call_back", text=note or reason, fields=told, reason="回访办结")
    return case


def _end(case: Case, *, by: Actor, verb_name: str, text: str, reason: str, fields: dict[str, str]) -> None:
    timing.finish(case.pk, ["call_back", timing.TOTAL])
    case.closed_at, case.close_reason, case.due_at, case.yellow_at = time.now(), reason, None, None
    settle(
        case, verb_name, by=by, to="closed", text=text, public_text="本件已办结，欢迎您评价。", fields=fields,
        changed=("closed_at", "close_reason", "satisfied", "due_at", "yellow_at"),
    )  # fmt: skip
    todos.done(case.pk)
    answer_merged(case, by=by)
    tell_reporter(case, "cases.closed_reporter", by=by, unit="")


@clause("9.1.2-2")
@verb("cases.close")
def close(case_id: UUID, *, by: Actor, reason: str, revision: int | None = None) -> Case:
    """Close without a call-back (办结), with the reason: no answer wanted, or three tries in vain."""
    case = take(case_id, "close", by=by, revision=revision)
    reason = given(reason, "reason", "请写明不经回访办结的理由。")
    _end(case, by=by, verb_name="close", text=reason, reason=reason[:200], fields={})
    return case


@clause("9.1.2-2")
@verb("cases.redo")
def redo(case_id: UUID, *, by: Actor, reason: str, revision: int | None = None) -> Case:
    """Send a case round again (重办): a new round of orders and a new total limit; the count grows."""
    case = take(case_id, "redo", by=by, revision=revision)
    _not_too_late(case)
    return _again(case, by=by, reason=given(reason, "reason", "请写明为什么重办。"))


def _not_too_late(case: Case) -> None:
    """A closed case is redone within the time that the rules give (重办期限, stage «reopen»); without a rule always."""
    if case.state != "closed" or case.closed_at is None:
        return
    tables = timing.timetable()
    path = case.category.path if case.category else ""
    choice = tables.choice(time.local(case.closed_at).date(), case.kind, path, case.urgency, "reopen")
    last = due(case.closed_at, choice.limit, tables.calendar) if choice else None
    if last is not None and time.now() > last:
        raise NotNow(
            f"这件事办结已超过 {choice.limit if choice else ''}，不能再重办。", f"重办截止于 {time.show(last)}。",
            f"请作为新的诉求登记，并写明原编号 {case.number}。", code="cases.too_late_to_redo",
        )  # fmt: skip


def _again(case: Case, *, by: Actor, reason: str) -> Case:
    timing.finish(case.pk, ["call_back", timing.TOTAL])
    case.redos += 1
    case.closed_at, case.close_reason = None, ""
    received, case.received_at = case.received_at, time.now()
    begin_total(case)
    case.received_at = received
    settle(
        case, "redo", by=by, to="redo", text=reason, public_text="已安排重新办理。",
        changed=("redos", "closed_at", "close_reason", "due_at", "yellow_at", "satisfied"),
    )  # fmt: skip
    wait(case, "dispatch", "cases.dispatch", case.desk_id)
    if case.lead_unit_id:
        tell_unit(
            case, "cases.redo", by=by, unit_id=case.lead_unit_id, permission="cases.reply",
            reason=reason, due=time.show(case.due_at) if case.due_at else "未定", unit="",
        )  # fmt: skip
    return case


@clause("9.1.2-2")
@verb("cases.rate")
def rate(case_id: UUID, *, by: Actor, stars: int, solved: bool | None, text: str = "") -> Rating:
    """The reporter's own verdict (评价), once per round; «not solved» brings the case back to the caller."""
    case = seen(case_id, by=by)
    if case.state != "closed":
        raise NotNow("办结以后才能评价。", "这件事还在办理中。", "办结后会通知您。", code="cases.not_closed")
    if not 1 <= stars <= 5:
        raise BadInput({"stars": ["请选择一到五颗星。"]})
    if case.ratings.filter(round=case.redos + 1).exists():
        raise NotNow("您已经评价过了，谢谢。", "每次办结只评价一次。", "如有新的问题请重新反映。", code="cases.rated")
    text = text.strip()[:500]
    if case.secret and text:
        seal_words(case, "评价", text)
        text = SEALED_WORDS
    rating = Rating.objects.create(
        case=case, round=case.redos + 1, stars=stars, solved=solved, text="" if case.secret else text, at=time.now()
    )
    unhappy = solved is False or stars <= 2
    case.satisfied = not unhappy
    fields = {"评分": f"{stars} 星", "解决": said(solved)}
    if unhappy:
        case.closed_at, case.close_reason = None, ""
        begin_call_back(case)
        settle(
            case, "rate", by=by, to="to_call_back", title="评价", text=text, fields=fields,
            public_text="已收到您的评价，工作人员会再与您联系。",
            changed=("satisfied", "sealed_text", "closed_at", "close_reason", "due_at", "yellow_at"),
        )  # fmt: skip
        wait(case, "call_back", VERBS["call_back"].right, case.desk_id)
    else:
        settle(
            case, "rate", by=by, title="评价", text=text, fields=fields, public_text="感谢您的评价。",
            changed=("satisfied", "sealed_text"),
        )  # fmt: skip
    return rating
