"""Plotting a community's grids on the map (网格标绘、网格划分): the browser draws, the server does the geometry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import shapely
from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from hezhi.chapters.grassroots.grids import actions, queries
from hezhi.chapters.grassroots.grids.models import Division
from hezhi.chapters.grassroots.grids.queries import contents
from hezhi.engines.geo import division as dividing
from hezhi.engines.geo.dividing import NEW, pieces_of, standing, try_out
from hezhi.engines.geo.division import Fault, Piece, square_metres
from hezhi.engines.geo.models import Area
from hezhi.engines.geo.proposing import propose
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.errors import BadInput, Refusal

clause = "9.1.3-1-1"
MOST_PROPOSED = 40


class DraftForm(forms.Form):
    """What belongs to a division beside its shapes (划分说明)."""

    title = forms.CharField(label="名称", max_length=80)
    reason = forms.CharField(label="调整原因", max_length=300, widget=forms.Textarea(attrs={"rows": 2}), required=False)
    source = forms.CharField(label="依据", max_length=200, required=False, help_text="批复文号或会议纪要")
    effective_on = forms.DateField(label="生效日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


@needs("grids.plot", clause=clause)
def choose(request: HttpRequest) -> HttpResponse:
    """Which community to plot (选择社区)."""
    by = reader(request)
    words = request.GET.get("q", "").strip()
    rows = queries.communities_for(by).select_related("town")
    if words:
        rows = rows.filter(full_name__contains=words)
    found = list(rows[:200])
    if len(found) == 1 and not words:
        return redirect("grids-plot", id=found[0].pk)
    drafts = queries.divisions_for(by).filter(state__in=[Division.State.DRAFT, Division.State.SCHEDULED])
    context = {"communities": found, "words": words, "drafts": drafts.select_related("community", "created_by")[:20]}
    return render(request, "grids/choose.html", context)


@needs("grids.plot", clause=clause)
def plot(request: HttpRequest, id: UUID) -> HttpResponse:
    """The map editor of one community; what is drawn is kept as a draft and checked before it is published."""
    by = reader(request)
    community = queries.community_for(by, id)
    draft = _draft(by, request.GET.get("division", ""))
    grids = standing(community)
    base = draft.base if draft else queries.print_of(grids)
    form = DraftForm(request.POST or None, initial=_initial(community, draft))
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.save_draft(
                community, _json(request.POST.get("features", "")), by=by, division=draft,
                base=request.POST.get("base", base), origin=request.POST.get("origin") or "plotted", **form.cleaned_data,
            )  # fmt: skip
            return redirect("grids-division", id=row.pk)
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, said)
    context = {
        "community": community, "form": form, "draft": draft, "base": base, "features": request.POST.get("features", ""),
        "origin": request.POST.get("origin", draft.origin if draft else "plotted"), "most": MOST_PROPOSED,
        "grids": grids, "map_json": json.dumps(_map_config(community, draft), ensure_ascii=False),
        "stale": bool(draft and draft.base != queries.print_of(grids)), "cancel_url": reverse("grids-choose"),
        "suggested": max(1, len(grids)),
    }  # fmt: skip
    return render(request, "grids/plot.html", context, status=422 if form.errors else 200)


def _initial(community: Area, draft: Division | None) -> dict[str, Any]:
    if draft is None:
        return {"title": f"{community.name}网格调整", "effective_on": time.today()}
    return {"title": draft.title, "reason": draft.reason, "source": draft.source,
            "effective_on": max(draft.effective_on, time.today())}  # fmt: skip


def _draft(by: Actor, key: str) -> Division | None:
    try:
        row = queries.division_for(by, UUID(key)) if key else None
    except ValueError:
        return None
    return row if row and row.state in (Division.State.DRAFT, Division.State.SCHEDULED) else None


def _map_config(community: Area, draft: Division | None) -> dict[str, Any]:
    url = reverse("grids-plot", args=[community.pk])
    tail = f"?division={draft.pk}" if draft else ""
    return {
        "edit": f"{url}features.json{tail}", "step": f"{url}step/", "propose": f"{url}propose/",
        "layers": [{"url": f"{url}around.json", "kind": "outline", "name": "周边网格", "label": "name"}],
        "extent": list(community.shape.extent),
    }  # fmt: skip


def _json(text: str) -> Any:
    try:
        return json.loads(text or "[]")
    except ValueError:
        raise BadInput({"features": "网格范围没有传完整，请刷新页面重试。"}, code="grids.no_features") from None


@needs("grids.plot", clause=clause)
def features(request: HttpRequest, id: UUID) -> HttpResponse:
    """The grids to be changed, or those of a draft, as GeoJSON."""
    by = reader(request)
    community = queries.community_for(by, id)
    draft = _draft(by, request.GET.get("division", ""))
    told = draft.features if draft else queries.features_of(pieces_of(standing(community)))
    return JsonResponse({"type": "FeatureCollection", "features": told})


@needs("grids.plot", clause=clause)
def around(request: HttpRequest, id: UUID) -> HttpResponse:
    """The grids beyond the community's border, to look at."""
    community = queries.community_for(reader(request), id)
    west, south, east, north = community.shape.extent
    wide = max(east - west, north - south) * 0.4
    box = shapely.box(west - wide, south - wide, east + wide, north + wide)
    rows = Area.objects.grids().filter(shape__bboverlaps=_stored(box)).exclude(community=community)[:400]
    return JsonResponse({"type": "FeatureCollection", "features": queries.features_of(pieces_of(list(rows)))})


