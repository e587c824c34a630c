"""A row on the map (上图): its point, line or area shown on its page, and drawn in its form.

Drawing snaps to the neighbours of the same registry, so that areas share their borders. Persons never
stand on a map (P8).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib.gis.geos import Polygon
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static

from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.geojson import collection
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.parts import Part
from hezhi.ground.errors import BadInput

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

BASE = "geo/huangdao_basemap.pmtiles"
NEIGHBOURS = 300
AROUND = 0.01
"""Degrees beyond the row's own extent in which neighbours are shown: about a kilometre."""
LARGEST = 0.5
DRAWS = {"GEOMETRY": (("Point", "画点"), ("LineString", "画线"), ("Polygon", "画面"))}
"""What a field that takes any shape lets one draw: type of geometry, word on the button."""


class OnMap(Part):
    """The row's geometry is shown beside its facts and drawn on a map in its form (上图、标绘).

    `field` is the geometry's field, by default the registry's `on_map`; `neighbours` shows the other rows of
    the registry round it, and drawing snaps to them.
    """

    def __init__(self, field: str = "", *, neighbours: bool = True) -> None:
        self.field, self.neighbours = field, neighbours

    def problems(self, registry: Registry) -> Sequence[str]:
        if registry.of_persons:
            return ("persons never stand on a map (重点人员不上图).",)
        kept = {f.name for f in registry.model._meta.concrete_fields if hasattr(f, "geom_type")}
        name = self.of(registry)
        return () if name in kept else (f"puts {name!r} on the map, which is no geometry of the table.",)

    def of(self, registry: Registry) -> str:
        """The geometry's field."""
        return self.field or registry.on_map

    def pages(self, registry: Registry) -> Mapping[str, Any]:
        return {"<uuid:id>/shape/": ShapePage, "around/": AroundPage}

    def side_map(self, registry: Registry, row: Model, by: Actor) -> Mapping[str, Any] | None:
        shape = getattr(row, self.of(registry))
        if shape is None:
            return None
        told: dict[str, Any] = {"base": static(BASE)}
        if shape.geom_type == "Point":
            return told | {"marker": [shape.x, shape.y], "zoom": 15}
        url = registry.url(row.pk, "shape")
        kept = registry.model._meta.get_field(self.of(registry)).geom_type  # type: ignore[union-attr]
        kind = "points" if kept == "GEOMETRY" else "outline"  # a line of its own is drawn as boldly as a point
        return told | {"layers": [{"url": url, "kind": kind, "name": registry.noun, "label": "label", "fit": True}]}

    def dress(self, registry: Registry, form: Any) -> None:
        name = self.of(registry)
        if name not in form.fields:
            return
        shape, kind = getattr(form.instance, name, None), registry.model._meta.get_field(name).geom_type  # type: ignore[union-attr]
        around = registry.url("around") if self.neighbours else ""
        told = {
            "base": static(BASE),
            "kind": kind,
            "around": around,
            "own": "" if form.is_new else str(form.instance.pk),
        }
        extent = _extent(shape) if shape is not None else _district()
        field = form.fields[name]
        field.widget = ShapeWidget({**told, "extent": extent}, point=kind == "POINT")
        field.widget.is_required = field.required
        field.help_text = field.help_text or "在地图上绘制，靠近邻边会自动吸附；也可以直接填写坐标。"


class ShapeWidget(forms.Textarea):
    """The text of a geometry with a map to draw it on; without scripts the text is all there is."""

    template_name = "dossier/shape.html"
    draws_on_map = True

    def __init__(self, told: Mapping[str, Any], *, point: bool) -> None:
        super().__init__({"rows": 1 if point else 3})
        self.told = told

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        input_id = context["widget"]["attrs"].get("id", "")
        context["widget"]["draws"] = DRAWS.get(self.told.get("kind", ""), (("", "绘制"),))
        context["widget"]["told"] = json.dumps({**self.told, "input": f"#{input_id}"}, ensure_ascii=False)
        return context

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> Any:
        return super()._render(self.template_name, context, renderer)  # type: ignore[misc]


class ShapePage(RegistryPage):
    """The geometry of one row as GeoJSON (图形)."""

    def get(self, request: HttpRequest, id: UUID) -> HttpResponse:
        row = self.row(id)
        return _told(self.registry, self.registry.visible(self.by).filter(pk=row.pk), field_of(self.registry))


class AroundPage(RegistryPage):
    """The geometries of the visible rows in a box, to snap to (邻近图形)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        box = _box(request.GET.get("bbox", ""))
        name = field_of(self.registry)
        rows = self.registry.present(self.registry.visible(self.by)).filter(**{f"{name}__bboverlaps": box})
        return _told(self.registry, rows, name)


def field_of(registry: Registry) -> str:
    """The geometry that the registry's part draws."""
    return next(part.of(registry) for part in registry.parts if isinstance(part, OnMap))


def _told(registry: Registry, rows: QuerySet[Any], name: str) -> HttpResponse:
    content = collection(registry, rows.order_by("pk"), name, NEIGHBOURS)
    return HttpResponse(content, content_type="application/geo+json")


def _box(told: str) -> Polygon:
    try:
        west, south, east, north = (float(number) for number in told.split(","))
    except ValueError:
        raise BadInput({"bbox": "bbox 应写成“西,南,东,北”四个数。"}, code="registry.bad_bbox") from None
    if not (
        73 <= west <= east <= 136 and 3 <= south <= north <= 54 and east - west <= LARGEST and north - south <= LARGEST
    ):
        raise BadInput({"bbox": "范围过大或不在我国境内，请放大地图。"}, code="registry.bad_bbox")
    box = Polygon.from_bbox((west, south, east, north))
    box.srid = 4326
    return box


def _extent(shape: Any) -> list[float]:
    west, south, east, north = shape.extent
    return [west - AROUND, south - AROUND, east + AROUND, north + AROUND]


def _district() -> list[float] | None:
    outline = Area.objects.current().filter(level=Area.Level.DISTRICT).first()
    return list(outline.shape.extent) if outline else None
