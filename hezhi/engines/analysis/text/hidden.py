"""A small hidden layer beside the linear classifier (隐层): what words mean together.

One layer of 64 units over the same terms. It is trained with terms and units left out at random, so it learns
no message by heart, and its scores are added to the linear ones at a quarter. It is plain numbers like the
rest; alone it is as good as the linear part, and the two err on different messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

__all__ = ["Hidden", "learn"]

UNITS = 64
SHARE = 0.25
EPOCHS = 20
AT_ONCE = 64
RATE = 0.002
TERMS_LEFT_OUT, UNITS_LEFT_OUT = 0.3, 0.5
SMOOTHED = 0.1
"""How much of the certainty of a training label is spread over all labels."""
SEED = 0
_FIRST, _SECOND, _TINY = 0.9, 0.999, 1e-8

Numbers = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Weights of the layer: terms to units, units to labels."""

    inward: Numbers
    inward_bias: Numbers
    outward: Numbers
    outward_bias: Numbers

    def scores(self, met: Any) -> Numbers:
        """What is added to the linear scores, for one row (`met` = values at the terms' units) or many."""
        units: Numbers = np.maximum(met + self.inward_bias, 0)
        found: Numbers = units @ self.outward + self.outward_bias
        return found

    def grown(self, places: npt.NDArray[np.int64], terms: int, labels: int) -> Hidden:
        """The same layer over a larger vocabulary and more labels, of which it says nothing."""
        inward = np.zeros((terms, self.inward.shape[1]), np.float32)
        inward[places] = self.inward
        more = labels - len(self.outward_bias)
        outward = np.pad(self.outward, ((0, 0), (0, more)))
        return Hidden(inward, self.inward_bias, outward, np.pad(self.outward_bias, (0, more)))


def learn(matrix: Any, labels: Sequence[int], count: int) -> Hidden:
    """Fit the layer to rows of terms and the numbers of their labels; the same rows give the same layer."""
    from scipy import sparse  # heavy to load, and only learning asks for it

    with threadpool_limits(1):
        layer = _Layer(matrix.shape[1], count)
        layer.fit(sparse.csr_matrix(matrix, dtype=np.float32), np.asarray(labels))
    inward, inward_bias, outward, outward_bias = layer.weights
    return Hidden(inward, inward_bias, outward * np.float32(SHARE), outward_bias * np.float32(SHARE))


class _Layer:
    """The layer while it learns (Adam; of the first weights only those whose terms occur are moved)."""

    def __init__(self, terms: int, labels: int) -> None:
        self.chance = np.random.default_rng(SEED)
        draw = self.chance.standard_normal
        self.weights = [
            (draw((terms, UNITS)) * 0.05).astype(np.float32),
            np.zeros(UNITS, np.float32),
            (draw((UNITS, labels)) / np.sqrt(UNITS)).astype(np.float32),
            np.zeros(labels, np.float32),
        ]
        self.first = [np.zeros_like(own) for own in self.weights]
        self.second = [np.zeros_like(own) for own in self.weights]
        self.step = 0

    def fit(self, matrix: Any, labels: npt.NDArray[np.int64]) -> None:
        count, names = matrix.shape[0], len(self.weights[3])
        wanted = np.full((count, names), SMOOTHED / names, np.float32)
        wanted[np.arange(count), labels] += 1 - SMOOTHED
        steps = EPOCHS * -(-count // AT_ONCE)
        for _ in range(EPOCHS):
            order = self.chance.permutation(count)
            for start in range(0, count, AT_ONCE):
                some = np.sort(order[start : start + AT_ONCE])
                self._learn(matrix[some], wanted[some], RATE * (1 - self.step / steps))

    def _learn(self, rows: Any, wanted: Numbers, rate: float) -> None:
        from scipy import sparse

        self.step += 1
        keep = self.chance.random(len(rows.data), dtype=np.float32) >= TERMS_LEFT_OUT
        rows.data *= keep / np.float32(1 - TERMS_LEFT_OUT)
        terms, at = np.unique(rows.indices, return_inverse=True)
        part = sparse.csr_matrix((rows.data, at, rows.indptr), shape=(rows.shape[0], len(terms)))
        inward, inward_bias, outward, outward_bias = self.weights
        met = part @ inward[terms] + inward_bias
        left = (self.chance.random(met.shape, dtype=np.float32) >= UNITS_LEFT_OUT) / np.float32(1 - UNITS_LEFT_OUT)
        units = np.maximum(met, 0) * left
        said = units @ outward + outward_bias
        said = np.exp(said - said.max(axis=1, keepdims=True))
        wrong = (said / said.sum(axis=1, keepdims=True) - wanted) / np.float32(len(wanted))
        back = (wrong @ outward.T) * left * (met > 0)
        rate *= float(np.sqrt(1 - _SECOND**self.step)) / (1 - _FIRST**self.step)
        self._move(0, part.T @ back, rate, terms)
        for which, slope in ((1, back.sum(axis=0)), (2, units.T @ wrong), (3, wrong.sum(axis=0))):
            self._move(which, slope, rate, slice(None))

    def _move(self, which: int, slope: Numbers, rate: float, at: Any) -> None:
        first, second = self.first[which], self.second[which]
        first[at] = one = np.float32(_FIRST) * first[at] + np.float32(1 - _FIRST) * slope
        second[at] = two = np.float32(_SECOND) * second[at] + np.float32(1 - _SECOND) * slope * slope
        self.weights[which][at] -= np.float32(rate) * one / (np.sqrt(two) + np.float32(_TINY))
