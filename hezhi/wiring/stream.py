"""The door of live news (实时消息): a small ASGI application for server-sent events, on a port of its own.

    granian --interface asgi --port … hezhi.wiring.stream:application

`GET /stream` is open to whoever has a valid session of staff; `?wall=1` adds the wall's news for those
who may see the wall. Events: `counts`, `notice`, `wall`, `beat`. A page on the next port of the same
host comes with its cookie (cookies know no ports); behind a proxy `/stream` is a path of the house.
How to set that up stands in docs/live-news.md. `/rtc` is the gate for the signals of calls (`rtc_gate`).
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.http.request import split_domain_port, validate_host

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hezhi.wiring.settings")
django.setup()

from hezhi.wiring import rtc_gate  # noqa: E402 - models need django.setup
from hezhi.wiring.stream_hub import WALL_RIGHT, Hub, Page  # noqa: E402
from hezhi.wiring.stream_readers import Listener, listeners  # noqa: E402

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_PER_PERSON = 8
MOST_IN_ALL = 5000
hub = Hub()


class Refused(Exception):
    """A short answer instead of a stream. A browser does not come back after any status but 200."""

    def __init__(self, status: int, sentence: str, *, readable: bool = True) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.readable = status, sentence, readable


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Serve one connection, or the start and end of the process."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    if scope["type"] not in ("http", "websocket"):
        return
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if scope["type"] == "websocket":
        await _signals(scope, headers, receive, send)
        return
    try:
        page, place = await _admit(scope, headers)
    except Refused as no:
        await _answer(send, no.status, no.sentence, _cors(headers) if no.readable else [])
        return
    answer_headers = _cors(headers)
    del scope, headers  # they would be kept as long as the page is open, a thousandfold
    await _stream(page, place, answer_headers, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            hub.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await hub.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _admit(scope: Message, headers: dict[str, str]) -> tuple[Page, int | None]:
    """The page that may listen, and the place it wants to go on from. Raises Refused."""
    hub.start()
    _check_origin(headers)
    if scope["path"] == "/stream/health":
        raise Refused(200, f"{hub.count()}\n")
    if scope["path"].rstrip("/") != "/stream":
        raise Refused(404, "没有这个地址。")
    if scope["method"] != "GET":
        raise Refused(405, "只接受 GET 请求。")
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return await _page(headers, wants_wall=query.get("wall") == ["1"]), _place(headers, query)


async def _signals(scope: Message, headers: dict[str, str], receive: Receive, send: Send) -> None:
    """Carry the signals of a call for a person who is in it; anybody else hears no."""
    try:
        hub.start()
        if not headers.get("origin"):
            raise Refused(403, "只有本系统的页面可以通话。")
        _check_origin(headers)
        if scope["path"] != "/rtc":
            raise Refused(404, "没有这个地址。")
        listener = await _listener(headers)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        passage = await hub.ask(rtc_gate.passage_for, listener.user.pk, query.get("call", [""])[0])
        if passage is None:
            raise Refused(403, "没有正在进行的通话。")
    except Refused:
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await rtc_gate.carry(passage, receive, send)


# -- who comes -------------------------------------------------------------------------------------


def _check_origin(headers: dict[str, str]) -> None:
    """Only pages of this house may read the stream."""
    host = split_domain_port(headers.get("host", ""))[0]
    if not host or not validate_host(host, settings.ALLOWED_HOSTS):
        raise Refused(400, "主机名不在允许范围内。", readable=False)
    origin = headers.get("origin", "")
    if origin and not _is_ours(origin, host):
        raise Refused(403, "只有本系统的页面可以读取。", readable=False)


def _is_ours(origin: str, host: str) -> bool:
    try:
        asked = urlsplit(origin)
    except ValueError:
        return False
    here = (asked.hostname or "") == host.strip("[]") and asked.scheme in ("http", "https")
    return here or origin in settings.CSRF_TRUSTED_ORIGINS


async def _page(headers: dict[str, str], *, wants_wall: bool) -> Page:
    """The page of a person with a valid session, when there is room for one more."""
    key, found = _session_key(headers), await _listener(headers)
    if hub.count(found.user.pk) >= MOST_PER_PERSON or hub.count() >= MOST_IN_ALL:
        raise Refused(429, "打开的页面过多，本页不再自动更新。")
    actor = await hub.ask(lambda: found.actor) if wants_wall else None
    if actor is not None and not actor.may(WALL_RIGHT):
        raise Refused(403, "您当前的岗位不能查看指挥大屏。")
    return Page(found.user.pk, key, actor)


async def _listener(headers: dict[str, str]) -> Listener:
    """The person with this valid session. Raises Refused."""
    key = _session_key(headers)
    found = (await hub.ask(listeners, [key])).get(key) if key else None
    if found is None:
        raise Refused(401, "请先登录。")
    return found


def _session_key(headers: dict[str, str]) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return cookie.value if cookie and cookie.value.isalnum() and len(cookie.value) <= 40 else ""


def _place(headers: dict[str, str], query: dict[str, list[str]]) -> int | None:
    """Where the page stood when its line was cut: by the browser's header, or the query of a first visit."""
    told = headers.get("last-event-id") or query.get("since", [""])[0]
    return int(told) if told.isascii() and told.isdigit() and len(told) <= 18 else None


# -- what it gets ----------------------------------------------------------------------------------


async def _stream(
    page: Page, place: int | None, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send
) -> None:
    kind = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
    await hub.join(page)  # before the answer: whoever has it misses nothing that comes after
    gone = asyncio.create_task(_watch(receive, page))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": [*kind, *headers]})
        # Pages that lost their line together do not come back together.
        await _write(send, f"retry: {random.randint(3000, 8000)}\n\n".encode())  # noqa: S311
        if page.actor is not None and place is not None:
            await hub.replay(page, place)
        while news := await page.take():
            await _write(send, news)
        with suppress(Exception):  # whoever is gone needs no end
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        hub.leave(page)
        gone.cancel()


async def _watch(receive: Receive, page: Page) -> None:
    """Notice that the browser has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    page.close()


async def _write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def _cors(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    common = [(b"cache-control", b"no-store"), (b"vary", b"Origin, Cookie"), (b"x-content-type-options", b"nosniff")]
    origin = headers.get("origin", "")
    if not origin:
        return common
    allowed = [(b"access-control-allow-origin", origin.encode("latin-1"))]
    return [*common, *allowed, (b"access-control-allow-credentials", b"true")]


async def _answer(send: Send, status: int, sentence: str, headers: list[tuple[bytes, bytes]]) -> None:
    kind = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": [*kind, *headers]})
    await send({"type": "http.response.body", "body": sentence.encode(), "more_body": False})
