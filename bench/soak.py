"""A load run (压力运行): many officers click, messages come at many times a district's peak, and processes are killed.

    python -m bench soak --minutes 10 --officers 1000

Officers have a desk each over kept connections, and think between two clicks; workers of the web and the job worker are
killed at random, and now and then the web server with all its workers: a worker comes back as a fork of the warm master, a
master and the job worker are started again by the house's own supervisor. A wait counts from the
click to the answer, a broken connection and its repeats included. At the end: every message that was answered «created» is
one case, once, under the number that was told; every step that was answered is in the history once; nothing is left over.
"""

import argparse
import asyncio
import json
import os
import random
import re
import resource
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench.filling import Wanted
from bench.house import House, house, load_average
from bench.servers import cpu_below
from hezhi.wiring import machine
from hezhi.wiring.launch import parts
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.supervisor import Supervisor

DATABASE = "bench_soak"
PEAK = 2.0 / 60
"""Messages a second in the busiest hour of a district with 250,000 cases a year (a tenth of a day's in one hour)."""
P95_MS = 500.0
VICTIMS = {"one web worker": 5, "job worker": 4, "whole web server": 1}
"""Who is killed how often of ten times."""
TOKEN = "b" * 32
CASE_LINK = re.compile(rb'href="/cases/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/"')
KINDS = {"list": 30, "list with a filter": 14, "case page": 30, "start page": 14, "write": 11, "statistics": 1}


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--officers", type=int, default=1000)
    parser.add_argument("--think", type=float, default=60, help="seconds between two clicks of an officer, on average")
    parser.add_argument("--times-peak", type=float, default=20)
    parser.add_argument(
        "--kill-every", type=float, default=25, help="seconds between two kills, on average; 0 for none"
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)


@dataclass
class Told:
    """What was asked and answered."""

    waits: dict[str, list[float]] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    broken: int = 0
    strange: dict[str, int] = field(default_factory=dict)
    """Pages that were answered otherwise than with the page: a sign-in, a refusal, a fault."""
    reports: dict[str, str] = field(default_factory=dict)
    """Idempotency key of each message answered «created», with the number of its case."""
    sent: int = 0
    signed: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)
    dispatched: list[str] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)


