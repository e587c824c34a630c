"""Masks over personal data (脱敏), and the finder of numbers in free text.

The masks follow GB/T 35273 7.2 as the house's privacy matrix draws them. They are made on the
server: what is masked never leaves it. A value that has not the form of its kind is hidden more,
never less, so a phone typed into a name's field shows one digit at most. Masking twice changes
nothing, which is how an import notices that somebody hands our own stars back to us.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from hezhi.ground.identifiers import check_bank_card, check_resident_id, plain_number
from hezhi.ground.text import half_width, tidy_name

__all__ = ["Kind", "Span", "entry_warning", "find_personal", "is_masked", "mask", "mask_text"]


class Kind(StrEnum):
    """What a value says about a person (个人信息种类)."""

    NAME = "name"
    """姓名: the surname stays."""
    RESIDENT_ID = "resident_id"
    """身份证号 in lists: first and last sign."""
    RESIDENT_ID_CASE = "resident_id_case"
    """身份证号 on the page of one case: first three and last four, never the birth date."""
    PHONE = "phone"
    """电话, mobile or landline."""
    ADDRESS = "address"
    """住址: down to the community."""
    BANK_CARD = "bank_card"
    """银行卡号: last four."""
    BIRTH_DATE = "birth_date"
    """出生日期: the year."""
    EMAIL = "email"
    """电子邮箱: first sign and domain."""
    PLATE = "plate"
    """号牌: first two and last sign."""
    CATEGORY = "category"
    """健康、帮扶类别等: never shown, a neutral word instead."""
    TEXT = "text"
    """自由文本: only the numbers found inside are masked."""


def mask(kind: Kind | str, value: object) -> str:
    """The value as others may see it. Nothing (None, "") stays nothing.

    Raises ValueError for a kind that does not exist.
    """
    hide = _MASKS[Kind(kind)]
    text = "" if value is None else str(value)
    return hide(text) if text else ""


def is_masked(kind: Kind | str, value: str) -> bool:
    """Whether this is a mask rather than a value: an import must not write it over the true one."""
    if Kind(kind) is Kind.TEXT:
        return _MASK_IN_TEXT.search(value) is not None
    return "*" in value and mask(kind, value) == value


# -- the masks, one by one -------------------------------------------------------------------------

_TWO_SIGN_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠"
        "公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁"
        "拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生公户公玉公仪梁丘公仲公上公门公山公坚左丘公伯"
        "西门公祖第五公乘贯丘公皙南荣东里东宫仲长子书子桑即墨达奚褚师吴铭",
    )
)
_MOST_STARS = 3


def _name(value: str) -> str:
    name = tidy_name(value)
    kept = 2 if len(name) > 2 and name[:2] in _TWO_SIGN_SURNAMES else 1
    if len(name) < 2:
        return "*"
    return name[:kept] + "*" * min(len(name) - kept, _MOST_STARS)


def _resident_id(value: str) -> str:
    number = plain_number(value)
    if len(number) not in (15, 18):
        return "*" * min(len(number), 18)
    return number[0] + "*" * (len(number) - 2) + number[-1]


def _resident_id_case(value: str) -> str:
    number = plain_number(value)
    if len(number) not in (15, 18):
        return "*" * min(len(number), 18)
    tail = len(number) // 6 + 1  # 4 of 18; of the old 15 only 3, the fourth is of the birthday
    return number[:3] + "*" * (len(number) - 3 - tail) + number[-tail:]


def _phone(value: str) -> str:
    number = re.sub(r"^(?:\+|00)86(?=1)|^86(?=1.{10}$)", "", plain_number(value))
    number = re.sub(r"^(?:\+|00)860?", "0", number)
    if len(number) == 11 and number.startswith("1"):
        return f"{number[:3]}****{number[-4:]}"
    number = re.split("[转#,]|EXT", number)[0]
    area = re.match(r"010|02[0-9]|0[3-9][0-9]{2}", number)
    local = number[area.end() :] if area else number
    shown = local[-2:] if len(local) >= 6 else ""
    return (f"{area[0]}-" if area else "") + "****" + shown


# Only what stands before the first digit is read: behind it may be a house, a flat, a phone.
_COMMUNITY = re.compile(r"[^0-9]*?(?:社区|居委会|村委会|村民委员会|居民委员会|村(?![路街镇里口]))")
_TOWN = re.compile(r"[^0-9]*?(?:街道办事处|街道|[镇乡](?!路|街)|(?<!社|小|园|厂|矿|校|院)区|县)")


def _address(value: str) -> str:
    place = half_width("".join(value.split()))
    kept = _COMMUNITY.match(place) or _TOWN.match(place)
    return (kept[0] if kept and "*" not in kept[0] else "") + "***"


def _bank_card(value: str) -> str:
    number = plain_number(value)
    return f"**** {number[-4:]}" if len(number) >= 8 else "****"


def _birth_date(value: str) -> str:
    year = re.match(r"(?:18|19|20)[0-9]{2}(?![0-9*])", half_width(value).strip())
    return year[0] if year else "****"


def _email(value: str) -> str:
    local, at, domain = half_width(value).strip().rpartition("@")
    return f"{local[0]}***@{domain}" if at and local and "." in domain else "***"


# Province, letter, number: what does not look like one is hidden whole, so that nothing is left to be read anew.
_PLATE = re.compile(r"\w[A-Z0-9][A-Z0-9*]{3,6}\w")


def _plate(value: str) -> str:
    plate = re.sub(r"[·•.]", "", plain_number(value))
    return f"{plate[:2]}***{plate[-1]}" if _PLATE.fullmatch(plate) else "***"


def _category(value: str) -> str:
    return "关爱服务"


# -- numbers in free text --------------------------------------------------------------------------


@dataclass(frozen=True)
class Span:
    """A personal number inside a text (个人信息片段): `text[start:end]`. Its value stays out of logs."""

    kind: Kind
    start: int
    end: int
    value: str = field(repr=False)


def _digits() -> dict[int, str]:
    """The digits of all scripts. Unicode has them in runs of ten, so one sign in ten is looked at."""
    zeros = {sign - unicodedata.decimal(chr(sign)) for sign in range(0x660, 0x1FBFA, 10) if chr(sign).isdecimal()}
    return {zero + digit: str(digit) for zero in zeros for digit in range(10)}


# Each sign is read in its plain form, but stands where it stood: positions hold in the original.
_DIGITS = _digits()
_GAPS = {
    0xA0: " ",
    0x3000: " ",
    **dict.fromkeys(range(0x2000, 0x200B), " "),
    **dict.fromkeys(range(0x2010, 0x2016), "-"),
}
_BRACKETS = {ord("（"): "(", ord("）"): ")"}
_PLAIN = _DIGITS | _GAPS | _BRACKETS

_GAP = r"[ \-._·]?"
# A longer number is never broken, nor the decimals of a coordinate such as 120.138…; one digit and
# a dot before it («1.138…») is the number of a line in a list.
_START = r"(?<![0-9])(?<![0-9][0-9]\.)"
_END = r"(?![0-9])"
_COUNTRY = r"(?:(?:\+|00)?86[ \-]?)?"
_AREA = r"(?:10|2[0-9]|[3-9][0-9]{2})"
_FINDERS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.RESIDENT_ID, re.compile(rf"{_START}(?P<it>[1-9](?:{_GAP}[0-9]){{16}}{_GAP}[0-9Xx]){_END}")),
    (
        Kind.BANK_CARD,
        re.compile(rf"{_START}(?P<it>[3-9][0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{3}}(?:{_GAP}[0-9]{{1,3}})?){_END}"),
    ),
    (
        Kind.PHONE,
        re.compile(
            rf"{_START}(?P<it>{_COUNTRY}(?:1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"
            rf"|1[3-9][0-9]{{2}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}))(?:{_END})"
        ),
    ),
    (
        Kind.PHONE,
        re.compile(
            rf"{_START}(?P<it>(?:(?:\+|00)86[ \-]?0?{_AREA}|0{_AREA}|\(0{_AREA}\))[ \-]?[2-8][0-9]{{2,3}}[ \-]?[0-9]{{4}}){_END}"
        ),
    ),
    (
        Kind.PHONE,
        re.compile(rf"(?:电话|座机|固话|[Tt][Ee][Ll])[^0-9\n]{{0,4}}(?P<it>[2-8][0-9]{{2,3}}[ \-]?[0-9]{{4}}){_END}"),
    ),
)
_CARD_STARTS = re.compile(r"62[0-9]{14,17}|[45][0-9]{15}|60[0-9]{14,17}|35[0-9]{14}|9558[0-9]{15}")
_FITS: dict[Kind, Callable[[str], bool]] = {
    Kind.RESIDENT_ID: lambda number: check_resident_id(number).ok,
    Kind.BANK_CARD: lambda number: bool(_CARD_STARTS.fullmatch(number)) and check_bank_card(number).ok,
    Kind.PHONE: lambda number: True,
}


def find_personal(text: str) -> list[Span]:
    """The ID, phone and bank card numbers in a text, in their order.

    ID numbers must fit by date and check sign, cards by issuer and last digit: so a case's number
    or a grid's code of like length is left alone. Landlines without an area code are found only
    behind a word that announces them (电话 …). Names, addresses and plates are not looked for.
    """
    flat = half_width(text).translate(_PLAIN)
    found: list[Span] = []
    for kind, pattern in _FINDERS:
        for start, end in _matches(pattern, flat):
            number = plain_number(re.sub(r"[._·]", "", flat[start:end]))
            free = all(end <= other.start or start >= other.end for other in found)
            if free and _FITS[kind](number):
                found.append(Span(kind, start, end, number))
    return sorted(found, key=lambda span: span.start)


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    # Overlapping ones too: «3 3702…» must not swallow the number behind the first 3.
    hit = pattern.search(text)
    while hit:
        yield hit.span("it")
        hit = pattern.search(text, hit.start() + 1)


def mask_text(text: str) -> str:
    """The text with each personal number masked and every other sign untouched."""
    parts, at = [], 0
    for span in find_personal(text):
        parts += [text[at : span.start], mask(span.kind, span.value)]
        at = span.end
    return "".join([*parts, text[at:]])


_WORDS = {Kind.RESIDENT_ID: "身份证号", Kind.PHONE: "电话号码", Kind.BANK_CARD: "银行卡号"}
_MASK_IN_TEXT = re.compile(
    r"(?<![0-9*])(?:1[3-9][0-9]\*{4}[0-9]{4}|[0-9]\*{16}[0-9X]|0[0-9]{2,3}-\*{4}[0-9]{2})(?![0-9*])"
)


def entry_warning(text: str) -> str | None:
    """What to say to a person who is typing personal numbers into a text, or None (录入提醒)."""
    counts = Counter(span.kind for span in find_personal(text))
    if not counts:
        return None
    told = "、".join(f"{count} 个{_WORDS[kind]}" for kind, count in counts.items())
    return f"文中似有 {told}，显示时会自动遮盖；如与办理无关，请删去后再提交"


_MASKS: dict[Kind, Callable[[str], str]] = {
    Kind.NAME: _name,
    Kind.RESIDENT_ID: _resident_id,
    Kind.RESIDENT_ID_CASE: _resident_id_case,
    Kind.PHONE: _phone,
    Kind.ADDRESS: _address,
    Kind.BANK_CARD: _bank_card,
    Kind.BIRTH_DATE: _birth_date,
    Kind.EMAIL: _email,
    Kind.PLATE: _plate,
    Kind.CATEGORY: _category,
    Kind.TEXT: mask_text,
}
