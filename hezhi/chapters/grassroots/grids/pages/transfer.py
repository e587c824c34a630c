"""Grids in and out as map files (导入导出): SHP, GPKG, GeoJSON, KML; the coordinate system is asked for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hezhi.chapters.grassroots.grids import actions
from hezhi.chapters.grassroots.grids.models import Grid
from hezhi.chapters.grassroots.grids.pages.supervision import chosen_town, towns_of
from hezhi.engines.geo.dividing import as_shape
from hezhi.engines.geo.files import FORMATS, OUT_SYSTEMS, SYSTEMS, read_polygons, write_polygons
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.ui.shapes import Crumb
from hezhi.ground.uploads import inspect_map

clause = "9.1.3-1-1"
CRUMBS = [Crumb("网格管理"), Crumb("网格划分", "/r/grid-divisions/")]
FORMAT_NAMES = {"shp": "SHP（ZIP 包）", "gpkg": "GeoPackage", "geojson": "GeoJSON", "kml": "KML"}


class ImportForm(forms.Form):
    """A file of grids (网格文件)."""

    file = forms.FileField(
        label="网格文件",
        help_text="SHP（打成 ZIP）、GPKG、GeoJSON 或 KML；名称列写 name 或“网格名称”，已有网格写编码列 code",
    )
    crs = forms.ChoiceField(label="文件坐标系", choices=[("", "请选择"), *SYSTEMS.items()],
                            error_messages={"required": "请选择文件的坐标系，系统不会猜测。"})  # fmt: skip
    source = forms.CharField(label="依据", max_length=200, required=False, help_text="批复文号、测绘成果名称")


@needs("grids.plot", clause=clause)
def take_in(request: HttpRequest) -> HttpResponse:
    """Read a file into drafts, one for each community it touches; nothing is in force before it is published."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            file = inspect_map(form.cleaned_data["file"])
            found = read_polygons(file.content, file.kind, form.cleaned_data["crs"])
            drafts = actions.import_drafts(
                found, by=reader(request), source=form.cleaned_data["source"] or file.name, crs=form.cleaned_data["crs"]
            )
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, said)
        else:
            if len(drafts) == 1:
                return redirect("grids-division", id=drafts[0].pk)
            messages.success(request, f"文件涉及 {len(drafts)} 个社区，已各存一份草案，请逐份核对后发布。")
            return redirect("/r/grid-divisions/?state=draft")
    context = {
        "form": form, "heading": "导入网格", "crumbs": CRUMBS, "cancel_url": "/r/grid-divisions/", "submit_name": "读入并存草案",
        "multipart": True, "note": "读入后先存为草案，逐个社区校验不重不漏，核对无误再发布。",
    }  # fmt: skip
    return render(request, "grids/form.html", context, status=422 if form.errors else 200)


class ExportForm(forms.Form):
    """What file to make (导出)."""

    form = forms.ChoiceField(label="格式", choices=list(FORMAT_NAMES.items()))
    crs = forms.ChoiceField(label="坐标系", choices=[(code, SYSTEMS[code]) for code in OUT_SYSTEMS],
                            help_text="KML 和 GeoJSON 只有经纬度")  # fmt: skip
    reason = forms.CharField(label="用途", max_length=200, error_messages={"required": "请写明用途。"})


@needs("grids.export", clause=clause)
def give_out(request: HttpRequest) -> HttpResponse:
    """The grids of the reader's ground as one file: borders, names and codes, nothing of people."""
    by = reader(request)
    towns = towns_of(by)
    town = chosen_town(request, towns)
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        with acting(by, verb="grids.export", reason=told["reason"]) as deed:
            rows = Grid.objects.visible_to(by).current().select_related("town", "community").order_by("code")
            grids = list(rows.filter(town=town) if town else rows)
            deed.detail = {"rows": len(grids), "format": told["form"], "crs": told["crs"]}
        if grids:
            return _file(grids, told["form"], told["crs"])
        form.add_error(None, "您的管辖范围内没有网格，没有生成文件。")
    context = {
        "form": form, "heading": f"导出网格{f'：{town.name}' if town else ''}", "crumbs": [Crumb("网格管理"), Crumb("网格", "/r/grids/")],
        "cancel_url": "/r/grids/", "submit_name": "生成文件", "note": "文件里只有边界、名称和编码，没有人员信息。",
        "action_url": f"?town={town.pk}" if town else "", "plain": True,
    }  # fmt: skip
    return render(request, "grids/form.html", context, status=422 if form.errors else 200)


def _file(grids: list[Grid], form: str, crs: str) -> HttpResponse:
    rows = [(as_shape(grid.shape), _fields(grid)) for grid in grids]
    ending = FORMATS[form][1]
    response = HttpResponse(write_polygons(rows, form, crs), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="grids-{time.today():%Y%m%d}.{ending}"'
    return response


def _fields(grid: Grid) -> dict[str, Any]:
    return {
        "code": grid.code, "name": grid.name, "kind": grid.get_kind_display(), "line": grid.line,
        "town": str(grid.town or ""), "community": str(grid.community or ""), "valid_from": f"{grid.valid_from:%Y-%m-%d}",
    }  # fmt: skip
