"""Who calls (接口鉴权): a channel key becomes an actor; its quota, its signature, its last use.

The way of every machine's request, so it costs little. A key's row is read at most every five seconds
in each process (so a withdrawn key works five seconds longer at most), and its use is written to the
database in steps of a fiftieth of the quota: with quotas below a hundred each request counts exactly,
above that a minute may exceed by a fiftieth per process.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest

from hezhi.engines.connect import rules
from hezhi.engines.connect.errors import BadSignature, OutOfScope, QuotaSpent, UnknownKey
from hezhi.engines.connect.models import ChannelKey, UsedNonce
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.sign_in import address_of
from hezhi.ground import time
from hezhi.ground.crypto import same, sm3

KEPT_SECONDS = 5.0
STEPS = 50


@dataclass(frozen=True)
class KeyActor(Actor):
    """An outer system that calls with its key (接入系统). It has no data scope: it sees what it sent itself."""

    key_id: UUID | None = None
    system: str = ""
    source: str = ""
    area_id: UUID | None = None
    area_level: str = ""
    """Of which area it may read facts (取数范围); none is the whole district."""


def authenticate(request: HttpRequest, *scopes: str) -> KeyActor:
    """Who sent this request, when his key is valid, may do all of `scopes`, and has quota left.

    Reads `Authorization: Bearer <key>`; a key that must sign also needs `X-Hezhi-Timestamp`,
    `X-Hezhi-Nonce` and `X-Hezhi-Signature` (see `rules.request_text`). Raises UnknownKey,
    BadSignature, OutOfScope or QuotaSpent. Call it outside a transaction: use is counted even when the
    request fails afterwards.
    """
    row = known(_presented(request.headers))
    missing = [scope for scope in scopes if scope not in row.scopes]
    if missing:
        raise OutOfScope(meaning=f"缺少的权限：{'、'.join(missing)}")
    spend(row)
    if row.must_sign:
        check_signature(row, request)
    return actor_of_key(row).at(  # type: ignore[return-value]
        channel=f"key:{row.prefix}",
        address=address_of(request),
        request_id=getattr(request, "request_id", ""),
    )


def actor_of_key(row: ChannelKey) -> KeyActor:
    """The actor behind a key; its scopes are its permissions."""
    return KeyActor(
        kind="channel", name=row.name, permissions=frozenset(row.scopes), key_id=row.pk, system=row.system,
        source=row.source, area_id=row.area_id, area_level=row.area.level if row.area else "", channel=f"key:{row.prefix}",
    )  # fmt: skip


def _presented(headers: Mapping[str, str]) -> str:
    scheme, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


# -- the row ---------------------------------------------------------------------------------------


@dataclass
class _Held:
    """What this process knows of a key, and the uses it has not written yet."""

    row: ChannelKey
    read_at: float
    minute: datetime | None = None
    written: int = 0
    pending: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_held: dict[str, _Held] = {}


def known(presented: str) -> ChannelKey:
    """The row of a key as presented («prefix.secret»), when it is right and valid now."""
    prefix, _, secret = presented.partition(".")
    held = _hold(prefix[:12]) if secret else None
    digest = sm3(secret.encode()).hex()
    if held is None or not same(digest, held.row.digest) or not is_valid(held.row, time.now()):
        raise UnknownKey
    return held.row


def is_valid(row: ChannelKey, moment: datetime) -> bool:
    """Whether a key has begun and is not over."""
    return row.valid_from <= moment and (row.valid_to is None or moment < row.valid_to)


def _hold(prefix: str) -> _Held | None:
    held = _held.get(prefix)
    if held and time.monotonic() - held.read_at < KEPT_SECONDS:
        return held
    row = ChannelKey.objects.filter(prefix=prefix).select_related("area").defer("area__shape").first()
    if row is None:
        _held.pop(prefix, None)
        return None
    if held:
        held.row, held.read_at = row, time.monotonic()
        return held
    return _held.setdefault(prefix, _Held(row, time.monotonic()))


def forget() -> None:
    """Read all keys afresh at the next request: called by whoever changes one."""
    for held in list(_held.values()):
        held.read_at = float("-inf")


# -- quota -----------------------------------------------------------------------------------------

_COUNT = """
    WITH counted AS (
        INSERT INTO connect_keyuse (key_id, minute, count) VALUES (%(key)s, %(minute)s, %(uses)s)
        ON CONFLICT (key_id, minute) DO UPDATE SET count = connect_keyuse.count + excluded.count
        RETURNING count
    ), seen AS (
        UPDATE connect_channelkey SET last_used_at = %(now)s
        WHERE id = %(key)s AND (last_used_at IS NULL OR last_used_at < %(now)s - interval '1 minute')
    )
    SELECT count FROM counted
"""


def spend(row: ChannelKey) -> None:
    """Count one use against the key's quota of this minute (计量), or raise QuotaSpent."""
    held, moment = _held[row.prefix], time.now()
    minute = moment.replace(second=0, microsecond=0)
    with held.lock:
        if held.minute != minute:
            held.minute, held.written, held.pending = minute, 0, 0
        quota, step = row.quota_per_minute, max(1, row.quota_per_minute // STEPS)
        if held.written + held.pending < quota:
            held.pending += 1
            if held.written and held.pending < step:
                return
            held.written, held.pending = _write_uses(row, held.pending, moment, minute), 0
            if held.written <= quota:
                return
    raise QuotaSpent(row.quota_per_minute, 60 - moment.second)


def _write_uses(row: ChannelKey, uses: int, moment: datetime, minute: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": row.pk, "minute": minute, "uses": uses, "now": moment})
        return int(cursor.fetchone()[0])


# -- signature -------------------------------------------------------------------------------------


def check_signature(row: ChannelKey, request: HttpRequest) -> None:
    """Prove that the key's owner made this very request, now, and for the first time (防重放)."""
    headers = request.headers
    timestamp, nonce = headers.get("X-Hezhi-Timestamp", ""), headers.get("X-Hezhi-Nonce", "")
    if not rules.is_timely(timestamp, time.now()):
        raise BadSignature(meaning="请求头 X-Hezhi-Timestamp 缺失，或与本系统时间相差超过 5 分钟")
    if not rules.is_nonce(nonce):
        raise BadSignature(meaning="请求头 X-Hezhi-Nonce 须为 8 至 64 位字母或数字")
    text = rules.request_text(timestamp, nonce, request.method or "", request.get_full_path(), request.body)
    if not same(rules.signature(row.signing_secret, text), headers.get("X-Hezhi-Signature", "").lower()):
        raise BadSignature
    try:
        with transaction.atomic():
            UsedNonce.objects.create(key=row, nonce=nonce, at=time.now())
    except IntegrityError:
        raise BadSignature("这份请求已经处理过", "相同的随机数不能再次使用", "请换用新的随机数重新签名") from None
