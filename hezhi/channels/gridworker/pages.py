"""The grid worker's phone (网格员手机端): one form, one inbox; what can be done on the spot is done there."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from hezhi.channels.gridworker import rest
from hezhi.chapters.cases.handling.api import Case, actions, queries
from hezhi.chapters.cases.handling.pages.case import timeline
from hezhi.chapters.cases.handling.pages.phone import order_for, order_shown, take_step, verbs_on
from hezhi.chapters.cases.handling.pages.questions import on_phone
from hezhi.chapters.cases.intake.api import MEDIA_SAID, brought, kinds, take_in, with_microphone
from hezhi.chapters.grassroots.registers.api import places_waiting
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs, open_to_all
from hezhi.engines.records.acting import acting
from hezhi.engines.records.files import keep_files
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.ids import new_id
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.pages import service_worker, switch_elder
from hezhi.ground.ui.shapes import Empty

clause = "9.1.2-2"
CANNOT = "网格内处理不了，请上级安排有关单位办理。"


@needs("cases.sign", "cases.report", clause=clause)
def home(request: HttpRequest) -> HttpResponse:
    """What waits for me: places to look at, and the open orders of my grid, most pressing first."""
    by = reader(request)
    orders = list(queries.open_orders(by)[:60])
    cases = Case.objects.visible_to(by).in_bulk([o.matter_id for o in orders])
    rows = [
        {
            "name": mask_text(cases[o.matter_id].title), "url": reverse("grid-order", args=[o.pk]), "note": o.number,
            "state_code": o.state, "state_name": o.get_state_display(), "deadline": o.pressing_at,
        }
        for o in orders
        if o.matter_id in cases
    ]  # fmt: skip
    due, late = places_waiting(by)
    context = {
        "rows": rows,
        "due": due,
        "late": late,
        "empty": Empty("现在没有派给您的事。", "上报一件", reverse("grid-report")),
    }
    return render(request, "gridworker/home.html", context)


@needs("cases.report", clause="9.1.2-1")
def mine(request: HttpRequest) -> HttpResponse:
    """What I reported, with its state; unsent reports stand above it."""
    by = reader(request)
    found = Case.objects.not_barred_to(by).filter(registered_by=by.user_id, source="grid").order_by("-received_at")[:60]
    rows = [
        {
            "name": mask_text(c.title), "url": reverse("grid-case", args=[c.pk]), "note": c.number, "at": c.received_at,
            "state_code": c.state, "state_name": "当场处理" if c.on_the_spot else c.get_state_display(),
        }
        for c in found
    ]  # fmt: skip
    context = {"rows": rows, "empty": Empty("您还没有上报过。", "上报一件", reverse("grid-report"))}
    return render(request, "gridworker/mine.html", context)


@needs("cases.report", clause="9.1.2-1")
def report(request: HttpRequest) -> HttpResponse:
    """Report from the spot; works in a dead zone through the outbox, and the plain way without scripts."""
    typed: dict[str, Any] = request.POST.dict() if request.method == "POST" else {}
    faults: list[str] = []
    if request.method == "POST":
        by = reader(request)
        try:
            looked = brought(request.FILES.getlist("photos"), request.FILES.getlist("media"))
            with acting(by, verb="cases.report_from_grid"):
                receipt = take_in(rest.grid_message(typed), by=by, case_id=new_id())
                keep_files(by, Case.objects.get(pk=receipt.id), looked, stage="report", field="photos")
            messages.success(request, f"已上报，编号 {receipt.number}。")
            return redirect("grid-case", case_id=receipt.id)
        except BadInput as refusal:
            faults = [sentence for told in refusal.fields.values() for sentence in told]
    blank = str(UUID(int=0))
    context = {
        "kinds": kinds(),
        "typed": typed,
        "faults": faults,
        "media_told": MEDIA_SAID,
        "action_url": reverse("grid-report"),
        "report_url": reverse("grid-put", args=[blank]).replace(blank, "{id}"),
        "photo_url": reverse("grid-put-photo", args=[blank, 0]).replace(blank, "{id}").replace("/0/", "/{n}/"),
        "who_url": reverse("grid-who"),
        "place_url": reverse("locate"),
        "near_url": reverse("grid-near"),
        "worker_url": reverse("grid-worker-js"),
    }
    return with_microphone(render(request, "gridworker/report.html", context, status=422 if faults else 200))


@needs("cases.sign", clause=clause)
def order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """One order: what it is about, what to do next."""
    by = reader(request)
    case, row = order_for(by, order_id)
    verbs = verbs_on(by, case, row)
    context = order_shown(by, case, row) | {
        "verbs": [(v, reverse("grid-step", args=[row.pk, v.code])) for v in verbs if v.code != "return_order"],
        "may_return": any(v.code == "return_order" for v in verbs),
        "asked": queries.waiting_return(case, row),
    }
    return render(request, "gridworker/order.html", context)


@needs("cases.sign", clause=clause)
def step(request: HttpRequest, order_id: UUID, verb: str) -> HttpResponse:
    """Take a step on an order: sign in one tap, note or answer with a photo, «处理不了» in one tap."""
    by = reader(request)
    case, row = order_for(by, order_id)
    back = reverse("grid-order", args=[row.pk])
    if verb == "cannot" and request.method == "POST":
        try:
            asked = actions.ask_return(row.pk, by=by, reason=request.POST.get("reason", "").strip() or CANNOT)
            messages.success(request, f"已请{asked.unit.name}处理，等待确认。")
        except Refusal as refusal:
            messages.error(request, str(refusal))
        return redirect(back)
    return take_step(request, by, case, row, verb, template="gridworker/step.html", back=back)


@needs("cases.view", clause=clause)
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """A case of mine: its state and steps."""
    by = reader(request)
    row = Case.objects.not_barred_to(by).filter(pk=case_id, registered_by=by.user_id).first() or queries.case_for(
        by, case_id
    )
    context = {
        "case": row,
        "text": mask_text(row.text),
        "asked_more": len(queries.questions_for(row)) if by.may("cases.report") else 0,
        "attachments": queries.attachments_for(by, row),
        "timeline_items": timeline(list(row.steps.order_by("at", "id"))),
    }
    return render(request, "gridworker/case.html", context)


@needs("cases.report", clause="9.1.2-1")
def questions(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """What the category asks besides, of a report of one's own (补充询问)."""
    by = reader(request)
    row = Case.objects.not_barred_to(by).filter(pk=case_id, registered_by=by.user_id).first()
    row = row or queries.case_for(by, case_id)
    return on_phone(request, row, by, reverse("grid-case", args=[row.pk]))


@open_to_all("the large view is for everybody")
def elder(request: HttpRequest) -> HttpResponse:
    """Switch the large view on or off."""
    return switch_elder(request)


@open_to_all("the worker keeps the report page for the dead zone")
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker under this channel's own path."""
    return service_worker(request)  # type: ignore[return-value]
