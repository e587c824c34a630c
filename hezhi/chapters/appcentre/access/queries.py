"""What the pages of outer systems read (接入查询)."""

from uuid import UUID

from django.db.models import Q, QuerySet

from hezhi.engines.connect.models import ChannelKey, Webhook
from hezhi.engines.connect.queries import keys_for, webhooks_for
from hezhi.engines.org.actor import Actor
from hezhi.ground import time
from hezhi.ground.errors import NotFound

STATES = {"waiting": "待推送", "delivered": "已送达", "given_up": "已放弃"}


def key_of(actor: Actor, key_id: UUID) -> ChannelKey:
    """One key for who looks after channels; otherwise «not found»."""
    row = keys_for(actor).select_related("replaced_by").filter(pk=key_id).first()
    if row is None:
        raise NotFound("没有找到这把密钥。", code="access.no_key")
    return row


def family_of(actor: Actor, row: ChannelKey) -> list[ChannelKey]:
    """Every key this system has or had, newest first: during a rotation two of them work side by side."""
    return list(keys_for(actor).filter(system=row.system).order_by("-valid_from", "-id"))


def standing(row: ChannelKey) -> tuple[str, str]:
    """How a key stands (状态): a code for the colour, and the words."""
    moment = time.now()
    if row.valid_to is not None and row.valid_to <= moment:
        return "ended", "已轮换" if row.replaced_by_id else "已停用"
    if row.valid_from > moment:
        return "waiting", "未启用"
    if row.replaced_by_id:
        return "waiting", f"旧密钥，{time.show(row.valid_to)} 失效" if row.valid_to else "旧密钥"
    return "open", "在用"


def deliveries(actor: Actor, *, key: ChannelKey | None = None, state: str = "") -> QuerySet[Webhook]:
    """News for outer systems, newest first; of one system, in one state, or all."""
    rows = webhooks_for(actor)
    if key is not None:
        rows = rows.filter(key__system=key.system)
    return rows.filter(condition(state)).order_by("-created_at", "-id")


def condition(state: str) -> Q:
    """The rows in a state of delivery."""
    return {
        "waiting": Q(delivered_at__isnull=True, given_up_at__isnull=True),
        "delivered": Q(delivered_at__isnull=False),
        "given_up": Q(delivered_at__isnull=True, given_up_at__isnull=False),
    }.get(state, Q())


def delivery_of(actor: Actor, webhook_id: UUID) -> Webhook:
    """One piece of news for who looks after channels; otherwise «not found»."""
    row = webhooks_for(actor).filter(pk=webhook_id).first()
    if row is None:
        raise NotFound("没有找到这条推送记录。", code="access.no_delivery")
    return row


def state_of(row: Webhook) -> str:
    """The state of delivery of one piece of news (推送状态)."""
    if row.delivered_at:
        return "delivered"
    return "given_up" if row.given_up_at else "waiting"
