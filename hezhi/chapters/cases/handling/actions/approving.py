"""What needs somebody else's yes (审批): extension, hold, return, void, not accepted."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from hezhi.chapters.cases.handling.actions.dispatching import end, fit_units, issue, join
from hezhi.chapters.cases.handling.actions.lapsing import WHAT, must_fit
from hezhi.chapters.cases.handling.actions.order_limits import follow, stand_still
from hezhi.chapters.cases.handling.actions.tree import deciding_unit, derived, tree
from hezhi.chapters.cases.handling.actions.turning import (
    MATTER,
    before_upper,
    for_reporter,
    given,
    own,
    seen,
    settle,
    take,
    take_order,
    tell_reporter,
    tell_unit,
    wait,
)
from hezhi.chapters.cases.handling.actions.whistling import FORMED, go_on, part
from hezhi.chapters.cases.handling.actions.working import (
    after_leaving,
    answered,
    ask_lead,
    before_caller,
    lacking_words,
)
from hezhi.chapters.cases.handling.flows import AT_WORK, UNDONE
from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.flow import approvals, timing, todos
from hezhi.engines.flow.models import Approval, Deadline, WorkOrder
from hezhi.engines.flow.rules import work_orders as rule
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow

RULING = "cases.rule_return"
"""The right of the duty chief (值班长) to rule which unit does the work: on a dispute, and from the third return on."""


def _ask(
    case: Case,
    kind: str,
    reason: str,
    *,
    by: Actor,
    permission: str,
    proposal: dict[str, object] | None = None,
    unit_id: UUID | None = None,
    same: dict[str, object] | None = None,
) -> Approval:
    """Put a request before the dispatching desk (or a named unit) and write it into the timeline."""
    unit_id = unit_id or case.desk_id
    if unit_id is None:
        raise NotNow("这件事还没有派遣台，不能提交申请。", remedy="请联系值班长。", code="cases.no_desk")
    approval = approvals.ask(
        by,
        kind=kind,
        obj=(MATTER, case.pk),
        number=case.number,
        title=f"{WHAT[kind]}：{case.title}",
        reason=reason,
        unit_id=unit_id,
        permission=permission,
        proposal=proposal,
        same=same,
        due_at=case.due_at,
    )
    tell_unit(
        case,
        "cases.approval_waiting",
        by=by,
        unit_id=unit_id,
        permission=permission,
        what=WHAT[kind],
        reason=reason,
        unit=by.unit_name,
    )
    settle(case, f"ask_{kind}", by=by, title=f"申请{WHAT[kind]}", text=reason)
    return approval


@clause("9.1.2-2")
@verb("cases.ask_extension")
def ask_extension(case_id: UUID, *, by: Actor, days: int, reason: str, revision: int | None = None) -> Approval:
    """Ask for an extension in working days (申请延期), before the limit is over and within ten days."""
    case = take(case_id, "extend", by=by, revision=revision)
    reason = given(reason, "reason", "请写明延期理由。")
    if days < 1:
        raise BadInput({"days": ["请填写延长几个工作日。"]})
    deadline = Deadline.objects.filter(object_id=case.pk, stage=timing.TOTAL, state="running").first()
    if deadline is None:
        raise NotNow("这件事现在没有正在计时的总时限。", remedy="请刷新后查看。", code="flow.no_limit")
    timing.check_extension(deadline, days)
    return _ask(
        case, "extension", reason, by=by, permission="cases.approve_extension",
        proposal={"days": days, "asked_at": time.now().isoformat()},
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.ask_hold")
def ask_hold(
    case_id: UUID, *, by: Actor, reason: str, review_on: date | None = None, revision: int | None = None
) -> Approval:
    """Ask to stop the clock (申请挂起): season, court, an owner who must be found first; looked at again on a day."""
    case = take(case_id, "hold", by=by, revision=revision)
    reason = given(reason, "reason", "请写明挂起理由。")
    told: dict[str, object] = {"review_on": _day_to_come(review_on).isoformat()} if review_on else {}
    return _ask(case, "hold", reason, by=by, permission="cases.approve_hold", proposal=told)


def _day_to_come(day: date | None) -> date:
    if day is None or day <= time.today():
        raise BadInput({"review_on": ["复核日期请填今天以后的日子。"]})
    return day


@clause("9.1.2-2")
@verb("cases.keep_on_hold")
def keep_on_hold(case_id: UUID, *, by: Actor, review_on: date | None, reason: str, revision: int | None = None) -> Case:
    """The hold was looked at and still stands (继续挂起): until when, and why."""
    case = take(case_id, "keep_on_hold", by=by, revision=revision)
    reason = given(reason, "reason", "请写明为什么还要挂起。")
    case.review_on = _day_to_come(review_on)
    todos.done(case.pk, ["review_hold"])
    return settle(
        case, "keep_on_hold", by=by, text=reason, fields={"下次复核": time.show_day(case.review_on)},
        changed=("review_on",),
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.ask_void")
def ask_void(case_id: UUID, *, by: Actor, reason: str, revision: int | None = None) -> Approval:
    """Ask to void a case (申请作废): a test call, an entry made twice by mistake."""
    case = take(case_id, "void", by=by, revision=revision)
    return _ask(case, "void", given(reason, "reason", "请写明作废理由。"), by=by, permission="cases.approve_void")


@clause("9.1.2-2")
@verb("cases.ask_not_accept")
def ask_not_accept(case_id: UUID, *, by: Actor, reason: str, revision: int | None = None) -> Approval:
    """Ask not to accept a case (申请不予受理); the reporter is told the reason when it is granted."""
    case = take(case_id, "not_accept", by=by, revision=revision)
    reason = for_reporter(reason, "reason", "请写明不予受理的理由和依据，上报人会看到。")
    return _ask(case, "not_accept", reason, by=by, permission="cases.approve_not_accept")


@clause("9.1.2-2")
@verb("cases.ask_return")
def ask_return(order_id: UUID, *, by: Actor, reason: str) -> Approval:
    """Ask to give an order back (申请退回): within two working days, with the reason (不属本单位职责).

    The desk that dispatched decides; after the second return of the case the duty chief (值班长) rules, and
    the unit he rules may not return it.
    """
    case, order = take_order(order_id, "return_order", by=by)
    own(order, by)
    reason = given(reason, "reason", "请写明退回理由，例如不属本单位职责的依据。")
    rule.may_return(
        received=order.issued_at,
        at=time.now(),
        calendar=timing.timetable().calendar,
        returns=0,  # how often is asked below: from the third on the duty chief rules instead
        ruled=order.may_not_return,
    ).or_refuse()
    if order.parent is not None:
        # What a higher unit passed down goes back to that unit, not to the district's desk.
        permission = "cases.transfer"
        upper = deciding_unit(order, permission, by, case.desk_id)
    else:
        upper = case.desk_id
        permission = RULING if rule.must_be_ruled(case.returns) else "cases.dispatch"
    which: dict[str, object] = {"order": str(order.pk)}
    return _ask(case, "return", reason, by=by, permission=permission, proposal=which, same=which, unit_id=upper)


@clause("9.1.2-2")
@verb("cases.dispute")
def ask_dispute(order_id: UUID, *, by: Actor, reason: str, instead_id: UUID | None = None) -> Approval:
    """Dispute a dispatch (派单异议): whose duty it is instead, with the basis; the duty chief rules.

    Until the ruling the unit goes on with what is urgent (首接负责) and the clock runs. Whom the ruling names, the
    unit itself or another, may not give the order back.
    """
    case, order = take_order(order_id, "dispute", by=by)
    own(order, by)
    reason = given(reason, "reason", "请写明依据，例如职责清单或有关规定的条款。")
    if order.called:
        raise NotNow(
            "吹哨报到不提派单异议。", remedy="确需退出的，请用「退回」向吹哨单位说明。", code="cases.dispute_called"
        )
    if order.parent_id is not None:
        raise NotNow("下派的承办单请先与上级单位协商。", remedy="请用「退回」。", code="cases.dispute_below")
    if order.may_not_return:
        raise NotNow("这张承办单已经裁定，不能再提异议。", remedy="请按裁定办理。", code="cases.ruled")
    if instead_id == order.unit_id:
        raise BadInput({"instead": ["请选择其他单位；不清楚由谁承办的可以不选。"]})
    instead = fit_units(case, [instead_id], "instead")[0] if instead_id else None
    which: dict[str, object] = {"order": str(order.pk)}
    told = which | {"instead": str(instead.pk) if instead else "", "instead_name": instead.name if instead else ""}
    return _ask(case, "dispute", reason, by=by, permission=RULING, proposal=told, same=which)


@clause("9.1.2-2")
@verb("cases.ask_help")
def ask_help(order_id: UUID, *, by: Actor, unit_ids: Sequence[UUID], reason: str) -> Approval:
    """Ask for units that help (请求协办): the desk, or the unit that passed the order down, says yes and adds them."""
    case, order = take_order(order_id, "ask_help", by=by)
    own(order, by)
    reason = given(reason, "reason", "请写明需要他们做什么、为什么。")
    if not unit_ids:
        raise BadInput({"assist": ["请选择要请来协办的单位。"]})
    units = fit_units(case, list(dict.fromkeys(unit_ids)), "assist")
    busy = {o.unit_id for o in tree(case) if o.state in UNDONE}
    if all(unit.pk in busy for unit in units):
        raise BadInput({"assist": ["所选单位都已有承办单，不必重复申请。"]})
    told: dict[str, object] = {"order": str(order.pk), "units": [str(unit.pk) for unit in units if unit.pk not in busy]}
    told["names"] = "、".join(unit.name for unit in units if unit.pk not in busy)
    return _ask(
        case, "help", reason, by=by, permission="cases.add_unit", proposal=told, same={"order": str(order.pk)},
        unit_id=deciding_unit(order, "cases.add_unit", by, case.desk_id),
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.decide")
def decide(approval_id: UUID, *, by: Actor, grant: bool, opinion: str = "", lead_id: UUID | None = None) -> Approval:
    """Decide a request (审批) and do what it asks for, in the same transaction.

    `lead_id`: which unit a ruling (裁定) names; without one the order goes back to the desk, which from the third return
    on is not open any more. Raises NotNow when the case has moved on.
    """
    found = Approval.objects.filter(pk=approval_id).first()
    if found is None:
        raise NotFound("没有找到这份申请。", code="flow.approval_not_found")
    case = seen(found.object_id, by=by)
    if not grant:
        opinion = given(opinion, "opinion", "不同意时请写明理由。")
    approval = approvals.decide(found, by=by, grant=grant, opinion=opinion)
    if grant:
        must_fit(case, approval)
        if approval.permission == RULING:
            approval.proposal |= {"instead": str(lead_id) if lead_id else ""}
        GRANTED[approval.kind](case, approval, by, opinion)
    else:
        _refused(case, approval, by, opinion)
    if approval.asked_unit_id:
        tell_unit(
            case, "cases.approval_decided", by=by, unit_id=approval.asked_unit_id, permission="cases.view",
            what=WHAT[approval.kind], decision="同意" if grant else "不同意", opinion=opinion or "无",
        )  # fmt: skip
    return approval


@clause("9.1.2-2")
@verb("cases.withdraw_request")
def withdraw_request(approval_id: UUID, *, by: Actor) -> Approval:
    """Take one's own request back (撤回申请)."""
    found = Approval.objects.filter(pk=approval_id).first()
    if found is None:
        raise NotFound("没有找到这份申请。", code="flow.approval_not_found")
    case = seen(found.object_id, by=by)
    approval = approvals.withdraw(found, by=by)
    settle(case, "withdraw_request", by=by, title=f"撤回{WHAT[approval.kind]}申请")
    return approval


