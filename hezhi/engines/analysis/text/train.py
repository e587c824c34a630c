"""Fitting the classifier (训练): linear support vectors and a small hidden layer over the four bags.

No message is kept: what leaves this room are weights of terms that occur in several messages.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.text.features import BAGS, Bag, Terms, spelt, terms_of, unsafe_names
from hezhi.engines.analysis.text.hidden import learn
from hezhi.engines.analysis.text.model import Meaning, Model, Numbers, Space
from hezhi.ground.errors import BadInput

__all__ = ["Labelled", "fit", "read_rows", "space_of", "terms_of_rows"]

MEANING = 1.0
"""How much the vector of an embedding model weighs beside the words of the text."""
COST = 0.3
"""How dear a wrong training message is (C of the support vectors); 0.2 to 0.4 give the same within noise."""
HELD = 1.0
"""So many times each term is taken as seen with each label before counting."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with the label that people gave it."""

    title: str
    text: str
    label: str


def read_rows(path: Path) -> list[Labelled]:
    """Training messages from a CSV file with the columns title, detail and label; others are ignored."""
    csv.field_size_limit(min(sys.maxsize, 1 << 24))
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"title", "detail", "label"} - set(reader.fieldnames or ())
        if missing:
            raise BadInput({"": f"训练文件缺少列：{'、'.join(sorted(missing))}"}, meaning="没有开始训练")
        return [Labelled(r["title"] or "", r["detail"] or "", r["label"]) for r in reader if r["label"]]


def fit(labels: Sequence[str], messages: Sequence[Terms], vectors: Numbers | None = None, digest: str = "") -> Model:
    """A model from messages cut into terms; its threshold is not yet set (endless: never confident).

    `vectors` are those of the owner's embedding model with this `digest`, one row for each message.
    """
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise BadInput({"": "训练数据至少要有两种类别"}, meaning="没有开始训练")
    space = space_of(messages)
    matrix = space.matrix(messages)
    weights, intercept = _linear(matrix, np.array([names.index(label) for label in labels]), len(names), vectors)
    hidden = learn(matrix, [names.index(label) for label in labels], len(names))
    meaning = None if vectors is None else Meaning(digest, weights[len(space) :] * np.float32(MEANING))
    return Model(names, space, weights[: len(space)], intercept, float("inf"), hidden=hidden, meaning=meaning)


def _linear(matrix: Any, labels: npt.NDArray[np.int64], count: int, vectors: Numbers | None) -> tuple[Numbers, Numbers]:
    """Support vectors for each label against all others, over terms that weigh what they tell of it (NB-SVM).

    A term that stands as often with a label as without says nothing of it and is scaled down; the scale is part of
    the weights given back, so the model stays linear over the plain terms. Rows of the weights: terms, then values
    of the embedding model.
    """
    from scipy import sparse
    from sklearn.svm import LinearSVC

    met = sparse.csr_matrix(matrix, copy=True)
    met.data = np.ones_like(met.data)
    every = np.asarray(met.sum(axis=0)).ravel()
    more = None if vectors is None else MEANING * sparse.csr_matrix(vectors)
    weights, intercept = [], []
    for label in range(count):
        own = labels == label
        scale = _telling(np.asarray(met[own].sum(axis=0)).ravel(), every)
        seen = matrix @ sparse.diags_array(scale)
        learner = LinearSVC(C=COST, random_state=0)
        learner.fit(seen if more is None else sparse.hstack([seen, more], format="csr"), own)
        found = np.asarray(learner.coef_[0], np.float32)
        found[: len(scale)] *= scale
        weights.append(found)
        intercept.append(learner.intercept_[0])
    return np.ascontiguousarray(np.array(weights, np.float32).T), np.array(intercept, np.float32)


def _telling(own: Numbers, every: Numbers) -> Numbers:
    """How much each term tells of a label: by how much its share differs with and without it, as a logarithm."""
    with_it, without = own + HELD, every - own + HELD
    ratio: Numbers = np.abs(np.log(with_it / with_it.sum()) - np.log(without / without.sum())).astype(np.float32)
    return ratio


def space_of(messages: Sequence[Terms]) -> Space:
    """The terms worth and fit to be kept: seen in enough messages, no codes, no names."""
    names = unsafe_names(messages)
    kept = {bag.name: _kept(bag, messages, names) for bag in BAGS}
    counts = [count for own in kept.values() for count in own.values()]
    return Space({name: tuple(own) for name, own in kept.items()}, np.array(counts, np.int32), len(messages))


def _kept(bag: Bag, messages: Sequence[Terms], names: frozenset[str]) -> dict[str, int]:
    seen: Counter[Any] = Counter()
    for terms in messages:
        own = getattr(terms, bag.name)
        seen.update(set(own) if bag.of_words else set(own.tolist()))
    often = {term if bag.of_words else spelt(term): n for term, n in seen.items() if n >= bag.least}
    return {term: often[term] for term in sorted(often) if bag.may_keep(term, names)}


def terms_of_rows(rows: Iterable[Labelled]) -> list[Terms]:
    """The terms of many messages."""
    return [terms_of(row.title, row.text) for row in rows]
