"""Messages that may tell of the same thing (疑似重复): exact twins, near-duplicates, same place.

Nothing is ever joined here. A candidate says how alike two messages are, whether their places agree,
and why, in sentences; people join. One text sent about two places is common (a form letter of two
estates), so likeness alone never speaks for joining when the places differ.

`candidates` looks through what it is given, so the caller narrows it first: same grid or community
within thirty days, or titles alike by trigram.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hezhi.engines.analysis.text.places import named_places
from hezhi.engines.analysis.text.segment import signs_only

__all__ = ["Candidate", "Message", "candidates", "digest"]

NEAR = 0.5
"""Likeness (shared part of all runs of three signs) from which two texts count as nearly the same."""
BESIDE = 0.12
"""Likeness that is enough when the titles share their matter and the place is the same."""
SAME_SPOT_METRES = 100.0
SIGNS = 1000
"""Of a very long message only the first signs are compared."""
_METRES_PER_DEGREE = 111_320.0

Runs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Message:
    """What is compared of a message (诉求). `area` is the code of its grid or community, `point` is
    (longitude, latitude) in WGS 84, `category` a code; all three may be empty."""

    id: Hashable
    title: str
    text: str
    area: str = ""
    point: tuple[float, float] | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that may belong to the same matter (疑似同一事项)."""

    id: Hashable
    score: float
    """From 0 to 1; 1 is the same text."""
    kind: str
    """twin (原文相同), near (文字相近) or beside (同地点相似)."""
    same_place: bool | None
    """True: the same spot, grid or named place; False: places differ, never to be joined unseen; None: unknown."""
    reasons: tuple[str, ...]


def digest(title: str, text: str) -> str:
    """The fingerprint of a text without punctuation, spaces and capitals: equal for exact twins (原文指纹)."""
    return hashlib.blake2b(signs_only(f"{title}{text}").encode(), digest_size=16).hexdigest()


def candidates(message: Message, recent: Iterable[Message], most: int = 10) -> list[Candidate]:
    """Recent messages that may tell of the same matter, the likeliest first; the message itself is left out."""
    seen = _seen(message)
    found = [_compare(seen, _seen(other)) for other in recent if other.id != message.id]
    order = {"twin": 0, "near": 1, "beside": 2}
    ranked = sorted((c for c in found if c), key=lambda c: (c.same_place is False, order[c.kind], -c.score))
    return ranked[:most]


class _Seen:
    """A message with what is compared of it."""

    __slots__ = ("message", "places", "runs", "signs", "title_runs")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.signs = signs_only(message.title + message.text)
        self.runs = _runs(self.signs[:SIGNS], 3)
        self.title_runs = _runs(signs_only(message.title), 2)
        self.places = named_places(message.title) or named_places(message.text)


@lru_cache(maxsize=4096)
def _seen(message: Message) -> _Seen:
    """The same recent messages are compared with each new one; about 10 KB for each."""
    return _Seen(message)


def _compare(one: _Seen, other: _Seen) -> Candidate | None:
    likeness = _likeness(one.runs, other.runs)
    if one.signs == other.signs and one.signs:
        kind, likeness, reason = "twin", 1.0, "文字完全相同"
    elif likeness >= NEAR:
        kind, reason = "near", f"文字有 {likeness:.0%} 相同"
    else:
        return _beside(one, other, likeness)
    same, place_reason = _same_place(one, other)
    if same is False:
        place_reason += "，请核实后再决定是否并单"
    return Candidate(other.message.id, likeness, kind, same, tuple(filter(None, (reason, place_reason))))


def _beside(one: _Seen, other: _Seen, likeness: float) -> Candidate | None:
    """Other words, but the same place and the same matter."""
    titles = _likeness(one.title_runs, other.title_runs)
    alike = max(likeness, 0.5 * titles)
    category = one.message.category
    same_matter = bool(category) and category == other.message.category
    if alike < BESIDE and not (same_matter and _metres(one.message, other.message) <= SAME_SPOT_METRES):
        return None
    same, reason = _same_place(one, other)
    if not same:
        return None
    reasons = (reason, "类别相同" if same_matter else "", f"标题有 {titles:.0%} 相同" if titles >= 0.2 else "")
    return Candidate(other.message.id, alike, "beside", True, tuple(filter(None, reasons)))


def _same_place(one: _Seen, other: _Seen) -> tuple[bool | None, str]:
    """Whether two messages are about one place, by their points, by the places they name, by their areas."""
    a, b = one.message, other.message
    shared = one.places & other.places
    if one.places and other.places and not shared:
        return False, f"两件提到的地点不同（{_first(one.places)}、{_first(other.places)}）"
    metres = _metres(a, b)
    if metres <= SAME_SPOT_METRES:
        return True, f"相距约 {metres:.0f} 米"
    if a.area and b.area and a.area != b.area:
        return False, "两件不在同一网格或社区"
    if shared:
        return True, f"都提到{_first(shared)}"
    return (True, "同一网格或社区") if a.area and a.area == b.area else (None, "")


def _first(places: Iterable[str]) -> str:
    return max(sorted(places), key=len)


def _metres(a: Message, b: Message) -> float:
    """Distance over ground in metres, flat at this scale; endless when a point is missing."""
    if a.point is None or b.point is None:
        return math.inf
    (x, y), (u, v) = a.point, b.point
    east = (x - u) * math.cos(math.radians((y + v) / 2))
    return math.hypot(east, y - v) * _METRES_PER_DEGREE


def _runs(signs: str, length: int) -> Runs:
    """All runs of so many signs, each once, as sorted numbers of 21 bits a sign."""
    codes = np.frombuffer(signs.encode("utf-32-le", "replace"), np.uint32).astype(np.int64)
    count = max(0, len(codes) - length + 1)
    runs = np.zeros(count, np.int64)
    for i in range(length):
        runs = runs << 21 | codes[i : i + count]
    return np.unique(runs)


def _likeness(one: Runs, other: Runs) -> float:
    """The shared part of all runs (Jaccard)."""
    if not len(one) or not len(other):
        return 0.0
    at = np.minimum(np.searchsorted(other, one), len(other) - 1)
    shared = int(np.count_nonzero(other[at] == one))
    return shared / (len(one) + len(other) - shared)