def _refused(case: Case, approval: Approval, by: Actor, opinion: str) -> None:
    """Not granted. A return that the duty chief refuses binds the unit."""
    if approval.permission == RULING:
        WorkOrder.objects.filter(pk=approval.proposal["order"]).update(may_not_return=True)
    settle(case, f"refuse_{approval.kind}", by=by, title=f"不同意{WHAT[approval.kind]}", text=opinion)


def _extension(case: Case, approval: Approval, by: Actor, opinion: str) -> None:
    asked = datetime.fromisoformat(approval.proposal["asked_at"])
    deadline = timing.extend(case.pk, approval.proposal["days"], approval.reason, at=asked)
    case.due_at, case.yellow_at = deadline.due_at, deadline.yellow_at
    follow([order for order in tree(case) if order.state in AT_WORK], case, deadline)
    settle(
        case, "extend", by=by, text=opinion, fields={"延长": f"{approval.proposal['days']} 个工作日"},
        public_text="因办理需要，时限已延长。", changed=("due_at", "yellow_at"),
    )  # fmt: skip


def _hold(case: Case, approval: Approval, by: Actor, opinion: str) -> None:
    case.held_from = case.state
    told = approval.proposal.get("review_on")
    case.review_on = date.fromisoformat(told) if told else None
    timing.pause(case.pk, [timing.TOTAL], approval.reason)
    case.due_at = case.yellow_at = None
    stand_still([order for order in tree(case) if order.state in AT_WORK])
    settle(
        case, "hold", by=by, to="on_hold", text=approval.reason, public_text="本件暂缓办理，恢复后会继续。",
        fields={"复核日期": time.show_day(case.review_on)} if case.review_on else {},
        changed=("held_from", "due_at", "yellow_at", "review_on"),
    )  # fmt: skip


