"""Working time (办理时限): when is it due, how much is used, when do the cards fall.

The front door of the time rules: calendar, clocks and reasons are found behind it. Moments go in
aware and come out in UTC; nothing here knows a database or asks what time it is.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Generic, TypeVar

from hezhi.engines.flow.rules.calendar import (
    OFFICE_HOURS,
    Calendar,
    FirstDay,
    Season,
    Span,
    hours,
    read_calendar,
    shipped_calendar,
)
from hezhi.engines.flow.rules.clocks import (
    Extension,
    Hold,
    Pause,
    Stretch,
    clock_for,
    holds,
    minute_clock_for,
    passed,
    reach,
    size,
    stretches,
)
from hezhi.engines.flow.rules.day_table import MINUTE, day_of, from_tick, midnight, to_tick
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.reasons import Segment, SegmentKind, explain
from hezhi.ground.time import show_span

__all__ = [
    "OFFICE_HOURS",
    "Calendar",
    "Card",
    "Cards",
    "Extension",
    "FirstDay",
    "Limit",
    "Move",
    "Pause",
    "Season",
    "Segment",
    "SegmentKind",
    "Span",
    "Term",
    "Unit",
    "card",
    "due",
    "due_and_yellow",
    "explain",
    "hours",
    "left_in_words",
    "moves",
    "read_calendar",
    "red_at",
    "remaining",
    "shipped_calendar",
    "used",
    "yellow_at",
]

K = TypeVar("K", bound=Hashable)
ONE_WORKING_DAY = Limit(1, Unit.WORKING_DAYS)


class Card(StrEnum):
    """The light on a case (红黄牌)."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Cards:
    """When the cards fall, as data.

    Yellow falls when `before` is left of the limit (Shandong: one working day, measured in working
    time). For a limit no longer than that, or with `before` None, it falls when `share` of the
    limit's time is used. Red falls when the limit is over, or, with `red_next_working_day`, when
    the next working day opens (逾期首个工作日).
    """

    before: Limit | None = ONE_WORKING_DAY
    share: Fraction = Fraction(4, 5)
    red_next_working_day: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"a yellow card at a share of {self.share}")


_USUAL = Cards()


@dataclass(frozen=True, slots=True)
class Term:
    """A limit at work: what is needed to reckon it again at any time (计时)."""

    start: datetime
    limit: Limit
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()

    def due(self, calendar: Calendar) -> datetime | None:
        return due(self.start, self.limit, calendar, self.pauses, self.extensions)


@dataclass(frozen=True, slots=True)
class Move(Generic[K]):
    """One limit that a change of the calendar moves."""

    key: K
    was: datetime | None
    now: datetime | None


def due(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Sequence[Extension] = (),
) -> datetime | None:
    """When the limit is over (到期). None while a hold lasts: the clock stands still."""
    end = _run(start, limit, calendar, holds(pauses), extensions)[-1].end
    return None if end is None else from_tick(end)


def used(
    start: datetime,
    until: datetime,
    unit: Unit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
) -> float:
    """What has been used of a limit by `until`, in the limit's unit (2.5 working hours, 3 days).

    The rule of the first day applies; time on hold is left out. 0 before the limit begins.
    """
    begin_tick, until_tick = to_tick(start), to_tick(until)
    clock = clock_for(unit, calendar, begin_tick)
    begin_tick = clock.begin(begin_tick)
    if until_tick <= begin_tick:
        return 0
    count = passed(clock, begin_tick, until_tick, holds(pauses, until))
    return count if unit.is_day else count / (unit.minutes * MINUTE)


def remaining(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    at: datetime,
    pauses: Iterable[Pause] = (),
    extensions: Sequence[Extension] = (),
) -> float:
    """Minutes left at a moment, below 0 when it is late: working minutes for a working limit.

    While a hold lasts the answer stands still: it is what was left when the hold began.
    """
    pauses = tuple(pauses)
    at = min((pause.start for pause in pauses if pause.end is None and pause.start < at), default=at)
    held = holds(pause for pause in pauses if pause.end is not None)
    last = _run(start, limit, calendar, held, extensions)[-1]
    first, moment, end = to_tick(start), to_tick(at), last.end or 0
    clock = minute_clock_for(last.limit.unit, calendar, first)
    moment = max(moment, first)
    if moment <= end:
        return passed(clock, moment, end, held) / MINUTE
    return -passed(clock, end, moment, held) / MINUTE


