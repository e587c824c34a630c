"""A change of the calendar shows which open limits it moves, and moves them only when somebody says why (9.1.2-2)."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.actions.tables import load_tables
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build, case_of, order_of
from hezhi.engines.flow import calendar_change, timing
from hezhi.engines.flow.models import CalendarDay, Deadline, LimitRule, ToDo, WorkingHours, WorkOrder
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.records.acting import acting
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.registry import imports, site
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


# -- limits that an order keeps itself ---------------------------------------------------------------


def with_helper(district: District, days: int) -> Case:
    """The same case with a helper who has working days of his own."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(
        receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk,
        assist_ids=[district.units["water"].pk], assist_days=days,
    )  # fmt: skip
    return case_of(receipt)


def move(day: date = MAKE_UP_DAY, works: bool = False) -> int:
    traced()
    CalendarDay.objects.filter(date=day).update(is_working=works)
    with acting(system("测试"), verb="flow.move_limits", reason="关于取消调休的通知"):
        return calendar_change.move(system("测试"), "关于取消调休的通知")


def at(moment: datetime | None) -> str:
    return f"{time.local(moment):%m-%d %H:%M}" if moment else ""


def test_a_helpers_own_limit_is_shown_and_moves(district: District) -> None:
    case = with_helper(district, 2)
    helper = order_of(case.pk, district.units["water"])
    actions.sign(helper.pk, by=district["water.handler"])
    helper.refresh_from_db()
    assert on(helper.due_at) == "01-04", "31, and the Sunday of the fourth"
    traced()
    WorkOrder.objects.filter(pk=helper.pk).update(warned="due")
    client = keeper(district)
    url, sent = form_of_day(client, MAKE_UP_DAY)
    page = client.post(url, sent).content.decode()
    assert "2 个在办时限" in page and "协办" in page and "01-05" in page

    client.post(url, sent | {"basis": "关于取消调休的通知"})
    helper.refresh_from_db()
    todo = ToDo.objects.get(object_id=helper.pk, done_at__isnull=True)
    assert (on(helper.due_at), on(todo.due_at), helper.warned) == ("01-05", "01-05", "")
    assert on(order_of(case.pk, district.units["light"]).due_at) == "01-08", "the lead goes with the case"
    assert calendar_change.moves() == [], "and nothing is left to move"
    trace = helper.versions.order_by("-pgh_id").first()
    assert trace.pgh_context["reason"] == "关于取消调休的通知", "the history of the order says why"


def test_a_helpers_limit_never_passes_that_of_the_case(district: District) -> None:
    case = with_helper(district, 30)
    assert move() == 2
    assert {on(o.due_at) for o in WorkOrder.objects.filter(matter_id=case.pk)} == {"01-08"}


def test_what_a_helper_passed_down_goes_with_his_limit(district: District) -> None:
    case = with_helper(district, 2)
    helper, lead = order_of(case.pk, district.units["water"]), order_of(case.pk, district.units["light"])
    traced()
    below = WorkOrder.objects.create(
        matter_type=helper.matter_type, matter_id=case.pk, number="下级", parent=helper, depth=1,
        unit=district.units["house"], issued_at=time.now(), due_at=helper.due_at,
    )  # fmt: skip
    assert move() == 2, "the limit of the case and the helper's"
    below.refresh_from_db(), lead.refresh_from_db()
    assert (on(below.due_at), on(lead.due_at)) == ("01-05", "01-08")


@pytest.fixture
def sign_rule(district: District) -> None:
    """Orders are to be signed for within half a working day."""
    LimitRule.objects.create(name="签收", stage="sign", amount=240, unit="working_minutes", valid_from=date(2024, 1, 1))
    timing.forget()


@pytest.mark.usefixtures("sign_rule")
def test_the_limit_for_signing_is_shown_and_moves(district: District) -> None:
    with time.frozen_at(datetime(2025, 12, 31, 16, 30, tzinfo=SHANGHAI)):
        case = at_work(district)
        order = order_of(case.pk, district.units["light"])
        assert at(order.sign_due_at) == "01-04 11:30", "an hour on the eve of New Year, three on the Sunday"
        client = keeper(district)
        url, sent = form_of_day(client, MAKE_UP_DAY)
        page = client.post(url, sent).content.decode()
        assert "2 个在办时限" in page and "签收" in page and "01-05 11:30" in page

        client.post(url, sent | {"basis": "关于取消调休的通知"})
        order.refresh_from_db()
        todo = ToDo.objects.get(object_id=order.pk, done_at__isnull=True)
        assert (at(order.sign_due_at), at(todo.due_at)) == ("01-05 11:30", "01-05 11:30")


