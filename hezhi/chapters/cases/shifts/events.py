"""What this room listens to: a case that goes under the veil; and what it shows beside a case."""

from typing import Any

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import contribute
from hezhi.chapters.cases.shifts.models import Call, Item, Promise
from hezhi.chapters.cases.shifts.pages.beside_case import beside_case
from hezhi.ground.events import listens


@listens("cases.changed")
def seal_words(*, case: Case, verb: str, **_: Any) -> None:
    """A case went under the veil (设为保密件): nothing here keeps words about it."""
    if verb == "make_secret":
        erase_words(case=case)


@listens("cases.erased")
def erase_words(*, case: Case, **_: Any) -> None:
    """A case was erased (到期清除): the same."""
    for model in (Call, Promise, Item):
        model.objects.filter(case=case).update(note="")


contribute(beside_case)
