"""The homes of a new building, made in one go (户室生成)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hezhi.chapters.grassroots.registers.models import Building, Home
from hezhi.chapters.grassroots.registers.rules import Flat, home_name
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import NotFound


@clause("9.1.3-2-3")
@verb("registers.generate_homes")
def generate_homes(building_id: UUID, flats: Sequence[Flat], *, by: Actor) -> int:
    """Enter the homes of a plan; those whose door is there already are left alone. Gives how many are new."""
    by.must("homes.edit")
    seen = Building.objects.visible_to(by).filter(pk=building_id, removed_at__isnull=True).values("pk")
    building = Building.objects.filter(pk__in=seen).select_for_update(of=("self",)).first()
    if building is None:
        raise NotFound(what="没有找到这栋建筑。", code="registers.not_found")
    rows = new_homes(building, flats, by)
    Home.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def new_homes(building: Building, flats: Sequence[Flat], by: Actor) -> list[Home]:
    """The homes of a plan that the building does not have yet, unsaved."""
    known = set(building.homes.filter(removed_at__isnull=True).values_list("entrance", "door"))
    wanted = [flat for flat in flats if (flat.entrance, flat.door) not in known]
    entrances = max([building.entrances, *(flat.entrance for flat in flats)], default=1)
    return [_home(building, flat, entrances, by) for flat in wanted]


def _home(building: Building, flat: Flat, entrances: int, by: Actor) -> Home:
    moment = time.now()
    return Home(
        building=building, entrance=flat.entrance, floor=flat.floor, door=flat.door,
        number=home_number(building, flat.entrance, flat.door),
        full_name=home_name(building.full_name, flat.entrance, flat.door, entrances),
        building_use=building.building_use, district_id=building.district_id, town_id=building.town_id,
        community_id=building.community_id, grid_id=building.grid_id, unit_id=building.unit_id,
        created_at=moment, changed_at=moment, created_by_id=by.user_id, changed_by_id=by.user_id,
    )  # fmt: skip


def home_number(building: Building, entrance: int, door: str) -> str:
    """The number of a home (房屋编号): building, entrance, door."""
    return f"{building.code}-{entrance}-{door}"
