"""Places named in a message (地点识别): names of the district's own tables first, then rules.

A guess never stands alone: it carries how it was made, so that an officer can see whether a name was
read in full, shortened, taken from a road, or only looks like a place by its ending.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

__all__ = ["Gazetteer", "Guess", "HOW", "Place", "looks_like_places", "may_be_one", "named_places"]

HOW = {
    "full": "与地名全称一致",
    "short": "与地名简称一致",
    "road": "是道路名，只能说明大致位置",
    "rule": "按“小区、路、学校”等字尾推测，不在地名库中",
}

_ENDINGS = (
    "安置区|家属院|工业园|产业园|开发区|幼儿园|卫生院|卫生室|菜市场|农贸市场|停车场|加油站|公交站|体育馆|派出所|立交桥|小区|公寓|花园|花苑|"
    "家园|嘉园|新村|社区|街道|大道|小学|中学|学校|大学|学院|医院|市场|广场|公园|商场|超市|酒店|饭店|大厦|工地|水库|码头|公司|工厂|"
    "庭院|路|街|巷|村|镇|桥|苑|庭|湾"
)
_RULE = re.compile(rf"([\u4e00-\u9fff]{{1,10}}?)((?:{_ENDINGS})(?:小区|社区)?)(?!民|灯|面|人|过|边|道办)")
_STARTS = re.compile(
    r"位于|住在|家住|坐落|我们|咱们|本人|关于|反映|投诉|举报|咨询|建议|希望|请问|附近|旁边|门口|对面|隔壁|这个|那个|整个|"
    r"回复|违建|一个|几个|多个|所在|经过|路过|通往|来自|南侧|北侧|东侧|西侧|交叉口|路口|[在是到从和与及把被对向往去给让有了的进出由至找问说]"
)
# What is left before an ending and names nothing: 这条路, 公路, 马路, 小学.
_NOTHING = "我们 本人 这条 那条 一条 整条 这个 该 本 各 全 此 两 马 公 铁 道 网 电 思 水 出 半 一 小 大 新 老 主 城 乡 农 修 走 迷 路 生活 附近"
_EMPTY = frozenset(_NOTHING.split())
_SUFFIXES = ("省级自然保护区", "街道", "社区", "村", "镇")
_GRID_NUMBER = re.compile(r"第?([0-9０-９]+|[一二三四五六七八九十]+)号?网格")
_ROAD = re.compile(r"[路街]$")
_SIDES = frozenset("一二三四五六七八九十东西南北中上下前后左右")
_CHINESE = {sign: value for value, sign in enumerate("一二三四五六七八九十", 1)}
_HOWS = ("full", "short", "road", "rule")
_LEVELS = ("grid", "compound", "landmark", "community", "town", "road", "")
LEAST_SHORT = 3
LEAST_NAME = 3
"""A road or compound of fewer signs would be found inside other words."""


@dataclass(frozen=True, slots=True)
class Place:
    """A name of the district's tables: the code of the area it names or lies in, its level and what that lies in.

    Levels are town, community, grid; compound (小区), road (道路) and landmark lie in the area `code`. `within` is
    the town's code, of a grid the community's.
    """

    code: str
    name: str
    level: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """A place that a text seems to name, and how that was guessed (see HOW)."""

    text: str
    start: int
    end: int
    how: str
    code: str = ""
    level: str = ""
    within: str = ""

    @property
    def why(self) -> str:
        """The reason as an officer would say it."""
        return f"“{self.text}”{HOW[self.how]}"


class Gazetteer:
    """The names of towns, communities, grids, roads and compounds (地名库), ready to be found in texts."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._places = dict.fromkeys(places)
        self._grids: dict[tuple[str, int], Place] = {}
        self._names: dict[str, list[tuple[Place, str]]] = defaultdict(list)
        for place in self._places:
            self._learn(place)
        self._starts: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._names, key=len, reverse=True):
            self._starts[name[:2]].append(name)

    def _learn(self, place: Place) -> None:
        if place.level == "grid":
            if number := _GRID_NUMBER.search(place.name):
                self._grids[place.within, _number(number[1])] = place
            return
        if place.level in ("road", "compound", "landmark"):
            if len(place.name) >= LEAST_NAME:
                self._names[place.name].append((place, "road" if place.level == "road" else "full"))
            return
        self._names[place.name].append((place, "full"))
        short = _short_name(place.name)
        if short:
            self._names[short].append((place, "road" if _ROAD.search(short) else "short"))

    def find(self, text: str) -> list[Guess]:
        """Guesses from left to right: known names first, then what only looks like a place beside them."""
        known = self._known(text)
        looks = [g for g in looks_like_places(text) if not any(k.start < g.end and g.start < k.end for k in known)]
        return sorted([*known, *looks], key=lambda guess: guess.start)

    def best(self, text: str, *, grids: bool = True) -> Guess | None:
        """The guess that tells most: the lowest level read in full, before short names and roads.

        Without `grids` a numbered grid counts as its community, where a guessed grid would be too bold.
        """
        known = [guess for guess in self._known(text, grids) if guess.code]
        return min(known, key=lambda g: (_HOWS.index(g.how), _LEVELS.index(g.level), g.start), default=None)

    def areas(self, text: str) -> frozenset[str]:
        """Codes of the towns that a text speaks of, by their own names or by what lies in them."""
        known = [guess for guess in self._known(text) if guess.code]
        return frozenset(guess.code if guess.level == "town" else guess.within for guess in known) - {""}

    def _known(self, text: str, grids: bool = True) -> list[Guess]:
        found, at = [], 0
        while at < len(text) - 1:
            name = next((n for n in self._starts.get(text[at : at + 2], ()) if text.startswith(n, at)), "")
            if name:
                found.append((name, at))
            at += len(name) or 1
        towns = {p.code for name, _ in found for p, _ in self._names[name] if p.level == "town"}
        return [self._guess(text, name, at, towns, grids) for name, at in found]

    def _guess(self, text: str, name: str, at: int, towns: set[str], grids: bool) -> Guess:
        """A name that stands for several places is settled by a town named in the same text, or left open."""
        meant = self._names[name]
        if len(meant) > 1:
            meant = [(p, how) for p, how in meant if p.within in towns] or meant
        place, how = meant[0]
        end = at + len(name)
        number = _GRID_NUMBER.match(text, end) if grids else None
        grid = self._grids.get((place.code, _number(number[1]))) if number and len(meant) == 1 else None
        if number and grid:
            return Guess(text[at : number.end()], at, number.end(), how, grid.code, grid.level, place.within)
        return Guess(name, at, end, how, place.code if len(meant) == 1 else "", place.level, place.within)


