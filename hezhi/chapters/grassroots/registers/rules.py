"""What can be known of homes and people without asking the database (基础台账的规则)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as time_of_day
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from hezhi.ground.identifiers import check_resident_id, plain_number
from hezhi.ground.text import length_fault

# -- people ----------------------------------------------------------------------------------------

OWN_CARDS = frozenset({"111", "112", "113"})
"""Documents that carry the citizen's ID number (载有公民身份号码的证件)."""
GROWN_UP = 18
_OTHER_NUMBER = re.compile(r"[A-Z0-9]{5,30}")


@dataclass(frozen=True)
class Document:
    """A document number as it was looked at (证件号码核对结果)."""

    value: str = field(repr=False)
    fault: str = ""
    warning: str = ""
    birth_date: date | None = field(default=None, repr=False)
    sex: str = ""


def look_at_document(kind: str, typed: str) -> Document:
    """Check a number as its kind of document has it; an ID number tells birth date and sex as well.

    Only length, date and check sign are reasons to refuse; an unknown area code is a warning (GB 11643).
    """
    if not typed.strip():
        return Document("")
    if kind in OWN_CARDS:
        card = check_resident_id(typed, old_too=True)
        return Document(card.value, card.fault or "", card.warning or "", card.birth_date, card.sex)
    number = plain_number(typed)
    if not _OTHER_NUMBER.fullmatch(number):
        return Document(number, "证件号码应为 5 至 30 位字母或数字")
    return Document(number)


def name_fault(name: str) -> str | None:
    """Why this can be no person's name, in Chinese; names of 2 to 50 signs, dots within are kept."""
    if re.search(r"[0-9*]", name):
        return "姓名中不应有数字或星号，请核对"
    if len(name) < 2:
        return "姓名至少 2 个字，请填写完整姓名"
    return length_fault(name, most=50)


def age(born: date, on: date) -> int:
    """Full years of life on a day (周岁)."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def card_disagrees(document: Document, sex: str, birth_date: date | None) -> dict[str, str]:
    """Where what was typed beside an ID number says something else than the number itself."""
    told = {}
    if document.sex and sex in ("1", "2") and sex != document.sex:
        told["sex"] = "性别与身份证号第 17 位不符，请对照证件核对"
    if document.birth_date and birth_date and birth_date != document.birth_date:
        told["birth_date"] = "出生日期与身份证号第 7 至 14 位不符，请对照证件核对"
    return told


# -- spans of days ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """Days from `since` on, up to `until` and without it; no end while it lasts (起止日期)."""

    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether a day lies within."""
        return self.since <= day and (self.until is None or day < self.until)

    def meets(self, other: Span) -> bool:
        """Whether the two share a day; a span of no day shares none."""
        if self.until == self.since or other.until == other.since:
            return False
        ends_first = self.until is not None and self.until <= other.since
        return not (ends_first or (other.until is not None and other.until <= self.since))


def told_span(since: date, until: date | None) -> str:
    """«2024-05-01 至今» or «2024-05-01 至 2025-04-30»: the last day is told, not the first one after."""
    return f"{since} 至今" if until is None else f"{since} 至 {until - timedelta(days=1)}"


# -- buildings -------------------------------------------------------------------------------------

MOST_FLOORS = 150
MOST_FLATS = 2_000


@dataclass(frozen=True)
class Flat:
    """One flat of a plan (户室)."""

    entrance: int
    floor: int
    door: str


class DoorStyle(StrEnum):
    """How doors are numbered (户室编号方式)."""

    FLOOR = "floor"
    """楼层加序号: 501, 502 in every entrance."""
    RUNNING = "running"
    """同层连续编号: 501, 502 in the first entrance, 503, 504 in the second."""
    ENTRANCE = "entrance"
    """单元加楼层加序号: 1501, 2501."""


DOOR_STYLES = (
    (DoorStyle.FLOOR, "楼层加序号（各单元都从 501 起）"),
    (DoorStyle.RUNNING, "同层连续编号（二单元接着一单元编）"),
    (DoorStyle.ENTRANCE, "单元加楼层加序号（一单元 1501，二单元 2501）"),
)


