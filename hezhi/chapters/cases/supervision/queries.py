"""Reads of supervision, always starting from who reads (9.1.2-3)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case as Choice
from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import JSONObject, Least

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.supervision import rules
from hezhi.chapters.cases.supervision.actions.turning import MATTER, nothing, parts_of
from hezhi.chapters.cases.supervision.flows import LIVING, PART, SUPERVISION
from hezhi.chapters.cases.supervision.models import Campaign, CampaignCase, Matter, Rung, Step
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.engines.flow.queries import may_decide
from hezhi.engines.flow.rules.life_cycle import Verb, next_verbs
from hezhi.engines.org.api import Actor, DutyShift, Unit, on_duty_in
from hezhi.engines.reach.api import Call, calling
from hezhi.ground import time
from hezhi.ground.errors import NotFound

CASE_NAMES = ("category", "town", "community", "lead_unit")
"""What is read with the case of a matter, to say what it is about and where."""
PART_NAMES = {state.code: state.name for state in PART.states}
WITHOUT_BUTTON = frozenset({"work"})


def matter_for(by: Actor, matter_id: UUID) -> Matter:
    """One matter that this reader may see, with its names; otherwise «not found»."""
    rows = Matter.objects.visible_to(by).select_related(
        "rung",
        "rule",
        "campaign",
        "unit",
        "opened_by",
        "closed_by",
        "closed_unit",
        *(f"case__{name}" for name in CASE_NAMES),
    )
    found = rows.filter(pk=matter_id).first()
    if found is None:
        raise nothing()
    return found


def sees(by: Actor, matter_id: UUID) -> bool:
    """Whether this reader may open the matter."""
    return Matter.objects.visible_to(by).filter(pk=matter_id).exists()


def is_own(by: Actor, matter: Matter) -> bool:
    """Whether the matter is about the reader's own unit or one above it (回避)."""
    return bool(set(by.above) & set(matter.units))


@dataclass
class PartFile:
    """One unit's part as the page shows it (承办单位的一份)."""

    order: WorkOrder
    state_name: str
    verbs: list[Verb]
    asked: list[Approval]
    duty: list[DutyShift]


@dataclass
class MatterFile:
    """Everything the page of a matter shows, read with a fixed number of queries."""

    matter: Matter
    parts: list[PartFile]
    steps: list[Step]
    verbs: list[Verb]
    rungs: list[Rung]
    case_seen: bool
    decides: set[UUID] = field(default_factory=set)


def matter_file(by: Actor, matter_id: UUID) -> MatterFile:
    """The whole file of a matter for this reader."""
    matter = matter_for(by, matter_id)
    orders = parts_of(matter)
    asked: dict[UUID, list[Approval]] = {order.pk: [] for order in orders}
    found = Approval.objects.filter(object_id__in=list(asked)).select_related("asked_by", "decided_by")
    for approval in found.order_by("asked_at"):
        asked[approval.object_id].append(approval)
    lead = by.may("supervision.lead") and matter.state in ("open", "to_review")
    duty = on_duty_in([order.unit_id for order in orders], time.now()) if lead else {}
    own = is_own(by, matter)
    return MatterFile(
        matter=matter,
        parts=[
            PartFile(o, PART_NAMES[o.state], _part_verbs(by, matter, o, own), asked[o.pk], duty.get(o.unit_id, []))
            for o in orders
        ],
        steps=list(Step.objects.filter(matter=matter).order_by("at", "id")),
        verbs=_verbs(by, matter, own),
        rungs=list(Rung.objects.order_by("order")),
        case_seen=matter.case_id is not None and Case.objects.visible_to(by).filter(pk=matter.case_id).exists(),
        decides=set() if own else {a.pk for a in found if may_decide(by, a)},
    )


def _verbs(by: Actor, matter: Matter, own: bool) -> list[Verb]:
    shut = WITHOUT_BUTTON | ({v.code for v in SUPERVISION.verbs if v.guards} if own else set())
    found = [v for v in next_verbs(SUPERVISION, matter.state, by.permissions) if v.code not in shut]
    if matter.rung.wait is None:  # the last rung
        found = [v for v in found if v.code != "climb"]
    return found if matter.units else [v for v in found if v.code not in ("call", "climb")]


