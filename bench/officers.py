"""Opens sessions for officers and a machine's key (压力测试准备): `python -m bench.officers 1000` prints them with their work as JSON."""

import json
import sys

from django.db import transaction
from django.test import Client

from bench.asking import _one, holder  # sets Django up
from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.connect.actions import MANAGE, create_key
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Holding, User
from hezhi.engines.org.testkit import enter
from hezhi.engines.records.acting import acting
from hezhi.ground import time

ROLES = {"town_dispatcher": 400, "handler": 300, "acceptor": 100, "dispatcher": 120, "duty_chief": 40, "reviewer": 40}
"""How many of a thousand desks belong to whom; several may be open of one person, in one session: he has one seat (一人一席)."""


def sessions(many: int) -> list[dict[str, str]]:
    """The desks in the order in which officers come, each with the session of its person."""
    with acting(system("测量"), verb="bench.open"):
        User.objects.update(must_change_password=False, password_changed_at=time.now(), last_seen_at=time.now())
    told, whole = [], sum(ROLES.values())
    seats: dict[object, str] = {}
    for role, share in ROLES.items():
        held = Holding.objects.filter(post__role__code=role, valid_to__isnull=True).select_related("user", "post")
        people = list(held.order_by("post__unit__code", "pk"))
        with transaction.atomic():
            for n in range(max(1, many * share // whole)):
                one = people[n % len(people)]
                if one.user_id not in seats:  # a second sign-in would end the first
                    seats[one.user_id] = enter(Client(), one.user).session.session_key
                told.append({"key": seats[one.user_id], "role": role, "unit": str(one.post.unit_id)})
    return told[:many]


def main() -> None:
    opened = sessions(int(sys.argv[1]))
    by = Actor(kind="system", name="测量", permissions=frozenset({MANAGE}))
    made = create_key(
        by=by, name="测量平台", system="bench", source="hotline", scopes=["reports.write"], quota_per_minute=60_000
    )
    orders: dict[str, list[str]] = {}
    for key, unit in WorkOrder.objects.filter(state="to_sign", number__startswith="B").values_list("pk", "unit"):
        orders.setdefault(str(unit), []).append(str(key))
    points = [
        (a.shape.point_on_surface.x, a.shape.point_on_surface.y) for a in Area.objects.grids().order_by("code")[:200]
    ]
    waiting = Case.objects.filter(state="to_dispatch", number__startswith="B", secret=False).values_list(
        "pk", flat=True
    )
    lead = Holding.objects.filter(user=holder("handler", kind="department"), valid_to__isnull=True)
    print("\n" + json.dumps({
        "sessions": opened, "key": made.key, "orders": orders, "points": points, "to_dispatch": [str(key) for key in waiting],
        "lead": str(lead.values_list("post__unit", flat=True)[0]), "cases": _one("SELECT count(*) FROM handling_case"),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
