"""The menu of the officer desk, in the order of the standard (菜单)."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from hezhi.engines.flow.queries import TODO_COUNT, todo_values
from hezhi.engines.org.actor import Actor, citizen
from hezhi.engines.reach.queries import UNREAD_COUNT
from hezhi.engines.registry.menu import menu_entries
from hezhi.ground.prepared import numbered, ready_rows
from hezhi.wiring.middleware import stream_origin, way_to


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
    """A chapter of the menu; a daily one stands unfolded on every page."""

    title: str
    entries: tuple[Entry, ...] = field(default_factory=tuple)
    daily: bool = False


MENU = (
    Group("工作台", (
        Entry("我的待办", "/"),
        Entry("站内消息", "/messages/", ("reach.inbox",)),
        Entry("审批", "/approvals/", ()),
        Entry("值班台", "/shifts/", ("shifts.view",)),
        Entry("值班表", "/roster/", ("roster.edit", "cases.view", "org.view")),
        Entry("指挥大屏", "/wall/", ("wall.view",)),
        Entry("态势大屏", "/wall/situation/", ("wall.view",)),
    ), daily=True),
    Group("事件流转处置", (
        Entry("事件管理", "/r/cases/", ("cases.view",)),
        Entry("受理派遣台", "/cases/triage/", ("cases.accept", "cases.dispatch")),
        Entry("登记事件", "/cases/new/", ("cases.report",)),
        Entry("承办单", "/cases/orders/", ("cases.sign", "cases.review")),
        Entry("事件审批", "/cases/approvals/", (
            "cases.approve_extension", "cases.approve_hold", "cases.approve_void",
            "cases.approve_not_accept", "cases.rule_return", "cases.dispatch", "cases.transfer",
        )),
        Entry("回访", "/visits/", ("cases.call_back",)),
        Entry("矛盾纠纷", "/r/disputes/", ("mediation.view",)),
        Entry("登记纠纷", "/mediation/new/", ("mediation.register",)),
        Entry("到场评价", "/whistle/board/", ("whistle.view",)),
        Entry("当场处理抽查", "/cases/spot-checks/", ("cases.spot_check",)),
    ), daily=True),
    Group("来源接入", (
        Entry("来源平台", "/platform/", ("platform.view",)),
        Entry("批量导入", "/cases/import/", ("cases.import",)),
        Entry("旧系统接管", "/takeover/", ("cases.import",)),
    )),
    Group("督办管理", (
        Entry("督办事项", "/r/supervision/", ("supervision.view",)),
        Entry("督办看板", "/supervision/board/", ("supervision.view",)),
        Entry("督导专项", "/supervision/campaigns/", ("supervision.view",)),
        Entry("批示交办", "/supervision/lead/", ("supervision.instruct",)),
    )),
    Group("统计考核", (
        Entry("统计分析", "/statistics/", ("statistics.view",)),
        Entry("业务考核", "/appraisal/", ("appraisal.view", "appraisal.manage", "appraisal.review")),
        Entry("剔除台账", "/visits/exclusions/", ("visits.review", "visits.exclude")),
    )),
    Group("态势感知", (
        Entry("热点态势", "/situation/", ("situation.view",)),
        Entry("聚合事件", "/warnings/events/", ("events.view",)),
    )),
    Group("网格管理", (
        Entry("网格查询", "/grids/find/", ("grids.view",)),
        Entry("网格标绘", "/grids/plot/", ("grids.plot",)),
        Entry("多网融合", "/grids/matrix/", ("grids.view",)),
        Entry("网格监督", "/grids/supervision/", ("grids.view",)),
        Entry("网格统计", "/grids/report/", ("grids.view",)),
        Entry("导入网格", "/grids/import/", ("grids.plot",)),
        Entry("导出网格", "/grids/export/", ("grids.export",)),
    )),
    Group("基础信息管理", (
        Entry("地址树与楼盘图", "/registers/tree/", ("homes.view",)),
        Entry("找人", "/registers/find/", ("residents.view",)),
        Entry("变动线索", "/registers/reports/", ("residents.edit",)),
    )),
    Group("帮扶关爱", (
        Entry("我的档案", "/care/files/", ("care.work",)),
        Entry("督导台", "/care/desk/", ("care.supervise",)),
        Entry("紧急查阅复核", "/care/glass/reviews/", ("care.supervise", "care.protect")),
        Entry("应急名单", "/care/emergencies/", ("care.emergency",)),
        Entry("帮扶统计", "/care/figures/", ("care.figures",)),
        Entry("帮扶项目", "/care/programmes/", ("care.programmes", "care.supervise")),
        Entry("个人信息保护", "/care/protection/", ("care.protect",)),
        Entry("个人信息请求", "/care/requests/", ("care.requests", "care.protect")),
    )),
    Group("党建引领", (
        Entry("党建看板", "/party/board/", ("party.board",)),
        Entry("党建地图", "/party/map/", ("party.map",)),
        Entry("组织关系转接", "/party/transfers/", ("party_members.transfer",)),
        Entry("活动列表", "/party/activities/", ("party.take_part", "party_activities.view")),
        Entry("宣传阅读", "/party/news/", ("party.take_part", "party_articles.view")),
    )),
    Group("业务规则", (
        Entry("事件流程", "/cases/flows/", ("cases.flows",)),
        Entry("类别版本", "/cases/categories/", ("dictionaries.edit", "cases.accept")),
        Entry("类别模型", "/cases/model/", ("cases.accept",)),
    )),
    Group("系统管理", (
        Entry("单位与岗位", "/users/units/", ("org.view",)),
        Entry("账号管理", "/users/accounts/", ("org.accounts", "org.view")),
        Entry("角色权限", "/users/roles/", ("org.roles", "org.view")),
        Entry("保存期限", "/retention/", ("retention.manage",)),
        Entry("审计日志", "/audit/", ("audit.view",)),
        Entry("标准符合性", "/conformance/", ("cases.view", "org.view", "audit.view")),
        Entry("接口说明", "/api/docs/", ("org.view", "channels.edit")),
    )),
)  # fmt: skip


ALL_OPEN = 20  # lines that stand unfolded beside a page without scrolling; of a longer menu the part in use is open

TABS = (
    ("/g/", "待办", "checklist", "cases.sign"),
    ("/g/report/", "上报", "camera", "cases.report"),
    ("/g/homes/", "入户", "home", "homes.report"),
    ("/g/places/", "场所", "building", "small_places.edit"),
    ("/g/mine/", "我报的", "history", "cases.report"),
    ("/g/party/", "党建", "flag", "party.take_part"),
)

PHONE_TABS = (
    ("/m/", "待办", "checklist", "cases.sign"),
    ("/m/", "待办", "checklist", "cases.review"),
    ("/supervision/lead/", "领导", "flag", "supervision.instruct"),
)
"""The officer's phone; a post that holds both rights of the first tab has it once."""

