"""How a time limit is told."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.ground.time import at_local, today
from hezhi.ground.ui.spans import in_words, tell_due

NOON = at_local(today()) + timedelta(hours=12)


@pytest.mark.parametrize(
    ("hours", "words", "tone"),
    [
        (3.2, "剩 3 小时", "soon"),
        (0.4, "剩 24 分钟", "soon"),
        (30, "剩 30 小时", ""),
        (72, "剩 3 天", ""),
        (0, "超 1 分钟", "over"),
        (-6.5, "超 6 小时", "over"),
        (-50, "超 2 天", "over"),
    ],
)
def test_what_is_left_or_over(hours: float, words: str, tone: str) -> None:
    told = tell_due(NOON + timedelta(hours=hours), NOON)
    assert (told.words, told.tone) == (words, tone)


def test_working_time_is_told_in_working_days() -> None:
    told = tell_due(NOON + timedelta(days=9), NOON, left=4 * 480 + 90, day=480)
    assert told.words == "剩 4 个工作日"


def test_a_stopped_clock_says_so() -> None:
    assert tell_due(NOON - timedelta(days=1), NOON, paused=True).words == "已停表"
    assert tell_due(None, NOON, paused=True).words == "已停表"


def test_a_finished_case_is_measured_by_its_end_and_not_by_now() -> None:
    assert tell_due(NOON, NOON + timedelta(days=30), done=NOON - timedelta(hours=1)).words == "按时"
    assert tell_due(NOON, NOON + timedelta(days=30), done=NOON + timedelta(hours=7)).words == "超 7 小时"


def test_without_a_limit_there_is_a_dash() -> None:
    assert tell_due(None, NOON).words == "—"


@given(st.integers(1, 100_000))
def test_nobody_is_promised_time_that_is_not_there(minutes: int) -> None:
    number, unit = in_words(minutes).split()
    size = {"分钟": 1, "小时": 60, "天": 1440}[unit]
    assert int(number) * size <= minutes < (int(number) + 1) * size
