"""The hall screen (指挥大屏): today, by area, a live list and a map shaded by town; every panel leads to its list."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from hezhi.channels.wall import queries
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.ui.shapes import Bar, Figure

clause = "9.1.2-1"
NAMES = {
    "reported": ("今日上报", ""), "closed": ("今日办结", ""), "waiting": ("待受理派遣", ""), "at_work": ("办理中", ""),
    "overdue": ("已超期", "danger"), "on_the_spot": ("当场处理", ""),
}  # fmt: skip


def _list_of(code: str) -> str:
    """The list behind a figure, where the list's own filters can say the same."""
    asked = {"overdue": "?overdue=1", "reported": f"?received_from={time.today()}", "at_work": "?state=handling"}
    return "/r/cases/" + asked.get(code, "")


@needs("wall.view", clause=clause)
def wall(request: HttpRequest) -> HttpResponse:
    """The first hall screen: figures of today, the trend, towns, categories, and what comes in now."""
    by, month = reader(request), time.now() - timedelta(days=30)
    trend = queries.trend(by)
    context: dict[str, Any] = {
        "wall": {"refresh_url": reverse("wall-figures")},
        "figure_list": [
            Figure(NAMES[code][0], str(n), "件", url=_list_of(code), tone=NAMES[code][1], code=code)
            for code, n in queries.today(by).items()
        ],
        "town_bars": [Bar(name, n) for _, name, n in queries.by_town(by, month)][:12],
        "category_bars": [Bar(name, n) for name, n in queries.by_category(by, month)],
        "days": [day for day, _, _ in trend],
        "reported": [a for _, a, _ in trend],
        "closed": [b for _, _, b in trend],
        "live_rows": queries.newest(by),
        "counted_at": f"{time.local(time.now()):%H:%M}",
        "layers": [{
            "url": reverse("wall-shading"), "kind": "shade", "name": "近 30 天事件数", "value": "count",
            "label": "name", "labelBelow": 400,
        }],
    }  # fmt: skip
    return render(request, "wall/wall.html", context)


@needs("wall.view", clause=clause)
def figures(request: HttpRequest) -> HttpResponse:
    """The figures and the newest rows, for a screen that asks again."""
    by = reader(request)
    return JsonResponse({"figures": queries.today(by), "rows": queries.newest(by)})


@needs("wall.view", clause=clause)
def shading(request: HttpRequest) -> HttpResponse:
    """Towns shaded by their cases of the last thirty days."""
    shades = queries.shading(reader(request), time.now() - timedelta(days=30))
    return HttpResponse(shades, content_type="application/json")
