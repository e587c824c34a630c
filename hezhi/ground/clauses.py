"""From a clause of the standard to its code (条款标注): `@clause("9.1.2-2")` on an action, job or view."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

TABLE: dict[str, list[str]] = defaultdict(list)
"""Clause id → dotted names of the functions that carry it out."""


def clause(*ids: str) -> Callable[[F], F]:
    """Say which clause of SZSD02 0014-2025 a function is there for."""

    def mark(function: F) -> F:
        for id_ in ids:
            TABLE[id_].append(f"{function.__module__}.{function.__qualname__}")
        function.clauses = ids  # type: ignore[attr-defined]
        return function

    return mark
