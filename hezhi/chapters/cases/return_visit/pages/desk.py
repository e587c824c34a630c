"""The caller's desk (回访台): who is to be called, giving up after enough tries, exclusions (剔除)."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.handling.api import queries as handling
from hezhi.chapters.cases.return_visit import actions, queries
from hezhi.chapters.cases.return_visit.models import Exclusion
from hezhi.engines.org.api import needs, reader
from hezhi.ground import time
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.fields import ManyFiles

clause = "9.1.2-2"


@needs("cases.call_back", clause=clause)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Who is to be called back (待回访), what is due first; with the rates of the last month."""
    by, now = reader(request), time.now()
    rows = [
        {
            "visit": visit, "case": visit.case, "title": mask_text(visit.case.title),
            "later": visit.next_at is not None and visit.next_at > now, "enough": visit.tries >= actions.most_tries(visit),
        }
        for visit in queries.queue(by)
    ]  # fmt: skip
    context = {"title": "回访", "rows": rows, "rates": queries.last_month(by), "coming": queries.not_drawn_yet(by)}
    return render(request, "return_visit/queue.html", context)


@needs("cases.call_back", clause=clause)
def give_up(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Close a case whose reporter could not be reached (联系不上办结)."""
    by = reader(request)
    case = handling.case_for(by, case_id)

    class Form(forms.Form):
        note = forms.CharField(label="补充说明", required=False, max_length=120, help_text="可不填，例如联系的时段。")

    def done(given: dict[str, Any]) -> None:
        actions.give_up(case.pk, by=by, note=given["note"])
        messages.success(request, f"{case.number} 已按联系不上办结。")

    return ask(request, Form, "联系不上，办结", done, reverse("visits"), submit="办结", note=case.number)


@needs("visits.exclude", clause=clause)
def exclude(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Ask that a verdict does not count (申请剔除), with evidence."""
    by = reader(request)
    case = handling.case_for(by, case_id)

    class Form(forms.Form):
        ground = forms.ChoiceField(
            label="剔除理由", choices=Exclusion.Ground.choices, widget=forms.RadioSelect,
            error_messages={"required": "请选择剔除理由。"},
        )  # fmt: skip
        reason = forms.CharField(
            label="情况说明", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
            help_text="写明为什么这件不满意不应计入满意率。", error_messages={"required": "请写明情况和依据。"},
        )  # fmt: skip

        def __init__(self, data: Any = None) -> None:
            super().__init__(data, request.FILES if data is not None else None)
            self.fields["files"] = forms.FileField(
                label="依据", required=False, help_text="照片、文书或通话记录，至少一份。",
                widget=ManyFiles(attrs={"accept": "image/*,.pdf,.docx,.xlsx"}),
            )  # fmt: skip

    def done(given: dict[str, Any]) -> None:
        files = actions.looked(request.FILES.getlist("files"))
        actions.ask_exclusion(case.pk, by=by, ground=given["ground"], text=given["reason"], files=files)
        messages.success(request, "已申请剔除，由派遣台复核。")

    note = f"{case.number} 由与办理无关的单位复核，复核前仍计入满意率。"
    return ask(request, Form, "申请剔除", done, reverse("case", args=[case.pk]), submit="提交申请", note=note)


@needs("visits.review", "visits.exclude", clause=clause)
@require_safe
def exclusions(request: HttpRequest) -> HttpResponse:
    """The exclusions asked for, and what became of them (剔除台账)."""
    context = {"title": "剔除台账", "rows": queries.exclusions(reader(request))}
    return render(request, "return_visit/exclusions.html", context)
