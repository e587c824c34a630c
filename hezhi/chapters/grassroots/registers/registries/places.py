"""小区、建筑、房屋 as registries (9.1.3-2-1 to 9.1.3-2-3)."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Concat, Replace

from hezhi.chapters.grassroots.registers.actions.flats import home_number
from hezhi.chapters.grassroots.registers.actions.numbering import next_number
from hezhi.chapters.grassroots.registers.models import Building, Compound, Home
from hezhi.chapters.grassroots.registers.registries.common import (
    APPROVAL,
    AREAS,
    GROUP,
    below,
    not_in_future,
    put_right,
    refuse,
    rights,
)
from hezhi.chapters.grassroots.registers.registries.tabs import BuildingTabs, CompoundTabs, HomeTabs
from hezhi.chapters.grassroots.registers.rules import MOST_FLOORS, home_name
from hezhi.engines.dossier.extra import ExtraFields
from hezhi.engines.dossier.maps import OnMap
from hezhi.engines.dossier.tags import Tags
from hezhi.engines.dossier.ties import Pointing, Relations
from hezhi.engines.dossier.verified import Verified
from hezhi.engines.dossier.visits import Visits
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.abilities import Files, Remarks
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.pages.detail import DetailPage
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.ui.shapes import Action


def _year_fault(year: int | None) -> str | None:
    return None if year is None or 1800 <= year <= time.today().year + 5 else "年份应在 1800 年之后，且不晚于五年后"


@register
class Compounds(Registry):
    """Housing estates with their managers, outline and facilities."""

    model = Compound
    slug, title, group, icon = "compounds", "小区", GROUP, "map"
    clause = "9.1.3-2-1"
    right = rights("compounds")
    list = ("name", "kind", "community", "address", "planned_homes", "property_company", "property_until", "committee")
    also = ("code", "alias", "town", "grid", "built_year", "red_property", "property_phone", "changed_at")
    filters = (*AREAS, "kind", "red_property", "committee", "property_until")
    search = ("name", "alias", "address", "code")
    ordering = ("code",)
    natural_key = ("community", "name")
    form = (
        ("基本信息", ("name", "alias", "kind", "address", "community", "grid", "point", "outline", "code")),
        ("规模与设施", ("built_year", "planned_homes", "gates", "parking", "facilities")),
        (
            "物业与业委会",
            ("property_company", "property_phone", "property_until", "red_property", "committee", "committee_until"),
        ),
    )
    bulk = ("kind", "property_company", "property_phone", "property_until", "red_property")
    on_map = "point"
    owner_of = "community"
    parts = (CompoundTabs(), OnMap("outline"), Tags(), Verified(), Files(), Remarks())

    def prepare(self, row: Compound, by: Actor) -> None:
        """A new compound gets its number."""
        row.code = row.code or next_number("compound")
        if row.point is None and row.outline is not None:
            row.point = row.outline.point_on_surface

    def check(self, row: Compound, by: Actor) -> None:
        """Years that can be; and one with buildings cannot be removed."""
        refuse({"built_year": _year_fault(row.built_year)})
        if row.removed_at and row.buildings.filter(removed_at__isnull=True).exists():
            raise NotNow(
                what="这个小区还有建筑，不能删除。", remedy="请先删除或移出其中的建筑。", code="registers.not_empty"
            )

    def after(self, verb: str, row: Compound, by: Actor) -> None:
        """Buildings and homes carry the name of their compound."""
        for building in row.buildings.exclude(full_name=Concat(Value(row.name), F("number"))):
            rename(building, f"{row.name}{building.number}")

    def examples(self, n: int) -> dict[str, Any]:
        return {"name": f"样例{n}号花园", "built_year": 1990 + n % 30, "code": f"C{n:05d}"}


def rename(building: Building, name: str) -> None:
    """A building gets another name, and its homes with it (更名)."""
    old, building.full_name = building.full_name, name
    building.save(update_fields=["full_name"])
    homes = Home.objects.filter(building=building, full_name__startswith=old)
    homes.update(full_name=Replace("full_name", Value(old), Value(name)))


@register
class Buildings(Registry):
    """Buildings with their floors, lifts and safety."""

    model = Building
    slug, title, group, icon = "buildings", "建筑", GROUP, "building"
    clause = "9.1.3-2-2"
    right = rights("buildings")
    list = ("full_name", "kind", "building_use", "community", "floors_up", "entrances", "safety_grade", "head_name")
    also = (
        "code",
        "compound",
        "grid",
        "built_year",
        "structure",
        "lifts",
        "lift_checked_on",
        "fire_access",
        "head_phone",
    )
    filters = (*AREAS, "kind", "building_use", "safety_grade", "fire_access")
    search = ("full_name", "address", "code")
    ordering = ("code",)
    natural_key = ("compound", "number")
    named_by = "full_name"
    form = (
        (
            "基本信息",
            ("compound", "number", "kind", "building_use", "address", "community", "grid", "point", "outline", "code"),
        ),
        ("规模", ("floors_up", "floors_down", "entrances", "homes_per_floor", "floor_area", "structure", "built_year")),
        ("安全", ("lifts", "lift_checked_on", "safety_grade", "safety_checked_on", "fire_access")),
        ("楼栋长", ("head_name", "head_phone")),
    )
    bulk = ("kind", "building_use", "structure", "built_year", "safety_grade", "safety_checked_on", "fire_access")
    purpose = "公布楼栋长，联系楼内服务和安全事项"
    personal = ("head_name", "head_phone")
    masked = ("head_phone",)
    on_map = "point"
    owner_of = "community"
    parts = (
        BuildingTabs(), OnMap("outline"), Relations(lists=(Pointing("small-places", "building", "九小场所"),)),
        Verified(), Files(), Remarks(), APPROVAL,
    )  # fmt: skip

    def place(self, row: Building, by: Actor) -> None:
        """Where its point or its chosen area is, else where its compound is."""
        super().place(row, by)
        if row.compound is not None and row.grid_id is None:
            below(row, row.compound)

    def prepare(self, row: Building, by: Actor) -> None:
        """Its number, and its full name from the compound's."""
        row.code = row.code or next_number("building")
        row.full_name = f"{row.compound.name if row.compound else ''}{row.number}"
        put_right(row, "head_phone")
        if row.point is None and row.outline is not None:
            row.point = row.outline.point_on_surface

    def check(self, row: Building, by: Actor) -> None:
        """Floors that can be; and one with homes cannot be removed."""
        not_in_future(row, "safety_checked_on", "lift_checked_on")
        refuse(
            {
                "floors_up": None if 1 <= row.floors_up <= MOST_FLOORS else f"地上层数应为 1 至 {MOST_FLOORS}",
                "floors_down": None if row.floors_down <= 9 else "地下层数最多 9",
                "entrances": None if 1 <= row.entrances <= 30 else "单元数应为 1 至 30",
                "homes_per_floor": None if 1 <= row.homes_per_floor <= 60 else "每单元每层户数应为 1 至 60",
                "built_year": _year_fault(row.built_year),
            }
        )
        self._check_outline(row)
        if row.removed_at and row.homes.filter(removed_at__isnull=True).exists():
            raise NotNow(what="这栋建筑还有房屋，不能删除。", remedy="请先删除其中的房屋。", code="registers.not_empty")

    def _check_outline(self, row: Building) -> None:
        around = row.compound.outline if row.compound else None
        if around is not None and row.point is not None and not around.buffer(0.0005).covers(row.point):
            refuse({"point": "位置不在所属小区的范围内，请核对位置或小区"})

    def after(self, verb: str, row: Building, by: Actor) -> None:
        """Its homes carry its name and lie where it lies."""
        homes = Home.objects.filter(building=row, removed_at__isnull=True)
        first = homes.values_list("full_name", "entrance", "door").first()
        if first is not None and first[0] != home_name(row.full_name, first[1], first[2], row.entrances):
            for home in homes:
                home.full_name = home_name(row.full_name, home.entrance, home.door, row.entrances)
                home.save(update_fields=["full_name"])
        homes.exclude(grid_id=row.grid_id, community_id=row.community_id).update(
            **{name: getattr(row, name) for name in ("district_id", "town_id", "community_id", "grid_id", "unit_id")}
        )

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "number": f"{n}号楼", "code": f"B{n:06d}", "floors_up": n % 30 + 1, "floors_down": n % 3, "entrances": 2,
            "homes_per_floor": n % 6 + 1, "built_year": 1990 + n % 30, "head_phone": f"139{n:08d}", "point": None,
            "safety_checked_on": None, "lift_checked_on": None, "outline": None,
        }  # fmt: skip


