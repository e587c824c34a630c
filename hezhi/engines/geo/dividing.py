"""Storing a division of a community into basic grids (网格划分入库): checked whole, or not at all.

Plain functions under the verbs of `chapters.grassroots.grids`; they expect to run inside the verb's
transaction. An area keeps its id while its border moves; its earlier shape stays as a closed row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import connection

from hezhi.engines.geo.actions import full_name
from hezhi.engines.geo.division import Division, Piece, Shape, look_through, same
from hezhi.engines.geo.models import Area
from hezhi.engines.geo.rules import next_codes
from hezhi.ground.errors import BadInput, NotNow

NEW = "new-"
"""How the key of a piece begins that is no area yet."""


class NotCovered(BadInput):
    """A division with a gap, an overlap or another fault (有重有漏); carries what was found."""

    def __init__(self, found: Division) -> None:
        super().__init__(
            {"features": [fault.sentence for fault in found.faults[:12]]},
            what=f"划分有 {len(found.faults)} 处差错，没有保存",
            remedy="请在地图上按提示逐处改正后再保存",
            code="geo.not_covered",
        )
        self.found = found


@dataclass
class Redivided:
    """What a new division changed (划分结果)."""

    created: list[Area] = field(default_factory=list)
    changed: list[Area] = field(default_factory=list)
    renamed: list[Area] = field(default_factory=list)
    closed: list[Area] = field(default_factory=list)
    undo: dict[str, Any] = field(default_factory=dict)
    """What `take_back` needs, as JSON."""

    @property
    def nothing(self) -> bool:
        return not (self.created or self.changed or self.renamed or self.closed)


def as_shape(shape: GEOSGeometry) -> Shape:
    """A stored shape for the rules."""
    return shapely.from_wkb(bytes(shape.wkb))


def as_stored(shape: Shape) -> MultiPolygon:
    """A shape of the rules as the table keeps it."""
    made = GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326)
    return made if isinstance(made, MultiPolygon) else MultiPolygon(made, srid=4326)


def standing(community: Area) -> list[Area]:
    """The basic grids of a community as they stand now, by code."""
    return list(Area.objects.grids().filter(community=community).order_by("code"))


def pieces_of(areas: Sequence[Area]) -> list[Piece]:
    """Stored grids as pieces of a division."""
    return [Piece(str(area.pk), area.name, as_shape(area.shape)) for area in areas]


def try_out(community: Area, pieces: Sequence[Piece], now: Sequence[Area] | None = None) -> Division:
    """Look a division of a community through without storing it (试算)."""
    known = [as_shape(area.shape) for area in (standing(community) if now is None else now)]
    return look_through(as_shape(community.shape), pieces, known)


def divide(community: Area, pieces: Sequence[Piece], *, day: date, source: str = "") -> Redivided:
    """Store a new division of a community, valid from a day on (划分入库).

    Raises NotCovered when the pieces leave a gap or overlap, BadInput for names, NotNow when a grid of the
    division no longer stands or began only after the day.
    """
    community = Area.objects.select_for_update(of=("self",)).get(pk=community.pk)
    now = list(Area.objects.grids().filter(community=community).select_for_update(of=("self",)).order_by("code"))
    _names_fit(pieces)
    found = try_out(community, pieces, now)
    if not found.good:
        raise NotCovered(found)
    before = {str(area.pk): area for area in now}
    _still_standing(found.pieces, before, day)
    done = Redivided(undo={"versions": {}, "renamed": {}, "closed": [], "created": []})
    for piece in found.pieces:
        if piece.key in before:
            _keep(before.pop(piece.key), piece, community, day, source, done)
    _close(before.values(), day, done)
    _create([piece for piece in found.pieces if piece.key.startswith(NEW)], community, day, source, done)
    _meet(community)
    return done


def _names_fit(pieces: Sequence[Piece]) -> None:
    names = [piece.name.strip() for piece in pieces]
    if not pieces:
        raise BadInput({"features": "这个社区还没有网格，请先绘制。"}, code="geo.no_pieces")
    if any(not name for name in names):
        raise BadInput({"features": "有网格没有名称，请在右侧填写。"}, code="geo.no_name")
    longest = Area._meta.get_field("name").max_length or 80
    if any(len(name) > longest for name in names):
        raise BadInput({"features": f"网格名称最多 {longest} 字。"}, code="geo.long_name")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput({"features": f"网格名称重复：{'、'.join(twice)}。请改成不同的名称。"}, code="geo.same_name")


def _still_standing(pieces: Sequence[Piece], before: dict[str, Area], day: date) -> None:
    gone = [piece.name for piece in pieces if piece.key not in before and not piece.key.startswith(NEW)]
    if gone:
        raise NotNow(
            f"{'、'.join(gone)} 已被别人调整过，这份划分建立在旧边界上。", "没有做任何改动。",
            "请重新打开标绘页面，在最新的边界上再改。", code="geo.overtaken",
        )  # fmt: skip
    late = [area.name for area in before.values() if area.valid_from > day]
    if late:
        raise NotNow(f"{'、'.join(late)} 在 {day:%Y-%m-%d} 之后才启用，不能从那天起调整。", code="geo.too_early")


def _keep(area: Area, piece: Piece, community: Area, day: date, source: str, done: Redivided) -> None:
    """A grid that stays: its old shape becomes a closed row when its border moved."""
    if area.name != piece.name.strip():
        done.undo["renamed"][str(area.pk)] = area.name
        done.renamed.append(area)
        area.name = piece.name.strip()
        area.full_name = full_name(area.name, community)
        area.save(update_fields=["name", "full_name"])
    if same(as_shape(area.shape), piece.shape):
        return
    old = Area(**{f.attname: getattr(area, f.attname) for f in Area._meta.concrete_fields if f.name != "id"})
    old.version_of, old.valid_to = area, day
    old.save()
    done.undo["versions"][str(area.pk)] = str(old.pk)
    area.shape = as_stored(piece.shape)
    area.centre = area.shape.point_on_surface
    area.valid_from, area.source = day, source or area.source
    area.save(update_fields=["shape", "centre", "valid_from", "source"])
    done.changed.append(area)


def _close(areas: Collection[Area], day: date, done: Redivided) -> None:
    for area in areas:
        area.valid_to = day
        area.save(update_fields=["valid_to"])
        done.closed.append(area)
        done.undo["closed"].append(str(area.pk))


def _create(pieces: Sequence[Piece], community: Area, day: date, source: str, done: Redivided) -> None:
    taken = Area.objects.filter(code__startswith=community.code).values_list("code", flat=True)
    codes = next_codes(community.code, Area.Kind.BASIC, taken, len(pieces))
    for piece, code in zip(pieces, codes, strict=True):
        shape, name = as_stored(piece.shape), piece.name.strip()
        made = Area.objects.create(
            code=code, name=name, full_name=full_name(name, community), level=Area.Level.GRID, parent=community,
            district_id=community.district_id, town_id=community.town_id, community=community, shape=shape,
            centre=shape.point_on_surface, source=source, valid_from=day,
        )  # fmt: skip
        done.created.append(made)
        done.undo["created"].append(str(made.pk))


_MEET = """
with near as (
  select a.id, a.level, a.shape from geo_area a, geo_area c
  where c.id = %s and a.valid_to is null and a.kind = 'basic' and a.shape && c.shape
    and st_dwithin(a.shape, c.shape, 1e-9)),
