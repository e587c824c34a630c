"""Wording, silence and pauses (消息规则)."""

from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.reach import rules
from hezhi.ground import time

START = datetime(2024, 1, 1, tzinfo=UTC)
NIGHT = clock_time(22), clock_time(7)


def test_values_stand_in_their_places_and_a_missing_one_is_a_dash() -> None:
    assert rules.fill("事件 {number}，时限 {due}", {"number": "SJ26112200001"}) == "事件 SJ26112200001，时限 —"


def test_a_moment_is_shown_in_shanghais_time() -> None:
    due = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    assert rules.fill("{due}", {"due": due}) == "2026-11-22 09:30"


@pytest.mark.parametrize("trick", ["{number.__class__}", "{0}", "{number!r}", "{number:>99999999}"])
def test_a_place_is_a_plain_name_and_reaches_nothing_else(trick: str) -> None:
    assert rules.fill(trick, {"number": "SJ1"}) == "—"
    assert rules.template_faults(trick, ["number"])


def test_a_phone_typed_into_a_reason_does_not_travel() -> None:
    title, text = rules.worded("退回：{reason}", "{reason}", {"reason": "请联系13812345678核实"})
    assert "13812345678" not in title + text
    assert "138****5678" in text


def test_a_case_number_is_no_phone() -> None:
    assert rules.worded("{number}", "{number}", {"number": "SJ26112200001"})[0] == "SJ26112200001"


def test_words_of_an_officer_are_checked_before_they_are_used() -> None:
    assert rules.template_faults("事件 {number}", ["number"]) == []
    assert "{name}" in rules.template_faults("{name} 您好", ["number"])[0]
    assert rules.template_faults("事件 {number", ["number"]) == ["花括号须成对书写，例如 {number}。"]
    assert rules.template_faults("值班电话 13812345678", []) == ["模板中不能写入电话、证件号或银行卡号。"]


def test_pauses_grow_and_end() -> None:
    pauses = [rules.pause_after(tries) for tries in range(1, len(rules.PAUSES) + 1)]
    assert all(one < two for one, two in pairwise(pauses))
    assert rules.pause_after(len(rules.PAUSES) + 1) is None


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        ("2026-11-22 21:59", None),
        ("2026-11-22 22:00", "2026-11-23 07:00"),
        ("2026-11-22 23:59", "2026-11-23 07:00"),
        ("2026-11-23 00:00", "2026-11-23 07:00"),
        ("2026-11-23 06:59", "2026-11-23 07:00"),
        ("2026-11-23 07:00", None),
    ],
)
def test_the_night_is_quiet(moment: str, end: str | None) -> None:
    with time.frozen_at(moment):
        until = rules.quiet_until(time.now(), *NIGHT)
    assert (time.show(until) if until else None) == end


@given(
    st.integers(0, 60 * 24 * 365 * 4).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.times(),
    st.times(),
)
def test_silence_always_ends_later_and_is_over_then(moment: datetime, starts: clock_time, ends: clock_time) -> None:
    until = rules.quiet_until(moment, starts, ends)
    if until is not None:
        assert moment < until <= moment + timedelta(days=1)
        assert rules.quiet_until(until, starts, ends) is None