def looks_like_places(text: str) -> list[Guess]:
    """Places read off their endings alone, without any table (小区, 路, 学校, 公司 …)."""
    guesses = []
    for found in _RULE.finditer(text):
        cut = max((m.end() for m in _STARTS.finditer(found[1])), default=0)
        cut += len(found[1][cut:]) - len(found[1][cut:].lstrip("市县区"))
        name = found[1][cut:]
        if name and name not in _EMPTY and (len(name) > 1 or len(found[2]) > 1):
            guesses.append(Guess(name + found[2], found.start() + cut, found.end(), "rule"))
    return guesses


def named_places(text: str) -> frozenset[str]:
    """The places that a text names by the rules alone, as plain words; for comparing two messages."""
    return frozenset(guess.text for guess in looks_like_places(text))


def may_be_one(one: str, other: str) -> bool:
    """Whether two names may mean one place: one stands in the other, or both begin alike (丽发小区, 丽发新城社区).

    Two signs are beginning enough only before one ending (广益中学, 广益实验中学; but 实验小学, 实验中学), and where a
    number or a side is all that is different there are two places (阳光一小区, 阳光二小区).
    """
    if one in other or other in one:
        return True
    begin = _alike_at_first(one, other)
    end = min(_alike_at_first(one[::-1], other[::-1]), len(one) - begin, len(other) - begin)
    if begin < 2 or (begin == 2 and end < 2):
        return False
    return not _SIDES.issuperset((one[begin : len(one) - end], other[begin : len(other) - end]))


def _alike_at_first(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda signs: signs[0] == signs[1], zip(one, other, strict=False)))


def _short_name(name: str) -> str:
    """The name as people say it: 薛家岛街道 → 薛家岛; empty when it would be too short to be sure."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            short = name.removesuffix(suffix)
            return short if len(short) >= LEAST_SHORT else ""
    return ""


def _number(written: str) -> int:
    if written[0] not in _CHINESE:
        return int(written)
    if len(written) == 1:
        return _CHINESE[written]
    tens, _, ones = written.partition("十")
    return _CHINESE.get(tens, 1) * 10 + _CHINESE.get(ones, 0)
