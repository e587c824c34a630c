"""Asking twice, doing once (幂等): the answer is kept in the transaction that did the work.

    with once(actor.system, request.headers["Idempotency-Key"], digest) as kept:
        if kept.is_new:
            receipt = take_in(message, by=actor)
            kept.keep({"number": receipt.number}, object_id=receipt.id)
    return kept.answer

Two requests at once: the second waits for the first, then gets its answer, or does the work when the
first failed.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg.types.json import Jsonb

from hezhi.engines.connect.errors import BadKey, OtherRequest
from hezhi.engines.connect.models import IdempotentRequest
from hezhi.ground import time
from hezhi.ground.crypto import sm3
from hezhi.ground.prepared import prepared

LONGEST = 80

CLAIM = (
    "insert into connect_idempotentrequest (channel, key, digest, answer, at) select"
    " %(claim_channel)s::text, %(claim_key)s::text, %(claim_digest)s::text, {answer}, %(claim_at)s::timestamptz"
)
"""The key as part of a statement that does the work itself: «insert … select …», to be followed by «from» what
was done. A key that is taken already stops the whole statement (IntegrityError): then go the way of `once`."""


class Kept:
    """The answer to a request: found, or still to be made (已存答复)."""

    def __init__(self, row_id: int, *, is_new: bool, answer: dict[str, Any], object_id: UUID | None) -> None:
        self.row_id, self.is_new, self.answer, self.object_id = row_id, is_new, answer, object_id

    def keep(self, answer: dict[str, Any], *, object_id: UUID | None = None) -> None:
        """Note the answer that every repetition will get: plain values, nothing of a person."""
        self.answer, self.object_id = answer, object_id
        with prepared(
            "UPDATE connect_idempotentrequest SET answer = %s, object_id = %s WHERE id = %s",
            [Jsonb(answer), object_id, self.row_id],
        ):
            pass


@dataclass(frozen=True)
class Claim:
    """A key to be claimed by the statement that does the work (see `CLAIM`), and its answer as far as it is known.

    Raises BadKey for an empty or too long key.
    """

    channel: str
    key: str
    digest: str
    answer: Mapping[str, Any]

    def __post_init__(self) -> None:
        _check(self.key)

    def values(self) -> dict[str, object]:
        """Values for a statement that holds `CLAIM`; the answer is made there from `claim_answer`."""
        return {
            "claim_channel": self.channel, "claim_key": self.key, "claim_digest": self.digest,
            "claim_answer": json.dumps(self.answer, ensure_ascii=False), "claim_at": time.now(),
        }  # fmt: skip


def _check(key: str) -> None:
    if not key.strip() or len(key) > LONGEST or not key.isprintable():
        raise BadKey({"Idempotency-Key": [f"幂等键须为 1 至 {LONGEST} 个可见字符"]})


def digest_of(body: bytes) -> str:
    """The print of a request's body, by which a repetition is known from another request."""
    return sm3(body).hex()


@contextmanager
def once(channel: str, key: str, digest: str) -> Iterator[Kept]:
    """Do the work of this block once per channel and key (只办一次), as one transaction.

    `kept.is_new` says whether it must be done; otherwise `kept.answer` is what was answered then. When
    the block fails, nothing is kept and the next try does the work. Raises BadKey for an empty or too
    long key and OtherRequest when the key was used for another body.
    """
    _check(key)
    with transaction.atomic():
        yield _claim(channel, key, digest)


def _claim(channel: str, key: str, digest: str) -> Kept:
    """Write the key, waiting for whoever is writing the same one; or read what he kept."""
    with prepared(
        "INSERT INTO connect_idempotentrequest (channel, key, digest, answer, at) VALUES (%s, %s, %s, '{}', %s)"
        " ON CONFLICT (channel, key) DO NOTHING RETURNING id",
        [channel, key, digest, time.now()],
    ) as cursor:
        claimed = cursor.fetchone()
    if claimed:
        return Kept(claimed[0], is_new=True, answer={}, object_id=None)
    row = IdempotentRequest.objects.get(channel=channel, key=key)
    if row.digest != digest:
        raise OtherRequest
    return Kept(row.pk, is_new=False, answer=row.answer, object_id=row.object_id)
