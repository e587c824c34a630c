"""How every verb turns a case: find it for this person, lock it, check, move it, write the step down."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from hezhi.chapters.cases.handling.actions.tree import tree
from hezhi.chapters.cases.handling.flows import CASE, ORDER
from hezhi.chapters.cases.handling.models import Case, Step
from hezhi.chapters.cases.handling.queries import ASKED_AWAY, declared_for, requested, requests_waiting
from hezhi.chapters.cases.handling.rules import still_open
from hezhi.engines.flow import todos
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules.life_cycle import Verb
from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import api as reach
from hezhi.engines.records.gathering import later
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.events import announce
from hezhi.ground.tables.worded import Given, Worded

MATTER = "handling.case"
VERBS = {verb.code: verb for verb in CASE.verbs}
ORDER_VERBS = {verb.code: verb for verb in ORDER.verbs}
STEP_TOLD = "cases.step_reporter"
TOLD_STEPS = frozenset({"dispatch", "transfer", "hold", "resume", "extend", "redo"})
"""Steps of which a reporter hears who asked to hear of each (每一步都告知); what he is asked and the end are told anyway."""
BEGINNING = frozenset({"accept", "dispatch", "answer_directly"})
"""Verbs that begin the work on a case, or answer it at once."""
NAMES = {state.code: state.name for state in CASE.states}
ORDER_NAMES = {state.code: state.name for state in ORDER.states}


def take(case_id: UUID, verb: str, *, by: Actor, revision: int | None = None) -> Case:
    """Lock a case for one verb: it must be visible, the right held, the state fit, and nobody quicker.

    `revision` is what the form was opened with; a later one means that a colleague has changed the case.
    Raises NotFound, NotAllowed or NotNow.
    """
    by.must(VERBS[verb].right)
    case = seen(case_id, by=by)
    declared = declared_for(case, verb)
    _nothing_asked_away(case, declared)
    if revision is not None and revision != case.revision:
        raise NotNow(
            f"这件事刚刚被同事办理过，现在是「{NAMES[case.state]}」。",
            "您打开页面以后内容已有变化，为免覆盖同事的办理，本次没有提交。",
            "请查看最新情况后再办，您填写的内容仍在表单里。",
            code="cases.changed_meanwhile",
        )
    if case.state not in declared.frm:
        raise NotNow(
            f"现在不能「{declared.name}」：这件事是「{NAMES[case.state]}」。",
            f"「{declared.name}」只能在 {'、'.join(NAMES[s] for s in declared.frm)} 时办理。",
            "请刷新后查看可以办理的下一步。",
            code="cases.wrong_state",
        )
    return case


def _nothing_asked_away(case: Case, verb: Verb) -> None:
    """Refuse to begin with a case of which somebody asks that it be not begun with (待批不予受理、作废).

    The database is asked only when the case had requests when it was locked, or somebody was quicker.
    """
    told = case.__dict__
    asked = told.get("requested") or told.get("revision_before") != told.get("revision_locked")
    if verb.code not in BEGINNING or case.state not in verb.frm or not asked:
        return
    waiting = requests_waiting(case, ASKED_AWAY)
    if waiting:
        one = waiting[0].asked
        who = " ".join(str(each) for each in (one.asked_unit, one.asked_by) if each)
        raise NotNow(
            f"这件事正在等待「{ASKED_AWAY[one.kind]}」审批，审批以前不能{verb.name}。",
            f"{who} {time.show(one.asked_at)} 申请：{one.reason}",
            "确需继续办理的，请申请人在事件页「撤回申请」，或等审批结果。",
            code="cases.asked_away",
        )


def seen(case_id: UUID, *, by: Actor) -> Case:
    """A case that this person may see, locked until the verb ends; otherwise «not found»."""
    found = _locking(by.rights_alone)(id=case_id)
    if not found:
        raise NotFound("没有找到这件事。", "可能编号有误，或不在您的管辖范围。", "请核对编号。", code="cases.not_found")
    return _remembered(found[0])


def seen_of_order(order_id: UUID, *, by: Actor) -> Case:
    """The case of a work order, locked like `seen`."""
    found = _locking(by.rights_alone, of_order=True)(id=order_id)
    if not found:
        raise NotFound("没有找到这张承办单。", code="cases.order_not_found")
    return _remembered(found[0])


def _remembered(case: Case) -> Case:
    """The revision with which the case was locked is kept; every step of the verb counts it up."""
    case.__dict__["revision_locked"] = case.revision
    return case


@lru_cache(maxsize=256)
def _locking(by: Actor, *, of_order: bool = False) -> Worded[Case]:
    """The statement that locks one case for somebody with these rights."""
    rows = Case.objects.select_for_update(of=("self",)).select_related("category").annotate(**requested())
    rows = rows if by.kind in ("system", "citizen", "channel") else rows.visible_to(by)
    if of_order:
        return Worded(lambda: rows.filter(pk__in=WorkOrder.objects.filter(pk=Given("id")).values("matter_id")))
    return Worded(lambda: rows.filter(pk=Given("id")))


def take_order(order_id: UUID, verb: str, *, by: Actor) -> tuple[Case, WorkOrder]:
    """Lock the case and one of its work orders for a verb of the order; it must belong to the reader's unit."""
    declared = ORDER_VERBS[verb]
    by.must(declared.right)
    case = seen_of_order(order_id, by=by)
    order = next(o for o in tree(case, afresh=True) if o.pk == order_id)
    if order.state not in declared.frm:
        raise NotNow(
            f"现在不能「{declared.name}」：这张承办单是「{ORDER_NAMES[order.state]}」。",
            "可能同事刚刚办理过。",
            "请刷新后查看，您填写的内容仍在表单里。",
            code="cases.wrong_order_state",
        )
    return case, order


