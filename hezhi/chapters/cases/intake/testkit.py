"""A small district for tests (测试用的小城区): two towns, six grids, units and people for every role.

Only tests import this. Grids are squares of 0.01 degree; everything is invented.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from hezhi.chapters.cases.handling import queries as handling
from hezhi.chapters.cases.handling.models import Case, Category, RoutingRule
from hezhi.chapters.cases.intake import queries
from hezhi.chapters.cases.intake.api import Message, Receipt, take_in
from hezhi.engines.analysis import gazetteer
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import LimitRule, WorkOrder
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, actor_of, system
from hezhi.engines.org.models import Role, Unit, User
from hezhi.engines.org.testkit import make_officers, make_roles, traced
from hezhi.engines.reach.api import load_templates
from hezhi.ground import time

FROM = date(2020, 1, 1)
ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "acceptor": (Role.Reach.DISTRICT, (
        "view", "report", "accept", "supplement", "answer_directly", "not_accept", "merge", "split", "urge",
        "void", "open_secret", "reveal_personal", "import",
    )),
    "dispatcher": (Role.Reach.DISTRICT, (
        "view", "dispatch", "transfer", "add_unit", "urge", "hold", "merge", "split", "close", "void",
    )),
    "duty_chief": (Role.Reach.DISTRICT, (
        "view", "urge", "close", "redo", "rule_return", "approve_extension", "approve_hold", "approve_void",
        "approve_not_accept", "open_secret", "spot_check",
    )),
    "caller": (Role.Reach.DISTRICT, ("view", "call_back", "redo", "reveal_personal")),
    "town_dispatcher": (Role.Reach.AREA, ("view", "sign", "handle", "reply", "transfer", "return", "whistle",
                                          "add_unit", "extend", "hold")),
    "handler": (Role.Reach.UNIT_TREE, ("view", "sign", "handle", "reply", "return", "extend", "hold")),
    "reviewer": (Role.Reach.UNIT_TREE, ("view", "review")),
    "grid_worker": (Role.Reach.AREA, ("view", "report", "sign", "handle", "reply", "verify", "return")),
}  # fmt: skip


@dataclass
class District:
    """The people by `unit.role`, the units by code, the areas by code."""

    units: dict[str, Unit] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Actor:
        """`district["centre.acceptor"]`: that person as an actor at the desk."""
        return actor_of(self.people[name]).at(channel="officer", address="127.0.0.1", request_id="test")

    def report(
        self, text: str = "路灯不亮已经三天，晚上看不清路", by: str = "centre.acceptor", **more: object
    ) -> Receipt:
        """A message taken in, by default in the first grid."""
        fields = {"source": "hotline", "lon": 120.005, "lat": 36.005, "crs": "EPSG:4326", "title": "路灯不亮"} | more
        return take_in(Message(text=text, **fields), by=self[by])  # type: ignore[arg-type]


def forget() -> None:
    """What a process keeps for a minute is of another test's district, or of what it wrote into this one."""
    timing.forget()
    for kept in (queries._categories, gazetteer._read, handling.urgency._urgency_rules):
        kept.cache_clear()


def build() -> District:
    """Make the district; call it inside a test's transaction."""
    forget()
    traced()
    district = District()
    _areas(district)
    _units(district)
    roles = make_roles(
        {
            code: {"permissions": [f"cases.{p}" for p in permissions], "reach": reach}
            for code, (reach, permissions) in ROLES.items()
        }
    )
    people = [
        (f"{unit.code}.{code}", roles[code], unit) for unit in district.units.values() for code in _roles_of(unit)
    ]
    names = [f"示例{unit.name}{role.code}"[:40] for _, role, unit in people]
    officers = make_officers(
        [(login, name, role, unit) for (login, role, unit), name in zip(people, names, strict=True)]
    )
    district.people = {user.login_name: user for user in officers}
    _tables(district)
    load_templates(by=system("测试"))
    return district