class Line:
    """One kept connection, opened anew when it breaks."""

    def __init__(self, port: int, told: Told, head: str) -> None:
        self.port, self.told, self.head = port, told, head
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(
        self, kind: str, path: str, body: bytes | None = None, more: str = "", repeats: int = 60
    ) -> tuple[int, bytes]:
        """Ask until there is an answer; (0, b"") when there was none after all repeats."""
        begun = time.perf_counter()
        for attempt in range(repeats + 1):
            try:
                status, content = await asyncio.wait_for(self._once(path, body, more), 30)
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError):
                self.close()
                self.told.broken += 1
                await asyncio.sleep(min(1.0, 0.1 * (attempt + 1)))
                continue
            self.told.waits.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
            self.told.statuses[status] = self.told.statuses.get(status, 0) + 1
            if status != 200 and body is None:
                self.told.strange[f"{kind} {status}"] = self.told.strange.get(f"{kind} {status}", 0) + 1
            return status, content
        return 0, b""

    async def _once(self, path: str, body: bytes | None, more: str) -> tuple[int, bytes]:
        if self.writer is None or self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        method = "GET" if body is None else "POST"
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{self.head}{more}{length}\r\n".encode() + (body or b"")
        )
        await self.writer.drain()
        status = int((await self._line()).split()[1])
        heads = {}
        while line := await self._line():
            name, _, value = line.partition(":")
            heads[name.lower()] = value.strip()
        content = await self._body(heads)
        if heads.get("connection") == "close":
            self.close()
        return status, content

    async def _line(self) -> str:
        line = await self.reader.readuntil(b"\n")  # type: ignore[union-attr]
        return line.decode("latin-1").rstrip("\r\n")

    async def _body(self, heads: dict[str, str]) -> bytes:
        if heads.get("transfer-encoding") != "chunked":
            return await self.reader.readexactly(int(heads.get("content-length", 0)))  # type: ignore[union-attr]
        whole = b""
        while size := int(await self._line(), 16):
            whole += await self.reader.readexactly(size)  # type: ignore[union-attr]
            await self._line()
        await self._line()
        return whole

    def close(self) -> None:
        """Leave the connection; the next question opens another."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


class Officer:
    """Somebody at a desk: looks at a list, opens a case of it, does a step, thinks."""

    def __init__(
        self, port: int, told: Told, session: dict[str, str], work: dict[str, Any], dice: random.Random
    ) -> None:
        self.told, self.session, self.work, self.dice = told, session, work, dice
        self.line = Line(
            port, told, f"Cookie: sessionid={session['key']}; csrftoken={TOKEN}\r\nX-CSRFToken: {TOKEN}\r\n"
        )
        self.seen: list[str] = []
        self.mine: list[str] = []

    async def live(self, until: float, think: float) -> None:
        """Click until the time is over; the first click comes somewhere in the first pause."""
        await asyncio.sleep(self.dice.uniform(0, min(think, max(0.0, until - time.monotonic()))))
        while time.monotonic() < until:
            await self.click()
            await asyncio.sleep(min(self.dice.expovariate(1 / think), max(0.0, until - time.monotonic())))
        self.line.close()

    async def click(self) -> None:
        """One thing an officer does."""
        kind = self.dice.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "write" and await self._write():
            return
        if kind == "case page" and self.seen:
            await self.line.ask(kind, f"/cases/{self.dice.choice(self.seen)}/")
        elif kind == "start page":
            await self.line.ask(kind, "/")
        elif kind == "statistics" and self.session["role"] == "duty_chief":
            await self.line.ask(kind, "/statistics/?preset=week")
        else:
            query = (
                f"&state={self.dice.choice(('to_sign', 'handling', 'to_call_back'))}"
                if kind == "list with a filter"
                else ""
            )
            _, page = await self.line.ask("list with a filter" if query else "list", f"/r/cases/?size=50{query}")
            self.seen = [key.decode() for key in CASE_LINK.findall(page)] or self.seen

    async def _write(self) -> bool:
        """A step, where this officer has one to do; gives whether he had."""
        if self.session["role"] == "dispatcher" and self.work["to_dispatch"]:
            case = self.work["to_dispatch"].pop()
            if await self._step("dispatch", f"/cases/{case}/do/dispatch/", lead=self.work["lead"], text=""):
                self.told.dispatched.append(case)
            return True
        orders = self.work["orders"].get(self.session["unit"], [])
        if self.session["role"] not in ("handler", "town_dispatcher") or not (orders or self.mine):
            return False
        if self.mine and self.dice.random() < 0.5:
            mark = f"测量{self.dice.getrandbits(64):016x}"
            if await self._step(
                "handle", f"/cases/orders/{self.dice.choice(self.mine)}/do/handle/", text=f"到现场看过 {mark}"
            ):
                self.told.noted.append(mark)
        elif orders:
            order = orders.pop()
            if await self._step("sign", f"/cases/orders/{order}/do/sign/"):
                self.told.signed.append(order)
                self.mine.append(order)
        return True

    async def _step(self, kind: str, path: str, **given: str) -> bool:
        """Whether it was done; when the connection broke it is not sent again, as nobody knows."""
        more = "Content-Type: application/x-www-form-urlencoded\r\n"
        status, _ = await self.line.ask(kind, path, urlencode(given).encode(), more, repeats=0)
        return status == 302


async def machine_reports(
    port: int, told: Told, work: dict[str, Any], until: float, rate: float, dice: random.Random
) -> None:
    """Messages by a machine's key at an even pace, each its own task, sent again with its key until it is answered."""
    tasks, run = set(), f"{dice.getrandbits(48):012x}"
    while time.monotonic() < until:
        told.sent += 1
        task = asyncio.create_task(_report(port, told, work, f"{run}-{told.sent}", dice.choice(work["points"])))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.sleep(dice.expovariate(rate))
    await asyncio.gather(*tasks)


async def _report(port: int, told: Told, work: dict[str, Any], number: str, point: tuple[float, float]) -> None:
    line = Line(port, told, f"Authorization: Bearer {work['key']}\r\nContent-Type: application/json\r\n")
    body = {
        "title": "路灯不亮", "text": f"门前路灯不亮已经三天，请尽快修好。{number}", "outside_number": number, "lon": point[0], "lat": point[1],
        "crs": "EPSG:4326", "name": "示例甲", "phone": "19900001111", "category": "0101",
    }  # fmt: skip
    status, content = await line.ask(
        "intake", "/api/v1/reports/", json.dumps(body).encode(), f"Idempotency-Key: {number}\r\n"
    )
    line.close()
    if status == 201:
        told.reports[number] = json.loads(content)["number"]


