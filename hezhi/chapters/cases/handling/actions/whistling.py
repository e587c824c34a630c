"""Settling a whistle (吹哨报到): the called arrive, the caller writes one joint result, each unit that came agrees to it.

The joint result (联合处置结果) is the reply of every called order that came: the calling unit writes it, the called unit
signs it. So orders, to-dos, timeline and history are those of any other work; the rule module says what may be done.
"""

from collections.abc import Sequence
from uuid import UUID

from hezhi.chapters.cases.handling.actions.dispatching import end
from hezhi.chapters.cases.handling.actions.tree import derived, tree
from hezhi.chapters.cases.handling.actions.turning import (
    before_unit,
    before_upper,
    given,
    own,
    settle,
    take_order,
    tell_unit,
)
from hezhi.chapters.cases.handling.flows import UNDONE
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.queries import absent, as_rule, unsettled
from hezhi.engines.flow import todos
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules import whistle as rule
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import NotAllowed, NotNow

STAYED_AWAY = "超时未报到"
FORMED = {"联合处置结果": "已形成，到场单位都已确认"}
"""The line of the timeline with the step that made the joint result stand."""


def refuse_open_below(case: Case, order: WorkOrder) -> None:
    """Refuse while orders below are not done; a called unit that stayed away past its limit holds nobody up."""
    below = [o for o in tree(case) if o.parent_id == order.pk and o.state in UNDONE]
    away = absent(below)
    names = [o.unit.name for o in below if o not in away]
    if names:
        raise NotNow(
            f"下级承办单还没有办完：{'、'.join(names)}。", "上级单位要等下级办结后才能反馈。",
            "请催促下级，或说明理由后解除其承办单；吹哨请到场的，请填写联合处置结果。", code="cases.children_open",
        )  # fmt: skip
    _let_go(case, away)


def _let_go(case: Case, away: Sequence[WorkOrder]) -> None:
    for order in away:
        end(case, order, WorkOrder.State.RELEASED, STAYED_AWAY)


def ask_for_result(case: Case, calling: WorkOrder) -> None:
    """Put the joint result before the calling unit, once nobody is awaited and somebody has not been asked to agree."""
    called = unsettled(tree(case), calling)
    new = any(o.arrived_at and not o.result.get("joint") for o in called)
    if new and calling.state == WorkOrder.State.HANDLING and rule.gathered(as_rule(called), time.now()):
        before_unit(case, calling, "conclude", "cases.reply", calling.unit_id)
    elif not called and not _undone_below(case, calling):
        before_upper(case, calling)


@clause("9.1.2-2")
@verb("cases.arrive")
def arrive(order_id: UUID, *, by: Actor, text: str = "") -> Case:
    """Report arrival on the spot (报到) after a whistle."""
    case, order = take_order(order_id, "arrive", by=by)
    own(order, by)
    if not order.called:
        raise NotNow("这张承办单不是吹哨单，不需要报到。", code="cases.not_called")
    if order.arrived_at:
        raise NotNow("已经报到过了。", f"报到时间 {time.show(order.arrived_at)}。", code="cases.arrived_already")
    order.arrived_at = time.now()
    if order.state == WorkOrder.State.TO_SIGN:
        order.state, order.signed_at, order.holder_id = WorkOrder.State.HANDLING, order.arrived_at, by.user_id
    order.save(update_fields=["arrived_at", "state", "signed_at", "holder"])
    before_unit(case, order, "handle", "cases.reply", order.unit_id)
    if order.parent is not None:
        ask_for_result(case, order.parent)
    late = bool(order.arrival_due_at and order.arrived_at > order.arrival_due_at)
    return settle(
        case, "arrive", by=by, to=derived(case), order=order, text=text, fields={"超时到场": "是"} if late else {}
    )


@clause("9.1.2-2")
@verb("cases.conclude")
def conclude(order_id: UUID, *, by: Actor, text: str) -> Case:
    """Write the joint result (填写联合处置结果): what each unit that came did, and what came of it.

    By the unit that whistled, or the leading one. Each unit that came is asked to agree; written anew, all are asked anew.
    """
    case, order = take_order(order_id, "conclude", by=by)
    if by.unit_id != case.lead_unit_id:
        own(order, by)
    text = given(text, "joint", "请写明各单位做了什么、结果如何。")
    called = unsettled(tree(case), order)
    if not called:
        raise NotNow("没有等待联合处置结果的吹哨。", "被吹哨的单位都已办结或解除。", code="cases.no_whistle")
    moment = time.now()
    rule.may_write(as_rule(called, text), moment).or_refuse()
    present = [o for o in called if o.arrived_at]
    for each in present:
        _put_before(case, each, text, by)
    todos.done(order.pk)
    return settle(
        case, "conclude", by=by, to=derived(case), order=order, text=text,
        fields={"待确认单位": "、".join(o.unit.name for o in present), "未到场单位": _names(absent(called))},
    )  # fmt: skip


def _names(orders: Sequence[WorkOrder]) -> str:
    return "、".join(o.unit.name for o in orders) or "无"


