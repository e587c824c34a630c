"""Events and the ordinary flow of their places, read once for all questions of a round (态势底表).

Nothing in it names a person: cases are times, places, kinds and units; reporters are numbers of this one reading.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models.fields.json import KT

from hezhi.chapters.awareness.early_warning import rules
from hezhi.chapters.awareness.early_warning.rules import BASE_DAYS, Burst, Facts, Report
from hezhi.chapters.cases.handling.api import ENDED, MATTER, Case, Category, queries
from hezhi.engines.analysis.models import Event, EventMessage

LEVELS = ("community", "town", "district")
MOST_DAYS = 14
"""The longest window of a model."""
MOSTLY = 0.8
"""An event lies in the smallest area that holds so much of it."""
WINDOW = 3
MOST_CASES = 300_000


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What of a case counts here (事件事实)."""

    at: datetime
    areas: tuple[UUID | None, UUID | None, UUID | None]
    path: str
    urgent: bool
    source: str
    closed_at: datetime | None
    open: bool
    lead: UUID | None = None

    @property
    def root(self) -> str:
        return self.path.split("/")[0]


@dataclass(frozen=True, slots=True)
class Member:
    """One message of an event: when, which case, its title with numbers masked, which reporter of this reading."""

    at: datetime
    case: UUID
    title: str
    reporter: int


@dataclass
class Field:
    """Everything a round asks of (底表): cases by id, the flow of each place and kind, events with their members."""

    cases: dict[UUID, CaseFacts] = field(default_factory=dict)
    flow: dict[tuple[UUID | None, str], list[datetime]] = field(default_factory=dict)
    events: dict[UUID, list[Member]] = field(default_factory=dict)
    since: datetime | None = None
    strays: dict[UUID, UUID | None] = field(default_factory=dict)
    """Messages whose case is led by another unit than the stream knows, and by which."""

    def usual(self, area: UUID | None, root: str, now: datetime, days: float) -> int:
        """How many came of this place and kind in the 28 days before the window."""
        times = self.flow.get((area, root), [])
        end = now - timedelta(days=days)
        return bisect_right(times, end) - bisect_left(times, end - timedelta(days=BASE_DAYS))

    def place_of(self, event: UUID) -> UUID | None:
        """The smallest area that holds most of an event."""
        told = [self.cases[m.case].areas for m in self.events[event] if m.case in self.cases]
        for n in range(len(LEVELS)):
            found = Counter(areas[n] for areas in told if areas[n])
            if found and found.most_common(1)[0][1] >= MOSTLY * len(told):
                return found.most_common(1)[0][0]
        return None

    def root_of(self, event: UUID) -> str:
        """The kind most of its cases have; nothing while none is known."""
        found = Counter(self.cases[m.case].root for m in self.events[event] if m.case in self.cases)
        found.pop("", None)
        return found.most_common(1)[0][0] if found else ""

    def kind_of(self, event: UUID) -> str:
        """The path of the kind that most of its cases have, known or surely suggested; nothing while less than half have it."""
        told = [self.cases[m.case].path for m in self.events[event] if m.case in self.cases]
        path, seen = Counter(told).most_common(1)[0] if told else ("", 0)
        return path if seen * 2 >= len(told) else ""

    def reports(self, event: UUID, now: datetime) -> tuple[Report, ...]:
        """Its messages up to a moment."""
        return tuple(Report(m.at, m.reporter) for m in self.events[event] if m.at <= now)

    def burst(self, event: UUID, now: datetime, days: float) -> Burst:
        """How it bursts against its place's own rate of the same kind."""
        seen = rules.reporters_within(self.reports(event, now), now, timedelta(days=days))
        return rules.burst(seen, self.usual(self.place_of(event), self.root_of(event), now, days), days)

    def bursts(self, events: Iterable[UUID], now: datetime, days: float) -> dict[UUID, tuple[Burst, bool]]:
        """The bursts of events that more than one person reported lately, and which lie beyond chance among all of them."""
        found = {event: self.burst(event, now, days) for event in events}
        tested = [event for event, burst in found.items() if burst.seen > 1]
        beyond = dict(
            zip(tested, rules.significant([found[event].chance for event in tested]), strict=True) if tested else ()
        )
        return {event: (burst, beyond.get(event, False)) for event, burst in found.items()}

    def facts(self, event: UUID, now: datetime, burst: Burst, beyond: bool) -> Facts:
        """How an event stands at a moment."""
        members = [m for m in self.events[event] if m.at <= now]
        cases = [self.cases[m.case] for m in members if m.case in self.cases]
        reports = self.reports(event, now)
        waiting = [c.at for c in cases if c.open or (c.closed_at is not None and c.closed_at > now)]
        return Facts(
            reports=reports, burst=burst, beyond=beyond, heat=rules.heat(reports, now),
            categories=frozenset(c.path for c in cases if c.path),
            areas=frozenset(str(area) for c in cases for area in c.areas if area),
            titles=tuple(m.title for m in members), urgent=any(c.urgent for c in cases),
            oldest_open=min(waiting, default=None),
        )  # fmt: skip


