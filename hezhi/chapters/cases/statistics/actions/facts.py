"""Making and keeping facts (环节事实), and writing reports (统计报告)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from hezhi.chapters.cases.handling.api import MATTER, Case, Step, renew_words
from hezhi.chapters.cases.handling.models import CallBack, Moved, Rating
from hezhi.chapters.cases.handling.pages.in_grid import with_grid_of_today
from hezhi.chapters.cases.return_visit.api import excluded_cases
from hezhi.chapters.cases.statistics import rules
from hezhi.chapters.cases.statistics.models import Fact, Outcome
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.flow.rules.clocks import Pause
from hezhi.engines.flow.rules.limits import Unit as Clock
from hezhi.engines.flow.rules.working_time import used
from hezhi.engines.flow.timing import Timetable

AT_ONCE = 500
SAME_VERB = timedelta(seconds=5)
"""A verb stores the limit it starts a little before the step that tells of it; both belong to the same round."""
GONE = ("returned", "released", "withdrawn")
READ = (
    "number", "kind", "source", "urgency", "appeal", "category__path", "district", "town", "community", "grid", "units",
    "lead_unit", "secret", "barred_unit", "received_at", "state", "closed_at", "redos", "on_the_spot", "registered_by",
)  # fmt: skip


@dataclass
class Life:
    """Everything that happened to one case, as it stands in the tables of handling."""

    case: Any
    steps: list[Any] = field(default_factory=list)
    orders: list[WorkOrder] = field(default_factory=list)
    deadlines: list[Deadline] = field(default_factory=list)
    call_backs: list[CallBack] = field(default_factory=list)
    ratings: list[Rating] = field(default_factory=list)
    excluded: bool = False
    """Its verdict does not count (已剔除): another unit has so decided."""


def renew(case_ids: Sequence[UUID]) -> int:
    """Make the facts of these cases again from history; gives how many there are. One at a time in the house."""
    if not case_ids:
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext('statistics.facts'))")
        facts = facts_of(case_ids)
        Fact.objects.filter(case__in=list(case_ids)).delete()
        Fact.objects.bulk_create(facts, batch_size=AT_ONCE)
    return len(facts)


def catch_up(most: int = 2000) -> int:
    """Work off the marks (追上变化): words and facts of every case that moved since; gives how many marks there were.

    A mark is seen only when its mover has committed, and the case is read after it: so none is lost, and a case
    that moves meanwhile has a new mark. It goes last: while it stands, a search looks at the case itself.
    """
    marks = list(Moved.objects.order_by("id").values_list("id", "case_id")[:most])
    ids = list(dict.fromkeys(case for _, case in marks))
    for piece in _pieces(ids):
        renew_words(piece)
        renew(piece)
    Moved.objects.filter(pk__in=[key for key, _ in marks]).delete()
    return len(marks)


def rebuild() -> int:
    """Make all facts again from history (重建); gives how many there are. What is no case any more goes."""
    total = 0
    for piece in _pieces(Case.objects.order_by("id").values_list("id", flat=True).iterator(chunk_size=5000)):
        total += renew(piece)
    Fact.objects.exclude(case__in=Case.objects.values("pk")).delete()
    return total


def _pieces(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while piece := list(islice(rest, AT_ONCE)):
        yield piece


def mark_community(community: UUID) -> None:
    """Borders inside a community moved (网格重划): the grids of today of its cases are looked up again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into handling_moved (case_id) select id from handling_case where community_id = %s", [community]
        )


# -- from history to facts -----------------------------------------------------------------------------


def facts_of(case_ids: Sequence[UUID]) -> list[Fact]:
    """The facts of these cases, read from history in eight statements however many there are."""
    rows = (
        with_grid_of_today(Case.objects.filter(pk__in=list(case_ids)).order_by()).select_related("category").only(*READ)
    )
    lives = {case.pk: Life(case) for case in rows}
    ids = list(lives)
    steps = Step.objects.filter(case__in=ids).order_by("at", "id")
    for step in steps.only("case_id", "verb", "from_state", "to_state", "at"):
        lives[step.case_id].steps.append(step)
    orders = WorkOrder.objects.filter(matter_type=MATTER, matter_id__in=ids).select_related("unit")
    for order in orders.defer("request", "reply", "public_reply", "result", "end_reason").order_by("issued_at", "id"):
        lives[order.matter_id].orders.append(order)
    for deadline in Deadline.objects.filter(object_type=MATTER, object_id__in=ids).order_by("started_at", "id"):
        lives[deadline.object_id].deadlines.append(deadline)
    for call in CallBack.objects.filter(case__in=ids, reached=True).order_by("at", "id"):
        lives[call.case_id].call_backs.append(call)
    for rating in Rating.objects.filter(case__in=ids).order_by("at", "id"):
        lives[rating.case_id].ratings.append(rating)
    for key in excluded_cases(ids):
        lives[key].excluded = True
    tables = timing.recent_timetable()
    return [fact for life in lives.values() for fact in _rounds(life, tables)]


