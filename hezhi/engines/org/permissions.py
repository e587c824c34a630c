"""The names of permissions (权限名称), so that a refusal can say them in Chinese.

The codes belong to the chapters, which declare them at start; this floor only remembers the words.
"""

from collections.abc import Mapping

_names: dict[str, str] = {}


def declare(names: Mapping[str, str]) -> None:
    """Make permissions known: code -> Chinese name. Declaring a code again replaces its name."""
    _names.update(names)


def name_of(code: str) -> str:
    """The Chinese name of a permission, or its code when nobody declared it."""
    return _names.get(code, code)


def all_permissions() -> dict[str, str]:
    """Every declared permission, in order of declaration."""
    return dict(_names)
