"""The hall screens (指挥大屏、态势大屏): figures, maps and live lists that turn by themselves; every panel leads to its list."""

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
        "turning": _turning(request, "wall-situation"),
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


# -- the situation screen --------------------------------------------------------------------------

SHORTEST, LONGEST = 20, 600


def _turning(request: HttpRequest, other: str) -> dict[str, Any]:
    """With `?turn=60` the hall screens follow each other (轮播): where to, and after how many seconds."""
    told = request.GET.get("turn", "")
    if not told.isdecimal():
        return {}
    seconds = min(max(int(told[:6]), SHORTEST), LONGEST)
    return {"next": f"{reverse(other)}?turn={seconds}", "after": seconds}


CLASSES = [("新热点", "#ff5a4d"), ("热点", "#ff9f43"), ("冷点", "#4db4ff")]
"""How hot ground stands out on the dark map."""


@needs("wall.view", clause="9.1.4-2-1")
def situation(request: HttpRequest) -> HttpResponse:
    """The second hall screen: how the week compares, what is hot, what is warned of, what the models found."""
    by = reader(request)
    found, trend = queries.situation(by), queries.trend(by, 30)
    whole, figures = found["whole"], found["figures"]
    spots, week = queries.newest_spots(by), queries.week()
    layers: list[dict[str, Any]] = [
        {"url": reverse("wall-situation-shading"), "kind": "shade", "name": "近 7 天诉求", "value": "count", "label": "name", "labelBelow": 400}
    ]  # fmt: skip
    if spots is not None:
        layers[0] |= {"legend": False}
        layers.append(
            {"url": reverse("wall-situation-spots"), "kind": "classes", "classes": CLASSES, "name": "近 30 天空间热点", "label": "name"}
        )  # fmt: skip
    context: dict[str, Any] = {
        "wall": {"refresh_url": reverse("wall-situation-figures")}, "turning": _turning(request, "wall"),
        "figure_list": _figures(whole, figures), "counted_at": f"{time.local(time.now()):%H:%M}",
        "days": [day for day, _, _ in trend], "reported": [a for _, a, _ in trend], "closed": [b for _, _, b in trend],
        "town_bars": [Bar(name, line.now) for name, line in found["towns"][:12]], "layers": layers, "lists": found["rows"],
        "week": f"{week.first:%m-%d} 至 {week.last:%m-%d}",
    }  # fmt: skip
    return render(request, "wall/situation.html", context)


def _figures(whole: Any, figures: dict[str, Any]) -> list[Figure]:
    told = [
        Figure("近 7 天诉求", f"{whole.now:,}", "件", queries.compared_in_words(whole), url="/situation/", code="week"),
        Figure("超期未结", str(figures["late"]), "件", url="/r/cases/?overdue=1", tone="danger" if figures["late"] else "", code="late"),
    ]  # fmt: skip
    if "events" in figures:
        told += [
            Figure("多人反映的事件", str(figures["events"]), "个", url="/warnings/events/", code="events"),
            Figure("其中超出偶然", str(figures["beyond"]), "个", url="/warnings/events/?beyond=1", code="beyond"),
            Figure("待签收预警", str(figures["open"]), "条", url="/r/warnings/?state=open", code="open"),
            Figure("逾期未签收", str(figures["open_late"]), "条", url="/r/warnings/?late=1", code="open_late",
                   tone="danger" if figures["open_late"] else ""),
        ]  # fmt: skip
    return told


@needs("wall.view", clause="9.1.4-2-1")
def situation_figures(request: HttpRequest) -> HttpResponse:
    """Figures and lists of the situation screen, for a screen that asks again."""
    found = queries.situation(reader(request))
    return JsonResponse({"figures": found["figures"], "lists": found["rows"]})


@needs("wall.view", clause="9.1.4-2-1")
def situation_shading(request: HttpRequest) -> HttpResponse:
    """Towns shaded by their cases of the last seven whole days."""
    week = queries.week()
    end = time.at_local(week.last + timedelta(days=1))
    shades = queries.shading(reader(request), time.at_local(week.first), end)
    return HttpResponse(shades, content_type="application/json")


@needs("wall.view", clause="9.1.4-2-2")
def situation_spots(request: HttpRequest) -> HttpResponse:
    """Hot ground of the newest published map, where the reader may see it."""
    return JsonResponse(queries.spot_map(reader(request)))
