"""Case handling on ever more cases (案件规模): what each kind of request costs, beside pgbench, and how it grows.

    python -m bench cases --rows 100000 1000000 10000000

Intake, the list with five sets of filters, the case page, a status change, a thousand dispatched at once, the page of
statistics and an appraisal of sixty units. Cases come at one pace whatever their number (`bench/rows.py`): more of them
are more years in the archive, so the database grows from size to size, and what the last size worked on is made anew. Each
size is kept when it is measured: a run that was broken off goes on with `--resume`. The limit beside a figure is the same statements sent by pgbench from one connection,
nothing drawn and nothing checked; what a step writes is rolled back there. Growth is the CPU of worker and database
together, and the time, at the most cases over that at the fewest.
"""

import argparse
import json
import os
import re
import subprocess
import time
from typing import Any

from bench.filling import Filling, Wanted
from bench.house import House, house, load_average
from bench.intake import _acting_options, _script
from bench.rows import UNITS
from bench.servers import cpu_below
from hezhi.wiring.cluster import APP

DATABASE = "bench_cases"
OPEN = 12_000
LIVES = 1_000_000
GROWTH = 1.5
GROWING = ("list: ", "case page")
"""What must not grow with the archive."""
ONCE = 3
"""How often pgbench sends the statements of what is done once."""
P95_MS = {"list: ": 100.0, "statistics": 500.0}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--times", type=int, default=24, help="how often each request is made")
    parser.add_argument("--lives", type=int, default=LIVES, help="so many of the newest have a history")
    parser.add_argument("--bulk", type=int, default=1000, help="how many are dispatched at once")
    parser.add_argument("--keep", action="store_true", help="keep the database")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was broken off")


def run(told: argparse.Namespace) -> dict[str, Any]:
    """Fill and measure, then grow and measure again, from the smallest size to the largest."""
    with house() as ready:
        kept = ready.home / "run/cases-measured.json"
        if not told.resume:
            kept.unlink(missing_ok=True)
        found: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
        Filling(ready, DATABASE, _wanted(max(told.rows), told.lives)).check_room()
        for rows in sorted(told.rows):
            if str(rows) in found:
                print(f"{rows:,} cases were measured before", flush=True)
                continue
            found[str(rows)] = _filled(ready, rows, told.lives) | _one_size(ready, rows, told.times, told.bulk)
            kept.write_text(json.dumps(found, ensure_ascii=False))
        if not told.keep:
            ready.drop(DATABASE)
    found = {str(rows): found[str(rows)] for rows in sorted(told.rows)}
    growth = _growth(found)
    for name, ratio in growth.items():
        goal = f" (goal ≤ {GROWTH}) {'met' if ratio['cpu'] <= GROWTH else 'MISSED'}" if name.startswith(GROWING) else ""
        print(f"growth {name:40s} CPU {ratio['cpu']:.2f} time {ratio['time']:.2f}{goal}", flush=True)
    return {
        "options": {"rows": ", ".join(found), "times": told.times, "with a history": told.lives},
        "found": found,
        "growth": growth,
    }


def _wanted(rows: int, lives: int) -> Wanted:
    return Wanted(rows, open=OPEN, facts=True, words=True, lives=lives)


def _filled(ready: House, rows: int, lives: int) -> dict[str, float]:
    begun, used = time.monotonic(), cpu_below(ready.cluster.pid() or 0)
    print(f"{rows:,} cases", flush=True)
    _wanted(rows, lives).fill(ready, DATABASE, fresh=True)
    return {"fill_s": time.monotonic() - begun, "fill_cpu_s": cpu_below(ready.cluster.pid() or 0) - used}


