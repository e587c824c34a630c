"""Columns of a table, and how a person's headings are matched to them (表头对应)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hezhi.ground.text import fold, one_line

__all__ = ["REASON", "Column", "Match", "match_headings"]

REASON = "未导入原因"
"""The heading under which refused rows carry their reason; passed over when the sheet comes back."""


@dataclass(frozen=True)
class Column:
    """One column of a template and an import (列)."""

    name: str
    """For code."""
    title: str
    """The heading, in Chinese."""
    required: bool = False
    choices: tuple[str, ...] = ()
    """What may be chosen; a drop-down in the template."""
    explain: str = ""
    """How to fill it in, for the explanation sheet."""
    example: str = ""
    also: tuple[str, ...] = ()
    """Other headings that mean the same."""
    width: int = 16
    """In characters of the sheet."""


@dataclass
class Match:
    """Which column stands where (对应结果)."""

    places: dict[str, int] = field(default_factory=dict)
    """Column's name → its place, from 0."""
    unknown: list[str] = field(default_factory=list)
    """Headings that belong to no column; their cells are kept but not used."""
    missing: list[Column] = field(default_factory=list)
    """Required columns that are not there."""
    doubled: list[str] = field(default_factory=list)


def _key(heading: str) -> str:
    """Headings are compared without stars, notes in brackets, colons and gaps: «*姓名（必填）:» is «姓名»."""
    bare = re.sub(r"[(（\[【].*?[)）\]】]|[*＊:：]", "", one_line(heading))
    return fold(bare or heading)


def match_headings(columns: Sequence[Column], headings: Sequence[str]) -> Match:
    """Match headings to columns; the exact heading wins over its other names."""
    wanted: dict[str, Column] = {}
    for column in columns:
        for title in (*column.also, column.title):
            wanted[_key(title)] = column
    found = Match()
    for place, heading in enumerate(headings):
        column_here = wanted.get(_key(heading)) if heading.strip() else None
        if column_here is None:
            if heading.strip() and _key(heading) != _key(REASON):
                found.unknown.append(one_line(heading))
        elif column_here.name in found.places:
            found.doubled.append(column_here.title)
        else:
            found.places[column_here.name] = place
    found.missing = [column for column in columns if column.required and column.name not in found.places]
    return found
