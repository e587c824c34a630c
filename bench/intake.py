"""Intake (入件): our door with key, audit and idempotency, beside the plain DRF + ORM peer and the bare statement.

    python -m bench intake --rounds 3 --seconds 6 --concurrency 16

All three write to the same server, one after the other inside each round, in a turned order; a round's
order is told in the JSON. pgbench sends our own statement, prepared, from the same number of connections:
what the database alone could do with it on this machine.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.house import House, house, load_average
from bench.load import Answered, crowd
from bench.servers import Server, cpu_below, serving
from hezhi.wiring.cluster import APP, OWNER

OURS_PATH, PEER_PATH = "/api/v1/reports/", "/cases/"
GOALS = {"times the peer's requests/s": (5.0, "≥"), "share of pgbench": (0.25, "≥"), "p95 of the peer's": (0.4, "≤")}


@dataclass
class Cell:
    """One stack in one round."""

    rps: float
    p95_ms: float
    app_cpu_ms: float
    db_cpu_ms: float
    not_created: int
    load: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0


@dataclass
class Stack:
    """A stack and its rounds."""

    name: str
    cells: list[Cell] = field(default_factory=list)

    def median(self, what: str) -> float:
        return statistics.median(getattr(cell, what) for cell in self.cells)


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--warmup", type=float, default=4)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--stacks", default="granian,peer,pgbench", help="granian, gunicorn, peer, pgbench")


def run(told: argparse.Namespace) -> dict[str, object]:
    """Measure, print a line for each cell, and give everything for the results file."""
    with house() as ready:
        points = _points(ready)
        names = told.stacks.split(",")
        stacks = [Stack(name) for name in names]
        for turn in range(told.rounds):
            for stack in [*stacks[turn % len(stacks) :], *stacks[: turn % len(stacks)]]:
                cell = _cell(ready, stack.name, told, points)
                stack.cells.append(cell)
                _say(f"round {turn + 1} {stack.name:9s}", cell)
        return _result(stacks, told)


def _cell(ready: House, name: str, told: argparse.Namespace, points: Path) -> Cell:
    """One stack measured in a database of its own, freshly copied, so that no round inherits another's rows."""
    if name == "pgbench":
        return _limit(ready, told)
    start = _peer if name == "peer" else _ours
    with start(ready, name) as (server, path, key):
        crowd(server.port, path, key, concurrency=told.concurrency, seconds=told.warmup, points=points)
        server.check()
        postmaster = ready.cluster.pid() or 0
        app, db, load = server.cpu(), cpu_below(postmaster), load_average()
        got = crowd(server.port, path, key, concurrency=told.concurrency, seconds=told.seconds, points=points)
        server.check()
        if got.not_created or got.socket_errors:
            raise RuntimeError(f"{name}: {got.not_created} answers were not 201, {got.socket_errors} socket errors")
        return _of(got, server.cpu() - app, cpu_below(postmaster) - db, load)


def _of(got: Answered, app: float, db: float, load: float) -> Cell:
    each = 1000 / max(got.requests, 1)
    return Cell(got.rps, got.p95_ms, app * each, db * each, got.not_created, load, got.p50_ms, got.p99_ms)


# -- our door --------------------------------------------------------------------------------------

WEB = {
    "granian": (
        "-m", "hezhi.wiring.warm", "--host", "127.0.0.1", "--port", "{port}", "--no-ws", "--log-level", "warning", "--interface",
        "wsgi", "--workers", "2", "--blocking-threads", "4", "hezhi.wiring.wsgi:application",
    ),
    "gunicorn": (
        "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--log-level", "warning",
        "hezhi.wiring.wsgi:application",
    ),
}  # fmt: skip

_MAKE_KEY = """
import django; django.setup()
from hezhi.engines.connect.actions import MANAGE, create_key
from hezhi.engines.org.actor import Actor
by = Actor(kind="system", name="测量", permissions=frozenset({MANAGE}))
print(create_key(by=by, name="测量平台", system="bench", source="hotline", scopes=["reports.write"],
                 quota_per_minute=60000).key)
"""