def _put_before(case: Case, order: WorkOrder, text: str, by: Actor) -> None:
    """The joint result becomes the reply of a called order, and waits for the name of its unit."""
    moment = time.now()
    order.reply, order.replied_at, order.replied_by_id = text, moment, by.user_id
    order.state, order.result = WorkOrder.State.TO_REVIEW, {"joint": moment.isoformat()}
    order.reviewed_at = order.reviewed_by_id = order.ended_at = order.review_unit_id = None
    order.save(
        update_fields=[
            "reply", "replied_at", "replied_by", "state", "result", "reviewed_at", "reviewed_by", "ended_at", "review_unit"
        ]
    )  # fmt: skip
    before_unit(case, order, "agree", "cases.reply", order.unit_id)
    tell_unit(
        case, "cases.joint_to_agree", by=by, unit_id=order.unit_id, permission="cases.reply", unit=order.unit.name,
        by_unit=by.unit_name,
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.agree")
def agree(order_id: UUID, *, by: Actor, text: str = "") -> Case:
    """Put the unit's name to the joint result (确认联合处置结果): its order is done; with the last name the result stands."""
    case, order, calling = _asked_to_agree(order_id, "agree", by)
    refuse_open_below(case, order)
    moment, written = time.now(), order.replied_at or time.now()
    called = [o for o in unsettled(tree(case), calling) if o.issued_at <= written]
    order.state, order.result = WorkOrder.State.DONE, order.result | {"agreed": True}
    order.reviewed_at, order.reviewed_by_id, order.ended_at = moment, by.user_id, moment
    order.save(update_fields=["state", "result", "reviewed_at", "reviewed_by", "ended_at"])
    todos.done(order.pk)
    formed = stands(case, called)
    settle(case, "agree", by=by, to=derived(case), order=order, text=text, fields=FORMED if formed else {})
    if formed:
        tell_caller(case, calling, by=by)
    return case


def stands(case: Case, called: Sequence[WorkOrder]) -> bool:
    """Whether the joint result stands now (形成联合处置结果); then who stayed away is let go."""
    words = next((o.reply for o in called if o.state == WorkOrder.State.DONE), "")
    if not rule.may_conclude(as_rule(called, words), time.now()):
        return False
    _let_go(case, absent(called))
    return True


def tell_caller(case: Case, calling: WorkOrder, *, by: Actor) -> None:
    """The calling unit hears that the joint result stands, and goes on with its own order."""
    ask_for_result(case, calling)
    tell_unit(case, "cases.joint_stands", by=by, unit_id=calling.unit_id, permission="cases.reply")


def part(case: Case, order: WorkOrder, to: WorkOrder.State, reason: str) -> bool:
    """An order ends whose unit has not agreed; gives whether the joint result of the others stands with that."""
    called = unsettled(tree(case), order.parent) if order.called and order.parent else []
    end(case, order, to, reason)
    return bool(called) and stands(case, called)


def go_on(case: Case, order: WorkOrder, formed: bool, *, by: Actor) -> None:
    """What the unit above has before it after a called one has parted, or the last one it had passed the order down to."""
    upper = order.parent
    if upper is None:
        return
    if formed:
        tell_caller(case, upper, by=by)
    elif order.called:
        ask_for_result(case, upper)
    elif not _undone_below(case, upper):
        before_upper(case, upper)


def _undone_below(case: Case, upper: WorkOrder) -> bool:
    return any(o.parent_id == upper.pk and o.state in UNDONE for o in tree(case))


@clause("9.1.2-2")
@verb("cases.differ")
def differ(order_id: UUID, *, by: Actor, reason: str) -> Case:
    """Say in what the unit differs (不同意见): it stands beside the joint result until that is written anew."""
    case, order, calling = _asked_to_agree(order_id, "differ", by)
    reason = given(reason, "reason", "请写明哪里与你单位了解的情况不同。")
    order.state, order.result = WorkOrder.State.HANDLING, order.result | {"difference": reason[:500]}
    order.replied_at = order.replied_by_id = None
    order.save(update_fields=["state", "result", "replied_at", "replied_by"])
    before_unit(case, order, "handle", "cases.reply", order.unit_id)
    before_unit(case, calling, "conclude", "cases.reply", calling.unit_id)
    tell_unit(
        case, "cases.joint_differs", by=by, unit_id=calling.unit_id, permission="cases.reply", unit=order.unit.name,
        reason=reason,
    )  # fmt: skip
    return settle(case, "differ", by=by, to=derived(case), order=order, text=reason)


def _asked_to_agree(order_id: UUID, code: str, by: Actor) -> tuple[Case, WorkOrder, WorkOrder]:
    """The case, the called order and the calling one; refuses other orders, other units and the writer himself."""
    case, order = take_order(order_id, code, by=by)
    own(order, by)
    if order.parent is None or not order.result.get("joint"):
        raise NotNow("这张承办单没有待确认的联合处置结果。", "普通反馈由审签人审签。", code="cases.no_joint_result")
    if order.replied_by_id == by.user_id:
        raise NotAllowed(
            "不能确认自己填写的联合处置结果。", "填写和确认须由不同的人办理。", "请由到场单位的同事确认。", code="cases.own_reply"
        )  # fmt: skip
    return case, order, order.parent
