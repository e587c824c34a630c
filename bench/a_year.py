"""Lives the year inside a process of the house: `python -m bench.a_year 5000 24 1` (cases, kills, seed) prints JSON."""

import json
import os
import sys
import time as machine
from datetime import date

import django

os.environ["HEZHI_HOSTS"] = "testserver"
django.setup()

from django.db import connection  # noqa: E402

from bench.living import Year, figures_again  # noqa: E402
from hezhi.chapters.cases.statistics.models import Fact  # noqa: E402
from hezhi.engines.org.actor import system  # noqa: E402
from hezhi.ground import time  # noqa: E402
from hezhi.wiring.invariants import INVARIANTS, check  # noqa: E402

FIRST = date(2026, 1, 1)
"""The newest year whose holidays and make-up days are all known."""


def main() -> None:
    cases, kills, seed, days = map(int, sys.argv[1:5])
    year_began = time.at_local(FIRST)
    with time.frozen_at(year_began) as clock:
        year = Year(cases, first=FIRST, seed=seed, kills=kills, days=days)
        began, used = machine.perf_counter(), machine.process_time()
        told = year.live(clock)
        lived, cpu = machine.perf_counter() - began, machine.process_time() - used
        began = machine.perf_counter()
        broken = check()
        differences = figures_again(year, system("模拟一年"))
        checked = machine.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute("SELECT state, count(*) FROM handling_case GROUP BY state ORDER BY 2 DESC")
            states = dict(cursor.fetchall())
    print("\n" + json.dumps({
        "cases": told.cases, "verbs": dict(told.verbs), "refused": dict(told.refused.most_common(40)), "events": dict(told.events),
        "killed": told.killed, "appraisals": len(told.frozen), "seconds": lived, "cpu": cpu, "check_seconds": checked,
        "states": states, "facts": Fact.objects.count(), "invariants": len(INVARIANTS), "broken": broken, "differences": differences,
    }, ensure_ascii=False))  # fmt: skip


if __name__ == "__main__":
    main()
