"""How every verb turns a supervised matter: find it for this person, lock it, check, write the step down."""

from collections.abc import Sequence
from uuid import UUID

from hezhi.chapters.cases.handling.api import ENDED, Case
from hezhi.chapters.cases.supervision.flows import LEAD, PART, SUPERVISION
from hezhi.chapters.cases.supervision.models import Matter, MatterQuerySet, Step
from hezhi.chapters.cases.supervision.rules import state_of
from hezhi.engines.flow import todos
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.engines.flow.rules.life_cycle import LifeCycle, Verb
from hezhi.engines.org.api import Actor
from hezhi.engines.reach import api as reach
from hezhi.engines.records.gathering import later
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

MATTER, ORDER = "supervision.matter", "supervision.order"
VEILED = "保密件"
"""What a supervision of a secret case is called; everything else stands behind the case's own door."""


def verb_of(cycle: LifeCycle, code: str) -> Verb:
    """The declared verb of this code."""
    return next(each for each in cycle.verbs if each.code == code)


def take(matter_id: UUID, verb: str, *, by: Actor, revision: int | None = None) -> Matter:
    """Lock a matter for one verb: visible, the right held, the state fit, nobody quicker. Raises the refusals."""
    declared = verb_of(SUPERVISION, verb)
    by.must(declared.right)
    matter = seen(matter_id, by=by)
    if revision is not None and revision != matter.revision:
        raise NotNow(
            f"这件督办刚刚被同事办理过，现在是「{matter.get_state_display()}」。",
            "为免覆盖同事的办理，本次没有提交。", "请查看最新情况后再办，您填写的内容仍在表单里。", code="supervision.changed_meanwhile",
        )  # fmt: skip
    SUPERVISION.verb(verb, matter.state)
    if declared.guards:
        not_own(matter, by)
    return matter


def seen(matter_id: UUID, *, by: Actor) -> Matter:
    """A matter that this person may see, locked until the verb ends; otherwise «not found»."""
    rows = Matter.objects.select_for_update(of=("self",))
    try:
        return _within(rows, by).get(pk=matter_id)
    except Matter.DoesNotExist:
        raise nothing() from None


def _within(rows: MatterQuerySet, by: Actor) -> MatterQuerySet:
    return rows if by.kind == "system" else rows.visible_to(by)


def nothing() -> NotFound:
    """Whatever the reason: there is no such matter for this person."""
    return NotFound(
        "没有找到这件督办。", "可能编号有误，或不在您的管辖范围。", "请核对编号。", code="supervision.not_found"
    )


def take_part(order_id: UUID, verb: str, *, by: Actor) -> tuple[Matter, WorkOrder]:
    """Lock a matter and one unit's part in it for a verb of the part."""
    declared = verb_of(PART, verb)
    by.must(declared.right)
    found = WorkOrder.objects.filter(pk=order_id, matter_type=MATTER).values_list("matter_id", flat=True).first()
    if found is None:
        raise nothing()
    matter = seen(found, by=by)
    order = WorkOrder.objects.select_related("unit").get(pk=order_id)
    if matter.state not in ("open", "to_review"):
        raise NotNow(f"这件督办{matter.get_state_display()}，不能再办理。", "请刷新后查看。", code="supervision.ended")
    PART.verb(verb, order.state)
    if declared.right == LEAD:
        not_own(matter, by)
    elif by.unit_id != order.unit_id and order.unit_id not in by.scope.units:
        raise NotAllowed(
            f"这一份由{order.unit.name}承办。", remedy="请由承办单位的同事办理。", code="supervision.not_your_part"
        )
    return matter, order


def not_own(matter: Matter, by: Actor) -> None:
    """Refuse who belongs to a supervised unit, or to one below it: nobody judges his own unit (回避)."""
    if by.unit_id is not None and set(by.above or (by.unit_id,)) & set(matter.units):
        raise NotAllowed(
            "这件督办督的是您所在的单位，您不能审核或销号。", "督办由承办单位以外的人审核和销号。", "请由其他单位的督查人员或上级办理。",
            code="supervision.own_unit",
        )  # fmt: skip


