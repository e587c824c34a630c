"""What is counted (事实): the columns of a fact, the roll-ups that are kept, the declaration of a cube.

A fact is one counted thing without its name: on which day, where, of which matter, through which channel. There is no
column for a person or for the row it came from, so nothing personal can reach a file; what leaves the count is taken
out by a change of the opposite sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
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
    """Sums kept for some keys (汇总), by day and by month. `side`: squares of the net that make one kept square."""

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


def grains(spans: Iterable[Span], *, by_day: bool = False) -> list[tuple[str, Span]]:
    """Which kept sums answer for these spans: («m» or «d», from, to), each day once.

    The sum of a month serves only where the month lies wholly inside or wholly outside of every span; where one of
    them begins or ends within it, its days are asked. Neighbours of one grain are told as one.
    """
    wanted = list(spans)
    told: list[tuple[str, Span]] = []
    for month in sorted({m for span in wanted for m in months_in(span)}):
        last = next_month(month) - timedelta(days=1)
        whole = all(b < month or a > last or (a <= month and b >= last) for a, b in wanted)
        pieces = [("m", (month, last))] if whole and not by_day else _days(month, last, wanted)
        for grain, (a, b) in pieces:
            if told and told[-1][0] == grain and told[-1][1][1] + timedelta(days=1) == a:
                told[-1] = (grain, (told[-1][1][0], b))
            else:
                told.append((grain, (a, b)))
    return told


def _days(month: date, last: date, spans: list[Span]) -> list[tuple[str, Span]]:
    """The parts of a month that lie in any span, joined where they touch."""
    cut = sorted((max(a, month), min(b, last)) for a, b in spans if a <= last and b >= month)
    joined: list[Span] = []
    for a, b in cut:
        if joined and a <= joined[-1][1] + timedelta(days=1):
            joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
        else:
            joined.append((a, b))
    return [("d", span) for span in joined]
