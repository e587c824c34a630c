"""Asks for the pages of the list from inside a page worker (列表测量): `python -m bench.asking 40` prints JSON."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ["HEZHI_HOSTS"] = "testserver"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from bench.servers import cpu_of  # noqa: E402
from hezhi.engines.geo.models import Area  # noqa: E402
from hezhi.engines.org import sessions  # noqa: E402
from hezhi.engines.org.actor import system  # noqa: E402
from hezhi.engines.org.models import Holding, Unit, User  # noqa: E402
from hezhi.engines.records.acting import acting  # noqa: E402
from hezhi.ground import time as clock  # noqa: E402
from hezhi.wiring import warm  # noqa: E402

TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def holder(role: str, **unit: Any) -> User:
    """Somebody who holds a post of this role in such a unit."""
    found = Holding.objects.filter(post__role__code=role, **{f"post__unit__{k}": v for k, v in unit.items()})
    holding = found.filter(valid_to__isnull=True).select_related("user").order_by("post__unit__code")[0]
    with acting(system("测量"), verb="bench.open"):
        User.objects.filter(pk=holding.user_id).update(
            must_change_password=False, password_changed_at=clock.now(), last_seen_at=clock.now()
        )
    return holding.user


def questions() -> dict[str, tuple[User, str]]:
    """Who asks what: the filters of the promise, from the desk, a town and a department."""
    centre, town_hand = holder("dispatcher"), holder("town_dispatcher", kind="town")
    hand = holder("handler", kind="department")
    town = Area.objects.filter(level="town").order_by("code")[0].pk
    kind = _one("SELECT id FROM handling_category WHERE parent_id IS NOT NULL ORDER BY code LIMIT 1")
    top = _one("SELECT id FROM handling_category WHERE parent_id IS NULL ORDER BY code LIMIT 1")
    unit = Unit.objects.filter(kind="department").order_by("code")[0].pk
    return {
        "desk, no filter": (centre, ""),
        "town, no filter": (town_hand, ""),
        "department, no filter": (hand, ""),
        "desk, state and town": (centre, f"state=handling&town={town}"),
        "town, state": (town_hand, "state=handling"),
        "town, closed": (town_hand, "state=closed"),
        "department, state": (hand, "state=handling"),
        "desk, category": (centre, f"category={kind}"),
        "desk, first-level category": (centre, f"category={top}"),
        "desk, overdue": (centre, "overdue=1"),
        "department, overdue": (hand, "overdue=1"),
        "desk, lead unit": (centre, f"lead_unit={unit}"),
        "desk, words": (centre, "q=井盖缺失"),
        "desk, words and number of a house": (centre, "q=路灯 88号"),
        "department, words": (hand, "q=路灯不亮"),
        "desk, piece of a number": (centre, "q=000012345"),
        "desk, words of the text": (centre, "q=暖气 发霉"),
        "desk, rare words of the text": (centre, "q=水表箱盖板"),
        "desk, nobody's words": (centre, "q=水表箱盖板 高跷"),
        "town, words of the text": (town_hand, "q=鸽子"),
        "department, words of the text": (hand, "q=信号灯 绿化带"),
    }


def pages() -> dict[str, tuple[User, str]]:
    """Other doors to the same rows: work desks, other orders, the machine interface and the map."""
    centre, town_hand = holder("dispatcher"), holder("town_dispatcher", kind="town")
    acceptor, hand = holder("acceptor"), holder("handler", kind="department")
    desk = Client()
    _enter(desk, centre)
    return {
        "desk, to-dos": (centre, "/"),
        "department, to-dos": (hand, "/"),
        "desk, triage": (centre, desk.get(reverse("case-triage"))["Location"]),
        "acceptor, triage": (acceptor, _opened(acceptor, reverse("case-triage"))),
        "desk, order by limit": (centre, "/r/cases/?size=50&order=due"),
        "desk, order by end": (centre, "/r/cases/?size=50&order=-closed_at"),
        "town, order by limit": (town_hand, "/r/cases/?size=50&order=due"),
        "desk, until a day long ago": (centre, _far(centre)),
        "desk, interface": (centre, "/api/v1/cases/?size=50"),
        "town, interface": (town_hand, "/api/v1/cases/?size=50"),
        "department, interface, closed": (hand, "/api/v1/cases/?size=50&state=closed"),
        "desk, map of a quarter": (centre, "/api/v1/cases/map/?bbox=120.10,35.90,120.14,35.94"),
    }


def _opened(user: User, url: str) -> str:
    client = Client()
    _enter(client, user)
    return client.get(url)["Location"]


def _far(user: User) -> str:
    """The newest ones of a day in the middle of all of them."""
    middle = _one(
        "SELECT to_timestamp((extract(epoch FROM min(received_at)) + extract(epoch FROM now())) / 2) FROM handling_case"
    )
    return f"/r/cases/?size=50&received_to={middle:%Y-%m-%d}"


def _enter(client: Client, user: User) -> None:
    client.force_login(user)
    session = client.session
    session[sessions.SECOND_FACTOR] = True
    session.save()


def _one(text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchone()[0]


def main() -> None:
    times = int(sys.argv[1])
    warm.warm()  # as the server does before its workers are forked
    warm.settle()
    told: dict[str, dict[str, dict[str, float]]] = {"questions": {}, "pages": {}}
    asked = {name: (user, f"/r/cases/?size=50&{query}") for name, (user, query) in questions().items()}
    for kind, urls in (("questions", asked), ("pages", pages())):
        for name, (user, url) in urls.items():
            client = Client()
            _enter(client, user)
            told[kind][name] = _measure(client, url, times)
            del told[kind][name]["statements_as_sent"]
            print(name, told[kind][name], file=sys.stderr, flush=True)
    print("\n" + json.dumps(told, ensure_ascii=False))


def _measure(client: Client, url: str, times: int) -> dict[str, Any]:
    """One address asked for often."""
    for _ in range(3):
        response = client.get(url)
        assert response.status_code == 200, (url, response.status_code)
    told = measured(lambda _: client.get(url), times)
    page = next((text for text in told["statements_as_sent"] if _is_page(text)), "")
    return told | {"page_ms": _executed(page) if page else 0.0}


def measured(ask: Callable[[int], object], times: int) -> dict[str, Any]:
    """Something done often: wall time, CPU of this process and of its database connection, statements as they were sent."""
    backend = _one("SELECT pg_backend_pid()")  # the connection stays the same between requests
    waits, ours, theirs, sqls = [], [], [], []
    sent: list[str] = []
    for n in range(times):
        begun, used, used_there = time.perf_counter(), time.process_time(), cpu_of(backend)
        ask(n)
        waits.append((time.perf_counter() - begun) * 1000)
        ours.append((time.process_time() - used) * 1000)
        theirs.append((cpu_of(backend) - used_there) * 1000)
        if n % 8 == 0:
            with CaptureQueriesContext(connection) as caught:
                ask(times + n)
            sent = [q["sql"] for q in caught if not q["sql"].startswith(TRANSACTION)]
            sqls.append(sum(float(q["time"]) for q in caught) * 1000)
    return {
        "sql_ms": statistics.median(sqls),
        "statements": len(sent),
        "statements_as_sent": sent,
        "p50_ms": statistics.median(waits),
        "p95_ms": _p95(waits),
        "app_cpu_ms": statistics.median(ours),
        "app_cpu_p95_ms": _p95(ours),
        "db_cpu_ms": statistics.fmean(theirs),
    }


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def _is_page(text: str) -> bool:
    return text.startswith("SELECT") and 'FROM "handling_case"' in text and text.endswith("LIMIT 51")


def _executed(text: str) -> float:
    """Milliseconds that the database itself needs for the page (planning and execution), the middle of seven."""
    found = []
    with connection.cursor() as cursor:
        for _ in range(7):
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}")
            (told,) = cursor.fetchone()
            plan = told if isinstance(told, list) else json.loads(told)
            found.append(plan[0]["Execution Time"])
    if os.environ.get("BENCH_PLANS"):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN ANALYZE {text}")
            print("\n".join(row[0][:200] for row in cursor), file=sys.stderr)
    return statistics.median(found)


if __name__ == "__main__":
    main()