def _stored(shape: Any) -> Any:
    from django.contrib.gis.geos import GEOSGeometry

    return GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326)


# -- one step ---------------------------------------------------------------------------------------


@require_POST
@needs("grids.plot", clause=clause)
def step(request: HttpRequest, id: UUID) -> HttpResponse:
    """Do one step of drawing and look the whole through (试算): nothing is stored.

    Takes `features` and `op` (check, split, merge, draw, give) as JSON, gives the new features, the faults
    with their places, and what lies in each grid.
    """
    by = reader(request)
    community = queries.community_for(by, id)
    try:
        sent = _json(request.body.decode("utf-8", "replace"))
        if not isinstance(sent, dict):
            raise BadInput({"features": "收到的内容不对，请刷新页面重试。"})
        pieces = actions.read_features(sent.get("features"))
        pieces, told = _do(sent.get("op") or {}, pieces, community)
    except Refusal as refusal:
        return JsonResponse({"error": refusal.as_dict(), "said": _said(refusal)}, status=refusal.status)
    return JsonResponse(_looked_through(by, community, pieces) | {"told": told})


def _said(refusal: Refusal) -> str:
    fields: Mapping[str, Sequence[str]] = getattr(refusal, "fields", {})
    return "".join(said for each in fields.values() for said in each) or refusal.what


def _looked_through(by: Actor, community: Area, pieces: Sequence[Piece]) -> dict[str, Any]:
    found = try_out(community, pieces)
    things = queries._things_by(found.pieces, contents.things_in(by, community.pk)) if found.good else {}
    codes = dict(Area.objects.filter(community=community, version_of=None).values_list("pk", "code"))
    by_key = {str(key): code for key, code in codes.items()}
    return {
        "features": queries.features_of(found.pieces),
        "faults": [_fault(fault, found.pieces) for fault in found.faults],
        "rows": [
            {"key": p.key, "name": p.name, "area": round(square_metres(p.shape)), "code": by_key.get(p.key, ""),
             "things": things.get(p.key, {})}
            for p in found.pieces
        ],
    }  # fmt: skip


def _fault(fault: Fault, pieces: Sequence[Piece]) -> dict[str, Any]:
    names = {piece.key: piece.name for piece in pieces}
    mendable = fault.kind in (dividing.GAP, dividing.OVERLAP, dividing.PARTS)
    keys = fault.keys if fault.kind != dividing.PARTS else tuple(k for k in names if k not in fault.keys)
    return {
        "kind": fault.kind, "sentence": fault.sentence, "geometry": shapely.geometry.mapping(fault.where),
        "give": [{"key": key, "name": names.get(key, key)} for key in keys] if mendable else [],
    }  # fmt: skip


def _do(op: Mapping[str, Any], pieces: list[Piece], community: Area) -> tuple[list[Piece], str]:
    verb = str(op.get("verb", "check"))
    if verb not in STEPS:
        raise BadInput({"op": "没有这个标绘步骤。"}, code="grids.no_step")
    return STEPS[verb](op, pieces, community)


def _shape(op: Mapping[str, Any], name: str) -> Any:
    try:
        return shapely.geometry.shape(op[name])
    except (KeyError, TypeError, ValueError, AttributeError, shapely.errors.ShapelyError) as fault:
        raise BadInput({"op": "画的线或面不完整，请重画。"}, code="grids.no_shape") from fault


def _chosen(op: Mapping[str, Any], pieces: Sequence[Piece]) -> list[Piece]:
    keys = op.get("ids") or []
    found = [piece for piece in pieces if piece.key in keys]
    if not found or len(found) != len(keys):
        raise BadInput({"op": "请先点选网格。"}, code="grids.none_chosen")
    return found


def _check(op: Mapping[str, Any], pieces: list[Piece], community: Area) -> tuple[list[Piece], str]:
    return pieces, ""


