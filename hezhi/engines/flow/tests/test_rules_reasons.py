"""Why this limit (为什么是这个时限)."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from hypothesis import HealthCheck, given, settings

from hezhi.engines.flow.rules.calendar import FirstDay, shipped_calendar
from hezhi.engines.flow.rules.clocks import Extension, Pause, size
from hezhi.engines.flow.rules.day_table import MINUTE
from hezhi.engines.flow.rules.limits import Limit
from hezhi.engines.flow.rules.reasons import SegmentKind, explain
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.flow.tests import worlds
from hezhi.ground.time import SHANGHAI

CHINA = shipped_calendar()
COUNTED = (SegmentKind.COUNTED, SegmentKind.EXTENSION)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def told(start: str, limit: str, calendar=CHINA, pauses=(), extensions=()) -> list[str]:
    return [str(segment) for segment in explain(at(start), Limit.read(limit), calendar, pauses, extensions)]


def test_a_limit_across_a_holiday_is_told_as_an_officer_would():
    assert told("2026-09-28 10:00", "5 个工作日") == [
        "2026-09-28 10:00 至 2026-09-28 17:30：收件当日，不计",
        "2026-09-28 17:30 至 2026-09-30 17:30：工作日，计 2 个工作日",
        "2026-09-30 17:30 至 2026-10-08 08:30：国庆节，不计",
        "2026-10-08 08:30 至 2026-10-10 17:30：工作日（含 2026-10-10 周六 国庆节调休上班），计 3 个工作日",
    ]


def test_holds_and_extensions_are_told_with_their_reasons():
    hold = Pause(at("2026-11-24 10:00"), at("2026-11-26 09:00"), "等待来电人补充材料")
    more = Extension(Limit.read("2 个工作日"), "需协调产权单位")
    assert told("2026-11-22 09:30", "5 个工作日", CHINA, [hold], [more]) == [
        "2026-11-22 09:30 至 2026-11-23 08:30：休息日收件，从下一工作日起算，不计",
        "2026-11-23 08:30 至 2026-11-24 10:00：工作日，计 1 个工作日",
        "2026-11-24 10:00 至 2026-11-26 09:00：挂起：等待来电人补充材料，不计",
        "2026-11-26 09:00 至 2026-11-27 17:30：工作日，计 2 个工作日",
        "2026-11-27 17:30 至 2026-11-30 08:30：周末，不计",
        "2026-11-30 08:30 至 2026-12-01 17:30：工作日，计 2 个工作日",
        "2026-12-01 17:30 至 2026-12-03 17:30：延期 2 个工作日：需协调产权单位，计 2 个工作日",
    ]


def test_working_hours_are_told_in_hours_and_minutes():
    assert told("2026-11-20 16:00", "10 小时（工作时间）") == [
        "2026-11-20 16:00 至 2026-11-20 17:30：工作时间，计 1 小时 30 分钟",
        "2026-11-20 17:30 至 2026-11-23 08:30：周末，不计",
        "2026-11-23 08:30 至 2026-11-24 09:30：工作时间，计 8 小时 30 分钟",
    ]


def test_calendar_days_are_told_with_the_last_day_that_moves():
    assert told("2026-11-20 16:00", "8 天") == [
        "2026-11-20 16:00 至 2026-11-20 23:59：收件当日，不计",
        "2026-11-20 23:59 至 2026-11-28 23:59：自然日，节假日照计，计 8 个自然日",
        "2026-11-28 23:59 至 2026-11-30 23:59：最后一日为休息日，顺延至下一工作日，不计",
    ]


def test_a_receipt_that_stands_for_another_day_says_which():
    moving = replace(CHINA, first_day=FirstDay(rest_day_moves=True, after_hours_moves=True))
    assert told("2026-11-21 10:00", "1 个工作日", moving)[0] == (
        "2026-11-21 10:00 至 2026-11-23 17:30：休息日收件，视为 2026-11-23 周一 收到，不计"
    )
    assert "下班后收件，视为 2026-11-24 周二 收到" in told("2026-11-23 18:00", "1 个工作日", moving)[0]


def test_a_hold_that_lasts_ends_the_story_without_a_due_moment():
    story = explain(
        at("2026-11-23 10:00"), Limit.read("5 个工作日"), CHINA, [Pause(at("2026-11-24 10:00"), None, "等待判决")]
    )
    assert str(story[-1]) == "2026-11-24 10:00 至今：挂起：等待判决，不计"
    assert story[-1].end is None


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(worlds.terms())
def test_the_pieces_join_without_a_gap_and_add_up_to_the_limit(term):
    start, limit, calendar, pauses, extensions = term
    story = explain(start, limit, calendar, pauses, extensions)
    assert story[0].start == start
    assert story[-1].end == due(start, limit, calendar, pauses, extensions)
    assert all(one.end == two.start and one.start < one.end for one, two in pairwise(story))
    for unit in {limit.unit, *(extension.limit.unit for extension in extensions)}:
        asked = sum(size(part) for part in (limit, *(e.limit for e in extensions)) if part.unit is unit)
        counted = sum(segment.counted for segment in story if segment.unit is unit)
        assert abs(counted - (asked if unit.is_day else asked / MINUTE)) < 1e-6
    assert all(segment.reason and (segment.kind in COUNTED or not segment.counted) for segment in story)
    assert all("、，" not in segment.reason and not segment.reason.startswith("，") for segment in story)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(worlds.terms(lasting=True))
def test_every_limit_can_be_told_also_on_hold(term):
    start, limit, calendar, pauses, extensions = term
    story = explain(start, limit, calendar, pauses, extensions)
    assert all(str(segment) for segment in story)
    assert (story[-1].end is None) == (due(start, limit, calendar, pauses, extensions) is None)
