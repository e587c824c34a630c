"""What is missing in the grids (定格定员定责、监督管控): people, duties, codes, and what other rooms warn of."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hezhi.chapters.grassroots.grids import queries
from hezhi.chapters.grassroots.grids.models import Grid
from hezhi.chapters.grassroots.grids.rules import per_cent
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.ui.shapes import Figure

clause = "9.1.3-1-1"
SHOWN = 200


def towns_of(by: Actor) -> list[Area]:
    """The towns in which this reader sees grids."""
    rows = Area.objects.current().filter(level=Area.Level.TOWN).defer("shape").order_by("code")
    return list(rows if by.scope.everything else rows.filter(pk__in=Grid.objects.visible_to(by).values("town_id")))


def chosen_town(request: HttpRequest, towns: list[Area]) -> Area | None:
    """The town asked for, or the only one there is."""
    asked = request.GET.get("town", "")
    return next((t for t in towns if str(t.pk) == asked), towns[0] if len(towns) == 1 else None)


@needs("grids.view", clause=clause)
def page(request: HttpRequest) -> HttpResponse:
    """Grids that somebody must look at; no positions of workers, no ranking of people."""
    by = reader(request)
    towns = towns_of(by)
    town = chosen_town(request, towns)
    told, all_grids = queries.missing(by, UUID(str(town.pk)) if town else None)
    kind = request.GET.get("why", "")
    unmanned = sum(not row.members for row in told)
    long_ago = queries.unvisited(by, UUID(str(town.pk)) if town else None)
    if kind == "unvisited":
        shown = [queries.Missing(grid, ["90 天没有走访记录"]) for grid in long_ago]
    else:
        shown = [row for row in told if not kind or (kind == "unmanned") == (not row.members)]
    homeless, bare = queries.people_without_grid(by), queries.ground_without_grid(by)
    context = {
        "towns": towns, "town": town, "rows": shown[:SHOWN], "total": len(shown), "kind": kind,
        "people": homeless[:SHOWN], "bare": bare[:SHOWN], "counted_at": time.now(),
        "figure_list": [
            Figure("基础网格", f"{all_grids:,}", "个"),
            Figure("有人负责", per_cent(all_grids - unmanned, all_grids), note=f"{unmanned:,} 个网格没有网格员"),
            Figure(
                "90 天内走访", per_cent(all_grids - len(long_ago), all_grids), url="?why=unvisited",
                note=f"{len(long_ago):,} 个网格没有走访记录",
            ),
            Figure("需要处理", f"{len(told):,}", "个", tone="danger" if told else ""),
            Figure("有人无格", f"{len(homeless):,}", "人"),
            Figure("有地无格", f"{len(bare):,}", "个社区"),
        ],
    }  # fmt: skip
    return render(request, "grids/supervision.html", context)