def parts_of(matter: Matter) -> list[WorkOrder]:
    """The parts of the units, in the order in which they were issued."""
    rows = WorkOrder.objects.filter(matter_type=MATTER, matter_id=matter.pk)
    return list(rows.select_related("unit", "holder").order_by("issued_at", "number"))


def settle(
    matter: Matter, verb: str, *, by: Actor, title: str = "", text: str = "", to: str = "", changed: tuple[str, ...] = ()
) -> Matter:  # fmt: skip
    """Move the matter, write the step of the timeline."""
    if to:
        matter.state = to
    matter.revision += 1
    matter.save(update_fields=sorted({"revision", "state", *changed}))
    named = [each.name for each in (*SUPERVISION.verbs, *PART.verbs) if each.code == verb]
    step = Step(
        matter=matter, verb=verb, title=(title or (named[0] if named else verb))[:60], text=text.strip(), to_state=to,
        by_id=by.user_id, by_name=by.name, post_title=by.post_title, unit_name=by.unit_name, at=time.now(),
    )  # fmt: skip
    later(step)
    return matter


def derived(matter: Matter) -> str:
    """The state that follows from the parts as they stand now."""
    return state_of([order.state for order in parts_of(matter)])


def tell_unit(matter: Matter, event: str, *, by: Actor, unit_id: UUID, permission: str, **values: object) -> None:
    """Write the message for the holders of a permission in a unit (outbox, same transaction)."""
    reach.tell(
        by, event=event, to_unit=unit_id, permission=permission, about=(MATTER, matter.pk),
        values={"number": matter.number, "title": matter.title, **values}, channels=("inbox", "sms"),
        link=f"/supervision/{matter.pk}/",
    )  # fmt: skip


def tell_opener(matter: Matter, event: str, *, by: Actor, **values: object) -> None:
    """Tell the person who asked for the supervision, unless he does the step himself."""
    if matter.opened_by_id and matter.opened_by_id != by.user_id:
        reach.tell(
            by, event=event, to_user=matter.opened_by_id, about=(MATTER, matter.pk),
            values={"number": matter.number, "title": matter.title, **values}, link=f"/supervision/{matter.pk}/",
        )  # fmt: skip


def before_unit(matter: Matter, order: WorkOrder, step: str) -> None:
    """Put a part before its unit, and take its old to-dos off."""
    todos.done(order.pk)
    todos.put(
        (ORDER, order.pk), number=order.number, title=f"督办：{matter.title}", step=step, permission="supervision.answer",
        unit_id=order.unit_id, due_at=order.due_at,
    )  # fmt: skip


def seat(matter: Matter) -> UUID:
    """The unit that supervises (督办单位); `begin` lets no matter be without one."""
    if matter.unit_id is None:
        raise LookupError(f"{matter.number} has no supervising unit")
    return matter.unit_id


def before_supervisor(matter: Matter, step: str) -> None:
    """Put the matter before the supervisors, and take their old to-dos off."""
    todos.done(matter.pk)
    todos.put(
        (MATTER, matter.pk), number=matter.number, title=matter.title, step=step, permission=LEAD, unit_id=seat(matter),
        due_at=None,
    )  # fmt: skip


def drop_requests(orders: Sequence[UUID]) -> None:
    """Take back what parts still ask for (撤回申请): it is settled by the answer, or by the end of the matter."""
    for approval in Approval.objects.filter(object_id__in=list(orders), state=Approval.State.WAITING):
        approval.state, approval.decided_at = Approval.State.WITHDRAWN, time.now()
        approval.save(update_fields=["state", "decided_at"])
        todos.done(approval.pk)


def given(value: str, field: str, sentence: str) -> str:
    """A text that may not be empty; otherwise the form comes back with a sentence at the field."""
    value = (value or "").strip()
    if not value:
        raise BadInput({field: [sentence]})
    return value


def is_ended(case: Case | None) -> bool:
    """Whether nothing more is owed on the case itself (事件已办结或已答复)."""
    return case is not None and case.state in (*ENDED, "to_call_back")
