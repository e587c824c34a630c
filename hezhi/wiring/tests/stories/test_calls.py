"""9.1.2-3-1 视频督办 between two real browsers, over a real media server: seen, heard, muted, hung up, written down."""

import json
import math
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from hezhi.engines.reach import call_rules as rules
from hezhi.ground.testkit import browser
from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.rtc_gate import PROTOCOL, REFUSED
from hezhi.wiring.system import System
from hezhi.wiring.tests.media_house import media_server
from hezhi.wiring.tests.stories.people import passwords, sign_in

SHOTS = Path(CHECKOUT / "test-results" / "calls")
SUPERVISOR = "supervisor1"
LONG = 30_000  # milliseconds; two cores may be busy
FLAGS = [
    "--use-fake-device-for-media-stream=fps=10",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
LISTEN = """
(() => {
  const lines = window.lines = [], Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real { constructor(...told) { super(...told); lines.push(this); } };
  // A small picture: two pages draw, pack and unpack it on the same two cores.
  const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (ask) navigator.mediaDevices.getUserMedia = (wanted) =>
    ask(wanted.video ? { ...wanted, video: { width: 160, height: 120, frameRate: 10 } } : wanted);
  window.received = async () => {
    const sum = { frames: 0, energy: 0 };
    for (const line of lines)
      for (const each of (await line.getStats()).values())
        if (each.type === 'inbound-rtp') { sum.frames += each.framesDecoded ?? 0; sum.energy += each.totalAudioEnergy ?? 0; }
    return sum;
  };
})();
"""
COMES = """
async ([what, more]) => {
  const before = (await window.received())[what];
  for (let n = 0; n < 150; n++) {
    if ((await window.received())[what] > before + more) return true;
    await new Promise((go) => setTimeout(go, 100));
  }
  return false;
}
"""
STILL = """
async () => {
  let quiet = 0, before = (await window.received()).energy;
  for (let n = 0; n < 60; n++) {
    await new Promise((go) => setTimeout(go, 250));
    const now = (await window.received()).energy;
    quiet = now - before < 1e-7 ? quiet + 1 : 0;
    if (quiet >= 4) return true;
    before = now;
  }
  return false;
}
"""


@pytest.fixture(scope="module")
def two_voices(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone is a steady tone and whose camera is a drawn picture."""
    tone = tmp_path_factory.mktemp("calls") / "tone.wav"
    with wave.open(str(tone), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
        file.writeframes(
            b"".join(struct.pack("<h", int(9000 * math.sin(n * 2 * math.pi * 440 / 16000))) for n in range(16000))
        )
    flags = [*browser.FLAGS, *FLAGS, f"--use-file-for-fake-audio-capture={tone}"]
    made = chromium.browser_type.launch(executable_path=browser._executable(), args=flags)
    yield made
    made.close()


@pytest.mark.clause("9.1.2-3-1")
def test_a_supervisor_calls_a_unit_by_picture_and_both_see_hear_and_hang_up(
    running_system: System, chromium: Browser, two_voices: Browser
) -> None:
    known = [name for name in passwords(running_system) if name.startswith("handler")]
    ((matter, unit, handler),) = running_system.sql(
        "select m.id, t.unit_id, min(p.login_name) from supervision_matter m join lateral unnest(m.units) as at(unit) on true"
        " join org_post t on t.unit_id = at.unit join org_role r on r.id = t.role_id join org_holding h on h.post_id = t.id"
        " join org_user p on p.id = h.user_id where m.state = 'open' and p.is_active and 'supervision.answer' = any(r.permissions)"
        " and p.login_name = any(%s) group by m.id, t.unit_id order by m.number limit 1", known,
    )  # fmt: skip
    phone_size = {"viewport": {"width": 412, "height": 840}}
    with (
        media_server(running_system.home) as engine,
        browser.page_on(two_voices, running_system.url, browser.DESK, SHOTS / "caller-fault") as caller,
        browser.page_on(two_voices, running_system.url, phone_size, SHOTS / "callee-fault") as callee,
    ):
        for page in (caller, callee):
            page.context.add_init_script(LISTEN)
        sign_in(callee, running_system, handler, "/m/")
        sign_in(caller, running_system, SUPERVISOR, f"/supervision/{matter}/")
        caller.locator(f"a[href='/supervision/{matter}/talk/{unit}/?video=1']").click()
        look(caller, "before")
        caller.get_by_role("button", name="呼叫").click()
        expect(caller.locator("[data-says]")).to_contain_text("正在呼叫", timeout=LONG)
        expect(callee.locator(".ring")).to_contain_text("视频呼叫", timeout=LONG)
        look(callee, "incoming")
        with callee.context.expect_page() as opened:
            callee.locator(".ring").get_by_role("link", name="接听").click()
        answered = opened.value
        for page in (caller, answered):
            expect(page.locator("[data-says]")).to_have_text("通话中。", timeout=LONG)
            assert page.evaluate(COMES, ["frames", 5]), "the other side is seen"
            assert page.evaluate(COMES, ["energy", 1e-4]), "the other side is heard"
        expect(caller.locator("[data-peer-name]")).not_to_have_text("")
        look(caller, "talking"), look(answered, "talking-phone")
        the_gate_is_shut_to_others(running_system, caller)
        caller.get_by_role("button", name="静音").click()
        assert answered.evaluate(STILL), "muted is silent on the other side"
        caller.get_by_role("button", name="取消静音").click()
        assert answered.evaluate(COMES, ["energy", 1e-4])

        # The line breaks: one try brings it back, with a fresh entry.
        ((room, person),) = running_system.sql("select room, answered_by_id from reach_call where state = 'talking'")
        lines = answered.evaluate("window.lines.length")
        engine._put_out(rules.AUDIO, room, engine.person(room, person))
        answered.wait_for_function("before => window.lines.length > before", arg=lines)
        expect(answered.locator("[data-says]")).to_have_text("通话中。", timeout=LONG)
        assert caller.evaluate(COMES, ["energy", 1e-4]), "heard again"

        answered.get_by_role("button", name="挂断").click()
        for page in (caller, answered):
            expect(page.locator("[data-says]")).to_contain_text("接通。", timeout=LONG)
            expect(page.locator("[data-call]")).to_have_attribute("data-state", "ended")
        look(caller, "ended")
        caller.goto(f"/supervision/{matter}/")
        expect(caller.locator("main")).to_contain_text("视频督导")
        expect(caller.locator("main")).to_contain_text("未录音录像")


def the_gate_is_shut_to_others(system: System, caller: Page) -> None:
    """Without the session, from a foreign page, for another call: refused. In the call: what commands the server ends the line."""
    gate = f"ws://127.0.0.1:{system.environment['HEZHI_STREAM_PORT']}/rtc?call="
    call = caller.url.rstrip("/").rpartition("/")[2]
    mine = "; ".join(f"{each['name']}={each['value']}" for each in caller.context.cookies())
    for told, origin, cookie in (
        (call, system.url, ""),
        (call, "http://elsewhere.example", mine),
        (str(UUID(int=1)), system.url, mine),
    ):
        with (
            pytest.raises(InvalidStatus),
            connect(gate + told, origin=origin, additional_headers={"Cookie": cookie}, proxy=None),
        ):
            pass
    with connect(
        gate + call, origin=system.url, additional_headers={"Cookie": mine}, subprotocols=[PROTOCOL], proxy=None
    ) as line:
        line.send(json.dumps({"janus": "message_plugin", "transaction": "t"}))
        with pytest.raises(ConnectionClosed):
            line.recv(timeout=10)
        assert line.close_code == REFUSED


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    picture(page, SHOTS / f"{name}.png")
    assert accessibility_findings(page) == [], name
