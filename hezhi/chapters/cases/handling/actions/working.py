"""The work of a unit on its order (承办): sign, note, reply, review, send back."""

from typing import NamedTuple
from uuid import UUID

from hezhi.chapters.cases.handling.actions.accepting import begin_call_back
from hezhi.chapters.cases.handling.actions.tree import derived, reviewing_unit, tree
from hezhi.chapters.cases.handling.actions.turning import (
    MATTER,
    before_unit,
    before_upper,
    for_reporter,
    given,
    own,
    settle,
    take_order,
    tell_unit,
    wait,
)
from hezhi.chapters.cases.handling.actions.whistling import FORMED, go_on, part, refuse_open_below
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.queries import missing_to_close
from hezhi.chapters.cases.handling.rules import FINDING, lacking, result_words, still_open
from hezhi.engines.flow import timing, todos
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow


@clause("9.1.2-2")
@verb("cases.sign")
def sign(order_id: UUID, *, by: Actor) -> Case:
    """Sign for an order (签收): from now on this person holds it for the unit."""
    case, order = take_order(order_id, "sign", by=by)
    own(order, by)
    order.state, order.signed_at, order.holder_id = WorkOrder.State.HANDLING, time.now(), by.user_id
    order.save(update_fields=["state", "signed_at", "holder"])
    before_unit(case, order, "handle", "cases.reply", order.unit_id)
    return settle(case, "sign", by=by, to=derived(case), order=order)


