"""Reads of areas (区域查询): which grid a point lies in, the tree, the shapes for a map."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Length

from hezhi.engines.geo.models import Area, Place


@dataclass(frozen=True)
class Located:
    """Where a point lies (定位结果): ids by level and the full name of the grid."""

    district: UUID | None
    town: UUID | None
    community: UUID | None
    grid: UUID | None
    full_name: str


_LOCATE = """
select district_id, town_id, community_id, id, full_name from geo_area
where level = 'grid' and kind = 'basic' and valid_to is null
  and st_covers(shape, st_setsrid(st_makepoint(%s, %s), 4326)) limit 1
"""


def locate(lon: float, lat: float) -> Located | None:
    """The basic grid a point (WGS 84) lies in today; None outside the district."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCATE, [lon, lat])
        row = cursor.fetchone()
    return Located(*row) if row else None


_SHAPES = """
select json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
  'type', 'Feature', 'id', id, 'geometry', st_asgeojson(st_simplifypreservetopology(shape, %s), 5)::json,
  'properties', json_build_object('code', code, 'name', name, 'level', level)) order by code), '[]'))::text
from geo_area where level = %s and kind = 'basic' and valid_to is null
"""


def shapes(level: str, tolerance: float = 0.0) -> str:
    """The current areas of a level as GeoJSON text (WGS 84); `tolerance` in degrees thins the lines."""
    with connection.cursor() as cursor:
        cursor.execute(_SHAPES, [tolerance, level])
        (text,) = cursor.fetchone()
    return str(text)


_TOUCHING = """
select a.id, a.full_name,
  coalesce(array_agg(b.id) filter (where b.id is not null), '{}')
from geo_area a left join geo_area b on b.level = a.level and b.kind = 'basic' and b.valid_to is null and b.id <> a.id
  and st_dwithin(a.shape, b.shape, %(slit)s) and (%(within)s::uuid is null or %(within)s in (b.district_id, b.town_id, b.community_id))
where a.level = %(level)s and a.kind = 'basic' and a.valid_to is null
  and (%(within)s::uuid is null or %(within)s in (a.district_id, a.town_id, a.community_id))
group by a.id order by a.code
"""
SLIT = 0.0001
"""Borders that lie no farther apart (some ten metres, in degrees) touch: drawings rarely meet exactly."""


def touching(level: str, within: UUID | None = None) -> dict[UUID, tuple[str, list[UUID]]]:
    """The current areas of a level, inside one area if given, with their names and those that touch them (相邻区域)."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHING, {"level": level, "within": within, "slit": SLIT})
        return {key: (name, list(others)) for key, name, others in cursor.fetchall()}


_SQUARES = """
with ground as (select st_union(shape) as shape from geo_area
  where level = %(level)s and kind = 'basic' and valid_to is null and (%(within)s::uuid is null or id = %(within)s))
select x, y from ground,
  generate_series(floor(st_xmin(shape) / %(w)s)::int, ceil(st_xmax(shape) / %(w)s)::int) as x,
  generate_series(floor(st_ymin(shape) / %(h)s)::int, ceil(st_ymax(shape) / %(h)s)::int) as y
where st_covers(shape, st_setsrid(st_makepoint((x + 0.5) * %(w)s, (y + 0.5) * %(h)s), 4326)) order by y, x
"""


def squares(sides: tuple[float, float], within: Area | None = None) -> list[tuple[int, int]]:
    """The squares whose middle lies in the district, or in one area, as numbers of column and row (方格).

    `sides` in degrees; a square begins at its numbers times the sides, as everything that counts by squares has it.
    """
    asked = {"level": within.level if within else "town", "within": within.pk if within else None}
    with connection.cursor() as cursor:
        cursor.execute(_SQUARES, asked | {"w": sides[0], "h": sides[1]})
        return list(cursor.fetchall())


def shapes_of(keys: Iterable[UUID]) -> dict[UUID, Any]:
    """The shapes of some areas as GeoJSON geometries (WGS 84), lines thinned to some ten metres."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, st_asgeojson(st_simplifypreservetopology(shape, 0.0001), 5) from geo_area where id = any(%s)",
            [list(keys)],
        )
        return {key: json.loads(shape) for key, shape in cursor.fetchall()}


_CENTRES = """
select json_agg(json_build_array(round(st_x(centre)::numeric, 4), round(st_y(centre)::numeric, 4), full_name)
  order by code)::text
from geo_area where level = 'grid' and kind = 'basic' and valid_to is null
"""


def grid_centres() -> str:
    """Centres of all grids as JSON rows [lon, lat, name]: the phone's first guess without a network."""
    with connection.cursor() as cursor:
        cursor.execute(_CENTRES)
        (text,) = cursor.fetchone()
    return str(text or "[]")


def towns() -> list[Area]:
    """The towns of the district (镇街), by code."""
    return list(Area.objects.current().filter(level=Area.Level.TOWN).defer("shape"))


