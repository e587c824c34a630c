"""What this room shows beside a case, and what it ends when a case goes under the veil."""

from typing import Any

from hezhi.chapters.cases.contractors.actions import end_for_veil
from hezhi.chapters.cases.contractors.pages.officer import beside_case, beside_order, with_case
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import contribute, contribute_to_order
from hezhi.ground.events import listens


@listens("cases.changed")
def veiled(*, case: Case, verb: str, **_: Any) -> None:
    """A case went under the veil (设为保密件)."""
    if verb == "make_secret":
        end_for_veil(case)


contribute(beside_case, with_case)
contribute_to_order(beside_order)
