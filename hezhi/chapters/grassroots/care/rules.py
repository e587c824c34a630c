"""What the care room holds to (帮扶规则): numbers, words, dates, and the table that lets no small count be known.

Values in, values out. The numbers here are promises of docs/data-protection.md; `wiring.limits` refuses a
start when one of them is stretched.
"""

import tomllib
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hezhi.ground.small_counts import FEWEST_TOLD as FEWEST_TOLD
from hezhi.ground.small_counts import TOTAL as TOTAL
from hezhi.ground.small_counts import Published as Published
from hezhi.ground.small_counts import published as published

PROGRAMMES = Path(__file__).parent / "data" / "programmes.toml"

GLASS_LASTS = timedelta(minutes=60)
"""How long an emergency reading lasts (P7)."""
GLASS_SENTENCE = 15
"""Signs of the sentence that says why (P7)."""
EMERGENCY_LASTS = timedelta(hours=72)
"""After that a list of an emergency is destroyed by itself (P7)."""
GLASS_REVIEW_DAYS = 3
"""Working days within which an emergency reading is reviewed (P7)."""
TOGETHER_LASTS = timedelta(minutes=30)
"""How long two people who opened a file together may read it."""
LONGEST_REVIEW = timedelta(days=184)
"""Six months: no file goes longer without a review (P12)."""
RIGHTS_DAYS = 15
"""Working days in which a request of a person about his data is answered (P11)."""
PAGES_A_DAY = 30
"""More file pages in a day than these by one person raise an alarm (P6)."""

GLASS_REASONS = {
    "life": "有生命危险", "missing": "走失或失联", "disaster": "灾害转移安置", "medical": "紧急送医联系监护人",
}  # fmt: skip
RIGHTS = {
    "see": "查阅、复制", "correct": "更正、补充", "delete": "删除", "object": "不同意处理", "withdraw": "撤回同意",
}  # fmt: skip
CLOSING = {
    "met": "需求已解决", "moved": "迁出", "declined": "本人不再接受", "died": "去世", "term": "期限届满", "withdrawn": "撤回同意",
    "handed": "移交其他单位", "error": "误建",
}  # fmt: skip
ITEMS = {
    "consent": "同意", "helper": "帮助人", "aid": "救助", "guardian": "监护人", "school_contact": "学校联系人", "needs": "需求",
    "plan": "计划", "help": "帮助", "visits": "走访", "type": "类型", "honour": "荣誉", "kin_contact": "亲属联系方式", "carer": "照料人",
    "visit_cycle": "走访约定", "emergency_contact": "紧急联系人", "release_date": "释放日期", "settlement": "安置情况", "number": "文书编号",
    "dates": "起止日期", "kind": "类别", "team_members": "小组成员", "crisis_card": "应急联系卡", "agreement_dates": "协议起止日期",
    "contact": "联系方式",
}  # fmt: skip
FORMS = {"needs": "需求", "plan": "计划", "services": "服务", "visits": "走访", "ties": "联系人"}
"""Parts of a file that a referral may carry."""
TAB_ITEMS = {
    "needs": {"needs", "settlement", "crisis_card", "type"}, "plan": {"plan", "settlement", "dates", "agreement_dates", "release_date"},
    "services": {"help", "aid", "honour"}, "visits": {"visits"},
    "ties": {"guardian", "helper", "kin_contact", "carer", "emergency_contact", "school_contact", "team_members", "contact"},
}  # fmt: skip
NOTHING_TOLD = "没有找到。请核对姓名、证件号码或编号。"
TWO_GO = "双人上门"
NEUTRAL = "关爱服务"

STAGES = {"register": "登记和转送", "handle": "办理", "review": "复查", "recheck": "复核", "closed": "办结"}
PETITION_DAYS = {"register": 15, "handle": 60, "review": 30, "recheck": 30}
"""Calendar days (信访工作条例 22, 34, 35, 36)."""
PETITION_EXTENSION = 30
"""Calendar days by which handling may be extended once (信访工作条例 34)."""


@cache
def seed_programmes() -> tuple[Mapping[str, Any], ...]:
    """The programmes a new installation starts with, as the file tells them."""
    return tuple(tomllib.loads(PROGRAMMES.read_text("utf-8"))["programme"])


# -- dates -----------------------------------------------------------------------------------------


def months_later(day: date, months: int) -> date:
    """The same day so many months later, the last of the month where there is no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def next_review(day: date, months: int, ends_on: date | None = None) -> date:
    """When a file reviewed on this day is due again: never later than six months, nor than its end (P12)."""
    due = min(months_later(day, min(months, 6)), day + LONGEST_REVIEW)
    return min(due, ends_on) if ends_on and ends_on > day else due


def ends_on(opened: date, *, longest_months: int | None, ends_at_age: int | None, born: date | None) -> date | None:
    """The day a programme's own rule ends a file on: its longest term, or a birthday (18 周岁当日); None for neither."""
    days = [months_later(opened, longest_months)] if longest_months else []
    if ends_at_age and born:
        days.append(months_later(born, 12 * ends_at_age))
    return min(days, default=None)


def age_on(born: date, day: date) -> int:
    """Full years of age on a day (周岁)."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def quarter_begin(day: date) -> date:
    """The first day of the quarter: figures are of that day, so that no two of them tell a single change."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


# -- who sees what of a file -----------------------------------------------------------------------


def forms_open_to(standing: str, items: Sequence[str], granted: Sequence[str] = ()) -> list[str]:
    """The parts of a file that a standing opens (所需即所见): the programme must know the part at all.

    `standing` is worker, deputy, supervisor, referred or glass; a referred service sees what its referral carries.
    """
    known = [form for form, told in TAB_ITEMS.items() if told & set(items)]
    if standing == "referred":
        return [form for form in known if form in granted]
    return known


def grid_task(grid_sees: str, *, two_go: bool) -> str:
    """What a grid worker reads who is asked to go there without being in the team; "" for nothing at all."""
    if grid_sees == "nothing":
        return ""
    note = f"（{TWO_GO}）" if two_go else ""
    return f"{NEUTRAL}上门{note}"
