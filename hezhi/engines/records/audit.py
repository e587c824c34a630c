"""The audit trail (审计): who did what to which object, from where, with what result.

Rows are written unchained inside the verb's own transaction; one job seals them into an SM3 chain in
commit order (`sealing.seal`). They hold ids, digests and keyed hashes, never values (P9). Each row
carries a keyed fingerprint of itself (HMAC-SM3 under the ring's `audit` key), so that who can write to
the database but does not hold the key cannot change or invent one unseen.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from django.db import connection

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.vault import mac, mac_fits
from hezhi.ground import time
from hezhi.ground.errors import Refusal
from hezhi.ground.masks import mask_text

NAMED = (
    "actor_kind", "actor_id", "actor_name", "post_title", "unit_id", "channel", "request_id", "event",
    "object_type", "object_id", "result", "reason", "purpose", "deed_id",
)  # fmt: skip


def write(
    by: Actor,
    event: str,
    objects: Sequence[tuple[str, UUID]] = (),
    *,
    result: str = "ok",
    reason: str = "",
    purpose: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one row of the audit (8.1.4.3 a, b), one INSERT; `objects` beyond the first go into the detail.

    A text longer than its column is cut, and numbers of persons in it are masked: the history keeps the whole reason,
    and no verb fails for it.
    """
    entry = entry_of(by, event, objects, result=result, reason=reason, purpose=purpose, detail=detail)
    entry.save(force_insert=True)
    return entry


def entry_of(
    by: Actor,
    event: str,
    objects: Sequence[tuple[str, UUID]] = (),
    *,
    result: str = "ok",
    reason: str = "",
    purpose: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """The row as `write` would write it, fingerprinted and not yet saved."""
    told = told_of(by, event, objects, result=result, reason=reason, purpose=purpose, detail=detail)
    return AuditEntry(**told, mac=mac(_canonical(told)))


def told_of(
    by: Actor,
    event: str,
    objects: Sequence[tuple[str, UUID]] = (),
    *,
    result: str = "ok",
    reason: str = "",
    purpose: str = "",
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the row says, by column, without its fingerprint."""
    kind, object_id = objects[0] if objects else ("", None)
    more = {"objects": [[k, str(i)] for k, i in objects[1:]]} if len(objects) > 1 else {}
    deed = getattr(connection, "hezhi_deed", None)
    return {
        "at": time.real_now(),
        "actor_kind": by.kind,
        "actor_id": by.user_id,
        "actor_name": by.name[:60],
        "post_title": by.post_title[:60],
        "unit_id": by.unit_id,
        "channel": by.channel,
        "address": by.address,
        "request_id": by.request_id,
        "event": event,
        "object_type": kind,
        "object_id": object_id,
        "result": result,
        "reason": _masked(reason, 500),
        "purpose": _masked(purpose, 200),
        "detail": {**(detail or {}), **more},
        "deed_id": deed.id if deed is not None else None,
    }


def _masked(text: str, most: int) -> str:
    """Free words without the numbers of persons (P9): nobody can ever take them out of here.

    The history keeps the whole words, and what is erased there is gone. Masked before it is cut, or half a number
    would stay; masks are shorter than numbers by less than the half.
    """
    return mask_text(text[: 4 * most])[:most] if text else ""


RECORD = (
    f"insert into records_auditentry (at, address, detail, mac, {', '.join(NAMED)}) select "
    "%(audit_at)s::timestamptz, %(audit_address)s::inet, %(audit_detail)s::jsonb, %(audit_mac)s::bytea, "
    + ", ".join(
        f"%(audit_{name})s::{'uuid' if name in ('actor_id', 'unit_id', 'object_id', 'deed_id') else 'text'}"
        for name in NAMED
    )
)
"""The row as part of a verb's own statement (see `recorded`): «insert … select …», to be followed by «from»."""


def recorded(by: Actor, event: str, objects: Sequence[tuple[str, UUID]] = ()) -> dict[str, Any]:
    """The row as values for a statement that holds `RECORD`, fingerprinted like every other."""
    told = told_of(by, event, objects)
    deed = getattr(connection, "hezhi_deed", None)
    if deed is not None:
        deed.written = True
    values = {f"audit_{name}": value for name, value in told.items()}
    values["audit_mac"] = mac(_canonical(told))
    values["audit_detail"] = json.dumps(told["detail"], ensure_ascii=False)
    return values


def read_of_personal(by: Actor, kind: str, object_id: UUID, fields: Sequence[str], purpose: str = "") -> None:
    """Log that personal values were shown in clear (个人信息查阅留痕): which fields, of what, and why."""
    write(by, "records.read_personal", [(kind, object_id)], purpose=purpose, detail={"fields": list(fields)})


def refused(by: Actor, event: str, refusal: Refusal) -> None:
    """Log an attempt that was refused for want of a right (越权尝试), by code and number, not by content."""
    write(by, event, result="refused", detail={"code": refusal.code, "number": refusal.number})


# -- the fingerprint -------------------------------------------------------------------------------


def canonical(entry: AuditEntry) -> bytes:
    """Everything a row says, in one form only: the same before it is written and after it was read.

    The row's number is not in it, because the database gives it: which number holds which fingerprint
    is what the chain seals.
    """
    return _canonical({name: getattr(entry, name) for name in ("at", "address", "detail", *NAMED)})


_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str).encode


def _canonical(entry: Mapping[str, Any]) -> bytes:
    told = [_plain(entry[name]) for name in NAMED]
    at = entry["at"].astimezone(UTC).isoformat(timespec="microseconds")
    address = ip_address(entry["address"]).compressed if entry["address"] else None
    return _written(["v1", at, address, *told, _settled(entry["detail"])]).encode()


def is_intact(entry: AuditEntry) -> bool:
    """Whether a row says what it said when it was written (完整性校验)."""
    return mac_fits(canonical(entry), bytes(entry.mac))


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, str) else str(value)


def _settled(value: Any) -> Any:
    """A value of the detail as it comes back from jsonb, which knows one kind of number and only lists."""
    if isinstance(value, Mapping):
        return {str(key): _settled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_settled(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
