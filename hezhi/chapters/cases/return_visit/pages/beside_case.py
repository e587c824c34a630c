"""What return visits say on the page of a case and beside the form of a call (事件页和回访表单旁)."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.pages.beside import Beside
from hezhi.chapters.cases.return_visit import queries, rules
from hezhi.chapters.cases.return_visit.actions import most_tries
from hezhi.chapters.cases.return_visit.models import Exclusion, Visit
from hezhi.engines.org.api import Actor
from hezhi.ground.ui.shapes import Action


def with_case(by: Actor) -> dict[str, Any]:
    """Visits and exclusions of a case, newest first, to be read with the case itself."""
    visits = Visit.objects.filter(case=OuterRef("pk")).order_by("-created_at")
    asked = Exclusion.objects.filter(case=OuterRef("pk")).order_by("-asked_at")
    return {
        "visits": ArraySubquery(visits.values(row=JSONObject(why="why", state="state", tries="tries"))),
        "exclusions": ArraySubquery(
            asked.values(row=JSONObject(ground="ground", reason="reason", state="state", unit="asked_unit__name"))
        ),
    }


def beside_case(by: Actor, case: Case) -> Beside | None:
    """Why the case was drawn, how often it was tried, what is asked to be left out."""
    states, grounds = dict(Visit.State.choices), dict(Exclusion.Ground.choices)
    asked_states = dict(Exclusion.State.choices)
    visits = [v | {"state": states[v["state"]]} for v in getattr(case, "visits", [])]
    asked = [
        e | {"state": asked_states[e["state"]], "open": e["state"] != "refused", "ground": grounds[e["ground"]]}
        for e in getattr(case, "exclusions", [])
    ]
    buttons = []
    may = by.may("visits.exclude") and by.unit_id in case.units and case.satisfied is False
    if may and not any(e["open"] for e in asked):
        buttons.append(Action("申请剔除", reverse("visit-exclude", args=[case.pk])))
    told = bool(visits or asked)
    return Beside(buttons, "return_visit/beside_case.html" if told else "", {"visits": visits, "asked": asked})


def beside_form(case: Case) -> Beside | None:
    """The script, the reason of the draw, the calls so far and what the reporter filled in himself."""
    visit = queries.visit_of(case)
    if visit is None:
        return None
    script = rules.script_for(visit.rule.script, had_unit=case.lead_unit_id is not None) if visit.rule else ""
    context = {"visit": visit, "script": script, "tries": queries.tries_of(case), "most": most_tries(visit)}
    return Beside(template="return_visit/beside_form.html", context=context)
