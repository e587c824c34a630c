"""News pushed to outer systems (状态回推): what was sent, what waits, what was given up, and trying again."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from hezhi.chapters.appcentre.access import queries
from hezhi.chapters.appcentre.access.pages import forms
from hezhi.engines.connect import actions
from hezhi.engines.connect.models import ChannelKey, Webhook
from hezhi.engines.connect.queries import MANAGE
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.tables.paging import page_of, read_token
from hezhi.ground.ui.answers import answer
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Chip, Crumb, Pager

clause = "10.1-1-1"
SIZE = 30
ORDER = ("-created_at", "-id")


@needs(MANAGE, clause=clause)
@require_GET
def everything(request: HttpRequest) -> HttpResponse:
    """What was pushed to all systems (推送记录)."""
    context = {
        "listing": listing_of(reader(request), request),
        "crumbs": [Crumb("消息与接入"), Crumb("接入渠道", "/r/channel-keys/"), Crumb("推送记录")],
    }
    page = "appcentre/access/deliveries.html"
    return answer(request, page, page, context)


def listing_of(by: Actor, request: HttpRequest, key: ChannelKey | None = None) -> dict[str, Any]:
    """The deliveries of one system or of all, in one state or all, page by page."""
    state = request.GET.get("state", "")
    state = state if state in queries.STATES else ""
    after, before = (
        read_token(Webhook, ORDER, request.GET[name]) if request.GET.get(name) else None for name in ("after", "before")
    )
    page = page_of(queries.deliveries(by, key=key, state=state), ORDER, SIZE, after=after, before=before)
    every = queries.deliveries(by, key=key)
    counts = [("", "全部"), *queries.STATES.items()]
    chips = [
        Chip(
            name, every.filter(queries.condition(code)).count(), f"?{urlencode({'state': code})}", active=code == state
        )
        for code, name in counts
    ]
    query = {"state": state} if state else {}
    to_page = {
        name: f"?{urlencode(query | {name: place.token()})}" if place else ""
        for name, place in (("before", page.before), ("after", page.after))
    }
    return {
        "rows": [_row(row) for row in page.rows],
        "chips": chips,
        "pager": Pager(to_page["before"], to_page["after"]),
        "one": key is not None,
        "state": state,
    }


def _row(row: Webhook) -> dict[str, Any]:
    code = queries.state_of(row)
    told = {"delivered": row.delivered_at, "waiting": row.next_try_at, "given_up": row.given_up_at}[code]
    about = " ".join(str(row.body.get(name, "")) for name in ("number", "verb_name", "state_name"))
    return {
        "row": row,
        "code": code,
        "state": queries.STATES[code],
        "moment": told,
        "about": about.strip() or row.event,
    }


@needs(MANAGE, clause=clause)
@require_POST
def again(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Try at once (重新推送)."""
    by = reader(request)
    row = queries.delivery_of(by, webhook_id)
    actions.push_again(row, by=by)
    messages.success(request, f"已安排重新推送，稍后刷新查看结果（{time.show(time.now())}）。")
    return redirect("channel", key_id=row.key_id)


@needs(MANAGE, clause=clause)
def give_up(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Stop trying (放弃推送), with the reason."""
    by = reader(request)
    row = queries.delivery_of(by, webhook_id)

    def do(typed: dict[str, Any]) -> None:
        actions.give_up(row, by=by, reason=typed["reason"])
        messages.success(request, "已放弃推送，之后仍可重新推送。")

    back = reverse("channel", args=[row.key_id])
    return ask(request, forms.Reason, "放弃推送", do, back, submit="放弃推送", note="对方将收不到这条消息。")
