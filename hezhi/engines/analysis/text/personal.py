"""Numbers of persons inside free text (文中个人信息): identity cards, phones, bank cards.

People write their numbers into the story. The detector gives spans: intake warns of them, screens
show them masked, whoever looks on from the side never gets them. It reads full-width signs, gaps and
dashes, and numbers spelt in Chinese signs (一三八…). Pure, without a model; it imports nothing of ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

__all__ = ["KINDS", "Span", "find", "masked", "warning"]

KINDS = {
    "id_card": "身份证号",
    "id_card_doubtful": "疑似身份证号",
    "mobile": "手机号",
    "landline": "固定电话",
    "bank_card": "疑似银行卡号",
}

_GAP = r"[ \-‐‑–—.·()]{1,2}"
_RUN = re.compile(rf"(?<![0-9a-z])(?:\(?\+?[0-9]+)(?:{_GAP}[0-9]+)*x?(?![a-z])", re.IGNORECASE)
_GROUP = re.compile(r"[0-9]+x?", re.IGNORECASE)
_SPELT = re.compile(r"[〇零一二三四五六七八九幺两]{11,18}")
_SPELT_DIGITS = str.maketrans("〇零一二三四五六七八九幺两", "0012345678912")
_MOBILE = re.compile(r"(?:86|0086)?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_CUE = re.compile(r"(?:电话|座机|联系|拨打|致电)\D{0,6}$")
_CODES_OF_PROVINCES = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83"
)
_PROVINCES = frozenset(_CODES_OF_PROVINCES.split())
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_MOST_GROUPS = 6


@dataclass(frozen=True, slots=True)
class Span:
    """A number of a person in a text: from `start` up to but not including `end`."""

    start: int
    end: int
    kind: str
    digits: str

    @property
    def name(self) -> str:
        """The kind in the words of the office."""
        return KINDS[self.kind]

    def mask(self, in_list: bool = False) -> str:
        """What may be shown instead: the stricter form in lists, the longer one on a case's own page."""
        if self.kind.startswith("id_card"):
            head, tail = (1, 1) if in_list else (3, 4)
            return self.digits[:head] + "*" * (len(self.digits) - head - tail) + self.digits[-tail:]
        if self.kind == "mobile":
            return f"{self.digits[:3]}****{self.digits[-4:]}"
        if self.kind == "landline":
            area = _area_code(self.digits)
            return f"{area}-****{self.digits[-2:]}" if area else f"****{self.digits[-2:]}"
        return f"**** {self.digits[-4:]}"


def find(text: str) -> list[Span]:
    """All numbers of persons in a text, from left to right, never overlapping."""
    flat = _flat(text)
    spans = [span for run in _RUN.finditer(flat) for span in _in_run(flat, run)]
    spans += _spelt(flat)
    return sorted(spans, key=lambda span: span.start)


def masked(text: str, in_list: bool = False) -> str:
    """The text as others may read it: every number of a person behind its mask."""
    shown, at = [], 0
    for span in find(text):
        shown += [text[at : span.start], span.mask(in_list)]
        at = span.end
    return "".join([*shown, text[at:]])


def warning(text: str) -> str:
    """One sentence for the person who is typing, empty when there is nothing to say."""
    spans = find(text)
    if not spans:
        return ""
    counts = [f"{sum(s.name == name for s in spans)} 个{name}" for name in dict.fromkeys(s.name for s in spans)]
    return f"内容里有{'、'.join(counts)}，如与办理无关请删去；保存后其他人只能看到遮盖后的号码。"


def _flat(text: str) -> str:
    """The text with full-width signs narrowed, sign by sign, so that places stay the same."""
    return "".join(_narrow(sign) for sign in text)


def _narrow(sign: str) -> str:
    if sign.isascii() or "\u4e00" <= sign <= "\u9fff":
        return sign
    plain = unicodedata.normalize("NFKC", sign)
    return plain if len(plain) == 1 else sign


def _in_run(text: str, run: re.Match[str]) -> Iterator[Span]:
    """Numbers in a run of digits with gaps: the longest meaningful stretch of groups first."""
    groups = list(_GROUP.finditer(text, run.start(), run.end()))
    at = 0
    while at < len(groups):
        for last in range(min(len(groups), at + _MOST_GROUPS), at, -1):
            start, end = groups[at].start(), groups[last - 1].end()
            digits = "".join(g[0] for g in groups[at:last]).upper()
            before = text[max(0, start - 12) : start] if last - at <= 2 else ""
            kind = _kind(digits, before)
            if kind:
                yield Span(start, end, kind, _MOBILE.sub(r"\1", digits) if kind == "mobile" else digits)
                at = last - 1
                break
        at += 1


def _kind(digits: str, before: str) -> str:
    """What a number is, empty when it is nobody's; `before` are the signs in front of a short one."""
    identity = _identity(digits)
    if identity:
        return identity
    if not digits.isdigit():
        return ""
    if _MOBILE.fullmatch(digits):
        return "mobile"
    if _LANDLINE.fullmatch(digits) or (_LOCAL.fullmatch(digits) and _CUE.search(before)):
        return "landline"
    if 16 <= len(digits) <= 19 and digits[0] in "3456" and _luhn(digits):
        return "bank_card"
    return ""


def _identity(digits: str) -> str:
    if digits[:2] not in _PROVINCES:
        return ""
    if len(digits) == 18 and digits[:17].isdigit() and _is_day(digits[6:14]):
        total = sum(int(d) * w for d, w in zip(digits, _ID_WEIGHTS, strict=False))
        return "id_card" if _ID_CHECKS[total % 11] == digits[17] else "id_card_doubtful"
    # Old numbers of 15 signs: nobody alive has one from before 1920, but area codes look like that.
    if len(digits) == 15 and digits.isdigit() and digits[6] >= "2" and _is_day(f"19{digits[6:12]}"):
        return "id_card_doubtful"
    return ""


def _is_day(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1900
    except ValueError:
        return False


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _spelt(text: str) -> Iterator[Span]:
    for run in _SPELT.finditer(text):
        digits = run[0].translate(_SPELT_DIGITS)
        identity = _identity(digits)
        if identity:
            yield Span(run.start(), run.end(), identity, digits)
        elif mobile := re.search(r"1[3-9][0-9]{9}", digits):
            yield Span(run.start() + mobile.start(), run.start() + mobile.end(), "mobile", mobile[0])


def _area_code(digits: str) -> str:
    if not digits.startswith("0"):
        return ""
    return digits[:3] if digits[1] in "12" else digits[:4]
