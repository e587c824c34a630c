"""Rules of the Party room (党建规则): values in, values out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

# -- organisations ---------------------------------------------------------------------------------

RANK = {"committee": 4, "general": 3, "branch": 2, "group": 1}
"""The order in which organisations stand above each other."""
TERM_NOTICE = 90
"""So many days before a term ends the board says so (届满提醒)."""


def may_stand_below(kind: str, above: str) -> bool:
    """Whether an organisation of a kind may stand below one of another: only below a higher one, a committee also
    below a committee (区委下的镇街党委、社区党委)."""
    return RANK[above] > RANK[kind] or kind == above == "committee"


@dataclass(frozen=True)
class Branch:
    """One line of the tree (党组织树的一行): which row, and how deep it stands."""

    id: Any
    depth: int


def tree(parents: Mapping[Any, Any]) -> list[Branch]:
    """The rows (id → the id of what is above, in the order of a level) as lines of a tree, each below its own.

    What stands below something that is not among the rows is a root of what one sees.
    """
    below: dict[Any, list[Any]] = {}
    for key, above in parents.items():
        below.setdefault(above if above in parents else None, []).append(key)
    lines: list[Branch] = []
    waiting = [(key, 0) for key in reversed(below.get(None, []))]
    while waiting:
        key, depth = waiting.pop()
        lines.append(Branch(key, depth))
        waiting += [(each, depth + 1) for each in reversed(below.get(key, []))]
    return lines


def everything_below(root: Any, parents: Mapping[Any, Any]) -> set[Any]:
    """An organisation and all that stands below it, however deep (本级及下级)."""
    found = {root}
    while True:
        more = {key for key, above in parents.items() if above in found} - found
        if not more:
            return found
        found |= more


# -- members ---------------------------------------------------------------------------------------

YOUNGEST = 18


def day_fault(told: str, *, today: date, born: date | None = None) -> str | None:
    """What is wrong with a day of joining written as 2001-07-01; None when nothing is."""
    try:
        day = date.fromisoformat(told)
    except ValueError:
        return "日期应写成 2001-07-01 这样"
    if not date(1921, 7, 1) <= day <= today:
        return "日期应在 1921-07-01 与今天之间"
    if born is not None and (day.year - born.year - ((day.month, day.day) < (born.month, born.day))) < YOUNGEST:
        return f"入党时应年满 {YOUNGEST} 周岁，请核对出生日期"
    return None


def probation_fault(kind: str, joined: str, full: str) -> str | None:
    """A full member has a day on which probation ended, not before he joined; one on probation has none."""
    if kind == "probationary":
        return "预备党员没有转正日期，请留空" if full else None
    return "转正日期不能早于入党日期" if full and full < joined else None


# -- dues ------------------------------------------------------------------------------------------

MOST_DUES = Decimal(100_000)


def month_of(day: date) -> date:
    """The first day of a day's month (党费按月)."""
    return day.replace(day=1)


def month_name(month: date) -> str:
    """«2026 年 11 月»."""
    return f"{month.year} 年 {month.month} 月"


def month_over(month: date, today: date) -> bool:
    """Whether a month has passed: what is unpaid then is late (逾期)."""
    return (today.year, today.month) > (month.year, month.month)


def amount(told: str) -> Decimal | None:
    """An amount of yuan as it was typed, to the fen; None when nothing was typed. Raises ValueError with the sentence."""
    told = told.strip().replace(",", "").removesuffix("元")
    if not told:
        return None
    try:
        found = Decimal(told)
    except InvalidOperation:
        raise ValueError("金额应填数字，如 12.50") from None
    if not found.is_finite() or not 0 <= found < MOST_DUES or found != round(found, 2):
        raise ValueError("金额应在 0 到 99999.99 之间，最多两位小数")
    return round(found, 2)


@dataclass(frozen=True)
class Sums:
    """What a sheet of dues comes to (合计): in yuan, and how many members have not paid in full."""

    due: Decimal
    paid: Decimal
    open_entries: int


