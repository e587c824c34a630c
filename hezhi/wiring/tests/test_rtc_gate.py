"""How many lines one person may hold into one call (通话信令通道)."""

import asyncio

import pytest

from hezhi.wiring import rtc_gate
from hezhi.wiring.rtc_gate import LINES_AT_ONCE, REFUSED, Passage, carry

MINE, OTHERS = Passage("ws://127.0.0.1:1", "room", "me"), Passage("ws://127.0.0.1:1", "room", "the other")


def test_a_person_holds_a_few_lines_into_a_call_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is over the number is refused; a line that ended gives its place back, and the other side has its own."""
    told: list[dict] = []

    async def story() -> None:
        ends = asyncio.Event()
        monkeypatch.setattr(rtc_gate, "_carry", lambda *_: ends.wait())

        async def receive() -> dict:
            return {"type": "websocket.connect"}

        async def send(message: dict) -> None:
            told.append(message)

        lines = [asyncio.create_task(carry(MINE, receive, send)) for _ in range(LINES_AT_ONCE)]
        lines.append(asyncio.create_task(carry(OTHERS, receive, send)))
        await asyncio.sleep(0)
        await carry(MINE, receive, send)
        assert told == [{"type": "websocket.close", "code": REFUSED}]
        ends.set()
        await asyncio.gather(*lines)
        await carry(MINE, receive, send)
        assert len(told) == 1, "the places of lines that ended are free again"

    asyncio.run(story())
