"""A small quarter for tests (测试用的小社区): two communities, a compound each, people who serve them."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client

from hezhi.chapters.grassroots import registers
from hezhi.chapters.grassroots.registers.actions import generate_homes
from hezhi.chapters.grassroots.registers.models import Building, Compound, Home, Resident
from hezhi.chapters.grassroots.registers.registries.people import example_number
from hezhi.chapters.grassroots.registers.rules import DoorStyle, plan_flats
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Role, Unit, User
from hezhi.engines.org.testkit import actor, enter, make_officer, make_role, make_unit
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.engines.registry.contract import forget_who_made_this
from hezhi.ground import time
from hezhi.ground.testkit.kept import kept

REACH = {
    "town_dispatcher": Role.Reach.AREA, "grid_worker": Role.Reach.AREA, "reviewer": Role.Reach.UNIT_TREE,
    "district_leader": Role.Reach.DISTRICT,
}  # fmt: skip


def square(code: str, level: str, west: float, wide: float, above: Area | None = None) -> Area:
    shape = MultiPolygon(Polygon.from_bbox((west, 35.9, west + wide, 36.0)), srid=4326)
    levels = above.ancestors() if above else {}
    return Area.objects.create(
        code=code, name=f"样例{code}", full_name=f"样例{code}", level=level, parent=above, shape=shape,
        centre=shape.centroid, valid_from=time.today(), **{f"{k}_id": v for k, v in levels.items() if k != "grid"},
    )  # fmt: skip


def seeded(code: str) -> Role:
    """What this room grants to the seed role of this code in a new installation, and how far that role reaches."""
    granted = tomllib.loads((Path(registers.__file__).parent / "data/rights.toml").read_text("utf-8"))["grants"]
    return make_role(code, granted[code], reach=REACH[code])


@dataclass
class Quarter:
    """The people of the tests, and the homes they look after."""

    clerk: User
    worker: User
    next_worker: User
    reviewer: User
    leader: User
    neighbour: User
    compound: Compound
    building: Building
    grid: Area
    community: Area
    other_community: Area

    def by(self, user: User) -> Actor:
        forget_who_made_this()
        return actor(user)

    def browser(self, user: User) -> Client:
        client = enter(Client(), user)
        forget_who_made_this()
        return client

    def homes(self) -> list[Home]:
        return list(self.building.homes.order_by("entrance", "door"))

    def person(self, n: int, name: str = "样例甲乙", by: User | None = None, **more: str) -> Resident:
        """A resident entered through the register's own form."""
        number = example_number(n)
        data = {
            "person_name": name, "kind": "registered", "id_type": "111", "id_number": number,
            "phone": f"1990000{n:04d}", "community": str((self.community if by is None else self.other_community).pk),
        }  # fmt: skip
        acting = self.by(by or self.clerk)
        return registry_actions.create(site.get("residents"), data | more | {"still_new": "1"}, by=acting)


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Quarter]:
    """The quarter of all tests of a module; ask for `quarter`."""
    yield from kept(make_quarter, django_db_blocker)


@pytest.fixture
def quarter(made: Quarter, db: None) -> Quarter:
    """Two communities of one town with a grid each; a building of 2 × 3 × 2 homes in the first."""
    return deepcopy(made)


def make_quarter() -> Quarter:
    """Make the quarter; call it inside a transaction."""
    centre = make_unit("centre")
    district = square("9", "district", 120.0, 0.4)
    town = square("901", "town", 120.0, 0.4, district)
    town_unit = make_unit("901", Unit.Kind.TOWN, centre, area=town, name="样例街道办事处")
    areas, units = [], []
    for n in (1, 2):
        community = square(f"901{n}", "community", 119.9 + n / 10, 0.1, town)
        grid = square(f"901{n}1", "grid", 119.9 + n / 10, 0.05, community)
        next_grid = square(f"901{n}2", "grid", 119.95 + n / 10, 0.05, community)
        unit = make_unit(f"901{n}", Unit.Kind.COMMUNITY, town_unit, area=community, name=f"样例{n}社区")
        grids = [make_unit(each.code, Unit.Kind.GRID, unit, area=each, name=each.name) for each in (grid, next_grid)]
        areas.append((community, grid))
        units.append((unit, *grids))
    clerk = make_officer("clerk", seeded("town_dispatcher"), units[0][0], "林样例")
    neighbour = make_officer("neighbour", seeded("town_dispatcher"), units[1][0], "邻样例")
    worker = make_officer("worker", seeded("grid_worker"), units[0][1], "江样例")
    next_worker = make_officer("next-worker", seeded("grid_worker"), units[0][2], "顾样例")
    reviewer = make_officer("reviewer", seeded("reviewer"), town_unit, "沈样例")
    leader = make_officer("leader", seeded("district_leader"), centre, "苏样例")
    by = actor(clerk)
    forget_who_made_this()
    compound = registry_actions.create(
        site.get("compounds"),
        {"name": "样例花园", "kind": "01", "address": "样例路1号", "grid": str(areas[0][1].pk)}, by=by,
    )  # fmt: skip
    building = registry_actions.create(
        site.get("buildings"),
        {
            "compound": str(compound.pk), "number": "3号楼", "kind": "01", "building_use": "01", "floors_up": "3",
            "floors_down": "1", "entrances": "2", "homes_per_floor": "2",
        }, by=by,
    )  # fmt: skip
    generate_homes(building.pk, plan_flats(2, 1, 3, 2, DoorStyle.FLOOR), by=by)
    return Quarter(
        clerk, worker, next_worker, reviewer, leader, neighbour, compound, building, areas[0][1], areas[0][0],
        areas[1][0],
    )  # fmt: skip
