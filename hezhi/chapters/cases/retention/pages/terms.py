"""The page of terms (保存期限): what holds, trials, runs and erasures, and every report."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.retention import actions, queries
from hezhi.chapters.cases.retention.models import Kind, Run
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.errors import NotFound, Refusal
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb

clause = "12.3-1"
TITLE = "保存期限"


class TermForm(forms.Form):
    """How long, on what basis."""

    months = forms.IntegerField(
        label="办结后保存（月）", min_value=12, max_value=360, initial=24,
        error_messages={"required": "请填写月数。", "min_value": "最少 12 个月。", "max_value": "最多 360 个月。"},
    )  # fmt: skip
    basis = forms.CharField(label="依据", max_length=200, error_messages={"required": "请写明依据。"})
    nightly = forms.BooleanField(label="每晚自动执行", required=False, help_text="不勾选时，由数据管理人员试算后执行。")


class CaseTermForm(forms.Form):
    """How long cases are kept; they are never erased by the clock alone."""

    months = forms.IntegerField(
        label="办结后保存（月）", min_value=36, max_value=360, initial=120,
        error_messages={"required": "请填写月数。", "min_value": "最少 36 个月。", "max_value": "最多 360 个月。"},
        help_text="属于归档范围的，请先向档案部门移交再清除。",
    )  # fmt: skip
    basis = forms.CharField(label="依据", max_length=200, error_messages={"required": "请写明依据。"})


@needs(actions.MANAGE, actions.APPROVE, clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The terms in force, trials, runs and erasures."""
    manages = reader(request).may(actions.MANAGE)
    names, cases = queries.term(Kind.REPORTER), queries.term(Kind.CASE)
    erasures = queries.runs(Kind.CASE)
    waiting = queries.waiting(erasures)
    context = {
        "names": names, "cases": cases, "title": TITLE,
        "names_edge": queries.edge_of(names) if names else None, "cases_edge": queries.edge_of(cases) if cases else None,
        "runs": queries.runs(), "erasures": [(run, _stand(run, waiting), _ask(run, waiting, manages)) for run in erasures],
        "names_actions": _name_ways(names is not None) if manages else [],
        "cases_actions": _case_ways(cases is not None) if manages else [],
    }  # fmt: skip
    return render(request, "retention/page.html", context)


def _name_ways(settled: bool) -> list[Action]:
    settle = Action("核定期限", reverse("retention-term"), opens="dialog", kind="plain" if settled else "primary")
    if not settled:
        return [settle]
    return [
        settle,
        Action("执行匿名", reverse("retention-run"), opens="post", kind="danger", confirm="匿名后不能恢复，确定执行吗？"),
        Action("试算", reverse("retention-try"), opens="post", kind="primary"),
    ]  # fmt: skip


def _case_ways(settled: bool) -> list[Action]:
    settle = Action("核定期限", reverse("retention-case-term"), opens="dialog", kind="plain" if settled else "primary")
    return (
        [settle, Action("试算", reverse("retention-case-try"), opens="post", kind="primary")] if settled else [settle]
    )


def _stand(run: Run, waiting: set[UUID]) -> tuple[str, str]:
    """How an erasure stands: tone and words."""
    if run.finished_at:
        return "closed", "已清除"
    if run.approved_at:
        return "handling", "清除中"
    return ("to_review", "待批准") if run.pk in waiting else ("", "试算")


def _ask(run: Run, waiting: set[UUID], manages: bool) -> list[Action]:
    """The button that asks for the erasure, while the trial is of today and nobody has asked."""
    fresh = run.at >= time.at_local(time.today()) and run.counts["total"] and not run.approved_at
    if not (manages and fresh) or run.pk in waiting:
        return []
    told = f"申请清除 {run.counts['total']} 件事件的内容，由另一人批准后执行，清除后不能恢复。确定申请吗？"
    return [Action("申请清除", reverse("retention-case-ask", args=[run.pk]), opens="post", kind="danger", confirm=told)]


def _settle(request: HttpRequest, form: type[forms.Form], heading: str, kind: str) -> HttpResponse:
    def done(given: dict[str, Any]) -> None:
        actions.settle_term(by=reader(request), kind=kind, **{"nightly": False, **given})
        messages.success(request, "已核定。执行前请先试算。")

    return ask(request, form, heading, done, reverse("retention"), submit="核定")


@needs(actions.MANAGE, clause=clause)
def term(request: HttpRequest) -> HttpResponse:
    """Settle the term of names."""
    return _settle(request, TermForm, "核定上报人信息的保存期限", Kind.REPORTER)


@needs(actions.MANAGE, clause=clause)
def case_term(request: HttpRequest) -> HttpResponse:
    """Settle the term of cases."""
    return _settle(request, CaseTermForm, "核定事件的保存期限", Kind.CASE)


def _posted(request: HttpRequest, do: Callable[[], str]) -> HttpResponse:
    """Do it on a POST, say what came of it, and back to the page."""
    if request.method == "POST":
        try:
            messages.success(request, do())
        except Refusal as refusal:
            messages.error(request, str(refusal))
    return redirect("retention")


def _tried(run: Run) -> str:
    return f"试算完成：到期 {run.counts['total']} 件，因仍有未了事项保留 {run.counts['stay']} 件，没有改动任何数据。"


@needs(actions.MANAGE, clause=clause)
def try_out(request: HttpRequest) -> HttpResponse:
    """Count whose term is over; only by POST."""
    return _posted(request, lambda: _tried(actions.try_out(by=reader(request))))


@needs(actions.MANAGE, clause=clause)
def run(request: HttpRequest) -> HttpResponse:
    """Make nameless whose term is over; only by POST."""

    def do() -> str:
        counts = actions.run(by=reader(request)).counts
        return f"已匿名 {counts['total']} 件，还有 {counts['left']} 件待处理。"

    return _posted(request, do)


@needs(actions.MANAGE, clause=clause)
def try_erasing(request: HttpRequest) -> HttpResponse:
    """Count which cases would be erased; only by POST."""
    return _posted(request, lambda: _tried(actions.try_erasing(by=reader(request))))


def _asked(run_id: UUID, request: HttpRequest) -> str:
    actions.ask_erasing(run_id, by=reader(request))
    return "已提交申请，由本单位另一位有批准权限的人在「审批」中办理。"


@needs(actions.MANAGE, clause=clause)
def ask_erasing(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask for the erasure; only by POST."""
    return _posted(request, partial(_asked, run_id, request))


@needs(actions.MANAGE, actions.APPROVE, clause=clause)
@require_safe
def erased(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The list of what was erased (清册): numbers and days, no words."""
    run, rows = queries.list_of(run_id)
    if run is None:
        raise NotFound("没有找到这个批次。", code="retention.no_run")
    crumbs = [Crumb(TITLE, reverse("retention")), Crumb("清除清册")]
    return render(request, "retention/erased.html", {"run": run, "rows": rows, "crumbs": crumbs})
