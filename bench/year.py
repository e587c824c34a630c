"""A simulated year (模拟一年): cases through the real verbs with the clock moved, then everything that must hold.

    python -m bench year --cases 5000 --kills 24

`bench/living.py` says what happens in the year, `hezhi/wiring/invariants.py` what must hold at its end; every figure of
statistics and every frozen appraisal is counted again from history. Ends with an error when one thing does not hold.
"""

import argparse
import json
from typing import Any

from bench.house import house

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


def run(told: argparse.Namespace) -> dict[str, Any]:
    """Live the year in a fresh district, check, and tell."""
    with house() as ready:
        ready.fresh(DATABASE)
        ready.cluster.sql(EMPTY, DATABASE)
        words = [str(told.cases), str(told.kills), str(told.seed), str(told.days)]
        text = ready.python("-m", "bench.a_year", *words, database=DATABASE)
    found = json.loads(text[text.rindex("\n{") + 1 :])
    many = sum(found["verbs"].values())
    print(
        f"{found['cases']:,} cases, {many:,} verbs, {sum(found['refused'].values()):,} refused, {found['killed']} kills in "
        f"{found['seconds']:.0f} s: {found['cases'] / found['seconds']:.1f} cases/s, {many / found['seconds']:.0f} verbs/s, "
        f"CPU {found['cpu']:.0f} s; checked in {found['check_seconds']:.0f} s",
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
    return {"options": {"cases": told.cases, "kills": told.kills, "days": told.days, "seed": told.seed}, **found}
