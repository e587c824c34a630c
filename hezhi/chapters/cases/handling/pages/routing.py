"""Why a case goes where (派单依据): the rules that speak, the rules left out with the reason."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling import queries
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.pages.beside import Beside, contribute
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground.ui.shapes import Action, Crumb

clause = "9.1.2-2"


@needs("cases.dispatch", "cases.accept", clause=clause)
@require_safe
def page(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Whom the table of duties proposes for a case, and what it leaves out."""
    case = queries.case_for(reader(request), case_id)
    chosen, left = queries.routing_of(case)
    context = {
        "case": case, "chosen": chosen, "left": [(rule, queries.conditions_of(rule), why) for rule, why in left],
        "crumbs": [Crumb("事件管理", "/r/cases/"), Crumb(case.number, reverse("case", args=[case.pk])), Crumb("派单依据")],
    }  # fmt: skip
    return render(request, "handling/routing.html", context)


def beside_case(by: Actor, case: Case) -> Beside | None:
    """The way to the reasons, while a case waits to be dispatched."""
    if case.state not in ("to_dispatch", "redo") or not by.may("cases.dispatch"):
        return None
    return Beside([Action("派单依据", reverse("case-routing", args=[case.pk]))])


contribute(beside_case)
urlpatterns = [path("<uuid:case_id>/routing/", page, name="case-routing")]
