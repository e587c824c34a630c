"""What this room listens to: a limit that begins, a platform's new limit, a case that goes under the veil."""

from typing import Any

from hezhi.chapters.cases.handling.actions import ceiling
from hezhi.chapters.cases.handling.api import Case, sealed_number
from hezhi.chapters.cases.handling.pages import beside
from hezhi.chapters.cases.platform.models import BackFill, Difference, FollowUp, Platform, Request
from hezhi.chapters.cases.platform.pages.beside_case import beside_case
from hezhi.chapters.cases.platform.queries import latest_of
from hezhi.ground.events import listens


@listens("cases.changed")
def follow_the_outside(*, case: Case, verb: str, **_: Any) -> None:
    """The platform has moved its limit (平台时限变更): ours stays before it."""
    if verb == "note_outside" and Platform.objects.filter(code=case.outside_channel, active=True).exists():
        ceiling.follow_ceiling(case)


@listens("cases.changed")
def seal_words(*, case: Case, verb: str, **_: Any) -> None:
    """A case went under the veil (设为保密件): nothing here keeps its words or its number at the platform."""
    if verb == "make_secret":
        _let_go(case, "保密件")


@listens("cases.erased")
def erase_words(*, case: Case, **_: Any) -> None:
    """A case was erased (到期清除): the same."""
    _let_go(case, "已清除")


def _let_go(case: Case, why: str) -> None:
    Request.objects.filter(case=case).update(reason="", answer="")
    for row in FollowUp.objects.filter(case=case).select_related("platform"):
        row.outside_number, row.text = sealed_number(row.platform.code, row.outside_number), ""
        row.save(update_fields=["outside_number", "text"])
    BackFill.objects.filter(case=case).update(digest="")
    Difference.objects.filter(case=case).update(outside_number="", ours="", theirs=why, note="", facts="")


ceiling.contribute(latest_of)
beside.contribute(beside_case)
