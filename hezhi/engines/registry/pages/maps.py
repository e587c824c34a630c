"""The rows of a registry on the map (地图)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from hezhi.engines.geo.models import Area
from hezhi.engines.registry import addresses
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.ground.ui.answers import answer


class MapPage(RegistryPage):
    """The visible rows as points on the district's map, with the list's own filters (台账地图)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = Asked(self.registry, self.by, request.GET)
        layer = addresses.with_query(self.registry.rest_url("map"), asked.query(drop=("columns", "size", "order")))
        outline = Area.objects.current().filter(level=Area.Level.DISTRICT).first()
        context = {
            "heading": f"{self.registry.title}地图", "crumbs": self.crumbs(), "registry": self.registry,
            "extent": list(outline.shape.extent) if outline else None,
            "layers": [{"url": layer, "kind": "points", "name": self.registry.title, "label": "label", "link": "link"}],
            "list_url": addresses.with_query(self.registry.url(), asked.query()),
        }  # fmt: skip
        return answer(request, "registry/map.html", "registry/map.html", context)
