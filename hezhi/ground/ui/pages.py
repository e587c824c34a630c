"""Pages of the kit itself: the service worker's file, the large-view switch, the living style page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from hezhi.ground.errors import NotNow
from hezhi.ground.time import now
from hezhi.ground.ui import examples
from hezhi.ground.ui.answers import ELDER_COOKIE, wants_elder

__all__ = ["PATTERNS", "gallery", "service_worker", "switch_elder"]

YEAR = 365 * 24 * 3600
WORKER = "hezhi/sw.js"


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker's file under a channel's own path, because its reach is the folder it comes from.

    Never kept by the browser: a new release must arrive on the next visit.
    """
    found = finders.find(WORKER)
    path = Path(found) if isinstance(found, str) else Path(settings.STATIC_ROOT or "") / WORKER
    if not path.is_file():
        raise Http404(WORKER)
    response = HttpResponse(path.read_bytes(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@require_POST
def switch_elder(request: HttpRequest) -> HttpResponse:
    """Turn the large view (长辈版) on or off and come back to the same page."""
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    response = HttpResponseRedirect(back if safe else "/")
    response.set_cookie(
        ELDER_COOKIE,
        "0" if wants_elder(request) else "1",
        max_age=YEAR,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


# --- the living style page ----------------------------------------------------------------


def _parts() -> dict[str, Any]:
    return {
        "states": [*examples.STATES, ("overdue", "已超期"), ("offline", "离线")],
        "fact_list": examples.facts(),
        "timeline_items": examples.timeline(),
        "action_list": examples.actions(),
        "form": examples.wrong_form(),
        "figure_list": examples.figures(),
        "bar_list": examples.bars(),
        "trend": examples.trend(),
        "step_list": examples.steps(2),
        "deadline": now(),
        "map": {"layers": [{"url": "/data/areas.geojson", "kind": "shade", "value": "count", "label": "name", "name": "事件数", "fit": True}]},
    }  # fmt: skip


def _list() -> dict[str, Any]:
    return {"listing": examples.listing()}


def _empty_list() -> dict[str, Any]:
    return {"listing": examples.listing(rows=0, total=0)}


def _detail() -> dict[str, Any]:
    tabs = [("概况", True, 0), ("承办单", False, 2), ("附件", False, 3), ("变更记录", False, 0)]
    return {
        **_parts(),
        "crumbs": [{"name": "事件管理", "url": "#"}, {"name": "SJ26112201480"}],
        "tabs": [{"name": name, "url": "#", "active": active, "count": count} for name, active, count in tabs],
        "map": {"marker": [119.9931, 35.8762], "layers": [{"url": "/data/areas.geojson", "label": "name", "name": "网格"}]},
    }  # fmt: skip


def _form() -> dict[str, Any]:
    return {"form": examples.wrong_form(examples.DispatchForm), "cancel_url": "#", "submit_name": "登记"}


def _dialog_form() -> dict[str, Any]:
    return {"form": examples.ReasonForm(), "dialog_title": "审签通过", "submit_name": "通过", "action_url": "#"}


def _import() -> dict[str, Any]:
    counts = [("共读取", "1,204", ""), ("可写入", "1,200", "good"), ("需更正", "3", "danger"), ("提醒", "1", "")]
    return {
        "step_list": examples.steps(2),
        "problems": examples.problems(),
        "problem_note": "更正后可重新导入，其余行未写入。",
        "report_url": "#",
        "counts": [{"label": label, "value": value, "unit": "行", "tone": tone} for label, value, tone in counts],
        "preview": {
            "head": ["行", "标题", "类别", "地点", "发生时间"],
            "rows": [[2, "长江路井盖缺失", "井盖缺失", "长江路 12 号门前", "2026-11-22 08:10"], [3, "夜间施工噪声", "噪声扰民", "湘子门社区", "2026-11-21 23:40"]],
        },
        "form": Form(),
        "submit_name": "写入 1,200 行",
        "back_url": "#",
        "cancel_url": "#",
    }  # fmt: skip


def _map_editor() -> dict[str, Any]:
    return {
        "map_json": json.dumps({"edit": "/data/areas.geojson"}),
        "form": examples.ReasonForm(),
        "save_url": "#",
        "cancel_url": "#",
    }


def _dashboard() -> dict[str, Any]:
    return {**_parts(), "counted_at": now()}


def _phone(active: int, **more: Any) -> dict[str, Any]:
    return {"shell": examples.shell(tabs=examples.phone_tabs(active), user_name="陈网格"), **more}


def _phone_list() -> dict[str, Any]:
    chips = [("全部", 8, True), ("待签收", 2, False), ("处置中", 5, False), ("已超期", 1, False)]
    return _phone(
        0,
        rows=examples.phone_rows(),
        chips=[{"name": name, "count": count, "url": "#", "active": active} for name, count, active in chips],
    )


def _phone_report() -> dict[str, Any]:
    return _phone(
        1,
        kinds=examples.KINDS,
        report_url="/api/reports/{id}",
        photo_url="/api/reports/{id}/photos/{n}",
        who_url="/api/who",
        place_url="/api/place",
        near_url="/api/near",
        worker_url="/gallery/sw.js",
    )


def _wall() -> dict[str, Any]:
    return {
        **_parts(),
        "wall": {"stream_url": "/stream/wall", "refresh_url": "/wall/figures.json"},
        "live_rows": examples.live_rows(),
    }


def _error() -> dict[str, Any]:
    return {"refusal": NotNow(number="261122-7K3MXQ"), "back_url": "#"}


PATTERNS: dict[str, Callable[[], dict[str, Any]]] = {
    "parts": _parts,
    "list": _list,
    "list-empty": _empty_list,
    "list-live": lambda: {**_list(), "shell": examples.shell(stream_url="/stream/desk")},
    "detail": _detail,
    "form": _form,
    "dialog-form": _dialog_form,
    "import": _import,
    "map-pick": lambda: {"map": {"pick": {"lng": "#id_lng", "lat": "#id_lat"}, "center": [119.9931, 35.8762]}},
    "map-editor": _map_editor,
    "dashboard": _dashboard,
    "phone-report": _phone_report,
    "phone-form": lambda: _phone(1, form=examples.wrong_form(), submit_name="提交"),
    "phone-step": lambda: _phone(0, form=examples.StepForm(), submit_name="提交反馈"),
    "phone-list": _phone_list,
    "phone-detail": lambda: _phone(0, **{k: v for k, v in _detail().items() if k != "tabs"}),
    "wall": _wall,
    "error": _error,
    "login": lambda: {"form": examples.LoginForm(), "action_url": "#"},
}


@require_GET
def gallery(request: HttpRequest, name: str = "parts") -> HttpResponse:
    """One page of the living style page (样式页); for tests and development only."""
    if name not in PATTERNS:
        raise Http404(name)
    context = {"shell": examples.shell(elder=wants_elder(request)), "names": list(PATTERNS), **PATTERNS[name]()}
    if wants_elder(request):
        context["shell"] = examples.larger(context["shell"])
    page = "ui/gallery.html" if name == "parts" else f"ui/gallery/{name}.html"
    return render(request, page, context)
