"""Why this limit (为什么是这个时限): the way from receipt to due moment, piece by piece.

The pieces join without a gap, and what they count adds up to the limit with its extensions. An
officer reads them to a caller who asks why Friday and not Wednesday.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from hezhi.engines.flow.rules.calendar import ONE_DAY, Calendar
from hezhi.engines.flow.rules.clocks import Extension, Hold, Pause, Stretch, WorkingDays, holds, stretches
from hezhi.engines.flow.rules.day_table import DAY, MINUTE, day_of, from_tick, midnight, to_tick
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.ground.time import show, show_day, show_span

__all__ = ["Segment", "SegmentKind", "explain"]


class SegmentKind(StrEnum):
    """What a piece of the way is."""

    RECEIPT = "receipt"
    """收件: before day one."""
    COUNTED = "counted"
    """计时."""
    EXTENSION = "extension"
    """延期: counted too."""
    REST = "rest"
    """休息日、节假日: not counted."""
    PAUSE = "pause"
    """挂起: not counted."""
    MOVED = "moved"
    """顺延: the last day was a day of rest."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the way from receipt to due moment.

    `counted` is in `unit` (minutes for hours and minutes, else days); `end` is None for a hold
    that still lasts.
    """

    kind: SegmentKind
    start: datetime
    end: datetime | None
    counted: float
    unit: Unit
    reason: str

    @property
    def amount(self) -> str:
        """What it counts, in words: «4 个工作日», «3 小时 20 分钟», «不计»."""
        if not self.counted:
            return "不计"
        return f"{self.counted:g} {self.unit.word}" if self.unit.is_day else show_span(self.counted, day=0)

    def __str__(self) -> str:
        until = show(self.end) if self.end else "今"
        counts = self.amount if self.amount == "不计" else f"计 {self.amount}"
        return f"{show(self.start)} 至{' ' if self.end else ''}{until}：{self.reason}，{counts}"


def explain(
    start: datetime,
    limit: Limit,
    calendar: Calendar,
    pauses: Iterable[Pause] = (),
    extensions: Sequence[Extension] = (),
) -> list[Segment]:
    """The pieces from receipt to due moment, each with what it counts and why."""
    pauses = tuple(pauses)
    return _Story(to_tick(start), limit, calendar, pauses, extensions).tell()


class _Story:
    """The telling of one limit: cut the way where something changes, name each piece, join equals."""

    def __init__(
        self, start: int, limit: Limit, calendar: Calendar, pauses: Sequence[Pause], extensions: Sequence[Extension]
    ) -> None:
        self.start, self.calendar, self.pauses = start, calendar, pauses
        self.held = holds(pauses)
        self.parts = stretches(start, limit, calendar, self.held, extensions)
        self.gaps: list[tuple[int, int]] = []

    def tell(self) -> list[Segment]:
        end, lasting = self._end()
        if any(part.limit.unit.is_working for part in self.parts):
            self.gaps = list(_rest_gaps(self.calendar, self.start, end))
        pieces = [self._piece(a, b) for a, b in pairwise(self._cuts(end))]
        if lasting is not None:
            pieces.append(self._pause(lasting.start, None))
        return _joined(pieces)

    def _end(self) -> tuple[int, Hold | None]:
        """Where the telling ends: at the due moment, or where the hold began that still lasts."""
        end = self.parts[-1].end
        if end is not None:
            return end, None
        lasting = next(hold for hold in self.held if hold.end is None)
        return max(self.start, lasting.start), lasting

    def _cuts(self, end: int) -> list[int]:
        cuts = {self.start, end}
        for part in self.parts:
            cuts |= {part.begin, part.counted_to or end, part.end or end}
        for hold in self.held:
            cuts |= {hold.start, end if hold.end is None else hold.end}
        cuts |= {edge for gap in self.gaps for edge in gap}
        return sorted(cut for cut in cuts if self.start <= cut <= end)

    def _piece(self, a: int, b: int) -> Segment:
        part = self._part(b)
        if any(hold.start <= a and (hold.end is None or b <= hold.end) for hold in self.held):
            return self._pause(a, b)
        if b <= self._first_counted(part):
            return self._segment(SegmentKind.RECEIPT, a, b, part, self._receipt_reason(part))
        if part.counted_to is not None and a >= part.counted_to:
            return self._segment(SegmentKind.MOVED, a, b, part, "最后一日为休息日，顺延至下一工作日")
        gap = next((gap for gap in self.gaps if gap[0] <= a and b <= gap[1]), None)
        if gap and part.limit.unit.is_working:
            return self._segment(SegmentKind.REST, a, b, part, _rest_name(self.calendar, *gap))
        kind = SegmentKind.EXTENSION if part.is_extension else SegmentKind.COUNTED
        return self._segment(kind, a, b, part, _running_reason(part), part.clock.count(b) - part.clock.count(a))

    def _part(self, tick: int) -> Stretch:
        """The stretch to which the piece ending here belongs."""
        return next((part for part in self.parts if part.end is None or tick <= part.end), self.parts[-1])

    def _first_counted(self, part: Stretch) -> int:
        """Where counting begins for the reader: a matter received on a day of rest waits for the opening."""
        if not part.limit.unit.is_working or self.calendar.works(day_of(self.start)) or part.is_extension:
            return part.begin
        return next((end for start, end in self.gaps if start <= part.begin < end), part.begin)

    def _pause(self, a: int, b: int | None) -> Segment:
        told = [p for p in self.pauses if to_tick(p.start) <= a and (p.end is None or b is None or b <= to_tick(p.end))]
        reasons = dict.fromkeys(pause.reason for pause in told if pause.reason)
        reason = "挂起" + (f"：{'；'.join(reasons)}" if reasons else "")
        return self._segment(SegmentKind.PAUSE, a, b, self._part(a), reason)

    def _receipt_reason(self, part: Stretch) -> str:
        if part.is_extension:
            return "延期自次日起算"
        if not isinstance(part.clock, WorkingDays):
            return "收件当日"
        received, stood_for = day_of(self.start), part.clock.received_on(self.start)
        if received == stood_for:
            return "收件当日" if self.calendar.works(received) else "休息日收件，从下一工作日起算"
        when = "下班后" if self.calendar.works(received) else "休息日"
        return f"{when}收件，视为 {show_day(stood_for)} 收到"

    def _segment(self, kind: SegmentKind, a: int, b: int | None, part: Stretch, reason: str, count: int = 0) -> Segment:
        unit = part.limit.unit
        counted = count if unit.is_day else count / MINUTE
        segment = Segment(kind, from_tick(a), None if b is None else from_tick(b), counted, unit, reason)
        return self._with_make_up_days(segment, a, b) if counted and unit.is_working else segment

    def _with_make_up_days(self, segment: Segment, a: int, b: int | None) -> Segment:
        days = [day for day in _days(a, b or a) if self.calendar.is_make_up(day)]
        if not days:
            return segment
        named = "、".join(f"{show_day(day)} {self.calendar.names.get(day, '调休上班')}" for day in days)
        return replace(segment, reason=f"{segment.reason}（含 {named}）")


def _running_reason(part: Stretch) -> str:
    if part.is_extension:
        return f"延期 {part.limit}" + (f"：{part.reason}" if part.reason else "")
    if part.limit.unit is Unit.WORKING_DAYS:
        return "工作日"
    if part.limit.unit is Unit.DAYS:
        return "自然日，节假日照计"
    return "工作时间" if part.limit.unit.is_working else "连续计时，节假日照计"


def _rest_gaps(calendar: Calendar, start: int, end: int) -> Iterator[tuple[int, int]]:
    """From the close of business before days of rest to the opening after them."""
    close: int | None = midnight(day_of(start))
    rested = False
    for day in _days(start, end + DAY):
        spans = calendar.spans(day)
        if not spans:
            rested = True
            continue
        if rested and close is not None:
            yield close, midnight(day) + spans[0].start * MINUTE
        close, rested = midnight(day) + spans[-1].end * MINUTE, False
    if rested and close is not None:
        yield close, end + DAY


def _rest_name(calendar: Calendar, a: int, b: int) -> str:
    names = dict.fromkeys(calendar.rest_name(day) for day in _days(a, b) if not calendar.works(day))
    return "、".join(names)


def _days(a: int, b: int) -> Iterator[date]:
    day, last = day_of(a), day_of(b)
    while day <= last:
        yield day
        day += ONE_DAY


def _joined(pieces: Iterable[Segment]) -> list[Segment]:
    """Neighbours of the same kind, clock and reason become one piece."""
    told: list[Segment] = []
    for piece in pieces:
        last = told[-1] if told else None
        if last and (last.kind, last.unit, last.reason) == (piece.kind, piece.unit, piece.reason):
            told[-1] = replace(last, end=piece.end, counted=last.counted + piece.counted)
        else:
            told.append(piece)
    return told
