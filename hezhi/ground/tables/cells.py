"""One cell (单元格): harmless on the way out, itself again on the way in."""

from __future__ import annotations

import re

__all__ = ["plain_cell", "safe_cell"]

# What a spreadsheet takes for the beginning of a formula, half and full width, behind any gaps; a
# plain number may keep its sign. Our own apostrophes count too, so that taking one off again is exact.
_FORMULA = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
_GUARDED = re.compile(r"''*\s*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+\-]?[0-9]+(?:\.[0-9]+)?%?")


def safe_cell(text: str) -> str:
    """A text for a CSV cell that no spreadsheet runs as a formula (防公式注入): a ' is put before it."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def plain_cell(text: str) -> str:
    """The text that `safe_cell` guarded: `plain_cell(safe_cell(x)) == x` for each x."""
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text
