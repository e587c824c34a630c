"""Which column of a sheet is what of a message (对照表): data in `data/mappings/*.toml`, and how a row is read.

A mapping says what the columns are; the `Choice` says what nobody may guess: whose messages these are, in
which coordinate system they stand, whether the sheet's own time starts our limits.
"""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hezhi.chapters.cases.intake.rules import APPEALS, URGENCIES, Message
from hezhi.ground.masks import is_masked
from hezhi.ground.tables import Column, Row
from hezhi.ground.text import fold, one_line

FOLDER = Path(__file__).parent / "data" / "mappings"
OWN = "own"
"""The mapping of our own template."""
AS_TOLD = "来源类别"
"""Under this heading the desk finds the sender's own word for the category, when it is none of ours."""

MOST_NUMBER, MOST_ADDRESS = 60, 200
PLAIN = ("title", "text", "place", "name", "address", "platform_reference")
YES, NO = {"是", "1", "y", "yes", "true", "有", "√"}, {"", "否", "0", "n", "no", "false", "无", "×"}
CRS_TITLES = {
    "EPSG:4326": "WGS 84（手机定位、GPS）", "EPSG:4490": "CGCS2000（天地图、国家大地坐标）",
    "GCJ-02": "GCJ-02（高德、腾讯地图）", "BD-09": "BD-09（百度地图）",
}  # fmt: skip


@dataclass(frozen=True)
class SheetMapping:
    """One kind of sheet (对照表): its columns, and what they are of a message.

    A column whose name is a field of the message is that field; `compose` joins several columns to one
    field, `answers` keeps a column under a heading for the desk, `category` translates words to our codes.
    """

    code: str
    name: str
    columns: tuple[Column, ...]
    note: str = ""
    order: int = 9
    source: str = ""
    channel: str = ""
    clock: str = "now"
    zone: str = "Asia/Shanghai"
    compose: Mapping[str, Sequence[str]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    category: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """What the person has chosen for a file (导入选项)."""

    source: str
    crs: str = ""
    without_place: bool = False
    """Leave the coordinates out and keep the words of the place (不带位置)."""
    clock: str = "now"
    """«sheet»: the sheet's time starts our limits (从表中时间起算); «now»: it is only kept (从导入时起算)."""
    channel: str = ""
    """Under which outside platform the numbers are known (外部平台); empty: the source itself."""


@lru_cache(maxsize=1)
def mappings() -> dict[str, SheetMapping]:
    """All mappings by code, in their order."""
    found = [_read(path) for path in FOLDER.glob("*.toml")]
    return {each.code: each for each in sorted(found, key=lambda m: (m.order, m.code))}


def _read(path: Path) -> SheetMapping:
    told = tomllib.loads(path.read_text("utf-8"))
    columns = tuple(Column(**{**each, "also": tuple(each.get("also", ()))}) for each in told.pop("columns"))
    words = {fold(word): code for word, code in told.pop("category", {}).items()}
    return SheetMapping(code=path.stem, columns=columns, category=words, **told)


# -- reading a row ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """A row as a message (读成的诉求), or what is wrong with it: column's name → sentences."""

    row: Row
    message: Message | None
    faults: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass
class Reader:
    """Reads the rows of one file (读表人): the mapping, the choice, and the district's own category words."""

    mapping: SheetMapping
    choice: Choice
    category_codes: Mapping[str, str] = field(default_factory=dict)
    """Folded code, name or alias → code."""

    def read(self, row: Row) -> Reading:
        """The row as a message. Faults of cells are told together; the message's own check follows in intake."""
        faults: dict[str, list[str]] = {name: [f"{told}。"] for name, told in row.faults.items()}

        def ask(name: str, read: Callable[[str], object]) -> object:
            try:
                return read(self._text(row, name))
            except ValueError as fault:
                faults.setdefault(name, []).append(str(fault))
                return None

        given: dict[str, Any] = {name: self._text(row, name) for name in PLAIN}
        given |= {name: ask(name, read) for name, read in self._readers().items()}
        if faults:
            return Reading(row, None, faults)
        return Reading(row, self._message(row, given))

    def _readers(self) -> dict[str, Callable[[str], object]]:
        zone = ZoneInfo(self.mapping.zone)
        moments = ("told_at", "occurred_at", "outside_due_at")
        readers: dict[str, Callable[[str], object]] = {name: lambda t: read_moment(t, zone) for name in moments}
        readers |= {
            "urgency": lambda t: _code(t, URGENCIES, "紧急程度"),
            "appeal": lambda t: _code(t, APPEALS, "诉求类型") or "help",
            "anonymous": lambda t: _yes(t, "匿名"),
            "secret": lambda t: _yes(t, "要求保密"),
            "phone": _phone,
            "address": lambda t: _short(t, MOST_ADDRESS, "住址"),
            "outside_number": lambda t: _short(t, MOST_NUMBER, "外部编号"),
        }
        if not self.choice.without_place:
            readers |= {"lon": lambda t: _degrees(t, "经度"), "lat": lambda t: _degrees(t, "纬度")}
        return readers

    def _message(self, row: Row, given: dict[str, Any]) -> Message:
        told_at, number = given.pop("told_at"), given["outside_number"]
        answers = {heading: row.values.get(name, "") for heading, name in self.mapping.answers.items()}
        category, words = self._category(self._text(row, "category"))
        if words:
            answers[AS_TOLD] = words
        message = Message(
            source=self.choice.source,
            category=category,
            answers={heading: text for heading, text in answers.items() if text},
            crs=self.choice.crs if given.get("lon") is not None else "",
            outside_channel=(self.choice.channel or self.choice.source) if number else "",
            **given,
        )
        if self.choice.clock == "sheet":
            return replace(message, received_at=told_at)
        return replace(message, occurred_at=message.occurred_at or told_at)

    def _text(self, row: Row, name: str) -> str:
        """The text of a field: a column of that name, or several joined."""
        parts = self.mapping.compose.get(name)
        if parts is None:
            return row.values.get(name, "")
        told = dict.fromkeys(row.values.get(part, "") for part in parts)
        return ("；" if name == "text" else " ").join(filter(None, told))

    def _category(self, words: str) -> tuple[str, str]:
        """Our code for the sender's word, and the word itself when it is none of ours."""
        found = self.mapping.category.get(fold(words)) or self.category_codes.get(fold(words), "")
        return found, "" if found in self.category_codes.values() else one_line(words)[:200]


_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T ]*(\d{1,2})\s*[:：时]\s*(\d{1,2})\s*分?(?:\s*[:：]?\s*(\d{1,2})(?:\.\d+)?\s*秒?)?)?"
)


