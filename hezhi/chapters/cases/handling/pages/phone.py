"""A work order on a phone (手机办单): what the grid worker's and the officer's phone pages share."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hezhi.chapters.cases.handling import queries
from hezhi.chapters.cases.handling.actions.turning import ORDER_VERBS
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.pages.case import timeline
from hezhi.chapters.cases.handling.pages.forms import add_files, form_of, looked_through
from hezhi.chapters.cases.handling.pages.steps import ORDER_STEPS
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules.life_cycle import Verb
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.records.files import keep_files
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.masks import mask_text

PHOTOGRAPHED = ("handle", "reply")
"""Steps that offer the camera."""
LIKELY = (
    "sign", "arrive", "agree", "differ", "review", "conclude", "reply", "handle", "ask_help", "whistle", "pass_down", "take_over",
)  # fmt: skip
"""Steps in the order in which a thumb meets them; the others follow. Until something was handled, 处置 is before 反馈."""


def order_for(by: Actor, order_id: UUID) -> tuple[Case, WorkOrder]:
    """A work order of a case that this reader may see; otherwise «not found»."""
    order = flow.order_of(order_id)
    if order is None:
        raise NotFound("没有找到这张承办单。", code="cases.order_not_found")
    return queries.case_for(by, order.matter_id), order


def order_shown(by: Actor, case: Case, order: WorkOrder) -> dict[str, Any]:
    """What the page of a work order shows on a phone, masked like the desk's."""
    return {
        "case": case, "order": order, "title": mask_text(case.title), "text": mask_text(case.text), "attachments": queries.attachments_for(by, case),
        "timeline_items": timeline(list(case.steps.order_by("at", "id"))),
    }  # fmt: skip


def verbs_on(by: Actor, case: Case, order: WorkOrder) -> list[Verb]:
    """The steps on this order that its reader may take now and that a phone has a form for, the likeliest first."""
    # Whether there is a joint result to write, only an order at work asks.
    orders = flow.orders_of(case.pk) if order.state == WorkOrder.State.HANDLING and not order.called else []
    found = [verb for verb in queries.order_verbs_for(by, case, order, orders) if verb.code in ORDER_STEPS]
    ranks: dict[str, float] = {code: rank for rank, code in enumerate(LIKELY)}
    if {"handle", "reply"} <= {verb.code for verb in found} and not queries.has_handled(case, order):
        ranks["handle"], ranks["reply"] = ranks["reply"], ranks["handle"]
    return sorted(found, key=lambda verb: ranks.get(verb.code, len(LIKELY)))


def take_step(
    request: HttpRequest, by: Actor, case: Case, order: WorkOrder, code: str, *, template: str, back: str
) -> HttpResponse:
    """Take a step on an order: without a form in one tap, else its form with the camera; a refusal keeps what was typed."""
    verb = next((each for each in verbs_on(by, case, order) if each.code == code), None)
    if verb is None:
        said = "这一步现在不能办理，请查看最新状态。"
        words = _words(request, code)
        if words:
            context = {"told": said, "words": words, "order": order, "back": back}
            return render(request, "handling/phone_too_late.html", context, status=422)
        messages.error(request, said)
        return redirect(back)
    form = form_of(verb, case, order, request.POST if request.method == "POST" else None)
    if verb.code in PHOTOGRAPHED:
        add_files(form, verb, request.FILES, camera=True)
    if request.method == "POST" and form.is_valid():
        try:
            looked = looked_through(request.FILES, verb)
            with acting(by, verb=f"cases.{verb.code}_on_phone") as deed:
                ORDER_STEPS[verb.code](case, order, by, form.cleaned_data)
                deed.on(case)
                for stage, files in looked:
                    keep_files(by, case, files, stage=stage)
            messages.success(request, f"已提交{verb.name}申请，等待审批。" if verb.approval else f"已{verb.name}。")
            return redirect(back)
        except BadInput as refusal:
            for name, told in refusal.fields.items():
                form.add_error(name if name in form.fields else None, told)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
    context = {
        "form": form, "case": case, "title": mask_text(case.title), "order": order, "verb": verb, "action_url": request.path,
        "submit_name": f"提交{verb.name}" + ("申请" if verb.approval else ""),
    }  # fmt: skip
    return render(request, template, context, status=422 if request.method == "POST" else 200)


CHOSEN = ("unit", "units", "category", "choice", "yesno", "number", "date")
"""Kinds of fields in which nothing is typed."""


def _words(request: HttpRequest, code: str) -> list[tuple[str, str]]:
    """What was typed into a step that a colleague has made impossible, to be copied."""
    fields = ORDER_VERBS[code].fields if code in ORDER_VERBS else ()
    typed = ((each.label, request.POST.get(each.code, "").strip()) for each in fields if each.kind not in CHOSEN)
    return [(label, text) for label, text in typed if text]
