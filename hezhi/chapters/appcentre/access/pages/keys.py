"""One key and what is done with it (接入密钥): made, changed, rotated, withdrawn; its secrets are shown once."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hezhi.chapters.appcentre.access import queries
from hezhi.chapters.appcentre.access.pages import forms
from hezhi.chapters.appcentre.access.pages.deliveries import listing_of
from hezhi.chapters.cases.handling.api import Source
from hezhi.engines.connect import actions, scopes
from hezhi.engines.connect.actions import OVERLAP, NewKey
from hezhi.engines.connect.models import ChannelKey
from hezhi.engines.connect.queries import MANAGE, used_today
from hezhi.engines.org.actor import reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry.history import history, told_versions
from hezhi.engines.registry.site import get
from hezhi.ground import time
from hezhi.ground.ui.answers import wants_part
from hezhi.ground.ui.asking import ask
from hezhi.ground.ui.shapes import Action, Crumb, Fact

clause = "10.1-1-1"
LIST = "/r/channel-keys/"
HOURS = int(OVERLAP.total_seconds() // 3600)


@needs(MANAGE, clause=clause)
@require_GET
def page(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """One key: what it may do, its sisters of the same system, and what was pushed."""
    by = reader(request)
    row = queries.key_of(by, key_id)
    family = [(one, queries.standing(one)) for one in queries.family_of(by, row)]
    code, told = queries.standing(row)
    return render(request, "appcentre/access/key.html", {
        "key": row, "state": code, "told": told, "family": family if len(family) > 1 else [],
        "fact_list": _facts(row), "action_list": _ways(row, code), "listing": listing_of(by, request, key=row),
        "timeline_items": history(told_versions(get("channel-keys"), row, by)), "crumbs": _crumbs(row.name),
    })  # fmt: skip


def _facts(row: ChannelKey) -> list[Fact]:
    return [
        Fact("系统代码", row.system),
        Fact("密钥前缀", row.prefix, "密钥全文系统不保存"),
        Fact("上报来源", dict(Source.choices).get(row.source, row.source)),
        Fact("权限", "；".join(scopes.name_of(code) for code in row.scopes)),
        Fact("取数范围", (row.area.full_name or row.area.name) if row.area else "全区"),
        Fact("每分钟上限", f"{row.quota_per_minute} 次"),
        Fact("今日用量", f"{used_today(row)} 次"),
        Fact("最近使用", time.show(row.last_used_at) if row.last_used_at else "未使用过"),
        Fact("请求签名", "必须签名" if row.must_sign else "不要求"),
        Fact("启用时间", time.show(row.valid_from)),
        Fact("有效期至", time.show(row.valid_to) if row.valid_to else "长期"),
        Fact("状态回推地址", row.webhook_url or "未设置，不回推", wide=True),
    ]


def _ways(row: ChannelKey, state: str) -> list[Action]:
    if state == "ended":
        return []
    drawn = [Action("停用", reverse("channel-withdraw", args=[row.pk]), kind="danger", opens="dialog")]
    if not row.replaced_by_id:
        drawn.append(Action("轮换密钥", reverse("channel-rotate", args=[row.pk])))
        drawn.append(Action("修改", reverse("channel-change", args=[row.pk]), kind="primary"))
    return drawn


@needs(MANAGE, clause=clause)
def new(request: HttpRequest) -> HttpResponse:
    """Make a key and show its secrets once (新建密钥)."""
    asked: list[forms.NewKey] = []

    def form(data: Any) -> forms.NewKey:
        asked.append(forms.NewKey(data))
        return asked[-1]

    def do(_: dict[str, Any]) -> HttpResponse:
        return _shown_once(request, actions.create_key(by=reader(request), **asked[-1].wanted()))

    note = "密钥在建立后只显示一次，请先约好交接方式。"
    return ask(request, form, "新建接入密钥", do, LIST, submit="建立密钥", note=note, crumbs=_crumbs("新建"))


@needs(MANAGE, clause=clause)
def change(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Change what a key may do or where its news go (修改密钥)."""
    by = reader(request)
    row = queries.key_of(by, key_id)

    def do(typed: dict[str, Any]) -> None:
        actions.change_key(row, by=by, **typed)
        messages.success(request, "已修改，5 秒内生效。")

    form = partial(forms.ChangeKey, row=row)
    return ask(request, form, f"修改密钥：{row.name}", do, _url(row), submit="保存", crumbs=_crumbs(row.name, row))


@needs(MANAGE, clause=clause)
def rotate(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """Give the system a new key; the old one works on for a day (轮换密钥)."""
    by = reader(request)
    row = queries.key_of(by, key_id)

    def do(typed: dict[str, Any]) -> HttpResponse:
        return _shown_once(request, actions.rotate_key(row, by=by, reason=typed["reason"]), before=row)

    note = f"会生成一把新密钥；旧密钥继续有效 {HOURS} 小时，对方可在这段时间内换用。状态回推立即改用新的签名密钥。"
    return ask(request, forms.Reason, f"轮换密钥：{row.name}", do, _url(row), submit="生成新密钥", note=note)


@needs(MANAGE, clause=clause)
def withdraw(request: HttpRequest, key_id: UUID) -> HttpResponse:
    """End a key now, with the reason (停用密钥)."""
    by = reader(request)
    row = queries.key_of(by, key_id)

    def do(typed: dict[str, Any]) -> None:
        actions.withdraw_key(row, by=by, reason=typed["reason"])
        messages.success(request, "密钥已停用，5 秒内对方就不能再用它。")

    note = "停用后对方的请求会被拒绝，不能恢复；需要时请新建密钥。"
    return ask(
        request, forms.Reason, f"停用密钥：{row.name}", do, _url(row), submit="停用", note=note, submit_kind="danger"
    )


def _shown_once(request: HttpRequest, made: NewKey, before: ChannelKey | None = None) -> HttpResponse:
    """The only page that ever holds the secrets; not kept by the browser, not readable again."""
    secrets = [("密钥", made.key, "放在请求头 Authorization: Bearer 之后。")]
    secrets.append(
        (
            "请求签名密钥",
            made.signing_secret,
            "对方给请求签名时使用。" if made.row.must_sign else "目前不要求签名，以后开启时使用。",
        )
    )
    if made.row.webhook_url:
        secrets.append(("回推签名密钥", made.webhook_secret, "对方用它核对我们推送的消息。"))
    context = {
        "key": made.row, "secrets": secrets, "back_url": _url(made.row), "crumbs": _crumbs(made.row.name),
        "until": time.now() + OVERLAP if before else None,
    }  # fmt: skip
    template = "appcentre/access/secrets_part.html" if wants_part(request) else "appcentre/access/secrets.html"
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return response


def _url(row: ChannelKey) -> str:
    return reverse("channel", args=[row.pk])


def _crumbs(last: str, row: ChannelKey | None = None) -> list[Crumb]:
    start = [Crumb("消息与接入"), Crumb("接入渠道", LIST)]
    return [*start, Crumb(last, _url(row) if row else "")]
