"""What administrators do with outer systems (接入管理): keys are made, changed, rotated, withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hezhi.engines.connect import keys, rules
from hezhi.engines.connect.models import ChannelKey, Webhook
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.crypto import random_token, sm3
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.ids import follow_code, new_id

MANAGE = "channels.edit"
OVERLAP = timedelta(hours=24)
MOST_PER_MINUTE = 60_000


@dataclass(frozen=True)
class NewKey:
    """A key just made (新密钥): the only moment at which its secrets can be read."""

    row: ChannelKey
    key: str = field(repr=False)
    signing_secret: str = field(repr=False, default="")
    webhook_secret: str = field(repr=False, default="")


def create_key(
    *,
    by: Actor,
    name: str,
    system: str,
    source: str,
    scopes: Sequence[str],
    quota_per_minute: int = 600,
    must_sign: bool = False,
    webhook_url: str = "",
    valid_to: datetime | None = None,
    area_id: UUID | None = None,
    reason: str = "",
    id: UUID | None = None,
) -> NewKey:
    """Make a key for an outer system (新建密钥); show its secrets once, they are not kept readable.

    `id` is the form's own, so that a form sent twice makes one key. Raises NotAllowed without the right to
    edit channels, BadInput with every wrong field, NotNow when the form was sent before.
    """
    by.must(MANAGE)
    if id is not None and ChannelKey.objects.filter(pk=id).exists():
        raise NotNow(
            "这把密钥已经建立。", "密钥只在建立时显示一次，不能再次查看。", "如没有记下，请在密钥页轮换一把新的。",
            code="connect.made_already",
        )  # fmt: skip
    _check(name=name, system=system, scopes=scopes, quota=quota_per_minute, url=webhook_url, valid_to=valid_to)
    with acting(by, verb="connect.create_key", reason=reason) as deed:
        made = _make(
            name=name, system=system, source=source, scopes=list(scopes), quota_per_minute=quota_per_minute,
            id=id or new_id(), must_sign=must_sign, webhook_url=webhook_url, valid_to=valid_to, area_id=area_id,
        )  # fmt: skip
        deed.on(made.row)
        deed.detail |= {"prefix": made.row.prefix, "scopes": list(scopes)}
    return made


def rotate_key(row: ChannelKey, *, by: Actor, overlap: timedelta = OVERLAP, reason: str = "") -> NewKey:
    """Give the same system a new key (轮换密钥); the old one works on for the overlap, then ends.

    News for the system goes out under the new secrets at once.
    """
    by.must(MANAGE)
    with acting(by, verb="connect.rotate_key", reason=reason) as deed:
        old, moment = _locked(row), time.now()
        if old.replaced_by_id or not keys.is_valid(old, moment):
            raise NotNow("这把密钥已被更换或停用。", "不能再次轮换。", "请对现用的密钥操作。", code="connect.key_over")
        made = _make(
            name=old.name, system=old.system, source=old.source, scopes=old.scopes,
            quota_per_minute=old.quota_per_minute, must_sign=old.must_sign, webhook_url=old.webhook_url,
            valid_to=old.valid_to, area_id=old.area_id, id=new_id(),
        )  # fmt: skip
        old.replaced_by = made.row
        old.valid_to = min(filter(None, [old.valid_to, moment + overlap]))
        old.save(update_fields=["replaced_by", "valid_to"])
        Webhook.objects.filter(key=old, delivered_at__isnull=True, given_up_at__isnull=True).update(key=made.row)
        deed.on(old)
        deed.on(made.row)
    keys.forget()
    return made


@verb("connect.change_key")
def change_key(
    row: ChannelKey,
    *,
    by: Actor,
    name: str,
    scopes: Sequence[str],
    quota_per_minute: int,
    must_sign: bool,
    webhook_url: str,
    area_id: UUID | None = None,
    reason: str = "",
) -> ChannelKey:
    """Change what a key may do (修改密钥); it takes effect within five seconds."""
    by.must(MANAGE)
    _check(name=name, system=row.system, scopes=scopes, quota=quota_per_minute, url=webhook_url)
    changed = _locked(row)
    changed.name, changed.scopes, changed.quota_per_minute = name, list(scopes), quota_per_minute
    changed.must_sign, changed.webhook_url, changed.area_id = must_sign, webhook_url, area_id
    changed.save(update_fields=["name", "scopes", "quota_per_minute", "must_sign", "webhook_url", "area"])
    keys.forget()
    return changed


@verb("connect.withdraw_key")
def withdraw_key(row: ChannelKey, *, by: Actor, reason: str) -> ChannelKey:
    """End a key now (停用密钥), with the reason; every process knows within five seconds."""
    by.must(MANAGE)
    ended = _locked(row)
    if not reason.strip():
        raise BadInput({"reason": ["请写明停用原因。"]})
    ended.valid_to = time.now()
    ended.save(update_fields=["valid_to"])
    keys.forget()
    return ended


@verb("connect.push_again")
def push_again(row: Webhook, *, by: Actor, reason: str = "") -> Webhook:
    """Try at once to push news that waits or was given up (重新推送)."""
    by.must(MANAGE)
    again = Webhook.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if again.delivered_at:
        raise NotNow("这条消息对方已经接收。", "不必再次推送。", code="connect.delivered")
    again.given_up_at, again.tries, again.next_try_at = None, 0, time.now()
    again.save(update_fields=["given_up_at", "tries", "next_try_at"])
    return again


@verb("connect.give_up")
def give_up(row: Webhook, *, by: Actor, reason: str) -> Webhook:
    """Stop trying to push news (放弃推送), with the reason; it can be pushed again later."""
    by.must(MANAGE)
    dropped = Webhook.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if dropped.delivered_at:
        raise NotNow("这条消息对方已经接收。", "不必放弃。", code="connect.delivered")
    if not reason.strip():
        raise BadInput({"reason": ["请写明放弃推送的原因。"]})
    dropped.given_up_at = dropped.given_up_at or time.now()
    dropped.last_answer = f"人工放弃：{reason.strip()}"[:300]
    dropped.save(update_fields=["given_up_at", "last_answer"])
    return dropped


def _make(**fields: object) -> NewKey:
    secret, signing, hook = random_token(), random_token(), random_token()
    row = ChannelKey.objects.create(
        prefix=_prefix(), digest=sm3(secret.encode()).hex(), signing_secret=signing,
        webhook_secret=hook, valid_from=time.now(), **fields,
    )  # fmt: skip
    return NewKey(row, f"{row.prefix}.{secret}", signing, hook)


def _prefix() -> str:
    return f"hz{follow_code()}"


def _locked(row: ChannelKey) -> ChannelKey:
    return ChannelKey.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _check(
    *, name: str, system: str, scopes: Sequence[str], quota: int, url: str, valid_to: datetime | None = None
) -> None:
    """Every wrong field of a key at once."""
    wrong: dict[str, list[str]] = {}
    if not name.strip():
        wrong["name"] = ["请填写系统名称。"]
    if not system or not system.replace("-", "").replace("_", "").isalnum() or not system.isascii() or len(system) > 40:
        wrong["system"] = ["系统代码须为 40 位以内的字母、数字、连字符或下划线。"]
    if not scopes:
        wrong["scopes"] = ["请至少选择一项权限。"]
    if not 1 <= quota <= MOST_PER_MINUTE:
        wrong["quota_per_minute"] = [f"每分钟上限须在 1 至 {MOST_PER_MINUTE} 之间。"]
    if valid_to is not None and valid_to <= time.now():
        wrong["valid_to"] = ["有效期应晚于现在；长期使用请留空。"]
    fault = rules.url_fault(url) if url else None
    if fault:
        wrong["webhook_url"] = [f"{fault}。"]
    if wrong:
        raise BadInput(wrong)
