"""What can be known of homes and people without asking the database (基础台账的规则)."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

_CODES = Path(__file__).parent / "data" / "codes.toml"


@cache
def code_lists() -> Mapping[str, Mapping[str, Any]]:
    """The code lists of the room (代码表): name → title, source, items (code → Chinese)."""
    return tomllib.loads(_CODES.read_text("utf-8"))


def codes(name: str) -> list[tuple[str, str]]:
    """The (code, Chinese) pairs of a list, as a field's choices; raises KeyError for a list that is not there."""
    return list(code_lists()[name]["items"].items())


def chosen_from(name: str) -> Callable[[], list[tuple[str, str]]]:
    """The choices of a model's field, read when they are needed, so that a new code is no new migration."""
    return partial(codes, name)


def name_of_code(name: str, code: str) -> str:
    """The Chinese of a code; the code itself when the list does not know it any more."""
    return str(code_lists()[name]["items"].get(code, code))
