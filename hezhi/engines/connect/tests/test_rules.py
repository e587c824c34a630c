"""Signatures, windows and what may leave (对接规则)."""

import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.connect import rules

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_a_signature_is_hmac_sm3_as_others_compute_it() -> None:
    text = rules.push_text("1700000000", b'{"a":1}')
    assert text == b'1700000000.{"a":1}'
    assert rules.signature("secret", text) == hmac.new(b"secret", text, "sm3").hexdigest()


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_another_body_has_another_signature(one: bytes, two: bytes) -> None:
    signed = [rules.signature("s", rules.request_text("1", "n", "post", "/api/", body)) for body in (one, two)]
    assert (signed[0] == signed[1]) == (one == two)


def test_what_is_signed_names_method_path_query_and_body() -> None:
    text = rules.request_text("1700000000", "n0nce-n0nce", "post", "/api/v1/cases?x=1", b"{}").decode()
    assert text.split("\n")[:4] == ["1700000000", "n0nce-n0nce", "POST", "/api/v1/cases?x=1"]
    assert len(text.split("\n")[4]) == 64


@pytest.mark.parametrize(
    ("seconds", "timely"), [(0, True), (300, True), (-300, True), (301, False), (-301, False), (-86400, False)]
)
def test_a_request_is_timely_within_five_minutes(seconds: int, timely: bool) -> None:
    assert rules.is_timely(str(int(NOW.timestamp()) + seconds), NOW) is timely


@pytest.mark.parametrize("stamp", ["", "abc", "-1", "1e9", "17000000009999", "１７００００００００"])
def test_what_is_no_number_is_never_timely(stamp: str) -> None:
    assert not rules.is_timely(stamp, NOW)


@pytest.mark.parametrize("nonce", ["short", "x" * 65, "with space", "汉字汉字汉字汉字", "new\nline99"])
def test_a_nonce_is_plain_and_of_fair_length(nonce: str) -> None:
    assert not rules.is_nonce(nonce)
    assert rules.is_nonce("01930000-aaaa-7000")


def test_news_hold_no_person_and_no_story() -> None:
    assert rules.body_faults({"number": "SJ26112200001", "state": "closed", "satisfied": True, "due_at": None}) == []
    assert rules.body_faults({"phone": "x"}) == ["field phone may not be pushed"]
    assert rules.body_faults({"text": "路灯坏了"})
    assert rules.body_faults({"unit": "13812345678"})
    assert rules.body_faults({"state": {"a": 1}}) == ["field state is no plain value"]
    assert rules.body_faults({"unit": "长" * 201})


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://hotline.example.com/hook?a=1", True),
        ("http://[2001:db8::1]:8080/x", True),
        ("ftp://example.com/", False),
        ("https:///x", False),
        ("https://user:pass@example.com/", False),
        ("https://example.com:99999/", False),
        ("https://example.com/#x", False),
        ("javascript:alert(1)", False),
        ("https://[bad/", False),
    ],
)
def test_an_address_for_pushes_is_a_plain_web_address(url: str, fine: bool) -> None:
    assert (rules.url_fault(url) is None) is fine


def test_the_body_is_sent_as_it_was_signed() -> None:
    assert rules.canonical({"b": "办结", "a": 1}) == '{"a":1,"b":"办结"}'.encode()
