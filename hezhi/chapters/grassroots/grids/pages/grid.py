"""The page of one grid (网格详情) and the map of all: what is in it, told by the rooms that keep it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from hezhi.chapters.grassroots.grids import queries
from hezhi.chapters.grassroots.grids.models import Annotation, Grid
from hezhi.chapters.grassroots.grids.queries import contents
from hezhi.engines.geo.dividing import as_shape
from hezhi.engines.geo.division import square_metres
from hezhi.engines.geo.models import Area
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.pages.detail import DetailPage
from hezhi.engines.registry.parts import Panel
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action, Fact, Figure, Tab
from hezhi.ground.ui.spans import NOTHING


class MembersPanel(Panel):
    """Who has a duty here and what each role does (人员与职责)."""

    code, title, template = "members", "人员与职责", "grids/panels/members.html"

    def context(self, registry: Any, row: Any, by: Any, request: HttpRequest) -> dict[str, Any]:
        items = queries.duty_items(row)
        members = queries.members_by([row.pk]).get(row.pk, [])
        return {
            "members": [(duty, items.get(duty.role, [])) for duty in members],
            "may_edit": by.may("grids.edit"),
            "roles_without": [] if members else list(items),
        }


class NotesPanel(Panel):
    """The notes on its map (标注)."""

    code, title, template = "notes", "标注", "grids/panels/notes.html"

    def context(self, registry: Any, row: Any, by: Any, request: HttpRequest) -> dict[str, Any]:
        notes = Annotation.objects.visible_to(by).filter(grid=row.pk, removed_at__isnull=True)
        return {"notes": notes.order_by("-starts_on"), "today": time.today(), "may_edit": by.may("grids.edit")}


class ChangesPanel(Panel):
    """When and why its border changed (边界变更)."""

    code, title, template = "changes", "边界变更", "grids/panels/changes.html"

    def context(self, registry: Any, row: Any, by: Any, request: HttpRequest) -> dict[str, Any]:
        earlier = Area.objects.filter(version_of=row.pk).defer("shape").order_by("-valid_from")
        return {"changes": queries.changes_of(row.pk), "earlier": earlier, "may_plot": by.may("grids.plot")}


OWN = (MembersPanel(), NotesPanel(), ChangesPanel())


class GridDetail(DetailPage):
    """One grid on one page: figures, people, map; behind tabs what each room brings."""

    def panels(self) -> list[Panel]:
        """The tabs of this room, then those of the rooms above."""
        brought = [room.panel for room in contents.contents_for(self.by) if room.panel]
        return [*OWN[:2], *super().panels(), *brought, *OWN[2:]]

    def actions(self, row: Any) -> list[Action]:
        """To the plotting of its community, or to a professional grid's closing."""
        drawn = []
        if row.kind == Area.Kind.BASIC and row.community_id and self.by.may("grids.plot") and row.valid_to is None:
            drawn.append(Action("标绘本社区", f"/grids/plot/{row.community_id}/", icon="polygon"))
        if row.kind != Area.Kind.BASIC and self.by.may("grids.plot") and row.valid_to is None:
            drawn.append(Action("停用", f"/grids/special/{row.pk}/close/", kind="danger", opens="dialog"))
        if self.by.may("grids.edit") and row.valid_to is None:
            drawn.append(Action("登记人员", "/r/grid-duties/new/", kind="primary", icon="plus"))
        return drawn

    def _draw(
        self, request: HttpRequest, row: Any, tab: str, more: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "registry": self.registry, "row": row, "heading": row.name, "tab": tab, "tabs": self._tabs(row, tab),
            "action_list": self.actions(row), "crumbs": self.crumbs(), "removed": row.valid_to is not None,
            "clause": self.registry.clause, "map_config": grid_map(row), "kind": queries.kind_of(row),
        }  # fmt: skip
        if tab == "facts":
            context |= self._overview(row)
        else:
            panel = self._panel(tab)
            if panel is None:
                raise NotFound(what="没有这个页签。")
            context |= {"panel": panel, **panel.context(self.registry, row, self.by, request)}
        page = "grids/grid.html"
        return answer(request, page, page, context | (more or {}), status=status)

    def _tabs(self, row: Any, open_tab: str) -> list[Tab]:
        url = self.registry.url(row.pk)
        told = [("facts", "概况"), *((panel.code, panel.title) for panel in self.panels())]
        return [Tab(title, url if code == "facts" else f"{url}?tab={code}", code == open_tab) for code, title in told]

    def _overview(self, row: Any) -> dict[str, Any]:
        counts = contents.counts_of(self.by, [row.pk])[row.pk]
        parts, why_cut = queries.composition(row) if row.kind != Area.Kind.BASIC else ([], "")
        return {
            "figure_list": [_figure(count) for count in counts],
            "lacks": contents.lacks_of(self.by, [row.pk])[row.pk],
            "fact_list": facts_of(row),
            "member_list": queries.members_by([row.pk]).get(row.pk, []),
            "parts": parts,
            "why_cut": why_cut,
        }


def _figure(count: contents.Count) -> Figure:
    from hezhi.chapters.grassroots.grids.rules import counted

    return Figure(count.label, counted(count.value, count.least), url=count.url, tone=count.tone)


def facts_of(row: Grid) -> list[Fact]:
    """What a grid is, in labelled values."""
    kind = queries.kind_of(row)
    return [
        Fact("网格编码", row.code),
        Fact("类型", f"{row.get_kind_display()}{f'（{kind.name}）' if kind and row.line else ''}"),
        Fact("所在", "".join(str(each) for each in (row.town, row.community) if each) or NOTHING),
        Fact("面积", f"{square_metres(as_shape(row.shape)) / 1e6:.2f} 平方公里"),
        Fact("边界自", f"{row.valid_from:%Y-%m-%d}{f' 至 {row.valid_to:%Y-%m-%d}（已停用）' if row.valid_to else ''}"),
        Fact("依据", row.source or NOTHING, wide=True),
    ]


def grid_map(row: Grid) -> dict[str, Any]:
    """The little map of one grid among its neighbours."""
    return {
        "layers": [
            {"url": f"/grids/{row.pk}/around.json", "kind": "outline", "label": "name", "name": "相邻网格", "link": "link"},
            {"url": f"/grids/{row.pk}/shape.json", "kind": "outline", "stroke": "#0b5cad", "name": "本网格", "fit": True},
            {"url": f"/grids/{row.pk}/notes.json", "kind": "points", "name": "标注"},
        ]
    }  # fmt: skip


class GridMap(RegistryPage):
    """All grids of the reader's ground on one map (网格地图)."""

    capability = "view"

    def get(self, request: HttpRequest) -> HttpResponse:
        towns = Area.objects.current().filter(level=Area.Level.TOWN).defer("shape").order_by("code")
        scope = self.by.scope
        if not scope.everything:
            mine = Grid.objects.visible_to(self.by).values("town_id")
            towns = towns.filter(pk__in=mine)
        chosen = request.GET.get("town", "")
        found = list(towns)
        town = next((t for t in found if str(t.pk) == chosen), found[0] if found else None)
        context = {
            "heading": "网格地图", "crumbs": self.crumbs(), "towns": found, "town": town, "registry": self.registry,
            "extent": list(Area.objects.get(pk=town.pk).shape.extent) if town else None,
            "layers": [{"url": f"/grids/town/{town.pk}/grids.json", "kind": "outline", "label": "name", "link": "link",
                        "name": "网格", "fit": True, "labelBelow": 30}] if town else [],
        }  # fmt: skip
        return answer(request, "grids/map.html", "grids/map.html", context)
