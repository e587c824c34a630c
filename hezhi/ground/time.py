"""The only clock of the house (时钟).

Every moment that the system reads or stores is an aware `datetime` in UTC; every moment that a
person sees is Asia/Shanghai. Nothing else in the house asks the machine for the time, so a test
can stop the clock, and a wrong zone can only be wrong here.

Two clocks are kept apart on purpose. `now()` is the clock of facts, and tests may freeze it.
`real_now()` is the machine's own time and can never be frozen: the audit and the ids use it.
"""

from __future__ import annotations

import time as _machine
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

__all__ = [
    "SHANGHAI",
    "FrozenClock",
    "at_local",
    "frozen_at",
    "local",
    "monotonic",
    "now",
    "real_milliseconds",
    "real_now",
    "show",
    "show_day",
    "show_span",
    "today",
]

SHANGHAI = ZoneInfo("Asia/Shanghai")
"""The zone of every screen, calendar and working hour (北京时间)."""

MINUTES_A_DAY = 24 * 60
_WEEKDAYS = "一二三四五六日"


class FrozenClock:
    """A stopped clock in a test's hand: stands still until it is told to move."""

    def __init__(self, moment: datetime) -> None:
        self.moment = _in_utc(moment)

    def advance(self, **span: float) -> datetime:
        """Move forward by a span given as for `timedelta` (`days=1`, `minutes=30`)."""
        self.moment += timedelta(**span)
        return self.moment

    def move_to(self, moment: datetime) -> datetime:
        """Put the hands on another aware moment, earlier or later."""
        self.moment = _in_utc(moment)
        return self.moment


_stopped: list[FrozenClock] = []


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _stopped[-1].moment if _stopped else real_now()


def real_now() -> datetime:
    """The machine's own present moment in UTC, never frozen: for the audit (审计)."""
    return datetime.now(UTC)


def real_milliseconds() -> int:
    """The machine's own time as whole milliseconds since 1970, never frozen: for ids."""
    return _machine.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds on a clock that never goes back: for measuring how long something took."""
    return _machine.monotonic()


def today(tz: tzinfo = SHANGHAI) -> date:
    """The day on the wall calendar (今天), by default in Shanghai."""
    return now().astimezone(tz).date()


def local(moment: datetime) -> datetime:
    """The same moment as Shanghai's clocks show it.

    Raises ValueError for a naive moment: guessing its zone would shift a time limit unseen.
    """
    return _in_utc(moment).astimezone(SHANGHAI)


def at_local(day: date, at: time = time.min) -> datetime:
    """The moment, in UTC, at which Shanghai's clocks show this day and time."""
    return datetime.combine(day, at.replace(tzinfo=None), tzinfo=SHANGHAI).astimezone(UTC)


def show(moment: datetime) -> str:
    """«2026-11-22 09:30», in Shanghai's time."""
    return local(moment).strftime("%Y-%m-%d %H:%M")


def show_day(day: date) -> str:
    """«2026-11-22 周日»."""
    return f"{day:%Y-%m-%d} 周{_WEEKDAYS[day.weekday()]}"


def show_span(minutes: float, day: int = MINUTES_A_DAY) -> str:
    """«3 小时 20 分钟»; a negative span is shown by its size alone.

    `day` is the length of a day in minutes: pass the working minutes of a working day to show
    working time (480 for eight hours), or 0 to count in hours only.
    """
    left = round(abs(minutes))
    days, left = divmod(left, day) if day else (0, left)
    hours, left = divmod(left, 60)
    parts = [(days, "天"), (hours, "小时"), (left, "分钟")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 分钟"


@contextmanager
def frozen_at(moment: datetime | str) -> Iterator[FrozenClock]:
    """Stop `now()` for this process while the block runs; blocks may be nested.

    A text is read as Shanghai's time («2026-11-22 09:30»). Other processes (a worker, a browser,
    the database) keep their own clocks.
    """
    clock = FrozenClock(_read(moment) if isinstance(moment, str) else moment)
    _stopped.append(clock)
    try:
        yield clock
    finally:
        _stopped.remove(clock)


def _read(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a zone: {moment!r}")
    return moment.astimezone(UTC)
