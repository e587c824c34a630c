"""What a case page says of mediation (事件页上的调解): the disputes that came out of it, and the button to begin one."""

from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.mediation import queries
from hezhi.engines.org.api import Actor
from hezhi.ground.ui.shapes import Action


def beside_case(by: Actor, case: Case) -> Beside | None:
    """Mediation of this case, for who may see any; a secret case is never mediated."""
    if case.secret or not by.may("mediation.view"):
        return None
    found = queries.of_case(by, case.pk)
    buttons = []
    if by.may("mediation.register"):
        buttons.append(Action("转调解", f"{reverse('mediation-new')}?case={case.pk}"))
    return Beside(buttons, "mediation/beside_case.html" if found else "", {"disputes": found})
