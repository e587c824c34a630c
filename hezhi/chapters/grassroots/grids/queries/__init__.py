"""Reads of grids, their people and their divisions (网格查询), starting from who reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import QuerySet

from hezhi.chapters.grassroots.grids import rules
from hezhi.chapters.grassroots.grids.models import Division, DutyItem, Grid, GridDuty, GridKind, SpecialGrid
from hezhi.chapters.grassroots.grids.queries.contents import households_of, lacks_of, things_in
from hezhi.engines.dossier.models import Visit
from hezhi.engines.geo.dividing import NEW, as_shape, standing
from hezhi.engines.geo.division import Piece, same, sources, square_metres
from hezhi.engines.geo.models import Area
from hezhi.engines.geo.queries import areas_like, locate, nearest_grid
from hezhi.engines.geo.rules import grid_code_fault
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Holding, Unit
from hezhi.ground import time
from hezhi.ground.errors import NotFound

Feature = Mapping[str, Any]


# -- ground a reader may plot ------------------------------------------------------------------------


def communities_for(by: Actor) -> QuerySet[Area]:
    """The communities of the reader's ground (可标绘的社区), by code, without shapes."""
    rows = Area.objects.current().filter(level=Area.Level.COMMUNITY).defer("shape").order_by("code")
    scope = by.scope
    if scope.everything:
        return rows
    if scope.level == "community":
        return rows.filter(pk__in=[scope.area])
    return rows.filter(**{f"{scope.level}_id": scope.area}) if scope.level in ("town", "district") else rows.none()


def community_for(by: Actor, id: UUID | None) -> Area:
    """One community of the reader's ground, with its shape; else «not found»."""
    found = communities_for(by).defer(None).filter(pk__in=[id]).select_related("town").first()
    if found is None:
        raise NotFound("没有找到这个社区。", "可能不在您的管辖范围。", code="grids.no_community")
    return found


def grid_for(by: Actor, id: UUID) -> Grid:
    """One grid that this reader may see; else «not found»."""
    found: Grid | None = Grid.objects.visible_to(by).filter(pk=id).select_related("town", "community").first()
    if found is None:
        raise NotFound("没有找到这个网格。", "可能不在您的管辖范围。", code="grids.no_grid")
    return found


def print_of(grids: Sequence[Area]) -> str:
    """The print of a community's grids as they stand: another one after each change of name or border."""
    versions = Counter(
        Area.objects.filter(version_of__in=[g.pk for g in grids]).values_list("version_of_id", flat=True)
    )
    told = [
        (str(g.pk), g.name, f"{g.valid_from} {versions[g.pk]} {square_metres(as_shape(g.shape)):.0f}") for g in grids
    ]
    return rules.print_of(told)


# -- divisions --------------------------------------------------------------------------------------


def divisions_for(by: Actor) -> QuerySet[Division]:
    """The divisions of the reader's ground."""
    return Division.objects.visible_to(by).filter(removed_at__isnull=True)


def division_for(by: Actor, id: UUID) -> Division:
    """One division with its community; else «not found»."""
    found = divisions_for(by).filter(pk=id).select_related("community", "town", "created_by", "decided_by").first()
    if found is None:
        raise NotFound("没有找到这份划分。", "可能不在您的管辖范围。", code="grids.no_division")
    return found


