"""What the audit costs a verb (审计的代价): chained inside it, or alone and sealed each second.

    .venv/bin/python bench/audit.py [seconds of each run]

Needs pgbench and DATABASE_URL, DATABASE_OWNER_URL of a server on which the owner may make a database.
Every way is a small verb (say who acts, change a row, write the audit row, commit) by as many clients, in
the same run on the same machine; the load of the machine is printed, because it decides the figures.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import django

from hezhi.wiring import testing

django.setup()

import psycopg  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402

from hezhi.engines.org.actor import system  # noqa: E402
from hezhi.engines.records import audit, integrity, sealing  # noqa: E402
from hezhi.engines.records.acting import acting  # noqa: E402
from hezhi.engines.records.models import AuditEntry  # noqa: E402
from hezhi.ground.ids import new_id  # noqa: E402
from hezhi.ground.testkit.databases import Workshop, with_name  # noqa: E402
from hezhi.ground.time import real_now  # noqa: E402

CLIENTS, ROWS = 8, 10_000
NAME = f"hzt_{os.getpid()}_bench_audit"

ACTS = "SELECT set_config('pghistory.context_id', gen_random_uuid()::text, true);"
WORK = "UPDATE bench_case SET n = n + 1 WHERE id = :id;"
ROW = """INSERT INTO records_auditentry (at, actor_kind, actor_id, actor_name, post_title, channel, request_id, event,
 object_type, object_id, result, reason, purpose, detail, deed_id, mac) VALUES (clock_timestamp(), 'staff',
 '00000000-0000-7000-8000-000000000001', '林雨桐', '受理员', 'officer', 'r', 'cases.accept', 'handling.case',
 gen_random_uuid(), 'ok', '', '', '{}', gen_random_uuid(), decode(repeat('01', 34), 'hex'));""".replace("\n", "")
CHAIN = "UPDATE bench_chain SET digest = digest(digest || decode(repeat('01', 42), 'hex'), 'sm3');"

WAYS = {
    "the verb without an audit": [ACTS, WORK],
    "chained in the verb, lock first": [ACTS, CHAIN, WORK, ROW],
    "chained in the verb, lock last": [ACTS, WORK, ROW, CHAIN],
    "alone, never sealed": [ACTS, WORK, ROW],
    "alone, sealed each second": [ACTS, WORK, ROW],
}


def pgbench(url: str, statements: list[str], seconds: int) -> tuple[float, float]:
    """Transactions a second and mean milliseconds of one way."""
    text = "\n".join([f"\\set id random(1, {ROWS})", "BEGIN;", *statements, "COMMIT;"])
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(text)
        script.flush()
        words = [
            "pgbench",
            "-n",
            "-M",
            "prepared",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
            "-T",
            str(seconds),
            "-f",
            script.name,
            url,
        ]
        out = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    lines = {
        line.partition("=")[0].strip(): line.partition("=")[2].split()[0] for line in out.splitlines() if "=" in line
    }
    return float(lines["tps"]), float(lines["latency average"])


class Sealer(threading.Thread):
    """The round of the worker: seals each second until told to stop."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping, self.sealed, self.longest = threading.Event(), 0, 0.0

    def run(self) -> None:
        while not self.stopping.wait(1):
            began = time.perf_counter()
            self.sealed += sealing.seal()
            self.longest = max(self.longest, time.perf_counter() - began)
        connections.close_all()


def cost(count: int, work) -> tuple[float, float]:
    """Milliseconds of one, by the clock and of this processor."""
    clock, processor = time.perf_counter(), time.process_time()
    work(count)
    return (time.perf_counter() - clock) / count * 1000, (time.process_time() - processor) / count * 1000


def bare(count: int) -> None:
    """A row changed and committed, nothing else."""
    for n in range(count):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE bench_case SET n = n + 1 WHERE id = %s", [n + 1])


def verbs(count: int) -> None:
    """The same as a verb, as a room does it."""
    by = system("bench")
    for n in range(count):
        with acting(by, verb="bench.verb") as deed, connection.cursor() as cursor:
            cursor.execute("UPDATE bench_case SET n = n + 1 WHERE id = %s", [n + 1])
            deed.objects.append(("bench.case", new_id()))


def fingerprints(count: int) -> None:
    """The audit row with its fingerprint, not written."""
    for _ in range(count):
        audit.entry_of(system("bench"), "bench.verb", [("bench.case", new_id())])


def main(seconds: int) -> None:
    app, owner = testing.database_server()
    shop = Workshop(owner)
    print("making a database…", flush=True)
    shop.copy(testing.migrated_template(shop), NAME)
    connection.settings_dict.update(NAME=NAME, **_parts(app))
    try:
        with psycopg.connect(with_name(owner, NAME), autocommit=True) as link:
            link.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto")
            link.execute("CREATE TABLE bench_case (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)")
            link.execute("INSERT INTO bench_case SELECT generate_series(1, %s)", [ROWS])
            link.execute("CREATE TABLE bench_chain (digest bytea)")
            link.execute("INSERT INTO bench_chain VALUES (decode(repeat('00', 32), 'hex'))")
            durable = link.execute("SELECT current_setting('fsync'), version()").fetchone()
        print(
            f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors, fsync {durable[0]}, {durable[1].split(' on ')[0]}"
        )
        print(f"{CLIENTS} clients, {seconds} s each")
        figures(with_name(app, NAME), seconds)
        in_python()
    finally:
        connections.close_all()
        shop.drop(NAME)


def figures(url: str, seconds: int) -> None:
    """The ways side by side."""
    for way, statements in WAYS.items():
        sealer = Sealer() if "each second" in way else None
        if sealer:
            sealing.seal()  # what the ways before have left
            before = AuditEntry.objects.count()
            sealer.start()
        tps, latency = pgbench(url, statements, seconds)
        told = ""
        if sealer:
            sealer.stopping.set()
            sealer.join()
            sealing.seal()
            written, named = AuditEntry.objects.count() - before, _sealed_since(before)
            told = f"; {named} of {written} rows sealed, longest round {sealer.longest * 1000:.0f} ms"
        print(f"{way:34} {tps:8.0f} verbs/s {latency:7.2f} ms{told}", flush=True)


def in_python() -> None:
    """What it costs in Python, and how fast an examination goes."""
    began = real_now()
    for name, work, count in (
        ("a row changed, in Python", bare, 500), ("the same as a verb", verbs, 2_000), ("an audit row made", fingerprints, 5_000),
    ):  # fmt: skip
        clock, processor = cost(count, work)
        print(f"{name:34} {clock:8.3f} ms by the clock {processor:7.3f} ms of the processor")
    sealing.seal()
    clock, processor = time.perf_counter(), time.process_time()
    report = integrity.verify(since=began)  # pgbench's own rows bear no true fingerprint
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(
        f"{'examination':34} {report.rows / clock:8.0f} rows/s by the clock {report.rows / processor:7.0f} of the processor"
    )


def _sealed_since(before: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(rows) FROM records_auditseal")
        return int(cursor.fetchone()[0]) - before


def _parts(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {"USER": parts.username, "PASSWORD": parts.password, "HOST": parts.hostname, "PORT": str(parts.port)}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
