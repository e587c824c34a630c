"""What the hall screen counts (大屏统计): matters and places, never people; counted in the database at each asking."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.org.actor import Actor
from hezhi.ground import time

_TODAY = """
select count(*) filter (where received_at >= %(today)s),
       count(*) filter (where closed_at >= %(today)s),
       count(*) filter (where state in ('to_accept', 'to_dispatch', 'redo')),
       count(*) filter (where state in ('to_sign', 'handling', 'to_review')),
       count(*) filter (where due_at < %(now)s and state not in ('closed', 'not_accepted', 'merged', 'void')),
       count(*) filter (where on_the_spot and received_at >= %(today)s)
from handling_case
where received_at >= %(since)s or state not in ('closed', 'not_accepted', 'merged', 'void')
"""


def today() -> dict[str, int]:
    """The day's figures: reported, closed, waiting, at work, overdue, done on the spot."""
    midnight = time.at_local(time.today())
    with connection.cursor() as cursor:
        cursor.execute(_TODAY, {"today": midnight, "now": time.now(), "since": midnight - timedelta(days=60)})
        row = cursor.fetchone()
    return dict(zip(("reported", "closed", "waiting", "at_work", "overdue", "on_the_spot"), row, strict=True))


_BY_TOWN = """
select a.id, a.name, count(c.id) from geo_area a
left join handling_case c on c.town_id = a.id and c.received_at >= %(since)s
where a.level = 'town' and a.valid_to is null group by a.id, a.name order by count(c.id) desc, a.name
"""


def by_town(since: datetime) -> list[tuple[UUID, str, int]]:
    """Cases since a moment, by town, the most first."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_TOWN, {"since": since})
        return [(pk, name, n) for pk, name, n in cursor]


_BY_CATEGORY = """
select coalesce(split_part(k.full_name, '/', 1), '未定'), count(*) from handling_case c
left join handling_category k on k.id = c.category_id
where c.received_at >= %(since)s group by 1 order by 2 desc limit 8
"""


def by_category(since: datetime) -> list[tuple[str, int]]:
    """Cases since a moment, by first-level category."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_CATEGORY, {"since": since})
        return list(cursor)


_TREND = """
select d::date, (select count(*) from handling_case where received_at >= d and received_at < d + interval '1 day'),
       (select count(*) from handling_case where closed_at >= d and closed_at < d + interval '1 day')
from generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '1 day') d order by 1
"""


def trend(days: int = 14) -> list[tuple[str, int, int]]:
    """Day, reported, closed, for the last days; days begin at midnight here."""
    last = time.at_local(time.today())
    with connection.cursor() as cursor:
        cursor.execute(_TREND, {"first": last - timedelta(days=days - 1), "last": last})
        return [
            (f"{time.local(last - timedelta(days=days - 1 - n)):%m-%d}", a, b) for n, (_, a, b) in enumerate(cursor)
        ]


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
  'properties', json_build_object('name', a.name, 'count', coalesce(n.count, 0)))))::text
from geo_area a left join (
  select town_id, count(*) as count from handling_case where received_at >= %(since)s group by 1) n on n.town_id = a.id
where a.level = 'town' and a.valid_to is null
"""


def shading(since: datetime) -> str:
    """Towns with their counts as GeoJSON, for shading; places only, no point of any person (P8)."""
    with connection.cursor() as cursor:
        cursor.execute(_SHADING, {"since": since})
        (text,) = cursor.fetchone()
    return str(text)
