"""Rounds (考核任务): the list, a new one, one of them with its results, its steps, its report."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.appraisal import actions, queries, rules
from hezhi.chapters.cases.appraisal.actions import papers, scoring
from hezhi.chapters.cases.appraisal.models import Objection, Round, RoundState, Template, sees_all
from hezhi.chapters.cases.statistics.api import Fact, Period, documents
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Figure
from hezhi.ground.ui.shapes import Fact as Told

clause = "9.1.2-5-3"
TONE = {"draft": "to_accept", "running": "handling", "scored": "to_review", "final": "closed"}
BACK = Crumb("业务考核", "/appraisal/")


@needs("appraisal.view", clause="9.1.2-5-5")
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The rounds this reader may see, the latest first, each with his own result if he has one."""
    by = reader(request)
    rounds = list(Round.objects.visible_to(by).select_related("template").order_by("-last", "title")[:100])
    own = {} if sees_all(by) else {line.round_id: line for r in rounds for line in queries.lines_of(by, r)[:1]}
    context = {
        "rows": [(r, TONE[r.state], own.get(r.pk)) for r in rounds], "manages": by.may("appraisal.manage"), "own": not sees_all(by),
        "templates": Template.objects.filter(active=True).order_by("level", "name") if by.may("appraisal.manage") else (),
        "waiting": queries.waiting(by).count(),
    }  # fmt: skip
    return render(request, "appraisal/rounds.html", context)


