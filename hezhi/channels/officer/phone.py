"""The officer's phone (承办单位手机端): sign for, photograph, ask help, answer; the reviewer signs off with one thumb."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from hezhi.channels.officer.pages import addresses_of, matters_of, step_of
from hezhi.chapters.cases.handling.pages.phone import order_for, order_shown, take_step, verbs_on
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.queries import todos as todos_of
from hezhi.engines.flow.rules.life_cycle import Verb
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs, open_to_all
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.answers import addresses
from hezhi.ground.ui.pages import switch_elder
from hezhi.ground.ui.shapes import Empty

clause = "9.1.2-2"
ORDER = "flow.workorder"


@needs("cases.sign", "cases.review", clause=clause)
def home(request: HttpRequest) -> HttpResponse:
    """What waits for this post, most pressing first: an order opens here, anything else on the desk's own page."""
    by = reader(request)
    found = todos_of(by, limit=60)
    matters = matters_of(found)
    of_order = addresses("phone-order")
    rows: list[dict[str, Any]] = [
        {
            "name": mask_text(todo.title), "note": f"{step_of(todo)} · {todo.number}", "deadline": todo.due_at,
            "url": of_order(todo.object_id) if todo.object_type == ORDER and todo.object_id in matters else url,
        }
        for todo, url in zip(found, addresses_of(found, matters), strict=True)
    ]  # fmt: skip
    context = {"rows": [row for row in rows if row["url"]], "empty": Empty("现在没有等您办理的事。")}
    return render(request, "officer/phone_home.html", context)


@needs("cases.sign", "cases.review", clause=clause)
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One order on the phone: what it is about, the unit's answer when it waits to be signed off, the next steps."""
    by = reader(request)
    case, row = order_for(by, order_id)
    verbs = verbs_on(by, case, row)
    context = order_shown(by, case, row) | {
        "verbs": [(verb, reverse("phone-step", args=[row.pk, verb.code]), _one_tap(verb)) for verb in verbs],
        "title": mask_text(case.title), "reply": mask_text(row.reply), "public_reply": mask_text(row.public_reply),
        "to_review": row.state == WorkOrder.State.TO_REVIEW,
    }  # fmt: skip
    return render(request, "officer/phone_order.html", context)


def _one_tap(verb: Verb) -> bool:
    """A step that needs no word is done with one tap: nothing to fill in, or nothing that must be."""
    return not any(field.required for field in verb.fields) and verb.code in ("sign", "review", "arrive", "take_over")


@needs("cases.sign", "cases.review", clause=clause)
def step(request: HttpRequest, order_id: UUID, verb: str) -> HttpResponse:
    """Take a step on an order from the phone, with the camera where a photo helps."""
    by = reader(request)
    case, row = order_for(by, order_id)
    back = reverse("phone-order", args=[row.pk])
    return take_step(request, by, case, row, verb, template="officer/phone_step.html", back=back)


@open_to_all("the large view is for everybody")
def elder(request: HttpRequest) -> HttpResponse:
    """Switch the large view on or off."""
    return switch_elder(request)
