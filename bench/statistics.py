"""Statistics and appraisal (统计和考核) on N cases: what the page costs, and what an appraisal of 60 units costs.

    python -m bench statistics --cases 100000

Cases and their facts come from the generator of all benches (`bench/rows.py`). How fast facts are made from history
is measured on the demo's own cases, which have one.
"""

import argparse
import json

from bench.filling import Wanted
from bench.house import house
from bench.rows import UNITS

DATABASE = "bench_statistics"
DAYS = 90
"""Over how many days the cases came: a month holds a third of them."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=20, help="how often each page is asked for")
    parser.add_argument("--again", action="store_true", help="make the rows anew")


def run(told: argparse.Namespace) -> dict[str, object]:
    """Fill a database, ask for the pages, freeze an appraisal of sixty units, make facts from history."""
    with house() as ready:
        wanted = Wanted(told.cases, pace=DAYS * 86400 / told.cases, open=3_000, facts=True)
        wanted.fill(ready, DATABASE, again=told.again)
        text = ready.python("-m", "bench.counting", str(told.times), str(UNITS), database=DATABASE)
    told_back = json.loads(text[text.rindex("\n{") + 1 :] if "\n{" in text else text)
    for name, row in told_back["pages"].items():
        print(
            f"{name:44s} {row['statements']:3.0f} SQL  {row['sql_ms']:7.1f} ms in the database  "
            f"CPU {row['app_cpu_ms']:6.1f} + {row['db_cpu_ms']:6.1f}  p50 {row['p50_ms']:7.1f} p95 {row['p95_ms']:7.1f} ms",
            flush=True,
        )
    for name, row in told_back["once"].items():
        print(
            f"{name:44s} {row['statements']:3.0f} SQL  {row['ms']:9.1f} ms, CPU {row['app_cpu_ms']:7.1f} ({row['what']})",
            flush=True,
        )
    return {"options": {"cases": told.cases, "times": told.times}, **told_back}
