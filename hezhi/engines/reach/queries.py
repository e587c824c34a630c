"""Reading messages (消息查询): one's own inbox, and the outbox for those who look after it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet

from hezhi.engines.org.actor import Actor
from hezhi.engines.reach.models import Delivery, InboxMessage, LocalCopy, NewsItem, Outgoing
from hezhi.ground import time

MANAGE = "channels.edit"


def inbox_of(actor: Actor) -> QuerySet[InboxMessage]:
    """The reader's own messages, newest first; nobody reads another's."""
    if actor.user_id is None:
        return InboxMessage.objects.none()
    return InboxMessage.objects.filter(user_id=actor.user_id).order_by("-at", "-id")


@dataclass(frozen=True)
class Receipt:
    """Who was told of something in the house and when he opened it (查阅回执)."""

    person: str
    unit: str
    told_at: datetime
    read_at: datetime | None
    text: str


def receipts(about: tuple[str, UUID], events: Collection[str], most: int = 200) -> list[Receipt]:
    """Who has received these messages about a matter in his inbox, and who has opened them; the newest first."""
    rows = InboxMessage.objects.filter(
        outgoing__object_type=about[0], outgoing__object_id=about[1], outgoing__event__in=list(events)
    ).select_related("user", "outgoing__unit")
    return [
        Receipt(row.user.full_name, row.outgoing.unit.name if row.outgoing.unit else "", row.at, row.read_at, row.title)
        for row in rows.order_by("-at", "user__full_name")[:most]
    ]


UNREAD_COUNT = "SELECT count(*) FROM reach_inboxmessage WHERE user_id = %s AND read_at IS NULL"
"""How many messages a reader has not opened (未读数); worded once, since every page asks it."""


def unread_count(actor: Actor) -> int:
    """How many messages the reader has not opened (未读数)."""
    with connection.cursor() as cursor:
        cursor.execute(UNREAD_COUNT, [actor.user_id])
        return int(cursor.fetchone()[0])


def unread_counts(users: Collection[UUID]) -> dict[UUID, int]:
    """The same for many people at once, for the stream; people without unread messages are in it with 0."""
    rows = (
        InboxMessage.objects.filter(user_id__in=users, read_at__isnull=True)
        .order_by()
        .values_list("user_id")
        .annotate(Count("id"))
    )
    return dict.fromkeys(users, 0) | dict(rows)


def outgoing_for(actor: Actor) -> QuerySet[Outgoing]:
    """The outbox, newest first, for posts that look after it (发送记录); others see nothing."""
    if not actor.may(MANAGE):
        return Outgoing.objects.none()
    return Outgoing.objects.select_related("user", "unit").order_by("-created_at", "-id")


def deliveries_of(message: Outgoing) -> QuerySet[Delivery]:
    """The tries of one message, in their order."""
    return Delivery.objects.filter(outgoing=message)


def local_copies_for(actor: Actor) -> QuerySet[LocalCopy]:
    """What unconnected channels would have sent, newest first, for posts that look after it."""
    return LocalCopy.objects.order_by("-id") if actor.may(MANAGE) else LocalCopy.objects.none()


# -- news for screens ------------------------------------------------------------------------------

NEWS_AT_ONCE = 1000


def news_since(topic: str, place: int) -> tuple[int, list[UUID] | None]:
    """Ids told under a topic that a reader who stood at `place` could not see yet, newest first.

    Gives the place to ask from next time, and the ids, or None when there are too many to name: then the
    screen reads afresh. Some ids may come twice, none is left out, in whatever order transactions were
    committed: a place is the oldest transaction that was still open when the reader looked.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
            " (SELECT array_agg(n.ids::text ORDER BY n.id DESC) FROM"
            "   (SELECT id, ids FROM reach_newsitem WHERE topic = %s AND xact >= %s ORDER BY id DESC LIMIT %s) n)",
            [topic, place, NEWS_AT_ONCE + 1],
        )
        next_place, found = cursor.fetchone()
    lists = found or []
    ids = dict.fromkeys(UUID(text) for told in lists for text in told.strip("{}").split(","))
    too_many = len(lists) > NEWS_AT_ONCE or len(ids) > NEWS_AT_ONCE
    return next_place, None if too_many else list(ids)


def news_reach_back_to(place: int) -> bool:
    """Whether everything told since `place` is surely still kept."""
    oldest = NewsItem.objects.order_by("xact").values_list("xact", flat=True).first()
    return oldest is not None and oldest < place


def news_place() -> int:
    """Where a reader stands who has just read everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


NEWS_KEPT = timedelta(hours=1)


def forget_old_news() -> int:
    """Delete news that no screen will ask for any more."""
    return NewsItem.objects.filter(at__lt=time.real_now() - NEWS_KEPT).delete()[0]