def must_name(case: Case, approval: Approval) -> bool:
    """Whether who grants this must name the unit that leads (裁定承办单位): when the lead has been given back twice already.

    Refused, the unit that asked is the one ruled; granted, it may not be left to the desk once more.
    """
    order = _order(case, approval) if approval.permission == RULING else None
    return order is not None and _leads(order) and rule.must_be_ruled(case.returns)


def _order(case: Case, approval: Approval) -> WorkOrder:
    """The work order that a request is about."""
    return next(o for o in tree(case) if str(o.pk) == approval.proposal["order"])


def _leads(order: WorkOrder) -> bool:
    return order.part == WorkOrder.Part.LEAD and order.parent_id is None


def _return_or_rule(case: Case, approval: Approval, by: Actor, opinion: str) -> None:
    """A return or a dispute is granted: another unit is named, or the order goes back to who gave it."""
    named, order = approval.proposal.get("instead"), _order(case, approval)
    if named:
        if named == str(order.unit_id):
            raise BadInput({"lead": [f"仍由{order.unit.name}承办的，请选「不同意」。"]})
        _rule(case, approval, by, opinion, order)
    elif must_name(case, approval):
        raise BadInput({"lead": [f"这件事已退回 {case.returns} 次，请裁定由哪个单位承办。"]})
    else:
        _give_back(case, approval, by, order)


