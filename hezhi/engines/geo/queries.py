"""Reads of areas (区域查询): which grid a point lies in, the tree, the shapes for a map."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

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
