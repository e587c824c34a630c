"""The page of terms (保存期限): what holds, a trial, a run, and every report."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.retention import actions, queries
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.ground.errors import Refusal
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action

clause = "12.3-1"


class TermForm(forms.Form):
    """How long, on what basis."""

    months = forms.IntegerField(
        label="办结后保存（月）", min_value=12, max_value=120, initial=24,
        error_messages={"required": "请填写月数。", "min_value": "最少 12 个月。", "max_value": "最多 120 个月。"},
    )  # fmt: skip
    basis = forms.CharField(label="依据", max_length=200, error_messages={"required": "请写明依据。"})
    nightly = forms.BooleanField(label="每晚自动执行", required=False, help_text="不勾选时，由数据管理人员试算后执行。")


@needs(actions.MANAGE, clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The term in force, trials and runs."""
    term = queries.term()
    buttons = [Action("核定期限", reverse("retention-term"), opens="dialog", kind="plain" if term else "primary")]
    if term:
        buttons = [
            Action("试算", reverse("retention-try"), opens="post", kind="primary"),
            Action("执行匿名", reverse("retention-run"), opens="post", kind="danger"), *buttons,
        ]  # fmt: skip
    context = {
        "term": term, "edge": queries.edge_of(term) if term else None, "runs": queries.runs(), "action_list": buttons,
        "title": "上报人信息保存期限",
    }  # fmt: skip
    return render(request, "retention/page.html", context)


@needs(actions.MANAGE, clause=clause)
def term(request: HttpRequest) -> HttpResponse:
    """Settle the term."""
    by = reader(request)

    def done(given: dict[str, Any]) -> None:
        actions.settle_term(by=by, **given)
        messages.success(request, "已核定。执行前请先试算。")

    return ask(request, TermForm, "核定保存期限", done, reverse("retention"), submit="核定")


@needs(actions.MANAGE, clause=clause)
def try_out(request: HttpRequest) -> HttpResponse:
    """Count whose term is over; only by POST."""
    if request.method == "POST":
        try:
            run = actions.try_out(by=reader(request))
            messages.success(
                request,
                f"试算完成：到期 {run.counts['total']} 件，因仍有未了事项保留 {run.counts['stay']} 件，没有改动任何数据。",
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
    return redirect("retention")


@needs(actions.MANAGE, clause=clause)
def run(request: HttpRequest) -> HttpResponse:
    """Make nameless whose term is over; only by POST."""
    if request.method == "POST":
        try:
            done = actions.run(by=reader(request))
            messages.success(request, f"已匿名 {done.counts['total']} 件，还有 {done.counts['left']} 件待处理。")
        except Refusal as refusal:
            messages.error(request, str(refusal))
    return redirect("retention")


urlpatterns = [
    path("", page, name="retention"),
    path("term/", term, name="retention-term"),
    path("try/", try_out, name="retention-try"),
    path("run/", run, name="retention-run"),
]
