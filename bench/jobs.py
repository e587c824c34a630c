"""Twelve daily jobs at the keyboard (十二项日常工作): what an officer presses, and how long he waits.

    python -m bench jobs

Each job begins on the page where the work lies open (the desk, the case, the list) and is done in Chromium by keys alone,
as far as the screens allow. `keys` are all keys but those of words (what is typed into a field is counted apart, by
signs), `clicks` are presses of the mouse. Seconds are those of a script that does not think: `server` is the time of all
answers, `whole` is from the first key until what was done stands in the database and the next page is there.
"""

import argparse
import json
import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Request, sync_playwright

from bench.house import House, house
from hezhi.ground.testkit import browser
from hezhi.wiring import frontend, machine
from hezhi.wiring.launch import parts
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.prepare import Preparation
from hezhi.wiring.supervisor import Supervisor

DATABASE = "bench_jobs"
GOALS = {"routine triage, keys": 8}
MOST = 40
"""So many times Tab is pressed in search of a field before the screen counts as one without it."""
ASKED = ("document", "xhr", "fetch")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--times", type=int, default=3, help="how often each job is done, each time with fresh cases")


@dataclass
class Hand:
    """An officer's hand: it presses, and what it presses is counted."""

    page: Page
    keys: int = 0
    signs: int = 0
    clicks: int = 0
    pressed: list[str] = field(default_factory=list)
    server_ms: list[float] = field(default_factory=list)

    def press(self, key: str, times: int = 1) -> None:
        """Press a key, so many times."""
        for _ in range(times):
            self.page.keyboard.press(key)
            self.keys += 1
            self.pressed.append(key)

    def type(self, words: str) -> None:
        """Write words where one is."""
        self.page.keyboard.insert_text(words)
        self.signs += len(words)

    def to(self, name: str) -> None:
        """Go on to a field with Tab."""
        for _ in range(MOST):
            if self.page.evaluate("document.activeElement?.name ?? ''") == name:
                return
            self.press("Tab")
        raise LookupError(f"the field {name} is not reached by {MOST} times Tab on {self.page.url}")

    def write(self, name: str, words: str) -> None:
        """Write words into a field."""
        self.to(name)
        self.type(words)

    def choose(self, name: str, value: str) -> None:
        """Choose one of several circles: the first by Space, others by going down to them."""
        self.to(name)
        at = self.page.evaluate(
            "n => [...document.getElementsByName(n)].filter(e => e.offsetParent).map(e => e.value)", name
        )
        self.press("Space") if at.index(value) == 0 else self.press("ArrowDown", at.index(value))

    def dialog(self, key: str) -> None:
        """Open a step by its letter."""
        self.press(key)
        self.page.wait_for_selector("#dialog[open] form")

    def send(self) -> None:
        """Send what is open."""
        self.press("Control+Enter")

    def heard(self, request: Request) -> None:
        """Keep how long an answer took."""
        told = request.timing
        end = max(told["responseEnd"], told["responseStart"])  # of a redirection only its beginning is told
        if request.resource_type in ASKED and end > 0:
            self.server_ms.append(end - max(told["requestStart"], 0))


@dataclass(frozen=True)
class Job:
    """A job: who does it, on which page it begins, what he presses, and the statement that finds it done."""

    name: str
    role: str
    begins: str
    work: Callable[[Hand, dict[str, Any]], None]
    done: str


def _register(hand: Hand, cases: dict[str, Any]) -> None:
    hand.write("text", "路口的路灯不亮，晚上过街看不清，请派人来修。")
    hand.write("place", f"长江路{cases['mark']}号门前")
    hand.write("name", "示例甲")
    hand.write("phone", "19900001111")
    hand.send()


def _merge(hand: Hand, cases: dict[str, Any]) -> None:
    hand.dialog("m")
    hand.write("into", cases["main"]["number"])
    hand.write("reason", "同一处路灯")
    hand.send()


def _return(hand: Hand, _: dict[str, Any]) -> None:
    hand.dialog("t")
    hand.write("reason", "不属我单位职责")
    hand.send()


def _extend(hand: Hand, _: dict[str, Any]) -> None:
    hand.dialog("e")
    hand.write("reason", "配件三天后到货")
    hand.send()


def _reply(hand: Hand, _: dict[str, Any]) -> None:
    hand.dialog("r")
    hand.write("reply", "已到现场更换灯头。")
    hand.choose("finding", "true")
    hand.choose("contacted", "yes")
    hand.choose("solved", "yes")
    hand.write("public_reply", "您好，门前的路灯已经修好，请放心。")
    hand.send()


def _sign_off(hand: Hand, _: dict[str, Any]) -> None:
    hand.dialog("v")
    hand.send()


def _call_back(hand: Hand, _: dict[str, Any]) -> None:
    hand.dialog("c")
    for name in ("reached", "true_matter", "solved", "satisfied", "satisfied_attitude"):
        hand.choose(name, "yes")
    hand.send()


def _supervise(hand: Hand, _: dict[str, Any]) -> None:
    hand.dialog("b")
    hand.write("text", "请两个工作日内反馈办理情况。")
    hand.send()


def _look_up(hand: Hand, cases: dict[str, Any]) -> None:
    hand.press("/")
    hand.type(cases["look up"]["number"])
    hand.press("Enter")
    hand.page.wait_for_function(
        "n => document.querySelectorAll('[data-row]').length === 1 && document.querySelector('[data-row]').innerText.includes(n)",
        arg=cases["look up"]["number"],
    )
    hand.press("ArrowDown")
    hand.press("Enter")
    hand.page.wait_for_url(f"**/cases/{cases['look up']['id']}/")


