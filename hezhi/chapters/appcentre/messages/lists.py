"""What the message pages show (消息界面数据): lists, facts and buttons."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.urls import reverse

from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import queries
from hezhi.engines.reach.api import Channel, events
from hezhi.engines.reach.models import Delivery, InboxMessage, LocalCopy, Outgoing
from hezhi.engines.reach.ports import DEMO_NAME
from hezhi.ground import time
from hezhi.ground.tables.paging import Page, Place, page_of, read_token
from hezhi.ground.text import shorten
from hezhi.ground.ui.shapes import (
    Action,
    BulkAction,
    Cell,
    Chip,
    Column,
    Empty,
    Fact,
    Filter,
    Listing,
    Option,
    Pager,
    Row,
    TimelineItem,
)  # fmt: skip

SIZE = 50
Asked = Mapping[str, str]


def _page(rows: QuerySet, order: Sequence[str], asked: Asked) -> Page:
    after, before = (_place(rows, order, asked.get(name, "")) for name in ("after", "before"))
    return page_of(rows, order, SIZE, after=after, before=before)


def _place(rows: QuerySet, order: Sequence[str], token: str) -> Place | None:
    return read_token(rows.model, order, token) if token else None


def _pager(page: Page, query: dict[str, str]) -> Pager:
    def to(name: str, place: Place | None) -> str:
        return f"?{urlencode(query | {name: place.token()})}" if place else ""

    last = page.first + len(page.rows) - 1
    summary = f"第 {page.first}–{last} 条" if page.rows else ""
    return Pager(to("before", page.before), to("after", page.after), summary)


# -- the inbox -------------------------------------------------------------------------------------


def inbox(by: Actor, asked: Asked) -> Listing:
    """One's own messages, newest first (我的消息); `state=unread` shows only those not yet opened."""
    unread_only = asked.get("state") == "unread"
    rows, unread = queries.inbox_of(by), queries.unread_count(by)
    if unread_only:
        rows = rows.filter(read_at__isnull=True)
    page = _page(rows, ("-at", "-id"), asked)
    return Listing(
        name="站内消息",
        columns=(Column("消息", "title"), Column("状态"), Column("时间", "time")),
        rows=[_message_row(message) for message in page.rows],
        empty=Empty("没有未读消息。", "查看全部消息", "?") if unread_only else Empty("还没有消息。"),
        hidden=(("state", "unread"),) if unread_only else (),
        chips=(
            Chip(
                "全部", rows.count() if not unread_only else queries.inbox_of(by).count(), "?", active=not unread_only
            ),
            Chip("未读", unread, "?state=unread", active=unread_only),
        ),
        bulk_actions=(BulkAction("标为已读", reverse("messages_read")),),
        pager=_pager(page, {"state": "unread"} if unread_only else {}),
    )


def _message_row(message: InboxMessage) -> Row:
    url = reverse("messages_open", args=[message.pk])
    state = "已读" if message.read_at else ("未读 · 紧急" if message.urgent else "未读")
    return Row(
        id=str(message.pk),
        name=message.title,
        url=url,
        cells=(Cell(message.title, shorten(message.text, 120), url), Cell(state), Cell(time.show(message.at))),
    )


# -- the sending record ----------------------------------------------------------------------------

STATES = (("waiting", "待发送"), ("failed", "发送失败"), ("sent", "已发送"), ("dropped", "不发送"))


