"""The working calendar (工作日历)."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from hezhi.engines.flow.rules.calendar import Calendar, Season, Span, hours, read_calendar, shipped_calendar

CHINA = shipped_calendar()


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_each_day_of_a_settled_year_is_as_the_state_notice_says(year):
    day = date(year, 1, 1)
    while day.year == year:
        assert CHINA.works(day) == chinese_calendar.is_workday(day), day
        assert not CHINA.is_provisional(day)
        day += timedelta(days=1)


def test_years_without_a_notice_are_provisional_and_hold_the_days_that_the_law_fixes():
    off = [date(2027, 1, 1), date(2027, 2, 5), date(2027, 2, 8), date(2027, 4, 5), date(2027, 6, 9), date(2027, 10, 1)]
    assert not any(CHINA.works(day) for day in off)
    assert all(CHINA.is_provisional(day) for day in (*off, date(2028, 5, 1)))
    assert not any(CHINA.is_make_up(day) for day in CHINA.days if day.year == 2027)


def test_a_holiday_a_weekend_and_a_make_up_day_have_names():
    assert CHINA.rest_name(date(2026, 10, 3)) == "国庆节"
    assert CHINA.rest_name(date(2026, 11, 21)) == "周末"
    assert CHINA.names[date(2026, 1, 4)] == "元旦调休上班"
    assert CHINA.is_make_up(date(2026, 1, 4))
    assert not CHINA.is_make_up(date(2026, 1, 5))
    assert Calendar(days={date(2026, 11, 23): False}).rest_name(date(2026, 11, 23)) == "休息日"


def test_an_edit_makes_a_new_calendar_and_leaves_the_old_one_as_it_was():
    day = date(2026, 11, 23)
    changed = CHINA.with_day(day, False, "防汛停工")
    assert (CHINA.works(day), changed.works(day), changed.rest_name(day)) == (True, False, "防汛停工")
    assert changed.with_day(day, None).works(day)
    assert day not in changed.with_day(day, None).names


def test_a_season_has_its_own_hours_also_across_the_new_year():
    winter = Season((12, 1), (2, 28), hours("09:00-12:00", "13:00-16:30"))
    calendar = Calendar(seasons=(winter,))
    assert calendar.spans(date(2026, 12, 31))[0] == calendar.spans(date(2027, 1, 4))[0] == Span(540, 720)
    assert str(calendar.spans(date(2027, 3, 1))[0]) == "08:30-12:00"
    assert calendar.spans(date(2027, 1, 2)) == ()
    assert calendar.working_minutes(date(2027, 1, 2)) == 390


@pytest.mark.parametrize(
    "texts", [(), ("12:00-08:30",), ("08:00-12:00", "11:00-17:00"), ("08:00-24:30",), ("09:00-09:00",)]
)
def test_hours_that_no_day_can_have_are_refused(texts):
    with pytest.raises(ValueError, match="no day can have"):
        hours(*texts)


def test_a_calendar_on_which_nobody_ever_works_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Calendar(week=(False,) * 7)


def test_a_calendar_file_is_read_with_its_make_up_days():
    calendar = read_calendar("""
        week = [true, true, true, true, true, false, false]
        hours = ["09:00-17:00"]
        [years.2030]
        settled = true
        holidays = [{ name = "春节", rest = [2030-02-02, 2030-02-08], work = [2030-02-09] }]
    """)
    assert [calendar.works(date(2030, 2, n)) for n in (1, 2, 8, 9)] == [True, False, False, True]
    assert calendar.settled == {2030}