class _ours:
    """Our server over a fresh copy of the demo district, with a channel key."""

    def __init__(self, ready: House, name: str) -> None:
        self.ready, self.name = ready, name

    def __enter__(self) -> tuple[Server, str, str]:
        database = self.ready.fresh("bench_intake")
        key = self.ready.python("-c", _MAKE_KEY, database=database).strip().splitlines()[-1]
        command, environment = [sys.executable, *WEB[self.name]], self.ready.environment(database, HEZHI_PROCESS="web")
        self.server = serving(
            self.name, command, environment, self.ready.home / f"log/{self.name}.log", "/accounts/login/"
        )
        return self.server.__enter__(), OURS_PATH, f"Bearer {key}"

    def __exit__(self, *problem: object) -> None:
        self.server.__exit__(*problem)  # type: ignore[arg-type]


# -- the peer --------------------------------------------------------------------------------------


class _peer:
    """The plain DRF + ORM way over the same grids, on the same database server."""

    def __init__(self, ready: House, name: str) -> None:
        self.ready, self.name = ready, name

    def __enter__(self) -> tuple[Server, str, str]:
        import json

        database = "bench_peer"
        self.ready.cluster.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE);", "postgres")
        self.ready.cluster.sql(f"CREATE DATABASE {database} OWNER {OWNER} TEMPLATE template1;", "postgres")
        environment = self.ready.environment(database, PEER_DATABASE_URL=self.ready.url(database, OWNER))
        environment["DJANGO_SETTINGS_MODULE"] = "bench.peers.drf_orm.settings"
        token = self.ready.python(
            "-m", "bench.peers.drf_orm.furnish", database=database, text=json.dumps(_tables(self.ready)),
            PEER_DATABASE_URL=environment["PEER_DATABASE_URL"], DJANGO_SETTINGS_MODULE="bench.peers.drf_orm.settings",
        )  # fmt: skip
        command = [
            sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--threads", "4",
            "--log-level", "warning", "bench.peers.drf_orm.wsgi:application",
        ]  # fmt: skip
        self.server = serving("peer", command, environment, self.ready.home / "log/peer.log", PEER_PATH)
        return self.server.__enter__(), PEER_PATH, f"Token {token.split()[-1]}"

    def __exit__(self, *problem: object) -> None:
        self.server.__exit__(*problem)  # type: ignore[arg-type]


def _tables(ready: House) -> dict[str, object]:
    """The grids and categories that the peer works with: the same as ours."""
    grids = ready.sql(
        "bench_template",
        "SELECT g.code, g.name, t.name, ST_AsEWKT(g.shape) FROM geo_area g JOIN geo_area t ON t.id = g.town_id"
        " WHERE g.level = 'grid' AND g.kind = 'basic' AND g.valid_to IS NULL",
    )
    return {"grids": grids, "categories": ready.sql("bench_template", "SELECT code, name FROM handling_category")}


def _points(ready: House) -> Path:
    """A point in each grid, in an order that jumps about the district."""
    rows = ready.sql(
        "bench_template",
        "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(shape) p, md5(code) d FROM geo_area"
        " WHERE level = 'grid' AND kind = 'basic' AND valid_to IS NULL) q ORDER BY d",
    )
    path = ready.home / "run/points.txt"
    path.write_text("".join(f"{lon:.6f} {lat:.6f}\n" for lon, lat in rows))
    return path


# -- the limit -------------------------------------------------------------------------------------


