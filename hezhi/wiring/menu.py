"""The menu of the officer desk, in the order of the standard (菜单)."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from hezhi.engines.flow.queries import todo_count
from hezhi.engines.org.actor import Actor, holdings_of, reader
from hezhi.engines.reach.queries import unread_count
from hezhi.engines.registry.menu import menu_entries


@dataclass(frozen=True)
class Entry:
    """One line of the menu: shown only to posts that hold one of the permissions."""

    name: str
    url: str
    permissions: tuple[str, ...] = ()

    def open_to(self, actor: Actor) -> bool:
        return not self.permissions or any(actor.may(p) for p in self.permissions)


@dataclass(frozen=True)
class Group:
    """A chapter of the menu."""

    title: str
    entries: tuple[Entry, ...] = field(default_factory=tuple)


MENU = (
    Group("工作台", (
        Entry("我的待办", "/"),
        Entry("站内消息", "/messages/", ("reach.inbox",)),
    )),
    Group("事件流转处置", (
        Entry("事件管理", "/r/cases/", ("cases.view",)),
        Entry("受理派遣台", "/cases/triage/", ("cases.accept", "cases.dispatch")),
        Entry("登记事件", "/cases/new/", ("cases.report",)),
        Entry("批量导入", "/cases/import/", ("cases.import",)),
        Entry("承办单", "/cases/orders/", ("cases.sign", "cases.review")),
        Entry("审批", "/cases/approvals/", (
            "cases.approve_extension", "cases.approve_hold", "cases.approve_void",
            "cases.approve_not_accept", "cases.rule_return",
        )),
        Entry("回访", "/cases/call-backs/", ("cases.call_back",)),
        Entry("当场处理抽查", "/cases/spot-checks/", ("cases.spot_check",)),
        Entry("指挥大屏", "/wall/", ("wall.view",)),
    )),
)  # fmt: skip


def shell_of(request: HttpRequest) -> dict[str, Any]:
    """Everything the shell shows for this reader, in two counting queries at the most."""
    actor = reader(request)
    signed_in = request.user.is_authenticated
    return {
        "system_name": settings.SYSTEM_NAME,
        "demo": settings.DEMO,
        "user_name": actor.name,
        "unit_name": actor.unit_name,
        "post_title": actor.post_title,
        "posts": list(holdings_of(request.user)) if signed_in and request.path == "/account/" else [],
        "menu": _groups(actor, request.path) if signed_in else [],
        "todo_count": todo_count(actor) if signed_in else 0,
        "unread_count": unread_count(actor) if signed_in else 0,
        "elder": request.COOKIES.get("elder") == "1",
        "stream_url": f"{settings.STREAM_ORIGIN}/stream" if signed_in else "",
    }


def _groups(actor: Actor, path: str) -> list[dict[str, Any]]:
    """The groups this reader may open; an empty group does not show."""
    groups = []
    for group in MENU:
        items = [_item(entry.name, entry.url, path) for entry in group.entries if entry.open_to(actor)]
        if items:
            groups.append({"title": group.title, "items": items})
    for title, entries in menu_entries(actor):
        groups.append({"title": title, "items": [_item(e.name, e.url, path) for e in entries]})
    return groups


def _item(name: str, url: str, path: str) -> dict[str, Any]:
    active = path == url if url == "/" else path.startswith(url)
    return {"name": name, "url": url, "active": active, "count": None}
