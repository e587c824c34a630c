"""Limits (时限): how long, on which clock, and which rule of the table gives it.

Officers keep the rules as a table on a screen; here they are values. The most specific rule wins,
and the choice comes with the sentence that an officer can read to the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import combinations
from types import MappingProxyType
from typing import Any

from hezhi.engines.flow.rules.ruling import YES, Ruling, no

__all__ = [
    "Bound",
    "Choice",
    "ExtensionRule",
    "Limit",
    "LimitRule",
    "Unit",
    "bound",
    "check_rules",
    "choose",
    "may_extend",
    "uncovered",
]


class Unit(StrEnum):
    """What a limit is counted in. Calendar clocks run day and night, working clocks in office hours.

    Calendar days end with the day (24:00, stored as 23:59:59), working days at close of business.
    """

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_MINUTES = "working_minutes"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"

    @property
    def word(self) -> str:
        """The unit as officers say it."""
        return _WORDS[self]

    @property
    def is_working(self) -> bool:
        return self in (Unit.WORKING_MINUTES, Unit.WORKING_HOURS, Unit.WORKING_DAYS)

    @property
    def is_day(self) -> bool:
        return self in (Unit.DAYS, Unit.WORKING_DAYS)

    @property
    def minutes(self) -> int:
        """Minutes in one of it. Raises ValueError for days, which a calendar counts."""
        if self.is_day:
            raise ValueError("a day is counted by the calendar, not in minutes")
        return 60 if self in (Unit.HOURS, Unit.WORKING_HOURS) else 1


_WORDS = {
    Unit.MINUTES: "分钟",
    Unit.HOURS: "小时",
    Unit.DAYS: "个自然日",
    Unit.WORKING_MINUTES: "分钟（工作时间）",
    Unit.WORKING_HOURS: "小时（工作时间）",
    Unit.WORKING_DAYS: "个工作日",
}
_SAID = {word.replace("个", ""): unit for unit, word in _WORDS.items()} | {"天": Unit.DAYS}


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of time on a clock (时限): «5 个工作日», «2 小时», «30 分钟（工作时间）».

    Raises ValueError for an amount below 1: a limit that is over before it begins helps nobody.
    """

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError(f"a limit of {self.amount}")

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.word}"

    @classmethod
    def read(cls, text: str) -> Limit:
        """The limit that a text such as «5 个工作日» says. Raises ValueError with a Chinese sentence."""
        plain = text.replace("(", "（").replace(")", "）").replace("个", "")
        found = re.fullmatch(r"\s*(\d+)\s*(\S+)\s*", plain)
        unit = _SAID.get(found[2]) if found else None
        if found is None or unit is None:
            raise ValueError(f"看不懂时限“{text}”，请写成“5 个工作日”“2 小时”或“30 分钟（工作时间）”")
        return cls(int(found[1]), unit)


