"""The district leader's phone (区领导手机端): what presses, an opinion or a new task in two taps and the words."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.supervision import actions, queries
from hezhi.chapters.cases.supervision.models import Matter
from hezhi.chapters.cases.supervision.pages.forms import instruct_form, uuids
from hezhi.engines.org.api import needs, reader
from hezhi.ground import time
from hezhi.ground.errors import Refusal
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import tell

clause = "9.1.2-3-2"
SHOWN = 10


@needs("supervision.instruct", clause=clause)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What presses: supervised matters by rung and limit, then urgent cases whose limit is over."""
    by = reader(request)
    late = Case.objects.visible_to(by).open().filter(due_at__lt=time.now(), urgency__in=("critical", "urgent"))
    cases = [
        {
            "name": mask_text(case.title), "url": reverse("supervision-instruct-case", args=[case.pk]),
            "note": f"{case.number} · {case.get_urgency_display()}", "state_code": case.state,
            "state_name": case.get_state_display(), "deadline": case.due_at,
        }
        for case in late.order_by("due_at")[:SHOWN]
    ]  # fmt: skip
    context = {
        "groups": [("我交办的", _rows(queries.instructed(by))), ("其他在督事项", _rows(queries.pressing(by))), ("紧急事件已超期", cases)],
        "told": queries.counts(by),
    }  # fmt: skip
    return render(request, "supervision/lead.html", context)


def _rows(matters: list[Matter]) -> list[dict[str, Any]]:
    return [
        {
            "name": mask_text(m.title), "url": reverse("supervision-lead-matter", args=[m.pk]),
            "note": f"{m.number} · {m.get_kind_display()} · {m.rung.name}", "state_code": m.state,
            "state_name": m.get_state_display(), "deadline": m.due_at if m.state == "open" else None,
        }
        for m in matters
    ]  # fmt: skip


@needs("supervision.instruct", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """A new task from the phone (交办): only the words must be given."""
    by = reader(request)
    form = instruct_form(own_title=True, phone=True)(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            given = form.cleaned_data
            matter = actions.instruct(
                by=by, text=given["text"], title=given["title"], unit_ids=uuids(given["units"]), days=given["days"]
            )
            messages.success(request, f"已交办，编号 {matter.number}。")
            return redirect("supervision-lead")
        except Refusal as refusal:
            tell(form, refusal)
    context = {"form": form, "action_url": request.path, "submit_name": "交办", "heading": "交办任务"}
    return render(request, "supervision/lead_form.html", context, status=422 if form.is_bound else 200)


class OpinionForm(forms.Form):
    """A leader's word."""

    text = forms.CharField(
        label="批示意见", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), help_text="可用输入法的话筒口述。",
        error_messages={"required": "请写明批示意见。"},
    )  # fmt: skip


@needs("supervision.instruct", clause=clause)
def matter(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """One matter on the phone, with the field for an opinion open."""
    by = reader(request)
    file = queries.matter_file(by, matter_id)
    form: Any = OpinionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.opinion(file.matter.pk, by=by, text=form.cleaned_data["text"])
            messages.success(request, f"{file.matter.number} 已批示。")
            return redirect("supervision-lead")
        except Refusal as refusal:
            tell(form, refusal)
    running = file.matter.state in ("open", "to_review")
    context = {
        "form": form if running else None, "action_url": request.path, "submit_name": "批示", "heading": file.matter.number,
        "file": file, "matter": file.matter, "title": mask_text(file.matter.title),
        "request_text": mask_text(file.matter.request), "why": mask_text(file.matter.why), "running": running,
        "steps": [(step, mask_text(step.text)) for step in file.steps[-5:]],
    }  # fmt: skip
    return render(request, "supervision/lead_matter.html", context, status=422 if form.is_bound else 200)
