"""What the hot-spot model counts (空间热点的底数): matters on each piece of ground that its reader sees, and what touches what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from hezhi.chapters.awareness.situation import queries, rules
from hezhi.chapters.awareness.situation.models import Finding, Model
from hezhi.chapters.awareness.situation.rules import Period, Piece, Result
from hezhi.chapters.cases.handling.api import Source
from hezhi.chapters.cases.statistics.api import CASES, NET, WIDE
from hezhi.engines.geo import queries as geo
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor
from hezhi.ground import time
from hezhi.ground.errors import NotFound

DAYS = 30
Square = tuple[int, int]
SIDE = {True: 1, False: WIDE}
"""Squares of the one net of all counts that make a square here, as on the heat map: about 500 m within a town, 2 km for the district."""
BESIDE = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]


Ground = dict[UUID, tuple[str, list[UUID]]]
"""Pieces of ground by key: what each is called, and which touch it."""


def touching(by: Actor, model: Model) -> Ground | None:
    """The pieces of ground that a model compares, for runs that follow each other; None where they are squares."""
    within = _ground_of(by, model)
    return None if model.ground == Model.Ground.SQUARE else geo.touching(model.ground, within.pk if within else None)


def hot_spots(
    by: Actor, model: Model, last: date, known: datetime | None = None, ground: Ground | None = None
) -> Result:
    """Where the model's matters gather, on every piece of ground of the reader's part (those with nothing too).

    With `known`, as it was at that moment; `ground` is what `touching` gave, where it is in hand.
    """
    now, within = Period(last - timedelta(days=DAYS - 1), last), _ground_of(by, model)
    if model.ground != Model.Ground.SQUARE:
        return rules.spots(_areas(by, model, now, ground or touching(by, model) or {}, known), last)
    side = SIDE[within is not None]
    found = rules.spots(_squares(by, model, now, within, side, known), last)
    return replace(found, content=found.content | {"net": _sides(side)})


def _sides(side: int) -> tuple[float, float]:
    return NET[0] * side, NET[1] * side


PARTS = {"town": "town__name", "community": "community__full_name", "kind": "category__full_name", "source": "source"}


def parts_of(by: Actor, model: Model, last: date) -> dict[str, tuple[int, int]]:
    """The model's matters of the last thirty days and the thirty before, by the dimension that the model asks for."""
    if model.parts not in PARTS:
        return queries.parts(by, model, last)
    now = Period(last - timedelta(days=DAYS - 1), last)
    counted: list[dict[Any, int]] = [_count(by, model, period, PARTS[model.parts]) for period in (now, now.before())]
    names = dict(Source.choices) if model.parts == Model.Parts.SOURCE else {}
    return {
        str(names.get(key, key) or "未定"): (counted[0].get(key, 0), counted[1].get(key, 0))
        for key in {*counted[0], *counted[1]}
    }


def _ground_of(by: Actor, model: Model) -> Area | None:
    """The area the reader's own part lies in, or the model's town; None is the whole district."""
    key = model.town_id or (by.scope.area if by.scope.level != "district" else None)
    return Area.objects.filter(pk=key).first() if key else None


def _areas(by: Actor, model: Model, now: Period, ground: Ground, known: datetime | None) -> list[Piece]:
    number = {key: n for n, key in enumerate(ground)}
    counts = [_count(by, model, period, f"{model.ground}_id", known) for period in (now, now.before())]
    return [
        Piece(str(key), name, counts[0].get(key, 0), counts[1].get(key, 0), tuple(number[other] for other in others))
        for key, (name, others) in ground.items()
    ]


def _count(by: Actor, model: Model, period: Period, field: str, known: datetime | None = None) -> dict[Any, int]:
    rows, _ = queries._measured(by, model, period, known)
    return dict(rows.values_list(field).annotate(n=Count("pk")))