@dataclass(frozen=True, slots=True)
class LimitRule:
    """One row of the table of limits (时限规则). An empty field means «any».

    `stage` empty is the total limit of a case (总时限); otherwise the code of a stage (环节).
    `category` is a path from the root down, as codes; it also holds for everything below it.
    `valid_until` is the last day of validity. `source` is the rule's origin, shown to officers.
    """

    key: str
    limit: Limit
    name: str = ""
    stage: str = ""
    kind: str = ""
    category: tuple[str, ...] = ()
    urgency: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""

    def applies(self, *, kind: str, category: Sequence[str], urgency: str, stage: str, on: date) -> bool:
        return (
            self.stage == stage
            and self.kind in ("", kind)
            and self.urgency in ("", urgency)
            and self.category == tuple(category[: len(self.category)])
            and (self.valid_from is None or self.valid_from <= on)
            and (self.valid_until is None or on <= self.valid_until)
        )

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """How specific it is. Urgency goes first: a danger does not wait for its category."""
        return (bool(self.urgency), len(self.category), bool(self.kind))

    @property
    def is_general(self) -> bool:
        """Whether it asks for nothing, so that it holds where no other rule does (兜底)."""
        return not any(self.rank)

    @property
    def never(self) -> bool:
        """Whether it ends before it begins."""
        return bool(self.valid_from and self.valid_until and self.valid_until < self.valid_from)

    @property
    def title(self) -> str:
        return self.name or self.key

    @property
    def reach(self) -> str:
        """What the rule asks for, in words: «紧急程度、第 2 级类别»."""
        urgent, depth, kind = self.rank
        asked = [urgent and "紧急程度", depth and f"第 {depth} 级类别", kind and "事项类型"]
        return "、".join(word for word in asked if word) or "一般情形"


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen rule, the sentence that explains it, and the rules it goes before."""

    rule: LimitRule
    sentence: str
    passed_over: tuple[LimitRule, ...] = ()

    @property
    def limit(self) -> Limit:
        return self.rule.limit


def choose(
    rules: Iterable[LimitRule],
    *,
    on: date,
    kind: str = "",
    category: Sequence[str] = (),
    urgency: str = "",
    stage: str = "",
) -> Choice | None:
    """The rule that gives this matter its limit on this day; None when no rule applies.

    Most specific first: named urgency, then the deeper category, then the named kind; between
    equals the one valid since later, then the smaller key, so that the answer never wavers.
    """
    fitting = [r for r in rules if r.applies(kind=kind, category=category, urgency=urgency, stage=stage, on=on)]
    if not fitting:
        return None
    fitting.sort(key=lambda rule: rule.key)
    fitting.sort(key=lambda rule: (rule.rank, rule.valid_from or date.min), reverse=True)
    first, *others = fitting
    return Choice(first, _sentence(first, others), tuple(others))


def _sentence(rule: LimitRule, others: Sequence[LimitRule]) -> str:
    source = f"（{rule.source}）" if rule.source else ""
    told = f"适用规则“{rule.title}”{source}：{rule.limit}"
    if not others:
        return told + "。"
    next_one = others[0]
    if rule.rank == next_one.rank:
        return f"{told}；与“{next_one.title}”同样具体，以较新的为准。"
    return f"{told}；本条按{rule.reach}规定，比按{next_one.reach}规定的“{next_one.title}”更具体，优先适用。"


def check_rules(
    rules: Sequence[LimitRule],
    *,
    since: date | None = None,
    stages: Mapping[str, str] = MappingProxyType({"": "总时限"}),
) -> list[str]:
    """What is wrong with a table of limits, in sentences; empty when it may take effect.

    A table needs, in each of the `stages` (code and name) and from the day `since` on (at the end when it is not told), a limit for the matter that
    nobody thought of (兜底), no rule whose validity ends before it begins, and no two rules that say different
    things about the same matters.
    """
    faults = []
    first = since or date.max
    for stage, name in stages.items():
        day = uncovered(rules, stage, first)
        if day is not None:
            when = "" if day == first else f"从 {day} 起"
            faults.append(f"{when}缺少兜底的{name}：没有写明类别、类型和紧急程度时适用哪一条，会有事项没有时限。")
    for rule in rules:
        if rule.never:
            faults.append(f"规则“{rule.title}”的失效日期早于生效日期，永远不会适用。")
    for a, b in combinations(rules, 2):
        if _same_matters(a, b) and a.valid_from == b.valid_from and a.limit != b.limit:
            faults.append(f"规则“{a.title}”和“{b.title}”管同样的事项、同日生效，时限却不同，请保留一条。")
    return faults


def uncovered(rules: Iterable[LimitRule], stage: str, since: date) -> date | None:
    """The first day, from `since` on, on which a stage has no rule for every matter (兜底规则); None when there is none."""
    day = since
    general = [rule for rule in rules if rule.stage == stage and rule.is_general and not rule.never]
    for rule in sorted(general, key=lambda rule: rule.valid_from or date.min):
        if (rule.valid_from or date.min) > day:
            return day
        if rule.valid_until is None:
            return None
        if rule.valid_until >= day:
            day = rule.valid_until + timedelta(days=1)
    return day


def _same_matters(a: LimitRule, b: LimitRule) -> bool:
    def asked(rule: LimitRule) -> tuple[Any, ...]:
        return (rule.stage, rule.kind, rule.category, rule.urgency)

    return asked(a) == asked(b)


@dataclass(frozen=True, slots=True)
class Bound:
    """The due moment that holds for a stage, and whether the total limit set it."""

    due: datetime | None
    by_total: bool
    sentence: str


def bound(stage_due: datetime | None, total_due: datetime | None) -> Bound:
    """A stage (环节) never outlives its case: the earlier of stage and total limit holds.

    A limit that stands still (挂起) has no due moment and does not bind.
    """
    if total_due is not None and (stage_due is None or total_due < stage_due):
        return Bound(total_due, True, "总时限先到期，以总时限为准。")
    if stage_due is None:
        return Bound(None, False, "计时暂停，恢复后重新计算到期时间。")
    return Bound(stage_due, False, "以本环节时限为准。")


@dataclass(frozen=True, slots=True)
class ExtensionRule:
    """How far a limit may be extended (延期): in all at most `at_most`, at most `times` times.

    The default is Shandong's: ten working days, once. A further one is the higher level's to grant.
    """

    at_most: Limit = Limit(10, Unit.WORKING_DAYS)
    times: int = 1


def may_extend(
    asked: Limit,
    *,
    granted: Sequence[Limit],
    at: datetime,
    due: datetime | None,
    rule: ExtensionRule | None = None,
) -> Ruling:
    """May this extension be asked for now? `granted` are those already given to this limit."""
    rule = rule or ExtensionRule()
    if due is None:
        return no("计时已暂停，不需要延期", "恢复办理后如仍需延期，请再申请")
    if at > due:
        return no("时限已过，不能再申请延期", "延期须在到期前申请；请尽快办结并说明逾期原因")
    if len(granted) >= rule.times:
        return no(f"本事项已延期 {len(granted)} 次，达到上限", "确需再次延期的，请报上一级批准")
    if asked.unit != rule.at_most.unit:
        return no(f"延期须按“{rule.at_most.unit.word.replace('个', '')}”计", f"最长可申请 {rule.at_most}")
    used = sum(limit.amount for limit in granted if limit.unit == asked.unit)
    if used + asked.amount > rule.at_most.amount:
        return no(f"延期累计不能超过 {rule.at_most}，已延 {used}，本次申请 {asked.amount}", "请减少天数后再申请")
    return YES
