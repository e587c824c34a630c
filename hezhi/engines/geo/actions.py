"""Loading areas from a file (区域入库): coordinate system asked for, codes converted, nothing saved by half."""

import json
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction

from hezhi.engines.geo.models import Area
from hezhi.ground.errors import BadInput

ACCEPTED_CRS = ("EPSG:4326", "EPSG:4490")
_DEMO_GRID = re.compile(r"^(\d{12})(\d{3})$")


def read_features(path: Path, crs: str) -> list[dict[str, Any]]:
    """The features of a GeoJSON file in a coordinate system that the caller names; never guessed.

    Raises BadInput for a system that areas may not come in (shifted systems would move borders).
    """
    if crs not in ACCEPTED_CRS:
        raise BadInput(
            {
                "crs": [
                    f"区域边界只接受 {'、'.join(ACCEPTED_CRS)} 坐标，不接受「{crs or '未注明'}」。请先用测绘成果转换。"
                ]
            }
        )
    features: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["features"]
    return features


def standard_grid_code(code: str) -> str:
    """A demo grid's code (12 digits + 3) as the standard writes it: 12 digits, J for a basic grid, 3 digits."""
    return _DEMO_GRID.sub(r"\1J\2", code)


@transaction.atomic
def load_areas(
    *,
    district: Iterable[dict[str, Any]],
    towns: Iterable[dict[str, Any]],
    communities: Iterable[dict[str, Any]],
    grids: Iterable[dict[str, Any]],
    valid_from: date,
    source: str,
) -> dict[str, int]:
    """Write a district's four levels at once; gives the count of each level.

    Each feature carries `code` and `name`; towns are found by `town`, communities by `community`.
    """
    made: dict[str, Area] = {}

    def area(feature: dict[str, Any], level: str, parent: Area | None, code: str) -> Area:
        drawn = GEOSGeometry(json.dumps(feature["geometry"]), srid=4326)
        shape = drawn if isinstance(drawn, MultiPolygon) else MultiPolygon(drawn, srid=4326)
        if not shape.valid:
            raise BadInput({"shape": [f"{feature['properties']['name']} 的边界不合法：{shape.valid_reason}"]})
        name = feature["properties"]["name"]
        row = Area(
            code=code, name=name, full_name=full_name(name, parent), level=level, parent=parent,
            shape=shape, centre=shape.point_on_surface, source=source, valid_from=valid_from,
            district=parent and (parent.district or parent),
            town=parent if level == "community" else parent.town if level == "grid" and parent else None,
            community=parent if level == "grid" else None,
        )  # fmt: skip
        made[feature["properties"]["code"]] = row
        return row

    levels: dict[str, list[Area]] = {}
    levels["district"] = [area(f, "district", None, f["properties"]["code"]) for f in district]
    top = levels["district"][0]
    levels["town"] = [area(f, "town", top, f["properties"]["code"]) for f in towns]
    levels["community"] = [
        area(f, "community", made[f["properties"]["town"]], f["properties"]["code"]) for f in communities
    ]
    levels["grid"] = [
        area(f, "grid", made[f["properties"]["community"]], standard_grid_code(f["properties"]["code"])) for f in grids
    ]
    for rows in levels.values():
        Area.objects.bulk_create(rows, batch_size=500)
    return {level: len(rows) for level, rows in levels.items()}


def full_name(name: str, parent: Area | None) -> str:
    """Town, community and grid in one line; a grid that already carries its community's name is not doubled."""
    if parent is None or parent.level == "district":
        return name
    start = parent.full_name
    if name.startswith(parent.name):
        start = start[: len(start) - len(parent.name)]
    return start + name