def _squares(
    by: Actor, model: Model, now: Period, within: Area | None, side: int, known: datetime | None
) -> list[Piece]:
    sides = _sides(side)
    counts = [_count_squares(by, model, period, side, known) for period in (now, now.before())]
    ground = list(dict.fromkeys([*geo.squares(sides, within), *sorted({*counts[0], *counts[1]})]))
    number = {square: n for n, square in enumerate(ground)}
    names = square_names(ground, sides)
    return [
        Piece(
            key_of(square), names[square], counts[0].get(square, 0), counts[1].get(square, 0),
            tuple(number[beside] for beside in _beside(square) if beside in number),
        )
        for square in ground
    ]  # fmt: skip


def _beside(square: Square) -> Iterable[Square]:
    return ((square[0] + dx, square[1] + dy) for dx, dy in BESIDE)


def _count_squares(by: Actor, model: Model, period: Period, side: int, known: datetime | None) -> dict[Square, int]:
    rows, _ = queries._measured(by, model, period, known)
    placed = rows.filter(point__isnull=False).annotate(column=CASES.columns["x"], row=CASES.columns["y"])
    counts: dict[Square, int] = {}
    for column, row, n in placed.values_list("column", "row").annotate(n=Count("pk")):
        square = column // side, row // side
        counts[square] = counts.get(square, 0) + n
    return counts


def square_names(squares: list[Square], sides: tuple[float, float]) -> dict[Square, str]:
    """What squares are called: by the town and community in which their middle lies."""
    middles = [
        (key_of(square), (square[0] + 0.5) * sides[0], (square[1] + 0.5) * sides[1], time.today()) for square in squares
    ]
    grids = geo.grids_at(middles)
    rows = Area.objects.filter(pk__in=set(grids.values())).values_list("pk", "town__name", "community__name")
    named = {key: f"{town or ''}{community or ''}一带" for key, town, community in rows}
    lies = {square: named.get(grids[key_of(square)]) for square in squares if key_of(square) in grids}
    return {square: lies.get(square) or f"方格 {key_of(square)}" for square in squares}


def key_of(square: Square) -> str:
    """A square as it is kept: its column and row."""
    return f"{square[0]},{square[1]}"


def spot_shapes(by: Actor, finding_id: UUID) -> dict[str, Any]:
    """Hot and cold ground of a finding as GeoJSON (WGS 84), for who may see the finding; otherwise NotFound."""
    finding = Finding.objects.visible_to(by).select_related("model").filter(pk=finding_id).first()
    if finding is None:
        raise NotFound("没有找到这个成果。", "可能不是为您单位运行的。", "请回到模型页。", code="situation.no_finding")
    told = finding.content.get("spots", [])
    shapes = _shapes([key for key, *_ in told], finding.content.get("net"))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature", "geometry": shapes[key],
                "properties": {"name": f"{name} {count} 件 {word}", "class": word},
            }
            for key, name, count, word in told
            if key in shapes
        ],
    }  # fmt: skip


def _shapes(keys: Sequence[str], net: Sequence[float] | None) -> dict[str, Any]:
    """Shapes by key; squares of findings that were made on the earlier net have none, so nothing is drawn beside its place."""
    if net is None:
        areas = [UUID(key) for key in keys if "," not in key]
        return {str(key): shape for key, shape in geo.shapes_of(areas).items()}
    squares = {key: tuple(int(n) for n in key.split(",")) for key in keys}
    return {
        key: {"type": "Polygon", "coordinates": [queries.ring(x, y, (net[0], net[1]))]}
        for key, (x, y) in squares.items()
    }


NEWS = timedelta(days=14)


def _in_use(by: Actor) -> QuerySet[Finding]:
    """Findings of published models that this reader may see and that may be used, newest first."""
    rows = Finding.objects.visible_to(by).filter(
        usable=True, model__state=Model.State.PUBLISHED, made_at__gt=time.now() - NEWS
    )
    return rows.select_related("model").order_by("-made_at", "-id")


def news_of_models(by: Actor, most: int = 6) -> list[Finding]:
    """What published models newly found in the last two weeks, each model once."""
    newest: dict[UUID, Finding] = {}
    for finding in _in_use(by).filter(alert=True)[:200]:
        newest.setdefault(finding.model_id, finding)
    return list(newest.values())[:most]


def latest_spots(by: Actor) -> Finding | None:
    """The newest map of hot ground that is in use."""
    return _in_use(by).filter(model__method=Model.Method.SPOTS).first()
