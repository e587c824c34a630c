"""The district leader's phone (区领导手机端): the day, what is late by unit, the gravest five; a task in three taps."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.api import queries as handling
from hezhi.chapters.cases.supervision import actions, queries, rules
from hezhi.chapters.cases.supervision.actions.opening import units_at_work
from hezhi.chapters.cases.supervision.models import Matter
from hezhi.chapters.cases.supervision.pages.forms import instruct_form, phrase_form, uuids
from hezhi.engines.org.api import needs, reader
from hezhi.ground import time
from hezhi.ground.errors import Refusal
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import tell
from hezhi.ground.ui.shapes import Bar, Figure

clause = "9.1.2-3-2"


@needs("supervision.instruct", clause=clause)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The day in figures, what is late by unit, the gravest cases, and what is under supervision.

    A case is told by its category and its place down to the community, never in the reporter's words: no name, number
    or address of a citizen stands here.
    """
    by = reader(request)
    day = queries.today(by)
    context = {
        "figure_list": [
            Figure("今日收到", str(day.received), "件"), Figure("今日办结", str(day.closed), "件"),
            Figure("在办", str(day.open), "件"),
            Figure("超期", str(day.late), "件", url="/r/cases/?overdue=1", tone="danger" if day.late else ""),
        ],
        "late_units": [
            Bar(name, n, f"/r/cases/?overdue=1&lead_unit={unit}" if unit else "") for unit, name, n in queries.late_by_unit(by)
        ],
        "grave": [_grave(case) for case in queries.gravest(by)],
        "groups": [("我交办的", _rows(queries.instructed(by))), ("其他在督事项", _rows(queries.pressing(by)))],
        "told": queries.counts(by),
    }  # fmt: skip
    return render(request, "supervision/lead.html", context)


def told_as(case: Case) -> str:
    """A case in words that hold nothing of a person: what it is about, and where it lies."""
    if case.secret:
        return f"保密件 · {case.town or '本区'}"
    where = case.community or case.town
    return f"{case.category.name if case.category else '未分类事项'} · {where.full_name if where else '未定位'}"


def why_grave(case: Case) -> str:
    """Why a case stands among the gravest."""
    late = time.now() - case.due_at if case.due_at else None
    return rules.gravity_words(
        urgency=case.urgency, late=late, redos=case.redos, urged=case.urged, by_many=case.mark == "group"
    )


def _grave(case: Any) -> dict[str, Any]:
    return {
        "name": told_as(case), "url": reverse("supervision-lead-case", args=[case.pk]),
        "note": f"{case.lead_unit or '尚未派遣'} · {why_grave(case)}", "watched": case.watched, "state_code": case.state,
        "state_name": case.get_state_display(), "deadline": case.due_at,
    }  # fmt: skip


def _rows(matters: list[Matter]) -> list[dict[str, Any]]:
    return [
        {
            "name": told_as(m.case) if m.case else mask_text(m.title), "url": reverse("supervision-lead-matter", args=[m.pk]),
            "note": f"{m.number} · {m.get_kind_display()} · {m.rung.name}", "state_code": m.state,
            "state_name": m.get_state_display(), "deadline": m.due_at if m.state == "open" else None,
        }
        for m in matters
    ]  # fmt: skip


@needs("supervision.instruct", clause=clause)
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """A case becomes a task (批示交办): a phrase, one button; or words of one's own. The unit at work is chosen already."""
    by = reader(request)
    row = handling.case_for(by, case_id)
    mine = units_at_work(row)
    form = phrase_form([unit.pk for unit in mine], secret=row.secret)(
        request.POST if request.method == "POST" else None
    )
    if request.method == "POST" and form.is_valid():
        try:
            given = form.cleaned_data
            matter = actions.instruct(
                by=by, text=given["words"], unit_ids=uuids(given["units"]), case_id=row.pk, days=given["days"]
            )
            messages.success(request, f"已批示交办，编号 {matter.number}。")
            return redirect("supervision-lead")
        except Refusal as refusal:
            tell(form, refusal)
    context = {
        "form": form, "action_url": request.path, "submit_name": "交办", "heading": "批示交办", "case": row,
        "name": told_as(row), "why": why_grave(row), "unit": row.lead_unit or "尚未派遣",
    }  # fmt: skip
    return render(request, "supervision/lead_case.html", context, status=422 if form.is_bound else 200)


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
        "file": file, "matter": file.matter,
        "title": told_as(file.matter.case) if file.matter.case else mask_text(file.matter.title),
        "request_text": mask_text(file.matter.request), "why": mask_text(file.matter.why), "running": running,
        "steps": [(step, mask_text(step.text)) for step in file.steps[-5:]],
    }  # fmt: skip
    return render(request, "supervision/lead_matter.html", context, status=422 if form.is_bound else 200)
