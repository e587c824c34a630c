"""One result and how it came about (考核结果单), the cases behind a number, points given by hand."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.appraisal import actions, queries, rules
from hezhi.chapters.cases.appraisal.actions.scoring import OPEN
from hezhi.chapters.cases.appraisal.models import RoundState, Score
from hezhi.chapters.cases.appraisal.pages.rounds import BACK, TONE
from hezhi.chapters.cases.statistics.api import MEASURES
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Figure

clause = "9.1.2-5-5"


@needs("appraisal.view", clause=clause)
@require_safe
def page(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """Everything about one's own result: each number with its origin, what changed since last time, objections."""
    by = reader(request)
    told = queries.sheet(by, line_id)
    line, round_ = told.line, told.round
    scores = by.may("appraisal.score") and round_.state in OPEN and line.unit_id not in by.above
    last = told.trend[-2][1] if len(told.trend) > 1 and told.trend[-1][0].pk == round_.pk else None
    context = {
        "sheet": told, "line": line, "round": round_, "tone": TONE[round_.state], "scores": scores,
        "items": [(item, _parts(line.pk, item)) for item in told.items],
        "figure_list": _figures(told, last), "action_list": _buttons(by, told),
        "names": {item.rule.code: item.rule.name for item in told.items},
        "objections": [(o, next((i.rule.name for i in told.items if i.rule.code == o.item), "总分")) for o in told.objections],
        "chart": {"kind": "line", "labels": [str(r.last) for r, _ in told.trend], "series": [
            {"name": "总分", "values": [float(total) if total is not None else None for _, total in told.trend]},
        ]},
        "crumbs": [BACK, Crumb(round_.title, reverse("appraisal-round", args=[round_.pk])), Crumb(str(line))],
    }  # fmt: skip
    return render(request, "appraisal/sheet.html", context)


def _parts(line_id: UUID, item: queries.Item) -> dict[str, str]:
    """The addresses of the cases behind numerator and denominator."""
    at, rule = reverse("appraisal-cases", args=[line_id]), item.rule
    if not rule.counts:
        return {}
    found = {"top_name": MEASURES[rule.numerator].name, "top": f"{at}?item={rule.code}&part=top"}
    if rule.denominator:
        found |= {"whole_name": MEASURES[rule.denominator].name, "whole": f"{at}?item={rule.code}&part=whole"}
    return found


def _figures(told: queries.Sheet, last: Decimal | None) -> list[Figure]:
    line = told.line
    found = [
        Figure("总分", rules.plain(line.total), "分", note=f"满分 {rules.plain(told.full)}"),
        Figure("等次", line.grade or "—"),
    ]
    if told.mean is not None:
        found.append(Figure("同任务平均", rules.plain(told.mean), "分"))
    if last is not None and line.total is not None:
        found.append(Figure("比上期", f"{line.total - last:+f}", "分", note=f"上期 {rules.plain(last)}"))
    return found


def _buttons(by: Actor, told: queries.Sheet) -> list[Action]:
    line, round_ = told.line, told.round
    found = []
    own = line.user_id == by.user_id or (line.user_id is None and line.unit_id == by.unit_id)
    open_ = round_.state == RoundState.SCORED and (
        round_.objections_until is None or time.today() <= round_.objections_until
    )
    if own and open_ and by.may("appraisal.object"):
        found.append(Action("提出异议", reverse("appraisal-object", args=[line.pk]), kind="primary", opens="dialog"))
    if by.may("appraisal.manage") and round_.state in OPEN and line.unit_id not in by.above:
        found.append(Action("剔除事件", reverse("appraisal-exclude", args=[line.pk]), opens="dialog"))
    return found


@needs("appraisal.view", clause=clause)
@require_safe
def cases(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """The cases behind a number of this result; of those that the reader may not open, the count alone."""
    by = reader(request)
    line = queries.line_for(by, line_id)
    rule, rows = queries.behind(by, line, request.GET.get("item", ""), request.GET.get("part", "top"))
    part = rule.denominator if request.GET.get("part") == "whole" else rule.numerator
    found = queries.cases_of(by, rows)
    shown = [
        {"fact": fact, "case": case, "title": "保密件" if fact.secret else mask_text(case.title)}
        for fact, case in found
        if case is not None
    ]  # fmt: skip
    context = {
        "line": line, "name": MEASURES[part].name, "means": MEASURES[part].means, "rows": shown, "many": rows.count(),
        "hidden": len(found) - len(shown),
        "crumbs": [
            BACK, Crumb(line.round.title, reverse("appraisal-round", args=[line.round_id])),
            Crumb(str(line), reverse("appraisal-line", args=[line.pk])), Crumb(rule.name),
        ],
    }  # fmt: skip
    return render(request, "appraisal/cases.html", context)


def _give_form(score: Score, most: Decimal, files: Any) -> Any:
    class Form(forms.Form):
        value = forms.DecimalField(
            label=f"得分（0–{rules.plain(most)}）", decimal_places=2, max_digits=6, initial=score.given,
            error_messages={"required": "请填写得分。", "invalid": "请填写数字。"},
        )  # fmt: skip
        reason = forms.CharField(
            label="评分依据", max_length=500, initial=score.reason, widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={"required": "请写明评分依据。"},
        )  # fmt: skip
        file = forms.FileField(label="佐证材料", required=False, help_text="图片、PDF、Word 或 Excel")

        def __init__(self, data: Any = None) -> None:
            super().__init__(data, files)

    return Form


@needs("appraisal.score", clause="9.1.2-5-4")
def give(request: HttpRequest, score_id: UUID) -> HttpResponse:
    """Give the points of an item by hand, with the reason and evidence."""
    by = reader(request)
    score = Score.objects.filter(pk=score_id).first()
    if score is None:
        raise NotFound("没有找到这项得分。")
    line = queries.line_for(by, score.line_id)
    rule = next((each for each in queries.rules_in(line.round) if each.code == score.item), None)
    if rule is None:
        raise NotFound("模板里已经没有这个指标。")
    form = _give_form(score, rule.most or rule.weight, request.FILES or None)

    def done(given: dict[str, Any]) -> None:
        files = [given["file"]] if given.get("file") else []
        actions.give(score.pk, by=by, value=given["value"], reason=given["reason"], files=files)
        messages.success(request, "评分已保存。")

    title = f"{'人工评分' if not rule.counts else '调整得分'}：{rule.name}"
    note = "" if not rule.counts else f"自动得分 {rules.plain(score.gained)} 分；调整须有依据，结果单上两个分数都可见。"
    back = reverse("appraisal-line", args=[line.pk])
    return ask(request, form, title, done, back, submit="保存", note=note)
