"""Dividing keeps the ground (划分不重不漏): property tests on invented and on the demo district's communities."""

import json
from functools import cache
from pathlib import Path

import pytest
import shapely
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import LineString, Point, Polygon, box, shape

from hezhi.engines.geo import division
from hezhi.engines.geo.division import Piece, look_through
from hezhi.ground.errors import BadInput

pytestmark = pytest.mark.clause("9.1.3-1-1")
DEMO = Path(division.__file__).parent / "demo"
PATIENT = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

WHOLE = box(120.0, 36.0, 120.02, 36.02)
"""A square community of about 1.8 × 2.2 km with four grids."""


def four() -> list[Piece]:
    cuts = [(0, 0), (0.01, 0), (0, 0.01), (0.01, 0.01)]
    return [
        Piece(f"g{n}", f"第{n}网格", translate(box(120.0, 36.0, 120.01, 36.01), x, y))
        for n, (x, y) in enumerate(cuts, 1)
    ]


@cache
def communities() -> dict[str, tuple[shapely.Geometry, dict[str, shapely.Geometry]]]:
    """The demo district's communities with their grids."""
    read = lambda name: json.loads((DEMO / f"huangdao_demo_{name}.geojson").read_text("utf-8"))["features"]  # noqa: E731
    found = {f["properties"]["code"]: (shape(f["geometry"]), {}) for f in read("communities")}
    for f in read("grids"):
        found[f["properties"]["community"]][1][f["properties"]["code"]] = shape(f["geometry"])
    return found


def pieces_of(grids: dict) -> list[Piece]:
    return [Piece(key, f"网格{key[-3:]}", one) for key, one in grids.items()]


def written(one: shapely.Geometry) -> shapely.Geometry:
    """As it comes back from a browser: six decimals."""
    return shapely.transform(one, lambda points: points.round(6))


def whole_and_sound(whole: shapely.Geometry, told: division.Division) -> None:
    assert told.faults == ()
    assert division.covers_once(whole, [piece.shape for piece in told.pieces])
    covered = sum(piece.shape.area for piece in told.pieces)
    assert covered == pytest.approx(whole.area, rel=1e-9)


def test_every_demo_community_is_covered_once_by_its_grids():
    for whole, grids in communities().values():
        told = look_through(whole, pieces_of(grids), list(grids.values()))
        assert told.faults == ()
        assert all(division.same(piece.shape, grids[piece.key]) for piece in told.pieces)


spot = st.tuples(st.floats(0.02, 0.98), st.floats(0.02, 0.98))


def place_in(one: shapely.Geometry, spot: tuple[float, float]) -> Point:
    west, south, east, north = one.bounds
    return Point(west + (east - west) * spot[0], south + (north - south) * spot[1])


def line_through(one: shapely.Geometry, a: tuple[float, float], b: tuple[float, float]) -> LineString:
    """A straight line through two places in the box of a shape, from outside to outside."""
    p, q = place_in(one, a), place_in(one, b)
    dx, dy = q.x - p.x, q.y - p.y
    size = max(one.bounds[2] - one.bounds[0], one.bounds[3] - one.bounds[1]) * 3
    length = (dx * dx + dy * dy) ** 0.5
    assume(length > 1e-4)
    ux, uy = dx / length * size, dy / length * size
    return LineString([(p.x - ux, p.y - uy), (q.x + ux, q.y + uy)])


@PATIENT
@given(n=st.integers(0, 375), which=st.integers(0, 3), a=spot, b=spot)
def test_a_split_keeps_the_ground(n: int, which: int, a: tuple, b: tuple):
    whole, grids = list(communities().values())[n]
    key = list(grids)[which % len(grids)]
    try:
        one, two = division.split(grids[key], line_through(grids[key], a, b))
    except BadInput as told:
        assert told.code in ("geo.not_cut", "geo.cut_twice")
        return
    assert one.area >= two.area > 0
    assume(division.width(two) > division.HAIR)
    rest = [p for p in pieces_of(grids) if p.key != key]
    halves = [Piece(key, "原网格", written(one)), Piece("new-1", "新网格", written(two))]
    told = look_through(whole, [*rest, *halves], list(grids.values()))
    assume(not any(fault.kind == division.PARTS for fault in told.faults))
    whole_and_sound(whole, told)
    assert len(told.pieces) == len(grids) + 1
    new = next(piece for piece in told.pieces if piece.key == "new-1")
    assert next(iter(division.sources(new.shape, grids))) == key