def _give_back(case: Case, approval: Approval, by: Actor, order: WorkOrder) -> None:
    """The order goes back: to the desk when the lead itself returned it, else to the unit above."""
    formed = part(case, order, WorkOrder.State.RETURNED, approval.reason)
    lead_gone = _leads(order)
    if lead_gone:
        case.returns += 1
        case.lead_unit = None
    state, missing = ("to_dispatch", []) if lead_gone else after_leaving(case)
    said = answered(case, state)
    settle(
        case,
        "return_order",
        by=by,
        to=state,
        order=order,
        text=approval.reason,
        fields={"退回单位": order.unit.name, **lacking_words(missing), **(FORMED if formed else {})},
        changed=("returns", "lead_unit", *said.changed),
        public_text=said.text,
        answered_by=said.unit,
    )
    if lead_gone:
        for other in tree(case):
            if other.state in AT_WORK and other.round == case.redos + 1:
                end(case, other, WorkOrder.State.WITHDRAWN, "主办单位退回，重新派遣")
        wait(case, "dispatch", "cases.dispatch", case.desk_id)
    elif missing:
        ask_lead(case, missing, by=by)
    elif state == "to_call_back":
        before_caller(case)
    elif order.called:
        go_on(case, order, formed, by=by)
    elif order.parent is not None:
        before_upper(case, order.parent)


