"""The list of a registry and what a person keeps of it (列表、常用筛选)."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from hezhi.engines.records.acting import acting
from hezhi.engines.registry import addresses
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.listing import listing_of, look, remember_columns
from hezhi.engines.registry.models import SavedView
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.scope import person
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.shapes import Action

VIEWS_AT_MOST = 20


class ListPage(RegistryPage):
    """The list (列表): htmx swaps only the table, and all of its state stands in the url."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = look(self.registry, request.GET, self.by)
        if self._chose_columns(request):
            with acting(self.by, verb="registry.columns"):
                remember_columns(self.registry, self.by, request.GET)
        context = {
            "listing": listing_of(found),
            "crumbs": self.crumbs()[:-1],
            "registry": self.registry,
            "action_list": self.actions(found.asked),
        }
        return answer(request, "registry/list.html", "ui/parts/listing.html", context)

    def actions(self, asked: Asked) -> list[Action]:
        """The buttons above the list, the primary one last."""
        registry, query = self.registry, asked.query()
        drawn = []
        if registry.removed_by == "removed_at" and registry.offers_to(self.by, "restore"):
            drawn.append(
                Action("返回列表", registry.url()) if asked.removed else Action("已删除", f"{registry.url()}?removed=1")
            )
        if registry.on_map:
            drawn.append(Action("地图", addresses.with_query(registry.url("map"), query), icon="map"))
        if registry.offers_to(self.by, "export"):
            drawn.append(Action("导出", addresses.with_query(registry.url("export"), query), icon="download"))
        if registry.offers_to(self.by, "import"):
            drawn.append(Action("导入", registry.url("import"), icon="upload"))
        if registry.offers_to(self.by, "add"):
            drawn.append(Action(f"登记{registry.noun}", registry.url("new"), kind="primary", icon="plus"))
        return drawn

    def _chose_columns(self, request: HttpRequest) -> bool:
        """Whether the columns were chosen here and now, and do not merely stand in a link one was sent."""
        same_page = request.headers.get("Referer", "").split("?")[0].endswith(request.path)
        return "columns" in request.GET and "view" not in request.GET and same_page


class SaveViewPage(RegistryPage):
    """Keep the present filters under a name (存为常用)."""

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = Asked(self.registry, self.by, request.GET)  # refuses what is no question
        query, name = asked.query(), request.POST.get("view_name", "").strip()[:20]
        if not name:
            raise BadInput({"view_name": "请给常用筛选起一个名称。"}, code="registry.no_view_name")
        if len(query) > 2000:
            raise BadInput(what="筛选条件太长，不能存为常用。", remedy="请减少条件后再保存。")
        kept = SavedView.objects.filter(registry=self.registry.slug, user_id=person(self.by))
        if kept.exclude(name=name).count() >= VIEWS_AT_MOST:
            raise BadInput(what=f"常用筛选最多保存 {VIEWS_AT_MOST} 个。", remedy="请先删除不再使用的。")
        values = {
            "query": query, "shared": request.POST.get("shared") == "1" and self.by.unit_id is not None,
            "unit_id": self.by.unit_id, "created_at": time.now(),
        }  # fmt: skip
        try:
            with acting(self.by, verb="registry.save_view") as deed:
                view, _ = SavedView.objects.update_or_create(
                    registry=self.registry.slug, user_id=person(self.by), name=name, defaults=values
                )
                deed.on(view)
        except IntegrityError:
            raise BadInput(what=f"名称“{name}”刚刚已经用过，请换一个。") from None
        return self.done(
            f"已存为常用筛选“{name}”。", addresses.with_query(self.registry.url(), f"{query}&view={view.pk}")
        )


class DropViewPage(RegistryPage):
    """Delete one's own saved view."""

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        view = SavedView.objects.filter(pk=id, user_id=person(self.by), registry=self.registry.slug).first()
        if view is None:
            raise NotFound(what="没有找到这个常用筛选。", meaning="它可能已被删除，或是别人共享的。")
        with acting(self.by, verb="registry.drop_view") as deed:
            deed.on(view)
            view.delete()
        return redirect(self.registry.url())
