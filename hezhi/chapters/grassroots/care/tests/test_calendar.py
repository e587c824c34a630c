"""Moments in working days follow the calendar here as everywhere (日历变更)."""

from datetime import date

import pytest

from hezhi.chapters.grassroots.care import actions, rules
from hezhi.chapters.grassroots.care.models import Glass, RightsRequest
from hezhi.engines.flow import calendar_change
from hezhi.engines.flow.models import CalendarDay
from hezhi.engines.flow.rules.calendar import shipped_calendar
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.flow.timing import timetable
from hezhi.engines.org.api import system
from hezhi.engines.org.testkit import traced
from hezhi.engines.records.acting import acting
from hezhi.ground import time

pytestmark = [pytest.mark.django_db, pytest.mark.clause("9.1.2-2")]


@pytest.fixture
def free_day(november) -> date:
    """A usual Monday that another calendar makes a day of rest."""
    traced()
    CalendarDay.objects.bulk_create([
        CalendarDay(date=day, is_working=works) for day, works in shipped_calendar().days.items()
    ])  # fmt: skip
    return date(2026, 11, 30)


def take_off(day: date) -> None:
    traced()
    CalendarDay.objects.create(date=day, is_working=False, name="停工")


def move() -> int:
    with acting(system("测试"), verb="flow.move_limits", reason="停工通知"):
        return calendar_change.move(system("测试"), "停工通知")


def on(moment) -> str:
    return time.local(moment).date().isoformat()


def request(office) -> RightsRequest:
    return actions.take_request(by=office["protector"], kind="see", person_name="池向晚", text="想看登记了什么")


def test_the_answer_to_a_request_is_shown_and_moves(free_day, office) -> None:
    row, answered = request(office), request(office)
    actions.answer_request(answered.pk, by=office["protector"], state="granted", text="已提供复制件")
    assert on(row.due_at) == "2026-12-17"
    take_off(free_day)
    (shown,) = calendar_change.moves()
    assert (shown.stage, on(shown.new)) == ("个人信息请求答复", "2026-12-18")
    assert move() == 1
    row.refresh_from_db(), answered.refresh_from_db()
    assert (on(row.due_at), on(answered.due_at)) == ("2026-12-18", "2026-12-17"), "what is answered stays as it was"
    assert calendar_change.moves() == []


def test_the_review_of_an_urgent_look_is_shown_and_moves(free_day, office) -> None:
    file = office.file()
    moment = time.now()
    until = due(moment, Limit(rules.GLASS_REVIEW_DAYS, Unit.WORKING_DAYS), timetable().calendar)
    traced()
    glass, reviewed = (
        Glass.objects.create(
            file=file, by=office.people["worker"], reason="life", sentence="样例", opened_at=moment, until=moment,
            review_due=until, reviewed_at=done,
        )
        for done in (None, moment)
    )  # fmt: skip
    take_off(free_day)
    (shown,) = calendar_change.moves()
    assert (shown.stage, on(shown.new)) == ("紧急查阅复核", "2026-12-02")
    assert move() == 1
    glass.refresh_from_db(), reviewed.refresh_from_db()
    assert (on(glass.review_due), on(reviewed.review_due)) == ("2026-12-02", "2026-12-01")
