"""What other rooms show beside a case and beside its forms (事件页和表单旁的内容), contributed by rooms above without an import upward.

A room that needs rows of its own for the page names them as annotations of the case (`reads`): they come with the case
in one statement, however many rooms there are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.queries.case import Reads
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.ground.ui.shapes import Action


@dataclass(frozen=True)
class Beside:
    """What one room shows for one case: its buttons, and a template with its values when there is something to tell."""

    actions: list[Action] = field(default_factory=list)
    template: str = ""
    context: dict[str, Any] = field(default_factory=dict)


Telling = Callable[[Actor, Case], Beside | None]
OfForm = Callable[[Case], Beside | None]
_tellings: list[Telling] = []
_reads: list[Reads] = []
_of_forms: dict[str, OfForm] = {}
OfOrder = Callable[[Actor, Case, WorkOrder], list[Action]]
_of_orders: list[OfOrder] = []


def contribute(telling: Telling, reads: Reads | None = None) -> None:
    """Let a room speak on the page of a case; it is asked with the reader in hand, and may answer None.

    `reads` gives annotations that the case brings along for it.
    """
    if telling not in _tellings:
        _tellings.append(telling)
    if reads is not None and reads not in _reads:
        _reads.append(reads)


def contribute_to_form(verb: str, telling: OfForm) -> None:
    """Let a room speak beside the form of one step (表单旁的内容)."""
    _of_forms[verb] = telling


def contribute_to_order(telling: OfOrder) -> None:
    """Let a room put buttons beside those of a work order (承办单旁的按钮)."""
    if telling not in _of_orders:
        _of_orders.append(telling)


def of_order(actor: Actor, case: Case, order: WorkOrder) -> list[Action]:
    """The buttons that rooms above put to a work order for this reader."""
    return [action for telling in _of_orders for action in telling(actor, case, order)]


def reads() -> tuple[Reads, ...]:
    """What the rooms above want to be read with a case."""
    return tuple(_reads)


def beside(actor: Actor, case: Case) -> list[Beside]:
    """What the rooms above show this reader beside this case."""
    return [told for telling in _tellings if (told := telling(actor, case)) is not None]


def of_form(verb: str, case: Case) -> Beside | None:
    """What a room above shows beside the form of this step."""
    telling = _of_forms.get(verb)
    return telling(case) if telling else None