def _report(hand: Hand, _: dict[str, Any]) -> None:
    hand.dialog("r")
    hand.type("昨日情况日报")
    hand.send()


CASE = "SELECT 1 FROM handling_case WHERE id = '{id}' AND "
ORDER = "SELECT 1 FROM flow_workorder WHERE matter_id = '{id}' AND "
ASKED_FOR = "SELECT 1 FROM flow_approval WHERE object_id = '{id}' AND state = 'waiting'"
JOBS = (
    Job("register a call", "acceptor", "/cases/new/", _register, "SELECT 1 FROM handling_case WHERE place = '长江路{mark}号门前'"),
    Job("triage", "acceptor", "/cases/triage/{id}/", lambda hand, _: hand.press("a"), f"{CASE} state <> 'to_accept'"),
    Job("merge", "acceptor", "/cases/triage/{id}/", _merge, f"{CASE} state = 'merged'"),
    Job("dispatch", "dispatcher", "/cases/triage/{id}/", lambda hand, _: hand.press("a"), f"{CASE} state = 'to_sign'"),
    Job("return", "handler", "/cases/{id}/", _return, ASKED_FOR),
    Job("extend", "handler", "/cases/{id}/", _extend, ASKED_FOR),
    Job("reply", "handler", "/cases/{id}/", _reply, f"{ORDER} state = 'to_review'"),
    Job("sign off", "reviewer", "/cases/{id}/", _sign_off, f"{ORDER} state = 'done'"),
    Job("call back", "caller", "/cases/{id}/", _call_back, f"{CASE} state = 'closed'"),
    Job("supervise", "supervisor", "/cases/{id}/", _supervise, "SELECT 1 FROM supervision_matter WHERE case_id = '{id}'"),
    Job("look up", "dispatcher", "/r/cases/", _look_up, "SELECT 1"),
    Job("daily report", "supervisor", "/statistics/?preset=yesterday", _report, "SELECT 1 FROM statistics_report WHERE rhythm = 'own'"),
)  # fmt: skip


def run(told: argparse.Namespace) -> dict[str, Any]:
    """Do the twelve jobs on fresh cases as often as wanted."""
    rounds: list[dict[str, Any]] = []
    with house() as ready:
        frontend.build()
        Preparation(ready.home, ready.environment(DATABASE)).collect_static()
        for _ in range(told.times):
            rounds.append(_round(ready))
    jobs = {name: _middle([each[name] for each in rounds]) for name in rounds[0]}
    for name, row in jobs.items():
        print(
            f"{name:16s} keys {row['keys']:3d}  signs {row['signs']:3d}  clicks {row['clicks']}  "
            f"server {row['server_s']:5.2f} s  whole {row['whole_s']:5.2f} s  {' '.join(row['pressed'])}",
            flush=True,
        )
    return {"options": {"times": told.times}, "jobs": jobs, "goals": GOALS}


def _middle(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One job over the rounds: the most that was pressed, the middle of the seconds."""
    seconds = {name: statistics.median(row[name] for row in rows) for name in ("server_s", "whole_s")}
    return max(rows, key=lambda row: row["keys"]) | seconds


def _round(ready: House) -> dict[str, Any]:
    ready.fresh(DATABASE)
    text = ready.python("-m", "bench.seats", database=DATABASE)
    seats = json.loads(text[text.rindex("\n{") + 1 :])
    port = machine.free_port("bench-jobs")
    environment = ready.environment(DATABASE, HEZHI_PORT=str(port), HEZHI_DEMO="1")
    # Without the worker: its rounds would take the next step of a case before the hand does.
    supervisor = Supervisor(parts(port)[:1], ready.home / "log", environment, CHECKOUT)
    supervisor.start()
    try:
        with sync_playwright() as playwright:
            running = browser.launch(playwright)
            try:
                _do(ready, running, port, JOBS[0], seats)  # the server reads its word lists once
                return {job.name: _do(ready, running, port, job, seats) for job in JOBS}
            finally:
                running.close()
    finally:
        supervisor.stop()


def _do(ready: House, running: Browser, port: int, job: Job, seats: dict[str, Any]) -> dict[str, Any]:
    case = seats["cases"].get(job.name, {"id": ""}) | {"mark": secrets.token_hex(2)}
    url = f"http://127.0.0.1:{port}"
    with browser.page_on(running, url, browser.DESK, ready.home / "log" / f"job-{job.name}") as page:
        page.context.add_cookies([{"name": "sessionid", "value": seats["sessions"][job.role], "url": url}])
        wait_until(lambda: _opens(page, job.begins.format(**case)), 90, f"{job.name}: {job.begins}")
        page.wait_for_load_state("load")
        hand, begun = Hand(page), time.perf_counter()
        page.on("requestfinished", hand.heard)
        job.work(hand, seats["cases"] | {"mark": case["mark"]})
        wait_until(lambda: ready.sql(DATABASE, job.done.format(**case)), 30, job.name)
        page.wait_for_load_state("load")
        whole = time.perf_counter() - begun
    return {
        "keys": hand.keys, "signs": hand.signs, "clicks": hand.clicks, "server_s": sum(hand.server_ms) / 1000, "whole_s": whole,
        "pressed": hand.pressed,
    }  # fmt: skip


def wait_until(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Look twenty times a second until something holds."""
    until = time.perf_counter() + seconds
    while not holds():
        if time.perf_counter() > until:
            raise TimeoutError(f"{what}: waited {seconds} s in vain")
        time.sleep(0.05)


def _opens(page: Page, address: str) -> bool:
    """Whether the page answers; the server may still be starting."""
    try:
        answer = page.goto(address)
    except Exception:  # not there yet
        return False
    return answer is not None and answer.status == 200 and "login" not in page.url
