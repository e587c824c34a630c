"""网媒读取 (9.1.2-1): entries of a public feed become cases once, without their author; a hostile feed does no harm."""

import http.server
import threading
import time as machine
from collections.abc import Iterator

import pytest
from django.test import Client

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake import feeds
from hezhi.chapters.cases.intake.models import Feed
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.connect.fetching import NotFetched, fetch_all
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, make_officer, make_role, traced
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-1")

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>示例留言板</title>
<item><title>东1街道路灯不亮</title><link>https://media.example/t/1</link><guid>t-1</guid><author>示例网友甲</author>
<pubDate>Thu, 26 Nov 2026 00:30:00 GMT</pubDate>
<description>&lt;p&gt;和安1社区路灯三天不亮。&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;p&gt;请来修。&lt;/p&gt;</description></item>
<item><title>今天天气真好</title><guid>t-2</guid><description>没有诉求</description></item>
<item><title>去年的路灯</title><guid>t-3</guid><pubDate>Tue, 25 Nov 2025 00:30:00 GMT</pubDate><description>旧事</description></item>
</channel></rss>"""


class OtherSide(http.server.ThreadingHTTPServer):
    """A platform's server; `pages` says what lies at which path: status, headers, body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {"/feed.xml": (200, {}, RSS.encode())}
        self.drip = 0.0

    def at(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: OtherSide

    def do_GET(self) -> None:
        status, headers, body = self.server.pages[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.path == "/slow":
            machine.sleep(self.server.drip)
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def platform(settings) -> Iterator[OtherSide]:
    settings.WEBHOOK_NETWORKS = ["127.0.0.1/32"]
    server = OtherSide()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def november():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    return build()


def test_an_administrators_feed_becomes_cases_once_with_words_and_link_and_without_the_author(
    district: District, november, platform: OtherSide
) -> None:
    role = make_role("interfaces", ("channels.edit",), reach=Role.Reach.DISTRICT)
    desk = enter(Client(), make_officer("interfaces", role, district.units["centre"], "示例接入管理员"))
    token = desk.get("/r/media-feeds/new/").context["form_token"]
    given = {
        "form_token": token,
        "name": "示例留言板",
        "channel": "board",
        "url": platform.at("/feed.xml"),
        "active": "on",
    }
    wrong = desk.post("/r/media-feeds/new/", given | {"every": "1", "days": "99"})
    assert "10 到 1440" in wrong.content.decode() and "1 到 30" in wrong.content.decode()
    right = given | {"every": "30", "days": "3", "words": "路灯、停水", "form_token": wrong.context["form_token"]}
    assert desk.post("/r/media-feeds/new/", right).status_code == 302
    assert feeds.read_due() == 1
    case = Case.objects.get(outside_channel="board")
    assert (case.kind, case.source, case.title) == ("online_media", "online_media", "东1街道路灯不亮")
    assert case.text == "和安1社区路灯三天不亮。\n请来修。" and case.suggestion["category"] == "0101"
    assert case.town == district.areas["t1"] and case.place_guessed
    assert (case.reporter.anonymous, case.reporter.name) == (True, "")
    assert case.reporter.platform_reference == "https://media.example/t/1"
    feed = Feed.objects.get()
    assert feed.last_result == "读到 3 条，新增 1 件，已有 0 条，超过天数 1 条，不含关键词 1 条"
    page = desk.get(f"/r/media-feeds/{feed.pk}/").content.decode()
    assert feed.last_result in page and "尽快读取" in page
    assert feeds.read_due() == 0, "its time has not come"
    assert desk.post(f"/r/media-feeds/{feed.pk}/read/").status_code == 302
    platform.pages["/feed.xml"] = (200, {}, RSS.replace("请来修", "有人来修吗").encode())
    assert feeds.read_due() == 0 and Case.objects.filter(outside_channel="board").count() == 1
    traced()
    Feed.objects.update(url=platform.at("/gone"), next_read_at=None)
    platform.pages["/gone"] = (404, {}, b"")
    assert feeds.read_due() == 0
    feed.refresh_from_db()
    assert (feed.last_result, feed.failures) == ("未读成：对方没有给出内容（404）", 1)
    assert enter(Client(), district.people["centre.acceptor"]).get("/r/media-feeds/").status_code == 403


def test_a_hostile_place_is_left_and_the_others_are_read(platform: OtherSide, settings) -> None:
    platform.drip = 20.0
    platform.pages |= {
        "/slow": (200, {}, b"x"),
        "/big": (200, {}, b"x" * 5000),
        "/packed": (200, {"Content-Encoding": "gzip"}, b"x"),
        "/inside": (302, {"Location": "http://10.0.0.7/feed.xml"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/round": (302, {"Location": "/round"}, b""),
        "/moved": (301, {"Location": "/feed.xml"}, b""),
    }
    sentences = {
        "/slow": "4 秒内没有读完", "/big": "内容超过 4 KB", "/packed": "压缩", "/inside": "内部网络", "/file": "开头",
        "/round": "转址超过 3 次",
    }  # fmt: skip
    paths = [*sentences, "/moved"]
    got = dict(zip(paths, fetch_all([platform.at(path) for path in paths], seconds=4, most=4096), strict=True))
    assert got.pop("/moved") == RSS.encode()
    for path, said in sentences.items():
        assert isinstance(got[path], NotFetched) and said in str(got[path]), path
    settings.WEBHOOK_NETWORKS = []
    urls = [
        platform.at("/feed.xml"),
        "http://192.168.1.1/",
        "https://[::1]/",
        "http://1.1.1.1/",
        "https://user:pw@media.example/",
    ]
    for url, no in zip(urls, fetch_all(urls, seconds=9), strict=True):
        assert isinstance(no, NotFetched), url


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html><body>hello</body></html>", "不是 RSS"),
        (b"/etc/passwd", "不是 RSS"),
        (b"", "不是 RSS"),
        (b'<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><rss version="2.0"><channel/></rss>', "实体"),
        ('<!DOCTYPE r [<!entity a SYSTEM "file:///etc/passwd">]><rss version="2.0"/>'.encode("utf-16"), "实体"),
    ],
)
def test_what_is_no_feed_or_brings_entities_is_not_read(content: bytes, said: str) -> None:
    with pytest.raises(feeds.NoFeed, match=said):
        feeds.entries_of(content)


@pytest.mark.parametrize("sign", ["&#55357;&#56832;", "&#xD800;", "&#1114112999;"])
def test_a_feed_that_the_reader_falls_over_does_not_stop_the_feeds_behind_it(
    district: District, platform: OtherSide, sign: str
) -> None:
    platform.pages["/broken.xml"] = (200, {}, RSS.replace("路灯不亮", f"路灯{sign}不亮").encode())
    traced()
    for n, path in enumerate(("/broken.xml", "/feed.xml")):
        Feed.objects.create(
            name=f"示例{n}", channel=f"board{n}", url=platform.at(path), every=30, days=3, words="路灯", active=True
        )
    feeds.read_due()
    broken, good = Feed.objects.order_by("channel")
    assert (good.failures, Case.objects.filter(outside_channel="board1").count()) == (0, 1)
    assert broken.next_read_at is not None and broken.next_read_at > time.now(), "it is asked again in its own time"
    assert broken.failures == 1 or Case.objects.filter(outside_channel="board0").exists()


def test_an_atom_entry_keeps_no_markup_and_no_strange_link() -> None:
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><title>a</title><entry><id>urn:1</id><title type="html">&lt;b&gt;停水&lt;/b&gt;</title>
    <link href="javascript:alert(1)"/><updated>2026-11-26T01:00:00Z</updated>
    <content type="html">一楼&lt;br&gt;&lt;img src=x onerror=alert(1)&gt;二楼</content></entry></feed>"""
    (entry,) = feeds.entries_of(atom.encode())
    assert (entry.title, entry.text, entry.link) == ("停水", "一楼\n二楼", "")
    assert entry.at is not None and entry.at.isoformat() == "2026-11-26T01:00:00+00:00"
