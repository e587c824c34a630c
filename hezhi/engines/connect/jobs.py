"""What the worker does for outer systems by the clock (对接任务)."""

from datetime import timedelta

from hezhi.engines.connect.models import IdempotentRequest, KeyUse, UsedNonce, Webhook
from hezhi.engines.connect.rules import WINDOW
from hezhi.engines.connect.webhooks import deliver_webhooks
from hezhi.ground import time

__all__ = ["deliver_webhooks", "tidy"]

USES_KEPT = timedelta(days=180)
ANSWERS_KEPT = timedelta(days=30)
NEWS_KEPT = timedelta(days=90)


def tidy() -> int:
    """Delete what has served its time: nonces after twice the window, answers after a month, news after three."""
    moment = time.now()
    old = (
        UsedNonce.objects.filter(at__lt=moment - 2 * WINDOW),
        IdempotentRequest.objects.filter(at__lt=moment - ANSWERS_KEPT),
        KeyUse.objects.filter(minute__lt=moment - USES_KEPT),
        Webhook.objects.filter(delivered_at__lt=moment - NEWS_KEPT),
    )
    return sum(rows.delete()[0] for rows in old)
