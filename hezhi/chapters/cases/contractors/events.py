"""What this room shows beside a case, and what it ends when a case goes under the veil."""

from collections.abc import Callable
from typing import Any

from hezhi.chapters.cases.contractors.actions import WORDS, end_for_veil
from hezhi.chapters.cases.contractors.models import Commission
from hezhi.chapters.cases.contractors.pages.officer import beside_case, beside_order, with_case
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import contribute, contribute_to_order
from hezhi.engines.org.actor import Actor
from hezhi.ground.events import listens


@listens("cases.changed")
def veiled(*, case: Case, verb: str, by: Actor, **_: Any) -> None:
    """A case went under the veil (设为保密件)."""
    if verb == "make_secret":
        end_for_veil(case, by=by)


@listens("cases.nameless")
def nameless(*, case: Case, clean: Callable[[Any, tuple[str, ...]], None], **_: Any) -> None:
    """The reporter of a case became nameless (到期匿名): what was told to firms, and by them, names him no more."""
    for row in Commission.objects.filter(case=case):
        clean(row, WORDS)


contribute(beside_case, with_case)
contribute_to_order(beside_order)
