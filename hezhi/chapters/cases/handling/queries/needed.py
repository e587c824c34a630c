"""Cases that other rooms still need, and which therefore keep their words (未了事项)."""

from collections.abc import Callable

from django.db.models import Q

from hezhi.engines.org.scope import any_of

_NEEDED: dict[str, Callable[[], Q]] = {}


def needed_while(room: str, condition: Callable[[], Q]) -> None:
    """A room says of which cases it still needs the words (未了事项): an open supervision, a dispute being mediated.

    While it does, an ended case keeps its words and its reporter, however old it is (P12).
    """
    _NEEDED[room] = condition


def still_needed() -> Q:
    """Cases that some room still needs; where no room says so, none."""
    return any_of([condition() for condition in _NEEDED.values()])
