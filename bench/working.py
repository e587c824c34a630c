"""Does what officers and machines do with cases, inside a page worker (办件测量): `python -m bench.working 20 60 1000` prints JSON."""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client
from django.urls import reverse

from bench.asking import _enter, _measure, holder, measured, questions  # sets Django up
from bench.counting import appraised, month, once, rehearsed
from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.connect.actions import MANAGE, create_key
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Holding, User
from hezhi.ground import time as clock
from hezhi.ground.ids import new_id

LISTS = ("desk, no filter", "desk, state and town", "desk, category", "desk, overdue", "department, words")
AT_ONCE = 100
REPORTS = "/api/v1/reports/"


def client_of(user: User) -> Client:
    """A browser in which this person has signed in."""
    client = Client()
    _enter(client, user)
    return client


def lists(times: int) -> dict[str, Any]:
    """Five sets of filters."""
    asked = questions()
    return {
        f"list: {name}": _measure(client_of(asked[name][0]), f"/r/cases/?size=50&{asked[name][1]}", times)
        for name in LISTS
    }


def case_page(times: int) -> dict[str, Any]:
    """The page of ever other cases, from the newest to the middle of all that have a history."""
    client = client_of(holder("dispatcher"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM handling_case WHERE number LIKE 'B%%' AND id IN (SELECT case_id FROM handling_step WHERE verb = 'sign')"
            " AND received_at < now() - interval '4 days' ORDER BY md5(number) LIMIT 64"
        )
        pages = cycle([reverse("case", args=[key]) for (key,) in cursor.fetchall()])
    assert client.get(next(pages)).status_code == 200
    return measured(lambda _: client.get(next(pages)), times)


def intake(times: int) -> dict[str, Any]:
    """A message by a machine's key."""
    by = Actor(kind="system", name="测量", permissions=frozenset({MANAGE}))
    made = create_key(
        by=by, name="测量平台", system="bench", source="hotline", scopes=["reports.write"], quota_per_minute=60_000
    )
    client, point = Client(headers={"Authorization": f"Bearer {made.key}"}), _point()

    def send(n: int) -> None:
        number = str(new_id())
        body = {
            "title": "路灯不亮", "text": f"门前路灯不亮已经三天,晚上看不清路,请尽快修好。第{n}盏", "outside_number": number, "lon": point[0],
            "lat": point[1], "crs": "EPSG:4326", "name": "示例甲", "phone": "19900001111", "category": "0101",
        }  # fmt: skip
        told = client.post(REPORTS, body, content_type="application/json", headers={"Idempotency-Key": number})
        assert told.status_code == 201, told.content

    send(-1)
    return measured(send, times)


def _point() -> tuple[float, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(shape) p FROM geo_area WHERE level = 'grid'"
            " AND kind = 'basic' AND valid_to IS NULL ORDER BY code LIMIT 1) q"
        )
        return cursor.fetchone()


def status_change(times: int) -> dict[str, Any]:
    """A department signs for its orders (签收), from the dialog's answer to the case page's address."""
    user = holder("handler", kind="department")
    client = client_of(user)
    unit = Holding.objects.filter(user=user, valid_to__isnull=True).values_list("post__unit", flat=True)[0]
    many = times + times // 8 + 4
    orders = list(
        WorkOrder.objects.filter(unit=unit, state="to_sign", number__startswith="B").values_list("pk", flat=True)[:many]
    )
    urls = iter([reverse("order-do", args=[key, "sign"]) for key in orders])

    def sign(_: int) -> None:
        told = client.post(next(urls), {})
        assert told.status_code == 302, told.content

    sign(0)
    sent = rehearsed(lambda: sign(0))
    return measured(sign, min(times, len(orders) * 7 // 8 - 4)) | {"statements_as_sent": sent}


def bulk(many: int) -> dict[str, Any]:
    """Many cases given to a unit, a hundred at once as the page allows."""
    desk = holder("dispatcher")
    client, unit = client_of(desk), Holding.objects.filter(user=holder("handler", kind="department"))
    lead = unit.filter(valid_to__isnull=True).values_list("post__unit", flat=True)[0]
    rows = Case.objects.filter(state="to_dispatch", number__startswith="B", secret=False).order_by("-received_at")
    chosen: list[UUID] = list(rows.values_list("pk", flat=True)[:many])
    before = WorkOrder.objects.filter(unit=lead).count()

    def post(start: int) -> None:
        given = {"apply": "1", "lead": str(lead), "text": "", "chosen": list(map(str, chosen[start : start + AT_ONCE]))}
        assert client.post(reverse("case-bulk", args=["dispatch"]), given).status_code == 200

    def dispatch() -> str:
        for start in range(0, len(chosen), AT_ONCE):
            post(start)
        return f"{WorkOrder.objects.filter(unit=lead).count() - before} of {len(chosen)} dispatched"

    sent = rehearsed(lambda: post(0))
    return once(dispatch) | {"statements_as_sent": sent, "sent_times": len(chosen) / AT_ONCE}


def main() -> None:
    times, units, many = map(int, sys.argv[1:4])
    chief = client_of(holder("duty_chief", kind="centre"))
    often: dict[str, Callable[[int], dict[str, Any]]] = {
        "intake by a machine's key": intake,
        "case page": case_page,
        "status change: sign": status_change,
        "statistics, last month": lambda n: _measure(chief, f"/statistics/?{month()}", n),
    }
    told: dict[str, dict[str, Any]] = {"often": lists(times), "once": {}}
    for name, work in often.items():
        told["often"][name] = work(times)
        print(name, told["often"][name]["p50_ms"], file=sys.stderr, flush=True)
    told["once"][f"bulk dispatch of {many:,}"] = bulk(many)
    told["once"] |= {
        f"appraisal: {name}": row
        for name, row in appraised(holder("supervisor", kind="centre"), units, rehearse=True).items()
    }
    told["at"] = {"month": month(), "today": str(clock.today() - timedelta(0))}
    print("\n" + json.dumps(told, ensure_ascii=False, default=str))


if __name__ == "__main__":
    main()
