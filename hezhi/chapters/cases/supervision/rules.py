"""How supervision thinks (督办规则): which rule speaks for a case, what comes next on the ladder, how old a matter is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hezhi.engines.flow.rules.calendar import Calendar
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due, used

AGES = ((1, "1 个工作日内"), (3, "1—3 个工作日"), (5, "3—5 个工作日"), (10, "5—10 个工作日"))
OLDEST = "10 个工作日以上"
LONGEST = 90
"""Days in which ten working days have passed, whatever feasts lie among them."""
URGENCY = {"critical": "特急", "urgent": "紧急", "normal": "一般"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule looks at in a case (规则所看的事实)."""

    due_at: datetime | None
    urgency: str
    category: tuple[str, ...]
    appeal: str
    redos: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Watch:
    """One row of the rules (督办规则); an empty condition fits all. `order` is the rung it begins on."""

    key: str
    name: str
    kind: str
    order: int
    rung: str
    late: int = 0
    clock: Unit = Unit.WORKING_HOURS
    urgency: str = ""
    category: tuple[str, ...] = ()
    category_name: str = ""
    appeal: str = ""
    redos: int = 0
    basis: str = ""
    valid_from: date | None = None


def why(watch: Watch, facts: Facts, at: datetime, calendar: Calendar) -> str:
    """The sentence that tells why this rule speaks for the case; empty when it does not.

    An overdue rule counts from the limit by its own clock (working hours, working days …). A rule of important
    matters (重点事件) looks only at cases received since it is in force.
    """
    told = _conditions(watch, facts)
    if told is None:
        return ""
    if watch.kind == "overdue":
        if facts.due_at is None or facts.due_at >= at:
            return ""
        late = used(facts.due_at, at, watch.clock, calendar)
        if late < watch.late:
            return ""
        told.insert(0, f"超过办理时限已满 {watch.late} {watch.clock.word}" if watch.late else "已超过办理时限")
    basis = f"，依据：{watch.basis}" if watch.basis else ""
    return f"规则「{watch.name}」：{'，'.join(told) or '符合条件'}，由系统自动发起，起始阶梯为{watch.rung}{basis}。"


def _conditions(watch: Watch, facts: Facts) -> list[str] | None:
    """The conditions that hold, in words; None when one does not."""
    if watch.urgency and watch.urgency != facts.urgency:
        return None
    if watch.category != facts.category[: len(watch.category)]:
        return None
    if watch.appeal and watch.appeal != facts.appeal:
        return None
    if facts.redos < watch.redos:
        return None
    told = [f"紧急程度为{URGENCY.get(watch.urgency, watch.urgency)}"] if watch.urgency else []
    told += [f"类别属于{watch.category_name}"] if watch.category else []
    told += ["诉求类型符合"] if watch.appeal else []
    told += [f"已重办 {facts.redos} 次"] if watch.redos else []
    return told


def best(watches: Sequence[Watch], facts: Facts, at: datetime, calendar: Calendar) -> tuple[Watch, str] | None:
    """The rule that opens a supervision: of those that speak, the one that begins highest; then the most specific."""
    speaking = [(watch, told) for watch in watches if (told := why(watch, facts, at, calendar))]
    return max(speaking, key=lambda each: _rank(each[0])) if speaking else None


def _rank(watch: Watch) -> tuple[int, bool, int, int, str]:
    return (watch.order, bool(watch.urgency), len(watch.category), watch.late, watch.key)


def later(start: datetime, amount: int, clock: Unit, calendar: Calendar) -> datetime | None:
    """When so much time on a clock is over, or None for no time at all (等待期满)."""
    return due(start, Limit(amount, clock), calendar) if amount else None


def climbed_because(rung: str, wait: int, clock: Unit, then: str) -> str:
    """Why the ladder was climbed by itself (自动升级的缘由)."""
    return f"「{rung}」后满 {wait} {clock.word}且反馈时限已到，仍未反馈，按督办阶梯自动升为「{then}」。"


def age(opened_at: datetime, at: datetime, calendar: Calendar) -> str:
    """How old a running matter is, in steps of working days (在督时长)."""
    days = used(opened_at, at, Unit.WORKING_DAYS, calendar)
    return next((name for most, name in AGES if days <= most), OLDEST)


def opened_since(days: int, at: datetime, calendar: Calendar) -> datetime:
    """Since when a matter must have been opened to be at most so many working days old, to the second."""
    old, young = at - timedelta(days=LONGEST), at
    while young - old > timedelta(seconds=1):
        middle = old + (young - old) / 2
        if used(middle, at, Unit.WORKING_DAYS, calendar) <= days:
            young = middle
        else:
            old = middle
    return young


def state_of(parts: Collection[str]) -> str:
    """The state that follows from the parts of the units: reviewed when none of them still works."""
    return "open" if any(part in ("to_sign", "handling") for part in parts) or not parts else "to_review"


def sheet_number(year: int, n: int) -> str:
    """The number of a printed supervision sheet (督办单号)."""
    return f"督〔{year}〕{n} 号"


# -- what a leader sees first (最要紧的事件) ----------------------------------------------------------

BY_URGENCY = {"critical": 40, "urgent": 20}
LATE, VERY_LATE, REDONE, URGED, BY_MANY = 30, 45, 10, 3, 10
"""Weights of what makes a case grave: over its limit, by more than five days, each time redone, each urging, told by many."""

PHRASES = (
    "请主办单位今日反馈办理进展。", "请主要负责同志到现场研究解决，结果报我。", "请督查室跟踪督办，办结后报我。",
    "请牵头单位会商有关单位，三个工作日内拿出方案。",
)  # fmt: skip
"""Words a leader may choose instead of typing (常用批示)."""


def gravity_words(
    *, urgency: str, late: timedelta | None, redos: int, urged: int, by_many: bool
) -> str:  # fmt: skip
    """Why a case stands among the gravest, in a line; `late` is the time over its limit."""
    told = [{"critical": "特急", "urgent": "紧急"}[urgency]] if urgency in BY_URGENCY else []
    if late is not None and late.total_seconds() > 0:
        told.append(f"超期 {late.days} 天" if late.days else f"超期 {int(late.total_seconds() // 3600) or 1} 小时")
    told += [f"重办 {redos} 次"] if redos else []
    told += [f"催办 {urged} 次"] if urged else []
    return " · ".join(told + (["群体件"] if by_many else []))
