"""Learning from officers' choices (更正学习).

Where the training messages are at hand, corrections join them and the model is fitted anew. A
running district has only the shipped weights, so there the weights are the starting point: the fit
looks for the smallest change of them that explains the officers' choices. Labels and words of the
district's own are added on the way.

Feed confirmations too (suggested and kept), not only contradictions: from mistakes alone a learner
hears of nothing it did well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from hezhi.engines.analysis.text.duplicates import digest
from hezhi.engines.analysis.text.features import BAGS, Terms
from hezhi.engines.analysis.text.model import Meaning, Model, Numbers, Space
from hezhi.engines.analysis.text.train import Labelled, fit, space_of, terms_of_rows
from hezhi.engines.analysis.text.validate import Guesses, groups, guesses_of, threshold_for, together
from hezhi.ground.errors import NotNow

__all__ = ["Correction", "Refit", "adapt", "latest", "merge", "refit"]

LEAST = 30
"""Fewer choices than this teach nothing."""
ENOUGH_FOR_THRESHOLD = 300
COST = 1.0
FOLDS = 5
CLOSE_ENOUGH = {"maxiter": 60, "ftol": 1e-5, "maxcor": 8}
"""When the search may stop: further steps change no label."""
NEW_LABEL_START = -1.0


@dataclass(frozen=True, slots=True)
class Correction:
    """What an officer chose for a message (更正), contradicting the suggestion or confirming it."""

    message: str
    title: str
    text: str
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refit:
    """A new model with its proof: the share of choices it would have met, unseen, and the old one's."""

    model: Model
    choices: int
    before: float
    after: float

    @property
    def better(self) -> bool:
        """Whether the new model may replace the old one."""
        return self.after >= self.before


def latest(corrections: Iterable[Correction]) -> list[Labelled]:
    """One row for each message and each text: the last choice counts."""
    by_message = {c.message: c for c in sorted(corrections, key=lambda c: c.at)}
    by_text = {digest(c.title, c.text): c for c in sorted(by_message.values(), key=lambda c: c.at)}
    return [Labelled(c.title, c.text, c.label) for c in by_text.values()]


def merge(rows: Iterable[Labelled], corrections: Iterable[Correction]) -> list[Labelled]:
    """Training messages with the corrections in: a correction replaces the row of the same text."""
    return _replace(rows, latest(corrections))


def _replace(rows: Iterable[Labelled], chosen: Sequence[Labelled]) -> list[Labelled]:
    overruled = {digest(row.title, row.text) for row in chosen}
    return [row for row in rows if digest(row.title, row.text) not in overruled] + list(chosen)


def refit(base: Model, corrections: Iterable[Correction], rows: Sequence[Labelled] = ()) -> Refit:
    """A model that has learnt the officers' choices; with `rows` fitted anew, else from `base`.

    The caller puts it into use only when `better`. Refuses (NotNow) below 30 choices.
    """
    chosen = latest(corrections)
    if len(chosen) < LEAST:
        raise NotNow(
            f"更正记录只有 {len(chosen)} 条，还不够训练",
            meaning="现用模型保持不变",
            remedy=f"积累到 {LEAST} 条后系统会自动再试",
        )
    terms = terms_of_rows(chosen)

    def learn(some: Sequence[int]) -> Model:
        part = [chosen[i] for i in some]
        return _anew(rows, part) if rows else adapt(base, part, [terms[i] for i in some])

    before = guesses_of(base, [row.label for row in chosen], terms)
    after = _unseen(chosen, terms, learn)
    model = learn(range(len(chosen)))
    threshold = threshold_for(after) if len(chosen) >= ENOUGH_FOR_THRESHOLD else 0.0
    model = dataclasses.replace(model, threshold=max(base.threshold, threshold))
    return Refit(model, len(chosen), float(before.right.mean()), float(after.right.mean()))


def _anew(rows: Sequence[Labelled], chosen: Sequence[Labelled]) -> Model:
    merged = _replace(rows, chosen)
    return fit([row.label for row in merged], terms_of_rows(merged))