def _limit(ready: House, told: argparse.Namespace) -> Cell:
    """pgbench with the very statement of our intake, prepared."""
    database = ready.fresh("bench_limit")
    script = ready.home / "run/intake.pgbench"
    script.write_text(_script(ready, database))
    environment = os.environ | {"PGOPTIONS": _acting_options()}
    command = [
        "pgbench", "--no-vacuum", "--protocol", "prepared", "--client", str(told.concurrency), "--jobs", "1",
        "--file", str(script), ready.url(database, APP),
    ]  # fmt: skip
    subprocess.run([*command, "--time", f"{told.warmup:.0f}"], env=environment, check=True, capture_output=True)
    postmaster = ready.cluster.pid() or 0
    db, load = cpu_below(postmaster), load_average()
    log = ready.home / "run/pgbench_log"
    for old in log.parent.glob("pgbench_log*"):
        old.unlink()
    done = subprocess.run(
        [*command, "--time", f"{told.seconds:.0f}", "--log", "--log-prefix", str(log)],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    failed = int(re.search(r"number of failed transactions: (\d+)", done.stdout).group(1))  # type: ignore[union-attr]
    if failed:
        raise RuntimeError(done.stdout)
    waits = sorted(int(line.split()[2]) / 1000 for f in log.parent.glob("pgbench_log*") for line in f.open())
    tps = float(re.search(r"tps = ([\d.]+)", done.stdout).group(1))  # type: ignore[union-attr]
    used = cpu_below(postmaster) - db
    return Cell(
        tps, waits[int(len(waits) * 0.95)], 0.0, used * 1000 / len(waits), failed, load, waits[len(waits) // 2],
        waits[int(len(waits) * 0.99)],
    )  # fmt: skip


_DUMP = """
import django; django.setup()
from bench.statement import as_pgbench
print(as_pgbench())
"""


def _script(ready: House, database: str) -> str:
    return ready.python("-c", _DUMP, database=database)


def _acting_options() -> str:
    """Who acts, for the history triggers; our door tells it in each transaction."""
    return (
        "-c pghistory.context_id=01a20000-0000-7000-8000-000000000001"
        ' -c pghistory.context_metadata={"kind":"system","name":"bench"} -c pgtrigger.ignore={}'
    )


# -- what came out ---------------------------------------------------------------------------------


def _say(name: str, cell: Cell) -> None:
    print(
        f"{name} {cell.rps:8.1f}/s  p50 {cell.p50_ms:7.1f} ms  p95 {cell.p95_ms:7.1f} ms  "
        f"app {cell.app_cpu_ms:5.2f} ms  db {cell.db_cpu_ms:5.2f} ms  load {cell.load:.1f}",
        flush=True,
    )


def _result(stacks: list[Stack], told: argparse.Namespace) -> dict[str, object]:
    whats = ("rps", "p50_ms", "p95_ms", "p99_ms", "app_cpu_ms", "db_cpu_ms")
    medians = {stack.name: {what: stack.median(what) for what in whats} for stack in stacks}
    ours = medians.get("granian") or medians.get("gunicorn")
    ratios = {}
    if ours and "peer" in medians:
        ratios["times the peer's requests/s"] = ours["rps"] / medians["peer"]["rps"]
        ratios["p95 of the peer's"] = ours["p95_ms"] / medians["peer"]["p95_ms"]
    if ours and "pgbench" in medians:
        ratios["share of pgbench"] = ours["rps"] / medians["pgbench"]["rps"]
    for name, ratio in ratios.items():
        goal, sign = GOALS[name]
        met = ratio >= goal if sign == "≥" else ratio <= goal
        print(f"{name}: {ratio:.2f} (goal {sign} {goal}) {'met' if met else 'MISSED'}", flush=True)
    return {
        "options": {
            "rounds": told.rounds,
            "seconds": told.seconds,
            "warmup": told.warmup,
            "concurrency": told.concurrency,
        },
        "medians": medians,
        "rounds": {stack.name: [asdict(cell) for cell in stack.cells] for stack in stacks},
        "ratios": ratios,
        "goals": {name: {"sign": sign, "goal": goal} for name, (goal, sign) in GOALS.items()},
    }
