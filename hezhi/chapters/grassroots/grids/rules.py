"""Rules of grid management (网格管理规则): what may stand in a note, who may hold what, what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from uuid import UUID

from hezhi.ground.masks import find_personal

CARE_WORDS = (
    "吸毒", "戒毒", "涉毒", "刑满", "刑释", "社区矫正", "矫正对象", "精神病", "精神障碍", "精神分裂", "艾滋", "HIV",
    "上访", "信访人", "缠访", "重点人员", "前科", "低保户", "残疾人", "孤寡", "鳏寡", "留守儿童", "留守老人", "涉军",
)  # fmt: skip
"""Words that put a person into a category: they belong into a care file with its own key, never on a map."""

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_NAME_THEN = "家|宅|住|户|独居|老人|夫妇|母女|父子|本人|先生|女士|师傅|大爷|大妈|阿姨|同志"
_NAMED = re.compile(rf"(?:^|[\s，。、；：,;:（(])([{_SURNAMES}][一-鿿]{{1,2}})(?=\s|{_NAME_THEN}|[，。、；：,;:）)]|$)")
_NO_NAMES = re.compile(
    r"(路|街|巷|桥|河|园|楼|门|口|站|点|栓|池|亭|广场|社区|小区|村|店|厂|校|院|栋|号|区|牌|房|库|井|杆|箱|灯)$"
)
_PLACES = frozenset(
    {
        "石台",
        "石桥",
        "方池",
        "江堤",
        "高台",
        "白线",
        "文化",
        "金属",
        "高压",
        "高空",
        "武装",
        "万能",
        "易燃",
        "易爆",
        "常闭",
        "常开",
        "黄线",
    }
)


def note_fault(text: str, checked: bool) -> str:
    """Why a text may not stand on the map, and where it belongs instead; «» when it may.

    Numbers of people and words of a care category are never let through; what only looks like a name is,
    once somebody has `checked` it.
    """
    found = next((word for word in CARE_WORDS if word.lower() in text.lower()), "")
    if found:
        return f"标注里不能写“{found}”这类人员情况。需要帮扶的，请在关爱档案中登记；地图上只标地点。"
    if find_personal(text):
        return "标注里有电话号码或证件号，请删去。联系方式请登记在人员或场所台账里。"
    if not checked and (name := _name_in(text)):
        return f"“{name}”看起来是居民姓名，标注只写地点和事项。如确实不是人名，请勾选“已核对”后再保存。"
    return ""


def _name_in(text: str) -> str:
    for found in _NAMED.finditer(text):
        name = found[1]
        if not _NO_NAMES.search(name) and name not in _PLACES:
            return str(name)
    return ""


@dataclass(frozen=True)
class Held:
    """A running duty of a person (现任), as far as the rules need it."""

    grid: UUID
    role: str
    starts_on: date
    ends_on: date | None = None

    def overlaps(self, starts_on: date, ends_on: date | None) -> bool:
        """Whether both duties run on some common day."""
        return (ends_on is None or self.starts_on < ends_on) and (self.ends_on is None or starts_on < self.ends_on)


def duty_fault(
    role: str, grid: UUID, starts_on: date, ends_on: date | None, others: Iterable[Held], why_second: str
) -> tuple[str, str]:
    """Which field of a duty is wrong, and why: («», «») when it may stand (一人一专职格，兼任须说明)."""
    if ends_on is not None and ends_on < starts_on:
        return "ends_on", f"卸任日期不能早于任职日期 {starts_on:%Y-%m-%d}。"
    running = [held for held in others if held.overlaps(starts_on, ends_on)]
    if any(held.grid == grid and held.role == role for held in running):
        return "user", "此人在这个网格已经是这个身份，时间有重叠。"
    second = role == "full_time" and any(held.role == "full_time" and held.grid != grid for held in running)
    if second and not why_second.strip():
        return "why_second", "此人已是另一个网格的专职网格员，再任一格须写明原因。"
    return "", ""


NO_MEMBER, NO_DUTIES, CODE, MANY, CUT = "no_member", "no_duties", "code", "many", "cut"
FAULT_NAMES = {
    NO_MEMBER: "没有网格员", NO_DUTIES: "没有职责清单", CODE: "编码不合规则", MANY: "户数超过标准", CUT: "切分了基础网格",
}  # fmt: skip


def print_of(grids: Sequence[tuple[str, str, str]]) -> str:
    """A short print of grids as (key, name, shape): the same as long as nobody changed any of them."""
    digest = blake2b(digest_size=16)
    for row in sorted(grids):
        digest.update("|".join(row).encode())
    return digest.hexdigest()


def per_cent(part: int, whole: int) -> str:
    """«83%», and a dash without a base: a figure without a base is no figure."""
    return f"{round(100 * part / whole)}%" if whole else "—"


def counted(number: int | None, least: int = 0) -> str:
    """A number on a page; small ones of special categories are «少于 10» (data protection P6)."""
    if number is None:
        return "—"
    return f"少于 {least}" if least and 0 < number < least else f"{number:,}"
