"""A simulated year (模拟一年): cases through the real verbs with the clock moved, then everything that must hold.

    python -m bench year --cases 5000 --kills 24 --hands 2

`bench/living.py` says what happens in the year, `hezhi/wiring/invariants.py` what must hold at its end; every figure of
statistics and every frozen appraisal is counted again from history. Ends with an error when one thing does not hold.
"""

import argparse
import json
from typing import Any

from bench.house import house
from bench.servers import cpu_below

DATABASE = "bench_year"
EMPTY = """
SET session_replication_role = replica;
TRUNCATE handling_case, handling_caseevent, handling_step, handling_reporter, handling_callback, handling_rating, flow_workorder,
  flow_workorderevent, flow_deadline, flow_todo, flow_approval, flow_approvalevent, statistics_fact, handling_moved, handling_casewords,
  shifts_handover, org_dutyshift, reach_outgoing CASCADE;
SET session_replication_role = origin;
"""
"""The district begins with its people, its grids and its tables, and without a case of before."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=250_000)
    parser.add_argument("--kills", type=int, default=24, help="how often the worker is killed")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hands", type=int, default=2, help="processes that take cases through, beside the worker's")


def run(told: argparse.Namespace) -> dict[str, Any]:
    """Live the year in a fresh district, check, and tell."""
    with house() as ready:
        ready.fresh(DATABASE)
        ready.cluster.sql(EMPTY, DATABASE)
        # Each verb is a transaction of its own; it does not wait until the disk has it, as nobody pulls the plug here.
        ready.cluster.sql(f'ALTER DATABASE "{DATABASE}" SET synchronous_commit = off;', "postgres")
        words = [str(told.cases), str(told.kills), str(told.seed), str(told.days), str(told.hands)]
        used = cpu_below(ready.cluster.pid() or 0)
        text = ready.python("-m", "bench.a_year", *words, database=DATABASE, loud=True)
        used = cpu_below(ready.cluster.pid() or 0) - used
    found = json.loads(text[text.rindex("\n{") + 1 :]) | {"db_cpu": used}
    many = sum(found["verbs"].values())
    print(
        f"{found['cases']:,} cases, {many:,} verbs, {sum(found['refused'].values()):,} refused, {found['killed']} kills in "
        f"{found['seconds']:.0f} s: {found['cases'] / found['seconds']:.1f} cases/s, {many / found['seconds']:.0f} verbs/s, "
        f"CPU {found['cpu']:.0f} s and {found['db_cpu']:.0f} s of the database; checked in {found['check_seconds']:.0f} s",
        flush=True,
    )
    for name, faults in found["broken"].items():
        print(f"不符 {name}: {'; '.join(faults[:5])}", flush=True)
    for sentence in found["differences"]:
        print(f"不同 {sentence}", flush=True)
    if found["broken"] or found["differences"]:
        raise SystemExit(1)
    print(
        f"{found['invariants']} invariants hold; every figure and {found['appraisals']} appraisals come out again",
        flush=True,
    )
    given = {name: getattr(told, name) for name in ("cases", "kills", "days", "seed", "hands")}
    return {"options": given, **found}