@pytest.mark.usefixtures("sign_rule")
def test_a_limit_for_signing_that_was_kept_stays_as_it_was(district: District) -> None:
    with time.frozen_at(datetime(2025, 12, 31, 16, 30, tzinfo=SHANGHAI)):
        case = at_work(district)
        order = order_of(case.pk, district.units["light"])
        actions.sign(order.pk, by=district["light.handler"])
        assert move() == 1, "the limit of the case alone"
        order.refresh_from_db()
        assert (at(order.sign_due_at), on(order.due_at)) == ("01-04 11:30", "01-09")


# -- changes that come by another door ---------------------------------------------------------------


def api(client: Client, verb: str, url: str, body: dict[str, Any]) -> Any:
    return getattr(client, verb)(url, body, content_type="application/json")


def test_the_machine_interface_moves_them_in_the_same_breath(district: District) -> None:
    case = at_work(district)
    client = keeper(district)
    row = CalendarDay.objects.get(date=MAKE_UP_DAY)
    told = api(client, "patch", f"/api/v1/calendar-days/{row.pk}/", {"is_working": False, "source": "取消调休通知"})
    assert told.status_code == 200, told.content.decode()
    limit = Deadline.objects.get(object_id=case.pk, stage=timing.TOTAL)
    assert on(limit.due_at) == on(case_now(case).due_at) == "01-08"
    assert limit.log[-1][2] == "取消调休通知"

    told = api(client, "post", "/api/v1/calendar-days/", {"date": "2026-01-08", "is_working": False, "name": "停工"})
    assert told.status_code == 201, told.content.decode()
    assert on(case_now(case).due_at) == "01-09"
    assert Deadline.objects.get(pk=limit.pk).log[-1][2] == "经接口修改工作日历"


def test_hours_by_the_machine_interface_move_them_too(district: District) -> None:
    case = at_work(district)
    hours = WorkingHours.objects.get()
    told = api(
        keeper(district), "patch", f"/api/v1/working-hours/{hours.pk}/", {"spans": ["08:30-12:00", "13:30-17:00"]}
    )
    assert told.status_code == 200, told.content.decode()
    assert at(case_now(case).due_at) == "01-07 17:00"


def test_a_refused_change_by_the_interface_moves_nothing(district: District) -> None:
    at_work(district)
    client = keeper(district)
    assert api(client, "post", "/api/v1/calendar-days/", {"date": "没有这天"}).status_code == 422
    assert not AuditEntry.objects.filter(event="flow.move_limits").exists()


def test_an_imported_day_moves_them_and_taken_back_moves_them_back(district: District) -> None:
    case = at_work(district)
    by = district["centre.duty_chief"]
    sheet = SimpleUploadedFile("日历.csv", "日期,上班,名称\n2026-01-04,否,取消调休\n2026-01-05,否,停工\n".encode())
    run = imports.receive(site.get("calendar-days"), sheet, by=by)
    assert (run.state, run.refused) == ("checked", 0), run.report
    assert on(case_now(case).due_at) == "01-07", "the check moves nothing"
    imports.confirm(run.pk, by=by)
    assert on(case_now(case).due_at) == "01-09"
    assert Deadline.objects.get(object_id=case.pk, stage=timing.TOTAL).log[-1][2] == "导入工作日历"
    imports.undo(run.pk, by=by, reason="通知尚未公布")
    assert on(case_now(case).due_at) == "01-07"


def test_an_order_not_signed_for_keeps_both_limits_of_the_new_calendar(district: District) -> None:
    traced()
    LimitRule.objects.create(name="签收", stage="sign", amount=3, unit="working_days", valid_from=date(2020, 1, 1))
    timing.forget()
    case = at_work(district)
    order = order_of(case.pk, district.units["light"])
    before = (on(order.sign_due_at), on(order.due_at))
    move()
    order.refresh_from_db()
    case = case_now(case)
    assert before == ("01-05", "01-07") and on(order.sign_due_at) == "01-06"
    assert on(case.due_at) == "01-08" and order.due_at == case.due_at
