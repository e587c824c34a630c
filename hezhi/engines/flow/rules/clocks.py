"""Clocks (计时方式): each can count, and each can find.

A limit runs on one of four clocks. `count` says how much has gone by up to a moment, `find` says
when a count is reached; between two moments the difference counts. Holding and resuming need
nothing more: what goes by while a matter is on hold (挂起) is left out.

A working day counts when its close of business passes while the clock runs (下班时正在计时的工作日
算一日), a calendar day when its midnight does. So the last day of a limit ends it, and a hold that
is over before the close costs nobody a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple, Protocol

from hezhi.engines.flow.rules.calendar import Calendar
from hezhi.engines.flow.rules.day_table import DAY, MINUTE, SECOND, day_of, midnight, to_tick
from hezhi.engines.flow.rules.limits import Limit, Unit

__all__ = [
    "Clock",
    "Extension",
    "Hold",
    "Pause",
    "Stretch",
    "clock_for",
    "holds",
    "minute_clock_for",
    "passed",
    "reach",
    "size",
    "stretches",
]


@dataclass(frozen=True, slots=True)
class Pause:
    """A hold (挂起) from start to end; `end` None while it lasts. The reason is shown to people.

    Raises ValueError when it ends before it starts.
    """

    start: datetime
    end: datetime | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError("a hold that ends before it starts")


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension granted (延期). On the limit's own clock it adds to the limit; on another clock
    it is counted from where the limit would have ended."""

    limit: Limit
    reason: str = ""


class Hold(NamedTuple):
    """A pause in ticks; `end` None while it lasts. Holds may overlap."""

    start: int
    end: int | None


class Clock(Protocol):
    """One way to count time, in ticks or in days."""

    def begin(self, start: int) -> int:
        """The tick after which counting begins for a matter received at `start`."""

    def count(self, tick: int) -> int:
        """How much has gone by up to this tick."""

    def find(self, count: int) -> int:
        """The first tick at which this count is reached."""

    def settle(self, end: int, held: Sequence[Hold]) -> int | None:
        """The end of the limit when the count ends at `end`; None when a hold keeps it from ending."""


class EveryMinute:
    """自然时间: minutes and hours, day and night."""

    def begin(self, start: int) -> int:
        return start

    def count(self, tick: int) -> int:
        return tick

    def find(self, count: int) -> int:
        return count

    def settle(self, end: int, held: Sequence[Hold]) -> int | None:
        return end


class WorkingTime(EveryMinute):
    """工作时间: minutes and hours of office hours; what comes in after hours waits for the next."""

    def __init__(self, calendar: Calendar, start: int) -> None:
        self._rows = calendar.table.rows_from(start)

    def count(self, tick: int) -> int:
        return self._rows.worked(tick)

    def find(self, count: int) -> int:
        return self._rows.when_worked(count)


