"""A change of the calendar shows which open limits it moves, and moves them only when somebody says why (9.1.2-2)."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.actions.tables import load_tables
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build, case_of, order_of
from hezhi.engines.flow import calendar_change, timing
from hezhi.engines.flow.models import CalendarDay, Deadline, ToDo
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.time import SHANGHAI

pytestmark = pytest.mark.clause("9.1.2-2")

MAKE_UP_DAY = date(2026, 1, 4)  # a Sunday that is worked for the New Year holiday


@pytest.fixture
def district(db: None) -> Iterator[District]:
    """Two days before New Year, with the state's calendar in the table and a keeper of it."""
    with time.frozen_at(datetime(2025, 12, 30, 10, 0, tzinfo=SHANGHAI)):
        district = build()
        load_tables(by=system("测试"))
        traced()
        chief = Role.objects.get(code="duty_chief")
        Role.objects.filter(pk=chief.pk).update(permissions=[*chief.permissions, "calendars.edit"])
        timing.forget()
        yield district


def keeper(district: District) -> Client:
    return enter(Client(), district.people["centre.duty_chief"])


def at_work(district: District) -> Case:
    """A case of five working days, dispatched on the day of its receipt."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    return case_of(receipt)


def on(moment: datetime | None) -> str:
    return f"{time.local(moment):%m-%d}" if moment else ""


def form_of_day(client: Client, day: date) -> tuple[str, dict[str, Any]]:
    """The address and the fields of the make-up day's form, changed into a day off."""
    row = CalendarDay.objects.get(date=day)
    url = f"/r/calendar-days/{row.pk}/edit/"
    page = client.get(url).content.decode()
    version = re.search(r'name="row_version" value="([^"]*)"', page)
    assert version is not None
    return url, {
        "date": day.isoformat(),
        "is_working": "false",
        "name": "取消调休",
        "source": "",
        "row_version": version[1],
    }


def test_taking_back_the_make_up_day_shows_what_moves_then_moves_it(district: District) -> None:
    case = at_work(district)
    assert on(case.due_at) == "01-07", "31, 4, 5, 6, 7: the Sunday of the fourth is worked"
    client = keeper(district)
    url, sent = form_of_day(client, MAKE_UP_DAY)

    preview = client.post(url, sent)
    page = preview.content.decode()
    assert preview.status_code == 200 and case.number in page and "1 个在办时限" in page
    assert "01-07" in page and "01-08" in page
    assert CalendarDay.objects.get(date=MAKE_UP_DAY).is_working, "nothing is saved before it is confirmed"
    assert on(case_now(case).due_at) == "01-07"

    assert client.post(url, sent | {"basis": ""}).status_code == 422
    done = client.post(url, sent | {"basis": "关于取消调休的通知"})
    assert done.status_code == 302, done.content.decode()
    case = case_now(case)
    assert not CalendarDay.objects.get(date=MAKE_UP_DAY).is_working
    assert on(case.due_at) == "01-08" and on(case.yellow_at) == "01-07"


def case_now(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_orders_to_dos_and_the_limits_own_log_follow(district: District) -> None:
    case = at_work(district)
    client = keeper(district)
    url, sent = form_of_day(client, MAKE_UP_DAY)
    client.post(url, sent | {"basis": "关于取消调休的通知"})
    limit = Deadline.objects.get(object_id=case.pk, stage=timing.TOTAL)
    order = order_of(case.pk, district.units["light"])
    todo = ToDo.objects.get(object_id=order.pk, done_at__isnull=True)
    assert {on(limit.due_at), on(order.due_at), on(todo.due_at)} == {"01-08"}
    (line,) = limit.log
    assert line[2] == "关于取消调休的通知" and line[1] == district["centre.duty_chief"].name
    assert on(datetime.fromisoformat(line[3])) == "01-07"
    assert timing.why(limit)[-1].end == limit.due_at, "«为什么是这个时限» tells the same"
    entry = AuditEntry.objects.get(event="flow.move_limits")
    assert (entry.reason, entry.detail["moved"]) == ("关于取消调休的通知", 1)


def test_a_day_that_moves_nothing_is_saved_at_once(district: District) -> None:
    at_work(district)
    client = keeper(district)
    page = client.get("/r/calendar-days/new/").content.decode()
    token = re.search(r'name="form_token" value="([^"]*)"', page)
    assert token is not None
    sent = {"date": "2026-08-15", "is_working": "true", "name": "调休上班", "form_token": token[1]}
    assert client.post("/r/calendar-days/new/", sent).status_code == 302
    assert CalendarDay.objects.filter(date=date(2026, 8, 15)).exists()


def test_finished_paused_and_fixed_limits_stay(district: District) -> None:
    held, done = at_work(district), at_work(district)
    actions.sign(order_of(held.pk, district.units["light"]).pk, by=district["light.handler"])
    approval = actions.ask_hold(held.pk, by=district["light.handler"], reason="等待配件")
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    timing_of = {d.pk: d.due_at for d in Deadline.objects.filter(object_id=done.pk).exclude(state="running")}
    traced()
    CalendarDay.objects.filter(date=MAKE_UP_DAY).update(is_working=False)
    with acting(system("测试"), verb="flow.move_limits", reason="测试"):
        assert calendar_change.move(system("测试"), "测试") == 1
    assert case_now(held).due_at is None
    assert {d.pk: d.due_at for d in Deadline.objects.filter(pk__in=timing_of)} == timing_of


def test_a_red_card_is_taken_back_when_the_moment_lies_ahead_again(district: District) -> None:
    case = at_work(district)
    Deadline.objects.filter(object_id=case.pk, stage=timing.TOTAL).update(warned="red")
    traced()
    CalendarDay.objects.filter(date=MAKE_UP_DAY).update(is_working=False)
    with acting(system("测试"), verb="flow.move_limits", reason="测试"):
        calendar_change.move(system("测试"), "测试")
    assert Deadline.objects.get(object_id=case.pk, stage=timing.TOTAL).warned == ""
