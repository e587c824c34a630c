"""Finding a grid (网格查询): by name, code, initials, person or place, or by a point on the map."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hezhi.chapters.grassroots.grids import queries
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs

clause = "9.1.3-1-1"


@needs("grids.view", clause=clause)
def find(request: HttpRequest) -> HttpResponse:
    """The search page; every state of it has an address (`?q=`, `?lng=&lat=`)."""
    words = request.GET.get("q", "").strip()[:60]
    lon, lat = _degrees(request.GET.get("lng")), _degrees(request.GET.get("lat"))
    found = queries.find(reader(request), words, lon, lat)
    context = {
        "words": words, "found": found, "lng": request.GET.get("lng", ""), "lat": request.GET.get("lat", ""),
        "rows": [(grid, found.members.get(grid.pk, [])) for grid in found.grids], "asked": bool(words or lon is not None),
        "pick": {"lng": "#find-lng", "lat": "#find-lat"}, "marker": [lon, lat] if lon is not None and lat is not None else None,
    }  # fmt: skip
    return render(request, "grids/find.html", context)


def _degrees(told: str | None) -> float | None:
    try:
        value = float(told or "")
    except ValueError:
        return None
    return value if -180 <= value <= 180 else None
