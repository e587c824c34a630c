"""The units' part (承办): sign, answer, ask for more time or help; the supervisor accepts or sends back."""

from datetime import datetime
from uuid import UUID

from django.db.models import Max

from hezhi.chapters.cases.supervision.actions.opening import wait_on
from hezhi.chapters.cases.supervision.actions.turning import (
    MATTER,
    ORDER,
    before_supervisor,
    before_unit,
    derived,
    drop_requests,
    given,
    not_own,
    seat,
    seen,
    settle,
    take_part,
    tell_opener,
    tell_unit,
)
from hezhi.chapters.cases.supervision.flows import LEAD
from hezhi.chapters.cases.supervision.models import Matter
from hezhi.engines.flow import approvals, timing, todos
from hezhi.engines.flow.models import Approval, Deadline, ToDo, WorkOrder
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due_and_yellow
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow

EXTENSION, RESOURCE = "supervision_extension", "supervision_resource"


@clause("9.1.2-3-2")
@verb("supervision.sign")
def sign(order_id: UUID, *, by: Actor, text: str = "") -> Matter:
    """Sign for a part (签收), with an opinion if there is one."""
    matter, order = take_part(order_id, "sign", by=by)
    order.state, order.signed_at, order.holder_id = "handling", time.now(), by.user_id
    order.save(update_fields=["state", "signed_at", "holder"])
    before_unit(matter, order, "supervise_answer")
    return settle(matter, "sign", by=by, text=text)


@clause("9.1.2-3-2")
@verb("supervision.answer")
def answer(order_id: UUID, *, by: Actor, text: str) -> Matter:
    """Say what was done (反馈); when every unit has answered the ladder stands still and the supervisors look."""
    matter, order = take_part(order_id, "answer", by=by)
    order.reply = given(text, "text", "请写明落实情况。")
    moment = time.now()
    order.state, order.replied_at, order.replied_by_id = "to_review", moment, by.user_id
    order.signed_at, order.holder_id = order.signed_at or moment, order.holder_id or by.user_id
    order.save(update_fields=["state", "reply", "replied_at", "replied_by", "signed_at", "holder"])
    todos.done(order.pk)
    drop_requests([order.pk])
    timing.finish(order.pk, [timing.TOTAL])
    state = derived(matter)
    if state == "to_review":
        matter.next_at = None
    before_supervisor(matter, "supervise_review")
    tell_unit(matter, "supervision.answered", by=by, unit_id=seat(matter), permission=LEAD, unit=order.unit.name)
    tell_opener(matter, "supervision.answered", by=by, unit=order.unit.name)
    return settle(
        matter, "answer", by=by, title=f"{order.unit.name}反馈", text=order.reply, to=state, changed=("next_at",)
    )


@clause("9.1.2-3-1")
@verb("supervision.accept")
def accept(order_id: UUID, *, by: Actor, text: str = "") -> Matter:
    """Accept a unit's answer (认可)."""
    matter, order = take_part(order_id, "accept", by=by)
    order.state, order.reviewed_at, order.reviewed_by_id, order.ended_at = "done", time.now(), by.user_id, time.now()
    order.save(update_fields=["state", "reviewed_at", "reviewed_by", "ended_at"])
    _look_on(matter)
    return settle(matter, "accept", by=by, title=f"认可{order.unit.name}的反馈", text=text, to=derived(matter))


def _look_on(matter: Matter) -> None:
    """What the supervisors have to do next: look at the answers that wait, or close when all are settled."""
    states = set(WorkOrder.objects.filter(matter_type=MATTER, matter_id=matter.pk).values_list("state", flat=True))
    if "to_review" in states:
        before_supervisor(matter, "supervise_review")
    elif states & {"to_sign", "handling"}:
        todos.done(matter.pk)
    else:
        before_supervisor(matter, "supervise_close")


@clause("9.1.2-3-1")
@verb("supervision.send_back")
def send_back(order_id: UUID, *, by: Actor, reason: str, days: int = 1) -> Matter:
    """Send an answer back (退回重报): the unit works on, with a limit anew, and the ladder goes on from here."""
    matter, order = take_part(order_id, "send_back", by=by)
    reason = given(reason, "reason", "请写明哪里没有落实。")
    _restart(order, days)
    order.state = "handling"
    order.save(update_fields=["state", "due_at"])
    matter.due_at = _latest(matter)
    wait_on(matter)
    before_unit(matter, order, "supervise_answer")
    tell_unit(
        matter, "supervision.sent_back", by=by, unit_id=order.unit_id, permission="supervision.answer", reason=reason,
        due=time.show(order.due_at) if order.due_at else "未定",
    )  # fmt: skip
    settle(
        matter,
        "send_back",
        by=by,
        title=f"退回{order.unit.name}重报",
        text=reason,
        to="open",
        changed=("next_at", "due_at"),
    )
    _look_on(matter)
    return matter


def _restart(order: WorkOrder, days: int) -> None:
    """A limit anew for the part, in working days."""
    moment = time.now()
    due_at, yellow = due_and_yellow(moment, Limit(max(days, 1), Unit.WORKING_DAYS), timing.timetable().calendar)
    Deadline.objects.create(
        object_type=ORDER, object_id=order.pk, unit_id=order.unit_id, why=f"退回重报，{days} 个工作日", amount=max(days, 1),
        clock="working_days", started_at=moment, due_at=due_at, yellow_at=yellow,
    )  # fmt: skip
    order.due_at = due_at


