"""The map layer of a registry (地图图层): the visible rows with a place, as GeoJSON in WGS 84.

A point carries its id, its name, its state and its address, and nothing personal. A registry says by
`on_map` that it may stand on a map at all; care files never do (data protection P8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.contrib.gis.db.models.functions import AsGeoJSON
from django.contrib.gis.geos import Polygon
from django.db.models import QuerySet

from hezhi.engines.registry.asking import Asked
from hezhi.ground.errors import BadInput

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

LIMIT, MOST = 2_000, 5_000
MAP_WORDS = ("bbox", "limit")


def layer(registry: Registry, asked: Asked) -> bytes:
    """The rows asked for as a GeoJSON FeatureCollection; `truncated` says that there are more than the limit."""
    limit, box = _limit(asked.given.get("limit", "")), _box(asked.given.get("bbox", ""))
    rows = asked.rows().filter(**{f"{registry.on_map}__isnull": False})
    if box is not None:
        rows = rows.filter(**{f"{registry.on_map}__bboverlaps": box})
    return collection(registry, rows.order_by(*registry.order), registry.on_map, limit)


def collection(registry: Registry, rows: QuerySet[Any], geometry: str, limit: int) -> bytes:
    """Rows with a geometry as a FeatureCollection, at most `limit` of them."""
    label = registry.name_path
    shown = () if label in registry.personal else (label,)
    state = (registry.state,) if registry.state else ()
    rows = rows.annotate(geometry_text=AsGeoJSON(geometry, precision=6))
    found = list(rows.only("pk", *shown, *state)[: limit + 1])
    features = [_feature(registry, row, shown, state) for row in found[:limit]]
    told = {"type": "FeatureCollection", "truncated": len(found) > limit, "features": features}
    return msgspec.json.encode(told)


def _feature(registry: Registry, row: Any, shown: tuple[str, ...], state: tuple[str, ...]) -> dict[str, Any]:
    properties: dict[str, Any] = {"link": registry.url_of(row)}
    for word, names in (("label", shown), ("state", state)):
        for name in names:
            properties[word] = str(getattr(row, name))
    geometry = msgspec.Raw(row.geometry_text.encode())
    return {"type": "Feature", "id": row.pk, "geometry": geometry, "properties": properties}


def _limit(told: str) -> int:
    if not told:
        return LIMIT
    if not told.isdecimal() or not 1 <= int(told) <= MOST:
        raise BadInput({"limit": f"limit 应为 1 至 {MOST} 的整数。"}, code="registry.bad_limit")
    return int(told)


def _box(told: str) -> Polygon | None:
    if not told:
        return None
    try:
        west, south, east, north = (float(number) for number in told.split(","))
    except ValueError:
        raise _bad_box("bbox 应写成“西,南,东,北”四个数。") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise _bad_box("bbox 应为 WGS 84 经纬度（度），且西小于东、南小于北。")
    box = Polygon.from_bbox((west, south, east, north))
    box.srid = 4326
    return box


def _bad_box(sentence: str) -> BadInput:
    return BadInput({"bbox": sentence}, what=sentence, code="registry.bad_bbox", remedy="请按此格式重新请求。")
