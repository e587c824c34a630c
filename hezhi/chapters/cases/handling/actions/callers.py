"""Who may whistle for whom (吹哨范围): said by rooms above, without an import upward."""

from collections.abc import Callable, Sequence

from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.org.models import Unit

Saying = Callable[[Case, Unit, Sequence[Unit]], None]
_sayings: list[Saying] = []


def contribute(saying: Saying) -> None:
    """Let a room refuse a whistle by raising; one refusal is enough."""
    if saying not in _sayings:
        _sayings.append(saying)


def may_call(case: Case, caller: Unit, units: Sequence[Unit]) -> None:
    """Refuse when some room does not let this unit call those."""
    for saying in _sayings:
        saying(case, caller, units)