def _rounds(life: Life, tables: Timetable) -> Iterator[Fact]:
    """One fact for each round of handling; a redo (重办) ends one and begins the next."""
    case = life.case
    redone = [step.at for step in life.steps if step.verb == "redo"][: case.redos]
    began = [case.received_at, *redone]
    for n, start in enumerate(began, start=1):
        last = n == len(began)
        until = None if last else redone[n - 1]
        yield _fact(life, n, start, until, tables)


def _fact(life: Life, n: int, began: datetime, until: datetime | None, tables: Timetable) -> Fact:
    case = life.case
    fact = Fact(
        case_id=case.pk, round=n, kind=case.kind, source=case.source, urgency=case.urgency, appeal=case.appeal,
        category_id=case.category_id, category_path=case.category.path if case.category else "",
        district_id=case.district_id, town_id=case.town_id, community_id=case.community_id, grid_id=case.grid_id,
        grid_now_id=case.now, units=case.units, secret=case.secret, barred_unit_id=case.barred_unit_id,
        received_at=case.received_at, began_at=began, on_the_spot=case.on_the_spot,
    )  # fmt: skip
    steps = [s for s in life.steps if (n == 1 or s.at > began) and (until is None or s.at <= until)]
    limits = [d for d in life.deadlines if _belongs(d.started_at, n, began, until) and d.state != "dropped"]
    orders = [order for order in life.orders if order.round == n]
    _ended(fact, case, until)
    _counts(fact, steps)
    _accepted(fact, steps, limits, first=n == 1)
    lead = _dispatched(fact, life, steps, orders, tables, last=until is None)
    _handled(fact, steps, limits)
    _checked(fact, life, n, began, until, limits)
    _worked(fact, lead, limits, tables)
    fact.settled_at = rules.settled({name: getattr(fact, name) for name in rules.MOMENTS})
    return fact


def _belongs(at: datetime, n: int, began: datetime, until: datetime | None) -> bool:
    return (n == 1 or at >= began - SAME_VERB) and (until is None or at < until - SAME_VERB)


def _ended(fact: Fact, case: Any, until: datetime | None) -> None:
    if case.state == Outcome.VOID:  # a case made void leaves all counts, with every round it had
        fact.outcome, fact.ended_at = Outcome.VOID, until or case.closed_at
    elif until is not None:
        fact.outcome, fact.ended_at = Outcome.REDONE, until
    elif case.state in (Outcome.CLOSED, Outcome.NOT_ACCEPTED, Outcome.VOID):
        fact.outcome, fact.ended_at = case.state, case.closed_at


def _counts(fact: Fact, steps: list[Any]) -> None:
    verbs = [step.verb for step in steps]
    fact.extensions, fact.holds = verbs.count("extend"), verbs.count("hold")
    fact.send_backs, fact.urged = verbs.count("send_back"), verbs.count("urge")
    fact.dispatches = verbs.count("dispatch")
    fact.returns = sum(step.verb == "return_order" and step.to_state == "to_dispatch" for step in steps)
    fact.answered_directly = "answer_directly" in verbs


def _accepted(fact: Fact, steps: list[Any], limits: list[Deadline], *, first: bool) -> None:
    if not first:
        return
    fact.accepted_at = next((s.at for s in steps if s.verb in ("accept", "answer_directly")), None)
    fact.accept_due = next((d.due_at for d in limits if d.stage == "accept"), None)


