"""What the pages of grids tell of cases (网格里的事件): open and overdue ones, and counts of then and now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import Count, F, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.registries import overdue
from hezhi.chapters.grassroots.grids import api as grids
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.parts import Panel
from hezhi.ground import time
from hezhi.ground.masks import mask_text

SHOWN = 50


def with_grid_of_today(rows: QuerySet[Case]) -> QuerySet[Any]:
    """Cases with `now`: the grid their place lies in today. Looked up only where borders ever moved."""
    looked_up = Coalesce(grids.grid_at("point"), F("grid_id"))
    found: QuerySet[Any] = rows
    return found.annotate(
        now=Choice(When(community_id__in=grids.redrawn_communities(), then=looked_up), default=F("grid_id"))
    )


def counts(by: Actor, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[grids.Count]]:
    """Open and overdue cases on the ground of each grid (在办、超期)."""
    told = {}
    for key, open_, late in _open(by, ids):
        url = f"/r/grids/{key}/?tab=cases"
        told[key] = (
            grids.Count("在办事件", open_, url),
            grids.Count("超期事件", late, url, tone="danger" if late else ""),
        )
    none = (grids.Count("在办事件", 0), grids.Count("超期事件", 0))
    return {key: told.get(key, none) for key in ids}


def lacks(by: Actor, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Grids with overdue cases (超期提示)."""
    return {key: [f"超期事件 {late} 件"] for key, _, late in _open(by, ids) if late}


def _open(by: Actor, ids: Sequence[UUID]) -> Iterable[tuple[UUID, int, int]]:
    rows = with_grid_of_today(Case.objects.visible_to(by).open()).filter(now__in=ids)
    counted = rows.order_by().values("now").annotate(open=Count("pk"), late=Count("pk", filter=overdue()))
    return ((row["now"], row["open"], row["late"]) for row in counted)


def lies(by: Actor, community: UUID) -> Iterable[tuple[str, float, float]]:
    """Where the open cases of a community lie, to be counted in planned grids; which ones they are is not told."""
    rows = Case.objects.visible_to(by).open().filter(community=community, point__isnull=False)
    return (("在办事件", point.x, point.y) for point in rows.values_list("point", flat=True) if point)


def then_and_now(by: Actor, start: date, end: date) -> Mapping[UUID, tuple[int, int]]:
    """Cases received in a period, by the grid of then and by the grid of now (按当时网格、按现在网格)."""
    period = Q(received_at__gte=time.at_local(start), received_at__lt=time.at_local(end + timedelta(days=1)))
    rows = with_grid_of_today(Case.objects.visible_to(by).filter(period, grid__isnull=False))
    told: dict[UUID, tuple[int, int]] = {}
    for row in rows.order_by().values("grid_id", "now").annotate(many=Count("pk")):
        then, now = row["grid_id"], row["now"]
        told[then] = (told.get(then, (0, 0))[0] + row["many"], told.get(then, (0, 0))[1])
        told[now] = (told.get(now, (0, 0))[0], told.get(now, (0, 0))[1] + row["many"])
    return told


class CasesPanel(Panel):
    """The open cases on the ground of a grid (在办事件)."""

    code, title, template = "cases", "事件", "handling/in_grid.html"

    def context(self, registry: Any, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        rows = with_grid_of_today(Case.objects.visible_to(by).open()).filter(now=row.pk)
        late = {case.pk for case in rows.filter(overdue())}
        found = list(rows.select_related("lead_unit").order_by("due_at", "received_at")[: SHOWN + 1])
        told = [(case, mask_text(case.title), case.pk in late) for case in found[:SHOWN]]
        return {"cases": told, "more": len(found) > SHOWN, "list_url": f"/r/cases/?grid={row.pk}"}


CASES_IN_GRID = grids.InGrid(
    code="cases", title="事件", permission="cases.view", counts=counts, lacks=lacks, lies=lies, then_and_now=then_and_now,
    panel=CasesPanel(), order=50,
)  # fmt: skip
