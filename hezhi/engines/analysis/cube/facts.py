"""What is counted (事实): the columns of a fact, the roll-ups that are kept, the declaration of a cube.

A fact is one counted thing without its name: on which day, where, of which matter, through which channel. There is no
column for a person or for the row it came from, so nothing personal can reach a file; what leaves the count is taken
out by a change of the opposite sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Q, QuerySet

from hezhi.ground import time

AREAS = ("town", "community", "grid")
KEYS = (*AREAS, "category", "channel", "kind", "x", "y")
"""What facts are told apart by, beside the day. `x` and `y` number the squares of the finest net of the map."""
MEASURES = ("n", "ended", "happy", "rated")
"""How many, and of these how many ended, were rated well, were rated at all."""
COLUMNS = ("day", *KEYS, *MEASURES)

Span = tuple[date, date]
"""From the first to the last day, both within."""


@dataclass(frozen=True)
class Rollup:
    """Sums kept for some keys (汇总), a row a month. `side`: squares of the net that make one kept square."""

    name: str
    keys: tuple[str, ...]
    side: int = 1


@dataclass(frozen=True)
class Cube:
    """Something that is counted: its live rows, how each column is read from a row, the roll-ups from small to large.

    `moment` is the column by which a row counts on a day. The database itself writes down each change (see the
    migration that the chapter brings), so `columns` and that trigger must say the same; a test holds them together.
    """

    name: str
    rows: Callable[[], QuerySet[Any]]
    moment: str
    columns: dict[str, Any] = field(hash=False)
    rollups: tuple[Rollup, ...] = ()

    def facts(self, rows: QuerySet[Any], spans: Iterable[Span] | None) -> QuerySet[Any]:
        """Live rows of these days, or of all days, in the order of `COLUMNS`."""
        within = Q() if spans is None else Q(pk__in=())
        for first, last in spans or ():
            within |= Q(
                **{
                    f"{self.moment}__gte": time.at_local(first),
                    f"{self.moment}__lt": time.at_local(last + timedelta(days=1)),
                }
            )
        return rows.filter(within).order_by().values_list(*(self.columns[name] for name in COLUMNS))


def month_of(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_in(span: Span) -> list[date]:
    """The first days of the months a span touches."""
    found, month = [], month_of(span[0])
    while month <= span[1]:
        found.append(month)
        month = next_month(month)
    return found


@dataclass(frozen=True)
class Piece:
    """A part of a month that kept sums answer for as one fact: told as of `day`, from the day after `below` to `upto`."""

    month: date
    day: date
    below: int
    upto: int


def pieces(spans: Iterable[Span], *, by_day: bool = False) -> list[Piece]:
    """The parts of months that these spans are made of, each day of them once.

    A part lies wholly inside or wholly outside of every span, so it may be told as one fact; with `by_day` it is a day.
    """
    wanted = list(spans)
    edges = {first for first, _ in wanted} | {last + timedelta(days=1) for _, last in wanted}
    told: list[Piece] = []
    for month in sorted({m for span in wanted for m in months_in(span)}):
        end = next_month(month)
        days = range(1, (end - month).days) if by_day else ()
        cuts = sorted({month, end, *(e for e in edges if month < e < end), *(month + timedelta(n) for n in days)})
        told += [
            Piece(month, a, a.day - 1, (b - timedelta(days=1)).day)
            for a, b in pairwise(cuts)
            if any(first <= a <= last for first, last in wanted)
        ]
    return told