def features_of(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    """Pieces as GeoJSON features with key and name; six decimals (0.1 m)."""
    return [
        {
            "type": "Feature", "id": piece.key, "properties": {"name": piece.name},
            "geometry": shapely.geometry.mapping(shapely.transform(piece.shape, lambda points: points.round(6))),
        }
        for piece in pieces
    ]  # fmt: skip


@dataclass
class Compared:
    """One grid of a division beside what stands now (划分对比)."""

    key: str
    name: str
    change: str
    area: float
    area_before: float | None = None
    code: str = ""
    sources: list[tuple[str, float]] = field(default_factory=list)
    things: dict[str, int] = field(default_factory=dict)
    things_before: dict[str, int] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def hectares(self) -> str:
        return f"{self.area / 10_000:,.1f}"

    @property
    def hectares_before(self) -> str:
        before = f"{self.area_before / 10_000:,.1f}" if self.area_before is not None else ""
        return "" if before == self.hectares else before

    @property
    def counted(self) -> list[tuple[int, int]]:
        """How many of each kind of thing, now and before, in the order of the table's columns."""
        return [(self.things.get(word, 0), self.things_before.get(word, 0)) for word in self.words]


def compare(
    by: Actor, community: Area, pieces: Sequence[Piece], before: Sequence[Piece], codes: Mapping[str, str]
) -> list[Compared]:
    """What a division changes: area, where each grid's ground comes from, what lies in it before and after."""
    things = things_in(by, community.pk)
    old = {piece.key: piece for piece in before}
    now, then = _things_by(pieces, things), _things_by(before, things)
    people = members_by([UUID(key) for key in old])
    shapes = {key: piece.shape for key, piece in old.items()}
    rows = []
    for piece in pieces:
        was = old.get(piece.key)
        row = Compared(
            piece.key, piece.name, _change(piece, was), square_metres(piece.shape), code=codes.get(piece.key, "")
        )
        row.things, row.things_before = now.get(piece.key, {}), then.get(piece.key, {})
        row.area_before = square_metres(was.shape) if was else None
        row.sources = [(old[k].name, m) for k, m in sources(piece.shape, shapes).items() if k != piece.key]
        row.members = [str(d.user) for d in people.get(UUID(piece.key), ())] if was else []
        rows.append(row)
    kept = {piece.key for piece in pieces}
    for key, piece in old.items():
        if key not in kept:
            rows.append(Compared(
                key, piece.name, "停用", 0.0, square_metres(piece.shape), codes.get(key, ""),
                things_before=then.get(key, {}), members=[str(d.user) for d in people.get(UUID(key), ())],
            ))  # fmt: skip
    words = sorted({word for row in rows for word in {**row.things, **row.things_before}})
    for row in rows:
        row.words = words
    return rows


def _change(piece: Piece, was: Piece | None) -> str:
    if was is None:
        return "新设"
    if not same(piece.shape, was.shape):
        return "边界调整"
    return "改名" if piece.name != was.name else "不变"


def _things_by(pieces: Sequence[Piece], things: Sequence[tuple[str, float, float]]) -> dict[str, dict[str, int]]:
    """How many of each kind of thing lie in each piece."""
    counts: dict[str, dict[str, int]] = {piece.key: {} for piece in pieces}
    if not things or not pieces:
        return counts
    tree = shapely.STRtree([piece.shape for piece in pieces])
    points = shapely.points(np.array([(x, y) for _, x, y in things]))
    seen: set[int] = set()
    for thing, piece in sorted(zip(*tree.query(points, predicate="covered_by"), strict=True)):
        if thing in seen:  # on a common border: counted once, in the first
            continue
        seen.add(thing)
        mine = counts[pieces[piece].key]
        mine[things[thing][0]] = mine.get(things[thing][0], 0) + 1
    return counts


def changes_of(grid: UUID) -> list[Division]:
    """The divisions that changed a grid, newest first (边界变更)."""
    key = str(grid)
    rows = Division.objects.filter(
        state__in=[Division.State.IN_FORCE, Division.State.UNDONE], told__grids__contains=[key]
    )
    return list(rows.select_related("decided_by").order_by("-decided_at"))


# -- people -----------------------------------------------------------------------------------------


def members_by(ids: Sequence[UUID]) -> dict[UUID, list[GridDuty]]:
    """Who has a running duty in each grid, heads first (现任网格人员)."""
    order = {role: n for n, role in enumerate(["head", "full_time", "specialist", "part_time", "volunteer"])}
    told: dict[UUID, list[GridDuty]] = defaultdict(list)
    rows = GridDuty.objects.running().filter(grid_id__in=ids).select_related("user", "unit")
    for duty in sorted(rows, key=lambda d: (order[d.role], d.starts_on)):
        if duty.grid_id is not None:
            told[duty.grid_id].append(duty)
    return told


def duty_items(grid: Area) -> dict[str, list[DutyItem]]:
    """The duties of each role in this kind of grid (职责清单)."""
    kind = kind_of(grid)
    told: dict[str, list[DutyItem]] = defaultdict(list)
    for item in DutyItem.objects.filter(kind=kind, active=True).order_by("role", "order") if kind else ():
        told[item.role].append(item)
    return told


def kind_of(grid: Area) -> GridKind | None:
    """The kind of a grid: the line of a professional one, else the kind of its type."""
    rows = GridKind.objects.filter(kind=grid.kind, active=True)
    return rows.filter(code=grid.line).first() if grid.line else rows.order_by("precedence").first()


VISITED_WITHIN = 90
"""Days after which a grid counts as long unvisited."""

# -- what is missing (三定、监督管控) -----------------------------------------------------------------


@dataclass
class Missing:
    """A grid that somebody must look at, and why."""

    grid: Grid
    why: list[str]
    members: list[GridDuty] = field(default_factory=list)


def missing(by: Actor, town: UUID | None = None) -> tuple[list[Missing], int]:
    """The basic grids of a reader's ground with something missing, and how many grids there are in all."""
    rows = Grid.objects.visible_to(by).grids().defer("shape").select_related("town", "community").order_by("code")
    grids: list[Grid] = list(rows.filter(town=town) if town else rows)
    ids = [grid.pk for grid in grids]
    people, warned, homes = members_by(ids), lacks_of(by, ids), households_of(ids)
    basic = GridKind.objects.filter(kind=Area.Kind.BASIC, active=True).first()
    listed = set(DutyItem.objects.filter(kind=basic, active=True).values_list("role", flat=True)) if basic else set()
    told = []
    for grid in grids:
        why = [
            *_of_people(people.get(grid.pk, []), listed),
            *_of_grid(grid, homes.get(grid.pk), basic),
            *warned[grid.pk],
        ]
        if why:
            told.append(Missing(grid, why, people.get(grid.pk, [])))
    return told, len(grids)


def unvisited(by: Actor, town: UUID | None = None) -> list[Grid]:
    """Basic grids of the reader's ground in which nobody wrote a visit down for 90 days (久未走访)."""
    since = time.today() - timedelta(days=VISITED_WITHIN)
    seen = Visit.objects.filter(object_type="grids.grid", struck_reason="", visited_on__gt=since).values("object_id")
    rows = Grid.objects.visible_to(by).grids().exclude(pk__in=seen).defer("shape")
    return list((rows.filter(town=town) if town else rows).select_related("town", "community").order_by("code"))


def _of_people(members: Sequence[GridDuty], listed: set[str]) -> list[str]:
    if not members:
        return [rules.FAULT_NAMES[rules.NO_MEMBER]]
    bare = sorted({m.get_role_display() for m in members if m.role not in listed and not m.more})
    return [f"{'、'.join(bare)}{rules.FAULT_NAMES[rules.NO_DUTIES]}"] if bare else []


def _of_grid(grid: Grid, homes: int | None, kind: GridKind | None) -> list[str]:
    told = []
    if grid_code_fault(grid.code, grid.kind, grid.community.code if grid.community else ""):
        told.append(rules.FAULT_NAMES[rules.CODE])
    if kind and kind.households and homes and homes > kind.households:
        told.append(f"{homes} 户，超过标准 {kind.households} 户")
    return told


def people_without_grid(by: Actor) -> list[Any]:
    """Grid workers of the reader's ground who have no duty in any grid (有人无格)."""
    held = Holding.objects.filter(post__role__code="grid_worker", valid_to__isnull=True, user__is_active=True)
    if not by.scope.everything:
        held = held.filter(post__unit__in=by.scope.units)
    busy = GridDuty.objects.running().values("user_id")
    return list(held.exclude(user_id__in=busy).select_related("user", "post__unit").order_by("post__unit__code"))


def ground_without_grid(by: Actor) -> list[Area]:
    """Communities of the reader's ground without any basic grid (有地无格)."""
    with_grids = Area.objects.grids().values("community_id")
    return list(communities_for(by).exclude(pk__in=with_grids))


# -- finding ----------------------------------------------------------------------------------------


@dataclass
class Found:
    """What a search for a grid found (网格查询结果)."""

    grids: list[Grid] = field(default_factory=list)
    members: dict[UUID, list[GridDuty]] = field(default_factory=dict)
    sentence: str = ""


def find(by: Actor, words: str = "", lon: float | None = None, lat: float | None = None) -> Found:
    """Grids by name, code, initials, person or place; or the grid of a point, the nearest one when outside."""
    mine = Grid.objects.visible_to(by).current().defer("shape").select_related("town", "community")
    found = Found()
    if lon is not None and lat is not None:
        found.sentence, ids = _at_point(lon, lat)
        found.grids = list(mine.filter(pk__in=ids))
        if ids and not found.grids:
            found.sentence += " 这个网格不在您的管辖范围。"
    elif words.strip():
        found.grids = _by_words(mine, words.strip())
        found.sentence = (
            "" if found.grids else f"没有找到与“{words.strip()}”有关的网格，请换一个名称、代码、人名或地点。"
        )
    found.members = members_by([grid.pk for grid in found.grids])
    return found


def _at_point(lon: float, lat: float) -> tuple[str, list[UUID]]:
    inside = locate(lon, lat)
    if inside and inside.grid:
        special = Area.objects.current().filter(
            kind=Area.Kind.SPECIALISED, shape__covers=GEOSGeometry(f"SRID=4326;POINT({lon} {lat})")
        )
        return f"这个位置在{inside.full_name}。", [inside.grid, *special.values_list("pk", flat=True)]
    near = nearest_grid(lon, lat)
    if near is None:
        return "还没有划分网格。", []
    return f"这个位置不在任何网格内，最近的是{near[0].full_name}，相距约 {near[1]:,.0f} 米。", [near[0].pk]


MOST_FOUND = 30


def _by_words(mine: QuerySet[Grid], words: str) -> list[Grid]:
    areas = areas_like(words, MOST_FOUND)
    by_level: dict[str, list[UUID]] = defaultdict(list)
    for area in areas:
        by_level[area.level].append(area.pk)
    people = GridDuty.objects.running().filter(user__full_name__contains=words).values_list("grid_id", flat=True)
    places = Area.objects.grids().filter(pk__in=_grids_of_places(words)).values_list("pk", flat=True)
    ids = [*by_level["grid"], *people[:MOST_FOUND], *places]
    for level in ("community", "town"):
        if by_level[level] and len(ids) < MOST_FOUND:
            ids += (
                mine.filter(**{f"{level}_id__in": by_level[level]})
                .order_by("code")
                .values_list("pk", flat=True)[:MOST_FOUND]
            )
    rank = {key: n for n, key in reversed(list(enumerate(ids)))}
    return sorted(mine.filter(pk__in=ids), key=lambda grid: rank[grid.pk])[:MOST_FOUND]


def _grids_of_places(words: str) -> list[UUID]:
    from hezhi.engines.geo.models import Place

    points = Place.objects.filter(name__contains=words, point__isnull=False).values_list("point", flat=True)[:10]
    found = [locate(point.x, point.y) for point in points if point]
    return [place.grid for place in found if place and place.grid]


# -- several nets over one ground (多网融合) -----------------------------------------------------------


@dataclass
class MatrixRow:
    """A basic grid and who answers for it in each professional line."""

    grid: Grid
    members: list[GridDuty]
    lines: dict[str, list[tuple[Grid, list[GridDuty], bool]]]


def matrix(by: Actor, town: UUID) -> tuple[list[GridKind], list[MatrixRow]]:
    """Basic grids of a town against the professional lines (基础网格 × 专业条线); whether a grid is cut is marked."""
    kinds = list(GridKind.objects.filter(active=True).exclude(kind=Area.Kind.BASIC).order_by("precedence"))
    basics = list(Grid.objects.visible_to(by).grids().filter(town=town).order_by("code"))
    special = list(Grid.objects.current().exclude(kind=Area.Kind.BASIC).filter(town=town))
    people = members_by([grid.pk for grid in [*basics, *special]])
    shapes = [as_shape(grid.shape) for grid in special]
    tree = shapely.STRtree(shapes)
    rows = []
    for basic in basics:
        ground, lines = as_shape(basic.shape), defaultdict(list)
        for n in tree.query(ground, predicate="intersects"):
            shared = shapely.intersection(ground, shapes[n]).area / ground.area
            if shared > 0.001:
                lines[special[n].line].append((special[n], people.get(special[n].pk, []), shared < 0.999))
        rows.append(MatrixRow(basic, people.get(basic.pk, []), lines))
    return kinds, rows


@dataclass(frozen=True)
class Answering:
    """Who answers for a place in a professional line (专业网格责任单位): grid, unit, the people on duty there."""

    grid: Area
    unit: Unit
    people: tuple[str, ...] = ()


def answering(kind: GridKind, lon: float, lat: float) -> Answering | None:
    """The professional grid of a line over a point, and its unit; None where no such grid lies.

    The unit is the one that sits in the grid, else the unit of the person on duty there, else the line's
    leading unit. Of several grids over the point the newest answers.
    """
    point = GEOSGeometry(f"SRID=4326;POINT({lon} {lat})")
    rows = Area.objects.current().filter(kind=kind.kind, line=kind.code, shape__covers=point).defer("shape")
    grid = rows.order_by("-valid_from", "code").first()
    if grid is None:
        return None
    members = members_by([grid.pk]).get(grid.pk, [])
    unit = Unit.objects.filter(area=grid.pk, valid_to__isnull=True).first() or _unit_of(members) or kind.unit
    return None if unit is None else Answering(grid, unit, tuple(str(each.user) for each in members))


def _unit_of(members: Sequence[GridDuty]) -> Unit | None:
    """The unit in which the first of these people holds a post today."""
    for duty in members:
        held = Holding.objects.filter(user=duty.user_id, valid_to__isnull=True).select_related("post__unit").first()
        if held is not None:
            return held.post.unit  # type: ignore[no-any-return]
    return None


def lines() -> QuerySet[GridKind]:
    """The professional lines in use, in the order in which they are asked (专业条线)."""
    return GridKind.objects.filter(active=True).exclude(kind=Area.Kind.BASIC).order_by("precedence", "code")


def cut_by(shape: Any, community_ids: Sequence[UUID]) -> list[str]:
    """Names of the basic grids that a boundary of a professional grid cuts (被切分的基础网格)."""
    rows = Area.objects.grids().filter(shape__bboverlaps=GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326))
    told = []
    for grid in rows.filter(community_id__in=community_ids) if community_ids else rows:
        ground = as_shape(grid.shape)
        shared = shapely.intersection(ground, shape).area / ground.area
        if 0.001 < shared < 0.999:
            told.append(grid.name)
    return told


def composition(grid: Grid) -> tuple[list[Area], str]:
    """The basic grids a professional one is made of, and why it cuts others."""
    row = SpecialGrid.objects.filter(pk=grid.pk).first()
    if row is None:
        return [], ""
    return list(Area.objects.filter(pk__in=row.made_of).defer("shape").order_by("code")), row.why_cut


__all__ = ["NEW", "standing"]
