"""Telling outer systems what became of a matter (状态回推): signed, ten seconds, tried again for two days."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from hezhi.engines.connect import rules
from hezhi.engines.connect.addresses import Forbidden, judged
from hezhi.engines.connect.models import ChannelKey, Webhook
from hezhi.ground import time
from hezhi.ground.ids import new_id
from hezhi.ground.rounds import fed_by
from hezhi.ground.text import one_line, shorten

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("hezhi.connect")

SECONDS = 10.0
BATCH = 20
LEASE = timedelta(minutes=2)


def push(system: str, *, event: str, body: Mapping[str, object]) -> list[Webhook]:
    """Write news for an outer system into the caller's transaction (回推); the worker sends it.

    Systems without an address for pushes get nothing. `body` may have the fields of `rules.PUSHED` only;
    anything else is a programmer's mistake and raises ValueError.
    """
    faults = rules.body_faults(body)
    if faults:
        raise ValueError("; ".join(faults))
    moment = time.now()
    keys = (
        ChannelKey.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment), system=system)
        .filter(replaced_by__isnull=True, valid_from__lte=moment)
        .exclude(webhook_url="")
    )
    return Webhook.objects.bulk_create(
        [
            Webhook(id=new_id(), key=key, event=event, body=dict(body), created_at=moment, next_try_at=moment)
            for key in keys
        ]
    )


@fed_by("connect_webhook WHERE delivered_at IS NULL AND given_up_at IS NULL AND next_try_at <= statement_timestamp()")
def deliver_webhooks() -> int:
    """Send what waits, twenty at a time side by side; gives how many were tried."""
    rows = _lease()
    if not rows:
        return 0
    for row, outcome in zip(rows, asyncio.run(_send_all(rows)), strict=True):
        _note(row, outcome)
    return len(rows)


@transaction.atomic
def _lease() -> list[Webhook]:
    moment = time.now()
    waiting = Webhook.objects.filter(delivered_at__isnull=True, given_up_at__isnull=True, next_try_at__lte=moment)
    rows = list(
        waiting.select_for_update(skip_locked=True, of=("self",))
        .select_related("key")
        .order_by("next_try_at", "id")[:BATCH]
    )
    for row in rows:
        row.next_try_at, row.tries = moment + LEASE, row.tries + 1
    Webhook.objects.bulk_update(rows, ["next_try_at", "tries"])
    return rows


# -- sending ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """How a try ended; `over` means that trying again is useless."""

    ok: bool
    answer: str
    over: bool = False


async def _send_all(rows: Sequence[Webhook]) -> list[Outcome]:
    import httpx  # read by the first who asks outside: a start need not

    async with httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=SECONDS) as client:
        return await asyncio.gather(*(_send_in_time(client, row) for row in rows))


async def _send_in_time(client: httpx.AsyncClient, row: Webhook) -> Outcome:
    """One push within ten seconds in all, however slowly the other side drips."""
    import httpx

    try:
        return await asyncio.wait_for(_send(client, row), SECONDS)
    except TimeoutError:
        return Outcome(False, f"{SECONDS:.0f} 秒内没有回应")
    except Forbidden as no:
        return Outcome(False, str(no))
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Outcome(False, f"无法连接（{type(error).__name__}）")


async def _send(client: httpx.AsyncClient, row: Webhook) -> Outcome:
    parts = urlsplit(row.key.webhook_url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = await judged(host, port)
    literal = f"[{address}]" if address.version == 6 else str(address)
    target = urlunsplit(parts._replace(netloc=f"{literal}:{port}", fragment=""))
    body = rules.canonical(envelope(row))
    request = client.build_request(
        "POST",
        target,
        content=body,
        headers={"Host": parts.netloc, **signed_headers(row, body)},
        extensions={"sni_hostname": host},  # the certificate is checked against the name, not the address
    )
    response = await client.send(request, stream=True)
    try:
        return _judge(response.status_code)
    finally:
        await response.aclose()


def envelope(row: Webhook) -> dict[str, object]:
    """What is sent: the news with its id, its event and its time (ISO 8601, UTC)."""
    return {"id": str(row.pk), "event": row.event, "at": row.created_at.isoformat(), "data": row.body}


def signed_headers(row: Webhook, body: bytes) -> dict[str, str]:
    """Headers of a push; the signature covers time and body, so that an old push cannot be sent again."""
    timestamp = str(int(time.now().timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Hezhi-Webhook/1",
        "X-Hezhi-Delivery": str(row.pk),
        "X-Hezhi-Event": row.event,
        "X-Hezhi-Timestamp": timestamp,
    }
    if row.key.webhook_secret:
        headers["X-Hezhi-Signature"] = rules.signature(row.key.webhook_secret, rules.push_text(timestamp, body))
    return headers


def _judge(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(True, f"对方已接收（{status}）")
    if status == 410:
        return Outcome(False, "对方声明该地址已停用（410）", over=True)
    return Outcome(False, f"对方未接收（{status}）")


def _note(row: Webhook, outcome: Outcome) -> None:
    """Write how a try ended, unless somebody else has ended it meanwhile."""
    moment = time.now()
    pause = None if outcome.over else rules.pause_after(row.tries)
    change: dict[str, object] = {"last_answer": shorten(one_line(outcome.answer), 300)}
    if outcome.ok:
        change["delivered_at"] = moment
    elif pause is None:
        change["given_up_at"] = moment
        log.warning("push %s given up after %s tries: %s", row.pk, row.tries, outcome.answer)
    else:
        change["next_try_at"] = moment + pause
    Webhook.objects.filter(pk=row.pk, delivered_at__isnull=True).update(**change)


def waiting_for(system: str) -> list[UUID]:
    """Ids of news that an outer system has not got yet."""
    rows = Webhook.objects.filter(key__system=system, delivered_at__isnull=True, given_up_at__isnull=True)
    return list(rows.values_list("pk", flat=True))