def read_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A moment as people and platforms write it: `2019/4/25 9:32:09`, `2026年3月5日`, ISO 8601 with an offset.

    Without an offset it is a time of `zone`. Raises ValueError with a sentence.
    """
    text = text.strip()
    if not text:
        return None
    found = _MOMENT.fullmatch(text)
    try:
        if found is None:
            moment = datetime.fromisoformat(text) if re.search(r"[T ].*(?:Z|[+-]\d\d:?\d\d)$", text) else None
        else:
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
            moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1990 <= moment.year <= 2100:
        raise ValueError("时间读不出来，请写成 2026-03-05 09:30 的样子，并把该列设为文本或日期格式。")
    return moment


def _degrees(text: str, label: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise ValueError(f"{label}不是数字，请写十进制度数，例如 120.183521。") from None


def _code(text: str, words: Mapping[str, str], label: str) -> str:
    if not text or text in words:
        return text
    for code, word in words.items():
        if text == word:
            return code
    raise ValueError(f"{label}请填 {'、'.join(words.values())} 之一。")


def _yes(text: str, label: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise ValueError(f"{label}请填“是”或“否”。")


def _phone(text: str) -> str:
    if "*" in text or is_masked("phone", text):
        raise ValueError("电话已被遮盖（带 * 号），无法联系到人。请补全号码，或把这一格清空后再导入。")
    return text


def _short(text: str, most: int, label: str) -> str:
    text = one_line(text)
    if len(text) > most:
        raise ValueError(f"{label}最多 {most} 个字，现在是 {len(text)} 个字。")
    return text


def has_points(places: Collection[str]) -> bool:
    """Whether a sheet with these columns has coordinates, so that their system must be asked for."""
    return bool({"lon", "lat"} & set(places))
