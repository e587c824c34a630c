"""How a repeating roster is worked out (排班规则): values in, values out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar

from hezhi.ground.errors import BadInput
from hezhi.ground.time import at_local

P = TypeVar("P")
LONGEST_DAYS = 92
MOST_TURNS = 6
_LINE = re.compile(r"^\s*(\S{0,10}?)\s*(\d{1,2})[:：](\d{2})\s*[-–—至到]\s*(次日)?\s*(\d{1,2})[:：](\d{2})\s*$")


class Rotation(StrEnum):
    """Who follows whom (轮换方式)."""

    EACH_SHIFT = "shift"
    EACH_DAY = "day"
    EACH_WEEK = "week"


ROTATIONS = {
    Rotation.EACH_SHIFT: "每班换人：按名单顺序，一班一人",
    Rotation.EACH_DAY: "每天换人：当天各班由同一人值",
    Rotation.EACH_WEEK: "每周换班：一周内各人固定一班，下周轮到下一班（早晚班轮换）",
}


@dataclass(frozen=True)
class Turn:
    """A turn of the day (班次): from when, for how long; a turn that ends at or before its start ends tomorrow."""

    name: str
    starts: time
    ends: time

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Its beginning and end when it begins on a day, in Shanghai's time."""
        last = day if self.ends > self.starts else day + timedelta(days=1)
        return at_local(day, self.starts), at_local(last, self.ends)


def read_turns(text: str) -> list[Turn]:
    """Turns as people write them, one a line: «早班 08:30-17:30», «晚班 17:30-次日08:30».

    Raises BadInput at the field `turns`, with the line.
    """
    turns = []
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        found = _LINE.match(line.replace("24:00", "00:00"))
        try:
            if found is None:
                raise ValueError
            starts, ends = (time(int(found[h]), int(found[m])) for h, m in ((2, 3), (5, 6)))
        except ValueError:
            raise BadInput(
                {"turns": f"第 {number} 行「{line.strip()}」看不明白，请写成“早班 08:30-17:30”，一行一班。"}
            ) from None
        turns.append(Turn(found[1] or f"第{number}班", starts, ends))
    if not turns:
        raise BadInput({"turns": "请至少写一个班次，例如“早班 08:30-17:30”。"})
    if len(turns) > MOST_TURNS:
        raise BadInput({"turns": f"一天最多 {MOST_TURNS} 个班次。"})
    return turns


def planned(
    people: Sequence[P], turns: Sequence[Turn], first: date, last: date, rotation: str, weekdays: Sequence[int]
) -> list[tuple[P, datetime, datetime]]:
    """Who is on duty from when to when (排班方案), in order of time.

    Only days whose weekday (0 Monday) is among `weekdays` get turns; a day that is left out does not move
    the rotation on, except by the week. Raises BadInput for no people, or days that make no span.
    """
    if not people:
        raise BadInput({"people": "请至少填写一位值班人。"})
    if last < first:
        raise BadInput({"last": "结束日期不能早于开始日期。"})
    if (last - first).days >= LONGEST_DAYS:
        raise BadInput({"last": f"一次最多排 {LONGEST_DAYS} 天。"})
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    made = []
    for n, day in enumerate(day for day in days if day.weekday() in weekdays):
        for k, turn in enumerate(turns):
            place = {
                Rotation.EACH_SHIFT: n * len(turns) + k,
                Rotation.EACH_DAY: n,
                Rotation.EACH_WEEK: k + (day - _monday(first)).days // 7,
            }[Rotation(rotation)]
            made.append((people[place % len(people)], *turn.on(day)))
    if not made:
        raise BadInput({"weekdays": "所选日期里没有要排班的日子，请检查星期。"})
    return made


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(day: date) -> tuple[date, date]:
    """Monday, and the Monday after."""
    return _monday(day), _monday(day) + timedelta(days=7)


def month_of(day: date) -> tuple[date, date]:
    """The weeks that touch a month: from a Monday to a Monday."""
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return _monday(first), _monday(after - timedelta(days=1)) + timedelta(days=7)
