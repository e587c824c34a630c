"""What is hot and what lies within chance (热度、激增、显著性)."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.awareness.early_warning import rules
from hezhi.chapters.awareness.early_warning.rules import Condition, Facts, Report

pytestmark = pytest.mark.clause("9.1.4-1")
NOW = datetime(2026, 11, 26, 1, tzinfo=UTC)
reports = st.lists(
    st.builds(Report, st.integers(0, 40 * 24).map(lambda h: NOW - timedelta(hours=h)), st.integers(0, 9)), max_size=40
)


@given(reports)
def test_heat_counts_people_and_never_calls(told: list[Report]) -> None:
    people = {report.reporter for report in told}
    value = rules.heat(told, NOW)
    assert 0 <= value <= len(people)
    assert rules.heat([*told, *told], NOW) == value  # who calls twice is counted once
    assert rules.heat(told, NOW + rules.HALF_LIFE) == pytest.approx(value / 2)


@given(st.integers(1, 60), st.integers(0, 300), st.integers(1, 14))
def test_more_people_are_never_more_likely_by_chance(seen: int, usual: int, days: int) -> None:
    one, more = rules.burst(seen, usual, days), rules.burst(seen + 1, usual, days)
    busier = rules.burst(seen, usual + 5, days)
    assert more.chance <= one.chance <= busier.chance <= 1
    assert more.ratio > one.ratio >= busier.ratio


def test_where_nothing_happens_at_most_one_round_in_twenty_sees_something() -> None:
    """Two hundred places whose rate never changes, watched on three hundred days: no more false alarms than promised."""
    dice = random.Random(7)
    alarms = 0
    for _ in range(300):
        chances = []
        for _ in range(200):
            rate = dice.choice((0.2, 1, 4))
            usual, seen = _poisson(dice, rate * 28), _poisson(dice, rate * 3)
            chances.append(rules.burst(seen, usual, 3).chance)
        alarms += any(rules.significant(chances))
    assert alarms <= 300 * rules.ALPHA * 1.3


def _poisson(dice: random.Random, mean: float) -> int:
    n, time = 0, dice.expovariate(1)
    while time < mean:
        n, time = n + 1, time + dice.expovariate(1)
    return n


def test_a_planted_burst_among_quiet_places_is_found() -> None:
    quiet = [rules.burst(1, 10, 3).chance for _ in range(100)]
    assert rules.significant([*quiet, rules.burst(9, 8, 3).chance])[-1]


@given(st.integers(1, 4))
def test_within_chance_nothing_is_red_or_orange(level: int) -> None:
    assert rules.level_shown(level, False) >= 3
    assert rules.level_shown(level, True) == level


def test_every_given_condition_must_hold_and_each_says_why() -> None:
    told = tuple(Report(NOW - timedelta(hours=n), n) for n in range(6))
    facts = Facts(
        told, rules.burst(6, 2, 3), True, rules.heat(told, NOW), frozenset({"02/0201"}), frozenset({"a"}), ("管网停水",)
    )
    assert rules.fires(Condition(1, reporters=5, category="02", words=("停水",)), facts, NOW) == [
        "3 天内 6 人反映（条件 5 人）", "超出偶然波动", "属于所设类别", "提到「停水」",
    ]  # fmt: skip
    for wrong in (
        {"category": "0"},
        {"area": "b"},
        {"words": ("停电",)},
        {"urgent": True},
        {"reporters": 7},
        {"unresolved_hours": 1},
    ):
        assert rules.fires(Condition(**{"level": 1, "reporters": 5} | wrong), facts, NOW) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["19900001234", "王先生", "示例受理员"])
def test_a_word_that_means_a_person_is_noticed(word: str) -> None:
    assert rules.person_in(["停水", word], {"19900001234": True}, ["示例受理员"]) == word
    assert rules.person_in(["停水", "高空坠物"], {}, ["示例受理员"]) == ""


def test_precision_counts_a_late_warning_as_right_and_false_alarms_by_the_week() -> None:
    found = rules.quality([rules.Judged(v, n) for v, n in (("hit", 4), ("late", 9), ("miss", 5), ("", 7))], 14)
    assert (found.raised, found.judged, found.members) == (4, 3, 6.0)
    assert found.precision == pytest.approx(2 / 3) and found.false_a_week == pytest.approx(0.5)
    assert rules.quality([], 90).precision is None
