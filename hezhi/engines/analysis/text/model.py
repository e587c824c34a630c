"""A trained classifier as plain data (模型), and how it is saved.

Two files: `model.json` (labels, bags, threshold, figures, digest) and `weights.npz` (arrays of
numbers; each word list is one array of bytes). Why not skops: an allow-list of types has to follow
each release of scikit-learn, while numbers and words are all that a linear model is. Nothing in these
files can name a type or run code: numpy reads them with `allow_pickle=False`, so an array of objects is
refused, and the digest refuses a pair of files that do not belong together.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.text.features import BAGS, Bag, Codes, Terms, codes_of
from hezhi.engines.analysis.text.hidden import Hidden
from hezhi.ground.errors import Refusal

__all__ = ["FORMAT", "Meaning", "Model", "ModelRefused", "Numbers", "Vector", "Space", "load", "save"]

FORMAT = 2
FORMATS = (1, FORMAT)
"""A model of format 1 has no hidden layer."""
HEADER, WEIGHTS = "model.json", "weights.npz"
MOST_BYTES = 64 * 1024 * 1024

Numbers = npt.NDArray[np.float32]
Vector = tuple[npt.NDArray[np.int64], Numbers]
"""Places in a vocabulary, and the value at each."""

# A term that stands ten times says little more than one that stands five times.
_LOUDEST = 1000
_ZERO = np.zeros(1)
_TINY = 1e-12
_WEIGHTS = np.array([bag.weight for bag in BAGS], np.float32)
_LOUDNESS = np.concatenate([[0], np.log(np.arange(1, _LOUDEST + 1)) + 1]).astype(np.float32)


class ModelRefused(Refusal):
    """A model that cannot be trusted or read (模型不可用)."""

    status: ClassVar[int] = 500
    code = "model_refused"
    what = "分类模型不能使用"
    meaning = "文件不完整、被改动过，或含有不允许的数据类型；本次没有读取其中任何内容"
    remedy = "请换回随系统提供的模型，或重新训练后再启用；在此之前类别由人工选择"


class Space:
    """The terms a model knows, bag after bag, with their rarity (词表).

    `terms` holds them by the name of the bag, `counts` in how many messages each stood, in that order.
    Rarity is smoothed as if one more message held every term.
    """

    def __init__(self, terms: Mapping[str, Sequence[str]], counts: npt.NDArray[np.int32], messages: int) -> None:
        self.terms = {bag.name: tuple(terms[bag.name]) for bag in BAGS}
        self.counts = counts
        self.messages = messages
        self.flat = tuple(chain.from_iterable(self.terms.values()))
        self.starts = np.cumsum([0, *map(len, self.terms.values())])
        self.idf = (np.log((1 + messages) / (1 + counts)) + 1).astype(np.float32)
        starts = self.starts.tolist()
        self._places = [
            (bag, _places(bag, self.terms[bag.name], start)) for bag, start in zip(BAGS, starts, strict=False)
        ]

    def __len__(self) -> int:
        return len(self.flat)

    def knows(self, bag: str, term: str) -> bool:
        """Whether a bag of this space holds a term."""
        return term in self.bag(bag)

    def bag(self, name: str) -> Words | Signs:
        """The terms of one bag."""
        return next(places for own, places in self._places if own.name == name)

    def vector(self, terms: Terms) -> Vector:
        """A message as (places, values): in each bag of the length of the bag's weight."""
        parts = [places.of(getattr(terms, bag.name)) for bag, places in self._places]
        at, often = np.unique(np.concatenate(parts), return_counts=True)
        values = _LOUDNESS[np.minimum(often, _LOUDEST)] * self.idf[at]
        ends = np.searchsorted(at, self.starts)
        lengths = np.diff(np.concatenate([_ZERO, np.cumsum(values * values)])[ends])
        scale = _WEIGHTS / np.sqrt(np.maximum(lengths, _TINY))
        return at, values * np.repeat(scale, np.diff(ends))

    def matrix(self, messages: Sequence[Terms]) -> Any:
        """The same for many messages at once: one sparse row for each."""
        from scipy import sparse  # heavy to load, and only learning asks for it

        return sparse.hstack([self._part(bag, places, messages) for bag, places in self._places], format="csr")

    def _part(self, bag: Bag, places: Words | Signs, messages: Sequence[Terms]) -> Any:
        from scipy import sparse

        parts = [places.of(getattr(terms, bag.name)) for terms in messages]
        ends = np.concatenate([_ZERO, np.cumsum([len(part) for part in parts])])
        at = np.concatenate([*parts, np.empty(0, np.int64)]) - places.start
        rows = sparse.csr_matrix(
            (np.ones(len(at), np.float32), at, ends), shape=(len(parts), len(self.terms[bag.name]))
        )
        rows.sum_duplicates()
        often = np.minimum(rows.data.astype(np.int64), _LOUDEST)
        rows.data = _LOUDNESS[often] * self.idf[rows.indices + places.start]
        lengths = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
        scale = (bag.weight / np.sqrt(np.maximum(lengths, _TINY))).astype(np.float32)
        rows.data *= np.repeat(scale, np.diff(rows.indptr))
        return rows


