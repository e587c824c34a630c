"""Giving work to units (派遣): dispatch, pass down, add, transfer, whistle, release, urge, resume."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hezhi.chapters.cases.handling.actions.callers import may_call
from hezhi.chapters.cases.handling.actions.order_limits import own_due, run_on, sign_limit
from hezhi.chapters.cases.handling.actions.tree import derived, order_state_of, tree
from hezhi.chapters.cases.handling.actions.turning import (
    MATTER,
    VERBS,
    given,
    own,
    seen,
    settle,
    take,
    take_order,
    tell_unit,
)
from hezhi.chapters.cases.handling.flows import UNDONE
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.queries import asked_of_lead, basis_of, suggested_units, urging_of, with_basis
from hezhi.engines.flow import timing, todos
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Unit
from hezhi.engines.org.queries import somebody_may
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

LEAD, ASSIST = WorkOrder.Part.LEAD, WorkOrder.Part.ASSIST


@clause("9.1.2-2")
@verb("cases.dispatch")
def dispatch(
    case_id: UUID,
    *,
    by: Actor,
    lead_id: UUID | None,
    assist_ids: Sequence[UUID] = (),
    assist_days: int | None = None,
    request: str = "",
    revision: int | None = None,
) -> Case:
    """Dispatch a case (派遣): one unit leads (主办), others assist (协办), each with its own work order.

    `assist_days`: the helpers' own limit in working days (协办时限), never later than that of the case.
    """
    case = take(case_id, "dispatch", by=by, revision=revision)
    units = _units(case, lead_id, assist_ids)
    first = {} if tree(case) else {"首接负责": units[0].name}
    lead = issue(case, units, by=by, lead=True, request=request, own_days=assist_days)[0]
    case.lead_unit = units[0]
    join(case, units)
    settle(
        case, "dispatch", by=by, to="to_sign", order=lead, text=request,
        public_text=f"已交由{units[0].name}办理。",
        fields={
            "主办单位": units[0].name, "协办单位": "、".join(u.name for u in units[1:]),
            "派单依据": basis_of(case, units[0]), **first, **_own_limit(units[1:], assist_days),
        },
        changed=("lead_unit", "units"),
    )  # fmt: skip
    todos.done(case.pk)
    return case


@clause("9.1.3-1-1")
def dispatch_by_itself(case: Case) -> bool:
    """Dispatch an accepted case by its professional grid (事件按专业网格自动派单), when a rule says so.

    The grid worker of the basic grid is told. Secret cases, and those complained of a unit, wait for a person;
    so does a case over which no professional grid lies. Gives whether it was dispatched.
    """
    if case.secret or case.barred_unit_id or case.point is None:
        return False
    first = next(iter(suggested_units(case)), None)
    if first is None or not first.automatic:
        return False
    by = replace(system("自动派单"), permissions=frozenset({"cases.dispatch"}))
    sent = dispatch(case.pk, by=by, lead_id=first.unit.pk, request="按专业网格自动派单。")
    for name in ("state", "state_since", "revision", "lead_unit", "units"):
        setattr(case, name, getattr(sent, name))
    basic = Unit.objects.filter(area=case.grid_id, kind=Unit.Kind.GRID, valid_to__isnull=True).first()
    if case.grid_id and basic is not None:
        tell_unit(case, "cases.in_your_grid", by=by, unit_id=basic.pk, permission="cases.sign", unit=first.unit.name)
    return True


def _units(case: Case, lead_id: UUID | None, assist_ids: Sequence[UUID], otherwise: str = "") -> list[Unit]:
    """The named units, lead first; refuses a missing lead, a unit named twice, a unit complained of."""
    if lead_id is None:
        raise BadInput({"lead": ["请选择主办单位。"]})
    wanted = [lead_id, *[a for a in dict.fromkeys(assist_ids) if a != lead_id]]
    return fit_units(case, wanted, "lead", otherwise=otherwise)


def fit_units(case: Case, wanted: Sequence[UUID], field: str, *, work: bool = True, otherwise: str = "") -> list[Unit]:
    """The units with these ids, in this order, if each of them may be given this case.

    With `work` somebody in each of them must be able to sign today: an order before an empty post waits for ever.
    `otherwise` says what to do instead, where that is not only to choose another.
    """
    rows = with_basis(Unit.objects.filter(pk__in=list(wanted), valid_to__isnull=True), case)
    rows = rows.annotate(signs=somebody_may("cases.sign"))
    found = {unit.pk: unit for unit in rows}
    if len(found) != len(set(wanted)):
        raise BadInput({field: ["所选单位不存在或已停用，请重新选择。"]})
    if case.barred_unit_id:
        barred = Unit.objects.get(pk=case.barred_unit_id)
        for unit in found.values():
            if unit.path.startswith(barred.path):
                raise BadInput(
                    {field: [f"{unit.name}是这件事反映的对象（或其下级），依规定不能承办，请改派其他单位。"]}
                )
    empty = [found[pk].name for pk in wanted if not found[pk].signs] if work else []
    if empty:
        raise BadInput({field: [nobody_signs("、".join(empty), otherwise)]})
    return [found[pk] for pk in wanted]


KEEP_IT = "请由本单位自行办理，或选择其他下级单位。"
"""What a unit does whose lower units have nobody."""


def nobody_signs(unit: str, otherwise: str = "") -> str:
    """The sentence for a unit in which nobody can sign (暂无签收人), with what to do instead."""
    return f"{unit}暂无签收人，派去没有人办理。{otherwise or '请选择其他单位，或请系统管理员安排人员。'}"


def issue(
    case: Case,
    units: Sequence[Unit],
    *,
    by: Actor,
    lead: bool = False,
    request: str = "",
    parent: WorkOrder | None = None,
    called: bool = False,
    arrival_hours: int = 0,
    own_days: int | None = None,
) -> list[WorkOrder]:
    """Write work orders (承办单), put each before its unit and tell its people; with `lead` the first one leads.

    Each has a limit for being signed for (签收时限), where a rule gives one, and helpers their own with `own_days`.
    """
    moment, known = time.now(), tree(case)
    latest, to_sign = parent.due_at if parent else case.due_at, sign_limit(case, moment)
    orders = [
        WorkOrder(
            matter_type=MATTER,
            matter_id=case.pk,
            number=f"{case.number}-{len(known) + n + 1:02d}",
            parent=parent,
            depth=parent.depth + 1 if parent else 0,
            unit=unit,
            issued_by_unit_id=by.unit_id,
            part=LEAD if lead and n == 0 else ASSIST,
            called=called,
            arrival_due_at=moment + timedelta(hours=arrival_hours) if called else None,
            request=request,
            issued_at=moment,
            own_days=None if lead and n == 0 else own_days or None,
            due_at=latest if lead and n == 0 else own_due(moment, own_days, latest),
            sign_due_at=to_sign.due_at if to_sign else None,
            sign_amount=to_sign.amount if to_sign else None,
            sign_clock=to_sign.clock if to_sign else "",
            round=case.redos + 1,
        )
        for n, unit in enumerate(units)
    ]
    WorkOrder.objects.bulk_create(orders)
    known.extend(orders)
    for order in orders:
        todos.put(
            ("flow.workorder", order.pk),
            number=order.number,
            title=case.title,
            step="sign",
            permission="cases.sign",
            unit_id=order.unit_id,
            due_at=order.pressing_at,
            urgency=case.urgency,
        )
        _tell_order(case, order, by)
    return orders


def _own_limit(helpers: Sequence[Unit], days: int | None) -> dict[str, str]:
    return {"协办时限": f"{days} 个工作日"} if helpers and days else {}


def _tell_order(case: Case, order: WorkOrder, by: Actor) -> None:
    """Tell the people of a unit about their new order; a whistle says by when to be there."""
    more: dict[str, object] = {"unit": order.unit.name, "request": order.request or "无"}
    if order.called and order.arrival_due_at:
        event, more = "cases.called", more | {"by_unit": by.unit_name, "arrival": time.show(order.arrival_due_at)}
    else:
        event, more = "cases.assigned", more | {"due": time.show(order.due_at) if order.due_at else "未定"}
    tell_unit(case, event, by=by, unit_id=order.unit_id, permission="cases.sign", **more)


def join(case: Case, units: Sequence[Unit]) -> None:
    """Let these units see the case from now on (参与单位)."""
    case.units = [*case.units, *[unit.pk for unit in units if unit.pk not in case.units]]


@clause("9.1.2-2")
@verb("cases.pass_down")
def pass_down(
    order_id: UUID,
    *,
    by: Actor,
    lead_id: UUID | None,
    assist_ids: Sequence[UUID] = (),
    assist_days: int | None = None,
    request: str = "",
) -> Case:
    """Pass a work order down (下派): town to community to grid; the upper order stays answerable."""
    case, order = take_order(order_id, "pass_down", by=by)
    own(order, by)
    units = _units(case, lead_id, assist_ids, KEEP_IT)
    for unit in units:
        _below(order, unit)
    if order.state == WorkOrder.State.TO_SIGN:
        order.state, order.signed_at, order.holder_id = WorkOrder.State.HANDLING, time.now(), by.user_id
        order.save(update_fields=["state", "signed_at", "holder"])
    todos.done(order.pk)
    issue(case, units, by=by, lead=True, request=request, parent=order, own_days=assist_days)
    join(case, units)
    return settle(
        case, "pass_down", by=by, to=derived(case), order=order, text=request,
        fields={
            "主办单位": units[0].name, "协办单位": "、".join(u.name for u in units[1:]),
            **_own_limit(units[1:], assist_days),
        },
        changed=("units",),
    )  # fmt: skip


def _at_the_desk(case: Case, by: Actor) -> None:
    """Only the desk that dispatched changes who works on the case; a unit passes down or whistles instead."""
    if by.unit_id != case.desk_id:
        raise NotAllowed(
            "主办和协办单位只由派遣台调整",
            "您单位可以「下派」给下级，或用「吹哨」请其他单位到场",
            "不属本单位职责的请申请退回",
            code="cases.desk_only",
        )


def _below(order: WorkOrder, unit: Unit) -> None:
    if unit.pk == order.unit_id or not unit.path.startswith(order.unit.path):
        raise BadInput({"lead": [f"只能下派给{order.unit.name}的下级单位；需要其他单位配合请用「吹哨」。"]})


@clause("9.1.2-2")
@verb("cases.add_unit")
def add_units(
    case_id: UUID,
    *,
    by: Actor,
    assist_ids: Sequence[UUID],
    assist_days: int | None = None,
    request: str = "",
    revision: int | None = None,
) -> Case:
    """Add assisting units (加派) to a case that is being worked on."""
    case = take(case_id, "add_unit", by=by, revision=revision)
    _at_the_desk(case, by)
    if not assist_ids:
        raise BadInput({"assist": ["请至少选择一个协办单位。"]})
    busy = {o.unit_id for o in tree(case) if o.state in UNDONE}
    fresh = [pk for pk in dict.fromkeys(assist_ids) if pk not in busy]
    if not fresh:
        raise BadInput({"assist": ["所选单位都已有承办单，不必重复加派。"]})
    units = fit_units(case, fresh, "assist")
    issue(case, units, by=by, request=request, own_days=assist_days)
    join(case, units)
    return settle(
        case, "add_unit", by=by, to=derived(case), text=request,
        fields={"协办单位": "、".join(u.name for u in units), **_own_limit(units, assist_days)}, changed=("units",),
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.transfer")
def transfer(
    case_id: UUID,
    *,
    by: Actor,
    lead_id: UUID | None,
    reason: str,
    request: str | None = None,
    revision: int | None = None,
) -> Case:
    """Give the lead to another unit (转办); the earlier lead's orders are withdrawn with the reason.

    What was asked of the earlier lead (办理要求) goes on to the new one, unless `request` says otherwise; the reason
    stands in the history alone.
    """
    case = take(case_id, "transfer", by=by, revision=revision)
    _at_the_desk(case, by)
    reason = given(reason, "reason", "请写明为什么转办。")
    (unit,) = _units(case, lead_id, ())
    if unit.pk == case.lead_unit_id:
        raise BadInput({"lead": ["现在就是由这个单位主办，请选择其他单位。"]})
    request = asked_of_lead(tree(case)) if request is None else request.strip()
    for order in tree(case):
        if order.part == LEAD and order.state in UNDONE and _in_lead_branch(order, case):
            end(case, order, WorkOrder.State.WITHDRAWN, reason)
    (order,) = issue(case, [unit], by=by, lead=True, request=request)
    case.lead_unit = unit
    join(case, [unit])
    return settle(
        case, "transfer", by=by, to=derived(case), order=order, text=reason,
        public_text=f"已转由{unit.name}办理。", fields={"主办单位": unit.name, "办理要求": request},
        changed=("lead_unit", "units"),
    )  # fmt: skip


def _in_lead_branch(order: WorkOrder, case: Case) -> bool:
    """Whether the order is the lead's root or stands below it."""
    by_id = {o.pk: o for o in tree(case)}
    top = order
    while top.parent_id:
        top = by_id[top.parent_id]
    return top.part == LEAD


