"""Prefix sums over days: how a limit of a year is reckoned in microseconds.

A tick is a microsecond of Shanghai's wall clock since day 0. For each day the table keeps how much
working time and how many working days lie before it, so that counting is a look-up and finding is
a bisection. The table begins with a year and grows forward by itself when asked for later days.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from hezhi.ground.time import SHANGHAI, local

__all__ = ["DAY", "MINUTE", "SECOND", "DayTable", "Rows", "day_of", "from_tick", "midnight", "to_tick"]

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
GROWTH = 400

MinuteSpans = tuple[tuple[int, int], ...]


def to_tick(moment: datetime) -> int:
    """The tick of an aware moment. Raises ValueError for a naive one."""
    here = local(moment)
    seconds = (here.hour * 60 + here.minute) * 60 + here.second
    return here.toordinal() * DAY + seconds * SECOND + here.microsecond


def from_tick(tick: int) -> datetime:
    """The moment of a tick, in UTC."""
    day, rest = divmod(tick, DAY)
    wall = datetime.fromordinal(day) + timedelta(microseconds=rest)
    return wall.replace(tzinfo=SHANGHAI).astimezone(UTC)


def day_of(tick: int) -> date:
    """Shanghai's day on which a tick lies."""
    return date.fromordinal(tick // DAY)


def midnight(day: date) -> int:
    """The tick at which a day begins."""
    return day.toordinal() * DAY


class Rows:
    """The sums from one day on. All counts are relative to that first day."""

    def __init__(self, spans_of: Callable[[date], MinuteSpans], first: int) -> None:
        self._spans_of = spans_of
        self._first = first
        self._spans: list[MinuteSpans] = []
        self._work_before = [0]
        self._days_before = [0]
        self._lock = threading.Lock()

    def worked(self, tick: int) -> int:
        """Working time before this tick, in ticks."""
        row, within = self._row(tick)
        return self._work_before[row] + self._part(row, within)

    def when_worked(self, amount: int) -> int:
        """The first tick at which this much working time has passed."""
        row = self._row_reaching(self._work_before, amount)
        left = amount - self._work_before[row]
        for start, end in self._spans[row]:
            if left <= (end - start) * MINUTE:
                return self._tick(row) + start * MINUTE + left
            left -= (end - start) * MINUTE
        raise AssertionError("a row that reaches the amount holds it")

    def closes(self, tick: int) -> int:
        """Closes of business (下班) up to and with this tick: the working days gone by."""
        row, within = self._row(tick)
        spans = self._spans[row]
        return self._days_before[row] + (bool(spans) and within >= spans[-1][1] * MINUTE)

    def when_closed(self, number: int) -> int:
        """The close of business of the n-th working day."""
        row = self._row_reaching(self._days_before, number)
        return self._tick(row) + self._spans[row][-1][1] * MINUTE

    def _tick(self, row: int) -> int:
        return (self._first + row) * DAY

    def _row(self, tick: int) -> tuple[int, int]:
        day, within = divmod(tick, DAY)
        row = day - self._first
        if row < 0:
            raise ValueError("a tick before the table begins")
        while row >= len(self._spans):
            self._grow()
        return row, within

    def _row_reaching(self, before: list[int], amount: int) -> int:
        """The row within which the running sum comes to the amount."""
        while before[len(self._spans)] < amount:
            self._grow()
        return max(bisect_left(before, amount) - 1, 0)

    def _part(self, row: int, within: int) -> int:
        return sum(max(0, min(end * MINUTE, within) - start * MINUTE) for start, end in self._spans[row])

    def _grow(self) -> None:
        with self._lock:
            for _ in range(GROWTH):
                spans = self._spans_of(date.fromordinal(self._first + len(self._spans)))
                minutes = sum(end - start for start, end in spans)
                self._work_before.append(self._work_before[-1] + minutes * MINUTE)
                self._days_before.append(self._days_before[-1] + bool(spans))
                self._spans.append(spans)


class DayTable:
    """The rows of one calendar, one set for each year in which a limit begins."""

    def __init__(self, spans_of: Callable[[date], MinuteSpans]) -> None:
        self._spans_of = spans_of
        self._years: dict[int, Rows] = {}

    def rows_from(self, tick: int) -> Rows:
        """Rows that cover this tick and everything after it."""
        year = day_of(tick).year
        if year not in self._years:
            self._years[year] = Rows(self._spans_of, date(year, 1, 1).toordinal())
        return self._years[year]