def are_neighbours(whole: shapely.Geometry, one: shapely.Geometry, two: shapely.Geometry) -> bool:
    """Whether they have a common border on each land of the community where both have ground."""
    border = one.boundary.intersection(two.boundary)
    lands = [land for land in division.polygons(whole) if min(land.intersection(g).area for g in (one, two)) > 0]
    return bool(lands) and all(border.intersection(land).length > 1e-5 for land in lands)


@PATIENT
@given(n=st.integers(0, 375), first=st.integers(0, 3))
@example(n=140, first=0)  # neighbours on a small island, apart on the land
def test_a_merge_of_neighbours_keeps_the_ground(n: int, first: int):
    whole, grids = list(communities().values())[n]
    keys = list(grids)
    one = keys[first % len(keys)]
    two = next((k for k in keys if k != one and are_neighbours(whole, grids[one], grids[k])), None)
    assume(two is not None)
    joined = division.merge([grids[one], grids[two]])
    rest = [p for p in pieces_of(grids) if p.key not in (one, two)]
    told = look_through(whole, [*rest, Piece(one, "并后的网格", written(joined))], list(grids.values()))
    whole_and_sound(whole, told)
    assert len(told.pieces) == len(grids) - 1


def test_grids_that_meet_on_an_island_only_lie_apart_on_the_land_after_a_merge():
    island, land = box(120.0, 36.1, 120.03, 36.11), box(120.0, 36.0, 120.03, 36.01)
    thirds = [box(120.0 + west, 36.0, 120.01 + west, 36.01) for west in (0, 0.01, 0.02)]
    ends = [box(120.0, 36.1, 120.015, 36.11), box(120.015, 36.1, 120.03, 36.11)]
    west, middle, east = shapely.union(thirds[0], ends[0]), thirds[1], shapely.union(thirds[2], ends[1])
    joined = division.merge([west, east])
    told = look_through(
        shapely.union(island, land),
        [Piece("w", "并后的网格", joined), Piece("m", "中间网格", middle)],
        [west, middle, east],
    )
    assert [(fault.kind, fault.keys) for fault in told.faults] == [(division.PARTS, ("w",))]
    assert "“并后的网格”分成了互不相连的" in told.faults[0].sentence


@PATIENT
@given(dx=st.floats(-0.004, 0.004), dy=st.floats(-0.004, 0.004))
def test_a_corner_moved_on_both_sides_keeps_the_ground(dx: float, dy: float):
    """What the map does when a shared corner is pulled: each of the four grids gets the same new corner."""

    def moved(points):
        out = points.copy()
        at = (abs(points[:, 0] - 120.01) < 1e-9) & (abs(points[:, 1] - 36.01) < 1e-9)
        out[at] = [round(120.01 + dx, 6), round(36.01 + dy, 6)]
        return out

    pieces = [Piece(p.key, p.name, written(shapely.transform(p.shape, moved))) for p in four()]
    whole_and_sound(WHOLE, look_through(WHOLE, pieces, [p.shape for p in four()]))


@PATIENT
@given(dx=st.floats(0.00003, 0.004))
def test_a_border_moved_on_one_side_only_is_a_strip_that_is_shown(dx: float):
    one, *rest = four()
    narrow = Piece(one.key, one.name, box(120.0, 36.0, round(120.01 - dx, 6), 36.01))
    [gap] = look_through(WHOLE, [narrow, *rest]).faults
    assert gap.kind == division.GAP and set(gap.keys) >= {"g1", "g2"}
    assert gap.where.area == pytest.approx(round(dx, 6) * 0.01, rel=0.05)
    wide = Piece(one.key, one.name, box(120.0, 36.0, round(120.01 + dx, 6), 36.01))
    [twice] = look_through(WHOLE, [wide, *rest]).faults
    assert twice.kind == division.OVERLAP and set(twice.keys) == {"g1", "g2"}
    mended = division.give([wide, *rest], twice.where, "g1")
    whole_and_sound(WHOLE, look_through(WHOLE, mended))


