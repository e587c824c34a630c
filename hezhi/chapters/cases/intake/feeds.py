"""Reading feeds of web media (网媒读取, 9.1.2-1): what people write to the government on public platforms becomes messages.

Of an entry we take its words, its link and its time, nothing of its author. The same entry never makes a second case:
its own identifier, as a digest, is the outside number. A feed is a stranger's file: it is fetched under limits
(`connect.fetching`), may declare no entities, and its markup is taken off before anybody sees it.
"""

import html
import io
import logging
import re
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import nh3

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.actions import take_in
from hezhi.chapters.cases.intake.models import Feed
from hezhi.chapters.cases.intake.rules import CLOCKS_DIFFER, MOST_TEXT, MOST_TITLE, Message
from hezhi.engines.connect.fetching import NotFetched, fetch_all
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.crypto import sm3
from hezhi.ground.errors import BadInput, NotNow, Refusal
from hezhi.ground.text import one_line, shorten, tidy

log = logging.getLogger("hezhi.feeds")

AT_ONCE, MOST_ENTRIES, MOST_LINK = 10, 100, 200


class NoFeed(Exception):
    """What came is no feed (不是订阅源); the text is a sentence without its stop."""


@dataclass(frozen=True)
class Entry:
    """One entry (帖子): a digest of its identifier, its words, its link, its time when it has one."""

    number: str
    title: str
    text: str
    link: str
    at: datetime | None


@clause("9.1.2-1")
def read_due() -> int:
    """Read the feeds whose time has come, side by side; gives how many new cases came of them."""
    moment = time.now()
    waiting = Feed.objects.filter(active=True).exclude(next_read_at__gt=moment)
    feeds = list(waiting.order_by("next_read_at", "name")[:AT_ONCE])
    if not feeds:
        return 0
    return sum(_taken(feed, got) for feed, got in zip(feeds, fetch_all([f.url for f in feeds]), strict=True))


@verb("feeds.read_soon")
def read_soon(feed: Feed, *, by: Actor) -> None:
    """Have a feed read within a minute (尽快读取)."""
    if not feed.active:
        raise NotNow("这个订阅源没有启用。", remedy="请先修改为启用。", code="intake.feed_off")
    Feed.objects.filter(pk=feed.pk).update(next_read_at=None)


def _taken(feed: Feed, got: bytes | NotFetched) -> int:
    """Take the entries in and write the result down; gives how many cases were new."""
    new, failed = 0, True
    try:
        if isinstance(got, NotFetched):
            raise NoFeed(str(got))
        new, told = _take(feed, entries_of(got))
        failed = False
    except NoFeed as no:
        told = f"未读成：{no}"
    except Refusal as refusal:
        told = f"未读成：{refusal.what}"
    moment = time.now()
    Feed.objects.filter(pk=feed.pk).update(
        last_read_at=moment, next_read_at=moment + timedelta(minutes=feed.every), last_result=shorten(told, 200),
        failures=min(feed.failures + 1, 9999) if failed else 0,
    )  # fmt: skip
    return new


def _take(feed: Feed, entries: list[Entry]) -> tuple[int, str]:
    by, since, words = system("网媒读取"), time.now() - timedelta(days=feed.days), words_of(feed.words)
    young = [entry for entry in entries if entry.at is None or entry.at >= since]
    wanted = [entry for entry in young if not words or any(word in f"{entry.title}\n{entry.text}" for word in words)]
    numbers = [entry.number for entry in wanted]
    known = set(
        Case.objects.filter(outside_channel=feed.channel, outside_number__in=numbers).values_list(
            "outside_number", flat=True
        )
    )
    new = refused = 0
    for entry in wanted:
        if entry.number in known:
            continue
        known.add(entry.number)
        try:
            new += take_in(message_of(feed, entry), by=by).new
        except BadInput:
            refused += 1
    left = len(wanted) - new - refused
    parts = [f"读到 {len(entries)} 条", f"新增 {new} 件", f"已有 {left} 条"]
    parts += [f"超过天数 {len(entries) - len(young)} 条"] if len(young) < len(entries) else []
    parts += [f"不含关键词 {len(young) - len(wanted)} 条"] if len(wanted) < len(young) else []
    parts += [f"不能受理 {refused} 条"] if refused else []
    return new, "，".join(parts)


def message_of(feed: Feed, entry: Entry) -> Message:
    """An entry as a message: whoever wrote it stays unknown, the platform's link is its only reference."""
    at = entry.at if entry.at and entry.at <= time.now() + CLOCKS_DIFFER else None
    return Message(
        source="online_media", title=entry.title[:MOST_TITLE], text=shorten(entry.text, MOST_TEXT), occurred_at=at,
        anonymous=True, wants_answer=False, outside_channel=feed.channel, outside_number=entry.number,
        platform_reference=entry.link,
    )  # fmt: skip


def words_of(text: str) -> list[str]:
    """The words of a filter (关键词)."""
    return [word for word in re.split(r"[\s、，,;；]+", text) if word]


def entries_of(content: bytes) -> list[Entry]:
    """The entries of a feed (RSS 或 Atom). Raises NoFeed for what is none, or declares entities of its own."""
    import feedparser  # type: ignore[import-untyped]  # the reader of feeds is loaded where one is read

    if b"<!ENTITY" in content.replace(b"\0", b"").upper():
        raise NoFeed("内容自带实体声明，未读取")
    try:
        found = feedparser.parse(io.BytesIO(content), resolve_relative_uris=False, sanitize_html=False)
        entries = [_entry(row) for row in found.entries[:MOST_ENTRIES]]
    except Exception as error:  # the reader falls over many a stranger's file: half a sign, a number beyond all signs
        log.warning("a feed cannot be read: %s", type(error).__name__)
        raise NoFeed("内容有无法识别的字符或格式，未读取") from error
    if not found.get("version"):
        raise NoFeed("内容不是 RSS 或 Atom")
    return [entry for entry in entries if entry.title or entry.text]


def _entry(row: Any) -> Entry:
    told = [part.get("value", "") for part in row.get("content", [])] or [row.get("summary", "")]
    title, text = one_line(plain(row.get("title", ""))), tidy(plain("\n".join(told)))
    link = row.get("link", "")
    link = link if link.startswith(("https://", "http://")) and len(link) <= MOST_LINK else ""
    known_by = row.get("id") or row.get("link") or f"{title}\n{text}"
    return Entry(sm3(known_by.encode()).hex()[:40], title, text, link, _moment(row))


def _moment(row: Any) -> datetime | None:
    parts = row.get("published_parsed") or row.get("updated_parsed")
    try:
        return datetime.fromtimestamp(timegm(parts), UTC) if parts else None
    except (ValueError, OverflowError):
        return None


def plain(markup: str) -> str:
    """Text without its markup; what ends a line in it ends a line here."""
    broken = re.sub(r"(?i)<br\s*/?>|</(p|div|li|h[1-6])>", "\n", markup)
    return html.unescape(nh3.clean(broken, tags=set()))
