"""Proposing a balanced division of an area (划分建议): a heuristic to start drawing from, never stored by itself.

Points (homes, cases) are gathered into groups of like size by k-means with seats: each group has the same
number of seats, and the cheapest seating is found by scipy's assignment. The ground goes to the group of the
nearest point (Voronoi cells), and what lies apart goes to its neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, cos, radians
from typing import Any

import numpy as np
import shapely

from hezhi.engines.geo.division import HAIR, Shape, _tidy, polygons, width

MOST_POINTS = 1_200
"""More points are thinned evenly: the seating costs the cube of their number."""
FEW_POINTS = 12
"""So many points for each grid at least; what is missing is spread evenly over the ground."""
SEED = 20_26
ROUNDS = 4


def propose(whole: Shape, points: Sequence[tuple[float, float]], many: int) -> list[Shape]:
    """Divide an area into `many` pieces with about as many points in each; the same answer each time."""
    if many <= 1:
        return [whole]
    spots = _spots(whole, points, many)
    groups = _balanced(spots, many)
    return _grounds(whole, spots, groups, many)


def _spots(whole: Shape, points: Sequence[tuple[float, float]], many: int) -> Any:
    """The points inside, thinned, with enough even ones where there are few."""
    given = np.array(sorted(set(points)), dtype=float).reshape(-1, 2)
    if len(given):
        given = given[shapely.covers(whole, shapely.points(given))]
    if len(given) > MOST_POINTS:
        given = given[np.linspace(0, len(given) - 1, MOST_POINTS).astype(int)]
    lacking = FEW_POINTS * many - len(given)
    return np.vstack([given, _even(whole, lacking)]) if lacking > 0 else given


def _even(whole: Shape, many: int) -> Any:
    """Points spread evenly over the ground."""
    west, south, east, north = whole.bounds
    flat = cos(radians((south + north) / 2))
    side = max((whole.area * flat / max(many, 1)) ** 0.5, 1e-6)
    found = np.empty((0, 2))
    while len(found) < many:
        xs, ys = np.arange(west + side / flat / 2, east, side / flat), np.arange(south + side / 2, north, side)
        mesh = np.array([(x, y) for y in ys for x in xs]).reshape(-1, 2)
        found = mesh[shapely.covers(whole, shapely.points(mesh))] if len(mesh) else found
        side *= 0.85
    return found


def _balanced(spots: Any, many: int) -> Any:
    """Group numbers of the spots, groups of like size (k-means with seats)."""
    from scipy.optimize import linear_sum_assignment  # both are heavy to load, and a proposal is rare
    from sklearn.cluster import KMeans

    flat = spots * [cos(radians(float(spots[:, 1].mean()))), 1.0]
    centres = KMeans(many, n_init=4, random_state=SEED).fit(flat).cluster_centers_
    seats = ceil(len(flat) / many)
    groups = np.zeros(len(flat), dtype=int)
    for _ in range(ROUNDS):
        costs = ((flat[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
        _, seat = linear_sum_assignment(np.repeat(costs, seats, axis=1))
        groups = seat // seats
        centres = np.array([flat[groups == n].mean(axis=0) if (groups == n).any() else centres[n] for n in range(many)])
    return groups


def _grounds(whole: Shape, spots: Any, groups: Any, many: int) -> list[Shape]:
    cells = shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=whole.envelope.buffer(0.01))
    found = list(cells.geoms)
    tree = shapely.STRtree(found)
    of_cell: list[int] = [-1] * len(found)
    for spot, cell in zip(*tree.query(shapely.points(spots), predicate="intersects"), strict=True):
        of_cell[cell] = int(groups[spot])
    parts: list[list[Any]] = [[] for _ in range(many)]
    for cell, group in zip(found, of_cell, strict=True):
        inside = shapely.intersection(cell, whole)
        if group >= 0 and not inside.is_empty:
            parts[group] += polygons(_tidy(inside))
    shapes = [_tidy(shapely.union_all(each)) for each in parts if each]
    return _in_one_piece(whole, shapes)


def _in_one_piece(whole: Shape, shapes: list[Shape]) -> list[Shape]:
    """On each land only the largest part of a group stays; the others go to the neighbour they share most with."""
    lands = polygons(whole)
    loose: list[Any] = []
    kept: list[Any] = []
    for shape in shapes:
        largest: dict[int, Any] = {}
        for part in sorted(polygons(shape), key=lambda each: -each.area):
            heart = part.representative_point()
            land = next((n for n, one in enumerate(lands) if one.covers(heart)), -1)
            if land in largest or (largest and land != next(iter(largest)) and part.area < HAIR**2):
                loose.append(part)
            else:
                largest[land] = part
        kept.append(_tidy(shapely.union_all(list(largest.values()))))
    for _ in range(len(loose) + 1):
        waiting = []
        for part in loose:
            shared = [
                (float(shapely.intersection(part.boundary, each.boundary).length), n) for n, each in enumerate(kept)
            ]
            length, n = max(shared)
            if length > 0:
                kept[n] = _tidy(shapely.union_all([kept[n], part]))
            else:
                waiting.append(part)
        if not waiting or len(waiting) == len(loose):
            break
        loose = waiting
    return [shape for shape in kept if width(shape) > HAIR]
