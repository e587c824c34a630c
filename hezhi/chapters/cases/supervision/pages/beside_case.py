"""What a case page says of supervision (事件页上的督办): the matters that watch it, and the buttons to begin one."""

from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.supervision.actions.turning import is_ended
from hezhi.chapters.cases.supervision.models import Kind, State
from hezhi.engines.org.api import Actor
from hezhi.ground.ui.shapes import Action


def beside_case(by: Actor, case: Case) -> Beside | None:
    """Supervisions of this case, for who may see any."""
    if not by.may("supervision.view"):
        return None
    kinds, states = dict(Kind.choices), dict(State.choices)
    found = [
        each | {"kind": kinds[each["kind"]], "state_name": states[each["state"]]}
        for each in getattr(case, "supervisions", [])
    ]
    buttons = []
    if not is_ended(case):
        if by.may("supervision.lead"):
            buttons.append(Action("发起督办", reverse("supervision-open", args=[case.pk]), opens="dialog", key="B"))
        if by.may("supervision.instruct"):
            buttons.append(
                Action("批示交办", reverse("supervision-instruct-case", args=[case.pk]), "primary", opens="dialog")
            )
    return Beside(buttons, "supervision/beside_case.html" if found else "", {"matters": found})