def _places(bag: Bag, terms: Sequence[str], start: int) -> Words | Signs:
    return Words(terms, start) if bag.of_words else Signs(terms, start)


class Words:
    """Where each word of a bag stands in the space."""

    def __init__(self, terms: Sequence[str], start: int) -> None:
        self.start = start
        self._places = dict(zip(terms, range(start, start + len(terms)), strict=True))

    def __contains__(self, term: str) -> bool:
        return term in self._places

    def of(self, terms: list[str]) -> npt.NDArray[np.int64]:
        """The places of the known terms, repeated as they occur."""
        return np.array([place for place in map(self._places.get, terms) if place is not None], np.int64)


class Signs:
    """The same for neighbouring signs, which are numbers."""

    def __init__(self, terms: Sequence[str], start: int) -> None:
        self.start = start
        codes = codes_of(terms)
        self._order = np.argsort(codes) + start
        self._codes = np.append(np.sort(codes), np.iinfo(np.int64).max)
        self._known = frozenset(terms)

    def __contains__(self, term: str) -> bool:
        return term in self._known

    def of(self, terms: Codes) -> npt.NDArray[np.int64]:
        """The places of the known terms, repeated as they occur."""
        at = np.searchsorted(self._codes, terms)
        return self._order[at[self._codes[at] == terms]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the owner's embedding model adds (语义部分): the digest of its file, and weights of its values to labels."""

    digest: str
    weights: Numbers


@dataclass(frozen=True, slots=True)
class Model:
    """A linear classifier of messages: a score for each label, the highest wins."""

    labels: tuple[str, ...]
    space: Space
    coefficients: Numbers
    """One row per term of the space, one column per label."""
    intercept: Numbers
    threshold: float
    """The margin between the two best labels from which a suggestion counts as confident."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Figures and origin, for the card and the screen."""
    hidden: Hidden | None = None
    """The layer beside the linear part, where the model was fitted with one."""
    meaning: Meaning | None = None
    """Only in a model that the owner fitted with an embedding model of his own."""

    def scores(self, vector: Vector) -> Numbers:
        """One score per label."""
        at, values = vector
        found = values @ self.coefficients[at] + self.intercept
        return found if self.hidden is None else found + self.hidden.scores(values @ self.hidden.inward[at])

    def scores_of_many(self, messages: Sequence[Terms]) -> Numbers:
        """One row of scores for each message; several times as quick as one by one."""
        return self.scores_of_rows(self.space.matrix(messages))

    def scores_of_rows(self, matrix: Any) -> Numbers:
        """The same for messages that are rows of the space already."""
        found = np.asarray(matrix @ self.coefficients + self.intercept)
        return found if self.hidden is None else found + self.hidden.scores(matrix @ self.hidden.inward)


def save(model: Model, folder: Path) -> int:
    """Write a model into a folder; gives the bytes used. Weights are kept as half-precision numbers."""
    terms = {
        f"terms.{name}": np.frombuffer("\n".join(own).encode(), np.uint8) for name, own in model.space.terms.items()
    }
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        allow_pickle=False,
        counts=model.space.counts,
        coefficients=model.coefficients.astype(np.float16),
        intercept=model.intercept,
        **terms,
        **_hidden_arrays(model.hidden),
        **({} if model.meaning is None else {"meaning": model.meaning.weights}),
    )
    header = {
        "format": FORMAT,
        "labels": list(model.labels),
        "threshold": model.threshold,
        "messages": model.space.messages,
        "notes": dict(model.notes),
        "embedding": model.meaning.digest if model.meaning else "",
        "sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
    }
    text = json.dumps(header, ensure_ascii=False, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(packed.getvalue())
    (folder / HEADER).write_text(text, encoding="utf-8")
    return len(packed.getvalue()) + len(text.encode())


def _hidden_arrays(hidden: Hidden | None) -> dict[str, npt.NDArray[Any]]:
    """The layer as numbers of eight bits and a scale for each unit: a quarter of the room, the same answers."""
    if hidden is None:
        return {}
    scale = np.maximum(np.abs(hidden.inward).max(axis=0), _TINY).astype(np.float32) / 127
    return {
        "hidden.inward": np.round(hidden.inward / scale).astype(np.int8),
        "hidden.scale": scale,
        "hidden.inward_bias": hidden.inward_bias,
        "hidden.outward": hidden.outward,
        "hidden.outward_bias": hidden.outward_bias,
    }


def load(folder: Path) -> Model:
    """Read a model; refuses (ModelRefused) what is damaged, foreign or not plain numbers."""
    try:
        header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
        packed = (folder / WEIGHTS).read_bytes()
    except (OSError, ValueError) as fault:
        raise ModelRefused() from fault
    if not isinstance(header, dict) or header.get("format") not in FORMATS or len(packed) > MOST_BYTES:
        raise ModelRefused()
    if hashlib.sha256(packed).hexdigest() != header.get("sha256"):
        raise ModelRefused(what="分类模型的两个文件不成对")
    try:
        return _read(header, packed)
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as fault:
        raise ModelRefused() from fault


def _read(header: Mapping[str, Any], packed: bytes) -> Model:
    labels = tuple(str(label) for label in header["labels"])
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        terms = {bag.name: _read_terms(arrays[f"terms.{bag.name}"]) for bag in BAGS}
        size = sum(map(len, terms.values()))
        counts = _numbers(arrays["counts"], (size,)).astype(np.int32)
        coefficients = _numbers(arrays["coefficients"], (size, len(labels)))
        intercept = _numbers(arrays["intercept"], (len(labels),))
        hidden = _read_hidden(arrays, size, len(labels)) if "hidden.inward" in arrays else None
        meaning = None
        if "meaning" in arrays:
            shape = (len(arrays["meaning"]), len(labels))
            meaning = Meaning(str(header["embedding"]), _numbers(arrays["meaning"], shape))
    space = Space(terms, counts, int(header["messages"]))
    return Model(
        labels, space, coefficients, intercept, float(header["threshold"]), dict(header["notes"]), hidden, meaning
    )


def _read_hidden(arrays: Mapping[str, npt.NDArray[Any]], terms: int, labels: int) -> Hidden:
    units = len(arrays["hidden.scale"])
    scale = _numbers(arrays["hidden.scale"], (units,))
    return Hidden(
        _numbers(arrays["hidden.inward"], (terms, units)) * scale,
        _numbers(arrays["hidden.inward_bias"], (units,)),
        _numbers(arrays["hidden.outward"], (units, labels)),
        _numbers(arrays["hidden.outward_bias"], (labels,)),
    )


def _read_terms(array: npt.NDArray[Any]) -> tuple[str, ...]:
    if array.dtype != np.uint8:
        raise ValueError("terms are bytes")
    text = array.tobytes().decode()
    return tuple(text.split("\n")) if text else ()


def _numbers(array: npt.NDArray[Any], shape: tuple[int, ...]) -> Numbers:
    if array.shape != shape or array.dtype.kind not in "fi" or not np.isfinite(array).all():
        raise ValueError("numbers of another shape or kind")
    return array.astype(np.float32)