def end(case: Case, order: WorkOrder, state: str, reason: str) -> None:
    """End a work order without a result (退回、解除、撤回), and all orders below it."""
    moment = time.now()
    for child in tree(case):
        if child.parent_id == order.pk and child.state in UNDONE:
            end(case, child, WorkOrder.State.WITHDRAWN, reason)
    order.state, order.ended_at, order.end_reason = state, moment, reason[:500]
    order.save(update_fields=["state", "ended_at", "end_reason"])
    todos.done(order.pk)


@clause("9.1.2-2")
@verb("cases.whistle")
def whistle(order_id: UUID, *, by: Actor, unit_ids: Sequence[UUID], hours: int, request: str) -> Case:
    """Call other units to the spot (吹哨报到): they arrive within the limit and give a joint result."""
    case, order = take_order(order_id, "whistle", by=by)
    own(order, by)
    request = given(request, "request", "请写明需要他们到场做什么。")
    if not unit_ids:
        raise BadInput({"assist": ["请选择要请到场的单位。"]})
    if not 1 <= hours <= 72:
        raise BadInput({"hours": ["到场时限请填 1 到 72 小时。"]})
    units = fit_units(case, list(dict.fromkeys(unit_ids)), "assist")
    may_call(case, order.unit, units)
    issue(case, units, by=by, request=request, parent=order, called=True, arrival_hours=hours)
    join(case, units)
    return settle(
        case, "whistle", by=by, to=derived(case), order=order, text=request,
        fields={"请到场": "、".join(u.name for u in units), "到场时限": f"{hours} 小时"}, changed=("units",),
    )  # fmt: skip


