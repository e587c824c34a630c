"""Orders below an order, and what a hold does to limits that are not the case's own (承办单的下级与挂起, 9.1.2-2)."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hezhi.chapters.cases.handling import actions, jobs
from hezhi.chapters.cases.handling.actions import ceiling
from hezhi.chapters.cases.intake.testkit import FROM, District, build, case_of, order_of
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import LimitRule, ToDo, WorkOrder
from hezhi.engines.org.actor import system
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.acting import acting
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-2")


def here(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=time.SHANGHAI)


@pytest.fixture
def november():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    """The small district; an order is to be signed for within two working hours."""
    district = build()
    traced()
    LimitRule.objects.create(name="签收", stage="sign", amount=120, unit="working_minutes", valid_from=FROM)
    timing.forget()
    return district


def dispatched(district: District, lead: str, *assist: str, days: int | None = None):
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(
        receipt.id, by=district["centre.dispatcher"], lead_id=district.units[lead].pk,
        assist_ids=[district.units[each].pk for each in assist], assist_days=days,
    )  # fmt: skip
    return receipt


def held(receipt, district: District, who: str = "light.handler") -> None:
    asked = actions.ask_hold(receipt.id, by=district[who], reason="等待天气")
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=True)


def open_todos(order: WorkOrder) -> list[str]:
    return list(ToDo.objects.filter(object_id=order.pk, done_at__isnull=True).values_list("step", flat=True))


def passed_down(district: District, *assist: str):
    receipt = dispatched(district, "town1")
    town = order_of(receipt.id, district.units["town1"])
    actions.pass_down(
        town.pk, by=district["town1.town_dispatcher"], lead_id=district.units["grid11"].pk,
        assist_ids=[district.units[each].pk for each in assist],
    )  # fmt: skip
    return receipt, town


def test_the_upper_unit_goes_on_when_it_released_the_last_one_below(district: District) -> None:
    receipt, town = passed_down(district)
    assert open_todos(town) == []
    actions.release(
        order_of(receipt.id, district.units["grid11"]).pk, by=district["town1.town_dispatcher"], reason="自办"
    )
    assert open_todos(town) == ["handle"]


def test_the_upper_unit_waits_while_another_is_at_work_below(district: District) -> None:
    receipt, town = passed_down(district, "com1")
    actions.release(
        order_of(receipt.id, district.units["com1"]).pk, by=district["town1.town_dispatcher"], reason="不需要"
    )
    assert open_todos(town) == []


def test_the_way_to_the_spot_stands_still_in_a_hold(district: District, november) -> None:
    receipt = dispatched(district, "town1")
    town = order_of(receipt.id, district.units["town1"])
    actions.sign(town.pk, by=district["town1.town_dispatcher"])
    water = district.units["water"]
    actions.whistle(town.pk, by=district["town1.town_dispatcher"], unit_ids=[water.pk], hours=2, request="请到场")
    november.move_to(here("2026-11-26 10:00"))
    held(receipt, district, "town1.town_dispatcher")
    november.move_to(here("2026-11-27 09:00"))
    actions.resume(receipt.id, by=district["centre.dispatcher"])
    called = order_of(receipt.id, water)
    assert called.arrival_due_at == here("2026-11-27 10:00"), "of two hours one was over"
    assert ToDo.objects.get(object_id=called.pk, done_at__isnull=True).due_at == called.arrival_due_at
    assert jobs.watch_orders() == 0
    assert not Outgoing.objects.filter(event="cases.arrival_missed").exists()
    november.move_to(here("2026-11-27 10:01"))
    assert jobs.watch_orders() == 1


def test_who_had_not_come_before_the_hold_stays_absent(district: District, november) -> None:
    receipt = dispatched(district, "town1")
    town = order_of(receipt.id, district.units["town1"])
    actions.sign(town.pk, by=district["town1.town_dispatcher"])
    water = district.units["water"]
    actions.whistle(town.pk, by=district["town1.town_dispatcher"], unit_ids=[water.pk], hours=2, request="请到场")
    november.move_to(here("2026-11-26 11:30"))
    held(receipt, district, "town1.town_dispatcher")
    november.move_to(here("2026-11-27 09:00"))
    actions.resume(receipt.id, by=district["centre.dispatcher"])
    assert order_of(receipt.id, water).arrival_due_at == here("2026-11-26 11:00")


def helped_below(district: District):
    """A helper with two days of his own has passed his order down."""
    receipt = dispatched(district, "light", "town1", days=2)
    actions.sign(order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"])
    town = order_of(receipt.id, district.units["town1"])
    actions.pass_down(town.pk, by=district["town1.town_dispatcher"], lead_id=district.units["grid11"].pk)
    grid = order_of(receipt.id, district.units["grid11"])
    assert grid.due_at == town.due_at < case_of(receipt).due_at
    return receipt


def limits(receipt, district: District) -> list[datetime | None]:
    return [order_of(receipt.id, district.units[each]).due_at for each in ("town1", "grid11")]


def test_what_a_helper_passed_down_keeps_his_limit_in_a_hold(district: District, november) -> None:
    receipt = helped_below(district)
    held(receipt, district)
    november.move_to(here("2026-11-27 09:00"))
    actions.resume(receipt.id, by=district["centre.dispatcher"])
    upper, lower = limits(receipt, district)
    assert upper == lower < case_of(receipt).due_at


def test_what_a_helper_passed_down_keeps_his_limit_in_an_extension(district: District) -> None:
    receipt = helped_below(district)
    before = limits(receipt, district)
    asked = actions.ask_extension(receipt.id, by=district["light.handler"], days=3, reason="等待配件")
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=True)
    assert limits(receipt, district) == before


def test_an_extension_reaches_the_to_dos(district: District) -> None:
    receipt = dispatched(district, "light")
    order = order_of(receipt.id, district.units["light"])
    actions.sign(order.pk, by=district["light.handler"])
    asked = actions.ask_extension(receipt.id, by=district["light.handler"], days=3, reason="等待配件")
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=True)
    order.refresh_from_db()
    assert ToDo.objects.get(object_id=order.pk, done_at__isnull=True).due_at == order.due_at


def test_to_dos_of_a_held_case_show_no_limit(district: District, november) -> None:
    receipt = dispatched(district, "light", "water")
    actions.sign(order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"])
    held(receipt, district)
    dues = {
        ToDo.objects.get(object_id=order_of(receipt.id, district.units[each]).pk, done_at__isnull=True).due_at
        for each in ("light", "water")
    }
    assert dues == {None}


def test_a_hold_over_many_orders_reads_the_calendar_no_oftener_than_one_over_few(district: District) -> None:
    counts = []
    for helpers in ((), ("water", "house", "town1")):
        receipt = dispatched(district, "light", *helpers, days=2 if helpers else None)
        actions.sign(order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"])
        held(receipt, district)
        with CaptureQueriesContext(connection) as asked:
            actions.resume(receipt.id, by=district["centre.dispatcher"])
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_moment_set_from_outside_is_kept_by_helpers_and_gives_them_no_more(district: District, monkeypatch) -> None:
    receipt = dispatched(district, "light", "water", days=2)
    own = order_of(receipt.id, district.units["water"]).due_at
    said = {}
    monkeypatch.setattr(ceiling, "latest_for", lambda case: said.get("latest"))

    def helper_with(latest: datetime | None) -> datetime | None:
        said["latest"] = timing.Latest(latest, "外部平台") if latest else None
        with acting(system("样例"), verb="cases.test"):
            ceiling.follow_ceiling(case_of(receipt))
        lead = order_of(receipt.id, district.units["light"])
        assert lead.due_at == case_of(receipt).due_at
        return order_of(receipt.id, district.units["water"]).due_at

    early = here("2026-11-27 12:00")
    assert helper_with(early) == early
    assert helper_with(None) == own
