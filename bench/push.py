"""Live news to many open pages (实时消息): one process of ours, one message to everybody, ten times.

    python -m bench push --pages 2000

Each page is a person of his own with a session. A message is written to everybody's inbox in one statement, as
the delivering job does; the time counts from its commit until a page has read its new count. The pages are read
in the measuring process on the same cores, so a part of each figure is the reader's.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.house import House, house, load_average
from bench.servers import Server, _tree, serving
from hezhi.wiring.launch import STREAM_FLAGS

DATABASE = "bench_push"
GOALS = {"delivered, share": (1.0, "≥"), "KiB per page": (25.0, "≤")}
AT_ONCE = 50
"""So many pages are opened at a time."""

_TELL = """
WITH message AS (SELECT id FROM reach_outgoing WHERE event = 'bench' ORDER BY id OFFSET %s LIMIT 1)
INSERT INTO reach_inboxmessage (id, user_id, outgoing_id, title, text, link, urgent, at)
SELECT gen_random_uuid(), u.id, message.id, '测量', '测量', '', false, now() FROM org_user u, message
WHERE u.login_name LIKE 'bench.listener%%'
"""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--messages", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15, help="how long a message may take to reach the last page")


@dataclass
class Page:
    """One open page as the browser has it: when it read which number of unread messages."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    read_at: dict[int, float] = field(default_factory=dict)

    async def read(self) -> None:
        while line := await self.reader.readline():
            if line.startswith(b'data: {"unread"'):
                self.read_at.setdefault(json.loads(line[6:])["unread"], time.perf_counter())


def run(told: argparse.Namespace) -> dict[str, object]:
    """Open the pages, tell everybody each second, and count what arrived and when."""
    with house() as ready:
        ready.fresh(DATABASE)
        made = ready.python("-m", "bench.listeners", str(told.pages), str(told.messages), database=DATABASE)
        keys = json.loads(made.splitlines()[-1])
        ready.cluster.sql("VACUUM (ANALYZE);", DATABASE)
        command = [sys.executable, "-m", "granian", "--interface", "asgi", *STREAM_FLAGS, "--port", "{port}"]
        command.append("hezhi.wiring.stream:application")
        environment = ready.environment(DATABASE)
        with serving("push", command, environment, ready.home / "log/push.log", "/stream/health") as server:
            found = asyncio.run(_measure(ready, server, keys, told))
    goals = {name: {"goal": goal, "sign": sign} for name, (goal, sign) in GOALS.items()}
    ratios = {"delivered, share": found["delivered"] / found["wanted"], "KiB per page": found["kib_per_page"]}
    for name, value in found.items():
        print(f"{name:20s} {value:,.1f}", flush=True)
    return {
        "options": {"pages": told.pages, "messages": told.messages},
        "found": found,
        "ratios": ratios,
        "goals": goals,
    }


async def _measure(ready: House, server: Server, keys: list[str], told: argparse.Namespace) -> dict[str, float]:
    before = _resident(server)
    pages, readers = await _open(server.port, keys)
    await _until(lambda: all(0 in page.read_at for page in pages), 60)
    opened, cpu, loads, spans = _resident(server), server.cpu(), [], []
    for n in range(told.messages):
        await asyncio.to_thread(ready.sql, DATABASE, _TELL, n)
        sent = time.perf_counter()
        await _until(lambda wanted=n + 1: all(wanted in page.read_at for page in pages), told.seconds)
        spans += [(page.read_at[n + 1] - sent) * 1000 for page in pages if n + 1 in page.read_at]
        loads.append(load_average())
        await asyncio.sleep(1)
    server.check()
    used = server.cpu() - cpu
    for reader in readers:
        reader.cancel()
    for page in pages:
        page.writer.close()
    spans.sort()
    return {
        "wanted": float(len(pages) * told.messages), "delivered": float(len(spans)),
        "p50_ms": spans[len(spans) // 2], "p95_ms": spans[int(len(spans) * 0.95)], "last_ms": spans[-1],
        "kib_per_page": (opened - before) / len(pages), "cpu_us_per_message": used / max(1, len(spans)) * 1e6,
        "load": sum(loads) / len(loads),
    }  # fmt: skip


async def _open(port: int, keys: list[str]) -> tuple[list[Page], list[asyncio.Task[None]]]:
    async def one(key: str) -> Page:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sessionid={key}\r\n\r\n".encode())
        status = await asyncio.wait_for(reader.readline(), 60)
        if b" 200 " not in status:
            raise RuntimeError(f"a page was refused: {status!r}")
        return Page(reader, writer)

    pages: list[Page] = []
    for start in range(0, len(keys), AT_ONCE):
        pages += await asyncio.gather(*map(one, keys[start : start + AT_ONCE]))
    return pages, [asyncio.create_task(page.read()) for page in pages]


async def _until(is_so: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        await asyncio.sleep(0.02)


def _resident(server: Server) -> float:
    """KiB of memory that the server and what is below it hold for themselves."""
    total = 0
    for pid in _tree(server.process.pid):
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
        total += sum(int(fields[name].split()[0]) for name in ("Private_Clean", "Private_Dirty"))
    return float(total)


__all__ = ["options", "run"]
