"""How a supervision begins (发起督办): by a rule, by hand from a case, by a leader's word, as part of a campaign."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from hezhi.chapters.cases.handling.api import Case, queries
from hezhi.chapters.cases.supervision import rules
from hezhi.chapters.cases.supervision.actions.turning import (
    MATTER,
    ORDER,
    VEILED,
    before_supervisor,
    before_unit,
    given,
    is_ended,
    settle,
    take,
    tell_unit,
)
from hezhi.chapters.cases.supervision.flows import INSTRUCT, LEAD
from hezhi.chapters.cases.supervision.models import Campaign, Kind, Matter, Rung, SheetCounter, WatchRule
from hezhi.engines.flow import timing, todos
from hezhi.engines.flow.models import AT_WORK, Deadline, WorkOrder
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.limits import Unit as Clock
from hezhi.engines.flow.rules.working_time import due_and_yellow
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.ids import short_number


def begin(
    by: Actor, *, kind: str, title: str, request: str, why: str, units: Sequence[Unit], days: int, rung: Rung,
    case: Case | None = None, rule: WatchRule | None = None, campaign: Campaign | None = None,
    source_due_at: datetime | None = None,
) -> Matter:  # fmt: skip
    """Open a matter within the caller's verb: its first rung, a part for each unit, their to-dos and messages."""
    if case is not None:
        _free(case, kind)
    moment = time.now()
    matter = Matter(
        number=_number(), kind=kind, title=_title(title, case), request=request, why=why[:400], case=case, rule=rule,
        campaign=campaign, source_due_at=source_due_at, rung=rung, rung_since=moment, opened_by_id=by.user_id,
        opened_at=moment, unit_id=supervising(by, case), units=[],
    )  # fmt: skip
    if case is not None:
        for level in ("district_id", "town_id", "community_id", "grid_id"):
            setattr(matter, level, getattr(case, level))
    set_rung(matter, rung)
    matter.save(force_insert=True)
    issue(matter, units, by=by, days=days, request=request)
    wait_on(matter)
    told = ("units", "due_at", "next_at")
    settle(matter, "open", by=by, title=f"发起{matter.get_kind_display()}", text=why, changed=told)
    if not units:
        before_supervisor(matter, "supervise_split")
    return matter


def _title(title: str, case: Case | None) -> str:
    """What a matter is called; of a secret case the words alone that say so."""
    return (VEILED if case is not None and case.secret else title.strip())[:120]


def _free(case: Case, kind: str) -> None:
    """One running matter of a kind per case; the case stays locked, so the second of two people hears it."""
    Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    known = Matter.objects.running().filter(case=case, kind=kind).values_list("number", flat=True).first()
    if known:
        raise NotNow(
            f"这件事已在「{Kind(kind).label}」，编号 {known}。", "同一件事同一类型只督办一次。", "请在原督办事项上办理。",
            code="supervision.already",
        )  # fmt: skip


def _number() -> str:
    """The next number of a supervised matter, from a sequence of the database."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('supervision_number')")
        (n,) = cursor.fetchone()
    return short_number("DB", time.today(), n % 10_000_000)


def supervising(by: Actor, case: Case | None) -> UUID:
    """Which unit supervises: the supervisor's own, else the desk of the case, else the district's centre."""
    if by.unit_id and (by.may(LEAD) or (case is None and by.unit_kind == Unit.Kind.CENTRE)):
        return by.unit_id
    if case is not None and case.desk_id:
        return case.desk_id
    centre = Unit.objects.filter(kind=Unit.Kind.CENTRE, valid_to__isnull=True).order_by("order", "code").first()
    if centre is None:
        raise NotNow("还没有区级中心，不能督办。", remedy="请先建立区级中心。", code="supervision.no_centre")
    return centre.pk


def set_rung(matter: Matter, rung: Rung) -> None:
    """Stand on a rung now: since when, until when an answer is waited for, and the number of the sheet if it has one."""
    matter.rung, matter.rung_since = rung, time.now()
    wait_on(matter)
    if rung.numbered and not matter.sheet_number:
        year = time.today().year
        SheetCounter.objects.get_or_create(year=year)
        counter = SheetCounter.objects.select_for_update().get(year=year)
        counter.last += 1
        counter.save(update_fields=["last"])
        matter.sheet_number, matter.sheet_at = rules.sheet_number(year, counter.last), time.now()


def wait_on(matter: Matter) -> None:
    """Work out when the next rung follows if nobody answers (下次升级): in the rung's own clock, and never before the
    units' own limit is over. Without units nobody can answer, and nothing climbs."""
    rung = matter.rung
    waited = rules.later(time.now(), rung.wait or 0, Clock(rung.clock), timing.timetable().calendar)
    matter.next_at = max(waited, matter.due_at or waited) if waited and matter.units else None