class Fate(threading.Thread):
    """Kills and lets the supervisor start again, and stays to the end: what a thread started dies with it."""

    def __init__(self, supervisor: Supervisor, told: Told, every: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.supervisor, self.told, self.every = supervisor, told, every
        self.dice, self.over, self.until = random.Random(seed), threading.Event(), 0.0

    def run(self) -> None:
        after = time.monotonic() + (self.dice.uniform(0.5, 1.5) * self.every or 1e9)
        while not self.over.wait(0.5):
            self.supervisor.tend()
            if after < time.monotonic() < self.until:
                self._strike()
                after = time.monotonic() + self.dice.uniform(0.5, 1.5) * self.every
            if int(time.monotonic()) % 10 == 0 and time.monotonic() < self.until:
                self.told.loads.append(load_average())

    def _strike(self) -> None:
        victim = self.dice.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        self.told.kills[victim] = self.told.kills.get(victim, 0) + 1
        if victim == "one web worker":
            below = machine.children(self.supervisor.running["web"].pid)
            if below:
                os.kill(self.dice.choice(below), signal.SIGKILL)
            return
        name = {"job worker": "worker", "whole web server": "web"}[victim]
        self.supervisor.kill(name)
        self.supervisor.start(name)


def run(told: argparse.Namespace) -> dict[str, Any]:
    """Open the house over a filled district, let the crowd in, kill, and count."""
    with house() as ready:
        Wanted(told.rows, open=10_000, facts=True, words=True, lives=told.rows).fill(ready, DATABASE, again=True)
        text = ready.python("-m", "bench.officers", str(told.officers), database=DATABASE)
        work = json.loads(text[text.rindex("\n{") + 1 :])
        print(
            f"{len(work['sessions']):,} desks of {len({each['key'] for each in work['sessions']}):,} people, {work['cases']:,} cases, "
            f"load {load_average():.1f}",
            flush=True,
        )
        port = machine.free_port("bench-soak")
        before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        environment = ready.environment(DATABASE, HEZHI_PORT=str(port))
        supervisor = Supervisor(parts(port)[:2], ready.home / "log", environment, CHECKOUT)
        supervisor.start()
        found = Told()
        fate = Fate(supervisor, found, told.kill_every, told.seed)
        try:
            cpu = _crowd(ready, fate, port, work, told)
            print(f"the crowd has gone, load {load_average():.1f}", flush=True)
            _settle(ready)
        finally:
            fate.over.set()
            if fate.is_alive():
                fate.join()
            supervisor.stop()
        cpu["house"] = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before
        faults = _faults(ready, found)
    return _tell(told, found, cpu, faults)


def _crowd(ready: House, fate: Fate, port: int, work: dict[str, Any], told: argparse.Namespace) -> dict[str, float]:
    found, dice = fate.told, random.Random(told.seed)

    async def live() -> None:
        await _open(port)
        fate.until = until = time.monotonic() + told.minutes * 60
        fate.start()
        officers = [Officer(port, found, session, work, random.Random(dice.random())) for session in work["sessions"]]
        crowd = [officer.live(until, told.think) for officer in officers]
        await asyncio.gather(machine_reports(port, found, work, until, PEAK * told.times_peak, dice), *crowd)

    before, own = cpu_below(ready.cluster.pid() or 0), time.process_time()
    asyncio.run(live())
    return {"database": cpu_below(ready.cluster.pid() or 0) - before, "crowd": time.process_time() - own}


async def _open(port: int) -> None:
    """Wait until the door is open."""
    for _ in range(240):
        status, _ = await Line(port, Told(), "").ask("", "/accounts/login/", repeats=0)
        if status == 200:
            return
        await asyncio.sleep(0.5)
    raise RuntimeError("the web server does not answer")


def _settle(ready: House) -> None:
    """Let the worker work off what the crowd left."""
    until = time.monotonic() + 120
    waiting = "SELECT (SELECT count(*) FROM reach_outgoing WHERE state = 'waiting' AND not_before <= now()) + (SELECT count(*) FROM handling_moved)"
    while ready.sql(DATABASE, waiting)[0][0] and time.monotonic() < until:
        time.sleep(1)


_CHECK = """
import django; django.setup()
import json
from hezhi.wiring.invariants import check
print(json.dumps(check(["审计链完整", "到点的消息和任务都已发出"]), ensure_ascii=False))
"""


def _faults(ready: House, told: Told) -> list[str]:
    """What was accepted and is not there, or is there twice."""
    found = [f"{kind} instead of the page: {many}" for kind, many in told.strange.items()]
    rows = ready.sql(DATABASE, "SELECT outside_number, number FROM handling_case WHERE outside_channel = 'bench'")
    cases: dict[str, list[str]] = {}
    for number, key in rows:
        cases.setdefault(number, []).append(key)
    lost = [number for number, key in told.reports.items() if cases.get(number) != [key]]
    if lost:
        found.append(f"{len(lost)} of {len(told.reports)} messages lost, doubled or under another number: {lost[:5]}")
    if len(rows) != len(cases) or len(cases) > told.sent:
        found.append(f"{len(rows)} cases of {told.sent} messages")
    once = {
        "signed": ("SELECT order_id::text, count(*) FROM handling_step WHERE verb = 'sign' AND order_id = ANY(%s::uuid[]) GROUP BY 1", told.signed),
        "dispatched": ("SELECT matter_id::text, count(*) FROM flow_workorder WHERE matter_id = ANY(%s::uuid[]) GROUP BY 1", told.dispatched),
        "noted": ("SELECT right(text, 18), count(*) FROM handling_step WHERE right(text, 18) = ANY(%s) AND verb = 'handle' GROUP BY 1", told.noted),
    }  # fmt: skip
    for name, (statement, wanted) in once.items():
        there = dict(ready.sql(DATABASE, statement, wanted))
        wrong = [key for key in wanted if there.get(key) != 1]
        if wrong:
            found.append(f"{len(wrong)} of {len(wanted)} {name} not there once: {wrong[:5]}")
    broken = json.loads(ready.python("-c", _CHECK, database=DATABASE).strip().splitlines()[-1])
    return found + [f"{name}: {'; '.join(faults[:3])}" for name, faults in broken.items()]


def _tell(told: argparse.Namespace, found: Told, cpu: dict[str, float], faults: list[str]) -> dict[str, Any]:
    kinds = {}
    for kind, waits in sorted(found.waits.items()):
        waits.sort()
        kinds[kind] = {
            "many": len(waits),
            "p50_ms": waits[len(waits) // 2],
            "p95_ms": waits[int(len(waits) * 0.95)],
            "most_ms": waits[-1],
        }
        print(
            f"{kind:20s} {len(waits):6,d}  p50 {kinds[kind]['p50_ms']:7.0f}  p95 {kinds[kind]['p95_ms']:7.0f}  longest {waits[-1]:8.0f} ms",
            flush=True,
        )
    whole = sorted(wait for waits in found.waits.values() for wait in waits)
    p95 = whole[int(len(whole) * 0.95)]
    load = sum(found.loads) / max(1, len(found.loads))
    print(
        f"{len(whole):,} answers ({len(whole) / told.minutes / 60:.1f}/s), p95 {p95:.0f} ms (goal < {P95_MS:.0f}), kills {found.kills}, "
        f"{found.broken} broken connections, statuses {found.statuses}, load {load:.1f}, CPU database {cpu['database']:.0f} s "
        f"house {cpu['house']:.0f} s crowd {cpu['crowd']:.0f} s",
        flush=True,
    )
    print(
        f"{len(found.reports):,} of {found.sent:,} messages created, {len(found.signed)} signed, {len(found.noted)} noted, "
        f"{len(found.dispatched)} dispatched: " + ("; ".join(faults) or "all there, each once"),
        flush=True,
    )
    return {
        "options": {name: getattr(told, name) for name in ("minutes", "officers", "think", "times_peak", "kill_every", "rows")},
        "kinds": kinds, "p95_ms": p95, "answers": len(whole), "kills": found.kills, "broken": found.broken,
        "statuses": {str(code): many for code, many in sorted(found.statuses.items())}, "mean_load": load, "cpu": cpu,
        "messages": {"sent": found.sent, "created": len(found.reports)},
        "steps": {"signed": len(found.signed), "noted": len(found.noted), "dispatched": len(found.dispatched)}, "faults": faults,
    }  # fmt: skip


__all__ = ["options", "run"]