corners as (select st_collect(st_points(shape)) as points from near where level = 'grid'),
met as (select near.id, st_multi(st_snap(near.shape, corners.points, 1e-9)) as shape from near, corners)
update geo_area a set shape = met.shape from met where a.id = met.id and st_npoints(met.shape) > st_npoints(a.shape)
"""


def _meet(community: Area) -> None:
    """Let neighbours share every corner of their common borders, beyond the community too; no line moves by it."""
    with connection.cursor() as cursor:
        cursor.execute(_MEET, [community.pk])


# -- taking back ------------------------------------------------------------------------------------


def used_by(area_ids: Collection[UUID]) -> str:
    """In Chinese, what kind of row points to one of these areas already; «» when nothing does.

    Kept versions of rows (history) are no use: they only tell that something lay there once.
    """
    relations: Any = Area._meta.get_fields(include_hidden=True)
    for relation in relations:
        if not (relation.auto_created and relation.related_model and (relation.one_to_many or relation.one_to_one)):
            continue
        model: Any = relation.related_model
        if model is Area or model._meta.proxy or hasattr(model, "pgh_tracked_model"):
            continue
        column: Any = relation
        if model._base_manager.filter(**{f"{column.field.name}__in": area_ids}).exists():
            return str(model._meta.verbose_name)
    return ""


def take_back(community: Area, undo: dict[str, Any]) -> None:
    """Put a division back as it was before (撤销划分). Raises NotNow when its new grids are in use already."""
    created = [UUID(key) for key in undo["created"]]
    used = used_by(created) if created else ""
    if used:
        raise NotNow(
            f"这次新划的网格已经有了“{used}”，不能撤销。", "没有做任何改动。",
            "如划分确实有误，请在现有边界上重新调整。", code="geo.in_use",
        )  # fmt: skip
    for key, old_id in undo["versions"].items():
        area, old = Area.objects.select_for_update(of=("self",)).get(pk=key), Area.objects.get(pk=old_id)
        area.shape, area.centre, area.valid_from, area.source = old.shape, old.centre, old.valid_from, old.source
        area.save(update_fields=["shape", "centre", "valid_from", "source"])
        old.delete()
    for key, name in undo["renamed"].items():
        area = Area.objects.select_related("parent").get(pk=key)
        area.name, area.full_name = name, full_name(name, area.parent)
        area.save(update_fields=["name", "full_name"])
    Area.objects.filter(pk__in=undo["closed"]).update(valid_to=None)
    Area.objects.filter(pk__in=created).delete()
    _meet(community)