@clause("9.1.2-3-1")
@verb("supervision.release")
def release(order_id: UUID, *, by: Actor, reason: str) -> Matter:
    """Take a unit out of the matter (解除), with the reason."""
    matter, order = take_part(order_id, "release", by=by)
    reason = given(reason, "reason", "请写明解除理由。")
    order.state, order.ended_at, order.end_reason = "released", time.now(), reason[:500]
    order.save(update_fields=["state", "ended_at", "end_reason"])
    todos.done(order.pk)
    timing.finish(order.pk, [timing.TOTAL], drop=True)
    _look_on(matter)
    return settle(matter, "release", by=by, title=f"解除{order.unit.name}", text=reason, to=derived(matter))


# -- what the supervisor must say yes to ---------------------------------------------------------------


@clause("9.1.2-3-2")
@verb("supervision.ask_extension")
def ask_extension(order_id: UUID, *, by: Actor, days: int, reason: str) -> Approval:
    """Ask for more time in working days (申请延期): before the limit is over, once, within ten days."""
    matter, order = take_part(order_id, "ask_extension", by=by)
    reason = given(reason, "reason", "请写明延期理由。")
    if days < 1:
        raise BadInput({"days": ["请填写延长几个工作日。"]})
    deadline = Deadline.objects.filter(object_id=order.pk, stage=timing.TOTAL, state="running").first()
    if deadline is None:
        raise NotNow("这一份现在没有正在计时的时限。", remedy="请刷新后查看。", code="flow.no_limit")
    timing.check_extension(deadline, days)
    told: dict[str, object] = {"days": days, "asked_at": time.now().isoformat()}
    return _ask(matter, order, EXTENSION, "申请延期", reason, by, told)


@clause("9.1.2-3-1")
@verb("supervision.ask_resource")
def ask_resource(order_id: UUID, *, by: Actor, reason: str) -> Approval:
    """Ask the supervisors for people, equipment or the help of another unit (申请支援、调度资源)."""
    matter, order = take_part(order_id, "ask_resource", by=by)
    return _ask(matter, order, RESOURCE, "申请支援", given(reason, "reason", "请写明需要协调什么。"), by, {})


def _ask(
    matter: Matter, order: WorkOrder, kind: str, name: str, reason: str, by: Actor, told: dict[str, object]
) -> Approval:
    approval = approvals.ask(
        by, kind=kind, obj=(ORDER, order.pk), number=order.number, title=f"督办{name[2:]}：{matter.title}", reason=reason,
        unit_id=seat(matter), permission=LEAD, proposal=told, due_at=order.due_at,
    )  # fmt: skip
    settle(matter, kind, by=by, title=f"{order.unit.name}{name}", text=reason)
    return approval


def _of(approval: Approval, by: Actor) -> tuple[Matter, WorkOrder]:
    order = WorkOrder.objects.select_related("unit").get(pk=approval.object_id)
    return seen(order.matter_id, by=by), order


def _matter_first(approval: Approval, by: Actor) -> None:
    """An answer locks its matter and then takes the requests back; a decision locks in the same order."""
    _of(approval, by)


def _lines(approval: Approval) -> list[tuple[str, str]]:
    order = WorkOrder.objects.select_related("unit").get(pk=approval.object_id)
    told = [("承办单位", order.unit.name), ("承办单", order.number)]
    if approval.kind == EXTENSION:
        told.append(("延长", f"{approval.proposal['days']} 个工作日"))
        told.append(("现时限", time.show(order.due_at) if order.due_at else "未定"))
    return told


def _check(approval: Approval, by: Actor) -> None:
    matter, order = _of(approval, by)
    not_own(matter, by)
    if matter.state not in ("open", "to_review") or order.state not in ("to_sign", "handling"):
        raise NotNow("这一份已经反馈或结束，不必再批。", remedy="请刷新后查看。", code="supervision.part_ended")


def _extended(approval: Approval, by: Actor) -> None:
    """What a granted extension does: the part's limit, its to-dos and the matter's limit move."""
    matter, order = _of(approval, by)
    asked = datetime.fromisoformat(approval.proposal["asked_at"])
    order.due_at = timing.extend(order.pk, approval.proposal["days"], approval.reason, at=asked).due_at
    order.save(update_fields=["due_at"])
    ToDo.objects.filter(object_id=order.pk, done_at__isnull=True).update(due_at=order.due_at)
    matter.due_at = _latest(matter)
    if matter.next_at and order.due_at:
        matter.next_at = max(matter.next_at, order.due_at)
    settle(
        matter, "extended", by=by, title=f"同意{order.unit.name}延期 {approval.proposal['days']} 个工作日", text=approval.opinion,
        changed=("due_at", "next_at"),
    )  # fmt: skip


def _supported(approval: Approval, by: Actor) -> None:
    matter, order = _of(approval, by)
    settle(matter, "supported", by=by, title=f"同意支援{order.unit.name}", text=approval.opinion)


def _refused(approval: Approval, by: Actor) -> None:
    matter, order = _of(approval, by)
    name = "延期" if approval.kind == EXTENSION else "支援"
    settle(matter, "refused", by=by, title=f"不同意{order.unit.name}{name}", text=approval.opinion)


def _latest(matter: Matter) -> datetime | None:
    rows = WorkOrder.objects.filter(matter_type=MATTER, matter_id=matter.pk).exclude(state="released")
    found: datetime | None = rows.aggregate(last=Max("due_at"))["last"]
    return found


def register_kinds() -> None:
    """Make both requests known to the common approvals page."""
    for code, name, do in ((EXTENSION, "督办延期", _extended), (RESOURCE, "督办支援", _supported)):
        approvals.register(approvals.Kind(code, name, _lines, do, _check, _refused, first=_matter_first))