def plan_flats(
    entrances: int, first: int, last: int, per_floor: int, style: DoorStyle, skipped: frozenset[int] = frozenset()
) -> list[Flat]:
    """The flats of a new building: entrances × floors × doors (户室生成).

    Floors run from `first` to `last` without 0 and without those skipped. Raises ValueError with a Chinese
    sentence for a plan that cannot be.
    """
    fault = _plan_fault(entrances, first, last, per_floor)
    if fault:
        raise ValueError(fault)
    floors = [floor for floor in range(first, last + 1) if floor and floor not in skipped]
    if entrances * len(floors) * per_floor > MOST_FLATS:
        raise ValueError(f"一次最多生成 {MOST_FLATS:,} 户，现为 {entrances * len(floors) * per_floor:,} 户，请分次生成")
    return [
        Flat(entrance, floor, door_number(style, entrance, floor, place, per_floor))
        for entrance in range(1, entrances + 1)
        for floor in floors
        for place in range(1, per_floor + 1)
    ]


def _plan_fault(entrances: int, first: int, last: int, per_floor: int) -> str:
    if not 1 <= entrances <= 30:
        return "单元数应为 1 至 30"
    if not 1 <= per_floor <= 60:
        return "每层户数应为 1 至 60"
    if first > last:
        return "起始楼层不能高于终止楼层"
    if first < -9 or last > MOST_FLOORS:
        return f"楼层应在地下 9 层至地上 {MOST_FLOORS} 层之间"
    return ""


def door_number(style: DoorStyle, entrance: int, floor: int, place: int, per_floor: int) -> str:
    """The number on the door; floors below ground are told with «负» (负101)."""
    if style is DoorStyle.RUNNING:
        place += (entrance - 1) * per_floor
    head = str(entrance) if style is DoorStyle.ENTRANCE else ""
    return f"{'负' if floor < 0 else ''}{head}{abs(floor)}{place:02d}"


def home_name(building: str, entrance: int, door: str, entrances: int) -> str:
    """What a home is called: «样例花园3号楼2单元501»; a building with one entrance is told without it."""
    return f"{building}{f'{entrance}单元' if entrances > 1 else ''}{door}"


MOST_PARTS = 20
"""So many homes one may be split into, or be combined from."""


@dataclass(frozen=True)
class SplitPart:
    """One home that another is split into (拆分后的一套): its door, and its area where it is known."""

    door: str
    floor_area: Decimal | None = None


def split_fault(parts: Sequence[SplitPart], whole: Decimal | None, taken: Collection[str]) -> str:
    """Why a home cannot be split like this, in Chinese; «» when it can (拆分方案核对).

    `whole` is the area before, `taken` the doors of other homes at the same entrance.
    """
    if not 2 <= len(parts) <= MOST_PARTS:
        return f"拆分后应为 2 至 {MOST_PARTS} 套，每行写一套"
    doors = [part.door for part in parts]
    twice = next((door for door in doors if doors.count(door) > 1), "")
    if twice:
        return f"户室号 {twice} 写了两次"
    known = next((door for door in doors if door in taken), "")
    if known:
        return f"户室号 {known} 已有房屋"
    areas = [part.floor_area for part in parts if part.floor_area is not None]
    if whole is not None and sum(areas) > whole:
        return f"各套面积合计 {sum(areas)} 平方米，大于原房屋的 {whole} 平方米"
    return ""


def read_parts(typed: str) -> list[SplitPart]:
    """What was typed, one home a line: «501A 45.5» (门牌、面积). Raises ValueError with a Chinese sentence."""
    found = []
    for n, line in enumerate(filter(None, (each.strip() for each in typed.splitlines())), 1):
        words = line.replace("，", " ").replace(",", " ").split()
        if len(words) > 2 or len(words[0]) > 20:
            raise ValueError(f"第 {n} 行应为“户室号 面积”，如“501A 45.5”")
        found.append(SplitPart(words[0], _area(n, words[1]) if len(words) == 2 else None))
    return found


