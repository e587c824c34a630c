"""Spans of time in words (时限措辞): «剩 3 小时», «超 6 小时»."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hezhi.ground.time import MINUTES_A_DAY

__all__ = ["NOTHING", "Due", "in_words", "tell_due"]

SOON_MINUTES = 4 * 60
HOURS_UP_TO = 48
NOTHING = "—"
"""What stands where there is nothing to say (无)."""


@dataclass(frozen=True, slots=True)
class Due:
    """How a time limit stands: the words, and the tone that colours them."""

    words: str
    tone: str  # "", soon, over, done, paused


def in_words(minutes: float, day: int = MINUTES_A_DAY) -> str:
    """The largest unit that says enough: minutes under an hour, hours under two days, else days.

    `day` is the length of a day in minutes: 1440 by the clock, 480 for eight working hours.
    Rounded down, so that nobody is promised time that is not there.
    """
    whole = max(int(abs(minutes)), 0)
    if whole < 60:
        return f"{max(whole, 1)} 分钟"
    if whole < HOURS_UP_TO * 60 and whole < 2 * day:
        return f"{whole // 60} 小时"
    return f"{whole // day} 天" if day == MINUTES_A_DAY else f"{whole // day} 个工作日"


def tell_due(
    deadline: datetime | None,
    at: datetime,
    *,
    left: float | None = None,
    done: datetime | None = None,
    paused: bool = False,
    day: int = MINUTES_A_DAY,
) -> Due:
    """How the limit stands at a moment. `left` overrides the clock: minutes of working time."""
    if deadline is None:  # a limit that stands still has no end to tell
        return Due("已停表", "paused") if paused else Due(NOTHING, "")
    if done is not None:
        late = (done - deadline).total_seconds() / 60
        return Due("按时", "done") if late <= 0 else Due(f"超 {in_words(late)}", "over")
    if paused:
        return Due("已停表", "paused")
    minutes = left if left is not None else (deadline - at).total_seconds() / 60
    if minutes <= 0:
        return Due(f"超 {in_words(minutes, day)}", "over")
    return Due(f"剩 {in_words(minutes, day)}", "soon" if minutes <= SOON_MINUTES else "")