def left_in_words(minutes: float, unit: Unit, calendar: Calendar) -> str:
    """«还剩 2 个工作日 1 小时», «已超期 30 分钟»: what `remaining` says, for a person.

    A working day is told at the calendar's ordinary length.
    """
    day = sum(span.end - span.start for span in calendar.hours) if unit.is_working else 24 * 60
    told = show_span(minutes, day=day)
    if unit.is_working:
        told = told.replace("天", "个工作日")
    return f"还剩 {told}" if minutes >= 0 else f"已超期 {told}"


def yellow_at(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Sequence[Extension] = (),
    cards: Cards | None = None,
) -> datetime | None:
    """When the yellow card falls (黄牌), at the latest when the limit is over; None on hold."""
    cards, held = cards or Cards(), holds(pauses)
    last = _run(start, limit, calendar, held, extensions)[-1]
    return _yellow(start, last, calendar, held, cards)


def due_and_yellow(start: datetime, limit: Limit, calendar: Calendar) -> tuple[datetime | None, datetime | None]:
    """Both at once for a limit that begins: what `due` and `yellow_at` say, reckoned once."""
    last = _run(start, limit, calendar, (), ())[-1]
    return None if last.end is None else from_tick(last.end), _yellow(start, last, calendar, (), _USUAL)


def before_end(start: datetime, end: datetime, ahead: Limit, calendar: Calendar) -> datetime | None:
    """The moment that lies `ahead` before an end (提前量), in the clock of `ahead`; None when it would lie before the start."""
    tick = _before_the_end(to_tick(start), to_tick(end), calendar, (), ahead)
    return None if tick is None else from_tick(tick)


def yellow_of_end(start: datetime, end: datetime, calendar: Calendar) -> datetime:
    """When the yellow card falls before an end that was set from outside (外定时限的黄牌)."""
    tick = before_end(start, end, ONE_WORKING_DAY, calendar)
    return tick or max(start, end - (end - start) / 5)


def _yellow(start: datetime, last: Stretch, calendar: Calendar, held: Sequence[Hold], cards: Cards) -> datetime | None:
    if last.end is None:
        return None
    first = to_tick(start)
    tick = _before_the_end(first, last.end, calendar, held, cards.before)
    if tick is None:
        tick = _at_share(first, last, calendar, held, cards.share)
    return from_tick(min(tick, last.end))


def red_at(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Sequence[Extension] = (),
    cards: Cards | None = None,
) -> datetime | None:
    """When the red card falls (红牌): just after this moment the limit is broken; None on hold."""
    over = due(start, limit, calendar, pauses, extensions)
    if over is None or not (cards or Cards()).red_next_working_day:
        return over
    day = calendar.next_working_day(day_of(to_tick(over)))
    return from_tick(midnight(day) + calendar.spans(day)[0].start * MINUTE)


def card(at: datetime, yellow: datetime | None, red: datetime | None) -> Card:
    """The card that a case shows at a moment. A case on hold shows green."""
    if red is not None and at > red:
        return Card.RED
    return Card.YELLOW if yellow is not None and at >= yellow else Card.GREEN


def moves(terms: Mapping[K, Term], before: Calendar, after: Calendar) -> list[Move[K]]:
    """Which limits a change of the calendar moves, and whereto: first for a look, then to be done."""
    found = [Move(key, term.due(before), term.due(after)) for key, term in terms.items()]
    return [move for move in found if move.was != move.now]


def _run(
    start: datetime, limit: Limit, calendar: Calendar, held: Sequence[Hold], extensions: Sequence[Extension]
) -> list[Stretch]:
    return stretches(to_tick(start), limit, calendar, held, extensions)


def _before_the_end(first: int, end: int, calendar: Calendar, held: Sequence[Hold], before: Limit | None) -> int | None:
    """Where `before` is left; None when the whole limit is no longer than that."""
    if before is None:
        return None
    clock = minute_clock_for(before.unit, calendar, first)
    spare = passed(clock, first, end, held) - _minutes_in(before, calendar, end) * MINUTE
    return reach(clock, first, spare, held) if spare > 0 else None


def _minutes_in(before: Limit, calendar: Calendar, end: int) -> int:
    if before.unit is Unit.WORKING_DAYS:
        return before.amount * calendar.working_minutes(day_of(end))
    if before.unit is Unit.DAYS:
        return before.amount * 24 * 60
    return size(before) // MINUTE


def _at_share(first: int, last: Stretch, calendar: Calendar, held: Sequence[Hold], share: Fraction) -> int:
    end = last.end or 0
    clock = minute_clock_for(last.limit.unit, calendar, first)
    tick = reach(clock, first, max(1, int(passed(clock, first, end, held) * share)), held)
    return end if tick is None else tick
