"""How case handling thinks (事件办理规则): words of templates, results in words, what a case still lacks, what a rule of the
table of duties asks for.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from hezhi.ground.errors import BadInput

# -- answers and results ---------------------------------------------------------------------------

PLACES = ("编号", "类别", "单位", "收到日期", "今天")
"""What a template may name; never the reporter, nor a word of what he told."""
_PLACE = re.compile(r"\{([^{}]*)\}")

FINDING = {"true": "属实", "partly": "部分属实", "false": "不属实"}


def strange_places(text: str) -> list[str]:
    """Names in braces that no template can fill (不认识的占位)."""
    return [name for name in dict.fromkeys(_PLACE.findall(text)) if name not in PLACES]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The template with its places filled (套用); what is not known stays a dash, what it does not know stays as it is."""
    return _PLACE.sub(lambda m: (values.get(m[1]) or "—") if m[1] in PLACES else m[0], text)


def said(answer: bool | None) -> str:
    """A yes, a no, or no answer, in words."""
    return "未填" if answer is None else "是" if answer else "否"


def result_words(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A unit's result in words (结构化办理结果): only what was filled in."""
    told: list[tuple[str, str]] = []
    if result.get("finding"):
        told.append(("是否属实", FINDING.get(result["finding"], result["finding"])))
    if result.get("contacted") is not None:
        told.append(("联系情况", "已联系上报人" if result["contacted"] else "未联系上报人"))
    if result.get("solved") is not None:
        told.append(("是否解决", said(result["solved"])))
    if result.get("reason"):
        told.append(("未决原因", str(result["reason"])))
    return told


@dataclass(frozen=True, slots=True)
class Needs:
    """What a category asks for before a case is taken up and before it is closed (立案条件、结案条件)."""

    place: bool = False
    contact: bool = False
    result: bool = False
    talk: bool = False
    site_check: bool = False
    photo: bool = False

    @property
    def to_close(self) -> bool:
        """Whether anything at all must be looked at before the end."""
        return self.result or self.talk or self.site_check or self.photo


def missing_to_accept(needs: Needs, *, has_place: bool, has_contact: bool) -> list[str]:
    """What is missing before a case is taken up (立案尚缺), a phrase each."""
    told = ["发生地点"] if needs.place and not has_place else []
    return told + (["上报人的联系方式"] if needs.contact and not has_contact else [])


def missing_to_close(
    needs: Needs, *, results: Iterable[Mapping[str, Any]], on_site: bool, stages: Collection[str]
) -> list[str]:
    """What is missing before a case may end (结案尚缺), a phrase each.

    `results` are those of the leading orders of this round, `stages` the stages of its files.
    """
    given = list(results)
    told = []
    if needs.result and not any(r.get("finding") and r.get("solved") is not None for r in given):
        told.append("办理结果（是否属实、是否解决）")
    if needs.talk and not any(r.get("contacted") for r in given):
        told.append("与上报人联系的记录")
    if needs.site_check and not on_site:
        told.append("现场核查记录（处置时选「到过现场」，或到场报到）")
    if needs.photo and "after" not in stages:
        told.append("处置后照片")
    return told


def lacking(what: str, missing: Iterable[str]) -> str:
    """The sentence an officer reads: which condition is not met yet."""
    return f"还不能{what}，尚缺：{'、'.join(missing)}。"


# -- what a rule of the table of duties asks for (派单规则) ------------------------------------------

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
