"""The address tree (地址树): district, town, community, compound, building, entrance, flat; and the search in it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.models import Compound
from hezhi.chapters.grassroots.registers.pages.common import GROUP
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.shapes import Crumb

clause = "9.1.3-2-3"
KINDS = {"town": "镇街", "community": "社区", "grid": "网格", "compound": "小区", "building": "建筑"}


@needs("homes.view", clause=clause)
def tree(request: HttpRequest, kind: str = "", id: UUID | None = None) -> HttpResponse:
    """One branch of the tree with what is below it; `?q=` searches homes by address."""
    by, words = reader(request), request.GET.get("q", "").strip()[:60]
    way, branches = _branch(kind, id, by)
    told = [(branch, KINDS[branch.kind], _url(branch)) for branch in branches]
    context = {
        "branches": told, "words": words, "crumbs": [Crumb(GROUP), Crumb("地址树", reverse("address-tree")), *way[:-1]],
        "heading": way[-1].name if way else "地址树", "here": request.path,
        "found": [(home, addresses.page("homes", home.pk)) for home in queries.find_homes(words, by=by)],
    }  # fmt: skip
    return render(request, "registers/tree.html", context)


def _branch(kind: str, id: UUID | None, by: Actor) -> tuple[list[Crumb], list[queries.Branch]]:
    if id is None:
        return [], queries.areas_below(None, by=by)
    if kind == "compound":
        compound = Compound.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).first()
        if compound is None:
            raise NotFound(what="没有找到这个小区。")
        return [*_way(compound.community), Crumb(compound.name)], queries.buildings_in(id, by=by)
    area = Area.objects.current().filter(pk=id).defer("shape").first()
    if area is None:
        raise NotFound(what="没有找到这个区域。")
    below = queries.places_in(id, by=by) if area.level == "community" else queries.areas_below(id, by=by)
    return _way(area), below


def _way(area: Area | None) -> list[Crumb]:
    """From the town down to this area."""
    if area is None:
        return []
    above = (
        Area.objects.filter(pk__in=[area.town_id, area.community_id]).exclude(pk=area.pk).only("pk", "name", "level")
    )
    found = sorted(above, key=lambda each: each.level != "town")
    return [*(Crumb(each.name, _area_url(each)) for each in found), Crumb(area.name, _area_url(area))]


def _area_url(area: Area) -> str:
    return reverse("address-branch", args=[area.level, area.pk])


def _url(branch: queries.Branch) -> str:
    if branch.kind == "building":
        return reverse("building-chart", args=[branch.id])
    return reverse("address-branch", args=[branch.kind, branch.id])


urlpatterns = [
    path("tree/", tree, name="address-tree"),
    path("tree/<slug:kind>/<uuid:id>/", tree, name="address-branch"),
]
