"""What a key may do, in words (接口权限). The codes belong to the channel that offers them and declares them at start."""

from collections.abc import Mapping

_names: dict[str, str] = {}


def declare(names: Mapping[str, str]) -> None:
    """Make scopes known: code -> Chinese name. Declaring a code again replaces its name."""
    _names.update(names)


def all_scopes() -> dict[str, str]:
    """Every declared scope, in order of declaration."""
    return dict(_names)


def name_of(code: str) -> str:
    """The Chinese name of a scope, or its code when nobody declared it."""
    return _names.get(code, code)