class HomeDetail(DetailPage):
    """The page of a home; one that was split or combined is not brought back, it leads on."""

    def actions(self, row: Home) -> list[Action]:
        drawn = super().actions(row)
        if row.removed_at is None or not row.went_into.exists():
            return drawn
        return [each for each in drawn if each.url != self.registry.url(row.pk, "restore")]


@register
class Homes(Registry):
    """Homes: where, how large, how used; who owns them and lives there stands on tabs of their own."""

    model = Home
    slug, title, group, icon = "homes", "房屋", GROUP, "home"
    clause = "9.1.3-2-3"
    right = rights("homes") | {"visit": "homes.report"}
    list = ("full_name", "use", "community", "building_use", "floor_area", "people_count", "hazard", "changed_at")
    also = ("number", "building", "entrance", "floor", "door", "grid", "rental_use", "most_people", "hazard_until")
    filters = ("community", "grid", "building_use", "hazard", "rental_use", "floor")
    search = ("full_name", "number")
    state = "use"
    ordering = ("number",)
    natural_key = ("building", "entrance", "door")
    named_by = "full_name"
    form = (
        ("位置", ("building", "entrance", "floor", "door", "number")),
        ("使用情况", ("use", "building_use", "rental_use", "floor_area", "most_people")),
        ("隐患", ("hazard", "hazard_until")),
    )
    bulk = ("use", "building_use", "rental_use", "hazard", "hazard_until")
    pages = {"detail": HomeDetail}
    parts = (
        HomeTabs(), Visits(("日常走访", "安全提示", "信息核实", "政策宣传", "诉求回应"), right="visit"), ExtraFields(), Verified(),
        Files(), Remarks(),
    )  # fmt: skip

    def place(self, row: Home, by: Actor) -> None:
        """A home lies where its building lies."""
        below(row, row.building)

    def prepare(self, row: Home, by: Actor) -> None:
        """Number and name from building, entrance and door."""
        row.number = row.number or home_number(row.building, row.entrance, row.door)
        row.full_name = home_name(row.building.full_name, row.entrance, row.door, row.building.entrances)

    def check(self, row: Home, by: Actor) -> None:
        """A floor that the building can have; a hazard with its term; one with people cannot be removed."""
        high, deep = row.building.floors_up, row.building.floors_down
        within = -deep <= row.floor <= high and row.floor != 0
        refuse(
            {
                "floor": None if within else f"这栋建筑地上 {high} 层、地下 {deep} 层，没有 {row.floor} 层",
                "floor_area": None if row.floor_area is None or row.floor_area > 0 else "建筑面积应大于 0",
                "hazard_until": "没有隐患时不填整改期限" if row.hazard == "00" and row.hazard_until else None,
            }
        )
        if row.removed_at and row.occupancies.filter(until__isnull=True).exists():
            raise NotNow(
                what="这套房屋还登记着居住人、产权人或承租人，不能删除。",
                remedy="请先办理迁出，或终止产权和租约。",
                code="registers.not_empty",
            )

    def after(self, verb: str, row: Home, by: Actor) -> None:
        """A home that was split or combined does not come back beside what it became."""
        if verb == "restore" and row.went_into.exists():
            raise NotNow(
                what="这套房屋已经拆分或合并，不能恢复。", meaning="没有做任何改动。",
                remedy="请在现房屋上办理房屋合并或拆分。", code="registers.reshaped",
            )  # fmt: skip

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "entrance": 1, "floor": 1, "door": f"1{n:04d}", "number": f"H{n:06d}", "hazard": "01", "use": "unverified",
            "most_people": 6,
        }  # fmt: skip