def _part_verbs(by: Actor, matter: Matter, order: WorkOrder, own: bool) -> list[Verb]:
    if matter.state not in ("open", "to_review"):
        return []
    mine = by.unit_id == order.unit_id or order.unit_id in by.scope.units
    return [
        verb for verb in next_verbs(PART, order.state, by.permissions)
        if (mine if verb.right == "supervision.answer" else not own)
    ]  # fmt: skip


def matter_of_part(by: Actor, order_id: UUID) -> UUID:
    """The matter of a part that this reader may see."""
    found = WorkOrder.objects.filter(pk=order_id, matter_type=MATTER).values_list("matter_id", flat=True).first()
    if found is None or not Matter.objects.visible_to(by).filter(pk=found).exists():
        raise nothing()
    return found


def with_case(by: Actor) -> dict[str, Any]:
    """The supervisions of a case that this reader may see, newest first, to be read with the case itself."""
    if not by.may("supervision.view"):
        return {}
    told = JSONObject(id="id", number="number", kind="kind", rung="rung__name", state="state", why="why")
    rows = Matter.objects.visible_to(by).filter(case=OuterRef("pk")).order_by("-opened_at")
    return {"supervisions": ArraySubquery(rows.values(told=told))}


def unit_names(ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of units by id."""
    return dict(Unit.objects.filter(pk__in=set(ids)).values_list("pk", "name"))


# -- the board -----------------------------------------------------------------------------------------


@dataclass
class BoardLine:
    """One unit on the board (督办看板): its running matters by age."""

    unit_id: UUID
    unit: str
    ages: list[int]
    late: int
    top: int

    @property
    def total(self) -> int:
        """All running matters of the unit."""
        return sum(self.ages)


AGE_NAMES = [*(name for _, name in rules.AGES), rules.OLDEST]


RED = 3
SETTLED = ("done", "released")
"""How a part stands that its unit owes nothing more of."""


def to_review() -> Q:
    """Running matters in which an answer waits to be reviewed (待审核), even while another of their units still works."""
    waits = WorkOrder.objects.filter(matter_type=MATTER, matter_id=OuterRef("pk"), state="to_review")
    return Q(state__in=LIVING) & Q(Exists(waits))


def high() -> Q:
    """Running matters on the red card or higher (红牌及以上)."""
    return Q(state__in=LIVING, rung__order__gte=RED)


def with_unit(units: Sequence[UUID]) -> Q:
    """Running matters of which one of these units still owes its part, as the board counts them (在办单位)."""
    found = Q(pk__in=[])
    for unit in units:
        settled = WorkOrder.objects.filter(matter_type=MATTER, matter_id=OuterRef("pk"), unit=unit, state__in=SETTLED)
        found |= Q(units__contains=[unit]) & ~Q(Exists(settled))
    return Q(state__in=LIVING) & found


def of_age(place: int) -> Q:
    """Running matters of one column of the board (在督时长)."""
    calendar, moment = timing.timetable().calendar, time.now()
    found = Q(state__in=LIVING)
    if place < len(rules.AGES):
        found &= Q(opened_at__gte=rules.opened_since(rules.AGES[place][0], moment, calendar))
    if place > 0:
        found &= Q(opened_at__lt=rules.opened_since(rules.AGES[place - 1][0], moment, calendar))
    return found


def board(by: Actor) -> list[BoardLine]:
    """Running matters by unit and age in working days, the most laden first; a matter of two units counts at both."""
    rows = list(
        Matter.objects.visible_to(by)
        .running()
        .values_list("pk", "units", "opened_at", "due_at", "rung__order", "state")
    )
    answered = {
        (matter, unit)
        for matter, unit in WorkOrder.objects.filter(
            matter_type=MATTER, matter_id__in=[row[0] for row in rows], state__in=SETTLED
        ).values_list("matter_id", "unit_id")
    }
    names = unit_names([unit for row in rows for unit in row[1]])
    calendar, moment = timing.timetable().calendar, time.now()
    lines: dict[UUID, BoardLine] = {}
    for key, units, opened_at, due_at, order, state in rows:
        place = AGE_NAMES.index(rules.age(opened_at, moment, calendar))
        for unit in units:
            if (key, unit) in answered or (
                not by.scope.everything and unit not in by.scope.units and not by.scope.area
            ):
                continue
            line = lines.setdefault(unit, BoardLine(unit, names.get(unit, "已撤销单位"), [0] * len(AGE_NAMES), 0, 0))
            line.ages[place] += 1
            line.late += bool(due_at and due_at < moment and state == "open")
            line.top += order >= RED
    return sorted(lines.values(), key=lambda each: (-each.total, each.unit))


# -- campaigns -----------------------------------------------------------------------------------------


@dataclass
class Progress:
    """How far a campaign is (专项进度), counted over what this reader may see."""

    total: int = 0
    ended: int = 0
    late: int = 0
    supervised: int = 0
    lines: list[tuple[str, int, int, int]] = field(default_factory=list)

    @property
    def share(self) -> int:
        """Done in whole per cent, rounded down: a hundred means all of them."""
        return self.ended * 100 // self.total if self.total else 0


def campaigns(by: Actor) -> list[tuple[Campaign, Progress]]:
    """The campaigns this reader may see, running ones first, each with its progress."""
    found = Campaign.objects.visible_to(by).select_related("unit", "opened_by")
    rows = found.order_by(F("closed_at").desc(nulls_first=True), "-opened_at")[:50]
    return [(campaign, progress(by, campaign)) for campaign in rows]


def campaign_for(by: Actor, campaign_id: UUID) -> Campaign:
    """One campaign that this reader may see."""
    rows = Campaign.objects.visible_to(by).select_related("unit", "opened_by")
    found = rows.filter(pk=campaign_id).first()
    if found is None:
        raise NotFound("没有找到这个专项。", code="supervision.no_campaign")
    return found


def progress(by: Actor, campaign: Campaign, *, lines: bool = False) -> Progress:
    """Counts of a campaign's cases or tasks that this reader may see; with `lines` by leading unit too."""
    tasks = campaign.kind == Campaign.Kind.TASKS
    found: tuple[Any, Q, Q] = _tasks(by, campaign) if tasks else _cases(by, campaign)
    rows, ended, late = found
    told = rows.aggregate(n=Count("pk"), ended=Count("pk", filter=ended), late=Count("pk", filter=late & ~ended))
    made = Progress(told["n"], told["ended"], told["late"])
    made.supervised = Matter.objects.visible_to(by).filter(campaign=campaign).count()
    if lines and not tasks:
        grouped = rows.values("lead_unit__name").annotate(
            n=Count("pk"), ended=Count("pk", filter=ended), late=Count("pk", filter=late & ~ended)
        )
        made.lines = [
            (each["lead_unit__name"] or "未派遣", each["n"], each["ended"], each["late"])
            for each in grouped.order_by("-n", "lead_unit__name")
        ]
    return made


def _cases(by: Actor, campaign: Campaign) -> tuple[QuerySet[Case], Q, Q]:
    members = CampaignCase.objects.filter(campaign=campaign).values("case")
    done = Q(state__in=("closed", "not_accepted", "merged", "void", "to_call_back"))
    return Case.objects.visible_to(by).filter(pk__in=members), done, Q(due_at__lt=time.now())


def _tasks(by: Actor, campaign: Campaign) -> tuple[QuerySet[Matter], Q, Q]:
    rows = Matter.objects.visible_to(by).filter(campaign=campaign).exclude(state="cancelled")
    return rows, Q(state="closed"), Q(due_at__lt=time.now(), state="open")


def matters_of(by: Actor, campaign: Campaign, most: int = 200) -> list[Matter]:
    """The matters of a campaign that this reader may see, oldest limit first."""
    rows = Matter.objects.visible_to(by).filter(campaign=campaign).select_related("rung", "case")
    return list(rows.order_by("state", "due_at", "number")[:most])


# -- a leader's phone ----------------------------------------------------------------------------------

GRAVE = 5


def pressing(by: Actor, most: int = 10) -> list[Matter]:
    """What a leader looks at next (领导关注): others' running matters, the highest rung and the oldest limit first."""
    rows = _running(by).exclude(opened_by=by.user_id, opened_by__isnull=False)
    return list(rows.order_by("-rung__order", F("due_at").asc(nulls_last=True), "number")[:most])


def instructed(by: Actor, most: int = 10) -> list[Matter]:
    """What this leader has asked for himself and is not closed yet (我交办的), newest first."""
    return list(_running(by).filter(opened_by=by.user_id).order_by("-opened_at")[:most])


def _running(by: Actor) -> QuerySet[Matter]:
    return Matter.objects.visible_to(by).running().select_related("rung", *(f"case__{name}" for name in CASE_NAMES))


def counts(by: Actor) -> dict[str, int]:
    """How many matters run, wait for review, are late, stand on the red card or higher."""
    rows = Matter.objects.visible_to(by).running()
    late = Q(due_at__lt=time.now(), state="open")
    return rows.aggregate(
        running=Count("pk"), to_review=Count("pk", filter=to_review()), late=Count("pk", filter=late),
        high=Count("pk", filter=high()),
    )  # fmt: skip


def calls_told(by: Actor) -> tuple[int, int]:
    """Calls about matters this month (本月督导通话): all in the files, by telephone too; how many by voice or video got through."""
    first = time.at_local(time.today().replace(day=1))
    seen = Matter.objects.visible_to(by).values("pk")
    steps = Step.objects.filter(verb="call", at__gte=first, matter__in=seen).count()
    through = Call.objects.filter(object_type=MATTER, object_id__in=seen, asked_at__gte=first, result=calling.ANSWERED)
    return steps, through.count()


@dataclass(frozen=True)
class Today:
    """The day in four figures (今日事件): what came in, what was closed, what is open, and how much of it is late."""

    received: int
    closed: int
    open: int
    late: int


def today(by: Actor) -> Today:
    """The day's figures of what this reader may see; each by an index of its own.

    What came in and was closed is counted as statistics do; what is open and late as the list shows it.
    """
    midnight = time.local(time.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Case.objects.visible_to(by).exclude(state="void")
    standing = rows.open().aggregate(n=Count("pk"), late=Count("pk", filter=Q(due_at__lt=time.now())))
    return Today(
        rows.counted().filter(received_at__gte=midnight).count(),
        rows.counted().filter(state="closed", closed_at__gte=midnight).count(),
        standing["n"], standing["late"],
    )  # fmt: skip


def late_by_unit(by: Actor, most: int = 8) -> list[tuple[UUID | None, str, int]]:
    """Overdue cases by leading unit (各单位超期), the most first; what is not dispatched yet stands under its desk."""
    rows = Case.objects.visible_to(by).open().filter(due_at__lt=time.now())
    found = rows.values("lead_unit", "lead_unit__name").annotate(n=Count("pk")).order_by("-n", "lead_unit__name")
    return [(row["lead_unit"], row["lead_unit__name"] or "尚未派遣", row["n"]) for row in found[:most]]


def gravest(by: Actor, most: int = GRAVE) -> list[Case]:
    """The gravest open cases (最要紧的事件): by urgency, time over its limit, how often redone and urged, told by many.

    The weights stand in `rules`; `rules.gravity_words` says of each case why it stands there.
    """
    weighed = [When(condition, then=Value(weight)) for condition, weight in _URGENT]
    hours = ExpressionWrapper((Value(time.now()) - F("due_at")), output_field=DurationField())
    late = Choice(
        When(due_at__lt=time.now() - timedelta(days=5), then=Value(rules.VERY_LATE)),
        When(due_at__lt=time.now(), then=Value(rules.LATE)), default=Value(0),
    )  # fmt: skip
    rows = Case.objects.visible_to(by).open().exclude(state__in=("to_call_back", "to_supplement", "on_hold"))
    return list(
        rows.annotate(
            grave=Choice(*weighed, default=Value(0)) + late
            + Least(F("redos"), Value(3)) * rules.REDONE + Least(F("urged"), Value(5)) * rules.URGED
            + Choice(When(mark="group", then=Value(rules.BY_MANY)), default=Value(0)),
            over=hours,
            watched=Exists(Matter.objects.running().filter(case=OuterRef("pk"))),
        ).filter(grave__gt=0).select_related(*CASE_NAMES).order_by("-grave", F("over").desc(nulls_last=True), "received_at")[:most]
    )  # fmt: skip


_URGENT = [(Q(urgency=code), weight) for code, weight in rules.BY_URGENCY.items()]
