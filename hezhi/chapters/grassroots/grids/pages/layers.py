"""Grids as layers of maps (网格图层): shapes of the reader's ground, notes as points, lines and areas; never people."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from hezhi.chapters.grassroots.grids import queries
from hezhi.chapters.grassroots.grids.models import Annotation, Grid
from hezhi.engines.geo.dividing import pieces_of
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time

clause = "9.1.3-1-1"
MOST = 600


def _layer(rows: QuerySet[Grid]) -> JsonResponse:
    grids = list(rows[:MOST])
    features = queries.features_of(pieces_of(grids))
    for feature, grid in zip(features, grids, strict=True):
        feature["properties"] |= {"code": grid.code, "link": f"/r/grids/{grid.pk}/"}
    return JsonResponse({"type": "FeatureCollection", "features": features})


@needs("grids.view", clause=clause)
def of_town(request: HttpRequest, id: UUID) -> HttpResponse:
    """The basic grids of a town, as far as the reader sees."""
    return _layer(Grid.objects.visible_to(reader(request)).grids().filter(town=id))


@needs("grids.view", clause=clause)
def one(request: HttpRequest, id: UUID) -> HttpResponse:
    """One grid."""
    grid = queries.grid_for(reader(request), id)
    return _layer(Grid.objects.filter(pk=grid.pk))


@needs("grids.view", clause=clause)
def around(request: HttpRequest, id: UUID) -> HttpResponse:
    """The basic grids beside one; borders of grids are public."""
    grid = queries.grid_for(reader(request), id)
    near = Grid.objects.grids().filter(shape__bboverlaps=grid.shape.buffer(0.002)).exclude(pk=grid.pk)
    return _layer(near)


@needs("grids.view", clause=clause)
def notes(request: HttpRequest, id: UUID) -> HttpResponse:
    """The notes that hold today in one grid."""
    by = reader(request)
    grid = queries.grid_for(by, id)
    rows = Annotation.objects.visible_to(by).filter(grid=grid.pk, removed_at__isnull=True)
    told = [_note(row) for row in rows[:MOST]]
    return JsonResponse({"type": "FeatureCollection", "features": told})


def _note(row: Annotation) -> dict[str, Any]:
    over = row.ends_on is not None and row.ends_on <= time.today()
    state = "closed" if over else "overdue" if row.kind == Annotation.Kind.HAZARD else "handling"
    name = f"{row.get_kind_display()} {row.name}{'（已过期）' if over else ''}"
    return {
        "type": "Feature", "id": str(row.pk), "geometry": json.loads(row.shape.json),
        "properties": {"name": name, "state": state, "link": f"/r/grid-notes/{row.pk}/"},
    }  # fmt: skip