def read_field(now: datetime, *, days: int, events: Sequence[UUID] | None = None) -> Field:
    """Read what came in within so many days before now, and the events that had a message then (底表).

    Of more than 300,000 cases the newest are taken; `since` says from when. Until somebody confirms a kind the suggested one
    counts where the suggestion is sure: a burst is there before the desk has looked at it.
    """
    since = now - timedelta(days=days + MOST_DAYS + BASE_DAYS)
    rows = (
        Case.objects.filter(secret=False, received_at__gt=since, received_at__lte=now)
        .exclude(state="void")
        .order_by("-received_at")
        .values_list(
            "id", "received_at", "community_id", "town_id", "district_id", "category__path", "urgency", "source",
            "closed_at", "state", "lead_unit_id", KT("suggestion__category"), KT("suggestion__confident"),
        )[:MOST_CASES]
    )  # fmt: skip
    paths = dict(Category.objects.values_list("code", "path"))
    made = Field(since=since)
    flow: dict[tuple[UUID | None, str], list[datetime]] = defaultdict(list)
    for key, at, community, town, district, path, urgency, source, closed_at, state, lead, kind, sure in rows.iterator(
        5000
    ):
        case = CaseFacts(
            at,
            (community, town, district),
            path or (paths.get(kind, "") if sure == "true" else ""),
            urgency != "normal",
            source,
            closed_at,
            state not in ENDED,
            lead,
        )
        made.cases[key] = case
        made.since = at if len(made.cases) == MOST_CASES else made.since
        for area in case.areas:
            flow[area, ""].append(at)
            if case.root:
                flow[area, case.root].append(at)
    made.flow = {name: sorted(times) for name, times in flow.items()}
    _read_events(made, now - timedelta(days=days), now, events)
    return made


def _read_events(made: Field, since: datetime, now: datetime, events: Sequence[UUID] | None) -> None:
    living = Event.objects.exclude(state=Event.State.MERGED).filter(messages__at__gt=since, messages__at__lte=now)
    if events is not None:
        living = living.filter(pk__in=list(events))
    rows = list(
        EventMessage.objects.filter(source=MATTER, at__lte=now, event__in=living.values("pk"))
        .order_by("at", "id")
        .values_list("event_id", "key", "at", "title", "unit_id")
    )
    reporters = queries.told_by([key for _, key, *_ in rows])
    found: dict[UUID, list[Member]] = defaultdict(list)
    for n, (event, key, at, title, unit) in enumerate(rows):
        if key in made.cases and made.cases[key].lead != unit:
            made.strays[key] = made.cases[key].lead
        found[event].append(Member(at, key, title, reporters.get(key, -1 - n)))
    made.events = dict(found)