def _area(n: int, typed: str) -> Decimal:
    try:
        area = Decimal(typed)
    except InvalidOperation:
        raise ValueError(f"第 {n} 行的面积应为数字，现为“{typed}”") from None
    if not (area.is_finite() and 0 < area < 1_000_000):
        raise ValueError(f"第 {n} 行的面积应大于 0")
    return area.quantize(Decimal("0.01"))


def carry_fault(on: date, today: date, spans: Sequence[Span]) -> str:
    """Why homes cannot be split or combined on a day: later than today, or earlier than what is entered since."""
    if on > today:
        return "生效日期不能晚于今天"
    late = max([span.since for span in spans if span.since > on], default=None)
    if late is not None:
        return f"生效日期早于现有登记的开始日期 {late}，请核对"
    ended = max([span.until for span in spans if span.until is not None and span.until > on], default=None)
    return f"生效日期以后还有登记，到 {ended} 才结束，请核对" if ended else ""


# -- organisations ---------------------------------------------------------------------------------

SMALL_LIMITS = {
    "01": ("floor_area", 300, "面积应小于 300 平方米"),
    "02": ("capacity", 100, "餐位应少于 100 个"),
    "03": ("capacity", 50, "床位应少于 50 张"),
    "04": ("floor_area", 200, "面积应小于 200 平方米"),
    "05": ("floor_area", 200, "面积应小于 200 平方米"),
    "06": ("capacity", 30, "床位应少于 30 张"),
    "07": ("capacity", 500, "学生应少于 500 人（寄宿床位少于 50 张）"),
    "08": ("staff_count", 50, "员工应少于 50 人"),
    "09": ("floor_area", 100, "面积应小于 100 平方米"),
}
"""How small a place must be to be one of the nine (山东省公安派出所消防监督检查规定第三十条)."""


def too_large(kind: str, sizes: Mapping[str, Any]) -> dict[str, str]:
    """Why a place is none of the nine small kinds; empty when it is, or when its size is not known."""
    name, limit, said = SMALL_LIMITS[kind]
    size = sizes.get(name)
    if size is None or size < limit:
        return {}
    return {name: f"九小场所的这一类{said}，超出的应按一般单位登记"}


# -- checks of small places ------------------------------------------------------------------------

MOST_NOTE = 200


class Result(StrEnum):
    """What was seen of one item of the list (检查结果)."""

    OK = "ok"
    FAULT = "fault"
    NONE = "none"


RESULTS = ((Result.OK, "合格"), (Result.FAULT, "不合格"), (Result.NONE, "不涉及"))


@dataclass(frozen=True)
class Answer:
    """One item as it was answered (单项结果)."""

    result: Result
    note: str = ""


def answers_fault(items: Collection[str], answers: Mapping[str, Answer]) -> dict[str, str]:
    """What is missing in a check, by item: every item is answered, and what is wrong says how (检查须逐项填写)."""
    told = {code: "请选择结果" for code in items if code not in answers}
    for code, answer in answers.items():
        if answer.result is Result.FAULT and not answer.note.strip():
            told[code] = "不合格的请写明情况"
        elif len(answer.note) > MOST_NOTE:
            told[code] = f"情况最多 {MOST_NOTE} 字"
    return told


def next_check(last: date | None, every: int) -> date | None:
    """The day on which a place is to be looked at again (下次检查); None when it never was: at once."""
    return None if last is None else last + timedelta(days=every)


# -- hours of volunteers ---------------------------------------------------------------------------


def hours_between(starts: time_of_day, ends: time_of_day) -> Decimal:
    """Hours from one time to another of the same day, to half an hour (时长，按半小时计)."""
    minutes = (ends.hour * 60 + ends.minute) - (starts.hour * 60 + starts.minute)
    return (Decimal(minutes) / 30).quantize(Decimal(1)) / 2


def shifts_meet(one: tuple[time_of_day, time_of_day], other: tuple[time_of_day, time_of_day]) -> bool:
    """Whether two shifts of one day overlap (班次重叠)."""
    return one[0] < other[1] and other[0] < one[1]
