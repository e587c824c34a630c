"""The page of a warning model (预警模型): its condition in words, its worth from judgements, and the dry run."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.awareness.early_warning.models import Level, Warning, WarningModel
from hezhi.chapters.awareness.early_warning.queries.lists import quality_of
from hezhi.chapters.awareness.early_warning.queries.replay import DryRun, dry_run
from hezhi.engines.analysis.models import Event
from hezhi.engines.org.api import Actor, needs, reader
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.shapes import Action, Crumb, Fact, Figure

clause = "9.1.4-1"
SHOWN = 20


@needs("warnings.models", clause=clause)
@require_safe
def page(request: HttpRequest, model_id: UUID) -> HttpResponse:
    """The model's worth in the last ninety days; with `?try=1` what it would have done in the last year."""
    by = reader(request)
    model = (
        WarningModel.objects.select_related("category", "area", "unit", "escalate_to", "analysis")
        .filter(pk=model_id)
        .first()
    )
    if model is None:
        raise NotFound("没有找到这个预警模型。", "可能已被删除。", "请回到列表。", code="warnings.no_model")
    tried = dry_run(model) if request.GET.get("try") and not model.analysis_id else None
    context = {
        "model": model, "crumbs": [Crumb("预警模型", "/r/warning-models/"), Crumb(model.name)],
        "fact_list": _facts(model), "figure_list": _figures(model), "tried": tried,
        "would": _would(by, tried) if tried else [], "warnings": Warning.objects.visible_to(by).filter(model=model)[:SHOWN],
        "action_list": [
            *_trial(model),
            Action("修改", f"/r/warning-models/{model.pk}/edit/"),
            Action("变更历史", f"/r/warning-models/{model.pk}/?tab=history"),
        ],
    }  # fmt: skip
    return render(request, "early_warning/model.html", context)


def _trial(model: WarningModel) -> list[Action]:
    """A dry run asks of events; what an analysis would have found is played again by the room of the analyses."""
    if model.analysis_id:
        return [
            Action("试运行", reverse("situation-tried", args=[model.pk]), kind="primary"),
            Action("查看分析模型", reverse("situation-model", args=[model.analysis_id])),
        ]
    return [Action("试运行", f"{reverse('warning-model', args=[model.pk])}?try=1", kind="primary")]


def _facts(model: WarningModel) -> list[Fact]:
    asked = [
        (model.reporters, f"最近 {model.days} 天反映满 {model.reporters} 人"),
        (model.heat, f"热度满 {model.heat:g}"),
        (model.ratio, f"达到当地平时的 {model.ratio:g} 倍"),
        (model.beyond_chance, "超出偶然波动"),
        (model.category_id, f"类别为{model.category}"),
        (model.area_id, f"在{model.area}"),
        (model.words, f"标题提到{'、'.join(model.words.split())}之一"),
        (model.urgent, "有紧急或特急件"),
        (model.unresolved_hours, f"最早一件超过 {model.unresolved_hours} 小时未办结"),
        (
            model.analysis_id,
            f"分析模型「{model.analysis}」有新发现（{model.analysis.get_method_display() if model.analysis else ''}）",
        ),
    ]
    if model.analysis_id:
        asked = asked[-1:]
    return [
        Fact("条件（同时满足）", "；".join(said for holds, said in asked if holds), wide=True),
        Fact(
            "推送",
            str(model.unit or ("分析模型的各推送单位，按本单位权限" if model.analysis_id else "该事件的责任单位")),
        ),
        Fact(
            "签收时限", f"{model.acknowledge_minutes} 分钟", note=f"逾期升级到{model.escalate_to or '区社会治理中心'}"
        ),
        Fact("静默期", f"{model.quiet_hours} 小时"),
        Fact("依据", model.basis or "—"),
    ]


def _figures(model: WarningModel) -> list[Figure]:
    found = quality_of(model)
    judged = f"已评判 {found.judged} 次：报对 {found.right}、报晚 {found.late}、误报 {found.wrong}"
    return [
        Figure("近 90 天预警", str(found.raised), "次"),
        Figure("准确率", "—" if found.precision is None else f"{found.precision:.0%}", note=judged if found.judged else "尚无评判"),
        Figure("首次预警时件数", "—" if found.members is None else f"{found.members:g}", "件", "中位数"),
        Figure("每周误报", "—" if found.false_a_week is None else f"{found.false_a_week:.1f}", "次"),
    ]  # fmt: skip


def _would(by: Actor, tried: DryRun) -> list[tuple[str, str, object, int, str, int]]:
    """The newest warnings of the dry run as rows: title, link, when, members, verdict, level."""
    newest = sorted(tried.warnings, key=lambda each: each.at, reverse=True)[:SHOWN]
    events = Event.objects.visible_to(by).in_bulk([each.event for each in newest])
    told = {True: "报对", False: "之后没有更多人反映", None: "尚不满 7 天"}
    return [
        (
            events[each.event].title if each.event in events else "辖区外事件",
            reverse("event", args=[each.event]) if each.event in events else "", each.at, each.members, told[each.right],
            Level(each.level).value,
        )
        for each in newest
    ]  # fmt: skip
