"""The list of cases at a million rows (事件列表): what the page's SQL costs, and what the server needs for it.

    python -m bench list --rows 1000000

Rows are made by the generator of all benches (`bench/rows.py`).
"""

import argparse
import json

from bench.filling import Wanted
from bench.house import house

DATABASE = "bench_list"
GOALS = {"page SQL, ms": 2.0, "server p95, ms": 100.0}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--again", action="store_true", help="make the rows anew")


def run(told: argparse.Namespace) -> dict[str, object]:
    """Ask each question often, in the process of a page worker without the network around it."""
    with house() as ready:
        Wanted(told.rows, words=True).fill(ready, DATABASE, again=told.again)
        text = ready.python("-m", "bench.asking", str(told.times), database=DATABASE)
    told_back = json.loads(text[text.rindex("\n{") + 1 :] if "\n{" in text else text)
    for name, row in (told_back["questions"] | told_back["pages"]).items():
        print(
            f"{name:34s} page SQL {row['page_ms']:7.2f} ms  all SQL {row['sql_ms']:7.2f} ms in {row['statements']}  "
            f"CPU {row['app_cpu_ms']:5.1f} + {row['db_cpu_ms']:5.1f}  "
            f"server p50 {row['p50_ms']:6.1f} p95 {row['p95_ms']:6.1f} ms",
            flush=True,
        )
    worst_page = max(row["page_ms"] for row in told_back["questions"].values())
    worst = max(row["p95_ms"] for row in told_back["questions"].values())
    print(f"worst page SQL {worst_page:.2f} ms (goal ≤ 2), worst p95 {worst:.1f} ms (goal < 100)", flush=True)
    return {"options": {"rows": told.rows, "times": told.times}, **told_back, "goals": GOALS}