class TemplateForm(forms.Form):
    """Which template."""

    template = forms.ChoiceField(
        label="考核模板", widget=forms.RadioSelect, error_messages={"required": "请选择考核模板。"}
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        rows = Template.objects.filter(active=True).order_by("level", "name")
        self.fields["template"].choices = [(str(t.pk), f"{t.name}（{t.get_level_display()}）") for t in rows]  # type: ignore[attr-defined]


@needs("appraisal.manage", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """First the template: it decides whom a round can appraise."""

    def done(given: dict[str, Any]) -> HttpResponse:
        return redirect("appraisal-new-of", template_id=UUID(given["template"]))

    return ask(request, TemplateForm, "新建考核任务", done, reverse("appraisal"), submit="下一步")


def _day(label: str, initial: Any) -> forms.DateField:
    return forms.DateField(
        label=label, initial=initial, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "请选择日期。", "invalid": "日期格式不对。"},
    )  # fmt: skip


def _round_form(template: Template) -> Any:
    end = time.today().replace(day=1) - timedelta(days=1)
    choices = [(f"{unit}:{user or ''}", name) for unit, user, name in queries.objects_for(template.level)]

    class Form(forms.Form):
        title = forms.CharField(
            label="任务名称",
            max_length=60,
            initial=f"{end.year}年{end.month}月{template.name}",
            error_messages={"required": "请填写任务名称。"},
        )
        first, last = _day("考核期起", end.replace(day=1)), _day("考核期止", end)
        objects = forms.MultipleChoiceField(
            label="考核对象", choices=choices, initial=[value for value, _ in choices], widget=forms.CheckboxSelectMultiple,
            error_messages={"required": "请至少选择一个考核对象。"},
        )  # fmt: skip

    return Form


@needs("appraisal.manage", clause=clause)
def new_of(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Then period and objects."""
    by = reader(request)
    template = _template(template_id)

    def done(given: dict[str, Any]) -> HttpResponse:
        chosen = [value.partition(":") for value in given["objects"]]
        round_ = actions.make_round(
            by=by, title=given["title"], template_id=template.pk, first=given["first"], last=given["last"],
            objects=[(UUID(unit), UUID(user) if user else None) for unit, _, user in chosen],
        )  # fmt: skip
        messages.success(request, "考核任务已拟定，检查后发布。")
        return redirect("appraisal-round", round_id=round_.pk)

    return ask(
        request, _round_form(template), f"新建考核任务：{template.name}", done, reverse("appraisal"), submit="拟定"
    )


def _template(template_id: UUID) -> Template:
    found = Template.objects.filter(pk=template_id).first()
    if found is None:
        raise NotFound("没有找到这个考核模板。")
    return found


@needs("appraisal.manage", clause="9.1.2-5-2")
@require_safe
def preview(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """What the template would give for last month (试算): nothing is stored."""
    template = _template(template_id)
    end = time.today().replace(day=1) - timedelta(days=1)
    period = Period.of_days(end.replace(day=1), end, time.now())
    items, objects = queries.rules_of(template), queries.objects_for(template.level)
    bases = queries.bases_of([unit for unit, _, _ in objects], end.year)
    found = queries.counted(Fact.objects.exclude(outcome="void"), template.level, items, period, bases, {})
    rows = []
    for unit, user, name in objects:
        told = found.get(user or unit) or queries.nothing(items, bases.get(str(unit), {}))
        gained = {rule.code: rules.points(rule, *told[rule.code]) for rule in items if rule.counts}
        rows.append(
            (name, [rules.plain(gained.get(rule.code)) for rule in items], rules.plain(rules.total(items, gained)))
        )
    full = sum((rule.weight for rule in items if not rule.extra), Decimal(0))
    context = {
        "template": template, "items": items, "rows": rows, "full": rules.plain(full), "whole": full == 100,
        "first": end.replace(day=1), "last": end, "crumbs": [BACK, Crumb(template.name)],
    }  # fmt: skip
    return render(request, "appraisal/preview.html", context)


@needs("appraisal.view", clause="9.1.2-5-5")
@require_safe
def page(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """One round: how it stands, what it counts by, the results this reader may see."""
    by = reader(request)
    round_ = queries.round_for(by, round_id)
    lines, items = queries.lines_of(by, round_), queries.rules_in(round_)
    missing = scoring.missing(round_) if by.may("appraisal.score") and round_.state in scoring.OPEN else []
    figures = [Figure("考核对象", str(len(lines)), "个")]
    if sees_all(by):
        figures += [
            Figure(name, str(sum(line.grade == name for line in lines)), "个") for name in ("优秀", "合格", "待改进")
        ]
    context = {
        "round": round_, "tone": TONE[round_.state], "lines": lines, "items": items, "missing": missing,
        "figure_list": figures, "fact_list": _facts(round_), "action_list": _buttons(by, round_),
        "provisional": round_.as_of is None and round_.state == RoundState.RUNNING,
        "waiting": Objection.objects.filter(line__in=[line.pk for line in lines], state="waiting").count(),
        "crumbs": [BACK, Crumb(round_.title)], "seen_all": sees_all(by),
    }  # fmt: skip
    return render(request, "appraisal/round.html", context)


def _facts(round_: Round) -> list[Told]:
    told = [
        Told("考核模板", round_.template.name), Told("考核期间", f"{round_.first} 至 {round_.last}"),
        Told("组织单位", str(round_.unit or "")), Told("异议截止", str(round_.objections_until or "出分后 5 日内")),
    ]  # fmt: skip
    if round_.as_of:
        told += [
            Told("数据时点", time.show(round_.as_of)),
            Told("事实摘要", round_.digest[:16], note="冻结的事实的指纹"),
        ]
    return told


def _buttons(by: Actor, round_: Round) -> list[Action]:
    def step(code: str, name: str, kind: str = "plain") -> Action:
        return Action(name, reverse("appraisal-do", args=[round_.pk, code]), kind=kind, opens="dialog")

    found = []
    if round_.state != RoundState.DRAFT:
        found.append(Action("打印", reverse("appraisal-print", args=[round_.pk])))
        found.append(Action("导出 Word", reverse("appraisal-report", args=[round_.pk])))
        found.append(Action("导出 PDF", reverse("appraisal-report", args=[round_.pk]) + "?form=pdf"))
    if round_.as_of and sees_all(by):
        found.append(Action("复算核对", reverse("appraisal-check", args=[round_.pk])))
    if by.may("appraisal.manage"):
        if round_.state != RoundState.DRAFT and round_.level != "grid_member":
            found.append(step("order", "取消按得分排列" if round_.ordered else "按得分排列"))
        found += {
            RoundState.DRAFT: [step("publish", "发布", "primary")],
            RoundState.RUNNING: [step("recount", "重新计分"), step("freeze", "出分", "primary")],
            RoundState.SCORED: [step("finish", "定档", "primary")],
        }.get(RoundState(round_.state), [])
    return found


class NothingForm(forms.Form):
    """A step that asks nothing but a yes."""


class ReasonForm(forms.Form):
    """A step that needs a reason."""

    reason = forms.CharField(label="理由", max_length=200, error_messages={"required": "请写明理由。"})


STEPS = {
    "publish": ("发布考核任务", "发布后告知考核对象，并按现有数据计算预估得分。", actions.publish, "任务已发布。"),
    "recount": ("重新计分", "按现在的数据重新计算自动得分，人工评分保留。", actions.recount, "已重新计分。"),
    "freeze": (
        "出分",
        "冻结考核期的事实和计分规则，公布得分，异议期 5 天。冻结后得分不再随数据变化。",
        actions.freeze,
        "得分已公布。",
    ),
    "finish": ("定档", "异议处理完毕，确定最终结果。", actions.finish, "结果已定档。"),
}


@needs("appraisal.manage", clause=clause)
def do(request: HttpRequest, round_id: UUID, step: str) -> HttpResponse:
    """A step of a round."""
    by = reader(request)
    round_ = queries.round_for(by, round_id)
    back = reverse("appraisal-round", args=[round_.pk])
    if step == "order":

        def order(given: dict[str, Any]) -> None:
            actions.order_units(round_.pk, by=by, on=not round_.ordered, reason=given["reason"])

        note = "只改变列表的先后，不改变得分；只有考核主管看得到全部单位。"
        return ask(request, ReasonForm, "单位按得分排列", order, back, note=note)
    if step not in STEPS:
        raise NotFound("没有这个步骤。")
    title, note, action, said = STEPS[step]

    def done(given: dict[str, Any]) -> None:
        action(round_.pk, by=by)
        messages.success(request, said)

    return ask(request, NothingForm, title, done, back, submit=title, note=note)


@needs("appraisal.results", clause="9.1.2-5-5")
@require_safe
def check(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """Work the frozen result out again and say whether it comes out the same (复算核对)."""
    by = reader(request)
    round_ = queries.round_for(by, round_id)
    untouched, differences = actions.recompute(by, round_.pk)
    context = {
        "round": round_, "untouched": untouched, "differences": differences, "checked_at": time.now(),
        "facts": queries.facts_of(round_).count(),
        "crumbs": [BACK, Crumb(round_.title, reverse("appraisal-round", args=[round_.pk])), Crumb("复算核对")],
    }  # fmt: skip
    return render(request, "appraisal/check.html", context)


@needs("appraisal.view", clause="9.1.2-5-5")
@require_safe
def report(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """The report as a Word document, or as a PDF (`?form=pdf`)."""
    by = reader(request)
    round_ = queries.round_for(by, round_id)
    form, kind = ("pdf", documents.PDF) if request.GET.get("form") == "pdf" else ("docx", documents.DOCX)
    headers = {"Content-Disposition": content_disposition_header(True, f"{round_.title}考核报告.{form}")}
    return HttpResponse(actions.report(round_.pk, by=by, form=form), content_type=kind, headers=headers)


@needs("appraisal.view", clause="9.1.2-5-5")
@require_safe
def printed(request: HttpRequest, round_id: UUID) -> HttpResponse:
    """The report for the printer."""
    by = reader(request)
    round_ = queries.round_for(by, round_id)
    notes, parts = papers.tables(by, round_)
    return render(
        request, "appraisal/print.html", {"round": round_, "notes": notes, "tables": parts, "printed_at": time.now()}
    )