class EveryDay:
    """自然日: each day ends at its last second, so that the screen still shows that day."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def begin(self, start: int) -> int:
        if self._calendar.first_day.receipt_day_counts:
            return start
        return max(start, self._end(day_of(start)))

    def count(self, tick: int) -> int:
        return (tick + SECOND) // DAY

    def find(self, count: int) -> int:
        return count * DAY - SECOND

    def settle(self, end: int, held: Sequence[Hold]) -> int | None:
        day = day_of(end)
        if not self._calendar.last_day_moves or self._calendar.works(day):
            return end
        # The last day moves to the next working day, and past those on which the matter is on hold.
        while True:
            day = self._calendar.next_working_day(day)
            end = self._end(day)
            holding = [hold for hold in held if hold.start < end and (hold.end is None or end <= hold.end)]
            if not holding:
                return end
            if any(hold.end is None for hold in holding):
                return None

    @staticmethod
    def _end(day: date) -> int:
        return midnight(day) + DAY - SECOND


class WorkingDays:
    """工作日: each counts at its close of business."""

    def __init__(self, calendar: Calendar, start: int) -> None:
        self._calendar = calendar
        self._rows = calendar.table.rows_from(start)

    def begin(self, start: int) -> int:
        received = self.received_on(start)
        if self._calendar.first_day.receipt_day_counts:
            return max(start, midnight(received))
        return max(start, self._close(received))

    def received_on(self, start: int) -> date:
        """The day that stands as the day of receipt (视为收到之日)."""
        rule, day = self._calendar.first_day, day_of(start)
        if self._calendar.works(day):
            moves = rule.after_hours_moves and start >= self._close(day)
        else:
            moves = rule.rest_day_moves or rule.after_hours_moves  # a day of rest has no office hours at all
        return self._calendar.next_working_day(day) if moves else day

    def count(self, tick: int) -> int:
        return self._rows.closes(tick)

    def find(self, count: int) -> int:
        return self._rows.when_closed(count)

    def settle(self, end: int, held: Sequence[Hold]) -> int | None:
        return end

    def _close(self, day: date) -> int:
        spans = self._calendar.spans(day)
        return midnight(day) + (spans[-1].end * MINUTE if spans else DAY)


def clock_for(unit: Unit, calendar: Calendar, start: int) -> Clock:
    """The clock of a unit, for reckoning from `start` on."""
    if unit is Unit.WORKING_DAYS:
        return WorkingDays(calendar, start)
    if unit is Unit.DAYS:
        return EveryDay(calendar)
    return minute_clock_for(unit, calendar, start)


def minute_clock_for(unit: Unit, calendar: Calendar, start: int) -> Clock:
    """The clock that measures what is left of a limit: office hours for working units, else time."""
    return WorkingTime(calendar, start) if unit.is_working else EveryMinute()


def size(limit: Limit) -> int:
    """The limit's amount as its clock counts it: days, or ticks."""
    return limit.amount if limit.unit.is_day else limit.amount * limit.unit.minutes * MINUTE


def holds(pauses: Iterable[Pause], until: datetime | None = None) -> tuple[Hold, ...]:
    """The pauses in the order of their start. With `until`, one that still lasts is taken to end there."""
    return tuple(_hold(pause, until) for pause in sorted(pauses, key=lambda pause: pause.start))


def _hold(pause: Pause, until: datetime | None) -> Hold:
    end = pause.end
    if end is None and until is not None:
        end = max(until, pause.start)
    return Hold(to_tick(pause.start), None if end is None else to_tick(end))


def passed(clock: Clock, begin: int, until: int, held: Sequence[Hold]) -> int:
    """What the clock counts from `begin` to `until`, leaving out what was held."""
    total, at = 0, begin
    for hold in held:
        if hold.start >= until:
            break
        if hold.start > at:
            total += clock.count(hold.start) - clock.count(at)
        at = until if hold.end is None else max(at, hold.end)
    return total + (clock.count(until) - clock.count(at) if until > at else 0)


def reach(clock: Clock, begin: int, amount: int, held: Sequence[Hold]) -> int | None:
    """When the clock has counted this amount; None when it stands still before that."""
    left, at = amount, begin
    for hold in held:
        if hold.start > at:
            running = clock.count(hold.start) - clock.count(at)
            if running >= left:
                break
            left -= running
        if hold.end is None:
            return None
        at = max(at, hold.end)
    return clock.find(clock.count(at) + left)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The limit itself or one extension: on which clock, from where, to where."""

    limit: Limit
    clock: Clock
    begin: int
    counted_to: int | None
    """Where its count ends; None while a hold lasts."""
    end: int | None
    """Where it ends after moving off a day of rest."""
    reason: str = ""
    is_extension: bool = False


def stretches(
    start: int, limit: Limit, calendar: Calendar, held: Sequence[Hold], extensions: Sequence[Extension]
) -> list[Stretch]:
    """The limit and its extensions, one after the other; the list ends early where a hold lasts."""
    done: list[Stretch] = []
    for part, reason, is_extension in [(limit, "", False), *((e.limit, e.reason, True) for e in extensions)]:
        clock = clock_for(part.unit, calendar, start)
        last = done[-1] if done else None
        if last is None:
            begin = clock.begin(start)
        elif type(clock) is type(last.clock) and last.counted_to is not None:
            # One count that goes on: the former part has no last day of its own to move.
            begin = last.counted_to
            done[-1] = replace(last, end=begin)
        elif last.end is not None:
            begin = clock.begin(last.end)
        else:
            break
        to = reach(clock, begin, size(part), held)
        end = None if to is None else clock.settle(to, held)
        done.append(Stretch(part, clock, begin, to, end, reason, is_extension))
    return done