@clause("9.1.2-2")
@verb("cases.urge")
def urge(case_id: UUID, *, by: Actor, text: str = "", revision: int | None = None) -> Case:
    """Urge (催办): every unit that still works on it is told; the count stays on the case."""
    case = take(case_id, "urge", by=by, revision=revision)
    _tell_urged(case, by=by, text=text)
    return settle(case, "urge", by=by, text=text, changed=("urged",))


"""How long a reporter waits before he may urge (群众催办间隔): one working day, after his report and after each time."""


@clause("9.1.2-2")
@verb("cases.urge_by_reporter")
def urge_by_reporter(case_id: UUID, *, by: Actor) -> Case:
    """The reporter urges his own matter (群众催办), opened by number and code: at most once in a working day."""
    if by.kind != "citizen":
        raise NotAllowed("这里由上报人催办。", remedy="请用「催办」。", code="cases.for_the_reporter")
    case = seen(case_id, by=by)
    if case.state not in ("to_accept", *VERBS["urge"].frm):
        raise NotNow("这件事现在不需要催办。", "已答复或已办结的事项请填写评价。", code="cases.no_need_to_urge")
    again, before = urging_of(case)
    if again is not None and time.now() < again:
        raise NotNow(
            "刚刚催办过，工作人员已经收到。" if before else "工作人员正在处理，请稍等。",
            f"{time.show(again)} 以后可以催办。", "如有紧急情况请拨打 12345。", code="cases.urged_just_now",
        )  # fmt: skip
    _tell_urged(case, by=by, text="上报人催办")
    return settle(
        case,
        "urge_by_reporter",
        by=by,
        title="上报人催办",
        public_text="已收到您的催办，已提醒承办单位。",
        changed=("urged",),
    )


