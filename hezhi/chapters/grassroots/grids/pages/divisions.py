"""One division before and after (划分对比): looked through, then published, given up or taken back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from hezhi.chapters.grassroots.grids import actions, queries
from hezhi.chapters.grassroots.grids.models import Division
from hezhi.engines.geo.dividing import pieces_of, standing, try_out
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground.errors import BadInput, NotFound, Refusal
from hezhi.ground.ui.answers import answer, wants_part
from hezhi.ground.ui.shapes import Action, Crumb, Fact

clause = "9.1.3-1-1"
OPEN = (Division.State.DRAFT, Division.State.SCHEDULED)


@needs("grids.plot", clause=clause)
def division(request: HttpRequest, id: UUID) -> HttpResponse:
    """What a division changes, grid by grid, with its faults if there are any."""
    by = reader(request)
    row = queries.division_for(by, id)
    return render(request, "grids/division.html", _context(by, row))


def _context(by: Actor, row: Division) -> dict[str, Any]:
    community = queries.community_for(by, row.community_id)
    faults, rows = [], []
    grids = standing(community)
    pieces = actions.read_features(row.features)
    before = actions.read_features(row.before) if row.before else pieces_of(grids)
    stale = row.state in OPEN and row.base != queries.print_of(grids)
    if row.state in OPEN:
        found = try_out(community, pieces)
        faults, pieces = list(found.faults), list(found.pieces)
    if not faults:
        codes = Area.objects.filter(pk__in=[p.key for p in [*pieces, *before] if not p.key.startswith("new-")])
        rows = queries.compare(by, community, pieces, before, {str(a.pk): a.code for a in codes.defer("shape")})
    return {
        "row": row, "community": community, "faults": faults, "rows": rows, "stale": stale, "open": row.state in OPEN,
        "words": rows[0].words if rows else [],
        "changed": [each for each in rows if each.change != "不变"], "fact_list": _facts(row),
        "same": sum(each.change == "不变" for each in rows),
        "action_list": _actions(by, row, bool(faults) or stale), "crumbs": _crumbs(),
        "layers": [
            {"url": f"/grids/divisions/{row.pk}/before.json", "kind": "outline", "name": "调整前", "stroke": "#b3541e"},
            {"url": f"/grids/divisions/{row.pk}/after.json", "kind": "outline", "name": "调整后", "stroke": "#0b5cad",
             "label": "name", "fit": True},
        ],
    }  # fmt: skip


def _crumbs() -> list[Crumb]:
    return [Crumb("网格管理"), Crumb("网格划分", "/r/grid-divisions/")]


def _facts(row: Division) -> list[Fact]:
    told = [
        Fact("社区", str(row.community)),
        Fact("来源", row.get_origin_display()),
        Fact("生效日期", f"{row.effective_on:%Y-%m-%d}"),
        Fact("制作人", str(row.created_by or "系统")),
        Fact("调整原因", row.reason or "—", wide=True),
        Fact("依据", row.source or "—", wide=True),
    ]
    if row.decided_at:
        told.append(Fact("办理", f"{row.decided_by or '系统'} {row.get_state_display()}"))
    if row.told.get("moved"):
        told.append(Fact("随边界调整", "、".join(f"{word} {n} 条" for word, n in row.told["moved"].items())))
    if row.told.get("failed"):
        told.append(Fact("未能生效", row.told["failed"], wide=True))
    if row.told.get("undone_because"):
        told.append(Fact("撤销原因", row.told["undone_because"], wide=True))
    return told


def _actions(by: Actor, row: Division, blocked: bool) -> list[Action]:
    url, drawn = f"/grids/divisions/{row.pk}/do/", []
    if row.state in OPEN:
        drawn.append(Action("作废", f"{url}withdraw/", kind="danger", opens="dialog"))
        drawn.append(Action("继续标绘", f"/grids/plot/{row.community_id}/?division={row.pk}", icon="polygon"))
        if by.may("grids.publish") and not blocked:
            drawn.append(Action("发布", f"{url}publish/", kind="primary", opens="dialog", icon="check"))
    elif row.state == Division.State.IN_FORCE and by.may("grids.publish"):
        drawn.append(Action("撤销这次划分", f"{url}undo/", kind="danger", opens="dialog", icon="arrow-back-up"))
    return drawn


@needs("grids.plot", clause=clause)
def shapes(request: HttpRequest, id: UUID, which: str) -> HttpResponse:
    """The shapes before or after, as GeoJSON."""
    row = queries.division_for(reader(request), id)
    if which == "after":
        told = row.features
    elif which == "before":
        told = row.before or queries.features_of(
            pieces_of(standing(queries.community_for(reader(request), row.community_id)))
        )
    else:
        raise NotFound(what="没有这个图层。")
    return JsonResponse({"type": "FeatureCollection", "features": told})


class ReasonForm(forms.Form):
    """Why (原因)."""

    reason = forms.CharField(label="原因", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


STEPS = {
    "publish": (
        "发布划分",
        "发布",
        "primary",
        actions.publish,
        "发布后即按新边界分派事件；旧边界保留，过去的统计不变。",
    ),
    "withdraw": ("作废草案", "作废", "danger", actions.withdraw, "草案作废后不能再发布。"),
    "undo": ("撤销划分", "撤销", "danger", actions.undo, "恢复到这次划分之前的边界；新网格已有数据的不能撤销。"),
}


@needs("grids.plot", clause=clause)
def do(request: HttpRequest, id: UUID, verb: str) -> HttpResponse:
    """Publish, give up or take back, with a reason."""
    by = reader(request)
    row = queries.division_for(by, id)
    if verb not in STEPS:
        raise NotFound(what="没有这一步。")
    title, name, kind, act, note = STEPS[verb]
    form = ReasonForm(request.POST or None, initial={"reason": row.reason if verb == "publish" else ""})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            done = act(row.pk, by=by, reason=form.cleaned_data["reason"])  # type: ignore[operator]
        except BadInput as refusal:
            for said in (said for each in refusal.fields.values() for said in each):
                form.add_error(None, said)
        except Refusal as refusal:
            form.add_error(None, f"{refusal.what}{refusal.meaning}{refusal.remedy}")
        else:
            return _done(request, done)
    if form.errors:
        status = 422
    url = f"/grids/divisions/{row.pk}/"
    context = {
        "form": form, "heading": f"{title}：{row.title}", "dialog_title": f"{title}：{row.title}", "note": note, "dialog_note": note,
        "action_url": f"{url}do/{verb}/", "cancel_url": url, "submit_name": name, "submit_kind": kind, "crumbs": _crumbs(),
    }  # fmt: skip
    return answer(request, "registry/reason.html", "ui/parts/dialog_form.html", context, status=status)


def _done(request: HttpRequest, row: Division) -> HttpResponse:
    sentences = {
        Division.State.IN_FORCE: "划分已发布，新边界从现在起生效。",
        Division.State.SCHEDULED: f"划分已批准，将于 {row.effective_on:%Y-%m-%d} 生效。",
        Division.State.WITHDRAWN: "草案已作废。",
        Division.State.UNDONE: "已恢复到这次划分之前的边界。",
    }
    messages.success(request, sentences[Division.State(row.state)])
    url = f"/grids/divisions/{row.pk}/"
    if wants_part(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return redirect(url)
