"""Whose a new row is (归属): which area it lies in, which unit answers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.org.scope import Scoped

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

LEVELS = ("grid", "community", "town", "district")


def place_scoped(registry: Registry, row: Any, by: Actor) -> None:
    """Stamp a scoped row with its area's ancestors and its unit (按区域和单位归属).

    The area is the finest one chosen in the form, else the grid under its point, else the area of the
    unit. The unit is the one chosen, else the unit that answers for the area at the level `owner_of`,
    else the unit of the one who enters it.
    """
    if not isinstance(row, Scoped):
        return
    chosen = [level for level in LEVELS if level in registry.form_fields]
    area = next((getattr(row, level) for level in chosen if getattr(row, level)), None)
    if row._state.adding or chosen:
        area = area or _area_under(registry, row) or (None if chosen and not row._state.adding else _unit_area(row, by))
    if area is not None:
        for level, key in area.ancestors().items():
            setattr(row, f"{level}_id", key)
    if row.unit_id is None:
        row.unit_id = _owner(registry, row) or by.unit_id


def _area_under(registry: Registry, row: Any) -> Area | None:
    point = getattr(row, registry.on_map, None) if registry.on_map else None
    if point is None or point.geom_type != "Point":
        return None
    return Area.objects.grids().filter(shape__covers=point).first()


def _unit_area(row: Any, by: Actor) -> Area | None:
    unit_id = row.unit_id or by.unit_id
    return Area.objects.filter(units=unit_id).first() if unit_id else None


def _owner(registry: Registry, row: Any) -> Any:
    area_id = getattr(row, f"{registry.owner_of}_id", None) if registry.owner_of else None
    if area_id is None:
        return None
    owners = Unit.objects.filter(area_id=area_id, valid_to__isnull=True)
    return owners.order_by("order", "code").values_list("pk", flat=True).first()