def _tell_urged(case: Case, *, by: Actor, text: str) -> None:
    """Count it and tell every unit that still works on the case, or the desk."""
    case.urged += 1
    tell_working(case, "cases.urged", by=by, text=text or "无", due=time.show(case.due_at) if case.due_at else "未定")


def tell_working(case: Case, event: str, *, by: Actor, **told: str) -> None:
    """Tell every unit that still works on the case, or the desk where none does."""
    working = [o for o in tree(case) if o.state in UNDONE]
    for order in working:
        tell_unit(
            case, event, by=by, unit_id=order.unit_id, unit=order.unit.name,
            permission="cases.sign" if order.state == "to_sign" else "cases.handle", **told,
        )  # fmt: skip
    if not working and case.desk_id:
        tell_unit(case, event, by=by, unit_id=case.desk_id, permission="cases.dispatch", unit="派遣台", **told)


@clause("9.1.2-2")
@verb("cases.resume")
def resume(case_id: UUID, *, by: Actor, text: str = "", revision: int | None = None) -> Case:
    """Take a held case up again (恢复): the clock goes on from where it stood."""
    case = take(case_id, "resume", by=by, revision=revision)
    total = timing.resume(case.pk, [timing.TOTAL])
    case.due_at, case.yellow_at = (total.due_at, total.yellow_at) if total else (None, None)
    case.state = case.held_from or "handling"
    held = [order for order in tree(case) if order.state == WorkOrder.State.ON_HOLD]
    for order in held:
        order.state = order_state_of(order)
    run_on(held, case, total)
    state, case.state = derived(case), "on_hold"
    case.review_on = None
    settle(case, "resume", by=by, to=state, text=text, changed=("due_at", "yellow_at", "review_on"))
    todos.done(case.pk)
    return case
