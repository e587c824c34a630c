"""Reading about outer systems (对接查询), for posts that look after channels; others see nothing."""

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from hezhi.engines.connect.models import ChannelKey, KeyUse, Webhook
from hezhi.engines.org.actor import Actor
from hezhi.ground import time

MANAGE = "channels.edit"


def keys_for(actor: Actor) -> QuerySet[ChannelKey]:
    """All keys, without what is secret of them."""
    rows = ChannelKey.objects.defer("digest", "signing_secret", "webhook_secret")
    return rows if actor.may(MANAGE) else rows.none()


def webhooks_for(actor: Actor) -> QuerySet[Webhook]:
    """News for outer systems, newest first."""
    rows = Webhook.objects.select_related("key").defer("key__signing_secret", "key__webhook_secret")
    return rows if actor.may(MANAGE) else rows.none()


def with_use(rows: QuerySet[ChannelKey]) -> QuerySet[ChannelKey]:
    """The keys with `used`, how often each was used since midnight in Shanghai (今日用量)."""
    since = time.at_local(time.today())
    uses = KeyUse.objects.filter(key=OuterRef("pk"), minute__gte=since).order_by().values("key")
    return rows.annotate(used=Coalesce(Subquery(uses.annotate(total=Sum("count")).values("total")), 0))


def used_today(row: ChannelKey) -> int:
    """How often a key was used since midnight in Shanghai (今日用量), as far as it has been written."""
    since = time.at_local(time.today())
    return KeyUse.objects.filter(key=row, minute__gte=since).aggregate(total=Sum("count"))["total"] or 0