def sums(entries: Iterable[tuple[Decimal | None, Decimal | None]]) -> Sums:
    """Add up what each owes and has paid; who owes nothing, or whose due is not set yet, is not behind."""
    told = [(due or Decimal(0), paid or Decimal(0)) for due, paid in entries]
    return Sums(
        sum((due for due, _ in told), Decimal(0)), sum((paid for _, paid in told), Decimal(0)),
        sum(paid < due for due, paid in told),
    )  # fmt: skip


def dues_state(due: Decimal, open_entries: int, month: date, today: date) -> str:
    """How a month of dues stands, in a word (缴纳状态)."""
    if not due:
        return "未登记"
    if not open_entries:
        return "已交清"
    return "逾期未交清" if month_over(month, today) else "未交清"


# -- the three lists -------------------------------------------------------------------------------


def words_of(text: str) -> set[str]:
    """Pairs of neighbouring signs of a text: enough to see that «清雪» stands in both of two texts."""
    plain = re.sub(r"[^\w]|[\d_]", " ", text.lower())
    return {part[n : n + 2] for part in plain.split() for n in range(len(part) - 1)}


def fit(kind: str, text: str, kinds: Iterable[str], offer: str) -> int:
    """How well an offer suits a need (匹配程度): its kind first, then the words both share; 0 suits not at all."""
    shared = len(words_of(text) & words_of(offer))
    if kind in kinds:
        return 100 + min(shared, 99)
    return min(shared, 99) if shared >= 3 else 0


# -- activities ------------------------------------------------------------------------------------

EARLY = timedelta(minutes=30)
"""So long before the beginning one may sign in (签到提前量)."""


def may_sign_in(now: datetime, starts: datetime, ends: datetime) -> bool:
    """Whether an activity takes sign-ins at a moment: from half an hour before it begins to its end."""
    return starts - EARLY <= now <= ends


def window_told(now: datetime, starts: datetime) -> str:
    """Why a sign-in is not taken now (不在签到时间)."""
    return (
        "还没有到签到时间，活动开始前 30 分钟起可以签到。"
        if now < starts
        else "活动已经结束，不能再签到，请联系会务补登。"
    )


DOOR_TURNS = timedelta(minutes=5)
"""So long the code on the meeting's screen holds for those without an account; the one before it still counts."""


def door_turn(moment: datetime) -> int:
    """The number of the span in which a moment lies (签到屏轮次)."""
    return int(moment.timestamp() // DOOR_TURNS.total_seconds())


def calendar(
    *, uid: str, made: datetime, starts: datetime, ends: datetime, title: str, place: str, text: str, version: int
) -> str:
    """One event as a calendar file (日历文件, RFC 5545); moments are written in UTC, `version` tells a changed plan."""
    from icalendar import Calendar, Event  # read by the first who takes one along: a start need not

    file, event = Calendar(), Event()
    for name, said in (("version", "2.0"), ("prodid", "-//Hezhi//party//ZH"), ("method", "PUBLISH")):
        file.add(name, said)
    told: dict[str, Any] = {
        "uid": uid, "sequence": version, "dtstamp": made.astimezone(UTC), "dtstart": starts.astimezone(UTC),
        "dtend": ends.astimezone(UTC), "summary": title, "location": place, "description": text.replace("\r", ""),
    }  # fmt: skip
    for name, value in told.items():
        event.add(name, value)
    file.add_component(event)
    return file.to_ical().decode()


# -- articles --------------------------------------------------------------------------------------

TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em", "a", "blockquote", "br"}
"""The markup an article may hold; everything else is taken out, its words stay."""
_MARKUP = re.compile(r"<\s*/?\s*[a-zA-Z!]")


def looks_like_markup(text: str) -> bool:
    """Whether a text was pasted with markup rather than typed (粘贴的格式)."""
    return _MARKUP.search(text) is not None


def paragraphs(text: str) -> Iterable[str]:
    """A typed text in paragraphs: an empty line parts them."""
    return (part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip())