def _unseen(chosen: Sequence[Labelled], terms: Sequence[Terms], learn: Callable[[Sequence[int]], Model]) -> Guesses:
    """Guesses for each choice by a model that had not heard of it, nor of its near-duplicates."""
    from sklearn.model_selection import GroupKFold

    same = groups(chosen)
    parts = []
    for others, part in GroupKFold(min(FOLDS, len(set(same)))).split(same, groups=same):
        model = learn(others.tolist())
        parts.append(guesses_of(model, [chosen[i].label for i in part], [terms[i] for i in part]))
    return together(parts)


def adapt(base: Model, rows: Sequence[Labelled], messages: Sequence[Terms]) -> Model:
    """The smallest change of a model's weights that explains the given rows (squared hinge loss)."""
    labels = (*base.labels, *sorted({row.label for row in rows} - set(base.labels)))
    space = _grown(base.space, space_of(messages))
    weights = np.zeros((len(space), len(labels)), np.float32)
    weights[_places_of(base.space, space), : len(base.labels)] = base.coefficients
    intercept = np.full(len(labels), NEW_LABEL_START, np.float32)
    intercept[: len(base.labels)] = base.intercept
    hidden = base.hidden and base.hidden.grown(_places_of(base.space, space), len(space), len(labels))
    seen = space.matrix(messages)
    scores = Model(labels, space, weights, intercept, base.threshold, hidden=hidden).scores_of_rows(seen)
    for column, label in enumerate(labels):
        sides = np.array([1.0 if row.label == label else -1.0 for row in rows])
        weights[:, column] += _smallest_change(seen, sides, scores[:, column])
    notes = {**base.notes, "corrections": len(rows)}
    return Model(labels, space, weights, intercept, base.threshold, notes, hidden, _padded(base.meaning, len(labels)))


def _padded(meaning: Meaning | None, labels: int) -> Meaning | None:
    """The owner's embedding part, which says nothing of labels added since."""
    if meaning is None:
        return None
    return Meaning(meaning.digest, np.pad(meaning.weights, ((0, 0), (0, labels - meaning.weights.shape[1]))))


def _grown(old: Space, new: Space) -> Space:
    """The old terms and the district's own words after them, bag by bag, with the counts of both.

    Only words are added: among a few dozen messages about one matter, neighbouring signs could be
    somebody's name, while words must stand in the general dictionary.
    """
    counts: list[int] = []
    terms: dict[str, tuple[str, ...]] = {}
    for bag in BAGS:
        own, added = _counted(old, bag.name), _counted(new, bag.name)
        both = {term: own.get(term, 0) + added.get(term, 0) for term in (own | added if bag.of_words else own)}
        terms[bag.name] = tuple(both)
        counts += both.values()
    return Space(terms, np.array(counts, np.int32), old.messages + new.messages)


def _counted(space: Space, name: str) -> dict[str, int]:
    at = list(space.terms).index(name)
    counts = space.counts[space.starts[at] : space.starts[at + 1]]
    return dict(zip(space.terms[name], counts.tolist(), strict=True))


def _places_of(old: Space, new: Space) -> npt.NDArray[np.int64]:
    """Where the old terms stand in the grown space: at the head of each bag, as before."""
    starts = zip(new.starts[:-1].tolist(), map(len, old.terms.values()), strict=True)
    return np.concatenate([np.arange(start, start + size) for start, size in starts])


def _smallest_change(seen: Any, sides: Numbers, scores: Numbers) -> Numbers:
    """Weights to add; zero for a term that no row holds.

    The intercept stays: which matters officers happened to look at says nothing of how common they are.
    """
    from scipy import optimize  # heavy to load, and only learning asks for it

    used = np.unique(seen.indices)
    part = seen[:, used].tocsr().astype(np.float64)
    back = part.T.tocsr()

    def cost(change: Numbers) -> tuple[float, Numbers]:
        short = np.maximum(0.0, 1.0 - sides * (scores + part @ change))
        slope = change - 2.0 * COST * (back @ (short * sides))
        return 0.5 * float(change @ change) + COST * float(short @ short), slope

    # The steps are tiny: threads would wait for each other longer than they work.
    with threadpool_limits(1):
        found = optimize.minimize(cost, np.zeros(len(used)), jac=True, method="L-BFGS-B", options=CLOSE_ENOUGH)
    change = np.zeros(seen.shape[1], np.float32)
    change[used] = found.x
    return change
