"""What other rooms show beside a case (事件页旁的内容): buttons and cards, contributed by rooms above without an import upward."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.org.actor import Actor
from hezhi.ground.ui.shapes import Action


@dataclass(frozen=True)
class Beside:
    """What one room shows for one case: its buttons, and a template with its values when there is something to tell."""

    actions: list[Action] = field(default_factory=list)
    template: str = ""
    context: dict[str, Any] = field(default_factory=dict)


Telling = Callable[[Actor, Case], Beside | None]
_tellings: list[Telling] = []


def contribute(telling: Telling) -> None:
    """Let a room speak on the page of a case; it is asked with the reader in hand, and may answer None."""
    if telling not in _tellings:
        _tellings.append(telling)


def beside(actor: Actor, case: Case) -> list[Beside]:
    """What the rooms above show this reader beside this case."""
    return [told for telling in _tellings if (told := telling(actor, case)) is not None]
