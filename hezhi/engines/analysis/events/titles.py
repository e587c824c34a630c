"""An event named from its own members (事件标题): the most central title, the places, the period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hezhi.engines.analysis.text.places import looks_like_places
from hezhi.engines.analysis.text.segment import signs_only
from hezhi.ground.text import shorten

__all__ = ["Member", "Name", "name_of"]

LOOKED_AT = 60
"""Of a large event the newest members are compared."""
PLACES = 3
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Member:
    """A message of an event: its title and the day it was sent."""

    title: str
    day: date


@dataclass(frozen=True, slots=True)
class Name:
    """The name of an event (事件名称) and what it was read from."""

    title: str
    """The title that shares most with the others, as a person wrote it."""
    places: tuple[str, ...]
    """Places that members name, the most named first."""
    since: date
    until: date
    members: int

    def __str__(self) -> str:
        period = (
            f"{self.since:%Y-%m-%d}" if self.since == self.until else f"{self.since:%Y-%m-%d} 至 {self.until:%Y-%m-%d}"
        )
        extra = [place for place in self.places if place not in self.title]
        return "，".join(
            [self.title, *([f"涉及{'、'.join(extra)}"] if extra else []), f"{period} 共 {self.members} 件"]
        )


def name_of(members: Sequence[Member]) -> Name:
    """Name an event; it must have members. Equal claims are settled for the earlier message."""
    days = [member.day for member in members]
    some = list(members)[-LOOKED_AT:]
    pairs = [_pairs(member.title) for member in some]
    common = Counter(pair for own in pairs for pair in own)
    centre = max(range(len(some)), key=lambda i: (_shared(pairs[i], common), -i))
    title = shorten(some[centre].title.strip(), LONGEST)
    named = Counter(place for member in some for place in {guess.text for guess in looks_like_places(member.title)})
    places = [place for place, times in named.most_common() if times > 1 or len(some) == 1][:PLACES]
    return Name(title, tuple(places), min(days), max(days), len(members))


def _pairs(title: str) -> set[str]:
    signs = signs_only(title)
    return {signs[i : i + 2] for i in range(len(signs) - 1)} or {signs}


def _shared(own: set[str], common: Counter[str]) -> float:
    """How much of a title others say too, for its length: a long title is no better for being long."""
    return sum(common[pair] - 1 for pair in own) / (len(own) + 4)
