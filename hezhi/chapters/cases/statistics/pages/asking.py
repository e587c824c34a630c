"""What the address asks for (统计条件): read from the query, narrowed to what the reader may choose."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from hezhi.chapters.cases.handling.api import Category, Kind, Source, Urgency
from hezhi.chapters.cases.statistics import queries, rules
from hezhi.chapters.cases.statistics.queries import Asked
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor
from hezhi.ground import time
from hezhi.ground.errors import BadInput

LONGEST = 800
PRESETS = {
    "yesterday": "昨日",
    "week": "近 7 天",
    "month": "本月",
    "last_month": "上月",
    "quarter": "近 90 天",
    "year": "今年",
}


def preset_days(name: str) -> tuple[date, date]:
    """First and last day of a preset."""
    today = time.today()
    if name == "last_month":
        return rules.last_period("monthly", today)
    if name == "yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    first = {
        "week": today - timedelta(days=6), "quarter": today - timedelta(days=89), "year": today.replace(month=1, day=1),
    }.get(name, today.replace(day=1))  # fmt: skip
    return first, today


def asked_of(request: HttpRequest, by: Actor, days: tuple[date, date] | None = None) -> Asked:
    """The question in the address; what is missing is this month, by area. Raises BadInput for days that are none.

    `days` stand in for those of the address, to show what else is asked beside days that are wrong.
    """
    told = request.GET
    first, last = days or _days(told)
    chosen = _id(told.get("area", ""))
    area = Area.objects.defer("shape", "centre").filter(pk=chosen).first() if chosen else None
    dimension, view = told.get("by", ""), told.get("view", "")
    return Asked(
        first, last, by=dimension if dimension in queries.DIMENSIONS else "area", view=view if view in queries.VIEWS else "then",
        area=area if area and area.level != "district" else None, unit=_id(told.get("unit", "")),
        source=_one_of(Source, told.get("source", "")), kind=_one_of(Kind, told.get("kind", "")),
        urgency=_one_of(Urgency, told.get("urgency", "")), category=told.get("category", "")[:120],
    )  # fmt: skip


def _days(told: Mapping[str, str]) -> tuple[date, date]:
    first, last = preset_days(told.get("preset", "month"))
    if told.get("from") or told.get("to"):
        first, last = _day(told, "from", first), _day(told, "to", last)
    if last < first:
        raise _wrong("to", "结束日期不能早于开始日期")
    if (last - first).days > LONGEST:
        raise _wrong("to", f"一次最多统计 {LONGEST} 天，请缩短期间")
    return first, last


def form_of(asked: Asked, by: Actor) -> dict[str, Any]:
    """What the form above the figures offers."""
    depth = len(asked.category.split("/")) if asked.category else 0
    categories = (
        Category.objects.filter(active=True, parent__isnull=True)
        if depth == 0
        else Category.objects.filter(active=True)
    )
    shown = [c for c in categories.order_by("code") if depth == 0 or _near(c.path, asked.category)]
    return {
        "asked": asked, "areas": queries.areas_for(by, asked.area), "units": queries.units_for(by), "categories": shown,
        "sources": Source.choices, "kinds": Kind.choices, "urgencies": Urgency.choices,
        "dimensions": queries.DIMENSIONS.items(), "views": queries.VIEWS.items(), "presets": PRESETS.items(),
    }  # fmt: skip


def _near(path: str, chosen: str) -> bool:
    """The main categories, the line of the chosen one, and what stands right below it."""
    return "/" not in path or chosen == path or chosen.startswith(f"{path}/") or path.rpartition("/")[0] == chosen


def _day(told: Mapping[str, str], name: str, usual: date) -> date:
    if not told.get(name):
        return usual
    try:
        day = date.fromisoformat(told[name])
    except ValueError:
        day = date.min
    if not 1900 <= day.year <= 2200:
        raise _wrong(name, f"{'开始' if name == 'from' else '结束'}日期不对，请按 2026-11-01 这样填写")
    return day


def _wrong(name: str, said: str) -> BadInput:
    return BadInput({name: said}, said, "所以没有统计", "请更正日期后再统计", code="statistics.days")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _one_of(choices: Any, value: str) -> str:
    return value if value in choices.values else ""