def issue(matter: Matter, units: Sequence[Unit], *, by: Actor, days: int, request: str) -> list[WorkOrder]:
    """Give each unit its part (承办单): a limit of its own in working days, a to-do, a message."""
    moment, known = time.now(), WorkOrder.objects.filter(matter_type=MATTER, matter_id=matter.pk).count()
    due_at, yellow_at = due_and_yellow(moment, Limit(days, Clock.WORKING_DAYS), timing.timetable().calendar)
    orders = [
        WorkOrder(
            matter_type=MATTER, matter_id=matter.pk, number=f"{matter.number}-{known + n:02d}", unit=unit,
            issued_by_unit_id=by.unit_id, request=request, issued_at=moment, due_at=due_at,
        )
        for n, unit in enumerate(units, 1)
    ]  # fmt: skip
    WorkOrder.objects.bulk_create(orders)
    Deadline.objects.bulk_create(
        Deadline(
            object_type=ORDER, object_id=order.pk, unit_id=order.unit_id, why=f"督办反馈时限 {days} 个工作日", amount=days,
            clock=Clock.WORKING_DAYS, started_at=moment, due_at=due_at, yellow_at=yellow_at,
        )
        for order in orders
    )  # fmt: skip
    matter.units = [*matter.units, *(unit.pk for unit in units)]
    matter.due_at = max((at for at in (matter.due_at, due_at) if at and units), default=matter.due_at)
    for order in orders:
        before_unit(matter, order, "supervise_sign")
        tell_unit(
            matter, "supervision.assigned", by=by, unit_id=order.unit_id, permission="supervision.answer",
            kind=matter.get_kind_display(), rung=matter.rung.name, due=time.show(due_at) if due_at else "未定",
            unit=order.unit.name,
        )  # fmt: skip
    return orders


def fit_units(ids: Sequence[UUID], *, case: Case | None, known: Sequence[UUID] = ()) -> list[Unit]:
    """The units with these ids if each may be given this matter; of a secret case only who works on it already."""
    found = {unit.pk: unit for unit in Unit.objects.filter(pk__in=list(ids), valid_to__isnull=True)}
    if len(found) != len(set(ids)):
        raise BadInput({"units": ["所选单位不存在或已停用，请重新选择。"]})
    twice = [found[pk].name for pk in found if pk in known]
    if twice:
        raise BadInput({"units": [f"{'、'.join(twice)}已在承办，不必重复加派。"]})
    if case is not None and case.secret:
        strange = [unit.name for unit in found.values() if unit.pk not in {u.pk for u in units_at_work(case)}]
        if strange:
            raise BadInput({"units": [f"保密件只督办正在承办的单位，不能加入{'、'.join(strange)}。"]})
    return [found[pk] for pk in dict.fromkeys(ids)]


def units_at_work(case: Case) -> list[Unit]:
    """Whom a case is supervised at: the units that hold it from the desk now, else the desk itself."""
    orders = WorkOrder.objects.filter(
        matter_type="handling.case", matter_id=case.pk, parent__isnull=True, state__in=AT_WORK
    )
    found = {order.unit_id: order.unit for order in orders.select_related("unit").order_by("issued_at")}
    if not found and case.desk_id:
        found = {case.desk_id: Unit.objects.get(pk=case.desk_id)}
    return list(found.values())


