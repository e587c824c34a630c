"""Lives the year inside a process of the house: `python -m bench.a_year 5000 24 1 365 2` (cases, kills, seed, days, hands) prints JSON."""

import gc
import json
import os
import resource
import sys
import time as machine
from datetime import date
from itertools import islice

import django

os.environ["HEZHI_HOSTS"] = "testserver"
django.setup()

from django.db import connection  # noqa: E402

from bench.living import Year, figures_again  # noqa: E402
from hezhi.engines.org.actor import system  # noqa: E402
from hezhi.ground import time  # noqa: E402
from hezhi.wiring.invariants import INVARIANTS, MOST_TOLD  # noqa: E402

FIRST = date(2026, 1, 1)
"""The newest year whose holidays and make-up days are all known."""
ROWS = {
    "cases": "handling_case", "steps": "handling_step", "versions of cases": "handling_caseevent", "orders": "flow_workorder",
    "to-dos": "flow_todo", "limits": "flow_deadline", "approvals": "flow_approval", "facts": "statistics_fact",
    "messages": "reach_outgoing", "entries of the audit": "records_auditentry",
}  # fmt: skip
"""What the invariants are asked of."""


def asked() -> dict[str, dict[str, object]]:
    """Every invariant: its faults, and how long it took to look."""
    found: dict[str, dict[str, object]] = {}
    for each in INVARIANTS:
        begun = machine.perf_counter()
        faults = list(islice(each.faults(), MOST_TOLD))
        found[each.name] = {"faults": faults, "seconds": machine.perf_counter() - begun}
        print(f"{each.name}: {len(faults)} faults, {found[each.name]['seconds']:.1f} s", file=sys.stderr, flush=True)
    return found


def counted() -> dict[str, int]:
    """How many rows there are of each kind."""
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        told = {}
        for name, table in ROWS.items():
            if table in there:
                cursor.execute(f"SELECT count(*) FROM {table}")
                told[name] = cursor.fetchone()[0]
    return told


def states() -> dict[str, int]:
    """How many cases stand where."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM handling_case GROUP BY state ORDER BY 2 DESC")
        return dict(cursor.fetchall())


def cpu() -> float:
    """Seconds that this process and its ended children have used."""
    return sum(sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main() -> None:
    cases, kills, seed, days, hands = map(int, sys.argv[1:6])
    gc.collect()
    gc.freeze()  # as in a page worker (`hezhi.wiring.warm`)
    with time.frozen_at(time.at_local(FIRST)) as clock:
        year = Year(cases, first=FIRST, seed=seed, kills=kills, days=days, hands=hands)
        began, used = machine.perf_counter(), cpu()
        told = year.live(clock)
        lived, spent = machine.perf_counter() - began, cpu() - used
        began = machine.perf_counter()
        invariants = asked()
        differences = figures_again(year, system("模拟一年"))
        checked = machine.perf_counter() - began
        rows = counted()
    print("\n" + json.dumps({
        "cases": told.cases, "verbs": dict(told.verbs), "refused": dict(told.refused.most_common(40)), "events": dict(told.events),
        "killed": told.killed, "appraisals": len(told.frozen), "seconds": lived, "cpu": spent, "spent": dict(told.spent),
        "check_seconds": checked, "states": states(), "rows": rows, "invariants": len(INVARIANTS),
        "asked": {name: row["seconds"] for name, row in invariants.items()},
        "broken": {name: row["faults"] for name, row in invariants.items() if row["faults"]}, "differences": differences,
    }, ensure_ascii=False))  # fmt: skip


if __name__ == "__main__":
    main()
