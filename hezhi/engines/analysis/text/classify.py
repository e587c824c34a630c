"""Which kind of matter a message is about (类别建议).

A suggestion names the two best labels, how far apart they are, and the words that spoke for the
first. It is «confident» only above a margin chosen so that 97 of 100 such suggestions were right in
validation; below it a person chooses.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from hezhi.engines.analysis.text.embedding import Embedder, owners_embedder
from hezhi.engines.analysis.text.features import BAGS, Terms, terms_of
from hezhi.engines.analysis.text.model import Model, ModelRefused, Vector, load
from hezhi.engines.analysis.text.train import fit, read_rows, terms_of_rows
from hezhi.engines.analysis.text.validate import cross_validate, figures, threshold_for

__all__ = ["SHIPPED", "Suggestion", "route", "shipped", "suggest", "train"]

SHIPPED = Path(__file__).resolve().parent.parent / "model"
LEAST_TERMS = 4
"""With fewer known words than this nothing is confident, however clear the margin looks."""
REASONS = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested label (建议类别) with what an officer needs to judge it."""

    best: str
    second: str
    margin: float
    """How far the first is ahead of the second; compare only within one model."""
    confident: bool
    reasons: tuple[str, ...]
    """The words that spoke most for the first label against the second, strongest first."""


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model that comes with the system, read once for each process."""
    return load(SHIPPED)


def suggest(title: str, text: str, model: Model | None = None) -> Suggestion:
    """The two best labels for a message, with the reasons; `model` defaults to the one shipped."""
    model = model or shipped()
    terms = terms_of(title, text)
    vector = model.space.vector(terms)
    scores = model.scores(vector) + _meant(model, [(title, text)])[0]
    second, best = np.argsort(scores)[-2:].tolist()
    margin = float(scores[best] - scores[second])
    reasons = _reasons(model, vector, best, second)
    return Suggestion(model.labels[best], model.labels[second], margin, _confident(model, margin, terms), reasons)


def route(messages: Iterable[tuple[str, str]], model: Model | None = None) -> list[Suggestion]:
    """The same decisions for many messages (title, text) at once, as an import needs them; without reasons."""
    model = model or shipped()
    messages = list(messages)
    terms = [terms_of(title, text) for title, text in messages]
    scores = model.scores_of_many(terms) + _meant(model, messages)
    order, rows = np.argsort(scores, axis=1)[:, -2:], np.arange(len(terms))
    margins = (scores[rows, order[:, 1]] - scores[rows, order[:, 0]]).tolist()
    return [
        Suggestion(model.labels[best], model.labels[second], margin, _confident(model, margin, one), ())
        for (second, best), margin, one in zip(order.tolist(), margins, terms, strict=True)
    ]


def _meant(model: Model, messages: Sequence[tuple[str, str]]) -> Any:
    """What the owner's embedding model adds; ModelRefused when the model was fitted with another one."""
    if model.meaning is None:
        return np.zeros((len(messages), 1), np.float32)
    embedder = owners_embedder()
    if embedder is None or embedder.digest != model.meaning.digest:
        raise ModelRefused(what="分类模型是用另一个语义向量模型训练的")
    return embedder.vectors([f"{title} {text}" for title, text in messages]) @ model.meaning.weights


def _confident(model: Model, margin: float, terms: Terms) -> bool:
    if margin < model.threshold:
        return False
    words = model.space.bag("text")
    known = (word for word in dict.fromkeys(terms.text) if word in words)
    return len(list(islice(known, LEAST_TERMS))) == LEAST_TERMS


def _reasons(model: Model, vector: Vector, best: int, second: int) -> tuple[str, ...]:
    of_words = model.space.starts[sum(bag.of_words for bag in BAGS)]
    end = int(np.searchsorted(vector[0], of_words))
    at, values = vector[0][:end], vector[1][:end]
    gain = values * (model.coefficients[at, best] - model.coefficients[at, second])
    speaks: dict[str, float] = defaultdict(float)
    for i in np.argsort(-gain)[: 2 * REASONS].tolist():
        speaks[model.space.flat[at[i]]] += float(gain[i])
    strongest = sorted(speaks, key=lambda term: -speaks[term])
    return tuple(t for t in strongest if speaks[t] > 0 and len(t) > 1)[:REASONS]


def train(csv: Path, embedder: Embedder | None = None) -> Model:
    """A model from a CSV file (title, detail, label), its threshold set by cross-validation.

    Takes over a minute of processor time for 6,000 messages; a job, never a request. With `embedder` the
    vectors of the owner's embedding model are learnt from too.
    """
    rows = read_rows(csv)
    messages = terms_of_rows(rows)
    vectors = embedder.vectors([f"{row.title} {row.text}" for row in rows]) if embedder else None
    checked = cross_validate(rows, messages, vectors=vectors)
    model = fit([row.label for row in rows], messages, vectors, embedder.digest if embedder else "")
    notes = {"cross_validation": figures(checked).as_dict()}
    return dataclasses.replace(model, threshold=threshold_for(checked), notes=notes)
