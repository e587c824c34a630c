"""Counts of matters on neighbouring pieces of ground, and where they gather beyond chance (空间热点; 9.1.4-2-2).

Getis-Ord Gi* with plain neighbours: each piece with those that touch it, compared with what so many pieces drawn
from all would hold. Values in, values out; why it is written here and not taken from a library is in decision 0075.
Counts go through the square root, which gives busy and quiet ground the same spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["LEAST_PIECES", "LEAST_SUM", "Spot", "enough", "gi_star"]

LEAST_PIECES, LEAST_SUM = 20, 60
"""On fewer pieces of ground, or of fewer matters, nothing is said (不足以判断)."""
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Spot:
    """How one piece of ground stands with its neighbours: what came there and around, what was to be expected around,
    Gi* as a normal score, how likely by chance, and whether that is beyond chance among all pieces (±1, else 0)."""

    count: int
    around: int
    expected: float
    score: float
    chance: float
    tells: int


def enough(counts: Sequence[int]) -> bool:
    """Whether so many pieces of ground and matters are there that something may be said."""
    return len(counts) >= LEAST_PIECES and sum(counts) >= LEAST_SUM


def gi_star(counts: Sequence[int], neighbours: Sequence[Sequence[int]]) -> list[Spot]:
    """Gi* of each piece of ground; `neighbours` are the numbers of those that touch it, itself not among them.

    The chance is read from the first three moments of a sum drawn without replacement (Pearson's third type): the
    normal curve alone would see hot ground too often where most pieces are empty. Corrected for the number of pieces
    (Benjamini-Hochberg).
    """
    from scipy import stats  # half a second to read, and few requests ask

    roots = np.sqrt(np.asarray(counts, dtype=float))
    n, mean = len(roots), float(roots.mean())
    second, third = float(((roots - mean) ** 2).mean()), float(((roots - mean) ** 3).mean())
    sums = np.array([roots[i] + sum(roots[j] for j in own) for i, own in enumerate(neighbours)])
    size = np.array([1 + len(own) for own in neighbours], dtype=float)
    spread = np.sqrt(np.maximum(size * (n - size) / (n - 1) * second, 1e-12))
    score = (sums - size * mean) / spread
    skew = size * (n - size) * (n - 2 * size) / ((n - 1) * (n - 2)) * third / spread**3
    upper = stats.pearson3.sf(score, skew)
    chance = np.clip(2 * np.minimum(upper, 1 - upper), 0, 1) if second else np.ones(n)
    beyond = stats.false_discovery_control(chance) <= ALPHA
    whole = float(np.mean(np.asarray(counts)))
    return [
        Spot(
            int(counts[i]), int(counts[i] + sum(counts[j] for j in own)), float(whole * size[i]), float(score[i]),
            float(chance[i]), int(np.sign(score[i])) if beyond[i] else 0,
        )
        for i, own in enumerate(neighbours)
    ]  # fmt: skip
