"""The board of figures (党组织综合看板), the tree, and the Party map (党建一张图)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.gis.geos import Point
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse

from hezhi.chapters.grassroots.party import queries, rules
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.small_counts import TOTAL
from hezhi.ground.ui.shapes import Crumb, Figure

GROUP = "党建引领"
SHOWN = 60
FEW = 10


@needs("party.board", clause="9.1.3-3-1")
def board(request: HttpRequest) -> HttpResponse:
    """Organisations, members, terms, activities and covered grids, counted from what the reader sees."""
    by = reader(request)
    told = queries.board(by)
    listed = addresses.page("party-organisations")
    behind = sum(duty.is_behind for duty in told.duties)
    kinds = "、".join(f"{name} {many}" for _, name, many in told.kinds if many)
    figures = [
        Figure(
            "在册党组织", f"{sum(many for *_, many in told.kinds):,}", "个", note=kinds, url=f"{listed}?state=approved"
        ),
        Figure("党员", told.members.shown(TOTAL, TOTAL), "人", note="不满 10 人的不显示"),
        Figure(
            "90 天内届满",
            f"{len(told.ending):,}",
            "个",
            tone="danger" if told.ending else "",
            url=f"{listed}?term_ending=1",
        ),
        Figure("今年已开展活动", f"{told.held:,}", "次", note=f"{behind:,} 个党组织次数不足" if behind else ""),
        Figure("已覆盖网格", f"{told.covered:,}", "个", note=f"共 {told.grids:,} 个网格"),
    ]
    tree = [
        ("　" * depth, depth, row, addresses.page("party-organisations", row.pk)) for depth, row in queries.tree_of(by)
    ]
    month = _month(request.GET.get("month", ""))
    lines = queries.dues(by, month)
    context = {
        "month": month, "month_before": rules.month_of(month - timedelta(days=1)), "dues": lines,
        "dues_total": _total(lines), "lists": queries.lists(by), "may_lists": by.may("party_lists.view"),
        "may_dues": by.may("party_dues.view"),
        "figure_list": figures, "counted_at": time.now(), "board": told, "tree": tree[:SHOWN], "tree_more": max(0, len(tree) - SHOWN),
        "members": [(row, told.members.shown(row, "党员")) for row in told.members.rows], "duties": told.duties[:SHOWN],
        "ending": [(row, left, addresses.page("party-organisations", row.pk)) for row, left in told.ending[:SHOWN]],
        "bare": told.bare[:FEW], "more_bare": told.bare[FEW:], "year": time.today().year,
        "crumbs": [Crumb(GROUP), Crumb("党建看板")],
    }  # fmt: skip
    return render(request, "party/board.html", context)


def _month(told: str) -> date:
    """The month asked for, this one where none or nonsense is."""
    try:
        asked = date.fromisoformat(f"{told}-01")
    except ValueError:
        return rules.month_of(time.today())
    return min(asked, rules.month_of(time.today()))


def _total(lines: list[queries.DuesLine]) -> tuple[Decimal, Decimal] | None:
    """The sum of all areas, told only where each of them is: otherwise a hidden one follows from it."""
    if len(lines) < 2 or any(each.due is None or each.paid is None for each in lines):
        return None
    return sum((each.due or Decimal(0) for each in lines), Decimal(0)), sum((each.paid or Decimal(0) for each in lines), Decimal(0))  # fmt: skip


@needs("party.map", clause="9.1.3-3-2")
def party_map(request: HttpRequest) -> HttpResponse:
    """Organisations and, by building, members who agreed to be counted there (党建一张图)."""
    by = reader(request)
    layers = [
        {
            "url": reverse("party-map-organisations"),
            "kind": "points",
            "name": "党组织",
            "label": "name",
            "link": "link",
        },
        {"url": reverse("party-map-buildings"), "kind": "points", "name": "党员（按楼栋）", "label": "name"},
    ]
    context = {
        "layers": layers, "extent": _extent(by), "crumbs": [Crumb(GROUP), Crumb("党建地图")],
        "organisations": [(row, addresses.page("party-organisations", row.pk)) for row in queries.organisations_on_map(by)[:SHOWN]],
        "buildings": queries.members_by_building(by)[:SHOWN],
    }  # fmt: skip
    return render(request, "party/map.html", context)


AROUND = 0.01
"""Degrees round the outermost points: about a kilometre."""


def _extent(by: Actor) -> list[float] | None:
    """Where the organisations are; where none has a place, the reader's own area."""
    points = [row.point for row in queries.organisations_on_map(by) if row.point is not None]
    if points:
        xs, ys = [point.x for point in points], [point.y for point in points]
        return [min(xs) - AROUND, min(ys) - AROUND, max(xs) + AROUND, max(ys) + AROUND]
    rows = Area.objects.current()
    area = rows.filter(pk=by.scope.area) if by.scope.area else rows.filter(level=Area.Level.DISTRICT)
    found = area.first()
    return list(found.shape.extent) if found else None


def _point(key: Any, point: Point, **properties: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [point.x, point.y]}
    return {"type": "Feature", "id": str(key), "geometry": place, "properties": properties}


def _layer(features: list[dict[str, Any]]) -> JsonResponse:
    response = JsonResponse({"type": "FeatureCollection", "features": features})
    response["Cache-Control"] = "private, no-store"
    return response


@needs("party.map", clause="9.1.3-3-1")
def organisations_layer(request: HttpRequest) -> HttpResponse:
    """The places of organisations (党组织位置)."""
    rows = queries.organisations_on_map(reader(request))
    return _layer([
        _point(row.pk, row.point, name=row.name, state="handling", link=addresses.page("party-organisations", row.pk))
        for row in rows if row.point is not None
    ])  # fmt: skip


@needs("party.map", clause="9.1.3-3-2")
def buildings_layer(request: HttpRequest) -> HttpResponse:
    """How many members who agreed live at a building; nobody's name, no number under ten (党员按楼栋)."""
    rows = queries.members_by_building(reader(request))
    return _layer([
        _point(each.building.pk, each.building.point, name=f"{each.building.full_name}：党员 {each.told}", state="closed")
        for each in rows if each.building.point is not None
    ])  # fmt: skip


urlpatterns = [
    path("board/", board, name="party-board"),
    path("map/", party_map, name="party-map"),
    path("map/organisations.json", organisations_layer, name="party-map-organisations"),
    path("map/buildings.json", buildings_layer, name="party-map-buildings"),
]
