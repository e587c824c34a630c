"""How case handling thinks (派单规则): whether a rule of the table of duties speaks for a case, and if not, why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time

from hezhi.ground.errors import BadInput

ALWAYS, WORKING, OFF = "", "working", "off"
WHEN = {ALWAYS: "任何时候", WORKING: "工作时间", OFF: "非工作时间"}


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a routing rule asks for besides category and place (派单条件); empty ones ask for nothing."""

    when: str = ALWAYS
    hours: str = ""
    question: str = ""
    answer: str = ""

    @property
    def words(self) -> str:
        """The conditions in words, for the reason of a proposal."""
        told = [WHEN[self.when]] if self.when else []
        told += [self.hours] if self.hours else []
        told += [f"“{self.question}”答“{self.answer}”"] if self.question else []
        return "，".join(told)


def span_of(text: str) -> tuple[time, time]:
    """«22:00-06:00» as two times of day, over midnight when the first is later; raises BadInput."""
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.replace("—", "-").replace("–", "-").split("-"))
    except ValueError:
        raise BadInput({"hours": ["时段请写成 22:00-06:00。"]}) from None
    if first == last:
        raise BadInput({"hours": ["时段的起止不能相同；不限时段请留空。"]})
    return first, last


def within(moment: time, hours: str) -> bool:
    """Whether a time of day lies in a span; its end is no longer inside."""
    first, last = span_of(hours)
    return first <= moment < last if first < last else moment >= first or moment < last


def why_not(asked: Conditions, *, now: datetime, working: bool, answers: Mapping[str, str]) -> str:
    """Why these conditions do not hold, a sentence; empty when they do.

    `now` by the clock on the wall, `working` whether it lies in working hours, `answers` by question.
    """
    if asked.when == WORKING and not working:
        return "只用于工作时间，现在不是工作时间"
    if asked.when == OFF and working:
        return "只用于非工作时间，现在是工作时间"
    if asked.hours and not within(now.time(), asked.hours):
        return f"只用于 {asked.hours}，现在是 {now:%H:%M}"
    if asked.question:
        given = answers.get(asked.question, "")
        if not given:
            return f"要求“{asked.question}”答“{asked.answer}”，这件还没有答复"
        if given != asked.answer:
            return f"要求“{asked.question}”答“{asked.answer}”，这件答的是“{given}”"
    return ""
