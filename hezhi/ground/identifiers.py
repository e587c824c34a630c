"""Numbers of the state that can check themselves: ID card, credit code, phones (标识符校验).

Each check takes what a person typed and gives back a `Check`: the number in its one right form, a
Chinese sentence when it cannot be right, and a warning when it may be right but deserves a look.
Nothing here asks a register whether the number was ever given out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from operator import mul

from hezhi.ground.time import today

__all__ = [
    "Check",
    "ResidentId",
    "check_bank_card",
    "check_landline",
    "check_mobile",
    "check_phone",
    "check_resident_id",
    "check_uscc",
    "id_check_sign",
    "luhn_fits",
    "plain_number",
    "uscc_check_sign",
]


@dataclass(frozen=True)
class Check:
    """The outcome of a check (校验结果). The number itself stays out of `repr` and so out of logs."""

    value: str = field(repr=False)
    """The number in its one form: half-width, no gaps, letters upper case."""
    fault: str | None = None
    """Why it cannot be right, in Chinese; None when it can."""
    warning: str | None = None
    """Why it deserves a second look; never a reason to refuse."""

    @property
    def ok(self) -> bool:
        return self.fault is None


@dataclass(frozen=True)
class ResidentId(Check):
    """A checked ID number (公民身份号码), with what can be read from a right one."""

    birth_date: date | None = field(default=None, repr=False)
    sex: str = field(default="", repr=False)
    """GB/T 2261.1: "1" 男, "2" 女, "" when the number is wrong."""
    was_old: bool = False
    """It came as an old number of 15 digits and was carried over to 18."""


def plain_number(typed: str) -> str:
    """Half-width and upper case, without gaps, hyphens and brackets: the form numbers are compared in."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    close = re.sub(r"[\s\-‐-―−()\u200b-\u200d\ufeff]", "", plain)
    # Without its gaps a text may compose anew (a mark that stood alone joins the letter before it).
    return unicodedata.normalize("NFKC", close)


# -- ID card, GB 11643 -----------------------------------------------------------------------------

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_SIGNS = "10X98765432"
_OLDEST_YEAR = 1880

# The first two digits of GB/T 2260. Counties come and go, and an ID card keeps the code of its day
# of issue, so the code is never a reason to refuse.
_PROVINCES = (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91"
)


def id_check_sign(first_17: str) -> str:
    """The check sign that belongs to the first 17 digits of an ID number."""
    if len(first_17) != len(_ID_WEIGHTS):
        raise ValueError("17 digits, not more and not fewer")
    return _ID_SIGNS[sum(map(mul, map(int, first_17), _ID_WEIGHTS)) % 11]


def check_resident_id(typed: str, *, old_too: bool = False, on: date | None = None) -> ResidentId:
    """Check an ID number by length, date and check sign; the area code only warns (GB 11643-1999).

    `old_too` also takes numbers of 15 digits and carries them over to 18: for imports of old books.
    `on` is the day on which the person must have been born already, today unless told.
    """
    number = plain_number(typed)
    was_old = old_too and re.fullmatch(r"[0-9]{15}", number) is not None
    if was_old:
        first_17 = f"{number[:6]}19{number[6:]}"
        number = first_17 + id_check_sign(first_17)
    fault = _id_shape_fault(number)
    if fault:
        return ResidentId(number, fault, was_old=was_old)
    born = _day(number[6:14])
    if born is None or not date(_OLDEST_YEAR, 1, 1) <= born <= (on or today()):
        return ResidentId(number, "身份证号的第 7 至 14 位不是真实的出生日期，请对照证件核对", was_old=was_old)
    if id_check_sign(number[:17]) != number[17]:
        return ResidentId(number, "身份证号的末位与前 17 位对不上，可能有一位录错，请对照证件核对", was_old=was_old)
    warning = None if number[:2] in _PROVINCES else "身份证号的前两位不是现行的省级代码，请对照证件确认"
    return ResidentId(number, None, warning, born, "1" if int(number[16]) % 2 else "2", was_old)


def _id_shape_fault(number: str) -> str | None:
    if len(number) != 18:
        return f"身份证号应为 18 位，现为 {len(number)} 位"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return "身份证号的前 17 位应为数字，末位为数字或 X"
    return None


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


# -- unified social credit code, GB 32100 ----------------------------------------------------------

