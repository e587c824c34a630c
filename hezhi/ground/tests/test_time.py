"""The clock (时钟)."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from hezhi.ground import time as clock

MORNING = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def test_now_is_aware_and_in_utc():
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - clock.real_now()) < timedelta(seconds=5)


def test_a_frozen_clock_stands_still_until_it_is_told_to_move():
    with clock.frozen_at("2026-11-22 09:30") as stopped:
        assert clock.now() == clock.now() == MORNING
        stopped.advance(hours=2)
        assert clock.now() == MORNING + timedelta(hours=2)
        stopped.move_to(MORNING - timedelta(days=1))
        assert clock.today() == date(2026, 11, 21)
    assert clock.now() > stopped.moment or clock.now() < stopped.moment


def test_frozen_clocks_may_be_nested_and_the_outer_one_returns():
    with clock.frozen_at(MORNING):
        with clock.frozen_at(MORNING + timedelta(days=9)):
            assert clock.today() == date(2026, 12, 1)
        assert clock.now() == MORNING


def test_the_clock_runs_again_after_a_failure_inside():
    with pytest.raises(RuntimeError), clock.frozen_at(MORNING):
        raise RuntimeError
    assert clock.now() != MORNING


def test_the_machines_own_time_cannot_be_frozen():
    with clock.frozen_at(datetime(2001, 1, 1, tzinfo=UTC)):
        assert clock.real_now().year > 2020
        assert clock.real_milliseconds() > 1_600_000_000_000


def test_the_day_in_shanghai_begins_before_the_day_in_utc():
    with clock.frozen_at(datetime(2026, 11, 22, 16, 30, tzinfo=UTC)):
        assert clock.today() == date(2026, 11, 23)
        assert clock.today(UTC) == date(2026, 11, 22)


def test_local_and_back_is_the_same_moment():
    assert clock.local(MORNING).hour == 9
    assert clock.at_local(date(2026, 11, 22), time(9, 30)) == MORNING
    assert clock.at_local(date(2026, 11, 22)).tzinfo is UTC


def test_a_moment_of_another_zone_is_shown_in_shanghais_time():
    tokyo = timezone(timedelta(hours=9))
    assert clock.show(datetime(2026, 11, 22, 10, 30, tzinfo=tokyo)) == "2026-11-22 09:30"


@pytest.mark.parametrize("reading", [clock.local, clock.show, clock.FrozenClock])
def test_a_moment_without_a_zone_is_refused(reading):
    with pytest.raises(ValueError, match="without a zone"):
        reading(datetime(2026, 11, 22, 9, 30))  # noqa: DTZ001


def test_a_day_is_shown_with_its_weekday():
    assert clock.show_day(date(2026, 11, 22)) == "2026-11-22 周日"


@pytest.mark.parametrize(
    ("minutes", "day", "shown"),
    [
        (0, 1440, "0 分钟"),
        (0.4, 1440, "0 分钟"),
        (45, 1440, "45 分钟"),
        (200, 1440, "3 小时 20 分钟"),
        (-200, 1440, "3 小时 20 分钟"),
        (1500, 1440, "1 天 1 小时"),
        (450, 450, "1 天"),
        (1500, 0, "25 小时"),
    ],
)
def test_spans_are_shown_as_people_say_them(minutes, day, shown):
    assert clock.show_span(minutes, day=day) == shown


def test_monotonic_never_goes_back():
    assert clock.monotonic() <= clock.monotonic()
