"""The firm's side (外协单位手机页): a signed link, no account; another device needs the short code."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from hezhi.chapters.cases.contractors import actions
from hezhi.chapters.cases.contractors.models import Commission, Opening
from hezhi.chapters.cases.contractors.pages.officer import photos_of
from hezhi.engines.org.actor import citizen, reader
from hezhi.engines.org.rights import open_to_all
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.masks import mask_text

clause = "9.1.2-2"
WHY = "the signed link names one commission, ends by itself, and shows nothing of the one who reported"
MOST_KEPT = 20


def _kept(request: HttpRequest, row: Commission) -> str:
    return str(request.session.get("commissions", {}).get(str(row.pk), ""))


@open_to_all(WHY, clause=clause)
def link(request: HttpRequest, commission_id: UUID, token: str) -> HttpResponse:
    """What is to be done; before this device is known, only who asks, and a button (or the code).

    A page that merely looks at the link (a preview in a chat) does not become the first device: that takes the button.
    """
    address = reader(request).address
    row = actions.by_link(commission_id, token, address=address)
    if not actions.knows(row, _kept(request, row)):
        return _enter(request, row, address)
    actions.note(row, Opening.What.SHOWN, address)
    return _shown(request, row)


def _enter(request: HttpRequest, row: Commission, address: str | None) -> HttpResponse:
    fault = ""
    if request.method == "POST":
        by = citizen("contractor").at(channel="contractor", address=address, request_id="")
        try:
            kept = actions.bind(row.pk, address=address, code=request.POST.get("code", "")[:12], by=by)
        except Refusal as refusal:
            kept, fault = "", str(refusal)
        if kept:
            known = dict(list(request.session.get("commissions", {}).items())[-MOST_KEPT:])
            request.session["commissions"] = {**known, str(row.pk): kept}
            return redirect(request.path)
        if not fault:
            actions.wrong_code(row.pk, address=address)
            fault = "验证码不对，请核对后再试。"
    context = {"row": row, "fault": fault, "first": not row.device}
    return render(request, "contractors/enter.html", context, status=422 if fault else 200)


def _shown(request: HttpRequest, row: Commission, fault: str = "", typed: str = "") -> HttpResponse:
    context = {
        "row": row, "request_text": mask_text(row.request), "place": mask_text(row.place), "fault": fault, "typed": typed,
        "photos": len(photos_of(row)) if row.state == Commission.State.OPEN else 0, "working": row.state == Commission.State.OPEN,
        "opinion": row.opinion if row.state == Commission.State.OPEN else "",
    }  # fmt: skip
    return render(request, "contractors/work.html", context, status=422 if fault else 200)


@open_to_all(WHY, clause=clause)
def done(request: HttpRequest, commission_id: UUID, token: str) -> HttpResponse:
    """Photos, and the word that it is done; either by itself. A refusal keeps what was typed."""
    address = reader(request).address
    row = actions.by_link(commission_id, token, address=address)
    back = redirect("contractor-link", commission_id=row.pk, token=token)
    if request.method != "POST" or not actions.knows(row, _kept(request, row)):
        return back
    typed = request.POST.get("text", "")
    try:
        files = request.FILES.getlist("photos")
        if files or request.POST.get("step") == "photos":
            n = actions.show_work(row, files, address=address)
            messages.success(request, f"已收到 {n} 张照片。")
        if request.POST.get("step") != "photos":
            actions.report_done(row.pk, by=actions.hand(row, address), text=typed)
            messages.success(request, "已报告完成，请等委托单位验收。")
        return back
    except BadInput as refusal:
        told = "；".join(
            sentence for said in refusal.fields.values() for sentence in ([said] if isinstance(said, str) else said)
        )
        return _shown(request, row, told, typed)
    except Refusal as refusal:
        return _shown(request, row, str(refusal), typed)


urlpatterns = [
    path("<uuid:commission_id>/<str:token>/", link, name="contractor-link"),
    path("<uuid:commission_id>/<str:token>/done/", done, name="contractor-done"),
]