def own(order: WorkOrder, by: Actor) -> None:
    """Refuse when the order belongs to another unit."""
    if by.unit_id != order.unit_id and order.unit_id not in by.scope.units:
        raise NotAllowed(
            f"这张承办单由{order.unit.name}办理。", remedy="请由承办单位的同事办理。", code="cases.not_your_order"
        )


def settle(
    case: Case,
    verb: str,
    *,
    by: Actor,
    to: str = "",
    title: str = "",
    text: str = "",
    public_text: str = "",
    answered_by: str = "",
    fields: dict[str, Any] | None = None,
    order: WorkOrder | None = None,
    changed: tuple[str, ...] = (),
) -> Case:
    """Move the case, write the step of the timeline and tell whoever listens.

    `answered_by` names the unit in whose name `public_text` is said, where that is not the one that does the step.
    """
    came_from = case.state
    moment = time.now()
    updated = {"revision", *changed}
    if to and to != case.state:
        case.state, case.state_since = to, moment
        updated |= {"state", "state_since"}
    case.revision += 1
    case.save(update_fields=sorted(updated))
    step = Step(
        case=case,
        verb=verb,
        title=title or _name(verb),
        from_state=came_from,
        to_state=case.state,
        order=order,
        by_id=by.user_id,
        by_name=by.name,
        post_title=by.post_title,
        unit_id=by.unit_id,
        unit_name=by.unit_name,
        channel=by.channel,
        at=moment,
        text=text,
        public_text=public_text,
        answered_by=answered_by,
        fields=fields or {},
    )
    later(step)
    if verb in TOLD_STEPS:
        tell_reporter(case, STEP_TOLD, by=by, step=step.title)
    announce("cases.changed", case=case, verb=verb, step=step, by=by)
    announce("cases.settled", case=case, verb=verb)
    return case


def _name(verb: str) -> str:
    declared = VERBS.get(verb) or ORDER_VERBS.get(verb)
    return declared.name if declared else verb


def wait(case: Case, step: str, permission: str, unit_id: UUID | None) -> None:
    """Put the case before the post that has the next step, and take the old to-dos off."""
    todos.done(case.pk)
    if unit_id is not None:
        todos.put(
            (MATTER, case.pk),
            number=case.number,
            title=case.title,
            step=step,
            permission=permission,
            unit_id=unit_id,
            due_at=case.due_at,
            urgency=case.urgency,
        )


def before_unit(case: Case, order: WorkOrder, step: str, permission: str, unit_id: UUID) -> None:
    """Put an order before a post of a unit, and take its old to-dos off."""
    todos.done(order.pk)
    todos.put(
        ("flow.workorder", order.pk),
        number=order.number,
        title=case.title,
        step=step,
        permission=permission,
        unit_id=unit_id,
        due_at=order.pressing_at,
        urgency=case.urgency,
    )


def before_upper(case: Case, upper: WorkOrder) -> None:
    """The unit above goes on with its own order once work below has ended, unless that waits for its name already."""
    if upper.state == WorkOrder.State.HANDLING:
        before_unit(case, upper, "handle", "cases.reply", upper.unit_id)


def tell_unit(case: Case, event: str, *, by: Actor, unit_id: UUID, permission: str, **values: object) -> None:
    """Write the message for the holders of a permission in a unit (outbox, same transaction)."""
    reach.tell(
        by,
        event=event,
        to_unit=unit_id,
        permission=permission,
        about=(MATTER, case.pk),
        values={"number": case.number, "title": case.title, **values},
        link=f"/cases/{case.pk}/",
        urgent=case.urgency == "critical",
    )


def tell_reporter(case: Case, event: str, *, by: Actor, **values: object) -> None:
    """Write the message for the one who reported; the address is opened only when it is sent."""
    reach.tell(
        by,
        event=event,
        about=(MATTER, case.pk),
        values={"number": case.number, **values},
        channels=("sms",),
    )


def given(value: str, field: str, sentence: str) -> str:
    """A text that may not be empty; otherwise the form comes back with a sentence at the field."""
    value = (value or "").strip()
    if not value:
        raise BadInput({field: [sentence]})
    return value


def for_reporter(value: str, field: str, sentence: str) -> str:
    """Words that go to the reporter (答复上报人): not empty, and no place of a template left to be filled in."""
    value = given(value, field, sentence)
    if left := still_open(value):
        raise BadInput({field: [f"还有{'、'.join(f'「{each}」' for each in left)}没有填，填好后再提交。"]})
    return value
