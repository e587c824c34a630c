"""Reads of events, always starting from who reads (聚合事件查询)."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Max, QuerySet

from hezhi.engines.analysis.events.titles import Member, Name, name_of
from hezhi.engines.analysis.models import Event, EventMessage, EventProposal, Regrouping
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.errors import NotFound

__all__ = ["event_for", "event_of", "events", "messages_of", "name", "proposals", "regroupings"]


def events(actor: Actor) -> QuerySet[Event]:
    """Living events this reader may see, with `members` and `last_at`."""
    rows = Event.objects.visible_to(actor).exclude(state=Event.State.MERGED)
    return rows.annotate(members=Count("messages"), last_at=Max("messages__at"))


def event_for(actor: Actor, event_id: UUID) -> Event:
    """One event that this reader may see; one that was merged leads to where it went. Otherwise NotFound."""
    row = Event.objects.visible_to(actor).select_related("merged_into").filter(pk=event_id).first()
    if row is None:
        # A merged event has no messages of its own any more: whoever sees the one it went into may follow.
        gone = (
            Event.objects.filter(pk=event_id, merged_into__isnull=False).values_list("merged_into", flat=True).first()
        )
        if gone is None:
            raise NotFound(
                "没有找到这个事件。",
                "可能已被清除，或不在您的管辖范围。",
                "请刷新列表后再试。",
                code="analysis.no_event",
            )
        return event_for(actor, gone)
    return event_for(actor, row.merged_into_id) if row.merged_into_id else row


def event_of(source: str, key: UUID) -> Event | None:
    """The event in which a message stands, for whoever may read that message."""
    row = EventMessage.objects.select_related("event").filter(source=source, key=key).first()
    return row.event if row else None


def messages_of(actor: Actor, event: Event) -> QuerySet[EventMessage]:
    """The messages of an event this reader may see, oldest first."""
    return EventMessage.objects.visible_to(actor).filter(event=event).defer("terms").order_by("at", "id")


def name(actor: Actor, event: Event) -> Name | None:
    """Title, places and period from the members this reader may see; None when he sees none."""
    rows = messages_of(actor, event).values_list("title", "at")
    members = [Member(title, time.local(at).date()) for title, at in rows]
    return name_of(members) if members else None


def proposals(actor: Actor) -> QuerySet[EventProposal]:
    """What waits for a person, both of whose events he may see; newest first."""
    seen = Event.objects.visible_to(actor).values("pk")
    rows = EventProposal.objects.filter(state=EventProposal.State.WAITING, one__in=seen, other__in=seen)
    return rows.select_related("one", "other")


def regroupings(actor: Actor, event: Event) -> QuerySet[Regrouping]:
    """What people did to the grouping of an event, newest first."""
    return Regrouping.objects.filter(event__in=Event.objects.visible_to(actor).filter(pk=event.pk))
