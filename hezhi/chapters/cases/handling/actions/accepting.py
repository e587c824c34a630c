"""From «待受理» to «待派遣» (受理): accept, ask for more, answer at once, close the veil over a reporter."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from hezhi.chapters.cases.handling.actions.ceiling import latest_for
from hezhi.chapters.cases.handling.actions.dispatching import dispatch_by_itself
from hezhi.chapters.cases.handling.actions.secrecy import SEALED_WORDS, seal_words
from hezhi.chapters.cases.handling.actions.turning import (
    MATTER,
    VERBS,
    for_reporter,
    given,
    seen,
    settle,
    take,
    tell_reporter,
    wait,
)
from hezhi.chapters.cases.handling.models import Case, Category, Reporter
from hezhi.chapters.cases.handling.queries import (
    category_to_accept,
    missing_to_accept,
    open_parts,
    questions_for,
    ruled_urgency,
)
from hezhi.chapters.cases.handling.rules import GRAVITY, answered, lacking
from hezhi.engines.flow import timing
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.events import announce


@clause("9.1.2-2")
@verb("cases.accept")
def accept(
    case_id: UUID,
    *,
    by: Actor,
    category_id: UUID | None,
    urgency: str = "",
    title: str = "",
    place: str = "",
    text: str = "",
    revision: int | None = None,
    by_itself: bool = True,
) -> Case:
    """Accept a case (受理): category and urgency are settled, and the total limit starts from its receipt.

    Where a rule says so it goes on to its professional grid at once; not with `by_itself` off, when the one who
    accepts names the unit himself.
    """
    case = take(case_id, "accept", by=by, revision=revision)
    category = category_to_accept(category_id) if category_id else None
    if category is None:
        raise BadInput({"category": ["请选择类别。"]})
    if case.suggestion.get("category") and case.suggestion["category"] != category.code:
        announce("cases.category_corrected", case=case, suggested=case.suggestion["category"], chosen=category.code)
    case.category = category
    case.urgency = urgency or _urgency(case, category)
    case.title = title.strip()[:120] or case.title
    case.place = place.strip() or case.place
    missing = missing_to_accept(case)
    if missing:
        raise NotNow(
            lacking("受理", missing), f"「{category.full_name}」立案前须具备这些条件。",
            "请联系上报人补充，或用「请补充」告知上报人。", code="cases.not_ready_to_accept",
        )  # fmt: skip
    again = case.accepted_by_id is not None  # asked for more after it was accepted: its total limit runs on
    if not (case.secret and case.accepted_by_id):  # who opened a secret case first stays its acceptor of record
        case.accepted_by_id = by.user_id
    timing.finish(case.pk, ["accept"])
    begin_total(case, again=again)
    settle(
        case,
        "accept",
        by=by,
        to="to_dispatch",
        text=text,
        fields={"类别": category.full_name, "紧急程度": case.get_urgency_display()},
        changed=("category", "urgency", "title", "place", "accepted_by", "due_at", "yellow_at"),
    )
    if not (by_itself and category.dispatches and dispatch_by_itself(case)):  # type: ignore[attr-defined]
        wait(case, "dispatch", "cases.dispatch", case.desk_id)
    return case


def _urgency(case: Case, category: Category) -> str:
    """How urgent, when the officer does not say: what stood there, raised by the category and by the rules."""
    ruled, _ = ruled_urgency(text=f"{case.title} {case.text}", place=case.place, path=category.path)
    known = [case.urgency, ruled] if case.urgency != "normal" or ruled else [category.urgency]
    return max(filter(None, known), key=GRAVITY.index)


@clause("9.1.2-1")
@verb("cases.answer_questions")
def answer_questions(case_id: UUID, *, by: Actor, given: Mapping[str, str]) -> Case:
    """Answer what a category asks besides (补充询问): by the one who reported, or by whoever wrote it down for him.

    Nobody must answer. Raises BadInput where an answer does not fit its question.
    """
    if by.kind != "citizen":
        by.must("cases.report")
    case = seen(case_id, by=by)
    told = answered(questions_for(case), given)
    if not told:
        raise BadInput({"": ["请至少回答一问，或直接返回。"]})
    if case.secret:
        seal_words(case, "补充询问", "；".join(f"{question}：{answer}" for question, answer in told.items()))
    else:
        case.answers = {**case.answers, **told}
    return settle(
        case, "answer_questions", by=by, title="补充询问", text=SEALED_WORDS if case.secret else "",
        fields={} if case.secret else told, public_text="已收到您的回答。", changed=("answers", "sealed_text"),
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.choose_telling")
def choose_telling(case_id: UUID, *, by: Actor, told_by: str, every_step: bool) -> Case:
    """The reporter says how he wants to be told (告知方式): by text message, in the app, or not at all; of each step or not."""
    if by.kind != "citizen":
        raise NotAllowed(
            "告知方式由上报人自己选择。", remedy="请上报人凭编号和查询码选择。", code="cases.for_the_reporter"
        )
    case = seen(case_id, by=by)
    if told_by not in Reporter.ToldBy.values:
        raise BadInput({"told_by": ["请从列出的方式中选择。"]})
    Reporter.objects.filter(case=case).update(told_by=told_by, every_step=every_step)
    return case


def begin_total(case: Case, *, again: bool = False) -> None:
    """Start the total limit (总时限) from the moment of receipt, as the rule for this matter says.

    When an outside platform set its own moment, ours stays earlier than that. `again`: where it runs already it goes on
    by the rule that now fits, and no second one starts.
    """
    path, latest = case.category.path if case.category else "", latest_for(case)
    deadline = None
    if again:
        deadline = timing.plan_again(case.pk, kind=case.kind, category=path, urgency=case.urgency, latest=latest)
    if deadline is None:
        deadline = timing.start(
            (MATTER, case.pk), kind=case.kind, category=path, urgency=case.urgency, at=case.received_at, latest=latest
        )
    case.due_at = deadline.due_at if deadline else None
    case.yellow_at = deadline.yellow_at if deadline else None


def begin_accept(case: Case) -> None:
    """Start the limit to accept (受理时限), as for what comes in by itself."""
    path = case.category.path if case.category else ""
    deadline = timing.start(
        (MATTER, case.pk), kind=case.kind, category=path, urgency=case.urgency, stage="accept", at=case.recorded_at
    )
    case.due_at = deadline.due_at if deadline else None
    case.yellow_at = deadline.yellow_at if deadline else None


@clause("9.1.2-2")
@verb("cases.ask_supplement")
def ask_supplement(case_id: UUID, *, by: Actor, reason: str, revision: int | None = None) -> Case:
    """Ask the one who reported for what is missing (请补充); the clock stands still until it comes."""
    case = take(case_id, "ask_supplement", by=by, revision=revision)
    reason = for_reporter(reason, "reason", "请写明需要补充什么，上报人会看到这句话。")
    timing.pause(case.pk, ["accept", timing.TOTAL], "等待上报人补充")
    case.due_at = case.yellow_at = None
    settle(
        case,
        "ask_supplement",
        by=by,
        to="to_supplement",
        text=reason,
        public_text=reason,
        changed=("due_at", "yellow_at"),
    )
    wait(case, "supplement", "cases.supplement", case.desk_id)
    tell_reporter(case, "cases.supplement_reporter", by=by)
    return case


@clause("9.1.2-2")
@verb("cases.supplement")
def supplement(case_id: UUID, *, by: Actor, text: str, revision: int | None = None) -> Case:
    """Add what was missing (补充), by the desk or by the one who reported; the clock goes on."""
    case = take_for_reporter(case_id, "supplement", by=by, revision=revision)
    text = given(text, "text", "请填写补充的内容。")
    if case.secret:
        seal_words(case, "补充", text)
    else:
        case.text = f"{case.text}\n【{time.show(time.now())} 补充】{text}"
    limit = timing.resume(case.pk, ["accept", timing.TOTAL])
    case.due_at, case.yellow_at = (limit.due_at, limit.yellow_at) if limit else (None, None)
    settle(
        case,
        "supplement",
        by=by,
        to="to_accept",
        text=SEALED_WORDS if case.secret else text,
        public_text="已收到您的补充。",
        changed=("text", "sealed_text", "due_at", "yellow_at"),
    )
    wait(case, "accept", "cases.accept", case.desk_id)
    return case


def take_for_reporter(case_id: UUID, name: str, *, by: Actor, revision: int | None) -> Case:
    """Like `take`, but the one who reported needs no permission of a post: number and code opened the case."""
    if by.kind != "citizen":
        return take(case_id, name, by=by, revision=revision)
    return take(case_id, name, by=replace(by, permissions=frozenset({VERBS[name].right})), revision=revision)


@clause("9.1.2-2")
@verb("cases.answer_directly")
def answer_directly(
    case_id: UUID,
    *,
    by: Actor,
    reply: str,
    category_id: UUID | None = None,
    revision: int | None = None,
) -> Case:
    """Answer at once at the desk (直接答复): no unit is needed, the call-back still follows."""
    case = take(case_id, "answer_directly", by=by, revision=revision)
    parts = open_parts(case)
    if parts:
        raise NotNow(
            lacking("答复", [f"拆出的事项办结（{'、'.join(parts)}）"]), "拆分时定为等拆出的事项都办结后再办结。",
            "请等这些事项办结，届时会提醒派遣台。", code="cases.waits_for_parts",
        )  # fmt: skip
    case.reply = for_reporter(reply, "reply", "请填写答复内容。")
    case.replied_at = time.now()
    case.accepted_by_id = case.accepted_by_id or by.user_id
    if category_id:
        case.category = Category.objects.filter(pk=category_id, active=True).first() or case.category
    timing.finish(case.pk, ["accept", timing.TOTAL])
    begin_call_back(case)
    settle(
        case,
        "answer_directly",
        by=by,
        to="to_call_back",
        text=case.reply,
        public_text=case.reply,
        changed=("reply", "replied_at", "accepted_by", "category", "due_at", "yellow_at"),
    )
    wait(case, "call_back", "cases.call_back", case.desk_id)
    return case


def begin_call_back(case: Case) -> None:
    """Start the limit of the call-back (回访时限)."""
    deadline = timing.start(
        (MATTER, case.pk),
        kind=case.kind,
        category=case.category.path if case.category else "",
        urgency=case.urgency,
        stage="call_back",
    )
    case.due_at = deadline.due_at if deadline else None
    case.yellow_at = deadline.yellow_at if deadline else None
