"""The situation on screen (热点态势): one question, answered as charts with tables, maps, rankings, words and events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from hezhi.chapters.awareness.early_warning.api import Standing, WarningModel, standings, title_of
from hezhi.chapters.awareness.situation import actions, queries
from hezhi.chapters.awareness.situation.models import Finding, Level, Model, Span, Template
from hezhi.chapters.awareness.situation.queries import Asked
from hezhi.chapters.awareness.situation.queries.counting import spot_shapes
from hezhi.chapters.awareness.situation.queries.replay import try_out
from hezhi.chapters.awareness.situation.rules import Period
from hezhi.chapters.cases.handling.api import Category, Source
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, Unit, needs, reader
from hezhi.ground import time
from hezhi.ground.errors import NotFound, NotNow
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Bar, Crumb, Fact, Figure

clause = "9.1.4-2-1"
LONGEST = 731
SAME = {"from": "first", "to": "last"}
"""The days as the statistics page calls them: an address of one leads to the same days of the other."""
SHOWN = 30


class AskForm(forms.Form):
    """Which ground, which days, which matters (查询条件)."""

    level = forms.ChoiceField(label="管理单元", choices=Level.choices, required=False)
    first = forms.DateField(
        label="从",
        required=False,
        error_messages={"invalid": "开始日期不对，请按 2026-11-01 这样填写。"},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label="至",
        required=False,
        error_messages={"invalid": "结束日期不对，请按 2026-11-01 这样填写。"},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    category = forms.ModelChoiceField(
        label="类别", queryset=Category.objects.none(), required=False, empty_label="全部类别"
    )
    source = forms.ChoiceField(label="渠道", choices=[("", "全部渠道"), *Source.choices], required=False)
    town = forms.ModelChoiceField(label="镇街", queryset=Area.objects.none(), required=False, empty_label="全部镇街")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["category"].queryset = Category.objects.filter(active=True).order_by("code")
        fields["town"].queryset = (
            Area.objects.filter(level="town", valid_to__isnull=True).order_by("code").defer("shape")
        )
        for each in fields.values():
            each.widget.attrs["class"] = "form-control" if isinstance(each, forms.DateField) else "form-select"
        fields["town"].label_from_instance = lambda area: area.name

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        first, last = told.get("first"), told.get("last")
        if first and last and not 0 <= (last - first).days < LONGEST:
            raise forms.ValidationError("结束日期不能早于开始日期，统计期最长两年。")
        return told


def _asked(request: HttpRequest) -> tuple[AskForm, Asked, Template | None]:
    """The question of this address: a template's, changed by what is given beside it; a week by towns otherwise."""
    template = None
    if key := request.GET.get("template", ""):
        template = Template.objects.filter(pk__in=[_uuid(key)]).select_related("category").first()
    start = queries.asked_of(template, time.today()) if template else _usual()
    given = {
        "level": start.level, "first": start.period.first, "last": start.period.last, "source": start.source,
        "category": start.category.pk if start.category else "", "town": "",
    }  # fmt: skip
    typed = {SAME.get(name, name): value for name, value in request.GET.items()}
    given |= {name: value for name, value in typed.items() if name in given and value}
    form = AskForm(given)
    if not form.is_valid():
        return form, start, template
    told = form.cleaned_data
    period = Period(told["first"] or start.period.first, told["last"] or start.period.last)
    asked = Asked(
        told["level"] or start.level,
        period,
        told["category"],
        told["source"],
        told["town"].pk if told["town"] else None,
    )
    return form, asked, template


def _usual() -> Asked:
    last = time.today() - timedelta(days=1)
    return Asked(Level.TOWN, Period(last - timedelta(days=Span.WEEK - 1), last))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _query(asked: Asked, **changed: object) -> str:
    values: dict[str, object] = {
        "level": asked.level, "first": asked.period.first, "last": asked.period.last, "source": asked.source,
        "category": asked.category.pk if asked.category else "", "town": asked.town or "",
    }  # fmt: skip
    return urlencode({name: value for name, value in (values | changed).items() if value})


