"""What the worker does for messages by the clock (消息任务); each may be killed and run again at any time."""

from datetime import timedelta

from hezhi.engines.reach.calling.actions import end_stale
from hezhi.engines.reach.delivery import deliver_inbox, deliver_outside
from hezhi.engines.reach.models import InboxMessage
from hezhi.engines.reach.queries import forget_old_news
from hezhi.ground import time

__all__ = ["deliver_inbox", "deliver_outside", "end_stale", "tidy"]

READ_KEPT = timedelta(days=180)


def tidy() -> int:
    """Delete screens' old news and inbox messages read half a year ago; outbox and delivery log stay."""
    old = InboxMessage.objects.filter(read_at__lt=time.now() - READ_KEPT)
    return forget_old_news() + old.delete()[0]
