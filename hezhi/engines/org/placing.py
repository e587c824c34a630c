"""Whose a new row is (归属): which area it lies in, which unit answers for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.org.scope import Scoped

LEVELS = ("grid", "community", "town", "district")


def place_scoped(row: Any, by: Actor, *, chosen: Sequence[str] = (), point: str = "", owner_of: str = "") -> None:
    """Stamp a scoped row with its area's ancestors and its unit (按区域和单位归属).

    The area is the finest one among the levels `chosen` in the form, else the grid under the row's `point`
    (the name of its geometry), else the area of the unit. The unit is the one chosen, else the unit that
    answers for the area at the level `owner_of`, else the unit of the one who enters it.
    """
    if not isinstance(row, Scoped):
        return
    chosen = [level for level in LEVELS if level in chosen]
    area = next((getattr(row, level) for level in chosen if getattr(row, level)), None)
    if row._state.adding or chosen:
        area = area or _area_under(row, point) or (None if chosen and not row._state.adding else _unit_area(row, by))
    if area is not None:
        for level, key in area.ancestors().items():
            setattr(row, f"{level}_id", key)
    if row.unit_id is None:
        row.unit_id = _owner(row, owner_of) or by.unit_id


def _area_under(row: Any, name: str) -> Area | None:
    point = getattr(row, name, None) if name else None
    if point is not None and point.geom_type != "Point":
        point = point.point_on_surface
    return Area.objects.grids().filter(shape__covers=point).first() if point is not None else None


def _unit_area(row: Any, by: Actor) -> Area | None:
    unit_id = row.unit_id or by.unit_id
    return Area.objects.filter(units=unit_id).first() if unit_id else None


def _owner(row: Any, level: str) -> Any:
    area_id = getattr(row, f"{level}_id", None) if level else None
    if area_id is None:
        return None
    owners = Unit.objects.filter(area_id=area_id, valid_to__isnull=True)
    return owners.order_by("order", "code").values_list("pk", flat=True).first()