def search_places(words: str, limit: int = 20) -> list[tuple[str, str, float, float]]:
    """Places whose name contains the words (地名搜索): full name, kind, lon, lat; areas first, then the gazetteer."""
    words = words.strip()
    if not words:
        return []
    areas = Area.objects.current().filter(full_name__contains=words).defer("shape").order_by("level", "code")
    found = [(a.full_name, a.get_level_display(), a.centre.x, a.centre.y) for a in areas[:limit]]
    named = Place.objects.filter(name__contains=words, point__isnull=False)[: limit - len(found)]
    return found + [(p.name, p.kind, p.point.x, p.point.y) for p in named if p.point]


# -- which grid, and when ---------------------------------------------------------------------------


def grid_at(point: str, day: date | None = None) -> Subquery:
    """The basic grid that a point of the outer row lies in, on a day or now (按当时网格、按现在网格).

    For `annotate`: `rows.annotate(now=grid_at("point"))`. Gives the id that the grid keeps while its border
    moves. A point on a border lies in one grid only, the first by code; null for no point or outside.
    """
    areas = Area.objects.filter(level=Area.Level.GRID, kind=Area.Kind.BASIC, shape__covers=OuterRef(point))
    areas = areas.filter(valid_to__isnull=True) if day is None else areas.valid_on(day)
    lasting = areas.annotate(lasting=Coalesce("version_of", "id")).order_by("code")
    return Subquery(lasting.values("lasting")[:1])


_GRIDS_AT = """
select p.key, g.id from unnest(%s::text[], %s::float8[], %s::float8[], %s::date[]) as p(key, lon, lat, day)
cross join lateral (
  select coalesce(version_of_id, id) as id from geo_area
  where level = 'grid' and kind = 'basic' and valid_from <= p.day and (valid_to is null or valid_to > p.day)
    and st_covers(shape, st_setsrid(st_makepoint(p.lon, p.lat), 4326)) order by code limit 1) g
"""


def grids_at(places: Iterable[tuple[str, float, float, date]]) -> dict[str, UUID]:
    """The basic grid of many places, each on its own day, in one statement (批量定位).

    `places` are key, lon, lat (WGS 84) and day; what lies outside is left out.
    """
    rows = list(places)
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_GRIDS_AT, [list(column) for column in zip(*rows, strict=True)])
        return dict(cursor.fetchall())


def redrawn_communities() -> QuerySet[Area, Any]:
    """Ids of communities whose grids were ever changed: elsewhere «then» and «now» are the same."""
    changed = Area.objects.filter(level=Area.Level.GRID, kind=Area.Kind.BASIC, valid_to__isnull=False)
    return changed.values("community_id")  # type: ignore[return-value]


def nearest_grid(lon: float, lat: float) -> tuple[Area, float] | None:
    """The basic grid nearest to a point and how far it is, in metres; 0 inside."""
    point = Point(lon, lat, srid=4326)
    near = Area.objects.grids().annotate(away=Distance("shape", point))
    found = near.defer("shape").order_by("away").first()
    return (found, found.away.m) if found else None


@lru_cache(maxsize=8192)
def initials(name: str) -> str:
    """The first letters of a name's pinyin (拼音首字母): 红石崖街道 → «hsyjd»."""
    from pypinyin import Style, lazy_pinyin  # its dictionary takes a second to load

    return "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()


def like_initials(letters: str, names: Mapping[Any, str], most: int) -> list[Any]:
    """The keys whose name's initials contain these letters in their order, those that begin with them first.

    Letters may be left out in between («hsjd» finds 红石崖街道): people do not type every sign.
    """
    wanted = letters.lower()
    found = []
    for key, name in names.items():
        told = initials(name)
        if wanted in told:
            found.append((told.index(wanted), len(told), key))
        elif told[:1] == wanted[:1] and _in_order(wanted, told):
            found.append((len(told), len(told), key))
    return [key for _, _, key in sorted(found, key=lambda each: each[:2])[:most]]


def _in_order(wanted: str, told: str) -> bool:
    rest = iter(told)
    return all(letter in rest for letter in wanted)


def areas_like(words: str, most: int = 20) -> list[Area]:
    """Current areas by name, code or initials (按名称、代码、拼音首字母), coarse levels first."""
    words = words.strip()
    if not words:
        return []
    rows = Area.objects.current().defer("shape")
    if words.isascii() and words.isalpha():
        names = dict(rows.values_list("pk", "name"))
        keys = like_initials(words, names, most)
        by_key = {area.pk: area for area in rows.filter(pk__in=keys)}
        return [by_key[key] for key in keys]
    by_code = rows.filter(code__istartswith=words) if words.isascii() else rows.none()
    by_name = rows.filter(full_name__contains=words)
    order = (Length("code"), "code")
    return [*by_code.order_by(*order)[:most], *by_name.order_by(*order)[:most]][:most]