def _one_size(ready: House, rows: int, times: int, bulk: int) -> dict[str, Any]:
    bytes_ = ready.sql(DATABASE, "SELECT pg_database_size(current_database())")[0][0]
    load = load_average()
    text = ready.python("-m", "bench.working", str(times), str(UNITS), str(bulk), database=DATABASE)
    told = json.loads(text[text.rindex("\n{") + 1 :])
    for name, row in told["often"].items():
        sent = row.pop("statements_as_sent")
        script = _script(ready, DATABASE) if name.startswith("intake") else _as_script(sent)
        row["limit"] = _limit(ready, script, times)
        limit = row["limit"]
        beside = f"pgbench p50 {limit['p50_ms']:7.1f} CPU {limit['db_cpu_ms']:6.1f}" if limit else "pgbench —"
        print(
            f"{rows:>10,} {name:28s} {row['statements']:3d} SQL  CPU {row['app_cpu_ms']:6.1f} + {row['db_cpu_ms']:6.1f}  "
            f"p50 {row['p50_ms']:7.1f} p95 {row['p95_ms']:7.1f} ms  {beside}",
            flush=True,
        )
    for name, row in told["once"].items():
        many = row.pop("sent_times", 1)
        limit = _limit(ready, _as_script(row.pop("statements_as_sent")), ONCE)
        row["limit"] = {part: value * many for part, value in limit.items()}
        beside = f"pgbench {row['limit']['p50_ms']:.0f} ms" if limit else "pgbench —"
        print(
            f"{rows:>10,} {name:28s} {row['statements']:5d} SQL  {row['ms']:9.0f} ms, CPU {row['app_cpu_ms']:7.0f} + {row['db_cpu_ms']:7.0f} "
            f"({row['what']})  {beside}",
            flush=True,
        )
        for seconds, sql in row["slowest"]:
            print(f"{'':14s}{seconds:8.3f} s  {sql}", flush=True)
    return told | {"gigabytes": bytes_ / 2**30, "load": load}


def _as_script(sent: list[str]) -> str:
    """The statements of one request as a pgbench script that leaves nothing behind."""
    return "BEGIN;\n" + "".join(f"{' '.join(text.split())};\n" for text in sent) + "ROLLBACK;\n"


def _limit(ready: House, script: str, times: int) -> dict[str, float]:
    """The same statements from one connection; nothing when they cannot be sent once more."""
    path, log = ready.home / "run/cases.pgbench", ready.home / "run/pgbench_log"
    path.write_text(script)
    for old in log.parent.glob("pgbench_log*"):
        old.unlink()
    command = [
        "pgbench", "--no-vacuum", "--client", "1", "--transactions", str(times), "--file", str(path), "--log", "--log-prefix",
        str(log), ready.url(DATABASE, APP),
    ]  # fmt: skip
    postmaster = ready.cluster.pid() or 0
    before = cpu_below(postmaster)
    done = subprocess.run(command, env=os.environ | {"PGOPTIONS": _acting_options()}, capture_output=True, text=True)
    used = cpu_below(postmaster) - before
    waits = sorted(int(line.split()[2]) / 1000 for f in log.parent.glob("pgbench_log*") for line in f.open())
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if done.returncode or not waits or not failed or failed[1] != "0":
        print(f"      no limit: {done.stderr.strip()[:300]}", flush=True)
        return {}
    return {
        "p50_ms": waits[len(waits) // 2], "p95_ms": waits[int(len(waits) * 0.95)], "db_cpu_ms": used * 1000 / len(waits),
    }  # fmt: skip


def _growth(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """CPU of worker and database, and wall time, at the most cases over those at the fewest."""
    sizes = sorted(found, key=int)
    if len(sizes) < 2:
        return {}
    grown: dict[str, dict[str, float]] = {}
    for kind, wall in (("often", "p50_ms"), ("once", "ms")):
        few, many = found[sizes[0]][kind], found[sizes[-1]][kind]
        for name in few:
            grown[name] = {
                "cpu": _cpu(many[name]) / max(_cpu(few[name]), 0.1), "time": many[name][wall] / max(few[name][wall], 0.1),
            }  # fmt: skip
    return grown


def _cpu(row: dict[str, float]) -> float:
    return row["app_cpu_ms"] + row["db_cpu_ms"]


__all__ = ["P95_MS", "options", "run"]
