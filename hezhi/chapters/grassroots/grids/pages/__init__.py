"""Areas for maps and phones (区域图层): public data of places, never of people."""

import hashlib
import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from hezhi.engines.geo import queries
from hezhi.engines.org.rights import open_to_all
from hezhi.ground.errors import BadInput

LEVELS = {"district": 0.0005, "town": 0.0003, "community": 0.0001, "grid": 0.0}
"""Level → how much the lines are thinned, in degrees."""


def _kept(request: HttpRequest, text: str, minutes: int = 10) -> HttpResponse:
    """JSON that a browser may keep for some minutes, with a tag so that it asks cheaply afterwards."""
    tag = f'"{hashlib.blake2b(text.encode(), digest_size=12).hexdigest()}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(text, content_type="application/json")
    response["ETag"] = tag
    response["Cache-Control"] = f"public, max-age={minutes * 60}"
    return response


@open_to_all("borders of areas are public", clause="9.1.3-1-1")
def shapes(request: HttpRequest, level: str) -> HttpResponse:
    """The current areas of a level as GeoJSON (WGS 84)."""
    if level not in LEVELS:
        raise BadInput({"level": [f"没有「{level}」这一级区域，可用：{'、'.join(LEVELS)}。"]})
    return _kept(request, queries.shapes(level, LEVELS[level]))


@open_to_all("the phone guesses its grid without a network", clause="9.1.3-1-1")
def centres(request: HttpRequest) -> HttpResponse:
    """Centres of the grids, for the phone's first guess offline."""
    return _kept(request, queries.grid_centres(), 60)


@open_to_all("a citizen sees which grid a place is in before sending", clause="9.1.3-1-1")
def locate(request: HttpRequest) -> HttpResponse:
    """The grid of a point: `{"text": "长江路街道…第4网格"}`; an empty text outside the district."""
    try:
        lon, lat = float(request.GET["lng"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        raise BadInput({"lng": ["请给出经度 lng 和纬度 lat(WGS 84)。"]}) from None
    found = queries.locate(lon, lat)
    return JsonResponse({"text": found.full_name if found else "", "inside": found is not None})


@open_to_all("names of places are public", clause="9.1.3-1-1")
def search(request: HttpRequest) -> HttpResponse:
    """Places whose name contains the words (地名搜索)."""
    rows = queries.search_places(request.GET.get("q", ""))
    told = [{"name": n, "kind": k, "lng": x, "lat": y} for n, k, x, y in rows]
    return HttpResponse(json.dumps({"places": told}, ensure_ascii=False), content_type="application/json")


urlpatterns = [
    path("shapes/<slug:level>.json", shapes, name="area-shapes"),
    path("centres.json", centres, name="grid-centres"),
    path("locate/", locate, name="locate"),
    path("search/", search, name="place-search"),
]
