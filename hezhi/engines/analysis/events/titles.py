"""An event named from its own members (事件标题): the most central title, the places, the period."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt

from hezhi.engines.analysis.text.places import looks_like_places
from hezhi.engines.analysis.text.segment import SURNAMES, signs_only
from hezhi.ground.text import shorten

__all__ = ["Member", "Name", "name_of", "without_names"]

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
    """The title nearest to the others, as a person wrote it, with names of people masked."""
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
    """Name an event; it must have members. Equal claims are settled for the earlier message.

    The title is the one nearest to all others together (the medoid by the cosine of neighbouring signs), with names of
    people masked.
    """
    days = [member.day for member in members]
    some = list(members)[-LOOKED_AT:]
    title = shorten(without_names(some[_centre([_pairs(member.title) for member in some])].title.strip()), LONGEST)
    named = Counter(place for member in some for place in {guess.text for guess in looks_like_places(member.title)})
    places = [place for place, times in named.most_common() if times > 1 or len(some) == 1][:PLACES]
    return Name(title, tuple(places), min(days), max(days), len(members))


_S = "".join(sorted(SURNAMES))
_TITLES = "先生|女士|同志|小姐|师傅|大爷|大妈|大叔|阿姨|奶奶|爷爷|医生|老师|书记|主任|局长|校长|院长|所长|镇长|经理|律师|警官|民警"
_SAID = re.compile(
    rf"(?P<before>我叫|名叫|叫做|姓名[：:]?|当事人|患者|死者)(?P<a>[{_S}])(?P<b>[\u4e00-\u9fff]{{1,2}})"
    rf"|(?!司法)(?P<c>[{_S}])(?P<d>[\u4e00-\u9fff]{{1,2}})(?=(?:{_TITLES}))|(?P<e>[{_S}])(?P<f>[\u4e00-\u9fff]{{2}})(?=家(?:楼|门|里|屋|的|住|房|孩))"
)
_PLACE = re.compile("[村镇路街区县市局院校委办]")
"""What holds such a sign is a place or an office before «主任» and the like, and no name."""


def without_names(title: str) -> str:
    """A title with names of people masked down to the surname (姓名遮蔽), where a word beside them says that they are names.

    Without such a word nearly all that looks like an unknown name is an estate or a shop; of 2,766 public titles so read a
    fifteenth would have lost the name of a place.
    """

    def masked(found: re.Match[str]) -> str:
        for surname, given in (("a", "b"), ("c", "d"), ("e", "f")):
            if found[surname] and not _PLACE.search(found[given]):
                return f"{found['before'] or ''}{found[surname]}{'*' * len(found[given])}"
        return found[0]

    return _SAID.sub(masked, title)


def _pairs(title: str) -> frozenset[str]:
    signs = signs_only(title)
    return frozenset(signs[i : i + 2] for i in range(len(signs) - 1)) or frozenset({signs})


def _centre(titles: Sequence[frozenset[str]]) -> int:
    """The title whose cosines with all others sum up highest, in one pass over the pairs."""
    weight: Counter[str] = Counter()
    for own in titles:
        for pair in own:
            weight[pair] += 1 / sqrt(len(own))  # type: ignore[assignment]
    near = [sum(weight[pair] for pair in sorted(own)) / sqrt(len(own)) for own in titles]
    return max(range(len(titles)), key=lambda i: (round(near[i], 9), -i))