def sending(by: Actor, asked: Asked) -> Listing:
    """What was told to whom by which channel (发送记录), without the words: those are business data."""
    state = asked.get("state") if asked.get("state") in dict(STATES) else "failed"
    channel = asked.get("channel") if asked.get("channel") in Channel.values else ""
    counts = dict(queries.outgoing_for(by).order_by().values_list("state").annotate(Count("id")))
    rows = queries.outgoing_for(by).filter(state=state, **({"channel": channel} if channel else {}))
    query = {"state": str(state)} | ({"channel": str(channel)} if channel else {})
    page = _page(rows, ("-created_at", "-id"), asked)
    options = [Option("", "全部渠道", not channel)]
    options += [Option(value, name, value == channel) for value, name in Channel.choices]
    return Listing(
        name="发送记录",
        columns=(
            Column("事由", "title"), Column("渠道"), Column("接收方"), Column("次数", "number"),
            Column("最近结果"), Column("产生时间", "time"),
        ),
        rows=[_outgoing_row(message) for message in page.rows],
        empty=Empty("这里没有消息。"),
        filters=(Filter("channel", "渠道", "select", str(channel), options),),
        hidden=(("state", str(state)),),
        filtered=bool(channel),
        clear_url=f"?{urlencode({'state': state})}",
        chips=[
            Chip(name, counts.get(code, 0), f"?{urlencode({'state': code})}", active=code == state)
            for code, name in STATES
        ],
        pager=_pager(page, query),
    )  # fmt: skip


def _outgoing_row(message: Outgoing) -> Row:
    url = reverse("messages_sending_one", args=[message.pk])
    return Row(
        id=str(message.pk),
        name=event_name(message),
        url=url,
        cells=(
            Cell(event_name(message), url=url),
            Cell(message.get_channel_display()),
            Cell(message.receiver_words),
            Cell(message.tries),
            Cell(message.last_error or message.get_state_display()),
            Cell(time.show(message.created_at)),
        ),
    )


def event_name(message: Outgoing) -> str:
    """What the message is about, in words."""
    event = events().get(message.event)
    return event.name if event else message.event


def outgoing_facts(message: Outgoing) -> list[Fact]:
    """The facts of one message of the sending record."""
    facts = [
        Fact("状态", message.get_state_display()),
        Fact("渠道", message.get_channel_display()),
        Fact("接收方", message.receiver_words),
        Fact("产生时间", time.show(message.created_at)),
        Fact("已尝试", f"{message.tries} 次"),
    ]
    if message.state == Outgoing.State.WAITING:
        facts.append(Fact("下次发送", time.show(message.not_before)))
    if message.last_error:
        facts.append(Fact("最近失败原因", message.last_error, wide=True))
    return facts


def outgoing_log(message: Outgoing) -> list[TimelineItem]:
    """Each try, as a line of the timeline."""
    return [_try(delivery) for delivery in queries.deliveries_of(message)]


def _try(delivery: Delivery) -> TimelineItem:
    return TimelineItem(
        title="送达" if delivery.ok else "失败",
        at=delivery.at,
        who=delivery.receiver,
        text=delivery.answer,
        tone="done" if delivery.ok else "danger",
    )


def outgoing_actions(message: Outgoing) -> list[Action]:
    """What may be done with a message now."""
    drawn = []
    if message.state in (Outgoing.State.FAILED, Outgoing.State.WAITING):
        drawn.append(Action("不再发送", reverse("messages_drop", args=[message.pk]), "danger", "dialog"))
    again = message.state in (Outgoing.State.FAILED, Outgoing.State.DROPPED)
    if again or (message.state == Outgoing.State.SENT and message.channel != Channel.INBOX):
        drawn.append(Action("重新发送", reverse("messages_resend", args=[message.pk]), "primary", "dialog"))
    return drawn


# -- what would have been sent ---------------------------------------------------------------------


def local_copies(by: Actor, asked: Asked) -> Listing:
    """What channels that are not connected would have sent (本地演示通道)."""
    page = _page(queries.local_copies_for(by), ("-id",), asked)
    return Listing(
        name=DEMO_NAME,
        columns=(Column("内容", "title"), Column("渠道"), Column("接收方"), Column("时间", "time")),
        rows=[_copy_row(copy) for copy in page.rows],
        empty=Empty("还没有消息经过未对接的渠道。"),
        pager=_pager(page, {}),
    )


def _copy_row(copy: LocalCopy) -> Row:
    return Row(
        id=str(copy.pk),
        name=copy.title,
        cells=(
            Cell(copy.text, copy.title), Cell(copy.get_channel_display()), Cell(copy.receiver),
            Cell(time.show(copy.at)),
        ),
    )  # fmt: skip
