"""Sealing the audit (审计封存): a chain of SM3 values over its rows, in the order they were committed.

**Why not in the verb.** A chain has one end, so whoever appends to it must wait for the one before: with
the chain inside the transaction all verbs of the house queue up (figures in `bench/audit.py`). So verbs
write rows that stand alone, each with its own fingerprint, and `seal` chains them afterwards, each second.

**Why nothing is skipped.** «Rows with a number above the last sealed one» would lose rows: a verb that
began early and commits late shows a small number after greater ones were sealed. Time is no better. The
database itself knows exactly what became visible when: each row carries the number of its transaction
(`xact`), and each seal keeps the snapshot it was made with. The next seal takes the rows that are visible
now and were not visible in that snapshot, no more and no less: those committed in between, however long
their transactions lasted. A long transaction holds nobody back; its rows come in the seal after its commit.

**After a restore.** Transaction numbers belong to one database server. When the audit wakes up on another
one (a dump was restored), they say nothing; then the rows that no seal names are sealed, and `floor` keeps
the rows from elsewhere out of later comparisons.

**What a seal is worth.** A person who may write to the database and has no key can change neither a row
(`AuditEntry.mac`) nor a seal (`AuditSeal.mac`). Cutting off the end of both shows against the witness, a
small file outside the database that names the last seal.
"""

import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from hezhi.engines.records.models import AuditSeal
from hezhi.engines.records.vault import mac
from hezhi.ground import time
from hezhi.ground.crypto import CHAIN_START, chain

MOST_ROWS = 10_000
"""Rows of one link; a longer heap (a worker that stood still) becomes several."""

_LAST_SEAL = "FROM records_auditseal ORDER BY id DESC LIMIT 1"
# In the order of `xact`, or the database would rather read the whole audit than believe that nothing is new.
UNSEALED = f"""
    (SELECT id, xact FROM records_auditentry
     WHERE xact >= coalesce((SELECT pg_snapshot_xmin(nullif(snapshot, '')::pg_snapshot) {_LAST_SEAL}), '0')
     ORDER BY xact OFFSET 0) entry
    WHERE id > coalesce((SELECT floor {_LAST_SEAL}), 0)
      AND pg_visible_in_snapshot(xact, (SELECT nullif(snapshot, '')::pg_snapshot {_LAST_SEAL})) IS NOT TRUE
"""  # noqa: S608 - of our own words
"""One audit row that no seal names yet, for who looks whether there is work."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('hezhi.audit.seal'))"
_HERE = "SELECT system_identifier::text FROM pg_control_system()"
_WHAT = """
    SELECT id, mac, pg_current_snapshot()::text, pg_visible_in_snapshot(xact, pg_current_snapshot())
    FROM records_auditentry AS entry
"""
_NEW = f"""{_WHAT}
    WHERE id > %(floor)s AND xact >= pg_snapshot_xmin(%(snapshot)s::pg_snapshot)
      AND NOT pg_visible_in_snapshot(xact, %(snapshot)s::pg_snapshot)
    ORDER BY id
"""
_UNNAMED = f"""{_WHAT}
    WHERE NOT EXISTS (
      SELECT FROM records_auditseal AS seal, jsonb_array_elements(seal.members) AS span
      WHERE entry.id BETWEEN (span->>0)::bigint AND (span->>1)::bigint)
    ORDER BY id
"""


@transaction.atomic(durable=True)
def seal() -> int:
    """Chain every row committed since the last seal (封存); gives how many. One sealer at a time.

    A transaction of its own: rows of a verb under way are not committed and must not be sealed with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_HERE)
        here: str = cursor.fetchone()[0]
    last = AuditSeal.objects.order_by("-id").first()
    previous, floor = (bytes(last.digest), last.floor) if last else (CHAIN_START, 0)
    count, made = 0, None
    for rows in _batches(last, here):
        floor = max(floor, *(row.id for row in rows if not row.by_snapshot), 0)
        made = _link(previous, rows, here, floor)
        previous, count = bytes(made.digest), count + len(rows)
    if made is not None:
        transaction.on_commit(partial(witness, made))
    return count


class _Row(NamedTuple):
    """A row to be sealed. One that is visible against its snapshot was written on another server."""

    id: int
    mac: bytes
    snapshot: str
    by_snapshot: bool


def _batches(last: AuditSeal | None, here: str) -> Iterator[list[_Row]]:
    """The new rows, all of one snapshot, in pieces of at most `MOST_ROWS`."""
    statement: str = _UNNAMED
    given: dict[str, int | str] = {}
    if last is not None and last.cluster == here:
        statement, given = _NEW, {"floor": last.floor, "snapshot": last.snapshot}
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, given)
        while rows := cursor.fetchmany(MOST_ROWS):
            yield [_Row(id_, bytes(mac_), snapshot, by_it) for id_, mac_, snapshot, by_it in rows]


def _link(previous: bytes, rows: list[_Row], here: str, floor: int) -> AuditSeal:
    made = AuditSeal(
        sealed_at=time.real_now(),
        rows=len(rows),
        members=spans(row.id for row in rows),
        previous=previous,
        digest=carried_on(previous, ((row.id, row.mac) for row in rows)),
        snapshot=rows[0].snapshot,
        cluster=here,
        floor=floor,
    )
    made.mac = mac(canonical(made))
    made.save(force_insert=True)
    return made


# -- what is sealed --------------------------------------------------------------------------------


def carried_on(previous: bytes, rows: Iterable[tuple[int, bytes]]) -> bytes:
    """The chain carried on over rows: over each one's number and fingerprint."""
    return chain(previous, (id_.to_bytes(8) + mac_ for id_, mac_ in rows))


def canonical(made: AuditSeal) -> bytes:
    """Everything a seal says, in one form, for its own fingerprint."""
    told = [
        "s1", made.sealed_at.isoformat(timespec="microseconds"), made.rows, made.members, bytes(made.previous).hex(),
        bytes(made.digest).hex(), made.snapshot, made.cluster, made.floor,
    ]  # fmt: skip
    return json.dumps(told, separators=(",", ":")).encode()


def spans(ids: Iterable[int]) -> list[list[int]]:
    """Rising numbers as spans without gaps: 1 2 3 7 → [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for id_ in ids:
        if found and found[-1][1] == id_ - 1:
            found[-1][1] = id_
        else:
            found.append([id_, id_])
    return found


# -- the witness -----------------------------------------------------------------------------------


def witness(head: AuditSeal) -> None:
    """Note the last seal outside the database (封存见证), in HEZHI_HOME/audit/head.json."""
    path = witness_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"seal": head.pk, "digest": bytes(head.digest).hex()}))
    part.replace(path)


def witnessed() -> tuple[int, bytes] | None:
    """Number and value of the last seal that was witnessed, or None where there is no witness."""
    try:
        told = json.loads(witness_file().read_text())
        return int(told["seal"]), bytes.fromhex(told["digest"])
    except (OSError, ValueError, KeyError):
        return None


def witness_file() -> Path:
    """Where the witness lies."""
    return Path(settings.HEZHI_HOME) / "audit" / "head.json"
