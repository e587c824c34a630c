"""Asks for figures and an appraisal from inside a page worker (统计测量): `python -m bench.counting 20 60` prints JSON."""

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench.asking import TRANSACTION, _enter, _measure, _one, holder  # sets Django up
from bench.servers import cpu_of
from hezhi.chapters.cases.appraisal import actions as appraisal
from hezhi.chapters.cases.appraisal.models import FrozenFact, Line, Round, Template
from hezhi.chapters.cases.appraisal.queries import objects_for
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.statistics import actions as statistics
from hezhi.engines.org.actor import actor_of
from hezhi.engines.org.models import User
from hezhi.ground import time as clock


class Statements:
    """Counts statements and keeps the slowest, without keeping them all as the house's own log would."""

    def __init__(self) -> None:
        self.many, self.slowest = 0, []  # type: ignore[var-annotated]

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.many += 1
            self.slowest = sorted([*self.slowest, [time.perf_counter() - begun, " ".join(sql.split())[:90]]])[-4:]


def rehearsed(work: Callable[[], object]) -> list[str]:
    """The statements of something, done and taken back: what pgbench can send again and again."""
    with transaction.atomic(), CaptureQueriesContext(connection) as caught:
        work()
        transaction.set_rollback(True)
    return [q["sql"] for q in caught if not q["sql"].startswith(TRANSACTION)]


def once(work: Callable[[], str]) -> dict[str, Any]:
    """One run of something that is done once, with its statements and its cost."""
    backend = _one("SELECT pg_backend_pid()")
    begun, used, used_there, statements = time.perf_counter(), time.process_time(), cpu_of(backend), Statements()
    with connection.execute_wrapper(statements):
        what = work()
    return {
        "ms": (time.perf_counter() - begun) * 1000, "app_cpu_ms": (time.process_time() - used) * 1000,
        "db_cpu_ms": (cpu_of(backend) - used_there) * 1000, "statements": statements.many, "what": what,
        "slowest": statements.slowest[::-1],
    }  # fmt: skip


def appraised(boss: User, units: int, *, rehearse: bool = False) -> dict[str, Any]:
    """An appraisal of so many departments over last month, from publishing to working its frozen scores out again.

    `rehearse`: each step is done once more before and taken back, for its statements as they were sent.
    """
    last = clock.today().replace(day=1) - timedelta(days=1)
    manager = actor_of(boss)
    chosen = [(unit, user) for unit, user, _ in objects_for("department")][:units]
    reverse("appraisal")  # the first address that is asked for reads all pages of the house, once in a process

    def make() -> str:
        template = Template.objects.filter(level="department").order_by("name")[0]
        round_ = appraisal.make_round(
            by=manager, title="测量", template_id=template.pk, first=last.replace(day=1), last=last, objects=chosen
        )
        appraisal.publish(round_.pk, by=manager)
        return f"{len(chosen)} units, {len(template.items.all())} items"

    def freeze() -> str:
        appraisal.freeze(latest().pk, by=manager)
        return f"{FrozenFact.objects.filter(appraisal=latest()).count()} facts frozen"

    def again() -> str:
        same, differences = appraisal.recompute(manager, latest().pk)
        return f"untouched {same}, differences {len(differences)}"

    found = {}
    for name, work in {"publish and score": make, "freeze and score": freeze, "work out again": again}.items():
        sent = rehearsed(work) if rehearse else []
        found[name] = once(work) | ({"statements_as_sent": sent} if rehearse else {})
    return found


def latest() -> Round:
    """The appraisal made last for measuring."""
    return Round.objects.filter(title="测量").latest("made_at")


def month() -> str:
    """Last month as the query of an address."""
    last = clock.today().replace(day=1) - timedelta(days=1)
    return f"from={last.replace(day=1)}&to={last}"


def main() -> None:
    times, units = int(sys.argv[1]), int(sys.argv[2])
    chief, town, boss = (
        holder("duty_chief", kind="centre"),
        holder("town_dispatcher", kind="town"),
        holder("supervisor", kind="centre"),
    )
    told: dict[str, Any] = {"pages": {}, "once": appraised(boss, units)}
    line = Line.objects.filter(round=latest(), total__isnull=False).order_by("pk")[0]
    pages = {
        "statistics, last month, by town": (chief, f"/statistics/?{month()}"),
        "statistics, last month, by unit": (chief, f"/statistics/?{month()}&by=unit"),
        "statistics, last month, by category": (chief, f"/statistics/?{month()}&by=category"),
        "statistics of a town, last month": (town, f"/statistics/?{month()}"),
        "cases behind a figure": (chief, f"/statistics/cases/?{month()}&measure=handled_on_time"),
        "appraisal round": (boss, f"/appraisal/{latest().pk}/"),
        "one unit's result": (boss, f"/appraisal/lines/{line.pk}/"),
    }
    for name, (user, url) in pages.items():
        client = Client()
        _enter(client, user)
        told["pages"][name] = _measure(client, url, times)
        del told["pages"][name]["statements_as_sent"]
        print(name, told["pages"][name], file=sys.stderr, flush=True)
    own = list(Case.objects.exclude(number__startswith="B").values_list("pk", flat=True)[:500])
    told["once"]["facts from history"] = once(lambda: f"{len(own)} cases, {statistics.renew(own)} facts")
    print("\n" + json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main()
