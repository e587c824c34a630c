"""Rules of areas (区域规则): how the code of a grid is written."""

import re
from collections.abc import Iterable

from hezhi.engines.geo.models import Area

LETTERS = {Area.Kind.BASIC: "J", Area.Kind.DEDICATED: "Z", Area.Kind.SPECIALISED: "Y"}
"""The letter of a grid's kind in its code: J 基础, Z 专属, Y 专业."""
_CODE = re.compile(r"(\d{12})([JZY])(\d{3})")
MOST_IN_A_COMMUNITY = 999


def grid_code_fault(code: str, kind: str, community_code: str = "") -> str:
    """What is wrong with a grid's code, in words; «» when it is right.

    16 signs: the 12 digits of the community (of the town and 000 for a grid across communities), the letter of
    the kind, a serial of 3 digits.
    """
    found = _CODE.fullmatch(code)
    if found is None:
        return f"网格编码应为 16 位：12 位社区代码、1 位类型字母（J 基础、Z 专属、Y 专业）、3 位顺序号，现为“{code}”。"
    letter = LETTERS[Area.Kind(kind)]
    if found[2] != letter:
        return f"{Area.Kind(kind).label}网格编码的第 13 位应为 {letter}，现为 {found[2]}。"
    if community_code and found[1] != community_code:
        return f"网格编码前 12 位应为所在社区代码 {community_code}，现为 {found[1]}。"
    if found[3] == "000":
        return "网格编码的顺序号从 001 起。"
    return ""


def next_codes(community_code: str, kind: str, taken: Iterable[str], many: int) -> list[str]:
    """The next free codes of a kind in a community; a code that was ever used is not given again.

    Raises ValueError when the three digits are used up.
    """
    start = f"{community_code}{LETTERS[Area.Kind(kind)]}"
    used = [int(code[-3:]) for code in taken if code.startswith(start) and code[-3:].isdigit()]
    last = max(used, default=0)
    if last + many > MOST_IN_A_COMMUNITY:
        raise ValueError(f"no code left for {many} more grids of {community_code}")
    return [f"{start}{last + n:03d}" for n in range(1, many + 1)]
