"""The ladder (督办阶梯) and the clock: what opens by a rule, what climbs by itself, what the supervisors say and call."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.supervision import rules
from hezhi.chapters.cases.supervision.actions.opening import begin, set_rung, units_at_work
from hezhi.chapters.cases.supervision.actions.turning import (
    before_supervisor,
    given,
    is_ended,
    parts_of,
    seat,
    settle,
    take,
    tell_opener,
    tell_unit,
)
from hezhi.chapters.cases.supervision.flows import INSTRUCT
from hezhi.chapters.cases.supervision.models import Kind, Matter, Rung, WatchRule
from hezhi.engines.flow import timing
from hezhi.engines.flow.rules.limits import Unit as Clock
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.org.scope import any_of
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow

AT_WORK = ("to_sign", "handling")
AT_ONCE = 200
"""How many a round opens at the most: a heap of old cases is worked off minute by minute."""
REQUESTS = {
    Kind.OVERDUE: "请立即办理，并反馈超期原因、当前进展和预计办结时间。",
    Kind.KEY: "请按重点事件办理，专人负责，及时反馈处置进展。",
}


# -- climbing ------------------------------------------------------------------------------------------


@clause("9.1.2-3-1")
@verb("supervision.climb")
def climb(matter_id: UUID, *, by: Actor, text: str, revision: int | None = None) -> Matter:
    """Go one rung up by hand (升级督办), with the reason."""
    matter = take(matter_id, "climb", by=by, revision=revision)
    return step_up(matter, by=by, text=given(text, "text", "请写明升级理由。"))


def step_up(matter: Matter, *, by: Actor, text: str) -> Matter:
    """Stand on the next rung and tell the units that have not answered, and who must know."""
    rung = Rung.objects.filter(order__gt=matter.rung.order).order_by("order").first()
    if rung is None:
        raise NotNow(f"已是最后一级「{matter.rung.name}」。", "督办阶梯上没有更高的一级。", code="supervision.top_rung")
    set_rung(matter, rung)
    for order in parts_of(matter):
        if order.state in AT_WORK:
            tell_unit(
                matter, "supervision.climbed", by=by, unit_id=order.unit_id, permission="supervision.answer", rung=rung.name,
                due=time.show(order.due_at) if order.due_at else "未定", unit=order.unit.name, sheet=matter.sheet_number or "无",
            )  # fmt: skip
    if rung.to_leaders:
        names = "、".join(order.unit.name for order in parts_of(matter) if order.state in AT_WORK) or "承办单位"
        tell_unit(
            matter, "supervision.climbed", by=by, unit_id=seat(matter), permission=INSTRUCT, rung=rung.name,
            due=time.show(matter.due_at) if matter.due_at else "未定", unit=names, sheet=matter.sheet_number or "无",
        )  # fmt: skip
    tell_opener(
        matter, "supervision.climbed", by=by, rung=rung.name, due=time.show(matter.due_at) if matter.due_at else "未定",
        unit="承办单位", sheet=matter.sheet_number or "无",
    )  # fmt: skip
    named = f"升为「{rung.name}」" + (f"，{matter.sheet_number}" if rung.numbered else "")
    return settle(
        matter, "climb", by=by, title=named, text=text,
        changed=("rung", "rung_since", "next_at", "sheet_number", "sheet_at"),
    )  # fmt: skip


@clause("9.1.2-3-1")
def climb_due(by: Actor) -> int:
    """Let every matter climb whose wait is over (自动升级); each in a transaction of its own, twice does nothing."""
    waiting = (
        Matter.objects.filter(state="open", next_at__lte=time.now()).order_by("next_at").values_list("pk", flat=True)
    )
    return sum(_climb_one(by, key) for key in list(waiting[:500]))


def _climb_one(by: Actor, key: UUID) -> int:
    with acting(by, verb="supervision.climb") as deed:
        rows = Matter.objects.select_for_update(of=("self",), skip_locked=True)
        matter = rows.filter(pk=key, state="open", next_at__lte=time.now()).first()
        if matter is None:
            return 0
        deed.on(matter)
        rung = matter.rung
        then = Rung.objects.filter(order__gt=rung.order).order_by("order").first()
        if then is None:  # the ladder was shortened meanwhile
            matter.next_at = None
            matter.save(update_fields=["next_at"])
            return 0
        step_up(matter, by=by, text=rules.climbed_because(rung.name, rung.wait or 0, Clock(rung.clock), then.name))
    return 1


# -- opening by a rule ---------------------------------------------------------------------------------


def watches() -> tuple[list[rules.Watch], dict[str, WatchRule]]:
    """The rules in force as values, and their rows by key."""
    today = time.today()
    rows = WatchRule.objects.filter(valid_from__lte=today).filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
    known = {str(row.pk): row for row in rows.select_related("rung", "category")}
    return [_watch(row) for row in known.values()], known


def _watch(row: WatchRule) -> rules.Watch:
    return rules.Watch(
        key=str(row.pk), name=row.name, kind=row.kind, order=row.rung.order, rung=row.rung.name, late=row.late,
        clock=Clock(row.clock), urgency=row.urgency, category=tuple(row.category.path.split("/")) if row.category else (),
        category_name=row.category.full_name if row.category else "", appeal=row.appeal, redos=row.redos, basis=row.basis,
        valid_from=row.valid_from,
    )  # fmt: skip


def _facts(case: Case) -> rules.Facts:
    return rules.Facts(
        due_at=case.due_at, urgency=case.urgency, category=tuple(case.category.path.split("/")) if case.category else (),
        appeal=case.appeal, redos=case.redos, received_at=case.received_at,
    )  # fmt: skip


def _unwatched(kind: str, told: list[rules.Watch]) -> Iterator[Case]:
    """Cases that a rule of this kind might open: running, not supervised in this kind, not once for this very limit."""
    mine = Matter.objects.filter(case=OuterRef("pk"), kind=kind)
    cases = Case.objects.open().exclude(state="to_call_back")
    if kind == Kind.OVERDUE:
        again = mine.filter(Q(state__in=("open", "to_review")) | Q(source_due_at=OuterRef("due_at")))
        cases = cases.filter(~Exists(again), due_at__lt=time.now()).order_by("due_at")
    else:
        cases = cases.filter(any_of([_meant(watch) for watch in told]), ~Exists(mine))
    rows = cases.select_related("category").only(
        "due_at", "urgency", "appeal", "redos", "received_at", "category__path", "state", "desk"
    )
    yield from rows.iterator(chunk_size=500)


def _meant(watch: rules.Watch) -> Q:
    """The cases a rule of important matters means, for the database; `rules.why` has the last word."""
    meant = Q(received_at__gte=time.at_local(watch.valid_from or time.today()), redos__gte=watch.redos)
    meant &= Q(urgency=watch.urgency) if watch.urgency else Q()
    meant &= Q(appeal=watch.appeal) if watch.appeal else Q()
    return meant & (Q(category__path__startswith="/".join(watch.category)) if watch.category else Q())


@clause("9.1.2-3-1", "9.1.2-3-3")
def open_by_rules(by: Actor, kind: str, *, most: int = AT_ONCE) -> int:
    """Open what the rules of a kind ask for (规则自动发起), so many in a round; running twice opens nothing twice."""
    told, known = watches()
    told = [watch for watch in told if watch.kind == kind]
    if not told:
        return 0
    calendar, opened = timing.timetable().calendar, 0
    for light in _unwatched(kind, told):
        if opened >= most:
            break
        found = rules.best(told, _facts(light), time.now(), calendar)
        if found is not None:
            opened += _open_one(by, light.pk, known[found[0].key], found[1])
    return opened


def _open_one(by: Actor, key: UUID, rule: WatchRule, why: str) -> int:
    """Open one, unless somebody was quicker or the case has gone on since."""
    with acting(by, verb="supervision.open_by_rule") as deed:
        case = Case.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=key).first()
        running = Matter.objects.running().filter(case=key, kind=rule.kind).exists()
        if case is None or is_ended(case) or running:
            return 0
        units = [unit for unit in units_at_work(case) if unit.pk != case.barred_unit_id]
        matter = begin(
            by, kind=rule.kind, title=case.title, request=REQUESTS[Kind(rule.kind)], why=why, units=units, days=rule.days,
            rung=rule.rung, case=case, rule=rule, source_due_at=case.due_at if rule.kind == Kind.OVERDUE else None,
        )  # fmt: skip
        deed.on(matter)
    return 1


def follow_cases(by: Actor) -> int:
    """When the case itself is done (事件已办结), the ladder stands still and the supervisors are to close."""
    done = 0
    rows = Matter.objects.running().filter(case__isnull=False, case_ended_at__isnull=True)
    for key in rows.filter(case__state__in=("closed", "not_accepted", "merged", "void", "to_call_back")).values_list(
        "pk", flat=True
    )[:500]:
        with acting(by, verb="supervision.case_ended") as deed:
            matter = (
                Matter.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(pk=key, case_ended_at__isnull=True)
                .select_related("case")
                .first()
            )
            if matter is None:
                continue
            deed.on(matter)
            matter.case_ended_at, matter.next_at = time.now(), None
            before_supervisor(matter, "supervise_close")
            settle(
                matter, "case_ended", by=by, title=f"所督事件{matter.case.get_state_display()}",  # type: ignore[union-attr]
                text="督办阶梯停止升级，请督查人员核实后销号。", changed=("case_ended_at", "next_at"),
            )  # fmt: skip
            done += 1
    return done


# -- what is said and called ---------------------------------------------------------------------------


@clause("9.1.2-3-2")
@verb("supervision.opinion")
def opinion(matter_id: UUID, *, by: Actor, text: str, revision: int | None = None) -> Matter:
    """A leader's word on a matter (批示意见): the units and the supervisors read it at once."""
    matter = take(matter_id, "opinion", by=by, revision=revision)
    text = given(text, "text", "请写明批示意见。")
    for order in parts_of(matter):
        if order.state in (*AT_WORK, "to_review"):
            tell_unit(
                matter,
                "supervision.opinion",
                by=by,
                unit_id=order.unit_id,
                permission="supervision.answer",
                leader=by.name,
            )
    tell_unit(matter, "supervision.opinion", by=by, unit_id=seat(matter), permission="supervision.lead", leader=by.name)
    return settle(matter, "opinion", by=by, text=text)


@clause("9.1.2-3-1")
@verb("supervision.note")
def note(matter_id: UUID, *, by: Actor, text: str, revision: int | None = None) -> Matter:
    """Write down what the supervisor did (督办记录)."""
    matter = take(matter_id, "note", by=by, revision=revision)
    return settle(matter, "note", by=by, text=given(text, "text", "请写明督办情况。"))


@clause("9.1.2-3-1")
@verb("supervision.call")
def call(matter_id: UUID, *, by: Actor, unit_id: UUID, text: str) -> Matter:
    """Write down a call by telephone (固话或手机督导登记); calls by voice and video ring and are written by `calling`."""
    matter = take(matter_id, "call", by=by)
    if unit_id not in matter.units:
        raise BadInput({"unit": ["请选择承办单位。"]})
    text = given(text, "text", "固话或手机督导请写明通话情况。")
    return settle(matter, "call", by=by, title=f"电话督导{Unit.objects.get(pk=unit_id).name}", text=text)
