"""The page of figures, the cases behind each of them, and the files (统计分析页、件次清单、导出)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.statistics import actions, queries, rules
from hezhi.chapters.cases.statistics.actions.documents import DOCX, PDF, XLSX
from hezhi.chapters.cases.statistics.pages.asking import asked_of, form_of, preset_days
from hezhi.chapters.cases.statistics.queries import Asked, Figures, Line
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Crumb, Figure

clause = "9.1.2-4"
KINDS = {"xlsx": XLSX, "docx": DOCX, "pdf": PDF}
PAGE = 50
MOST_BARS = 15


@needs("statistics.view", clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Everything about the chosen days: figures, trend, by what is chosen, stages, rates, what grows."""
    by = reader(request)
    try:
        asked = asked_of(request, by)
    except BadInput as refusal:
        return _wrong_days(request, by, refusal)
    told = queries.whole(by, asked)
    context = form_of(asked, by) | {
        "counted_at": queries.up_to(), "query": asked.query(), "now": told.now, "before": told.before,
        "year": told.year, "rates": told.rates, "lines": [(line, _deeper(asked, line)) for line in told.lines], "trend": told.trend,
        "stages": told.stages, "hot": told.hot, "dimension": queries.DIMENSIONS[asked.by], "figure_list": _figures(told),
        "compared": (rules.before(asked.first, asked.last), rules.year_before(asked.first, asked.last)),
        "charts": _charts(told), "few": rules.FEW,
    }  # fmt: skip
    return render(request, "statistics/figures.html", context)


def _wrong_days(request: HttpRequest, by: Actor, refusal: BadInput) -> HttpResponse:
    """The form as it was filled in, with what is wrong about its days; no figures, which would be of other days."""
    asked = asked_of(request, by, preset_days("month"))
    context = form_of(asked, by) | {
        "wrong": refusal, "first": request.GET.get("from", ""), "last": request.GET.get("to", ""),
    }  # fmt: skip
    return render(request, "statistics/figures.html", context, status=refusal.status)


def _figures(told: Figures) -> list[Figure]:
    now, before, year = told.now, told.before, told.year
    found = {each.rate.code: each for each in told.rates}

    def volume(code: str, label: str, tone: str = "") -> Figure:
        note = f"环比 {_signed(rules.change(now[code], before[code]))}　同比 {_signed(rules.change(now[code], year[code]))}"
        return Figure(label, f"{now[code]:,}", "件", note=note, url=now.cells[code].url, tone=tone)

    def rate(code: str) -> Figure:
        line = found[code]
        note = f"{line.part.value:,} ÷ {line.whole.value:,}" + ("　样本少" if line.few else "")
        value = "—" if line.value is None else str(line.value)
        return Figure(line.rate.name, value, "" if line.value is None else "%", note=note, url=line.part.url)

    return [
        volume("reported", "上报"), volume("closed", "结案"), rate("handled_on_time"),
        volume("waiting_late", "超期待处置", "danger" if now["waiting_late"] else ""), rate("reworked"), rate("satisfied"),
    ]  # fmt: skip


def _signed(value: Any) -> str:
    return "—" if value is None else f"{value:+}%"


def _deeper(asked: Asked, line: Line) -> str:
    """Where a line leads further down: the areas below, the categories below."""
    if not line.key:
        return ""
    if asked.by == "area" and asked.below != "grid":
        return f"?{asked.query(area=line.key)}"
    if asked.by == "category" and len(line.key.split("/")) < 3:
        return f"?{asked.query(category=line.key)}"
    return ""


def _charts(told: Figures) -> dict[str, Any]:
    top, trend = told.lines[:MOST_BARS], told.trend
    return {
        "trend": {"kind": "line", "labels": trend.days, "series": [
            {"name": name, "values": values} for name, values in zip(trend.names, trend.lines, strict=True)
        ]},
        "lines": {"kind": "bars", "labels": [line.name for line in top], "series": [
            {"name": "上报", "values": [line["reported"] for line in top]},
            {"name": "结案", "values": [line["closed"] for line in top]},
        ]},
        "stages": {"kind": "bars", "unit": "小时", "labels": [s.name for s in told.stages], "series": [
            {"name": "平均用时", "values": [s.mean_hours for s in told.stages]},
        ]},
        "hot": {"kind": "bars", "labels": [h.name.rpartition("/")[2] for h in told.hot], "series": [
            {"name": "本期", "values": [h.now.value for h in told.hot]}, {"name": "上期", "values": [h.before for h in told.hot]},
        ]},
    }  # fmt: skip


@needs("statistics.view", clause=clause)
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """The cases behind a figure, by the definition that counted it (件次清单); nothing of a secret case is told."""
    by = reader(request)
    asked = asked_of(request, by)
    code, value = request.GET.get("measure", "reported"), request.GET.get("value", "")
    stage = next((each for each in rules.STAGES if each.code == code), None)
    measure = rules.MEASURES.get(code)
    if measure is None and stage is None:
        raise NotFound("没有这项统计。", remedy="请从统计页面点数字进入。")
    rows = queries.behind(by, asked, code, value)
    many = rows.count()
    at = max(1, int(request.GET.get("page", "1")) if request.GET.get("page", "1").isdigit() else 1)
    shown = [
        {
            "fact": fact, "case": case, "title": "保密件" if fact.secret else mask_text(case.title),
            "spent": rules.hours(getattr(fact, stage.code)) if stage else "",
        }
        for fact, case in queries.cases_behind(by, rows, at, PAGE)
        if case is not None
    ]  # fmt: skip
    told = asked.query(measure=code, value=value)
    name = measure.name if measure else f"{stage.name}用时" if stage else ""
    context = {
        "name": name, "means": measure.means if measure else "期内完成该环节的件次及所用工作时间",
        "many": many, "rows": shown, "asked": asked, "words": asked.words(), "stage": stage, "counted_at": queries.up_to(),
        "crumbs": [Crumb("统计分析", f"{reverse('statistics')}?{asked.query()}"), Crumb(name)],
        "previous_url": f"?{told}&page={at - 1}" if at > 1 else "",
        "next_url": f"?{told}&page={at + 1}" if at * PAGE < many else "",
        "span": f"第 {(at - 1) * PAGE + 1}–{min(at * PAGE, many)} 件次，共 {many:,} 件次" if many else "",
    }  # fmt: skip
    return render(request, "statistics/cases.html", context)


@needs("statistics.view", clause=clause)
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The tables of the page as Excel, Word or PDF."""
    if form not in KINDS:
        raise NotFound("没有这种导出格式。")
    by = reader(request)
    asked = asked_of(request, by)
    content = actions.export(by=by, asked=asked, form=form)
    name = f"事件统计{asked.first:%Y%m%d}-{asked.last:%Y%m%d}.{form}"
    headers = {"Content-Disposition": content_disposition_header(True, name)}
    return HttpResponse(content, content_type=KINDS[form], headers=headers)