_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def uscc_check_sign(first_17: str) -> str:
    """The check sign that belongs to the first 17 signs of a credit code."""
    total = sum(_USCC_SIGNS.index(sign) * weight for sign, weight in zip(first_17, _USCC_WEIGHTS, strict=True))
    return _USCC_SIGNS[-total % 31]


def check_uscc(typed: str) -> Check:
    """Check a unified social credit code (统一社会信用代码, GB 32100-2015)."""
    code = plain_number(typed)
    if len(code) != 18:
        return Check(code, f"统一社会信用代码应为 18 位，现为 {len(code)} 位")
    strange = sorted(set(code) - set(_USCC_SIGNS))
    if strange:
        return Check(code, f"统一社会信用代码不使用「{'、'.join(strange)}」，字母 I、O、S、V、Z 易与数字混淆，请核对")
    if uscc_check_sign(code[:17]) != code[17]:
        return Check(code, "统一社会信用代码的末位与前 17 位对不上，可能有一位录错，请对照执照核对")
    return Check(code)


# -- phones ----------------------------------------------------------------------------------------

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_COUNTRY = re.compile(r"^(?:\+|00)?86(?=1[3-9][0-9]{9}$)|^(?:\+|00)86(?=[0-9])")
# Two-digit area codes (010, 02x) go with 8 digits, three-digit ones with 7 or 8.
_LANDLINE = re.compile(r"(010|02[0-9])([2-8][0-9]{7})|(0[3-9][0-9]{2})([2-8][0-9]{6,7})")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_EXTENSION = re.compile(r"(?:转|EXT\.?|#|,)([0-9]{1,6})$")


def check_mobile(typed: str) -> Check:
    """Check a mobile number of the mainland (手机号码); +86 in front is taken off."""
    number = _COUNTRY.sub("", plain_number(typed))
    if re.search(r"[^0-9]", number):
        return Check(number, "手机号码只能是数字")
    if len(number) != 11:
        return Check(number, f"手机号码应为 11 位数字，现为 {len(number)} 位")
    if not _MOBILE.fullmatch(number):
        return Check(number, "手机号码应以 13 至 19 开头，请核对")
    return Check(number)


def check_landline(typed: str) -> Check:
    """Check a landline number (固定电话); without an area code it warns. Form: 0532-86000000转801."""
    number = plain_number(typed)
    number = re.sub(r"^(?:\+|00)86(0?)(?=[0-9])", "0", number)
    extension = _EXTENSION.search(number)
    number = number[: extension.start()] if extension else number
    tail = f"转{extension[1]}" if extension else ""
    whole = _LANDLINE.fullmatch(number)
    if whole:
        area, local = whole[1] or whole[3], whole[2] or whole[4]
        return Check(f"{area}-{local}{tail}")
    if _LOCAL.fullmatch(number):
        return Check(number + tail, warning="座机号码没有区号，外地号码将无法回拨，建议补上区号")
    return Check(number + tail, "座机号码应为区号加 7 或 8 位号码，例如 0532-86000000")


def check_phone(typed: str) -> Check:
    """Check a mobile or landline number (联系电话): what starts with 1 is held to be a mobile."""
    number = _COUNTRY.sub("", plain_number(typed))
    if number.startswith("1"):
        mobile = check_mobile(number)
        fault = mobile.fault and mobile.fault.replace("手机号码", "联系电话")
        return Check(mobile.value, fault)
    landline = check_landline(typed)
    if landline.fault and not re.search(r"[^0-9]", number):
        return Check(landline.value, f"联系电话应为 11 位手机号码，或区号加座机号码，现为 {len(number)} 位数字")
    return landline


# -- bank card -------------------------------------------------------------------------------------


def luhn_fits(digits: str) -> bool:
    """Whether the last digit fits the others by the Luhn rule (GB/T 15694)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def check_bank_card(typed: str) -> Check:
    """Check a bank card number (银行卡号): 16 to 19 digits, with a fitting last one."""
    number = plain_number(typed)
    if not re.fullmatch(r"[0-9]{16,19}", number):
        return Check(number, "银行卡号应为 16 至 19 位数字")
    if not luhn_fits(number):
        return Check(number, "银行卡号的末位与其余各位对不上，可能有一位录错，请对照卡面核对")
    return Check(number)
