"""What everybody may see (公开地图、地点订阅, 9.1.2-1): public matters with few details, and a feed for each place.

A feed is read by the reader's own program: whoever subscribes to a place leaves neither number nor name with us.
"""

from datetime import timedelta
from typing import Any

from django.contrib.gis.db.models import Extent
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from hezhi.chapters.cases.handling.api import ENDED, PUBLIC_STATES, Case, queries
from hezhi.engines.geo.models import Area
from hezhi.engines.org.rights import open_to_all
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.feeds import Entry, atom

clause = "9.1.2-1"
WHY = "matters of public categories, with a blurred place and nothing of a person"
DAYS, MOST_POINTS, MOST_LINES, MOST_ENTRIES = 90, 2000, 30, 50
PLACES = ("town", "community")


def _area(code: str) -> Area | None:
    """The town or community asked for; None for the whole district."""
    if not code:
        return None
    found = Area.objects.filter(code=code, level__in=PLACES, valid_to__isnull=True).defer("shape").first()
    if found is None:
        raise NotFound("没有这个镇街或社区。", remedy="请从列表中选择。", code="citizen.no_area")
    return found


def _rows(area: Area | None) -> Any:
    rows = queries.public_cases().filter(received_at__gte=time.now() - timedelta(days=DAYS))
    rows = rows.filter(**{area.level: area}) if area else rows
    return rows.order_by("-state_since", "-id")


def _where(case: Case) -> str:
    return "".join(area.name for area in (case.town, case.community) if area) or "本区"


def _extent(area: Area) -> list[float] | None:
    """The box of an area (west, south, east, north), so that its map shows the place and not the whole district."""
    found: tuple[float, ...] | None = Area.objects.filter(pk=area.pk).aggregate(box=Extent("shape"))["box"]
    return [round(side, 4) for side in found] if found else None


@open_to_all(WHY, clause=clause)
def page(request: HttpRequest) -> HttpResponse:
    """The public map: public matters of ninety days, and the newest as a list; a place can be chosen and subscribed to."""
    area = _area(request.GET.get("area", ""))
    rows = [
        {
            "name": case.category.name if case.category else "", "note": _where(case), "at": case.state_since,
            "state_code": case.state, "state_name": PUBLIC_STATES[case.state],
        }
        for case in _rows(area)[:MOST_LINES]
    ]  # fmt: skip
    town = area.parent if area and area.level == "community" else area
    points = reverse("citizen-public-points") + (f"?area={area.code}" if area else "")
    context = {
        "rows": rows, "area": area, "days": DAYS,
        "towns": Area.objects.filter(level="town", valid_to__isnull=True).order_by("code").only("code", "name"),
        "town": town, "extent": _extent(area) if area else None,
        "communities": Area.objects.filter(parent=town, level="community", valid_to__isnull=True).order_by("code").only("code", "name")
        if town else [],
        "layers": [{"url": points, "kind": "points", "name": "公开事项", "label": "name", "value": "state"}],
        "feed": reverse("citizen-public-feed", args=[area.code]) if area else "",
    }  # fmt: skip
    return render(request, "citizen/public.html", context)


@open_to_all(WHY, clause=clause)
def points(request: HttpRequest) -> HttpResponse:
    """The same matters as points of about a hundred metres (GeoJSON)."""
    rows = _rows(_area(request.GET.get("area", ""))).filter(point__isnull=False)[:MOST_POINTS]
    features = [
        {
            "type": "Feature", "geometry": {"type": "Point", "coordinates": list(queries.blurred(case) or ())},
            "properties": {"name": case.category.name if case.category else "", "state": PUBLIC_STATES[case.state]},
        }
        for case in rows
    ]  # fmt: skip
    return JsonResponse({"type": "FeatureCollection", "features": features})


@open_to_all(WHY, clause=clause)
def feed(request: HttpRequest, code: str) -> HttpResponse:
    """The feed of one town or community (地点订阅, Atom): public matters as they come in and change."""
    area = _area(code)
    found = list(_rows(area)[:MOST_ENTRIES])
    home = request.build_absolute_uri(f"{reverse('citizen-public')}?area={code}")
    entries = [
        Entry(
            f"urn:uuid:{queries.outside_id(case.pk)}:{case.state}",
            f"{case.category.name if case.category else ''}：{PUBLIC_STATES[case.state]}（{_where(case)}）",
            case.state_since, home,
            f"{time.show(case.received_at)} 收到，{'已结束' if case.state in ENDED else '办理中'}。",
        )
        for case in found
    ]  # fmt: skip
    return atom(f"{area} 公开事项", request.build_absolute_uri(), home, "社会治理中心", entries)
