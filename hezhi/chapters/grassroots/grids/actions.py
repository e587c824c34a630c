"""What is done to grids (网格业务动作): one verb, one transaction, who and why inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import shapely
from django.db.models import QuerySet

from hezhi.chapters.grassroots.grids import queries
from hezhi.chapters.grassroots.grids.models import Annotation, Division, GridDuty, GridKind, SpecialGrid
from hezhi.engines.dossier.models import Visit
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.geo.actions import full_name
from hezhi.engines.geo.dividing import NEW, Redivided, as_shape, as_stored, divide, pieces_of, standing, take_back
from hezhi.engines.geo.division import Piece, matched, sources
from hezhi.engines.geo.files import Incoming
from hezhi.engines.geo.models import Area
from hezhi.engines.geo.queries import grid_at, locate
from hezhi.engines.geo.rules import grid_code_fault, next_codes
from hezhi.engines.org.actions import create_unit
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Holding, Post, Unit
from hezhi.engines.records.acting import current_deed, verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.events import announce
from hezhi.ground.ids import new_id
from hezhi.ground.text import one_line

MOST_GRIDS = 200
MOST_CORNERS = 20_000
OPEN_ORDERS = ("to_sign", "handling", "on_hold", "to_review")


def read_features(told: Any) -> list[Piece]:
    """The pieces that a browser or a stored draft tells, as GeoJSON features (读取划分范围).

    Raises BadInput for what is no list of polygons, or too much of it.
    """
    if not isinstance(told, list) or len(told) > MOST_GRIDS:
        raise BadInput({"features": f"一个社区最多 {MOST_GRIDS} 个网格，收到的内容不对，请刷新页面重试。"})
    try:
        pieces = [
            Piece(str(f["id"]), one_line(str(f["properties"]["name"])), shapely.geometry.shape(f["geometry"]))
            for f in told
        ]
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as fault:
        raise BadInput({"features": "收到的网格范围不完整，请刷新页面重试。"}, code="grids.no_features") from fault
    if any(piece.shape.geom_type not in ("Polygon", "MultiPolygon") for piece in pieces):
        raise BadInput({"features": "网格范围应当是面，请重新绘制。"}, code="grids.no_polygon")
    corners = shapely.get_coordinates([piece.shape for piece in pieces])
    if len(corners) > MOST_CORNERS:
        raise BadInput(
            {"features": f"边界顶点过多（{len(corners):,} 个），请先在制图软件里简化。"}, code="grids.many_corners"
        )
    if len(corners) and not (abs(corners[:, 0]).max() <= 180 and abs(corners[:, 1]).max() <= 90):
        raise BadInput({"features": "坐标不是经纬度，请核对坐标系。"}, code="grids.not_degrees")
    if len({piece.key for piece in pieces}) < len(pieces):
        raise BadInput({"features": "有网格编号重复，请刷新页面重试。"}, code="grids.same_key")
    return pieces


# -- drafts -----------------------------------------------------------------------------------------


@clause("9.1.3-1-1")
@verb("grids.draft")
def save_draft(
    community: Area, features: Any, *, by: Actor, title: str = "", reason: str = "", source: str = "",
    effective_on: date | None = None, base: str = "", origin: str = "plotted", division: Division | None = None,
) -> Division:  # fmt: skip
    """Keep a division as a draft (存草案); a draft may have gaps and overlaps, it is in force nowhere."""
    by.must("grids.plot")
    community = queries.community_for(by, community.pk)
    pieces = read_features(features)
    day = effective_on or time.today()
    if day < time.today():
        raise BadInput({"effective_on": f"生效日期不能早于今天（{time.today():%Y-%m-%d}）。"}, code="grids.past")
    row = division or Division(id=new_id(), created_at=time.now(), created_by_id=by.user_id, unit_id=by.unit_id)
    if row.state not in (Division.State.DRAFT, Division.State.SCHEDULED):
        raise NotNow("这份划分已经办结，不能再改。", "没有做任何改动。", "请在最新边界上另建一份。", code="grids.done")
    for level, key in community.ancestors().items():
        setattr(row, f"{level}_id", key)
    row.title = one_line(title)[:80] or f"{community.name}网格调整"
    row.state, row.origin, row.reason, row.source = (
        Division.State.DRAFT,
        origin,
        reason.strip()[:300],
        source.strip()[:200],
    )
    row.effective_on, row.features = day, queries.features_of(pieces)
    row.base = base or row.base or queries.print_of(standing(community))
    row.changed_at, row.changed_by_id = time.now(), by.user_id
    row.revision += division is not None
    row.save()
    return row


@verb("grids.withdraw")
def withdraw(division_id: UUID, *, by: Actor, reason: str = "") -> Division:
    """Give a draft up (作废草案)."""
    by.must("grids.plot")
    row = _locked(division_id, by)
    if row.state not in (Division.State.DRAFT, Division.State.SCHEDULED):
        raise NotNow("这份划分已经办结，不能作废。", "没有做任何改动。", "已生效的可以撤销。", code="grids.done")
    _decided(row, Division.State.WITHDRAWN, by)
    return row


# -- putting in force -------------------------------------------------------------------------------


@clause("9.1.3-1-1")
@verb("grids.publish")
def publish(division_id: UUID, *, by: Actor, reason: str) -> Division:
    """Publish a division (发布划分): in force at once, or on its day when that lies ahead.

    Refused with the faults when it leaves a gap or overlaps, and when somebody changed the grids since it
    was drawn.
    """
    by.must("grids.publish")
    row = _locked(division_id, by)
    if not reason.strip():
        raise BadInput({"reason": "请写明调整原因。"}, code="grids.no_reason")
    if row.state not in (Division.State.DRAFT, Division.State.SCHEDULED):
        raise NotNow("这份划分已经办结。", "没有做任何改动。", code="grids.done")
    row.reason = reason.strip()[:300]
    community = queries.community_for(by, row.community_id)
    _drawn_on_these(row, community)
    if row.effective_on > time.today():
        found = queries_try(community, row)
        _decided(row, Division.State.SCHEDULED, by, told={"grids": [], "pieces": len(found)})
        return row
    return _enforce(row, community, by)


def queries_try(community: Area, row: Division) -> Sequence[Piece]:
    """The exact pieces of a division, refused when it has faults."""
    from hezhi.engines.geo.dividing import NotCovered, try_out

    found = try_out(community, read_features(row.features))
    if not found.good:
        raise NotCovered(found)
    return found.pieces


def enforce_due(by: Actor | None = None) -> int:
    """Put the divisions in force whose day has come (到期生效); one that no longer fits goes back to its draft."""
    due = Division.objects.filter(state=Division.State.SCHEDULED, effective_on__lte=time.today())
    done = 0
    for key in list(due.values_list("pk", flat=True)):
        done += _enforce_one(key, by=by or system("网格划分生效"))
    return done


@verb("grids.enforce")
def _enforce_one(division_id: UUID, *, by: Actor) -> bool:
    row = Division.objects.select_for_update(of=("self",)).select_related("community").get(pk=division_id)
    if row.state != Division.State.SCHEDULED:
        return False
    try:
        community = Area.objects.get(pk__in=[row.community_id])
        _drawn_on_these(row, community)
        _enforce(row, community, by)
    except (BadInput, NotNow) as refusal:
        row.told = {"grids": [], "failed": refusal.what}
        _decided(row, Division.State.DRAFT, by, told=row.told)
        return False
    return True


def _drawn_on_these(row: Division, community: Area) -> None:
    if row.base and row.base != queries.print_of(standing(community)):
        raise NotNow(
            "这份划分画好之后，网格已被别人调整过。", "没有做任何改动，草案仍然保留。",
            "请打开标绘页面，在最新的边界上重新核对后再发布。", code="grids.overtaken",
        )  # fmt: skip


def _enforce(row: Division, community: Area, by: Actor) -> Division:
    before = pieces_of(standing(community))
    done = divide(community, read_features(row.features), day=time.today(), source=row.source or row.title)
    if done.nothing:
        raise BadInput({"": "这份划分与现有网格相同，没有需要发布的变化。"}, code="grids.no_change")
    units = _units_follow(done, community, before)
    row.before, row.undo = queries.features_of(before), done.undo | {"units": units}
    touched = [*done.created, *done.changed, *done.renamed, *done.closed]
    told: dict[str, Any] = {
        "grids": sorted({str(area.pk) for area in touched}), "created": [area.name for area in done.created],
        "changed": [area.name for area in done.changed], "renamed": [area.name for area in done.renamed],
        "closed": [area.name for area in done.closed],
    }  # fmt: skip
    told["moved"] = _things_follow(community, [area.pk for area in touched], by)
    # A draft of new grids was kept under «new-…»; from now on they have ids of their own.
    row.features = queries.features_of(pieces_of(standing(community)))
    row.base = queries.print_of(standing(community))
    _decided(row, Division.State.IN_FORCE, by, told=told)
    return row


def _decided(row: Division, state: str, by: Actor, told: Mapping[str, Any] | None = None) -> None:
    row.state, row.decided_at, row.decided_by_id = state, time.now(), by.user_id
    row.changed_at, row.changed_by_id, row.revision = time.now(), by.user_id, row.revision + 1
    if told is not None:
        row.told = dict(told)
    row.save()
    deed = current_deed()
    if deed is not None:
        deed.detail |= {"community": str(row.community_id), "state": state}


def _locked(division_id: UUID, by: Actor) -> Division:
    row = queries.divisions_for(by).filter(pk=division_id).values("pk")
    found = Division.objects.select_for_update(of=("self",)).filter(pk__in=row).first()
    if found is None:
        raise NotFound("没有找到这份划分。", "可能不在您的管辖范围。", code="grids.no_division")
    return found


# -- units, people and things follow ----------------------------------------------------------------


def _units_follow(done: Redivided, community: Area, before: Sequence[Piece]) -> dict[str, Any]:
    """The units of grids follow their ground (网格单位随之调整); gives what is needed to go back.

    A new grid gets a unit below its community's. The unit of a grid that was merged away looks after the
    grid its ground went to; it is closed when nobody holds a post in it and no order waits.
    """
    kept: dict[str, Any] = {"created": [], "moved": {}, "closed": [], "renamed": {}, "duties": {}}
    above = Unit.objects.filter(area=community, kind=Unit.Kind.COMMUNITY, valid_to__isnull=True).first()
    for area in done.created if above else ():
        unit = create_unit(area.code, area.name, Unit.Kind.GRID, parent=above, area=area)
        kept["created"].append(str(unit.pk))
    for area in done.renamed:
        for unit in Unit.objects.filter(area=area, kind=Unit.Kind.GRID, valid_to__isnull=True):
            kept["renamed"][str(unit.pk)] = unit.name
            unit.name = area.name
            unit.save(update_fields=["name"])
    old = {piece.key: piece.shape for piece in before}
    now = {str(area.pk): as_shape(area.shape) for area in standing(community)}
    for area in done.closed:
        heir = next(iter(sources(old[str(area.pk)], now)), None)
        if heir is not None:
            _hand_over(area, UUID(heir), kept)
    return kept


def _hand_over(area: Area, heir: UUID, kept: dict[str, Any]) -> None:
    for unit in Unit.objects.filter(area=area, valid_to__isnull=True):
        kept["moved"][str(unit.pk)] = str(area.pk)
        unit.area_id = heir
        needed = Holding.objects.filter(post__unit=unit, valid_to__isnull=True).exists()
        if not needed and not WorkOrder.objects.filter(unit=unit, state__in=OPEN_ORDERS).exists():
            unit.valid_to = time.today()
            kept["closed"].append(str(unit.pk))
        unit.save(update_fields=["area", "valid_to"])
    there = set(GridDuty.objects.running().filter(grid=heir).values_list("user_id", "role"))
    for duty in GridDuty.objects.running().filter(grid=area):
        if (duty.user_id, duty.role) not in there:
            kept["duties"][str(duty.pk)] = str(area.pk)
            duty.grid_id = heir
            duty.save(update_fields=["grid"])


def _units_back(units: Mapping[str, Any]) -> None:
    for key, area in units["moved"].items():
        Unit.objects.filter(pk=key).update(area_id=area)
    Unit.objects.filter(pk__in=units["closed"]).update(valid_to=None)
    for key, name in units["renamed"].items():
        Unit.objects.filter(pk=key).update(name=name)
    for key, area in units["duties"].items():
        GridDuty.objects.filter(pk=key).update(grid_id=area)
    if Post.objects.filter(unit__in=units["created"]).exists():
        raise NotNow(
            "新网格已经设了岗位，不能撤销。", "没有做任何改动。", "请在现有边界上重新调整。", code="geo.in_use"
        )
    Unit.objects.filter(pk__in=units["created"]).delete()


_followers: dict[str, tuple[Any, str]] = {"标注": (Annotation, "point")}


def follow(word: str, model: Any, point: str = "point") -> None:
    """Let the rows of a table change their grid with the border over their point (随边界调整).

    For a room's start: `follow("小区", Compound)`. The table has the columns of `org.Scoped`.
    """
    _followers[word] = (model, point)


def _things_follow(community: Area, grids: Sequence[UUID], by: Actor) -> dict[str, int]:
    """Rows with a point on the changed ground get the grid it lies in now; gives how many, by word."""
    moved = {}
    for word, (model, point) in _followers.items():
        rows: QuerySet[Any] = model._base_manager.filter(community=community, **{f"{point}__isnull": False})
        rows = rows.annotate(lies_in=grid_at(point)).filter(lies_in__isnull=False)
        stale = [(row.pk, row.lies_in) for row in rows.only("pk", "grid_id") if row.lies_in != row.grid_id]
        for grid in {lies_in for _, lies_in in stale}:
            model._base_manager.filter(pk__in=[pk for pk, there in stale if there == grid]).update(grid_id=grid)
        if stale:
            moved[word] = len(stale)
    announce("grids.redrawn", community=community, grids=list(grids), by=by)
    return moved


# -- undo -------------------------------------------------------------------------------------------


@clause("9.1.3-1-1")
@verb("grids.undo")
def undo(division_id: UUID, *, by: Actor, reason: str) -> Division:
    """Take the last division of a community back while nothing has been built on it (撤销划分)."""
    by.must("grids.publish")
    row = _locked(division_id, by)
    if not reason.strip():
        raise BadInput({"reason": "请写明撤销原因。"}, code="grids.no_reason")
    if row.state != Division.State.IN_FORCE:
        raise NotNow("只有已生效的划分才能撤销。", "没有做任何改动。", code="grids.not_in_force")
    community = queries.community_for(by, row.community_id)
    if row.base != queries.print_of(standing(community)):
        raise NotNow(
            "这次划分之后网格又调整过，不能直接撤销。", "没有做任何改动。",
            "请从最近的一次开始逐次撤销，或在现有边界上重新调整。", code="grids.not_last",
        )  # fmt: skip
    created = [UUID(key) for key in row.undo["created"]]
    if Visit.objects.filter(object_id__in=created).exists():
        raise NotNow(
            "新网格已经有了走访记录，不能撤销。", "没有做任何改动。", "请在现有边界上重新调整。", code="geo.in_use"
        )
    _annotations_leave(created)
    _units_back(row.undo["units"])
    take_back(community, row.undo)
    row.told = row.told | {"undone_because": reason.strip()[:300]}
    _decided(row, Division.State.UNDONE, by, told=row.told)
    _things_follow(community, [grid.pk for grid in standing(community)], by)
    return row


def _annotations_leave(created: Sequence[UUID]) -> None:
    """Notes that only followed the border are no reason to keep it."""
    for model, _ in _followers.values():
        if created:
            model._base_manager.filter(grid_id__in=created).update(grid_id=None)


# -- professional grids -----------------------------------------------------------------------------


@clause("9.1.3-1-1")
@verb("grids.special")
def set_up_special(
    kind: GridKind, town: Area, name: str, *, by: Actor, made_of: Sequence[UUID] = (), shape: Any = None,
    why_cut: str = "", source: str = "",
) -> Area:  # fmt: skip
    """Set up a professional or dedicated grid (设专业网格): a set of basic grids, or a boundary of its own.

    A boundary that cuts basic grids needs a reason; ground outside the town is refused.
    """
    by.must("grids.plot")
    if kind.kind == Area.Kind.BASIC:
        raise BadInput({"kind": "基础网格在标绘页面划分，这里只设专业网格和专属网格。"}, code="grids.basic")
    if not by.scope.everything and town.pk not in {by.scope.area, *communities_towns(by)}:
        raise NotFound("没有找到这个镇街。", "可能不在您的管辖范围。", code="grids.no_town")
    name = one_line(name)
    if not name:
        raise BadInput({"name": "请填写网格名称。"}, code="grids.no_name")
    parts = list(Area.objects.grids().filter(pk__in=made_of, town=town))
    if len(parts) != len(set(made_of)):
        raise BadInput({"made_of": "所选的基础网格有的已不存在，或不在这个镇街。"}, code="grids.strange_parts")
    ground = shapely.union_all([as_shape(part.shape) for part in parts]) if parts else shape
    if ground is None or ground.is_empty:
        raise BadInput({"made_of": "请选择它由哪些基础网格组成，或上传边界。"}, code="grids.no_ground")
    outside = shapely.difference(ground, as_shape(town.shape))
    if outside.area > 1e-8:
        raise BadInput({"made_of": f"边界有一部分在{town.name}之外，请退回到镇街范围以内。"}, code="grids.outside")
    cut = [] if parts else queries.cut_by(ground, [])
    if cut and not why_cut.strip():
        told = "、".join(cut[:6]) + ("等" if len(cut) > 6 else "")
        raise BadInput(
            {"why_cut": f"这条边界切分了基础网格：{told}。请写明原因，或改为沿基础网格划分。"}, code="grids.cuts"
        )
    return _special(kind, town, name, ground, parts, why_cut, source)


def communities_towns(by: Actor) -> set[UUID]:
    """Towns in which the reader has communities."""
    return set(queries.communities_for(by).values_list("town_id", flat=True))


def _special(
    kind: GridKind, town: Area, name: str, ground: Any, parts: Sequence[Area], why_cut: str, source: str
) -> Area:
    stored, start = as_stored(ground), f"{town.code}000"
    taken = Area.objects.filter(code__startswith=start).values_list("code", flat=True)
    (code,) = next_codes(start, kind.kind, taken, 1)
    if Area.objects.current().filter(town=town, kind=kind.kind, line=kind.code, name=name).exists():
        raise BadInput({"name": f"{kind.name}已有同名网格“{name}”。"}, code="grids.same_name")
    area = Area.objects.create(
        code=code, name=name, full_name=full_name(name, town), level=Area.Level.GRID, kind=kind.kind, line=kind.code,
        parent=town, district_id=town.district_id, town=town, shape=stored, centre=stored.point_on_surface,
        source=source, valid_from=time.today(),
    )  # fmt: skip
    SpecialGrid.objects.create(area=area, made_of=[str(part.pk) for part in parts], why_cut=why_cut.strip())
    return area


@verb("grids.close_special")
def close_special(grid_id: UUID, *, by: Actor, reason: str) -> Area:
    """Close a professional grid (停用专业网格); its duties end today."""
    by.must("grids.plot")
    grid = queries.grid_for(by, grid_id)
    if grid.kind == Area.Kind.BASIC:
        raise NotNow("基础网格须通过重新划分来停用，保证不留空白。", code="grids.basic")
    if not reason.strip():
        raise BadInput({"reason": "请写明停用原因。"}, code="grids.no_reason")
    Area.objects.filter(pk=grid.pk).update(valid_to=time.today())
    GridDuty.objects.running().filter(grid=grid.pk).update(ends_on=time.today())
    return grid


# -- files ------------------------------------------------------------------------------------------


@clause("9.1.3-1-1")
@verb("grids.import")
def import_drafts(found: Sequence[Incoming], *, by: Actor, source: str, crs: str) -> list[Division]:
    """Polygons of a map file as drafts, one for each community they lie in (导入网格).

    A polygon goes on from the grid whose code it carries, else from the one it shares most ground with. Faults
    stay in the draft and are shown on the map; ground outside the district or the reader's own is refused.
    """
    by.must("grids.plot")
    by_community = _by_community(found, by)
    drafts = []
    for community, shapes in by_community.items():
        pieces = _as_pieces(community, shapes)
        drafts.append(
            save_draft(
                community,
                queries.features_of(pieces),
                by=by,
                title=f"{community.name}网格（导入）",
                source=f"{source}（{crs}）",
                origin=Division.Origin.IMPORTED,
            )
        )
    return drafts


def _by_community(found: Sequence[Incoming], by: Actor) -> dict[Area, list[Incoming]]:
    mine = {area.pk: area for area in queries.communities_for(by).defer(None)}
    told: dict[Area, list[Incoming]] = {}
    outside, foreign = [], []
    for one in found:
        heart = shapely.make_valid(one.shape).representative_point()
        place = locate(heart.x, heart.y)
        if place is None or place.community is None:
            outside.append(one)
        elif place.community not in mine:
            foreign.append(one)
        else:
            told.setdefault(mine[place.community], []).append(one)
    if outside:
        raise BadInput(
            {"file": f"{_called(outside)}不在本区范围内，没有读入。请核对坐标系，或删去区外的图形。"},
            code="grids.outside",
        )
    if foreign:
        raise BadInput(
            {"file": f"{_called(foreign)}不在您的管辖范围内，没有读入。请只上传本辖区的网格。"}, code="grids.foreign"
        )
    return told


def _called(some: Sequence[Incoming]) -> str:
    names = "、".join(f"第 {one.number} 个图形{f'“{one.name}”' if one.name else ''}" for one in some[:5])
    return f"{names}等 {len(some)} 个图形" if len(some) > 5 else names


def _as_pieces(community: Area, shapes: Sequence[Incoming]) -> list[Piece]:
    """Each polygon with the key it goes on from; wrong codes are refused."""
    now = standing(community)
    by_code = {area.code: area for area in now}
    said = [
        f"第 {one.number} 个图形：{fault}"
        for one in shapes
        if one.code and (fault := grid_code_fault(one.code, Area.Kind.BASIC, community.code))
    ]
    codes = [one.code for one in shapes if one.code]
    said += [
        f"编码 {code} 出现了 {codes.count(code)} 次。" for code in sorted({c for c in codes if codes.count(c) > 1})
    ]
    if said:
        raise BadInput({"file": said[:8]}, code="grids.codes")
    coded = {n: str(by_code[one.code].pk) for n, one in enumerate(shapes) if one.code in by_code}
    rest = [n for n in range(len(shapes)) if n not in coded]
    free = {str(a.pk): as_shape(a.shape) for a in now if str(a.pk) not in coded.values()}
    sound = [shapely.make_valid(shapes[n].shape) for n in rest]
    keys = coded | dict(zip(rest, matched(sound, free), strict=True))
    names = {str(area.pk): area.name for area in now}
    return [
        Piece(keys[n] or f"{NEW}{n + 1}", one.name or names.get(keys[n], f"{community.name}新网格{n + 1}"), one.shape)
        for n, one in enumerate(shapes)
    ]
