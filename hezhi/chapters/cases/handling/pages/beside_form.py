"""What stands beside the form of a step (表单旁的内容): templates to take, the result so far, what the category asks for."""

from copy import copy
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.cases.handling import queries
from hezhi.chapters.cases.handling.models import AnswerTemplate, Case, Category
from hezhi.chapters.cases.handling.pages.beside import of_form
from hezhi.chapters.cases.handling.pages.forms import proposed_for
from hezhi.chapters.cases.handling.rules import result_words
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules.life_cycle import Verb
from hezhi.engines.org.actor import Actor
from hezhi.ground.masks import mask_text

INTO = {
    AnswerTemplate.Step.REPLY: "public_reply", AnswerTemplate.Step.ANSWER_DIRECTLY: "reply",
    AnswerTemplate.Step.ASK_SUPPLEMENT: "reason", AnswerTemplate.Step.NOT_ACCEPT: "reason",
}  # fmt: skip
"""Into which field of the step's form the words of a template go."""
SHOWS_RESULT = ("review", "call_back", "close")
NEEDS = (
    ("needs_result", "办理结果"), ("needs_talk", "联系上报人"), ("needs_site_check", "现场核查"),
    ("needs_photo", "处置后照片"),
)  # fmt: skip


def beside_form(verb: Verb, case: Case, order: WorkOrder | None, by: Actor) -> dict[str, Any]:
    """The context of what stands beside this form; empty when there is nothing to tell."""
    told: dict[str, Any] = {}
    if verb.code in INTO:
        told["templates"] = queries.templates_for(case, verb.code)
    if verb.code in ("dispatch", "transfer"):
        told["proposed"] = proposed_for(verb, case)[:1]
        told["left_out"] = _left_out(verb, case, {choice.unit.name for choice in told["proposed"]})
    if verb.code == "mark":
        told["same_caller"] = queries.of_the_same_caller(by, case)
    if verb.code == "call_back":
        told["call"] = _of_call(case, by)
    if verb.code == "reply" and case.category:
        told["asked_for"] = [name for field, name in NEEDS if getattr(case.category, field)]
    if verb.code in SHOWS_RESULT:
        orders = [order] if order is not None else _leads(case)
        told["results"] = [(o, words) for o in orders if (words := result_words(o.result)) or o.public_reply]
    if verb.code in ("agree", "differ") and order is not None:
        told["joint"] = order.reply
    told["also"] = of_form(verb.code, case)
    return {"beside_form": "handling/beside_form.html", **told} if any(told.values()) else {}


def _leads(case: Case) -> list[WorkOrder]:
    """The orders whose result is the result of the case."""
    lead = [o for o in flow.orders_of(case.pk) if o.part == WorkOrder.Part.LEAD and o.parent_id is None]
    return [o for o in lead if o.round == case.redos + 1 and o.state == "done"]


def with_template(request: HttpRequest, case: Case, verb: Verb) -> dict[str, Any] | None:
    """What was typed with the chosen template put into its field; None when the form itself was sent."""
    wanted = request.POST.get("template")
    if wanted is None or verb.code not in INTO:
        return None
    typed: dict[str, Any] = {
        name: values if len(values) > 1 else values[0] for name, values in request.POST.lists() if values
    }
    case = _of_category(case, str(typed.get("category", "")))
    found = next((words for row, words in queries.templates_for(case, verb.code) if str(row.pk) == wanted), None)
    field = INTO[AnswerTemplate.Step(verb.code)]
    if found is not None:
        before = str(typed.get(field, "")).strip()
        typed[field] = found if not before or before == found else f"{before}\n{found}"
    return typed


def _of_category(case: Case, chosen: str) -> Case:
    """The case as it would be with the category that was chosen in the form, where it has none yet."""
    if case.category_id or not chosen:
        return case
    told = copy(case)
    told.category = next((row for row in Category.objects.filter(active=True) if str(row.pk) == chosen), None)
    return told


def _left_out(verb: Verb, case: Case, proposed: set[str]) -> list[tuple[str, str]]:
    """The units that are not proposed, with the reason; of a transfer the one that leads already is the first of them."""
    present = case.lead_unit.name if verb.code == "transfer" and case.lead_unit else ""
    rest = [(name, why) for name, why in queries.left_out(case) if name not in proposed and name != present]
    return [*([(present, "现由其主办")] if present else []), *rest]


def _of_call(case: Case, by: Actor) -> dict[str, Any]:
    """What the caller has before him (回访所见): what was told, what was answered, and the number to ring."""
    phone = reverse("case-reveal", args=[case.pk, "phone"])
    return {
        "text": mask_text(case.text),
        "reply": mask_text(case.reply),
        "reporter": queries.masked_reporter(case),
        "phone_url": f"{phone}?calling=1" if by.may("cases.reveal_personal") and not case.secret else "",
    }
