"""What was around on days (城市多源信息): the working calendar, and the weather that was told for the district."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hezhi.chapters.awareness.situation import rules
from hezhi.chapters.awareness.situation.models import Weather
from hezhi.chapters.awareness.situation.rules import Around, Influence, Period
from hezhi.engines.flow.rules.calendar import Calendar
from hezhi.engines.flow.timing import timetable

HISTORY = 182
"""Days by which it is judged what goes with a kind of day: half a year, for a week has too few of any kind."""


def around(first: date, last: date) -> list[Around]:
    """Each day with the calendar's word for it and its weather; what nobody told is None."""
    calendar = timetable().calendar
    told = {row.date: row for row in Weather.objects.filter(date__range=(first, last))}
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [_around(day, calendar, told.get(day)) for day in days]


def _around(day: date, calendar: Calendar, told: Weather | None) -> Around:
    works, make_up = calendar.works(day), calendar.is_make_up(day)
    holiday = not works and calendar.days.get(day) is False
    named = "调休上班" if make_up else "" if works else calendar.rest_name(day)
    if told is None:
        return Around(day, named, holiday, make_up)
    warned = f"{told.warned_of}{told.get_warned_display()}预警" if told.warned else ""
    return Around(day, named, holiday, make_up, told.high, told.low, told.rain, told.wind, warned)


def goes_with(first: date, values: Sequence[int], period: Period) -> list[Influence]:
    """What goes with kinds of days in a series of daily counts that begins on `first`."""
    if not values:
        return []
    days = around(first, first + timedelta(days=len(values) - 1))
    return rules.influences(values, days, period, period.before())


SOURCES_SHOWN = 3


def sources(first: date, last: date) -> str:
    """Who told the weather of these days."""
    names = Weather.objects.filter(date__range=(first, last)).order_by("source").values_list("source", flat=True)
    return "、".join(names.distinct()[:SOURCES_SHOWN])


def kept(days: Sequence[Around]) -> list[list[Any]]:
    """Days as a report keeps them: the calendar's word, whether holiday or make-up day, highest, lowest, rain, wind, warning."""
    return [
        [each.named, "rest" if each.holiday else "make_up" if each.make_up else "", each.high, each.low, each.rain, each.wind, each.warned]
        for each in days
    ]  # fmt: skip
