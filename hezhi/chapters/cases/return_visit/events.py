"""What return visits listen to (回访监听): calls written down, cases that go on without, cases that go under the veil."""

from typing import Any

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import contribute, contribute_to_form
from hezhi.chapters.cases.return_visit.actions import drop, note_try, register_kind
from hezhi.chapters.cases.return_visit.models import Exclusion, Visit
from hezhi.chapters.cases.return_visit.pages.beside_case import beside_case, beside_form, with_case
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.api import Actor
from hezhi.engines.records.erasure import anonymise
from hezhi.ground.events import listens


@listens("cases.called_back")
def count(*, case: Case, reached: bool, **_: Any) -> None:
    """A call was written down (已登记回访): the visit ends, or is tried again later."""
    note_try(case, reached=reached)


@listens("cases.changed")
def follow(*, case: Case, verb: str, by: Actor, **_: Any) -> None:
    """Closed or redone without a call: the visit falls away. Under the veil: its words go."""
    if verb in ("close", "redo"):
        drop(case)
    elif verb == "make_secret":
        _let_go(case, by=by, why="设为保密件，原文封存")


@listens("cases.erased")
def erase_words(*, case: Case, by: Actor, reason: str, **_: Any) -> None:
    """A case was erased (到期清除): the words of its visits and exclusions go as well."""
    _let_go(case, by=by, why=reason)


def _let_go(case: Case, *, by: Actor, why: str) -> None:
    for visit in Visit.objects.filter(case=case).exclude(reason=""):
        anonymise(visit, ("reason",), by=by, reason=why)
    for row in Exclusion.objects.filter(case=case):
        anonymise(row, ("reason", "opinion"), by=by, reason=why)
        for asked in Approval.objects.filter(object_id=row.pk):
            anonymise(asked, ("reason", "opinion"), by=by, reason=why)


contribute(beside_case, with_case)
contribute_to_form("call_back", beside_form)
register_kind()
