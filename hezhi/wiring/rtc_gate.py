"""The gate for the signals of calls (信令通道, `/rtc`): a page speaks to the media server through it and in no other way.

The media server listens on the loopback alone. Who comes here has a valid session, is one of the two people of a
call that is talked in, and says only what `call_rules.fault_of` lets pass: of his own room, in his own name.
Sound and picture do not come this way.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from hezhi.engines.reach import call_rules as rules
from hezhi.engines.reach import calls
from hezhi.engines.reach.calling.janus import Janus
from hezhi.engines.reach.calling.queries import living_of
from hezhi.ground.errors import NotNow

log = logging.getLogger("hezhi.calls")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
PROTOCOL = "janus-protocol"
LINES_AT_ONCE = 3
"""Lines one person may hold in one call: the page, the one it replaces, and one on the way."""
GONE, REFUSED, DOWN = 1000, 1008, 1011


@dataclass(frozen=True)
class Passage:
    """Where one page may speak to, and as whom (通行): the media server, its room, its person there."""

    address: str
    room: str
    person: str


def passage_for(user: UUID, call: str) -> Passage | None:
    """The passage of a person into his call; None when there is no such call, or no media server."""
    engine = calls.port()
    try:
        found = living_of(user, UUID(call))
        if found is None or not isinstance(engine, Janus):
            return None
        return Passage(engine.socket_address(), found.room, engine.person(found.room, user))
    except (ValueError, NotNow):
        return None


_held: Counter[tuple[str, str]] = Counter()


async def carry(passage: Passage, receive: Receive, send: Send) -> None:
    """Carry what is said both ways until one side goes; then the other goes too. More than a few lines at once are refused."""
    who = (passage.room, passage.person)
    await receive()  # websocket.connect
    if _held[who] >= LINES_AT_ONCE:
        log.warning("somebody asks for more than %s lines into one call", LINES_AT_ONCE)
        await send({"type": "websocket.close", "code": REFUSED})
        return
    _held[who] += 1
    try:
        await _carry(passage, receive, send)
    finally:
        _held[who] -= 1
        if not _held[who]:
            del _held[who]


async def _carry(passage: Passage, receive: Receive, send: Send) -> None:
    try:
        line = await connect(passage.address, subprotocols=[PROTOCOL], open_timeout=5, max_size=2**20, proxy=None)  # type: ignore[list-item]
    except (OSError, TimeoutError, ConnectionClosed):
        await send({"type": "websocket.close", "code": DOWN})
        return
    await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
    async with line:
        ways = [asyncio.create_task(_in(passage, receive, line)), asyncio.create_task(_out(line, send))]
        done, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        codes = [task.result() for task in done if not task.exception()]
    with suppress(Exception):  # whoever is gone hears no farewell
        await send({"type": "websocket.close", "code": max(codes, default=DOWN)})


async def _in(passage: Passage, receive: Receive, line: ClientConnection) -> int:
    """From the page to the server, as far as it may be said."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return GONE
        text = message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")
        said, fault = _heard(text, passage)
        if fault:
            log.warning("a page said what it may not say to the media server: %s", fault)
            return REFUSED
        with suppress(ConnectionClosed):
            await line.send(json.dumps(said))  # as we understood it: two readers of one text may differ


def _heard(text: str, passage: Passage) -> tuple[dict[str, Any], str]:
    if len(text) > rules.LARGEST:
        return {}, "size"
    try:
        said = json.loads(text)
    except ValueError:
        return {}, "no JSON"
    return (said, rules.fault_of(said, passage.room, passage.person)) if isinstance(said, dict) else ({}, "no object")


async def _out(line: ClientConnection, send: Send) -> int:
    """From the server to the page."""
    async for text in line:
        await send({"type": "websocket.send", "text": text if isinstance(text, str) else text.decode()})
    return DOWN