@PATIENT
@given(a=spot, b=spot)
def test_a_piece_that_is_carved_out_keeps_the_ground(a: tuple, b: tuple):
    p, q = place_in(WHOLE, a), place_in(WHOLE, b)
    assume(abs(p.x - q.x) > 1e-4 and abs(p.y - q.y) > 1e-4)
    new = Piece("new-1", "新网格", written(box(min(p.x, q.x), min(p.y, q.y), max(p.x, q.x), max(p.y, q.y))))
    told = look_through(WHOLE, division.carve(four(), new, WHOLE), [p.shape for p in four()])
    assume(not any(fault.kind == division.PARTS for fault in told.faults))
    whole_and_sound(WHOLE, told)


def test_a_strip_of_one_metre_is_a_fault_and_a_hair_is_not():
    _, *rest = four()
    metre = 1 / (division.METRES * 0.809)
    strip = Piece("g1", "第1网格", box(120.0, 36.0, 120.01 + metre, 36.01))
    [fault] = look_through(WHOLE, [strip, *rest]).faults
    assert fault.kind == division.OVERLAP and "重叠" in fault.sentence
    hair = Piece("g1", "第1网格", box(120.0, 36.0, 120.01 + metre / 8, 36.01))
    whole_and_sound(WHOLE, look_through(WHOLE, [hair, *rest], [p.shape for p in four()]))


def test_a_bow_tie_is_shown_at_its_crossing():
    _, *rest = four()
    tie = Polygon([(120.0, 36.0), (120.01, 36.01), (120.01, 36.0), (120.0, 36.01)])
    [fault] = look_through(WHOLE, [Piece("g1", "第1网格", tie), *rest]).faults
    assert fault.kind == division.CROSSING
    assert (round(fault.where.x, 6), round(fault.where.y, 6)) == (120.005, 36.005)
    assert "自相交" in fault.sentence


def test_ground_outside_the_community_is_refused():
    _, *rest = four()
    far = Piece("g1", "第1网格", box(119.999, 36.0, 120.01, 36.01))
    [fault] = look_through(WHOLE, [far, *rest]).faults
    assert fault.kind == division.OUTSIDE and fault.keys == ("g1",) and "之外" in fault.sentence


def test_a_grid_in_two_parts_is_a_fault_but_an_island_is_not():
    one, two, three, fourth = four()
    hole = box(120.012, 36.012, 120.014, 36.014)
    pieces = [
        Piece("g1", "第1网格", shapely.union_all([one.shape, hole])), two, three,
        Piece("g4", "第4网格", fourth.shape.difference(hole)),
    ]  # fmt: skip
    [fault] = look_through(WHOLE, pieces, [p.shape for p in four()]).faults
    assert fault.kind == division.PARTS and "互不相连" in fault.sentence
    island = box(120.03, 36.0, 120.035, 36.005)
    with_island = shapely.union_all([WHOLE, island])
    pieces = [Piece("g1", "第1网格", shapely.union_all([one.shape, island])), two, three, fourth]
    whole_and_sound(with_island, look_through(with_island, pieces))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ([(120.002, 36.002), (120.004, 36.004)], "geo.not_cut"),
        ([(120.03, 36.0), (120.03, 36.02)], "geo.not_cut"),
        ([(119.99, 36.002), (120.02, 36.003), (120.02, 36.005), (119.99, 36.006)], "geo.cut_twice"),
    ],
)
def test_a_line_that_does_not_cut_in_two_says_so(line: list, code: str):
    with pytest.raises(BadInput) as told:
        division.split(four()[0].shape, LineString(line))
    assert told.value.code == code


def test_grids_that_only_share_a_corner_do_not_merge():
    one, _, _, fourth = four()
    with pytest.raises(BadInput, match="不相邻"):
        division.merge([one.shape, fourth.shape])
    with pytest.raises(BadInput, match="两个以上"):
        division.merge([one.shape])
