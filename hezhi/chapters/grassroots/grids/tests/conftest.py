"""A small district for grid management (测试用的小区域): a town with two communities of four grids each."""

import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.test import Client

from hezhi.chapters.grassroots.grids.api import load_tables
from hezhi.engines.geo.actions import full_name
from hezhi.engines.geo.dividing import as_stored
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, actor_of, system
from hezhi.engines.org.models import Role, Unit, User
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit
from hezhi.engines.registry.contract import forget_who_made_this
from hezhi.ground.testkit.kept import kept

BEGAN = date(2024, 1, 1)


@dataclass
class Ground:
    """Areas, units and people of the small district."""

    town: Area
    communities: list[Area]
    grids: list[Area]
    units: dict[str, Unit]
    users: dict[str, User] = field(default_factory=dict)

    def by(self, role: str) -> Actor:
        forget_who_made_this()
        return actor_of(self.users[role])

    def client(self, role: str) -> Client:
        return enter(Client(raise_request_exception=True), self.users[role])

    def fresh(self) -> list[Area]:
        """The grids of the first community as they stand now."""
        return list(Area.objects.grids().filter(community=self.communities[0]).order_by("code"))


def _area(code: str, name: str, level: str, shape, above: dict) -> Area:
    stored = as_stored(shape)
    parent = list(above.values())[-1] if above else None
    return Area.objects.create(
        code=code, name=name, full_name=full_name(name, parent), level=level, parent=parent, shape=stored,
        centre=stored.point_on_surface, valid_from=BEGAN, **above,
    )  # fmt: skip


def roles() -> dict[str, Role]:
    """The roles that this room's own rights file speaks of, with its rights and those of cases."""
    told = tomllib.loads((Path(__file__).parents[1] / "data" / "rights.toml").read_text("utf-8"))
    rights = {row["code"]: row["permissions"] for row in told["role"]} | told["grants"]
    far = {"duty_chief": Role.Reach.DISTRICT}
    return {
        code: make_role(code, [*rights[code], "cases.view"], reach=far.get(code, Role.Reach.AREA), name=code)
        for code in ("grid_officer", "duty_chief", "grid_worker")
    }


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[Ground]:
    """The small district of all tests of a module; ask for `ground`."""
    yield from kept(make_ground, django_db_blocker)


@pytest.fixture
def ground(made: Ground, db: None) -> Ground:
    """黄岛样例街道: 东社区 and 西社区, four square grids each, with units and people."""
    return deepcopy(made)


def make_ground() -> Ground:
    """Make the district; call it inside a transaction."""
    district = _area("370299", "样例区", "district", shapely.box(120.0, 36.0, 120.04, 36.02), {})
    town = _area("370299001", "样例街道", "town", shapely.box(120.0, 36.0, 120.04, 36.02), {"district": district})
    far = _area("370299002", "邻街道", "town", shapely.box(120.1, 36.0, 120.14, 36.02), {"district": district})
    centre = make_unit("centre", Unit.Kind.CENTRE, name="样例区中心", area=district)
    office = make_unit(town.code, Unit.Kind.TOWN, parent=centre, name="样例街道办事处", area=town)
    units = {
        "centre": centre,
        "town": office,
        "far": make_unit(far.code, Unit.Kind.TOWN, parent=centre, name="邻街道办事处", area=far),
    }
    communities, grids = [], []
    for n, west in enumerate((120.0, 120.02)):
        code = f"37029900100{n + 1}"
        above = {"district": district, "town": town}
        community = _area(
            code, ("东社区", "西社区")[n], "community", shapely.box(west, 36.0, west + 0.02, 36.02), above
        )
        communities.append(community)
        unit = units[code] = make_unit(code, Unit.Kind.COMMUNITY, parent=office, name=community.name, area=community)
        for i, (x, y) in enumerate([(0, 0), (0.01, 0), (0, 0.01), (0.01, 0.01)], 1):
            square = shapely.box(west + x, 36.0 + y, west + x + 0.01, 36.0 + y + 0.01)
            name = f"{community.name}第{i}网格"
            grid = _area(
                f"{code}J00{i}", name, "grid", shapely.set_precision(square, 1e-9), above | {"community": community}
            )
            grids.append(grid)
            units[grid.code] = make_unit(grid.code, Unit.Kind.GRID, parent=unit, name=name, area=grid)
    made = Ground(town, communities, grids, units)
    role = roles()
    made.users = {
        "officer": make_officer("officer", role["grid_officer"], office, "林样例"),
        "far": make_officer("far", role["grid_officer"], units["far"], "邻样例"),
        "chief": make_officer("chief", role["duty_chief"], centre, "陆样例"),
        "worker": make_officer("worker", role["grid_worker"], units[grids[0].code], "简样例"),
        "second": make_officer("second", role["grid_worker"], units[grids[1].code], "叶样例"),
    }
    load_tables(by=system("测试"))
    forget_who_made_this()
    return made


def as_json(answer) -> dict:
    return json.loads(answer.content)
