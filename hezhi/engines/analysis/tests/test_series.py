"""A season, a jump and a strange day that were planted are found; where nothing happens nothing is said (时间序列)."""

import numpy as np
import pytest

from hezhi.engines.analysis import series

pytestmark = pytest.mark.clause("9.1.4-2-2")
SEASON = np.array([1.3, 1.2, 1.1, 1.0, 1.0, 0.7, 0.7])


def planted(seed: int, days: int = 182, level: float = 20, jump: int = 0, to: float = 1.0) -> list[int]:
    dice = np.random.default_rng(seed)
    rate = level * np.tile(SEASON, days // 7 + 1)[:days]
    rate[jump or days :] *= to
    return [int(n) for n in dice.poisson(rate)]


def test_the_day_of_a_jump_is_found_and_without_one_none() -> None:
    for seed in range(5):
        (found,) = series.breaks(planted(seed, jump=100, to=1.9))
        assert abs(found.index - 100) <= 1 and found.after > found.before
    assert sum(bool(series.breaks(planted(seed))) for seed in range(20)) <= 2


def test_a_forecast_with_a_season_beats_the_same_as_last_week_and_its_bounds_hold() -> None:
    found = [series.forecast(planted(seed), 14) for seed in range(4)]
    assert all(each.beats_naive for each in found)
    assert 0.6 <= np.mean([each.inside for each in found]) <= 0.97
    one = found[0]
    assert len(one.middle) == 14 and all(
        low <= mid <= high for low, mid, high in zip(one.low, one.middle, one.high, strict=True)
    )


def test_a_series_that_repeats_itself_week_by_week_is_not_beaten() -> None:
    week = [30, 5, 18, 2, 44, 9, 13]
    dice = np.random.default_rng(1)
    values = [n + (1 if dice.random() < 0.01 else 0) for n in week * 20]
    assert not series.forecast(values, 7).beats_naive


def test_a_strange_day_is_found_and_ordinary_ones_are_not() -> None:
    values = planted(3)
    values[-5] = 70
    found = series.anomalies(values)
    assert [each.index for each in found] == [len(values) - 5] and found[0].expected < 40
    assert sum(len(series.anomalies(planted(seed))) for seed in range(10)) <= 3


def test_a_trend_is_told_with_its_bounds() -> None:
    dice = np.random.default_rng(5)
    rising = series.trend([int(n) for n in dice.poisson(np.linspace(10, 20, 182))])
    assert rising.sure and rising.low <= rising.a_week <= rising.high and rising.a_week > 1
    assert not series.trend(planted(2)).sure


def test_the_week_is_told_apart_from_the_trend_and_only_where_there_is_one() -> None:
    rising = [n + round(day / 20) for day, n in enumerate(planted(7))]
    found = series.season(rising)
    assert found.sure and found.days[0] > 1.3 * found.days[5]
    dice = np.random.default_rng(8)
    assert sum(series.season([int(n) for n in dice.poisson(20, 182)]).sure for _ in range(30)) <= 4


def test_of_few_nothing_is_said() -> None:
    assert not series.enough([5] * 41) and not series.enough([1] * 50) and series.enough([5] * 60)


def test_days_of_a_kind_are_told_apart_when_they_are_and_not_by_chance() -> None:
    dice = np.random.default_rng(11)
    week = np.array([12, 9, 8, 8, 9, 5, 4])
    alarms = 0
    for _ in range(200):
        wet = list(dice.random(182) < 0.1)
        found = series.beside(list(dice.poisson(np.tile(week, 26))), wet)
        alarms += found is not None and found.chance < 0.05
    assert alarms <= 200 * 0.05 * 1.5
    wet = list(dice.random(182) < 0.1)
    found = series.beside(list(dice.poisson(np.tile(week, 26) * np.where(wet, 1.8, 1))), wet)
    assert found is not None and found.chance < 0.001 and found.mean > found.usual * 1.4
    assert series.beside([9] * 182, [n in (3, 4, 5, 6, 7, 8) for n in range(182)]) is None  # one spell is one event
    unknown = [None if n % 5 == 0 else n % 13 == 0 for n in range(182)]
    assert series.beside([9] * 182, unknown).days == 11
