"""What a case page says of its platform (事件页上的来源平台): both clocks, and whether the reply has been put in."""

from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.platform import queries
from hezhi.chapters.cases.platform.pages.one import facts
from hezhi.engines.org.api import Actor
from hezhi.ground.ui.shapes import Action


def beside_case(by: Actor, case: Case) -> Beside | None:
    """The platform of this case, for who may see it."""
    if not by.may("platform.view"):
        return None
    told = queries.exchange(by, case)
    if told is None:
        return None
    button = Action("来源平台", reverse("platform-case", args=[case.pk]))
    return Beside([button], "platform/beside_case.html", {"told": told, "fact_list": facts(told)})
