"""What early warning listens to: a case goes under the veil, is entered by mistake or erased; where its to-dos lead."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from hezhi.chapters.awareness.early_warning.actions.feeding import forget_case
from hezhi.chapters.awareness.early_warning.actions.raising import STEP, WARNING
from hezhi.chapters.awareness.early_warning.queries.lists import titles_for
from hezhi.chapters.cases.handling.api import MATTER, Case
from hezhi.engines.flow import todos
from hezhi.engines.org.api import Actor
from hezhi.ground.events import listens


@listens("cases.changed")
def forget_what_may_not_stay(*, case: Case, verb: str, by: Actor, **_: Any) -> None:
    """A case that became secret, or was entered by mistake (保密件、作废), leaves the stream in the same transaction."""
    if verb == "make_secret" or case.state == "void":
        forget_case(case.pk, by=by, reason="设为保密件" if case.secret else "作废")


@listens("records.erased")
def forget_what_was_erased(*, rows: dict[str, list[UUID]], by: Actor, **_: Any) -> None:
    """An erased case is erased from the stream as well (到期清除)."""
    for key in rows.get(MATTER, ()):
        forget_case(key, by=by, reason="来件已按保存期限清除")


@listens("cases.erased")
def forget_a_shell(*, case: Case, by: Actor, reason: str, **_: Any) -> None:
    """A case of which only the shell is left (到期清除) leaves the stream."""
    forget_case(case.pk, by=by, reason=reason)


todos.leads(WARNING, lambda key: reverse("warning", args=[key]), {STEP: "签收预警"}, titles_for)
