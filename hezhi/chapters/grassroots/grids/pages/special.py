"""Professional grids over the same ground (多网融合): set up, closed, and who answers where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import shapely
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from hezhi.chapters.grassroots.grids import actions, queries
from hezhi.chapters.grassroots.grids.models import GridKind
from hezhi.chapters.grassroots.grids.pages.supervision import chosen_town, towns_of
from hezhi.engines.geo.files import SYSTEMS, read_polygons
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.ui.answers import answer, wants_part
from hezhi.ground.ui.shapes import Crumb
from hezhi.ground.uploads import inspect_map

clause = "9.1.3-1-1"
CRUMBS = [Crumb("网格管理"), Crumb("多网融合", "/grids/matrix/")]


@needs("grids.view", clause=clause)
def matrix(request: HttpRequest) -> HttpResponse:
    """Basic grids against professional lines, with the people who answer."""
    by = reader(request)
    towns = towns_of(by)
    town = chosen_town(request, towns) or (towns[0] if towns else None)
    kinds, rows = queries.matrix(by, town.pk) if town else ([], [])
    used = {code for row in rows for code in row.lines}
    kinds = [kind for kind in kinds if kind.code in used]
    told = [(row, [row.lines.get(kind.code, []) for kind in kinds]) for row in rows]
    context = {"towns": towns, "town": town, "kinds": kinds, "rows": told, "may_plot": by.may("grids.plot")}
    return render(request, "grids/matrix.html", context)


class SpecialForm(forms.Form):
    """A professional grid (专业网格): of which line, called what, made of which basic grids or drawn how."""

    kind = forms.ModelChoiceField(GridKind.objects.none(), label="条线")
    name = forms.CharField(label="网格名称", max_length=80)
    made_of = forms.MultipleChoiceField(label="由哪些基础网格组成", required=False, widget=forms.CheckboxSelectMultiple)
    file = forms.FileField(label="或上传边界文件", required=False, help_text="SHP（ZIP）、GPKG、GeoJSON、KML，一个图形")
    crs = forms.ChoiceField(label="文件坐标系", required=False, choices=[("", "请选择"), *SYSTEMS.items()])
    why_cut = forms.CharField(label="切分基础网格的原因", max_length=200, required=False)
    source = forms.CharField(label="依据", max_length=200, required=False)

    def __init__(self, *args: Any, town: Area, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = GridKind.objects.filter(active=True).exclude(kind=Area.Kind.BASIC)  # type: ignore[attr-defined]
        basics = Area.objects.grids().filter(town=town).order_by("code").values_list("pk", "name")
        self.fields["made_of"].choices = [(str(key), name) for key, name in basics]  # type: ignore[attr-defined]


@needs("grids.plot", clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """Set up a professional grid in one town."""
    by = reader(request)
    towns = towns_of(by)
    town = chosen_town(request, towns)
    if town is None:
        return render(request, "grids/choose_town.html", {"towns": towns, "crumbs": CRUMBS, "heading": "设专业网格"})
    form = SpecialForm(request.POST or None, request.FILES or None, town=town)
    if request.method == "POST" and form.is_valid():
        try:
            area = _set_up(request, form.cleaned_data, Area.objects.get(pk=town.pk))
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, said)
        else:
            messages.success(request, f"已设{area.name}，编码 {area.code}。")
            return redirect(f"/r/grids/{area.pk}/")
    context = {
        "form": form, "crumbs": CRUMBS, "heading": f"设专业网格：{town.name}", "cancel_url": "/grids/matrix/",
        "submit_name": "设立", "multipart": True, "action_url": f"?town={town.pk}",
    }  # fmt: skip
    return render(request, "grids/form.html", context, status=422 if form.errors else 200)


def _set_up(request: HttpRequest, told: dict[str, Any], town: Area) -> Area:
    shape = None
    if told["file"]:
        if not told["crs"]:
            raise BadInput({"crs": "请选择文件的坐标系，系统不会猜测。"})
        file = inspect_map(told["file"])
        found = read_polygons(file.content, file.kind, told["crs"])
        wrong = next((one for one in found if not one.shape.is_valid), None)
        if wrong is not None:
            raise BadInput({"file": f"第 {wrong.number} 个图形自相交：{shapely.is_valid_reason(wrong.shape)}。"})
        shape = shapely.union_all([one.shape for one in found])
    return actions.set_up_special(
        told["kind"], town, told["name"], by=reader(request), made_of=[UUID(key) for key in told["made_of"]], shape=shape,
        why_cut=told["why_cut"], source=told["source"],
    )  # fmt: skip


class ReasonForm(forms.Form):
    """Why (原因)."""

    reason = forms.CharField(label="停用原因", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


@needs("grids.plot", clause=clause)
def close(request: HttpRequest, id: UUID) -> HttpResponse:
    """Close a professional grid, with a reason."""
    by = reader(request)
    grid = queries.grid_for(by, id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.close_special(grid.pk, by=by, reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            form.add_error(None, refusal.what)
        else:
            messages.success(request, f"{grid.name}已停用。")
            if wants_part(request):
                response = HttpResponse(status=204)
                response["HX-Redirect"] = f"/r/grids/{grid.pk}/"
                return response
            return redirect(f"/r/grids/{grid.pk}/")
    context = {
        "form": form, "heading": f"停用：{grid.name}", "dialog_title": f"停用：{grid.name}", "action_url": request.path,
        "cancel_url": f"/r/grids/{grid.pk}/", "submit_name": "停用", "submit_kind": "danger", "crumbs": CRUMBS,
        "note": "停用后人员任职同时结束，历史仍可查。", "dialog_note": "停用后人员任职同时结束，历史仍可查。",
    }  # fmt: skip
    return answer(request, "registry/reason.html", "ui/parts/dialog_form.html", context, 422 if form.errors else 200)
