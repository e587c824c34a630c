"""The media server itself: who is let in, and who is not (音视频服务): tokens wrong, late, of another room; names not his own."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from websockets.sync.client import ClientConnection, connect

from hezhi.engines.reach import call_rules as rules
from hezhi.engines.reach.calling.janus import Janus
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.wiring.rtc_gate import PROTOCOL
from hezhi.wiring.tests.media_house import media_server

pytestmark = [pytest.mark.api, pytest.mark.clause("9.1.2-3-1")]
ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture(scope="module")
def engine() -> Iterator[Janus]:
    home = Path(tempfile.mkdtemp(prefix="hezhi-media-"))
    home.chmod(0o711)  # the server's own user must pass through
    with media_server(home) as running:
        yield running
    shutil.rmtree(home)


class Page:
    """What a page says to the server, without a browser."""

    def __init__(self, line: ClientConnection, token: str) -> None:
        self.line, self.token = line, token
        self.session = 0

    def say(self, word: str, **more: object) -> dict:
        """One word and its answer; acknowledgements are passed over."""
        session = {"session_id": self.session} if self.session else {}
        self.line.send(json.dumps({"janus": word, "transaction": "t", "token": self.token} | session | more))
        while True:
            told = json.loads(self.line.recv(timeout=10))
            if told["janus"] not in ("ack", "keepalive", "webrtcup", "media"):
                return told

    def enter(self, plugin: str, body: dict) -> dict:
        """What a plugin answers to a request to join."""
        made = self.say("create")
        if made["janus"] != "success":
            return made
        self.session = made["data"]["id"]
        handle = self.say("attach", plugin=plugin)["data"]["id"]
        return self.say("message", handle_id=handle, body=body)["plugindata"]["data"]


def enter(engine: Janus, seat, *, plugin: str = rules.VIDEO, session: str = "", **more: object) -> dict:
    """Join with this seat, changed as told."""
    body = {"request": "join", "room": seat.room, "id": seat.me, "token": seat.room_token}
    body |= {"ptype": "publisher"} if plugin == rules.VIDEO else {"pin": seat.pin}
    with connect(engine.socket_address(), subprotocols=[PROTOCOL], proxy=None) as line:
        return Page(line, session or seat.session_token).enter(plugin, body | more)


def test_who_has_a_seat_enters_both_rooms_and_a_stranger_enters_none(engine: Janus) -> None:
    mine, other = engine.admit("matter-one", ONE), engine.admit("matter-two", OTHER)
    assert enter(engine, mine)["videoroom"] == "joined"
    assert enter(engine, mine, plugin=rules.AUDIO)["audiobridge"] == "joined"
    key, now = engine._key("token_key"), time.real_now()
    late = rules.signed_token(key, now - timedelta(hours=1), rules.VIDEO, "room=matter-one")
    forged = rules.signed_token("another key", now, rules.VIDEO, "room=matter-one")
    not_let_in = rules.signed_token(key, now, rules.VIDEO, "room=matter-one", "u=somebody")
    for wrong in (other.room_token, late, forged, not_let_in, "", mine.session_token):
        for plugin in rules.PLUGINS:
            assert "error_code" in enter(engine, mine, plugin=plugin, token=wrong), (plugin, wrong)
    assert "error_code" in enter(engine, mine, plugin=rules.AUDIO, pin=other.pin)
    for wrong in (rules.signed_token(key, now - timedelta(hours=1), "janus", *rules.PLUGINS), forged, "x"):
        assert enter(engine, mine, session=wrong)["janus"] == "error"
    assert "error_code" in enter(engine, mine, request="create", room="own", admin_key="")
    assert "error_code" in enter(engine, mine, request="listparticipants", secret="guessed", room="no such room")


def test_a_second_entry_ends_the_first_and_the_end_of_the_call_ends_the_room(engine: Janus) -> None:
    first = engine.admit("matter-three", ONE)
    second = engine.admit("matter-three", ONE)
    assert "error_code" in enter(engine, first) and enter(engine, second)["videoroom"] == "joined"
    engine.close("matter-three")
    assert "error_code" in enter(engine, second)
    with pytest.raises(NotNow):
        engine.present("matter-three")
    engine.close("matter-three")  # twice is as good as once
    assert enter(engine, engine.admit("matter-three", ONE))["videoroom"] == "joined", "made anew when it is gone"
