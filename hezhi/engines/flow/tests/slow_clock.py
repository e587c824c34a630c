"""The slow obvious twin of the time rules: look at one stretch of five minutes after the other.

It shares the calendar's facts with the fast rules and nothing of their reckoning. All moments of a
test lie on whole five minutes.
"""

from datetime import date, datetime, time, timedelta

from hezhi.engines.flow.rules.limits import Unit
from hezhi.ground.time import at_local, local

STEP = timedelta(minutes=5)
ONE_DAY = timedelta(days=1)
CALENDAR_MINUTES, WORKING_MINUTES = (Unit.MINUTES, Unit.HOURS), (Unit.WORKING_MINUTES, Unit.WORKING_HOURS)


def slow_due(start, limit, calendar, pauses=(), extensions=()):
    at = start
    for clock, amount in _parts(limit, extensions):
        count = {"minutes": _minutes, "working": _minutes, "days": _days, "working_days": _days}[clock]
        at = count(at, amount, clock, calendar, pauses)
        if at is None:
            return None
    return at


def _parts(limit, extensions):
    """What is on the same clock adds up; what is on another clock follows."""
    parts = []
    for piece in (limit, *(extension.limit for extension in extensions)):
        clock, amount = _clock(piece)
        if parts and parts[-1][0] == clock:
            parts[-1][1] += amount
        else:
            parts.append([clock, amount])
    return parts


def _clock(limit):
    if limit.unit in CALENDAR_MINUTES:
        return "minutes", limit.amount * limit.unit.minutes
    if limit.unit in WORKING_MINUTES:
        return "working", limit.amount * limit.unit.minutes
    return ("days" if limit.unit is Unit.DAYS else "working_days"), limit.amount


def _minutes(at, need, clock, calendar, pauses):
    while need > 0:
        if _held_for_good(at, pauses):
            return None
        if not _held(at, pauses) and (clock == "minutes" or at_work(at, calendar)):
            need -= 5
        at += STEP
    return at


def _days(at, need, clock, calendar, pauses):
    day_one = _first_day(at, clock, calendar)
    while need > 0:
        if _held_for_good(at, pauses):
            return None
        day = local(at).date()
        if not _held(at, pauses) and day >= day_one and _day_ends(at, clock, calendar):
            need -= 1
        at += STEP
    return at if clock == "working_days" else _last_day(at, calendar, pauses)


def _last_day(at, calendar, pauses):
    """The count of calendar days is full at midnight `at`: on a day of rest the last day moves on."""
    last = local(at).date() - ONE_DAY
    if calendar.last_day_moves and not calendar.works(last):
        while not (_day_ends(at, "days", calendar) and calendar.works(local(at).date()) and not _held(at, pauses)):
            if _held_for_good(at, pauses):
                return None
            at += STEP
        last = local(at).date()
    return at_local(last, time(23, 59, 59))


def _first_day(start: datetime, clock, calendar) -> date:
    rule, day = calendar.first_day, local(start).date()
    if clock == "working_days":
        rests = not calendar.works(day)
        after_hours = not rests and start >= closing(day, calendar)
        if (rests and (rule.rest_day_moves or rule.after_hours_moves)) or (after_hours and rule.after_hours_moves):
            day += ONE_DAY
            while not calendar.works(day):
                day += ONE_DAY
    return day if rule.receipt_day_counts else day + ONE_DAY


def closing(day: date, calendar) -> datetime:
    return at_local(day) + timedelta(minutes=calendar.spans(day)[-1].end)


def _day_ends(at, clock, calendar) -> bool:
    day = local(at).date()
    if clock == "days":
        return at + STEP == at_local(day + ONE_DAY)
    return calendar.works(day) and at + STEP == closing(day, calendar)


def at_work(at, calendar) -> bool:
    here = local(at)
    minute = here.hour * 60 + here.minute
    return any(span.start <= minute < span.end for span in calendar.spans(here.date()))


def _held(at, pauses) -> bool:
    return any(pause.start <= at and (pause.end is None or at < pause.end) for pause in pauses)


def _held_for_good(at, pauses) -> bool:
    return any(pause.end is None and pause.start <= at for pause in pauses)
