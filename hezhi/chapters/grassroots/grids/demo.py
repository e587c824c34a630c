"""The demo district's grid work (演示数据): duties of the demo people, professional grids, notes; all invented."""

from datetime import date, timedelta
from typing import Any

from django.contrib.gis.geos import LineString, Point

from hezhi.chapters.grassroots.grids import actions
from hezhi.chapters.grassroots.grids.models import Annotation, GridDuty, GridKind, Role
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Holding, Unit
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.ids import new_id

NOTES = (
    ("hydrant", "小区东门消防栓", "每月试水一次", 0),
    ("entrance", "小区东门", "消防车从这里进", 0),
    ("hazard", "坡道积水区", "雨天易滑，已设提示牌", 120),
    ("notice", "网格公示牌", "写有网格员和电话", 0),
    ("service", "便民服务点", "工作日 9 时至 17 时", 0),
    ("patrol", "河岸巡查线", "汛期每日一看", 60),
)
LINES = (("ecology", 2), ("city", 2), ("emergency", 1))
BEGAN = date(2026, 1, 4)


def load() -> None:
    """Duties for the demo grid workers, professional grids of the first town, notes; does nothing the second time."""
    if GridDuty.objects.exists():
        return
    by = system("演示数据")
    with acting(by, verb="demo.grids", reason="建立演示网格力量"):
        _members()
        _notes()
        _special(by)


def _members() -> None:
    """Each demo grid worker in the grid of his unit; the dispatcher of the community as head of its first grid."""
    held = Holding.objects.filter(valid_to__isnull=True, post__unit__area__isnull=False)
    rows = held.select_related("user", "post__unit__area")
    workers = rows.filter(post__role__code="grid_worker")
    duties = [_duty(h, h.post.unit.area, Role.FULL_TIME) for h in workers if h.post.unit.area]
    staffed = {duty.community_id for duty in duties}
    heads = rows.filter(post__role__code="town_dispatcher", post__unit__kind=Unit.Kind.COMMUNITY)
    for holding in heads.filter(post__unit__area__in=staffed):
        grids = Area.objects.grids().filter(community=holding.post.unit.area_id).order_by("code")
        duties += [_duty(holding, grid, Role.HEAD) for grid in grids]
    GridDuty.objects.bulk_create(duties, batch_size=500)


def _duty(holding: Holding, grid: Area, role: str) -> GridDuty:
    above = {f"{level}_id": key for level, key in grid.ancestors().items()}
    return GridDuty(
        id=new_id(), user=holding.user, role=role, starts_on=BEGAN, created_at=time.now(), changed_at=time.now(),
        unit=holding.post.unit, **above,
    )  # fmt: skip


def _notes() -> None:
    grids = list(Area.objects.grids().order_by("code")[:8])
    rows = []
    for n, grid in enumerate(grids):
        for i in range(3):
            kind, name, text, days = NOTES[(n + i) % len(NOTES)]
            step = 0.0006 * (i - 1)
            point = Point(grid.centre.x + step, grid.centre.y + step / 2, srid=4326)
            above = {f"{level}_id": key for level, key in grid.ancestors().items()}
            rows.append(Annotation(
                id=new_id(), name=name, kind=kind, text=text, point=point, shape=_drawn(kind, point), starts_on=BEGAN, no_person=True,
                ends_on=BEGAN + timedelta(days=days) if days else None, created_at=time.now(), changed_at=time.now(), **above,
            ))  # fmt: skip
    Annotation.objects.bulk_create(rows)


def _drawn(kind: str, point: Point) -> Any:
    """A patrol is a way, water on the road is a ground; everything else is a point."""
    if kind == Annotation.Kind.PATROL:
        steps = ((-0.0009, -0.0003), (0, 0), (0.0005, 0.0006), (0.0011, 0.0006))
        return LineString([(point.x + x, point.y + y) for x, y in steps], srid=4326)
    if kind == Annotation.Kind.HAZARD:
        return point.buffer(0.0005, quadsegs=3)
    return point


def _special(by: Actor) -> None:
    """Professional grids of the first town, each made of whole communities, with a person of the town in charge."""
    town = Area.objects.current().filter(level=Area.Level.TOWN).order_by("code").first()
    if town is None:
        return
    may = Actor(kind="system", name=by.name, scope=by.scope, permissions=frozenset({"grids.plot"}), channel="job")
    communities = list(Area.objects.current().filter(level=Area.Level.COMMUNITY, town=town).order_by("code"))
    people = Holding.objects.filter(post__unit__area=town, post__role__code="handler", valid_to__isnull=True)
    holding = people.select_related("user", "post__unit").first()
    for code, parts in LINES:
        kind = GridKind.objects.get(code=code)
        for n in range(parts):
            mine = communities[n::parts]
            basics = list(Area.objects.grids().filter(community__in=mine).values_list("pk", flat=True))
            area = actions.set_up_special(
                kind, town, f"{town.name}{kind.name}第{n + 1}网格", by=may, made_of=basics, source="演示"
            )
            if holding is not None:
                _duty(holding, area, Role.SPECIALIST).save()
