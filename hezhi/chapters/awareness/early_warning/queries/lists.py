"""What a reader sees of events and warnings, always starting from who reads (9.1.4-1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from hezhi.chapters.awareness.early_warning import rules
from hezhi.chapters.awareness.early_warning.models import Standing, Warning, WarningModel
from hezhi.chapters.cases.handling.api import MATTER, Case, Source
from hezhi.engines.analysis import queries as analysis
from hezhi.engines.analysis.events.titles import Member, name_of, without_names
from hezhi.engines.analysis.models import Event, EventMessage, EventProposal, Regrouping
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, Unit
from hezhi.ground import time
from hezhi.ground.errors import NotFound

PAGE = 50
SORTS = {"heat": "-heat", "burst": "chance", "last": "-last_at", "size": "-messages"}


@dataclass(frozen=True)
class Line:
    """One event in the list: what it is called for this reader, and how it stands."""

    standing: Standing
    title: str
    sources: str
    warnings: int


def standings(by: Actor) -> QuerySet[Standing]:
    """How the living events that this reader may see stand."""
    seen = Event.objects.visible_to(by).exclude(state=Event.State.MERGED).values("pk")
    return Standing.objects.filter(event__in=seen).select_related("event", "place", "category")


def lines(by: Actor, asked: QuerySet[Standing], *, page: int = 1) -> list[Line]:
    """One page of the list."""
    rows = list(asked.defer("place__shape", "place__centre")[(page - 1) * PAGE : page * PAGE])
    warned = Counter(
        Warning.objects.filter(event__in=[row.event_id for row in rows]).values_list("event_id", flat=True)
    )
    return [Line(row, title_of(by, row.event), told_sources(row.sources), warned[row.event_id]) for row in rows]


def title_of(by: Actor, event: Event) -> str:
    """What an event is called for this reader: from the messages he may see."""
    if by.scope.everything or event.named_by_person:
        return event.title
    name = analysis.name(by, event)
    return name.title if name else event.title


def titles_for(by: Actor, keys: Sequence[UUID]) -> dict[UUID, str]:
    """What warnings are about (预警标题), for the units they were pushed to and for who sees everything: level, name, how many.

    Read when the list is drawn: what is pushed and kept holds no word of what people wrote.
    """
    units = {by.unit_id, *by.scope.units}
    rows = Warning.objects.visible_to(by).filter(pk__in=list(keys), event__isnull=False).select_related("event")
    return {
        row.pk: f"{row.get_level_display()}预警：{without_names(row.event.title)}（{row.reporters} 人反映）"
        for row in rows
        if row.event is not None and row.found_on is None and (by.scope.everything or units & set(row.units))
    }


def told_sources(codes: Sequence[str]) -> str:
    """Channels by name."""
    return "、".join(Source(code).label for code in codes)


@dataclass
class EventFile:
    """Everything the page of an event shows."""

    event: Event
    title: str
    standing: Standing | None
    members: list[tuple[EventMessage, Case | None]]
    unseen: int
    proposals: list[EventProposal]
    regroupings: list[Regrouping]
    warnings: list[Warning]
    units: list[Unit]

    @property
    def cases(self) -> list[Case]:
        """The members' cases that this reader may open."""
        return [case for _, case in self.members if case is not None]

    @property
    def named(self) -> str:
        """Where the title comes from, with the places and the period of the members seen here."""
        if self.event.named_by_person:
            return "人工命名"
        members = [Member(message.title, time.local(message.at).date()) for message, _ in self.members]
        return f"取自成员中最有代表性的标题：{name_of(members)}" if members else "—"

    def by_channel(self) -> list[tuple[str, int]]:
        """Members by channel, the busiest first."""
        return Counter(case.get_source_display() for case in self.cases).most_common()

    def by_day(self) -> list[tuple[date, int]]:
        """Messages a day from the first to the last, at most the last sixty days."""
        days = Counter(time.local(message.at).date() for message, _ in self.members)
        if not days:
            return []
        last = max(days)
        first = max(min(days), last - timedelta(days=59))
        return [
            (first + timedelta(days=n), days.get(first + timedelta(days=n), 0)) for n in range((last - first).days + 1)
        ]


def event_file(by: Actor, event_id: UUID) -> EventFile:
    """An event for this reader; one that was merged leads to where it went. Otherwise NotFound."""
    event = analysis.event_for(by, event_id)
    messages = list(analysis.messages_of(by, event))
    cases = {
        case.pk: case
        for case in Case.objects.visible_to(by)
        .filter(pk__in=[m.key for m in messages if m.source == MATTER], secret=False)
        .select_related("category", "lead_unit", "merged_into")
    }
    standing = Standing.objects.filter(event=event).select_related("place", "category").first()
    return EventFile(
        event=event, title=title_of(by, event), standing=standing,
        members=[(message, cases.get(message.key)) for message in messages],
        unseen=event.messages.count() - len(messages),
        proposals=[p for p in analysis.proposals(by) if event.pk in (p.one_id, p.other_id)],
        regroupings=list(analysis.regroupings(by, event)),
        warnings=list(Warning.objects.visible_to(by).filter(event=event).select_related("model")),
        units=list(Unit.objects.filter(pk__in=standing.units)) if standing else [],
    )  # fmt: skip


def points(by: Actor, event_id: UUID) -> dict[str, Any]:
    """Where the members of an event lie, as GeoJSON (WGS 84); only cases that this reader may see."""
    file = event_file(by, event_id)
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [case.point.x, case.point.y]},
                "properties": {"name": message.title, "link": f"/cases/{case.pk}/"},
            }
            for message, case in file.members
            if case is not None and case.point is not None
        ],
    }


def warning_for(by: Actor, warning_id: UUID) -> Warning:
    """One warning that this reader may see; otherwise NotFound."""
    rows = Warning.objects.visible_to(by).select_related(
        "model__analysis", "event", "unit", "acknowledged_by", "judged_by"
    )
    found = rows.filter(pk=warning_id).first()
    if found is None:
        raise nothing()
    return found


def nothing() -> NotFound:
    """Whatever the reason: there is no such warning for this person."""
    return NotFound(
        "没有找到这条预警。", "可能编号有误，或不在您的管辖范围。", "请核对编号。", code="warnings.not_found"
    )


def quality_of(model: WarningModel, days: int = 90) -> rules.Quality:
    """How good a model was in the last days, from the units' own judgements."""
    since = time.now() - timedelta(days=days)
    rows = Warning.objects.filter(model=model, raised_at__gte=since).order_by("raised_at")
    told = list(rows.values_list("verdict", "members", "raised_at"))
    covered = (time.now() - told[0][2]).days + 1 if told else days
    return rules.quality([rules.Judged(verdict, members) for verdict, members, _ in told], covered)


def place_names(keys: Sequence[UUID]) -> dict[UUID, str]:
    """Names of areas."""
    return dict(Area.objects.filter(pk__in=list(keys)).values_list("pk", "name"))
