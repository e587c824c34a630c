"""Dividing an area into pieces without gap and without overlap (区域划分): values in, values out.

Shapes are shapely polygons in degrees of WGS 84. All pieces of an area are cut into the faces that their
borders make together; each face belongs to one piece, or it is a fault: a gap, an overlap, ground outside.
Pieces put together from faces share every point of their common borders, so what is stored has no hair-thin
strip between two neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import cos, radians
from typing import Any, TypeAlias

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from hezhi.ground.errors import BadInput

Shape: TypeAlias = Polygon | MultiPolygon

SNAP = 1.6e-6
"""Degrees (about 0.15 m): a corner this near to a known one is the known one, written with six decimals."""
HAIR = 4e-6
"""Degrees (about 0.4 m): a strip thinner than this is a slip of the hand and goes to its neighbour."""
METRES = 111_320.0
"""Metres in a degree of latitude."""

GAP, OVERLAP, OUTSIDE, CROSSING, PARTS, EMPTY = "gap", "overlap", "outside", "crossing", "parts", "empty"


@dataclass(frozen=True)
class Piece:
    """One piece of a division (划分单元): the key of an area that is kept, or «new-…», with name and shape."""

    key: str
    name: str
    shape: Shape


@dataclass(frozen=True)
class Fault:
    """What is wrong with a division (划分差错): a sentence, where it is, and which pieces it touches."""

    kind: str
    sentence: str
    where: Any
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Division:
    """A division that was looked through (校验结果): the pieces, exact where there is no fault."""

    pieces: tuple[Piece, ...]
    faults: tuple[Fault, ...] = field(default=())

    @property
    def good(self) -> bool:
        """Whether it may be stored: every point of the area in exactly one piece."""
        return not self.faults


# -- looking through --------------------------------------------------------------------------------


def look_through(whole: Shape, pieces: Sequence[Piece], known: Sequence[Shape] = ()) -> Division:
    """Check that the pieces cover the whole once (不重不漏校验); gives exact pieces, or the faults.

    `known` are the shapes that stand now: their corners are found again behind six decimals, and a part
    that lay apart before may go on doing so.
    """
    crossing = [fault for piece in pieces for fault in _crossings(piece)]
    if crossing:
        return Division(tuple(pieces), tuple(crossing))
    snapped = _snapped(whole, pieces, known)
    faces = _faces(whole, snapped)
    owners = _owners(faces, snapped)
    inside = _within(faces, whole)
    owners = _without_hairs(faces, owners, inside)
    faults = [*_uncovered(faces, owners, inside, snapped), *_outside(faces, owners, inside, snapped)]
    exact = _assembled(faces, owners, inside, snapped)
    if not faults:
        faults = _empty(exact) or _apart(whole, exact, known)
    return Division(tuple(exact) if not faults else tuple(snapped), tuple(faults))


def _crossings(piece: Piece) -> list[Fault]:
    if piece.shape.is_empty:
        return [Fault(EMPTY, f"“{piece.name}”没有范围，请重新绘制。", Point(), (piece.key,))]
    if piece.shape.is_valid:
        return []
    why = shapely.is_valid_reason(piece.shape)
    found = re.search(r"\[([-\d.e]+) ([-\d.e]+)\]", why)
    where = Point(float(found[1]), float(found[2])) if found else piece.shape.envelope.centroid
    said = f"“{piece.name}”的边界在 {where.x:.6f},{where.y:.6f} 处自相交，请把交叉的顶点拉开。"
    return [Fault(CROSSING, said, where, (piece.key,))]


def _snapped(whole: Shape, pieces: Sequence[Piece], known: Sequence[Shape]) -> list[Piece]:
    """Each corner that lies beside a known one becomes it; a corner beside a known line is put on it."""
    corners = np.unique(shapely.get_coordinates([whole, *known]), axis=0)
    tree = shapely.STRtree(shapely.points(corners))
    border = whole.boundary

    def near(points: Any) -> Any:
        moved = points.copy()
        at, found = tree.query_nearest(shapely.points(points), max_distance=SNAP, all_matches=False)
        moved[at] = corners[found]
        rest = np.setdiff1d(np.arange(len(points)), at)
        if len(rest):
            loose = shapely.points(points[rest])
            on_line = rest[shapely.dwithin(loose, border, SNAP)]
            for one in on_line:
                on = border.interpolate(border.project(Point(points[one])))
                moved[one] = (on.x, on.y)
        return moved

    done = []
    for piece in pieces:
        moved = shapely.transform(piece.shape, near)
        done.append(replace(piece, shape=moved if moved.is_valid else shapely.make_valid(moved)))
    return done


def _faces(whole: Shape, pieces: Sequence[Piece]) -> Any:
    lines = shapely.union_all([whole.boundary, *(piece.shape.boundary for piece in pieces)])
    return np.array(shapely.polygonize([lines]).geoms, dtype=object)


def _owners(faces: Any, pieces: Sequence[Piece]) -> list[list[int]]:
    """For each face the pieces that cover it."""
    hearts = shapely.point_on_surface(faces)
    tree = shapely.STRtree([piece.shape for piece in pieces])
    found: list[list[int]] = [[] for _ in faces]
    for face, piece in zip(*tree.query(hearts, predicate="within"), strict=True):
        found[face].append(int(piece))
    return [sorted(set(each)) for each in found]


def _within(faces: Any, whole: Shape) -> list[bool]:
    return [bool(each) for each in shapely.within(shapely.point_on_surface(faces), whole)]


def width(face: Shape) -> float:
    """The mean width of a strip, in degrees."""
    return 2 * float(face.area) / float(face.length) if face.length else 0.0


def _without_hairs(faces: Any, owners: list[list[int]], inside: list[bool]) -> list[list[int]]:
    """A hair-thin face goes to the neighbour with which it shares most of its border."""
    settled = list(owners)
    wrong = [n for n, owned in enumerate(owners) if len(owned) != 1 or not inside[n]]
    hairs = [n for n in wrong if width(faces[n]) < HAIR]
    right = [n for n, owned in enumerate(owners) if len(owned) == 1 and inside[n]]
    tree = shapely.STRtree(faces[right]) if right else None
    for n in hairs:
        if not inside[n]:
            settled[n] = []
            continue
        beside = [right[i] for i in tree.query(faces[n], predicate="intersects")] if tree is not None else []
        shared = [(float(shapely.intersection(faces[n].boundary, faces[i].boundary).length), i) for i in beside]
        if shared:
            settled[n] = owners[max(shared)[1]]
    return settled


def _uncovered(faces: Any, owners: list[list[int]], inside: list[bool], pieces: Sequence[Piece]) -> list[Fault]:
    gaps = [faces[n] for n, owned in enumerate(owners) if inside[n] and not owned]
    faults = [
        Fault(
            GAP,
            f"这里有 {square_metres(part):,.0f} 平方米不属于任何网格，请划给相邻的网格。",
            part,
            _beside(part, pieces),
        )
        for part in _joined(gaps)
    ]
    twice: dict[tuple[int, ...], list[Any]] = {}
    for n, owned in enumerate(owners):
        if inside[n] and len(owned) > 1:
            twice.setdefault(tuple(owned), []).append(faces[n])
    for owned_by, parts in twice.items():
        names = "与".join(f"“{pieces[i].name}”" for i in owned_by)
        keys = tuple(pieces[i].key for i in owned_by)
        faults += [
            Fault(OVERLAP, f"{names}在这里重叠 {square_metres(part):,.0f} 平方米，请划给其中一个。", part, keys)
            for part in _joined(parts)
        ]
    return faults


def _outside(faces: Any, owners: list[list[int]], inside: list[bool], pieces: Sequence[Piece]) -> list[Fault]:
    out: dict[int, list[Any]] = {}
    for n, owned in enumerate(owners):
        for i in owned if not inside[n] else ():
            out.setdefault(i, []).append(faces[n])
    return [
        Fault(OUTSIDE, f"“{pieces[i].name}”有 {square_metres(part):,.0f} 平方米在本社区之外，请退回到社区边界以内。",
              part, (pieces[i].key,))
        for i, parts in out.items() for part in _joined(parts)
    ]  # fmt: skip


def _joined(parts: Sequence[Any]) -> list[Any]:
    return list(getattr(shapely.union_all(parts), "geoms", None) or [shapely.union_all(parts)]) if parts else []


def _beside(part: Any, pieces: Sequence[Piece]) -> tuple[str, ...]:
    """The keys of the pieces beside a gap, longest common border first."""
    shared = [(float(shapely.intersection(part.boundary, p.shape.boundary).length), p.key) for p in pieces]
    return tuple(key for length, key in sorted(shared, reverse=True) if length > 0)


def _assembled(faces: Any, owners: list[list[int]], inside: list[bool], pieces: Sequence[Piece]) -> list[Piece]:
    """Each piece put together from its faces."""
    own: list[list[Any]] = [[] for _ in pieces]
    for n, owned in enumerate(owners):
        if inside[n] and len(owned) == 1:
            own[owned[0]].append(faces[n])
    return [
        replace(piece, shape=_tidy(shapely.coverage_union_all(parts))) for piece, parts in zip(pieces, own, strict=True)
    ]


def _tidy(shape: Any) -> Shape:
    """The polygonal part of a result."""
    if isinstance(shape, Polygon | MultiPolygon):
        return shape
    parts = [part for part in getattr(shape, "geoms", ()) if isinstance(part, Polygon)]
    return MultiPolygon(parts)


def _empty(pieces: Sequence[Piece]) -> list[Fault]:
    return [
        Fault(EMPTY, f"“{piece.name}”没有自己的范围了，请删去它或重新绘制。", Point(), (piece.key,))
        for piece in pieces
        if piece.shape.is_empty
    ]


def _apart(whole: Shape, pieces: Sequence[Piece], known: Sequence[Shape]) -> list[Fault]:
    """A grid in two parts on the same land is a fault, unless just as much lay apart before."""
    lands = polygons(whole)
    now = [(piece, _excess(lands, piece.shape)) for piece in pieces]
    if sum(many for _, many in now) <= sum(_excess(lands, shape) for shape in known):
        return []
    return [
        Fault(PARTS, f"“{piece.name}”分成了互不相连的 {len(polygons(piece.shape))} 块，请把零散的一块划给相邻的网格。",
              min(polygons(piece.shape), key=lambda part: part.area), (piece.key,))
        for piece, many in now if many and not any(shapely.equals(piece.shape, shape) for shape in known)
    ]  # fmt: skip


def _excess(lands: Sequence[Polygon], shape: Shape) -> int:
    """How many parts more than one this shape has on the same land; islands do not count."""
    hearts = [part.representative_point() for part in polygons(shape)]
    return sum(max(0, sum(land.covers(heart) for heart in hearts) - 1) for land in lands)


# -- changing ---------------------------------------------------------------------------------------


def split(shape: Shape, line: LineString) -> tuple[Shape, Shape]:
    """Cut a shape by a line into two (拆分), the larger one first.

    Raises BadInput when the line does not cut it into exactly two.
    """
    lines = shapely.union_all([shape.boundary, line])
    faces = [f for f in shapely.polygonize([lines]).geoms if shape.contains(f.representative_point())]
    before = len(polygons(shape))
    if len(faces) <= before:
        raise BadInput({"line": "这条线没有把网格分开，请从网格外画起，穿过网格，画到网格外。"}, code="geo.not_cut")
    if len(faces) > before + 1:
        raise BadInput(
            {"line": f"这条线把网格切成了 {len(faces) - before + 1} 块，一次只拆成两块，请画得直一些。"},
            code="geo.cut_twice",
        )
    cut = next(part for part in polygons(shape) if sum(part.contains(f.representative_point()) for f in faces) == 2)
    one, two = (f for f in faces if cut.contains(f.representative_point()))
    sides: tuple[list[Any], list[Any]] = ([one], [two])
    for face in faces:  # islands and outlying parts go with the nearer half
        if face not in (one, two):
            sides[0 if face.distance(one) <= face.distance(two) else 1].append(face)
    halves = sorted((_tidy(shapely.union_all(side)) for side in sides), key=lambda half: -half.area)
    return halves[0], halves[1]


def merge(shapes: Sequence[Shape]) -> Shape:
    """Join neighbours into one (合并). Raises BadInput when one of them touches no other along a border."""
    if len(shapes) < 2:
        raise BadInput({"ids": "请选两个以上相邻的网格再合并。"}, code="geo.one_to_merge")
    waiting, joined = list(shapes[1:]), shapes[0]
    while waiting:
        beside = next((s for s in waiting if joined.boundary.intersection(s.boundary).length > HAIR), None)
        if beside is None:
            raise BadInput({"ids": "所选的网格不相邻，不能合并成一个网格。"}, code="geo.apart")
        waiting.remove(beside)
        joined = _tidy(shapely.union_all([joined, beside]))
    return joined


def carve(pieces: Sequence[Piece], new: Piece, whole: Shape) -> list[Piece]:
    """Take a drawn piece out of those it lies on (划出): it gets the ground, they lose it."""
    ground = _tidy(shapely.intersection(new.shape, whole))
    left = [replace(piece, shape=_tidy(shapely.difference(piece.shape, ground))) for piece in pieces]
    return [*(piece for piece in left if piece.shape.area > 0), replace(new, shape=ground)]


def give(pieces: Sequence[Piece], part: Shape, key: str) -> list[Piece]:
    """Give a strip to one piece and take it from all others (划给): how a gap or an overlap is mended."""
    if key not in {piece.key for piece in pieces}:
        raise BadInput({"key": "要划给的网格不在这个社区，请重新选择。"}, code="geo.unknown_piece")
    return [
        replace(piece, shape=_tidy(shapely.union_all([piece.shape, part])))
        if piece.key == key
        else replace(piece, shape=_tidy(shapely.difference(piece.shape, part)))
        for piece in pieces
    ]


# -- what came from what ----------------------------------------------------------------------------


def same(one: Shape, two: Shape) -> bool:
    """Whether two shapes are the same ground, hairs aside."""
    differ = shapely.symmetric_difference(one, two)
    return all(width(part) < HAIR for part in polygons(_tidy(differ))) if not differ.is_empty else True


def sources(piece: Shape, before: Mapping[str, Shape]) -> dict[str, float]:
    """From which of the earlier pieces a piece took its ground (来源): key → square metres, largest first."""
    shared = {key: _tidy(shapely.intersection(piece, shape)) for key, shape in before.items()}
    told = {key: square_metres(part) for key, part in shared.items() if width(part) >= HAIR}
    return dict(sorted(told.items(), key=lambda pair: -pair[1]))


# -- measures ---------------------------------------------------------------------------------------


def polygons(shape: Any) -> list[Polygon]:
    """The polygons of a shape."""
    if isinstance(shape, Polygon):
        return [] if shape.is_empty else [shape]
    return [part for part in getattr(shape, "geoms", ()) if isinstance(part, Polygon)]


def square_metres(shape: Any) -> float:
    """The area of a shape in square metres; good to a thousandth within a district."""
    if shape.is_empty:
        return 0.0
    middle = shape.bounds[1] / 2 + shape.bounds[3] / 2
    return float(shape.area) * METRES**2 * cos(radians(middle))


def covers_once(whole: Shape, shapes: Iterable[Shape]) -> bool:
    """Whether shapes cover the whole with neither gap nor overlap (不重不漏), as shapely's coverage sees it."""
    parts = [part for shape in shapes for part in polygons(shape)]
    if not shapely.coverage_is_valid(parts):
        return False
    return all(
        width(part) < HAIR for part in polygons(_tidy(shapely.symmetric_difference(shapely.union_all(parts), whole)))
    )


def matched(shapes: Sequence[Shape], before: Mapping[str, Shape]) -> list[str]:
    """Which earlier piece each shape goes on from: the one it shares most ground with, each only once; else «»."""
    pairs = [
        (float(shapely.intersection(shape, old).area), n, key)
        for n, shape in enumerate(shapes)
        for key, old in before.items()
    ]
    found, taken = [""] * len(shapes), set[str]()
    for shared, n, key in sorted(pairs, reverse=True):
        if shared > 0 and not found[n] and key not in taken:
            found[n] = key
            taken.add(key)
    return found
