"""Templates and kept reports as registries (热点分析模板、态势报告; 9.1.4-2-1)."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from hezhi.chapters.awareness.situation import rules
from hezhi.chapters.awareness.situation.models import Model, Report, Template, Weather
from hezhi.chapters.cases.handling.api import Category, Source
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import DayFilter
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput

GROUP = "态势感知"
FIRST = date(2026, 1, 1)


@register
class AnalysisTemplates(Registry):
    """Questions that are asked again and again (热点分析模板)."""

    model = Template
    slug, title, group, icon = "situation-templates", "热点分析模板", GROUP, "route"
    clause = "9.1.4-2-1"
    right = dict.fromkeys(("view", "edit"), "situation.edit")
    offers = ("view", "add", "edit")
    scope = public
    list = ("name", "level", "days", "category", "schedule", "to_whom", "next_on", "active")
    also = ("source",)
    filters = ("level", "schedule", "active")
    search = ("name",)
    ordering = ("name",)
    form = (
        ("模板", ("name", "level", "days", "category", "source", "active")),
        ("定时", ("schedule",)),
    )

    def url_of(self, row: Template) -> str:
        """The question asked on today's figures."""
        return f"/situation/?template={row.pk}"

    @column("接收单位", reads=("receivers",))
    def to_whom(self, row: Template) -> str:
        """The receiving units by name."""
        names = Unit.objects.filter(pk__in=row.receivers).order_by("code").values_list("name", flat=True)
        return "、".join(names) or "尚未选择"

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use."""
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    def prepare(self, row: Template, by: Actor) -> None:
        """The next day follows from the schedule."""
        row.next_on = rules.next_day(row.schedule, time.today()) if row.active else None

    def check(self, row: Template, by: Actor) -> None:
        """A channel that exists."""
        if row.source and row.source not in Source.values:
            raise BadInput({"source": "没有这个渠道。"})

    def examples(self, n: int) -> dict[str, Any]:
        return {"name": f"示例模板第{n}个", "source": "", "schedule": ""}


@register
class Reports(Registry):
    """Reports as they were made (态势报告): each unit sees those made for it."""

    model = Report
    slug, title, group, icon = "situation-reports", "态势报告", GROUP, "flag"
    clause = "9.1.4-2-1"
    right = {"view": "situation.view"}
    offers = ("view", "api")
    removal = ""
    list = ("title", "template", "unit", "first", "last", "total", "made_at")
    machine = ("title", "first", "last", "total", "made_at")
    filters = ("template", "unit")
    more_filters = {
        "made_from": DayFilter(field_name="made_at", label="生成自", last=False, moment=True),
        "made_to": DayFilter(field_name="made_at", label="生成至", last=True, moment=True),
    }
    search = ("title",)
    ordering = ("-made_at",)
    named_by = "title"
    pages = {"detail": None}

    def url_of(self, row: Report) -> str:
        """The page of a report."""
        return f"/situation/reports/{row.pk}/"

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "title": f"示例态势报告第{n}份",
            "first": "2026-11-01",
            "last": f"2026-11-{n % 28 + 1:02d}",
            "content": {},
        }


@register
class Models(Registry):
    """Models of counts over time (信息数据分析模型): a change of what one asks makes a new version, on trial again."""

    model = Model
    slug, title, group, icon = "situation-models", "分析模型", GROUP, "route"
    clause = "9.1.4-2-2"
    right = dict.fromkeys(("view", "edit"), "situation.edit")
    offers = ("view", "add", "edit")
    scope = public
    list = ("name", "measure", "method", "days", "category", "town", "state", "edition", "next_on")
    also = ("aim", "daily", "weekly", "limits")
    filters = ("measure", "method", "state")
    search = ("name", "aim")
    ordering = ("name",)
    form = (
        (
            "模型",
            ("name", "aim", "measure", "method", "days", "category", "town", "horizon", "ground", "parts", "limits"),
        ),
        ("运行", ("daily", "weekly")),
    )

    def url_of(self, row: Model) -> str:
        """The model's page, with its findings."""
        return f"/situation/models/{row.pk}/"

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, and the towns."""
        if name == "town":
            return Area.objects.filter(valid_to__isnull=True, level="town").order_by("code")
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    def prepare(self, row: Model, by: Actor) -> None:
        """What is asked differently is another version, and on trial until it has shown its worth."""
        before = None if row._state.adding else Model.objects.filter(pk=row.pk).first()
        asked = ("measure", "method", "days", "category_id", "town_id", "horizon", "ground", "parts")
        if before is not None and any(getattr(before, name) != getattr(row, name) for name in asked):
            row.edition, row.state, row.next_on = before.edition + 1, Model.State.DRAFT, None
        elif row.state == Model.State.PUBLISHED:
            row.next_on = rules.next_run(daily=row.daily, weekly=row.weekly, today=time.today())

    def examples(self, n: int) -> dict[str, Any]:
        return {"name": f"示例分析模型第{n}个", "aim": "示例", "method": "trend", "horizon": 14, "days": 180}


@register
class WeatherDays(Registry):
    """The weather of each day (逐日气象), from whoever provides it: entered, imported, or written by a port."""

    model = Weather
    slug, title, group, icon = "weather-days", "逐日气象", GROUP, "calendar"
    clause = "9.1.4-2-1"
    right = dict.fromkeys(("view", "export", "api"), "situation.view") | dict.fromkeys(
        ("edit", "import"), "situation.edit"
    )
    offers = ("view", "add", "edit", "import", "export", "api")
    scope = public
    list = ("date", "high", "low", "rain", "wind", "warned", "warned_of", "source")
    filters = ("date", "warned")
    search = ("source", "warned_of")
    ordering = ("-date",)
    natural_key = ("date",)
    form = (("气象", ("date", "high", "low", "rain", "wind", "warned", "warned_of", "source")),)
    named_by = "date"

    def examples(self, n: int) -> dict[str, Any]:
        day = date(2026, 1, 1) + timedelta(days=n)
        return {
            "date": day.isoformat(),
            "high": 20 + n % 9,
            "low": 10,
            "rain": n % 7,
            "wind": n % 6,
            "source": "示例气象台",
        }