@clause("9.1.2-2")
@verb("cases.take_over")
def take_over(order_id: UUID, *, by: Actor, text: str = "") -> Case:
    """Take an order over from a colleague of the same unit (接手): from now on this person holds it; the other is told."""
    case, order = take_order(order_id, "take_over", by=by)
    own(order, by)
    before = order.holder
    if before is not None and before.pk == by.user_id:
        raise NotNow("这张承办单已由您经办。", code="cases.holds_it_already")
    order.holder_id = by.user_id
    order.save(update_fields=["holder"])
    todos.unclaim(order.pk)
    if before is not None:
        reach.tell(
            by, event="cases.taken_over", to_user=before, about=(MATTER, case.pk), link=f"/cases/{case.pk}/",
            values={"number": order.number, "title": case.title, "colleague": by.name},
        )  # fmt: skip
    return settle(
        case, "take_over", by=by, order=order, text=text.strip(),
        fields={"原经办人": str(before) if before else "无", "现经办人": by.name},
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.handle")
def handle(order_id: UUID, *, by: Actor, text: str, on_site: bool | None = None) -> Case:
    """Write down what was done (处置): progress, visit to the spot (`on_site`), talk with the reporter."""
    case, order = take_order(order_id, "handle", by=by)
    own(order, by)
    text = given(text, "text", "请写明办理情况。")
    return settle(case, "handle", by=by, order=order, text=text, fields={"到过现场": "是"} if on_site else {})


@clause("9.1.2-2")
@verb("cases.reply")
def reply(
    order_id: UUID,
    *,
    by: Actor,
    text: str,
    public_reply: str = "",
    finding: str = "",
    contacted: bool | None = None,
    solved: bool | None = None,
    unsolved_reason: str = "",
) -> Case:
    """Give the unit's result (反馈) in words and in fields; somebody else of the unit must sign it off (审签).

    What is not solved needs its reason; which fields a case cannot end without its category says (结案条件).
    """
    case, order = take_order(order_id, "reply", by=by)
    own(order, by)
    if order.called:
        raise NotNow(
            "吹哨单不单独反馈。", "联合处置结果由吹哨单位填写，写明每个到场单位做了什么。",
            "请先记录处置情况；结果填写后请确认，有不同意见的请写明。", code="cases.joint_instead",
        )  # fmt: skip
    order.reply = given(text, "reply", "请写明办理情况和结果。")
    if finding and finding not in FINDING:
        raise BadInput({"finding": ["请从属实、部分属实、不属实中选择。"]})
    if solved is False:
        unsolved_reason = given(unsolved_reason, "unsolved_reason", "没有解决的，请写明原因。")
    if public_reply.strip() or (order.part == WorkOrder.Part.LEAD and order.parent_id is None):
        for_reporter(public_reply, "public_reply", "主办单位请写明给上报人的答复内容。")
    refuse_open_below(case, order)
    result = {"finding": finding, "contacted": contacted, "solved": solved, "reason": unsolved_reason.strip()[:300]}
    order.public_reply, order.result = public_reply.strip(), result
    order.replied_at, order.replied_by_id = time.now(), by.user_id
    order.state = WorkOrder.State.TO_REVIEW
    order.review_unit_id = reviewing_unit(order, by)
    order.save(update_fields=["reply", "public_reply", "result", "replied_at", "replied_by", "state", "review_unit"])
    before_unit(case, order, "review", "cases.review", order.review_unit_id)
    return settle(
        case, "reply", by=by, to=derived(case), order=order, text=order.reply, fields=dict(result_words(result))
    )


@clause("9.1.2-2")
@verb("cases.review")
def review(order_id: UUID, *, by: Actor, text: str = "", public_reply: str = "") -> Case:
    """Sign a reply off (审签); nobody signs off his own. The last one done sends the case to the call-back."""
    case, order = take_order(order_id, "review", by=by)
    _reviewer(order, by)
    moment = time.now()
    if public_reply.strip():
        order.public_reply = public_reply.strip()
    if left := still_open(order.public_reply):
        raise NotNow(
            f"给上报人的答复还有{'、'.join(f'「{each}」' for each in left)}没有填。", "这段话会原样答复上报人。",
            "请审签退回，由承办人填好后重新反馈。", code="cases.answer_left_open",
        )  # fmt: skip
    order.state, order.reviewed_at, order.reviewed_by_id = WorkOrder.State.DONE, moment, by.user_id
    order.ended_at = moment
    order.save(update_fields=["state", "reviewed_at", "reviewed_by", "ended_at", "public_reply"])
    todos.done(order.pk)
    if order.part == WorkOrder.Part.LEAD and derived(case) == "to_call_back":
        _may_end(case)
    state, missing = after_leaving(case)
    said = answered(case, state)
    settle(
        case, "review", by=by, to=state, order=order, text=text, fields=lacking_words(missing),
        changed=said.changed, public_text=said.text, answered_by=said.unit,
    )  # fmt: skip
    if missing:
        ask_lead(case, missing, by=by)
    elif state == "to_call_back":
        before_caller(case)
    elif order.parent_id is not None:
        _tell_upper(case, order, by)
    return case


def _may_end(case: Case) -> None:
    """Refuse while something is missing that the category asks for before the end (结案条件)."""
    missing = missing_to_close(case, tree(case))
    if missing:
        raise NotNow(
            lacking("审签通过", missing), f"「{case.category or case.number}」结案前须具备这些条件。",
            "请审签退回，由承办人补齐后重新反馈。", code="cases.not_ready_to_close",
        )  # fmt: skip


class Said(NamedTuple):
    """What the reporter is answered by a step (答复): the fields of the case it changed, the words, and whose they are."""

    changed: tuple[str, ...] = ()
    text: str = ""
    unit: str = ""


def answered(case: Case, state: str) -> Said:
    """When the last unit at work is done, or a helper leaves and all others are done, the lead's reply is the answer.

    It is the lead's word whoever was the last one done. `before_caller` follows once the case is settled.
    """
    if state != "to_call_back":
        return Said()
    lead = _answer(case)
    return Said(("reply", "replied_at", "due_at", "yellow_at"), case.reply, lead.unit.name)


def after_leaving(case: Case) -> tuple[str, list[str]]:
    """The state after a helper has left or is done, and what is missing to close where all others are done.

    A helper can be refused nothing that is the lead's to bring: where the category asks for more (结案条件), the lead
    takes its order up again instead of the case ending in silence.
    """
    state = derived(case)
    missing = missing_to_close(case, tree(case)) if state == "to_call_back" else []
    if not missing:
        return state, []
    lead = _lead(case)
    lead.state, lead.ended_at, lead.replied_at, lead.reviewed_at = WorkOrder.State.HANDLING, None, None, None
    lead.save(update_fields=["state", "ended_at", "replied_at", "reviewed_at"])
    return derived(case), missing


def lacking_words(missing: list[str]) -> dict[str, str]:
    """What is missing, as a line of the timeline."""
    return {"结案尚缺": "、".join(missing)} if missing else {}


def ask_lead(case: Case, missing: list[str], *, by: Actor) -> None:
    """Put what is missing before the leading unit (补齐结案条件): a to-do of its own and a message."""
    lead = _lead(case)
    before_unit(case, lead, "complete", "cases.reply", lead.unit_id)
    tell_unit(
        case, "cases.lacks_to_close", by=by, unit_id=lead.unit_id, permission="cases.reply",
        missing="、".join(missing),
    )  # fmt: skip


def _lead(case: Case) -> WorkOrder:
    """The order of the leading unit in this round."""
    return next(
        o for o in reversed(tree(case))
        if o.part == WorkOrder.Part.LEAD and o.parent_id is None and o.round == case.redos + 1 and o.state != "withdrawn"
    )  # fmt: skip


def before_caller(case: Case) -> None:
    """Put the case before who calls back (待回访)."""
    wait(case, "call_back", "cases.call_back", case.desk_id)


def _answer(case: Case) -> WorkOrder:
    """Take the lead's public reply as the answer to the reporter, and start the call-back's clock; gives its order."""
    leads = [o for o in tree(case) if o.part == WorkOrder.Part.LEAD and o.parent_id is None and o.state == "done"]
    case.reply, case.replied_at = leads[-1].public_reply or leads[-1].reply, time.now()
    timing.finish(case.pk, [timing.TOTAL])
    begin_call_back(case)
    return leads[-1]


def _tell_upper(case: Case, order: WorkOrder, by: Actor) -> None:
    """When the last order below is done, the upper unit is told that it may answer now."""
    siblings = [o for o in tree(case) if o.parent_id == order.parent_id]
    if all(o.state in ("done", "returned", "released", "withdrawn") for o in siblings):
        parent = next(o for o in tree(case) if o.pk == order.parent_id)
        before_upper(case, parent)
        tell_unit(
            case, "cases.below_done", by=by, unit_id=parent.unit_id, permission="cases.reply",
            unit=order.unit.name,
        )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.release")
def release(order_id: UUID, *, by: Actor, reason: str) -> Case:
    """Free an assisting unit from its part (解除协办)."""
    case, order = take_order(order_id, "release", by=by)
    reason = given(reason, "reason", "请写明为什么解除。")
    if order.part == WorkOrder.Part.LEAD and order.parent_id is None:
        raise NotNow("主办单位不能解除。", "主办要换单位请用「转办」。", code="cases.lead_not_released")
    if by.unit_id not in (case.desk_id, order.issued_by_unit_id):
        own(order.parent, by) if order.parent else own(order, by)
    formed = part(case, order, WorkOrder.State.RELEASED, reason)
    state, missing = after_leaving(case)
    said = answered(case, state)
    settle(
        case, "release", by=by, to=state, order=order, text=reason,
        fields=lacking_words(missing) | (FORMED if formed else {}),
        changed=said.changed, public_text=said.text, answered_by=said.unit,
    )  # fmt: skip
    if missing:
        ask_lead(case, missing, by=by)
    elif state == "to_call_back":
        before_caller(case)
    else:
        go_on(case, order, formed, by=by)
    return case


@clause("9.1.2-2")
@verb("cases.send_back")
def send_back(order_id: UUID, *, by: Actor, reason: str) -> Case:
    """Send a reply back to the one who wrote it (审签退回), with the reason."""
    case, order = take_order(order_id, "send_back", by=by)
    _reviewer(order, by)
    reason = given(reason, "reason", "请写明哪里需要修改。")
    order.state, order.replied_at = WorkOrder.State.HANDLING, None
    order.save(update_fields=["state", "replied_at"])
    before_unit(case, order, "handle", "cases.reply", order.unit_id)
    return settle(case, "send_back", by=by, to=derived(case), order=order, text=reason)


def _reviewer(order: WorkOrder, by: Actor) -> None:
    if order.replied_by_id is not None and order.replied_by_id == by.user_id:
        raise NotAllowed(
            "不能审签自己写的反馈。", "反馈和审签须由不同的人办理。", "请由审签人办理。", code="cases.own_reply"
        )
    if by.unit_id != order.review_unit_id:
        raise NotAllowed("这份反馈不由您审签。", remedy="请由承办单位的审签人办理。", code="cases.not_reviewer")