@needs("situation.view", clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What is going on, for this reader: each figure leads to its list, each comparison says whether it means something."""
    by = reader(request)
    form, asked, template = _asked(request)
    found = queries.picture(by, asked)
    address = reverse("situation")
    shown = _shown(queries.content_of(found), asked, queries.hot_events(by, asked), by)
    today = time.today()
    context = {
        "form": form, "faults": [said for each in form.errors.values() for said in each], "asked": asked, "template": template, "edits": by.may("situation.edit"), "counted_at": time.now(),
        "only_today": f"{address}?{_query(asked, first=today, last=today)}" if shown["none"] and asked.period.last < today else "",
        "spans": [(name, f"{address}?{_query(asked, first=first, last=last)}") for name, first, last in _spans()],
        "layers": [_layer(asked, "areas", f"{Level(asked.level).label}诉求数")],
        "heat": [_layer(asked, "cells", "每格诉求数")], "squares": queries.SQUARES[asked.town is not None],
        "note": f"{asked.period.first:%Y-%m-%d} 至 {asked.period.last:%Y-%m-%d}，共 {asked.period.days} 天；不含保密件和作废件",
    } | shown  # fmt: skip
    return render(request, "situation/page.html", context)


def _spans() -> list[tuple[str, date, date]]:
    last = time.today() - timedelta(days=1)
    return [(label, last - timedelta(days=days - 1), last) for days, label in Span.choices]


def _layer(asked: Asked, kind: str, name: str) -> dict[str, Any]:
    url = f"{reverse(f'situation-{kind}')}?{_query(asked)}"
    return {"url": url, "kind": "shade", "value": "value", "name": name, "label": "name", "unit": "件", "fit": True}


def _shown(kept: dict[str, Any], asked: Asked | None, events: Sequence[Standing], by: Actor) -> dict[str, Any]:
    """What page and report show alike: made from what a report keeps."""
    total = kept["total"]
    rated = f"{kept['satisfied'] / kept['rated']:.0%}" if kept["rated"] else "—"
    lines = kept["areas"][:SHOWN]
    for line in lines:
        line["url"] = queries.list_url(asked, line["key"]) if asked else ""
    if asked:
        kinds = queries.lists_of_kinds(asked, kept["categories"])
        for line in kept["categories"]:
            line["url"] = kinds.get(line["key"], "")
        for line in kept["sources"]:
            line["url"] = queries.cases_url(asked, source=line["key"]) if line["key"] else ""
    return {
        "none": not total["now"],
        "figure_list": [
            Figure("诉求", f"{total['now']:,}", "件", f"环比 {total['change']}，{total['said']}", _url(asked)),
            Figure("去年同期", f"{total['year']:,}", "件", f"同比 {total['year_change']}"),
            Figure("超期未结", f"{kept['overdue']:,}", "件", url=_url(asked, overdue=1), tone="danger" if kept["overdue"] else ""),
            Figure("满意率", rated, note=f"{kept['rated']} 件有评价"),
        ],
        "chart": _chart(kept), "by_day": _by_day(kept), "influences": kept.get("influences", ()), "weather_of": kept.get("weather_of", ""),
        "areas": lines,
        "tables": [("类别", kept["categories"]), ("渠道", kept["sources"])],
        "bars": [Bar(line["name"], line["now"]) for line in kept["categories"][:10]],
        "words": kept["words"], "events": [(row, title_of(by, row.event)) for row in events],
    }  # fmt: skip


def _url(asked: Asked | None, **more: object) -> str:
    """The list behind a figure; a kept report has none, because its figures are of their day."""
    return queries.cases_url(asked, **more) if asked else ""


RAIN = 4


def _chart(kept: dict[str, Any]) -> dict[str, Any]:
    """The days as lines, rain on a second axis, holidays and warnings as bands (ECharts)."""
    days, told = kept["days"], kept.get("around", [])
    rain = [row[RAIN] for row in told]
    chart: dict[str, Any] = {
        "kind": "line", "labels": days,
        "series": [{"name": "本期", "values": kept["now"]}, {"name": "上期", "values": kept["before"]}],
        "bands": _bands([(row[0], row[1]) for row in told])
        + _bands([(row[-1] or "", "warned" if row[-1] else "") for row in told]),
    }  # fmt: skip
    if any(value is not None for value in rain):
        chart["second"] = {"name": "降水量", "unit": "毫米", "values": rain}
    return chart


def _bands(marks: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Neighbouring days of one mark (name, tone) as one band, by the numbers of its first and last day."""
    bands: list[dict[str, Any]] = []
    for place, mark in enumerate(marks):
        if mark[1] and place and mark == marks[place - 1]:
            bands[-1]["to"] = place
        elif mark[1]:
            bands.append({"from": place, "to": place, "name": mark[0], "tone": mark[1]})
    return bands


def _by_day(kept: dict[str, Any]) -> list[dict[str, Any]]:
    """The table under the chart: a day with its counts, what the calendar calls it, its weather."""
    told = kept.get("around") or [["", "", None, None, None, None, None]] * len(kept["days"])
    names = ("named", "tone", "high", "low", "rain", "wind", "warned")
    return [
        {"day": day, "now": now, "before": before} | dict(zip(names, row, strict=True))
        for day, now, before, row in zip(kept["days"], kept["now"], kept["before"], told, strict=True)
    ]


@needs("situation.view", clause=clause)
@require_safe
def areas(request: HttpRequest) -> HttpResponse:
    """Areas with their counts, for shading."""
    return JsonResponse(queries.area_shapes(reader(request), _asked(request)[1]))


@needs("situation.view", clause=clause)
@require_safe
def cells(request: HttpRequest) -> HttpResponse:
    """Squares with their counts, for the heat map."""
    return JsonResponse(queries.cells(reader(request), _asked(request)[1]))


@needs("situation.edit", clause=clause)
@require_POST
def run(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Make the reports of a template now."""
    made, left_out = actions.run(template_id, by=reader(request))
    if made:
        messages.success(request, f"已生成 {len(made)} 份态势报告并告知接收单位。")
    else:
        messages.info(request, "今天的报告已经生成过，没有重复生成。")
    if left_out:
        messages.warning(request, f"{'、'.join(left_out)}没有人有权查看态势分析，未生成。")
    return redirect("/r/situation-reports/")


@needs("situation.view", clause=clause)
@require_safe
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """A report as it was made; what hot events are called is read now, for who reads."""
    by = reader(request)
    found = queries.report_for(by, report_id)
    seen = list(standings(by).filter(event__in=found.events).order_by("-heat"))
    context = {
        "report": found, "crumbs": [Crumb("态势报告", "/r/situation-reports/"), Crumb(found.title)],
        "note": f"{found.unit}，{time.show(found.made_at)} 生成；{found.first} 至 {found.last}，不含保密件和作废件",
    } | _shown(found.content, None, seen, by)  # fmt: skip
    return render(request, "situation/report.html", context)


RECEIVING = (Unit.Kind.CENTRE, Unit.Kind.TOWN, Unit.Kind.DEPARTMENT, Unit.Kind.COMMUNITY)


@needs("situation.edit", clause=clause)
def receivers(request: HttpRequest, kind: str, key: UUID) -> HttpResponse:
    """Which units get the reports of a template, or hear of a model."""
    by = reader(request)
    row: Template | Model | None = (Template if kind == "template" else Model).objects.filter(pk=key).first()
    if row is None or kind not in ("template", "model"):
        raise NotFound("没有找到这个模板或模型。", "可能编号有误。", "请回到列表。", code="situation.no_template")
    chosen = [str(pk) for pk in row.receivers]
    units_list = list(Unit.objects.filter(kind__in=RECEIVING, valid_to__isnull=True).order_by("kind", "order", "code"))

    class Form(forms.Form):
        units = forms.MultipleChoiceField(
            label="接收单位", required=False, widget=forms.CheckboxSelectMultiple, initial=chosen,
            choices=[(str(unit.pk), unit.name) for unit in units_list],
        )  # fmt: skip

    def done(given: dict[str, Any]) -> None:
        actions.set_receivers(row, by=by, unit_ids=[UUID(pk) for pk in given["units"]])
        messages.success(request, "接收单位已更新。")

    back = f"{reverse('situation')}?template={key}" if kind == "template" else reverse("situation-model", args=[key])
    note = "各单位只收到本单位有权查看的部分；没有人有权查看态势分析的单位不会收到。"
    return ask(request, Form, "接收单位", done, back, submit="保存", note=note)


# -- models ------------------------------------------------------------------------------------------------

HEADS = {
    "trend": ("星期", "近一周每天", "与平均相比"),
    "breaks": ("日期", "此前每天", "此后每天"),
    "anomalies": ("日期", "实际", "预计"),
    "forecast": ("日期", "预计", "下限", "上限"),
    "shares": ("部分", "本期", "上期", "变化", "判断"),
    "spots": ("地点", "件数", "含相邻", "应有", "Gi*", "判断"),
}
CLASSES = [("新热点", "#a3131f"), ("热点", "#e0702c"), ("冷点", "#2f7fc4")]
"""How hot and cold ground is drawn; the words stand in the table too."""
STEPS = {"run": actions.run_model, "publish": actions.publish_model, "retire": actions.retire_model}
DONE = {"run": "已运行。", "publish": "已发布。", "retire": "已停用，已有成果保留。"}
STATES = {"draft": "to_accept", "published": "handling", "retired": "void"}


@needs("situation.view", clause="9.1.4-2-2")
@require_safe
def model(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """A model: what it asks, how far it may be trusted, the newest finding with its table, the earlier ones."""
    by = reader(request)
    found = queries.model_for(model_id)
    kept = list(queries.findings(by, found)[:SHOWN])
    newest = kept[0] if kept else None
    values = newest.content.get("values", []) if newest else []
    first = date.fromisoformat(newest.content["first"]) if values and newest else time.today()
    context = {
        "model": found, "newest": newest, "earlier": kept[1:], "state_code": STATES[found.state],
        "crumbs": [Crumb("分析模型", "/r/situation-models/"), Crumb(found.name)],
        "fact_list": [
            Fact("用途", found.aim, wide=True), Fact("指标", found.get_measure_display()), Fact("方法", found.get_method_display()),
            _data_of(found),
            Fact("版本", str(found.edition)), Fact("局限", found.limits or "按区域、类别和天计数，不涉及个人", wide=True),
        ],
        "days": [f"{first + timedelta(days=n):%m-%d}" for n in range(len(values))], "values": values,
        "influences": newest.content.get("influences", []) if newest else [],
        "heads": HEADS.get(found.method, ()), "rows": newest.content.get("rows", [])[:SHOWN] if newest else [],
        "steps": _steps(by, found), "layers": _spot_layers(found, newest),
    }  # fmt: skip
    return render(request, "situation/model.html", context)


def _data_of(found: Model) -> Fact:
    """Which figures a model reads; the map of hot ground and the sources of a change compare thirty days with thirty."""
    span = found.get_days_display() if found.method not in ("spots", "shares") else "最近 30 天和此前 30 天"
    units = {"spots": found.get_ground_display(), "shares": found.get_parts_display()}
    unit = f"，按{units[found.method]}" if found.method in units else ""
    return Fact("取数", span, note=f"{found.category or '全部类别'}，{found.town or '全区'}{unit}")


def _spot_layers(found: Model, newest: Finding | None) -> list[dict[str, Any]]:
    if newest is None or not newest.content.get("spots"):
        return []
    url = reverse("situation-spots", args=[newest.pk])
    return [
        {
            "url": url,
            "kind": "classes",
            "classes": CLASSES,
            "name": found.get_ground_display(),
            "label": "name",
            "fit": True,
        }
    ]


@needs("situation.view", clause="9.1.4-2-2")
@require_safe
def spots(request: HttpRequest, finding_id: UUID) -> HttpResponse:
    """Hot and cold ground of one finding, for the map (空间热点图)."""
    return JsonResponse(spot_shapes(reader(request), finding_id))


def _steps(by: Actor, found: Model) -> list[tuple[str, str, bool]]:
    if not by.may("situation.edit"):
        return []
    first = [("run", "立即运行", found.state == "draft")]
    if found.state != "published":
        return [*first, ("publish", "发布", False)]
    return [*first, ("retire", "停用", False)]


@needs("situation.edit", clause="9.1.4-2-2")
@require_POST
def do_model(request: HttpRequest, model_id: UUID, step: str) -> HttpResponse:
    """Run, publish or retire a model."""
    if step not in STEPS:
        raise NotFound("没有这个步骤。")
    try:
        STEPS[step](model_id, by=reader(request))
        messages.success(request, DONE[step])
    except NotNow as refusal:
        messages.error(request, f"{refusal.what}{refusal.remedy}")
    return redirect("situation-model", model_id=model_id)


RIGHT = {True: "证实", False: "没有证实", None: "还看不出"}
PROOF = {
    "breaks": "四周后再算，突变仍在同一处、同一方向",
    "anomalies": "四周后再算，这一天仍是异常日",
    "spots": "之后 30 天，新热点中仍有热点",
    "forecast": "之后一周仍在预计的同一侧、超出偶然",
}
"""When a warning of an analysis counts as right, in words."""


@needs("warnings.models", clause="9.1.4-1")
@require_safe
def tried(request: HttpRequest, warning_id: UUID) -> HttpResponse:
    """The dry run of a warning model that warns of what an analysis finds (试运行)."""
    by = reader(request)
    by.must("situation.view")
    found = WarningModel.objects.select_related("analysis__category", "analysis__town").filter(
        pk=warning_id, analysis__isnull=False
    )
    warning = found.first()
    model = warning.analysis if warning else None
    if warning is None or model is None:
        raise NotFound(
            "没有找到这个预警模型。", "可能已被删除，或不按分析模型预警。", "请回到列表。", code="situation.no_warning"
        )
    if model.method not in PROOF:
        raise NotNow(
            "这种分析方法不产生预警。",
            "只有突变点、异常日、空间热点和预测越界可以预警。",
            "请另选分析模型。",
            code="situation.no_news",
        )
    result = try_out(by, model, timedelta(hours=warning.quiet_hours))
    return render(
        request, "situation/tried.html",
        {
            "warning": warning, "model": model, "tried": result, "proof": PROOF[model.method],
            "crumbs": [Crumb("预警模型", "/r/warning-models/"), Crumb(warning.name, reverse("warning-model", args=[warning.pk])), Crumb("试运行")],
            "figure_list": [
                Figure("重算", str(result.runs), "次"), Figure("会预警", str(len(result.warnings)), "次"),
                Figure("事后证实", str(result.right), "次"), Figure("还看不出", str(result.open), "次"),
            ],
            "rows": [(each, RIGHT[each.right]) for each in reversed(result.warnings)],
        },
    )  # fmt: skip


urlpatterns = [
    path("", page, name="situation"),
    path("areas.json", areas, name="situation-areas"),
    path("cells.json", cells, name="situation-cells"),
    path("run/<uuid:template_id>/", run, name="situation-run"),
    path("receivers/<slug:kind>/<uuid:key>/", receivers, name="situation-receivers"),
    path("models/<uuid:model_id>/", model, name="situation-model"),
    path("models/spots/<uuid:finding_id>.json", spots, name="situation-spots"),
    path("models/<uuid:model_id>/do/<slug:step>/", do_model, name="situation-do-model"),
    path("tried/<uuid:warning_id>/", tried, name="situation-tried"),
    path("reports/<uuid:report_id>/", report, name="situation-report"),
]