def _rule(case: Case, approval: Approval, by: Actor, opinion: str, order: WorkOrder) -> None:
    """The ruling (裁定) names another unit, which may not give it back."""
    (unit,) = fit_units(case, [UUID(approval.proposal["instead"])], "lead")
    leads, returned = _leads(order), approval.kind == "return"
    end(case, order, WorkOrder.State.RETURNED, approval.reason)
    (fresh,) = issue(case, [unit], by=by, lead=leads, request=opinion)
    fresh.may_not_return = True
    fresh.save(update_fields=["may_not_return"])
    if leads:
        case.lead_unit = unit
        case.returns += returned
    join(case, [unit])
    settle(
        case, f"rule_{approval.kind}", by=by, title=f"裁定{WHAT[approval.kind]}", to=derived(case), order=fresh, text=opinion,
        public_text=f"已转由{unit.name}办理。" if leads else "",
        fields={"提出单位": order.unit.name, "裁定承办": unit.name}, changed=("lead_unit", "units", "returns"),
    )  # fmt: skip


def _help(case: Case, approval: Approval, by: Actor, opinion: str) -> None:
    """The helpers get their orders: beside the unit that asked, under the one that gave it its own."""
    order = _order(case, approval)
    units = fit_units(case, [UUID(key) for key in approval.proposal["units"]], "assist")
    issue(case, units, by=by, request=approval.reason, parent=order.parent)
    join(case, units)
    settle(
        case, "add_unit", by=by, to=derived(case), text=opinion,
        fields={"协办单位": "、".join(u.name for u in units), "申请单位": order.unit.name}, changed=("units",),
    )  # fmt: skip


def _void(case: Case, approval: Approval, by: Actor, opinion: str) -> None:
    fall_away(case, "void", approval.reason, by, public="本件已作废。")


def _not_accept(case: Case, approval: Approval, by: Actor, opinion: str) -> None:
    fall_away(case, "not_accepted", approval.reason, by, public=f"不予受理：{approval.reason}")
    tell_reporter(case, "cases.not_accepted_reporter", by=by)


def fall_away(case: Case, to: str, reason: str, by: Actor, *, public: str, title: str = "") -> None:
    """End a case that will not be worked on: orders withdrawn, clocks dropped, to-dos gone."""
    for order in tree(case):
        if order.parent_id is None and order.state in UNDONE:
            end(case, order, WorkOrder.State.WITHDRAWN, reason)
    timing.finish(case.pk, ["accept", timing.TOTAL, "call_back"], drop=True)
    case.closed_at, case.close_reason, case.due_at, case.yellow_at = time.now(), reason[:200], None, None
    verb_name = "void" if to == "void" else "not_accept"
    settle(
        case, verb_name, by=by, to=to, title=title, text=reason, public_text=public,
        changed=("closed_at", "close_reason", "due_at", "yellow_at"),
    )  # fmt: skip
    todos.done(case.pk)


GRANTED = {
    "extension": _extension,
    "hold": _hold,
    "return": _return_or_rule,
    "dispute": _return_or_rule,
    "help": _help,
    "void": _void,
    "not_accept": _not_accept,
}