OWN = {"account_url": "/account/", "logout_url": "/accounts/logout/"}
"""One's own account and the way out, on desk and phone."""


def shell_of(request: HttpRequest) -> dict[str, Any]:
    """Everything the shell shows for this reader, in two counting queries at the most."""
    actor = getattr(request, "actor", None) or citizen()
    signed_in = request.user.is_authenticated
    told: dict[str, Any] = {
        "system_name": settings.SYSTEM_NAME,
        "system_short": settings.SYSTEM_NAME.partition(" · ")[0],
        "demo": settings.DEMO,
        "home_url": "/",
        "elder": request.COOKIES.get("elder") == "1",
        "user_name": actor.name,
        "unit_name": actor.unit_name,
        "post_title": actor.post_title,
    }
    if request.path.startswith("/c/"):
        return told | {"elder_url": "/c/elder/", "home_url": "/c/", "account": ""}
    if not signed_in:
        return told
    if request.path.startswith("/g/"):
        return (
            told | OWN | {"elder_url": "/g/elder/", "tabs": _tabs(actor, request.path), "account": str(actor.user_id)}
        )
    if request.path.startswith(("/m/", "/supervision/lead/")):
        tabs = _tabs(actor, request.path, PHONE_TABS)
        return (
            told
            | OWN
            | {"elder_url": "/m/elder/", "tabs": tabs if len(tabs) > 1 else [], "account": str(actor.user_id)}
            | _rings(request, actor)
        )
    waiting, unread = _counts(actor)
    return told | {
        "menu": _groups(actor, request.path),
        "posts": _posts(request, actor),
        "todo_count": waiting,
        "unread_count": unread,
        "todo_url": "/",
        "inbox_url": "/messages/",
        "search_url": "/find/" if actor.may("cases.view") else "",
        **OWN,
        "stream_url": f"{stream_origin(request)}/stream",
    }


def _rings(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """Where an officer's phone hears that somebody calls (来电): only those who may be called listen."""
    return {"stream_url": f"{stream_origin(request)}/stream"} if actor.may("supervision.answer") else {}


_COUNTS = numbered(f"SELECT ({TODO_COUNT}), ({UNREAD_COUNT})")


def _counts(actor: Actor) -> tuple[int, int]:
    """To-dos and unread messages in one statement: every page of every officer asks for both."""
    [(waiting, unread)] = ready_rows(_COUNTS, [*todo_values(actor), actor.user_id])
    return int(waiting), int(unread)


def _posts(request: HttpRequest, actor: Actor) -> list[dict[str, Any]]:
    """The other posts of this person, to switch to; asked for only where a person has several."""
    posts = getattr(request.user, "current_posts", None) or []
    if len(posts) < 2:
        return []
    return [way_to(held) | {"active": held.post_id == actor.post_id} for held in posts]


def _tabs(actor: Actor, path: str, tabs: tuple[tuple[str, str, str, str], ...] = TABS) -> list[dict[str, Any]]:
    """The tabs of a phone that this post may open, each once."""
    told = dict.fromkeys((url, name, icon) for url, name, icon, permission in tabs if actor.may(permission))
    return [{"name": name, "url": url, "icon": icon, "active": path == url} for url, name, icon in told]


def _groups(actor: Actor, path: str) -> list[dict[str, Any]]:
    """The groups this reader may open; an empty group does not show."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for group in MENU:
        items = [_item(entry.name, entry.url, path) for entry in group.entries if entry.open_to(actor)]
        if items:
            groups[group.title] = items
    for title, entries in menu_entries(actor):
        # A registry whose group has pages of its own stands below them.
        groups.setdefault(title, []).extend(_item(e.name, e.url, path) for e in entries)
    short = sum(len(items) for items in groups.values()) <= ALL_OPEN
    daily = {group.title for group in MENU if group.daily}
    return [
        {"title": title, "items": items, "open": short or title in daily or any(i["active"] for i in items)}
        for title, items in groups.items()
    ]


def _item(name: str, url: str, path: str) -> dict[str, Any]:
    active = path == url if url == "/" else path.startswith(url)
    return {"name": name, "url": url, "active": active, "count": None}
