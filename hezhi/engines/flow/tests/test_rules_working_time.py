"""Working time (办理时限): the cases that an officer would check by hand."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import pytest

from hezhi.engines.flow.rules.calendar import FirstDay, hours
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.working_time import (
    Calendar,
    Card,
    Cards,
    Extension,
    Pause,
    Term,
    card,
    due,
    left_in_words,
    moves,
    red_at,
    remaining,
    shipped_calendar,
    used,
    yellow_at,
)
from hezhi.ground.time import SHANGHAI, show

CHINA = shipped_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due_on(start: str, limit: str, calendar: Calendar = CHINA, pauses=(), extensions=()) -> str:
    return show(due(at(start), Limit.read(limit), calendar, pauses, extensions))


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-11-23 10:00", "5 个工作日", "2026-11-30 17:30"),  # 周一收到，周二为第一日
        ("2026-11-23 23:10", "5 个工作日", "2026-11-30 17:30"),  # 下班后收到，仍自次日起算
        ("2026-11-22 09:30", "5 个工作日", "2026-11-27 17:30"),  # 周日收到，周一为第一日
        ("2026-09-30 10:00", "5 个工作日", "2026-10-13 17:30"),  # 跨国庆，10 月 10 日周六上班
        ("2025-12-31 16:00", "1 个工作日", "2026-01-04 17:30"),  # 元旦后周日调休上班
        ("2026-11-23 11:50", "30 分钟（工作时间）", "2026-11-23 13:50"),  # 午休不计
        ("2026-11-20 17:00", "2 小时（工作时间）", "2026-11-23 10:00"),  # 跨周末
        ("2026-11-21 03:00", "1 小时（工作时间）", "2026-11-23 09:30"),  # 休息日收到
        ("2026-11-23 08:30", "450 分钟（工作时间）", "2026-11-23 17:30"),  # 正好一天
        ("2026-11-21 23:30", "2 小时", "2026-11-22 01:30"),  # 特急不分昼夜
        ("2026-11-21 23:59", "90 分钟", "2026-11-22 01:29"),
        ("2026-11-02 10:00", "15 天", "2026-11-17 23:59"),  # 当日不计
        ("2026-11-20 10:00", "15 天", "2026-12-07 23:59"),  # 末日周六，顺延至周一
        ("2026-09-16 10:00", "15 天", "2026-10-08 23:59"),  # 末日国庆假期，顺延至节后
    ],
)
def test_a_limit_ends_when_an_officer_would_say(start, limit, end):
    assert due_on(start, limit) == end


MONDAY, LATE, SUNDAY, AT_CLOSE = "2026-11-23 10:00", "2026-11-23 18:00", "2026-11-22 10:00", "2026-11-23 17:30"


@pytest.mark.parametrize(
    ("rule", "start", "day"),
    [
        (FirstDay(), MONDAY, 24),
        (FirstDay(), LATE, 24),
        (FirstDay(), SUNDAY, 23),
        (FirstDay(after_hours_moves=True), MONDAY, 24),
        (FirstDay(after_hours_moves=True), AT_CLOSE, 25),
        (FirstDay(after_hours_moves=True), LATE, 25),
        (FirstDay(after_hours_moves=True), SUNDAY, 24),
        (FirstDay(rest_day_moves=True), SUNDAY, 24),
        (FirstDay(receipt_day_counts=True), MONDAY, 23),
        (FirstDay(receipt_day_counts=True), LATE, 24),
        (FirstDay(receipt_day_counts=True), AT_CLOSE, 24),
        (FirstDay(receipt_day_counts=True), SUNDAY, 23),
        (FirstDay(receipt_day_counts=True, rest_day_moves=True), SUNDAY, 23),
    ],
)
def test_which_day_is_day_one_is_data(rule, start, day):
    assert due_on(start, "1 个工作日", replace(CHINA, first_day=rule)) == f"2026-11-{day} 17:30"


def test_the_receipt_day_may_count_for_calendar_days_too():
    counting = replace(CHINA, first_day=FirstDay(receipt_day_counts=True))
    assert due_on("2026-11-02 10:00", "15 天", counting) == "2026-11-16 23:59"


def test_a_last_day_of_rest_stands_where_the_custom_says_so():
    assert due_on("2026-11-20 10:00", "15 天", replace(CHINA, last_day_moves=False)) == "2026-12-05 23:59"


@pytest.mark.parametrize(
    ("begin", "end", "due_moment"),
    [
        ("2026-11-24 10:00", "2026-11-24 15:00", "2026-11-30 17:30"),  # 当日恢复，不少计
        ("2026-11-24 10:00", "2026-11-26 09:00", "2026-12-02 17:30"),  # 周二、周三下班时未计时
        ("2026-11-27 18:00", "2026-11-29 12:00", "2026-11-30 17:30"),  # 只挂起了周末
        ("2026-11-30 17:30", "2026-12-04 10:00", "2026-11-30 17:30"),  # 到期之后才挂起
        ("2026-11-20 10:00", "2026-11-25 10:00", "2026-12-01 17:30"),  # 收件前已挂起
    ],
)
def test_a_working_day_counts_when_its_close_passes_while_the_clock_runs(begin, end, due_moment):
    assert due_on("2026-11-23 10:00", "5 个工作日", CHINA, [Pause(at(begin), at(end))]) == due_moment


def test_holds_that_overlap_count_once():
    one = Pause(at("2026-11-23 10:00"), at("2026-11-23 11:00"))
    two = Pause(at("2026-11-23 10:30"), at("2026-11-23 11:30"))
    assert due_on("2026-11-23 09:00", "2 小时", CHINA, [two, one]) == "2026-11-23 12:30"


def test_a_hold_cannot_end_before_it_starts():
    with pytest.raises(ValueError, match="ends before"):
        Pause(at("2026-11-23 10:00"), at("2026-11-23 09:00"))


def test_a_hold_over_the_day_to_which_the_last_day_moves_moves_it_on():
    assert due_on("2026-11-20 10:00", "8 天") == "2026-11-30 23:59"
    late_hold = [Pause(at("2026-11-29 09:00"), at("2026-12-02 10:00"))]
    assert due_on("2026-11-20 10:00", "8 天", CHINA, late_hold) == "2026-12-02 23:59"
    lasting = [Pause(at("2026-11-29 09:00"))]
    assert due(at("2026-11-20 10:00"), Limit.read("8 天"), CHINA, lasting) is None


def test_a_limit_that_was_over_before_the_hold_stays_over():
    lasting = [Pause(at("2026-12-01 09:00"))]
    assert due_on("2026-11-23 10:00", "5 个工作日", CHINA, lasting) == "2026-11-30 17:30"


def test_an_extension_on_another_clock_follows_where_the_limit_would_have_ended():
    assert due_on("2026-11-20 16:00", "2 小时", CHINA, (), [Extension(Limit.read("1 个工作日"))]) == "2026-11-23 17:30"
    assert due_on("2026-11-23 10:00", "5 个工作日", CHINA, (), [Extension(Limit.read("3 小时"))]) == "2026-11-30 20:30"


@pytest.mark.parametrize(
    ("start", "limit", "cards", "yellow"),
    [
        ("2026-11-23 10:00", "5 个工作日", Cards(), "2026-11-27 17:30"),  # 只剩一个工作日
        ("2026-09-28 10:00", "5 个工作日", Cards(), "2026-10-09 17:30"),
        ("2026-11-20 10:00", "15 天", Cards(), "2026-12-04 17:30"),
        ("2026-11-23 10:00", "2 小时", Cards(), "2026-11-23 11:36"),  # 时限不足一个工作日，用去八成
        ("2026-11-23 18:00", "1 个工作日", Cards(), "2026-11-24 16:00"),
        ("2026-11-23 10:00", "100 分钟", Cards(share=Fraction(1, 2)), "2026-11-23 10:50"),
        ("2026-11-23 08:30", "10 小时（工作时间）", Cards(before=None), "2026-11-24 09:00"),
        ("2026-11-20 10:00", "15 天", Cards(before=Limit.read("3 天")), "2026-12-04 23:59"),
        ("2026-11-23 10:00", "5 个工作日", Cards(before=Limit.read("2 小时（工作时间）")), "2026-11-30 15:30"),
    ],
)
def test_the_yellow_card_falls_one_working_day_before_or_at_a_share(start, limit, cards, yellow):
    assert show(yellow_at(at(start), Limit.read(limit), CHINA, cards=cards)) == yellow


def test_a_share_of_nothing_or_of_more_than_all_is_refused():
    for share in (Fraction(0), Fraction(5, 4)):
        with pytest.raises(ValueError, match="share"):
            Cards(share=share)


def test_the_red_card_falls_at_once_or_on_the_next_working_day():
    start, limit = at("2026-11-13 10:00"), Limit.read("5 个工作日")
    assert show(red_at(start, limit, CHINA)) == "2026-11-20 17:30"
    assert show(red_at(start, limit, CHINA, cards=Cards(red_next_working_day=True))) == "2026-11-23 08:30"


def test_the_card_of_a_moment():
    yellow, red = at("2026-11-27 17:30"), at("2026-11-30 17:30")
    assert card(at("2026-11-27 17:29"), yellow, red) is Card.GREEN
    assert card(yellow, yellow, red) is Card.YELLOW
    assert card(red, yellow, red) is Card.YELLOW
    assert card(at("2026-11-30 17:31"), yellow, red) is Card.RED
    assert card(red, None, None) is Card.GREEN


def test_used_and_left_are_told_in_working_days():
    start, limit, moment = at("2026-11-23 10:00"), Limit.read("5 个工作日"), at("2026-11-26 15:00")
    assert used(start, moment, limit.unit, CHINA) == 2
    left = remaining(start, limit, CHINA, moment)
    assert left == 150 + 2 * 450
    assert left_in_words(left, limit.unit, CHINA) == "还剩 2 个工作日 2 小时 30 分钟"


def test_what_is_late_is_told_as_late():
    start, limit = at("2026-11-20 10:00"), Limit.read("1 个工作日")
    late = remaining(start, limit, CHINA, at("2026-11-24 10:00"))
    assert late == -90
    assert left_in_words(late, limit.unit, CHINA) == "已超期 1 小时 30 分钟"
    assert left_in_words(1500, Limit.read("2 天").unit, CHINA) == "还剩 1 天 1 小时"


def test_nothing_is_used_before_day_one():
    unit = Limit.read("5 个工作日").unit
    assert used(at("2026-11-23 10:00"), at("2026-11-23 23:00"), unit, CHINA) == 0
    assert used(at("2026-11-23 10:00"), at("2026-11-20 10:00"), unit, CHINA) == 0


def test_a_new_holiday_is_previewed_with_the_limits_that_it_moves():
    terms = {
        "SJ1": Term(at("2026-12-28 10:00"), Limit.read("5 个工作日")),
        "SJ2": Term(at("2026-11-23 10:00"), Limit.read("5 个工作日")),
    }
    later = CHINA.with_day(datetime(2027, 1, 4).date(), False, "元旦")  # noqa: DTZ001
    (move,) = moves(terms, CHINA, later)
    assert (move.key, show(move.was), show(move.now)) == ("SJ1", "2027-01-05 17:30", "2027-01-06 17:30")


def test_office_hours_to_the_end_of_the_day_end_on_that_day():
    night = replace(CHINA, hours=hours("00:00-24:00"))
    assert due_on("2026-11-20 10:00", "24 小时（工作时间）", night) == "2026-11-23 10:00"
    assert due_on("2026-11-20 10:00", "14 小时（工作时间）", night) == "2026-11-21 00:00"


def test_seconds_are_kept():
    start = at("2026-11-23 09:30:17")
    assert due(start, Limit.read("2 小时"), CHINA) == at("2026-11-23 11:30:17")
    assert due(start, Limit.read("2 小时（工作时间）"), CHINA) == at("2026-11-23 11:30:17")


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        due(datetime(2026, 11, 23, 9, 30), Limit.read("2 小时"), CHINA)  # noqa: DTZ001
