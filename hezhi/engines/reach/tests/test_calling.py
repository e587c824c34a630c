"""How a call lives, who holds a token, what a page may say, what the media server is told (通话规则)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.reach import call_rules as rules
from hezhi.engines.reach.calling import config

pytestmark = pytest.mark.clause("9.1.2-3-1")
START = datetime(2026, 11, 27, 1, tzinfo=UTC)
PEOPLE = [UUID(int=n) for n in range(1, 4)]
STEPS = st.one_of(
    st.tuples(st.sampled_from(["answer", "hang_up", "beat_caller", "beat_callee", "look"]), st.none()),
    st.tuples(st.just("reject"), st.sampled_from([*PEOPLE, UUID(int=99)])),
    st.tuples(st.just("fail"), st.booleans()),
)


def turned(now: rules.Standing, step: str, what: object, at: datetime) -> rules.Standing:
    from dataclasses import replace

    if step.startswith("beat"):
        return now if now.state == rules.ENDED else replace(now, **{f"{step[5:]}_seen": at})
    if step == "reject":
        return rules.reject(now, what, at)  # type: ignore[arg-type]
    if step == "fail":
        return rules.fail(now, at, heard=bool(what))
    return {"answer": rules.answer, "hang_up": rules.hang_up, "look": rules.looked_at}[step](now, at)


@given(st.lists(st.tuples(STEPS, st.integers(0, 70)), max_size=25), st.sets(st.sampled_from(PEOPLE)))
def test_whatever_happens_a_call_goes_forward_ends_once_and_tells_the_truth(steps, engaged) -> None:
    at, now = START, rules.begin(START, PEOPLE, engaged)
    order = [rules.RINGING, rules.TALKING, rules.ENDED]
    assert (now.result == rules.BUSY) == (engaged == set(PEOPLE))
    for (step, what), seconds in steps:
        at += timedelta(seconds=seconds)
        then = turned(now, step, what, at)
        assert order.index(then.state) >= order.index(now.state)
        assert now.state != rules.ENDED or then == now, "what has ended stays as it ended"
        assert (then.state == rules.ENDED) == bool(then.result) == bool(then.ended_at)
        assert then.result != rules.ANSWERED or then.answered_at
        assert then.result not in (rules.MISSED, rules.REJECTED, rules.BUSY) or not then.answered_at
        if then.answered_at:
            assert START <= then.answered_at < START + rules.RINGS
        if then.ended_at:
            assert (then.answered_at or START) <= then.ended_at <= at
            assert 0 <= then.seconds <= rules.LONGEST.total_seconds()
        now = then
    later = rules.looked_at(now, at + rules.LONGEST + rules.SILENT)
    assert later.state == rules.ENDED, "nothing rings or is talked in for ever"


@given(st.sampled_from(["janus", rules.VIDEO]), st.text("abc0123456789", min_size=1, max_size=12), st.integers(0, 900))
def test_a_token_opens_its_own_room_while_it_lives_and_nothing_else(realm, room, seconds) -> None:
    token = rules.signed_token("key", START, realm, f"room={room}", "u=one")
    later = START + timedelta(seconds=seconds)
    assert rules.holds("key", later, token, realm, f"room={room}") == (seconds < rules.TOKEN_LIVES.total_seconds())
    assert not rules.holds("another", START, token, realm, f"room={room}")
    assert not rules.holds("key", START, token, "other", f"room={room}")
    assert not rules.holds("key", START, token, realm, f"room={room}x")
    assert not rules.holds("key", START, token.replace("u=one", "u=two"), realm, f"room={room}")


JOIN = {"request": "join", "room": "mine", "id": "me-1", "ptype": "publisher"}
SAID = [
    ("", {"janus": "create"}),
    ("", {"janus": "attach", "plugin": rules.AUDIO}),
    ("plugin", {"janus": "attach", "plugin": "janus.plugin.streaming"}),
    ("", {"janus": "message", "body": JOIN}),
    ("room", {"janus": "message", "body": JOIN | {"room": "other"}}),
    ("room", {"janus": "message", "body": {"request": "join", "id": "me-1"}}),
    ("person", {"janus": "message", "body": JOIN | {"id": "you-1"}}),
    ("person", {"janus": "message", "body": JOIN | {"id": "me"}}),
    ("", {"janus": "message", "body": {"request": "join", "room": "mine", "ptype": "subscriber", "streams": []}}),
    ("room", {"janus": "message", "body": {"request": "start", "room": "other"}}),
    ("", {"janus": "message", "body": {"request": "configure", "muted": True}}),
    ("command", {"janus": "message", "body": {"request": "configure", "record": True, "filename": "x"}}),
    ("command", {"janus": "message", "body": JOIN | {"secret": "guessed"}}),
    ("request", {"janus": "message", "body": {"request": "create", "room": "mine"}}),
    ("request", {"janus": "message", "body": {"request": "kick", "room": "mine", "id": "you"}}),
    ("request", {"janus": "message", "body": "join"}),
    ("word 'claim'", {"janus": "claim", "session_id": 1}),
    ("word 'message_plugin'", {"janus": "message_plugin"}),
]


@pytest.mark.parametrize(("fault", "said"), SAID)
def test_a_page_speaks_of_its_own_room_in_its_own_name_and_commands_nothing(fault, said) -> None:
    assert rules.fault_of(said, "mine", "me") == fault


def test_the_media_server_listens_on_the_loopback_and_sends_over_one_named_address() -> None:
    secrets = {name: f"{name}-value" for name in ("api_secret", "admin_secret", "token_key", "room_key")}
    told = config.files(config.MediaServer(Path("/there"), "192.0.2.7", 7001, 7002, secrets=secrets))
    core, http, socket = told["janus.jcfg"], told["janus.transport.http.jcfg"], told["janus.transport.websockets.jcfg"]
    assert (
        'ice_enforce_list = "192.0.2.7"' in core
        and "token_auth = true" in core
        and 'token_auth_secret = "token_key-value"' in core
    )
    assert "http = false" in http and 'admin_ip = "127.0.0.1"' in http and "admin_port = 7001" in http
    assert 'ws_ip = "127.0.0.1"' in socket and "ws_port = 7002" in socket and "admin_ws = false" in socket
    assert all("string_ids = true" in told[f"janus.plugin.{name}.jcfg"] for name in ("videoroom", "audiobridge"))
    assert "libjanus_sip.so" in core and "libjanus_recordplay.so" in core
    for address in ("", "127.0.0.1", "0.0.0.0", "::1"):
        with pytest.raises(ValueError, match="loopback"):
            config.files(config.MediaServer(Path("/there"), address, 7001, 7002, secrets=secrets))
    with pytest.raises(ValueError, match="quotes"):
        config.files(config.MediaServer(Path('/th"ere'), "192.0.2.7", 7001, 7002, secrets=secrets))
