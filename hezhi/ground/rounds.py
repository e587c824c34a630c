"""What a round of the worker works off (待办堆): said by who owns the rows, so that a table renamed is renamed in one room."""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def fed_by(heap: str) -> Callable[[F], F]:
    """Say how it is seen that something waits for a round: what follows `SELECT FROM` to find one such row.

    It is asked each second beside all others, so an index must answer it. Moments are compared with
    `statement_timestamp()`.
    """

    def mark(function: F) -> F:
        function.heap = heap  # type: ignore[attr-defined]
        return function

    return mark


def heap_of(function: Callable[..., Any]) -> str:
    """How its heap is looked at; empty where a round is done by the clock alone."""
    return str(getattr(function, "heap", ""))
