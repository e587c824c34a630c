"""What is in a grid (网格内容): told by the rooms that keep it, asked for by name.

This room knows no homes and no cases. A room above signs up once with what it can tell, and its tab, its
figures and its warnings stand on the pages of grids; when the room is not there, nothing is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.parts import Panel

Ids = Sequence[UUID]
Lies = tuple[str, float, float]
"""What lies where: a word for it (户、场所、在办事件), longitude, latitude; never who."""


@dataclass(frozen=True)
class Count:
    """How many of something there are in a grid (数量), with the list it leads to; None when nobody counted."""

    label: str
    value: int | None
    url: str = ""
    tone: str = ""
    least: int = 0
    """Smaller counts are not told (special categories: 10)."""


@dataclass(frozen=True)
class InGrid:
    """What one room tells of grids. Each function answers for many grids in a fixed number of queries.

    `permission` opens all of it; a reader without it sees neither tab nor figure.
    """

    code: str
    title: str
    permission: str
    counts: Callable[[Actor, Ids], Mapping[UUID, Sequence[Count]]] | None = None
    lacks: Callable[[Actor, Ids], Mapping[UUID, Sequence[str]]] | None = None
    """What a supervisor should look at, as short sentences by grid: «超期事件 2 件», «90 天未走访»."""
    lies: Callable[[Actor, UUID], Iterable[Lies]] | None = None
    """Where its things lie in a community: to count them in grids that are only planned."""
    then_and_now: Callable[[Actor, date, date], Mapping[UUID, tuple[int, int]]] | None = None
    """How many of its events lie in each grid, as grids were at the time and as they are now."""
    households: Callable[[Ids], Mapping[UUID, int]] | None = None
    panel: Panel | None = None
    order: int = 100


_told: dict[str, InGrid] = {}


def contribute(contents: InGrid) -> None:
    """Sign up what a room tells of grids; once per code, the later word counts."""
    _told[contents.code] = contents


def withdraw(code: str) -> None:
    """Take a room's word back; for tests."""
    _told.pop(code, None)


def contents_for(by: Actor) -> list[InGrid]:
    """What this reader may be told, in order."""
    return sorted((c for c in _told.values() if by.may(c.permission)), key=lambda c: (c.order, c.code))


def counts_of(by: Actor, ids: Ids) -> dict[UUID, list[Count]]:
    """The figures of each grid, room by room."""
    told: dict[UUID, list[Count]] = {key: [] for key in ids}
    for room in contents_for(by):
        found = room.counts(by, ids) if room.counts else {}
        for key in ids:
            told[key] += found.get(key, ())
    return told


def lacks_of(by: Actor, ids: Ids) -> dict[UUID, list[str]]:
    """The warnings of each grid, room by room."""
    told: dict[UUID, list[str]] = {key: [] for key in ids}
    for room in contents_for(by):
        for key, said in (room.lacks(by, ids) if room.lacks else {}).items():
            if key in told:
                told[key] += said
    return told


def things_in(by: Actor, community: UUID) -> list[Lies]:
    """Everything that lies in a community, to be counted in planned grids and to balance them."""
    return [thing for room in contents_for(by) if room.lies for thing in room.lies(by, community)]


def households_of(ids: Ids) -> dict[UUID, int]:
    """Households by grid, where a room counts them."""
    found: dict[UUID, int] = {}
    for room in _told.values():
        found |= room.households(ids) if room.households else {}
    return found