def _areas(district: District) -> None:
    def area(code: str, name: str, level: str, parent: Area | None, x: int, y: int, w: int, h: int) -> Area:
        box = Polygon.from_bbox((120 + x / 100, 36 + y / 100, 120 + (x + w) / 100, 36 + (y + h) / 100))
        row = Area(
            code=code, name=name, full_name=name if parent is None else f"{parent.full_name}{name}", level=level,
            parent=parent, shape=MultiPolygon(box, srid=4326), centre=Point(box.centroid.x, box.centroid.y, srid=4326),
            valid_from=FROM, district=parent and (parent.district or parent),
            town=parent if level == "community" else parent and parent.town,
            community=parent if level == "grid" else None,
        )  # fmt: skip
        district.areas[code] = row
        return row

    top = area("d", "示例区", "district", None, 0, 0, 4, 2)
    for t in (1, 2):
        town = area(f"t{t}", f"东{t}街道", "town", top, (t - 1) * 2, 0, 2, 2)
        community = area(f"c{t}", f"和安{t}社区", "community", town, (t - 1) * 2, 0, 2, 2)
        for g, (x, y) in enumerate(((0, 0), (1, 0), (0, 1)), 1):
            area(f"g{t}{g}", f"第{g}网格", "grid", community, (t - 1) * 2 + x, y, 1, 1)
    Area.objects.bulk_create(district.areas.values())


def _units(district: District) -> None:
    def unit(code: str, name: str, kind: str, parent: str = "", area: str = "") -> None:
        above = district.units.get(parent)
        district.units[code] = Unit(
            code=code, name=name, kind=kind, parent=above, path=f"{above.path if above else ''}{code}/",
            area=district.areas.get(area), valid_from=time.today(),
        )  # fmt: skip

    unit("centre", "示例区社会治理中心", Unit.Kind.CENTRE, area="d")
    for code, name in (("light", "示例区城市管理局"), ("water", "示例区水务局"), ("house", "示例区住建局")):
        unit(code, name, Unit.Kind.DEPARTMENT)
    for t in (1, 2):
        unit(f"town{t}", f"东{t}街道办事处", Unit.Kind.TOWN, area=f"t{t}")
        unit(f"com{t}", f"和安{t}社区居委会", Unit.Kind.COMMUNITY, f"town{t}", f"c{t}")
        unit(f"grid{t}1", f"和安{t}社区第1网格", Unit.Kind.GRID, f"com{t}", f"g{t}1")
    Unit.objects.bulk_create(district.units.values())


def _roles_of(unit: Unit) -> tuple[str, ...]:
    return {
        Unit.Kind.CENTRE: ("acceptor", "dispatcher", "duty_chief", "caller"),
        Unit.Kind.DEPARTMENT: ("handler", "reviewer"),
        Unit.Kind.TOWN: ("town_dispatcher", "reviewer"),
        Unit.Kind.COMMUNITY: ("handler",),
        Unit.Kind.GRID: ("grid_worker",),
    }[Unit.Kind(unit.kind)]


def _tables(district: District) -> None:
    traced()
    parent = Category.objects.create(code="01", name="市政设施", full_name="市政设施", path="01", label="城乡建设")
    for code, name, aliases in (("0101", "路灯照明", ["路灯"]), ("0102", "供水排水", ["停水", "漏水"])):
        district.categories[code] = Category.objects.create(
            code=code, name=name, full_name=f"市政设施/{name}", path=f"01/{code}", parent=parent,
            label="城乡建设", aliases=aliases,
        )  # fmt: skip
    RoutingRule.objects.create(
        category=district.categories["0101"], unit=district.units["light"], valid_from=FROM, basis="示例职责清单"
    )
    for name, stage, amount, unit in (
        ("受理", "accept", 30, "working_minutes"),
        ("一般事项", "", 5, "working_days"),
        ("回访", "call_back", 3, "working_days"),
    ):
        LimitRule.objects.create(name=name, stage=stage, amount=amount, unit=unit, valid_from=FROM)
    LimitRule.objects.create(name="特急事项", urgency="critical", amount=2, unit="hours", valid_from=FROM)


def order_of(case_id: UUID, unit: Unit, state: str = "") -> WorkOrder:
    """The newest work order of a unit in a case."""
    rows = WorkOrder.objects.filter(matter_id=case_id, unit=unit)
    return (rows.filter(state=state) if state else rows).latest("issued_at")


def case_of(receipt: Receipt) -> Case:
    """The case of a receipt, read afresh."""
    return Case.objects.get(pk=receipt.id)
