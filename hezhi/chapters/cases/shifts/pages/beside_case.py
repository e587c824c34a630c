"""What a case page says of the shift (事件页上的值班): the call that runs, the call-back promised."""

from django.urls import reverse

from hezhi.chapters.cases.handling.api import ENDED, Case
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.shifts import queries
from hezhi.chapters.cases.shifts.models import Promise
from hezhi.engines.org.api import Actor
from hezhi.ground.ui.shapes import Action


def beside_case(by: Actor, case: Case) -> Beside | None:
    """The shift's own part in this case, for who may see it."""
    if not by.may("shifts.view") or case.state in ENDED:
        return None
    call = queries.call_of(by, case.pk) if case.urgency in queries.URGENT else None
    promised = list(Promise.objects.filter(case=case, kept_at=None).order_by("at"))
    buttons = []
    if by.may("shifts.take_part"):
        buttons.append(Action("约定回电", reverse("shifts-promise", args=[case.pk]), opens="dialog"))
    template = "shifts/beside_case.html" if call or promised else ""
    return Beside(buttons, template, {"call": call, "promised": promised, "takes_part": by.may("shifts.take_part")})