def first_rung() -> Rung:
    """The lowest rung of the ladder; without a ladder nothing can be supervised."""
    rung = Rung.objects.order_by("order").first()
    if rung is None:
        raise NotNow("还没有督办阶梯。", remedy="请先在「督办阶梯」中设置。", code="supervision.no_ladder")
    return rung


def _rung(rung_id: UUID | None) -> Rung:
    return (Rung.objects.filter(pk=rung_id).first() if rung_id else None) or first_rung()


def _running_case(by: Actor, case_id: UUID) -> Case:
    case = queries.case_for(by, case_id)
    if is_ended(case):
        raise NotNow(f"这件事{case.get_state_display()}，不必再督办。", "请刷新后查看。", code="supervision.case_ended")
    return case


@clause("9.1.2-3-3", "9.1.2-3-1")
@verb("supervision.open")
def supervise(
    case_id: UUID, *, by: Actor, kind: str = Kind.KEY, text: str, unit_ids: Sequence[UUID] = (), days: int = 2,
    rung_id: UUID | None = None,
) -> Matter:  # fmt: skip
    """Supervise a case by hand (发起督办): major complaint, vicious or major incident, or one that is overdue."""
    by.must(LEAD)
    case = _running_case(by, case_id)
    text = given(text, "text", "请写明督办要求。")
    if kind not in (Kind.KEY, Kind.OVERDUE):
        raise BadInput({"kind": ["请选择重点事件督办或超期跟踪督办。"]})
    if kind == Kind.OVERDUE and (case.due_at is None or case.due_at >= time.now()):
        raise BadInput({"kind": ["这件事没有超期，请选择重点事件督办。"]})
    units = fit_units(unit_ids, case=case) if unit_ids else units_at_work(case)
    return begin(
        by, kind=kind, title=case.title, request=text, why=f"由{by.unit_name}{by.name}人工发起。", units=units, days=days,
        rung=_rung(rung_id), case=case, source_due_at=case.due_at if kind == Kind.OVERDUE else None,
    )  # fmt: skip


@clause("9.1.2-3-2")
@verb("supervision.instruct")
def instruct(
    *, by: Actor, text: str, title: str = "", unit_ids: Sequence[UUID] = (), case_id: UUID | None = None, days: int = 3
) -> Matter:
    """A leader's task (批示交办): on a case or by itself; without units the supervisors split it (分解)."""
    by.must(INSTRUCT)
    text = given(text, "text", "请写明批示内容。")
    case = _running_case(by, case_id) if case_id else None
    units = fit_units(unit_ids, case=case) if unit_ids else []
    return begin(
        by, kind=Kind.ASSIGNED, title=title.strip() or (case.title if case else text.splitlines()[0]), request=text,
        why=f"{by.name}（{by.unit_name}{by.post_title}）批示交办。", units=units, days=days, rung=first_rung(), case=case,
    )  # fmt: skip


@clause("9.1.2-3-2")
@verb("supervision.add_unit")
def add_units(
    matter_id: UUID, *, by: Actor, unit_ids: Sequence[UUID], text: str = "", days: int = 2, revision: int | None = None
) -> Matter:
    """Give a matter to further units (分解、加派), each with its own request and limit."""
    matter = take(matter_id, "add_unit", by=by, revision=revision)
    if not unit_ids:
        raise BadInput({"units": ["请选择承办单位。"]})
    units = fit_units(unit_ids, case=matter.case, known=matter.units)
    issue(matter, units, by=by, days=days, request=text.strip() or matter.request)
    wait_on(matter)
    before = "、".join(unit.name for unit in units)
    todos.done(matter.pk)
    return settle(
        matter, "add_unit", by=by, title=f"交{before}办理", text=text, to="open", changed=("units", "due_at", "next_at")
    )