def _split(op: Mapping[str, Any], pieces: list[Piece], community: Area) -> tuple[list[Piece], str]:
    """The larger part keeps the grid's identity, the smaller one becomes a new grid."""
    one, line = _chosen(op, pieces)[0], _shape(op, "line")
    if not one.shape.is_valid:
        raise BadInput({"op": f"“{one.name}”的边界自相交，请先改正再拆分。"}, code="grids.crossing")
    large, small = dividing.split(one.shape, line)
    new = Piece(_new_key(pieces), _new_name(pieces, community), small)
    at = pieces.index(one)
    kept = [*pieces[:at], Piece(one.key, one.name, large), new, *pieces[at + 1 :]]
    return kept, f"“{one.name}”已拆成两块，较小的一块是“{new.name}”，可在右侧改名。"


def _merge(op: Mapping[str, Any], pieces: list[Piece], community: Area) -> tuple[list[Piece], str]:
    """The largest of them keeps its identity and name; the others end with the division."""
    chosen = _chosen(op, pieces)
    joined = dividing.merge([piece.shape for piece in chosen])
    standing_ones = [piece for piece in chosen if not piece.key.startswith(NEW)] or chosen
    heir = max(standing_ones, key=lambda piece: piece.shape.area)
    kept = [Piece(p.key, p.name, joined) if p is heir else p for p in pieces if p is heir or p not in chosen]
    return kept, f"{len(chosen)} 个网格已合并，沿用“{heir.name}”的名称和编码。"


def _draw(op: Mapping[str, Any], pieces: list[Piece], community: Area) -> tuple[list[Piece], str]:
    new = Piece(_new_key(pieces), _new_name(pieces, community), _shape(op, "geometry"))
    return [*pieces, new], f"已画“{new.name}”。与原网格重叠的地方标成红色，请在右侧选择划给谁。"


def _give(op: Mapping[str, Any], pieces: list[Piece], community: Area) -> tuple[list[Piece], str]:
    key = str(op.get("key", ""))
    given = dividing.give(pieces, _shape(op, "geometry"), key)
    name = next(piece.name for piece in given if piece.key == key)
    return [piece for piece in given if piece.shape.area > 0], f"已划给“{name}”。"


Step = Callable[[Mapping[str, Any], list[Piece], Area], tuple[list[Piece], str]]
STEPS: dict[str, Step] = {"check": _check, "split": _split, "merge": _merge, "draw": _draw, "give": _give}


def _new_key(pieces: Sequence[Piece]) -> str:
    numbers = [int(p.key.removeprefix(NEW)) for p in pieces if re.fullmatch(rf"{NEW}\d{{1,6}}", p.key)]
    return f"{NEW}{max(numbers, default=0) + 1}"


def _new_name(pieces: Sequence[Piece], community: Area) -> str:
    """«云海路社区第5网格»: the next number that no grid of the community ever had."""
    told = [*(p.name for p in pieces), *Area.objects.filter(community=community).values_list("name", flat=True)]
    numbers = [int(found[1]) for name in told if (found := re.search(r"第(\d{1,4})网格", name))]
    return f"{community.name}第{max(numbers, default=0) + 1}网格"


# -- the system's proposal --------------------------------------------------------------------------


@require_POST
@needs("grids.plot", clause=clause)
def suggest(request: HttpRequest, id: UUID) -> HttpResponse:
    """A balanced division into a number of grids (系统建议划分): a draft to be edited, stored nowhere."""
    by = reader(request)
    community = queries.community_for(by, id)
    try:
        sent = _json(request.body.decode("utf-8", "replace"))
        many = _number(sent.get("many") if isinstance(sent, dict) else None)
        pieces = _proposed(by, community, many)
    except Refusal as refusal:
        return JsonResponse({"error": refusal.as_dict(), "said": _said(refusal)}, status=refusal.status)
    told = f"系统按户数和事件分布建议划为 {len(pieces)} 个网格，供修改参考；核对后再保存。"
    return JsonResponse(_looked_through(by, community, pieces) | {"told": told})


def _number(told: Any) -> int:
    try:
        many = int(told)
    except (TypeError, ValueError):
        raise BadInput({"many": "请填写网格个数。"}, code="grids.no_number") from None
    if not 1 <= many <= MOST_PROPOSED:
        raise BadInput({"many": f"网格个数应在 1 至 {MOST_PROPOSED} 之间。"}, code="grids.number")
    return many


def _proposed(by: Actor, community: Area, many: int) -> list[Piece]:
    grids = standing(community)
    known = pieces_of(grids)
    things = contents.things_in(by, community.pk)
    from hezhi.engines.geo.dividing import as_shape

    shapes = propose(as_shape(community.shape), [(x, y) for _, x, y in things], many)
    keys = dividing.matched(shapes, {piece.key: piece.shape for piece in known})
    names = {piece.key: piece.name for piece in known}
    made: list[Piece] = []
    for shape, key in zip(shapes, keys, strict=True):
        piece = Piece(key, names[key], shape) if key else Piece(_new_key(made), "", shape)
        made.append(piece if key else Piece(piece.key, _new_name([*known, *made], community), shape))
    return made
