"""Kept reports (统计报告): the list, a report of one's own, and the same tables for the printer or as a PDF."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.statistics import actions
from hezhi.chapters.cases.statistics.actions import documents
from hezhi.chapters.cases.statistics.models import Report, ReportPlan
from hezhi.chapters.cases.statistics.pages.asking import asked_of
from hezhi.engines.org.api import needs, reader
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.ui.asking import ask

clause = "9.1.2-4"
SHOWN = 100


@needs("statistics.view", clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The reports this reader may open, newest first, and which ones write themselves."""
    by = reader(request)
    found = list(Report.objects.visible_to(by).select_related("area").order_by("-made_at")[:SHOWN])
    files: dict[UUID, list[Attachment]] = {}
    for each in Attachment.objects.filter(object_id__in=[r.pk for r in found], removed_at__isnull=True).order_by(
        "name"
    ):
        files.setdefault(each.object_id, []).append(each)
    context = {
        "rows": [(report, files.get(report.pk, [])) for report in found],
        "plans": ReportPlan.objects.filter(active=True).select_related("area", "receivers"),
        "edits": by.may("statistics.plans"),
    }  # fmt: skip
    return render(request, "statistics/reports.html", context)


class TitleForm(forms.Form):
    """How the report is called."""

    title = forms.CharField(label="报告标题", max_length=60, error_messages={"required": "请填写报告标题。"})


@needs("statistics.view", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """Keep the figures on the screen as a report of one's own."""
    by = reader(request)
    asked = asked_of(request, by)

    def done(given: dict[str, str]) -> None:
        actions.write_report(by=by, asked=asked, title=given["title"])
        messages.success(request, "报告已生成并保存。")

    note = f"按当前条件生成：{asked.first} 至 {asked.last}，{asked.words()}。"
    return ask(request, TitleForm, "生成报告", done, reverse("statistics-reports"), submit="生成", note=note)


@needs("statistics.view", clause=clause)
@require_safe
def printed(request: HttpRequest) -> HttpResponse:
    """The tables as a sheet for the printer; the browser saves it as a PDF as well."""
    by = reader(request)
    asked = asked_of(request, by)
    context = {
        "notes": documents.notes_of(by, asked), "tables": documents.tables(by, asked), "printed_at": time.now(),
    }  # fmt: skip
    return render(request, "statistics/print.html", context)
