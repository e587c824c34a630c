"""How good a classifier is, without looking at its own training messages (交叉验证).

Messages that are nearly the same stand on one side of each cut, or the figures would flatter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.text.features import Terms
from hezhi.engines.analysis.text.model import Model, Numbers
from hezhi.engines.analysis.text.segment import signs_only
from hezhi.engines.analysis.text.train import Labelled, fit

__all__ = ["Figures", "Guesses", "cross_validate", "figures", "groups", "guesses_of", "threshold_for", "together"]

FOLDS = 5
NEAR = 0.5
AIM = 0.97
SEED = 20


@dataclass(frozen=True, slots=True)
class Guesses:
    """What was said of messages that were not learnt from: true label, guess, margin, second guess."""

    truth: tuple[str, ...]
    best: tuple[str, ...]
    second: tuple[str, ...]
    margin: npt.NDArray[np.float32]

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        return np.array([t == b for t, b in zip(self.truth, self.best, strict=True)])


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one trial; shares, not per cent."""

    messages: int
    macro_f1: float
    micro_f1: float
    top2: float
    coverage: dict[str, float]
    """Share of messages that can be routed by margin at 95, 97 and 99 % accuracy."""
    labels: dict[str, dict[str, float]]
    confusion: dict[str, dict[str, int]]
    """How often a label (first key) was taken for another (second key), or for itself."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def groups(rows: Sequence[Labelled]) -> list[int]:
    """A number per message, the same for near-duplicates (cosine of four neighbouring signs over 0.5, or one title)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    parents = list(range(len(rows)))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    texts = [signs_only(row.title + row.text) for row in rows]
    # Signs that stand together in over 200 messages say nothing of copying, and cost most of the time.
    most = 200 if len(rows) > 200 else 1.0
    least = 2 if len(rows) > 200 else 1
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(4, 4), min_df=least, max_df=most, dtype=np.float32)
    shared = vectors.fit_transform(texts)
    for start in range(0, len(rows), 500):
        near = (shared[start : start + 500] @ shared.T).tocoo()
        for a, b, likeness in zip(near.row, near.col, near.data, strict=True):
            if likeness > NEAR and int(a) + start != int(b):
                parents[root(int(a) + start)] = root(int(b))
    titles: dict[str, int] = {}
    for at, row in enumerate(rows):
        title = signs_only(row.title)
        if len(title) >= 4:
            parents[root(at)] = root(titles.setdefault(title, at))
    return [root(at) for at in range(len(rows))]


def guesses_of(
    model: Model, truth: Sequence[str], messages: Sequence[Terms], vectors: Numbers | None = None
) -> Guesses:
    """What a model says of messages whose labels are known."""
    scores = model.scores_of_many(messages)
    if model.meaning is not None and vectors is not None:
        scores = scores + vectors @ model.meaning.weights
    order = np.argsort(scores, axis=1)
    rows = np.arange(len(truth))
    best, second = order[:, -1], order[:, -2]
    margin = (scores[rows, best] - scores[rows, second]).astype(np.float32)
    name = model.labels.__getitem__
    return Guesses(tuple(truth), tuple(map(name, best)), tuple(map(name, second)), margin)


def cross_validate(
    rows: Sequence[Labelled], messages: Sequence[Terms], folds: int = FOLDS, vectors: Numbers | None = None
) -> Guesses:
    """Guesses for all messages, each by a model that saw neither it nor its near-duplicates."""

    def some(part: Sequence[int]) -> Numbers | None:
        return None if vectors is None else vectors[part]

    from sklearn.model_selection import StratifiedGroupKFold

    labels = [row.label for row in rows]
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=SEED)
    parts = []
    order: list[int] = []
    for learn, check in cut.split(labels, labels, groups(rows)):
        model = fit([labels[i] for i in learn], [messages[i] for i in learn], some(learn))
        parts.append(guesses_of(model, [labels[i] for i in check], [messages[i] for i in check], some(check)))
        order += [int(i) for i in check]
    mixed = together(parts)
    back = np.argsort(order)
    return Guesses(
        tuple(mixed.truth[i] for i in back),
        tuple(mixed.best[i] for i in back),
        tuple(mixed.second[i] for i in back),
        mixed.margin[back],
    )


def together(parts: Sequence[Guesses]) -> Guesses:
    """The guesses of several trials as one."""
    return Guesses(
        tuple(chain.from_iterable(part.truth for part in parts)),
        tuple(chain.from_iterable(part.best for part in parts)),
        tuple(chain.from_iterable(part.second for part in parts)),
        np.concatenate([part.margin for part in parts]),
    )


def threshold_for(guesses: Guesses, accuracy: float = AIM) -> float:
    """The smallest margin from which the guesses are right often enough; endless when none is."""
    order, right_so_far = _curve(guesses)
    good = np.nonzero(right_so_far >= accuracy)[0]
    return float(guesses.margin[order[good.max()]]) if len(good) else float("inf")


def figures(guesses: Guesses) -> Figures:
    """Macro- and micro-F1, top two, coverage and a table per label."""
    from sklearn.metrics import f1_score, precision_recall_fscore_support

    names = sorted(set(guesses.truth) | set(guesses.best))
    table = precision_recall_fscore_support(guesses.truth, guesses.best, labels=names, zero_division=0)
    labels = {
        name: {"precision": float(p), "recall": float(r), "f1": float(f), "messages": int(n)}
        for name, p, r, f, n in zip(names, *table, strict=True)
    }
    _, right_so_far = _curve(guesses)
    coverage = {str(a): _share(right_so_far, a) for a in (0.95, 0.97, 0.99)}
    two = zip(guesses.truth, guesses.best, guesses.second, strict=True)
    top2 = float(np.mean([t in (b, s) for t, b, s in two]))
    macro = float(f1_score(guesses.truth, guesses.best, average="macro", zero_division=0))
    met = Counter(zip(guesses.truth, guesses.best, strict=True))
    confusion = {name: {other: met[name, other] for other in names} for name in names}
    return Figures(len(guesses.truth), macro, float(guesses.right.mean()), top2, coverage, labels, confusion)


def _curve(guesses: Guesses) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    order = np.argsort(-guesses.margin, kind="stable")
    return order, np.cumsum(guesses.right[order]) / np.arange(1, len(order) + 1)


def _share(right_so_far: npt.NDArray[np.float64], accuracy: float) -> float:
    good = np.nonzero(right_so_far >= accuracy)[0]
    return float((good.max() + 1) / len(right_so_far)) if len(good) else 0.0
