"""What whistling tells case handling: who may call whom; and what stands beside a case."""

from typing import Any

from hezhi.chapters.cases.handling.actions import callers
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import contribute
from hezhi.chapters.cases.whistle.actions import may_call
from hezhi.chapters.cases.whistle.models import Rating
from hezhi.chapters.cases.whistle.pages import beside_case
from hezhi.ground.events import listens


@listens("cases.changed")
def seal_words(*, case: Case, verb: str, **_: Any) -> None:
    """A case went under the veil (设为保密件): ratings keep no words about it."""
    if verb == "make_secret":
        Rating.objects.filter(case=case).update(text="")


@listens("cases.erased")
def erase_words(*, case: Case, **_: Any) -> None:
    """A case was erased (到期清除): ratings keep no words about it."""
    Rating.objects.filter(case=case).update(text="")


callers.contribute(may_call)
contribute(beside_case)
