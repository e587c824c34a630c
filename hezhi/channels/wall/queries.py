"""What the hall screen counts (大屏统计): matters and places, never people; counted in the database at each asking.

Each figure starts from what this reader may see, like every list: a town's wall counts the town.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Count, F, Func, Q, Value
from django.db.models.functions import Coalesce, TruncDate

from hezhi.chapters.cases.handling.api import ENDED, Case
from hezhi.engines.org.actor import Actor
from hezhi.ground import time

LATE_CLOSING = timedelta(days=60)
"""What came in longer ago than this and is over is not looked through for «today closed»."""


def today(by: Actor) -> dict[str, int]:
    """The day's figures: reported, closed, waiting, at work, overdue, done on the spot."""
    midnight = time.at_local(time.today())
    running, new = ~Q(state__in=ENDED), Q(received_at__gte=midnight)
    asked = {
        "reported": new, "closed": Q(closed_at__gte=midnight), "waiting": Q(state__in=["to_accept", "to_dispatch", "redo"]),
        "at_work": Q(state__in=["to_sign", "handling", "to_review"]), "overdue": Q(due_at__lt=time.now()) & running,
        "on_the_spot": Q(on_the_spot=True) & new,
    }  # fmt: skip
    seen = Case.objects.visible_to(by).filter(Q(received_at__gte=midnight - LATE_CLOSING) | running)
    return seen.aggregate(**{code: Count("pk", filter=condition) for code, condition in asked.items()})


def by_town(by: Actor, since: datetime) -> list[tuple[UUID, str, int]]:
    """Cases since a moment, by town, the most first; towns without any are left out."""
    seen = Case.objects.visible_to(by).filter(received_at__gte=since, town__valid_to=None, town__isnull=False)
    return list(seen.values_list("town_id", "town__name").annotate(n=Count("pk")).order_by("-n", "town__name"))


def by_category(by: Actor, since: datetime) -> list[tuple[str, int]]:
    """Cases since a moment, by first-level category."""
    first = Func(F("category__full_name"), Value("/"), Value(1), function="split_part", output_field=CharField())
    seen = Case.objects.visible_to(by).filter(received_at__gte=since).annotate(top=Coalesce(first, Value("未定")))
    return list(seen.values_list("top").annotate(n=Count("pk")).order_by("-n", "top")[:8])


def trend(by: Actor, days: int = 14) -> list[tuple[str, int, int]]:
    """Day, reported, closed, for the last days; days begin at midnight here."""
    first = time.today() - timedelta(days=days - 1)
    reported, closed = (_by_day(by, moment, first) for moment in ("received_at", "closed_at"))
    found = {(what, day): n for what, day, n in reported.union(closed, all=True)}
    asked = [first + timedelta(days=n) for n in range(days)]
    return [(f"{day:%m-%d}", found.get(("received_at", day), 0), found.get(("closed_at", day), 0)) for day in asked]


def _by_day(by: Actor, moment: str, first: date) -> Any:
    """How many cases have this moment on each day, as rows (moment, day, count)."""
    seen = Case.objects.visible_to(by).filter(**{f"{moment}__gte": time.at_local(first)}).order_by()
    day = TruncDate(moment, tzinfo=time.SHANGHAI)
    return seen.annotate(what=Value(moment), day=day).values_list("what", "day").annotate(n=Count("pk"))


def newest(by: Actor, most: int = 12) -> list[dict[str, Any]]:
    """The newest cases this reader may see, by place and category; no text, no title of a secret one."""
    rows = Case.objects.visible_to(by).select_related("category", "town", "grid").order_by("-received_at", "-id")[:most]
    return [
        {
            "id": str(case.pk),
            "at": f"{time.local(case.received_at):%H:%M}",
            "text": f"{case.town or '未定位'} {case.category or case.get_source_display()} "
            f"{'保密件' if case.secret else case.title[:18]}",
            "url": f"/cases/{case.pk}/",
            "level": {"critical": 1, "urgent": 3}.get(case.urgency),
        }
        for case in rows
    ]


_SHADING = """
select json_build_object('type', 'FeatureCollection', 'features', json_agg(json_build_object(
  'type', 'Feature', 'id', a.id, 'geometry', st_asgeojson(st_simplifypreservetopology(a.shape, 0.0003), 5)::json,
  'properties', json_build_object('name', a.name, 'count', coalesce((%s::jsonb ->> a.id::text)::int, 0)))))::text
from geo_area a where a.level = 'town' and a.valid_to is null
"""


def shading(by: Actor, since: datetime) -> str:
    """Towns with their counts as GeoJSON, for shading; places only, no point of any person (P8)."""
    counts = {str(town): n for town, _, n in by_town(by, since)}
    with connection.cursor() as cursor:
        cursor.execute(_SHADING, [json.dumps(counts)])
        (text,) = cursor.fetchone()
    return str(text)
