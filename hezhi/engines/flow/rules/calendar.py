"""The working calendar (工作日历): which days are worked, at which hours, and what a day counts for.

A calendar is a value. Officers edit it as a table; an edit makes a new value, and comparing the
two shows which open limits move. All days and hours here are Shanghai's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from hezhi.engines.flow.rules.day_table import DayTable

__all__ = ["OFFICE_HOURS", "Calendar", "FirstDay", "Season", "Span", "hours", "read_calendar", "shipped_calendar"]

SHIPPED = Path(__file__).parent.parent / "calendars" / "cn.toml"
MONDAY_TO_FRIDAY = (True, True, True, True, True, False, False)
ONE_DAY = timedelta(days=1)
V = TypeVar("V")


class Span(NamedTuple):
    """A stretch of working time in a day, in minutes since midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in self)


def hours(*texts: str) -> tuple[Span, ...]:
    """Working hours (办公时间) from texts such as "08:30-12:00"; "24:00" is the end of the day.

    Raises ValueError for hours that are empty, overlap or go backwards.
    """
    spans = tuple(Span(*(_minute(part) for part in text.split("-", 1))) for text in texts)
    _check_hours(spans)
    return spans


def _minute(text: str) -> int:
    hour, minute = text.strip().split(":")
    return int(hour) * 60 + int(minute)


def _check_hours(spans: tuple[Span, ...]) -> None:
    edges = [edge for span in spans for edge in span]
    rising = all(a < b for a, b in zip(edges[::2], edges[1::2], strict=True)) and edges == sorted(edges)
    if not spans or not rising or edges[0] < 0 or edges[-1] > 24 * 60:
        raise ValueError(f"working hours that no day can have: {[str(span) for span in spans]}")


OFFICE_HOURS = hours("08:30-12:00", "13:30-17:30")


@dataclass(frozen=True, slots=True)
class FirstDay:
    """Which day is day one of a limit in days (期限从哪一日起算), as data.

    The default is the common rule: the day of receipt is not counted, and the next working day is
    day one, whenever on its day a matter came in.
    """

    receipt_day_counts: bool = False
    """收到当日计入: a matter received before close of business uses up that day."""
    rest_day_moves: bool = False
    """休息日收到的，视为下一工作日收到: day one is then the working day after that one."""
    after_hours_moves: bool = False
    """下班后收到的，视为下一工作日收到; a day of rest has no hours, so this goes for it too: nobody who comes later is due earlier."""


@dataclass(frozen=True, slots=True)
class Season:
    """Other hours for a part of each year (夏令时作息), from month and day to month and day, inclusive."""

    first: tuple[int, int]
    last: tuple[int, int]
    hours: tuple[Span, ...]

    def holds(self, day: date) -> bool:
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


@dataclass(frozen=True, eq=False)
class Calendar:
    """Working days and hours (工作日历).

    `days` holds the exceptions to the week: False a holiday (法定节假日), True a make-up day worked
    (调休上班). `names` names them for people. `settled` are the years whose state notice is out;
    any other year is provisional (暂定).
    Raises ValueError when nobody would ever work: every search for a due day would be endless.
    """

    days: Mapping[date, bool] = field(default_factory=dict)
    week: tuple[bool, ...] = MONDAY_TO_FRIDAY
    hours: tuple[Span, ...] = OFFICE_HOURS
    seasons: tuple[Season, ...] = ()
    first_day: FirstDay = field(default_factory=FirstDay)
    last_day_moves: bool = True
    """期间最后一日为休息日的顺延 (民法典 203): for limits in calendar days."""
    names: Mapping[date, str] = field(default_factory=dict)
    settled: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", MappingProxyType(dict(self.days)))
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))
        if len(self.week) != 7 or not any(self.week):
            raise ValueError("a week has seven days, and at least one of them is worked")
        for spans in (self.hours, *(season.hours for season in self.seasons)):
            _check_hours(spans)

    def works(self, day: date) -> bool:
        """Is this a working day (工作日)?"""
        return self.days.get(day, self.week[day.weekday()])

    def is_make_up(self, day: date) -> bool:
        """A day of rest that is worked this once (调休上班)?"""
        return self.works(day) and not self.week[day.weekday()]

    def is_provisional(self, day: date) -> bool:
        """Is the state notice for this day's year still to come (暂定)?"""
        return day.year not in self.settled

    def spans(self, day: date) -> tuple[Span, ...]:
        """The working hours of this day; none on a day of rest."""
        return self.usual_spans(day) if self.works(day) else ()

    def usual_spans(self, day: date) -> tuple[Span, ...]:
        """The hours that this day has or would have if it were worked."""
        return next((season.hours for season in self.seasons if season.holds(day)), self.hours)

    def working_minutes(self, day: date) -> int:
        """The length of a working day at this time of the year, in minutes."""
        return sum(span.end - span.start for span in self.usual_spans(day))

    def next_working_day(self, day: date) -> date:
        """The first working day after this day."""
        day += ONE_DAY
        while not self.works(day):
            day += ONE_DAY
        return day

    def rest_name(self, day: date) -> str:
        """«国庆节», «周末» or «休息日» for a day of rest."""
        return self.names.get(day) or ("周末" if day.weekday() >= 5 else "休息日")

    def with_day(self, day: date, works: bool | None, name: str = "") -> Calendar:
        """The calendar after an officer's edit of one day; None takes the exception away."""
        days = {**self.days, day: works} if works is not None else _without(self.days, day)
        names = {**self.names, day: name} if name else _without(self.names, day)
        return replace(self, days=days, names=names)

    @cached_property
    def table(self) -> DayTable:
        """The prefix sums behind every reckoning; grows by itself."""
        return DayTable(lambda day: tuple((span.start, span.end) for span in self.spans(day)))


def _without(mapping: Mapping[date, V], key: date) -> dict[date, V]:
    return {k: v for k, v in mapping.items() if k != key}


def read_calendar(text: str) -> Calendar:
    """A calendar from the text of a file such as `calendars/cn.toml`."""
    told = tomllib.loads(text)
    days: dict[date, bool] = {}
    names: dict[date, str] = {}
    for day, works, name in _entries(told["years"].values()):
        days[day], names[day] = works, name
    return Calendar(
        days=days,
        names=names,
        week=tuple(told["week"]),
        hours=hours(*told["hours"]),
        settled=frozenset(int(year) for year, facts in told["years"].items() if facts["settled"]),
    )


def shipped_calendar() -> Calendar:
    """The calendar that comes with the system: China, 2024 to 2026 settled, 2027 provisional."""
    return read_calendar(SHIPPED.read_text(encoding="utf-8"))


def _entries(years: Iterable[Mapping[str, Any]]) -> Iterable[tuple[date, bool, str]]:
    for holiday in (holiday for year in years for holiday in year["holidays"]):
        first, last = holiday["rest"]
        for n in range((last - first).days + 1):
            yield first + n * ONE_DAY, False, holiday["name"]
        for day in holiday.get("work", ()):
            yield day, True, f"{holiday['name']}调休上班"