def _dispatched(
    fact: Fact, life: Life, steps: list[Any], orders: list[WorkOrder], tables: Timetable, *, last: bool
) -> WorkOrder | None:
    """Dispatch and signing: of the unit that leads at the end of the round; whose was returned has left it."""
    fact.dispatched_at = next((s.at for s in steps if s.verb == "dispatch"), None)
    ready = fact.accepted_at if fact.round == 1 else fact.began_at
    if ready and not fact.answered_directly and not fact.on_the_spot:
        fact.dispatch_due = _planned(fact, "dispatch", ready, tables)
    leads = [o for o in orders if o.part == WorkOrder.Part.LEAD and o.parent_id is None and o.state not in GONE]
    lead = leads[-1] if leads else None
    fact.lead_unit_id = lead.unit_id if lead else life.case.lead_unit_id if last else None
    if lead is not None:
        fact.signed_at = lead.signed_at
        fact.sign_due = _planned(fact, "sign", lead.issued_at, tables)
    for order in orders:
        if order.unit.kind == "grid" and order.state not in GONE:
            fact.worker_id, fact.worker_unit_id = order.replied_by_id or order.holder_id, order.unit_id
    if fact.on_the_spot and fact.worker_id is None:
        fact.worker_id = life.case.registered_by_id
    return lead


def _planned(fact: Fact, stage: str, at: datetime, tables: Timetable) -> datetime | None:
    """When a stage without a running limit of its own should be done, if a rule (时限规则) speaks of it."""
    plan = timing.planned(
        kind=fact.kind, category=fact.category_path, urgency=fact.urgency, stage=stage, at=at, tables=tables
    )
    return plan.due_at if plan else None


def _handled(fact: Fact, steps: list[Any], limits: list[Deadline]) -> None:
    """Disposal: the work is done and signed off, or answered at once, with the main case, or on the spot."""
    for step in steps:
        done = step.to_state == "to_call_back" and step.from_state not in ("to_call_back", "closed")
        if done or step.verb == "answer_merged":
            fact.handled_at = step.at
    if fact.handled_at is None and fact.on_the_spot and fact.outcome == Outcome.CLOSED:
        fact.handled_at = fact.ended_at
    totals = [d for d in limits if d.stage == timing.TOTAL]
    fact.handle_due = totals[-1].due_at if totals else None


def _checked(fact: Fact, life: Life, n: int, began: datetime, until: datetime | None, limits: list[Deadline]) -> None:
    """Verification by calling back, and what the reporter said, in the call or by himself; the later word counts."""
    checks = [d for d in limits if d.stage == "call_back"]
    fact.check_due = checks[-1].due_at if checks else None
    fact.close_due = fact.check_due or fact.handle_due
    calls = [c for c in life.call_backs if (n == 1 or c.at > began) and (until is None or c.at <= until)]
    fact.checked_at = calls[0].at if calls else fact.ended_at if fact.outcome == Outcome.CLOSED else None
    said = [(c.at, c.satisfied) for c in calls if c.satisfied is not None]
    said += [(r.at, not (r.solved is False or r.stars <= 2)) for r in life.ratings if r.round == n]
    if said and not life.excluded:
        fact.rated_at, fact.satisfied = max(said, key=lambda each: each[0])


def _worked(fact: Fact, lead: WorkOrder | None, limits: list[Deadline], tables: Timetable) -> None:
    """Working time of each stage in seconds; what stood still is left out."""
    still, held = _pauses(limits, timing.TOTAL), _pauses(limits, "accept")

    def spent(start: datetime | None, end: datetime | None, pauses: list[Pause] | None = None) -> int | None:
        if start is None or end is None or end < start:
            return None
        return round(used(start, end, Clock.WORKING_MINUTES, tables.calendar, pauses or []) * 60)

    first = fact.round == 1
    fact.work_accept = spent(fact.received_at, fact.accepted_at, held) if first else None
    fact.work_dispatch = spent(fact.accepted_at if first else fact.began_at, fact.dispatched_at)
    fact.work_sign = spent(lead.issued_at, fact.signed_at) if lead else None
    fact.work_handle = spent(fact.dispatched_at, fact.handled_at, still)
    fact.work_check = spent(fact.handled_at, fact.checked_at)
    if fact.outcome in (Outcome.CLOSED, Outcome.REDONE):
        fact.work_total = spent(fact.began_at, fact.ended_at, still)


def _pauses(limits: list[Deadline], stage: str) -> list[Pause]:
    told = [pause for limit in limits if limit.stage == stage for pause in limit.pauses]
    return [
        Pause(datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None) for start, end, _ in told
    ]
