"""Objections and cases taken out (异议、复核、剔除) on screen."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.appraisal import actions, queries
from hezhi.chapters.cases.appraisal.pages.rounds import BACK
from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.org.api import needs, reader
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Crumb

clause = "9.1.2-5-4"


@needs("appraisal.review", clause=clause)
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """What waits for review."""
    by = reader(request)
    rows = list(queries.waiting(by).select_related("asked_by").order_by("asked_at"))
    numbers = dict(Case.objects.filter(pk__in=[o.case_id for o in rows if o.case_id]).values_list("pk", "number"))
    context = {
        "rows": [(o, numbers.get(o.case_id, "") if o.case_id else "") for o in rows],
        "crumbs": [BACK, Crumb("异议复核")],
    }
    return render(request, "appraisal/objections.html", context)


class ReviewForm(forms.Form):
    """The decision."""

    grant = forms.ChoiceField(
        label="复核结论", choices=[("yes", "异议成立"), ("no", "异议不成立")], widget=forms.RadioSelect,
        error_messages={"required": "请选择复核结论。"},
    )  # fmt: skip
    opinion = forms.CharField(
        label="复核意见",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明复核意见。"},
    )


@needs("appraisal.review", clause=clause)
def review(request: HttpRequest, objection_id: UUID) -> HttpResponse:
    """Decide an objection."""
    by = reader(request)
    found = queries.waiting(by).filter(pk=objection_id).first()
    if found is None:
        raise NotFound("没有找到待复核的异议。", "可能已由同事复核。")

    def done(given: dict[str, Any]) -> None:
        actions.review(found.pk, by=by, grant=given["grant"] == "yes", opinion=given["opinion"])
        messages.success(request, "已复核。")

    note = f"{found.line}：{found.text}" + ("　成立后该事件不再计分。" if found.case_id else "")
    return ask(request, ReviewForm, "复核异议", done, reverse("appraisal-objections"), submit="提交", note=note)


def _object_form(items: list[tuple[str, str]]) -> Any:
    class Form(forms.Form):
        item = forms.ChoiceField(label="针对哪一项", required=False, choices=[("", "总分"), *items])
        number = forms.CharField(
            label="事件编号",
            required=False,
            max_length=24,
            help_text="认为某件事不该计入的，填写其编号；成立后剔除并重新计分。",
        )
        text = forms.CharField(
            label="异议内容和依据", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
            error_messages={"required": "请写明异议内容和依据。"},
        )  # fmt: skip

    return Form


@needs("appraisal.object", clause=clause)
def object_to(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Object to a score of one's own."""
    by = reader(request)
    line = queries.line_for(by, line_id)
    items = [(rule.code, rule.name) for rule in queries.rules_in(line.round)]

    def done(given: dict[str, Any]) -> None:
        actions.object_to(line.pk, by=by, text=given["text"], item=given["item"], number=given["number"])
        messages.success(request, "异议已提交，由另一个人复核。")

    return ask(request, _object_form(items), "提出异议", done, reverse("appraisal-line", args=[line.pk]), submit="提交")


class ExcludeForm(forms.Form):
    """Which case, and why."""

    number = forms.CharField(label="事件编号", max_length=24, error_messages={"required": "请填写事件编号。"})
    reason = forms.CharField(
        label="剔除理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明剔除理由。"},
    )


@needs("appraisal.manage", clause=clause)
def exclude(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Take a case out of the count of one line."""
    by = reader(request)
    line = queries.line_for(by, line_id)

    def done(given: dict[str, Any]) -> None:
        actions.exclude(line.pk, by=by, number=given["number"], reason=given["reason"])
        messages.success(request, "已剔除并重新计分。")

    note = "不属该单位职责、重复、恶意等情形才可剔除；谁在何时以何理由剔除，结果单上都可见。"
    return ask(
        request,
        ExcludeForm,
        f"剔除事件：{line}",
        done,
        reverse("appraisal-line", args=[line.pk]),
        submit="剔除",
        note=note,
    )
