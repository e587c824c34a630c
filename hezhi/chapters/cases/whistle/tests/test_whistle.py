"""9.1.2-2 吹哨报到: who may whistle for whom is data, and the caller rates the called, once."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.intake.testkit import District, build, order_of
from hezhi.chapters.cases.whistle import actions, rules
from hezhi.chapters.cases.whistle.models import Rating, Rule
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

pytestmark = pytest.mark.clause("9.1.2-2")
IDS, KINDS = [UUID(int=n) for n in range(3)], ["town", "department"]
BODIES = st.builds(rules.Body, st.sampled_from(IDS), st.sampled_from(KINDS))
RULES = st.builds(
    rules.May, st.sampled_from(KINDS), st.sampled_from(KINDS), st.none() | st.sampled_from(IDS),
    st.none() | st.sampled_from(IDS), st.sampled_from(["", "01", "01/0101"]),
)  # fmt: skip


@given(
    st.lists(RULES, max_size=4),
    RULES,
    BODIES,
    st.lists(BODIES, max_size=4),
    st.sampled_from(["01/0101", "01/0102", "02"]),
)
def test_one_more_rule_never_refuses_more(known, more, caller, called, path) -> None:
    before, after = (set(rules.refused(each, caller, called, path)) for each in (known, [*known, more]))
    assert after <= before and set(rules.refused([], caller, called, path)) == {body.id for body in called}


@pytest.fixture
def clock():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, clock) -> District:
    district = build()
    traced()
    role = Role.objects.get(code="town_dispatcher")
    Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, "whistle.rate", "whistle.view"}))
    assert actions.load_tables(by=system("测试"))["吹哨规则"] == 6
    return district


def at_town(district: District):
    """A case whose town is at work."""
    receipt = district.report("道路积水，需要多部门到场")
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0102"].pk)
    handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["town1"].pk)
    order = order_of(receipt.id, district.units["town1"])
    handling.sign(order.pk, by=district["town1.town_dispatcher"])
    return receipt, order


def test_a_whistle_beyond_the_rules_is_refused_and_the_caller_rates_who_came(district: District, clock) -> None:
    receipt, order = at_town(district)
    town = district["town1.town_dispatcher"]
    with pytest.raises(BadInput, match="不能吹哨请东2街道办事处"):
        handling.whistle(order.pk, by=town, unit_ids=[district.units["town2"].pk], hours=2, request="请到场")
    called = [district.units["water"].pk, district.units["light"].pk]
    handling.whistle(order.pk, by=town, unit_ids=called, hours=2, request="请到现场会商")
    water, light = (order_of(receipt.id, district.units[name]) for name in ("water", "light"))
    with pytest.raises(NotNow, match="还没有到场"):
        actions.rate(water.pk, by=town, stars=5)
    handling.arrive(water.pk, by=district["water.handler"])
    with pytest.raises(NotAllowed):
        actions.rate(water.pk, by=_with(district["water.handler"]), stars=5)
    desk = enter(Client(), district.people["town1.town_dispatcher"])
    page = desk.get(f"/cases/{receipt.id}/").content.decode()
    assert "按时到场" in page and "等待到场" in page and f"/whistle/orders/{water.pk}/rate/" in page
    silent = desk.post(f"/whistle/orders/{water.pk}/rate/", {"stars": 2})
    assert silent.status_code == 422 and "请写明原因" in silent.content.decode()
    assert desk.post(f"/whistle/orders/{water.pk}/rate/", {"stars": 5, "solved": "yes"}).status_code == 302
    with pytest.raises(NotNow, match="评价过"):
        actions.rate(water.pk, by=town, stars=4)
    clock.move_to(time.now() + timedelta(hours=3))
    late = actions.rate(light.pk, by=town, stars=1, text="超时未到")
    assert (late.in_time, Rating.objects.get(order=water).in_time) == (False, True)
    board = enter(Client(), district.people["town1.town_dispatcher"]).get("/whistle/board/").content.decode()
    assert "示例区水务局" in board and "5.0" in board
    traced()
    Rule.objects.all().delete()
    handling.whistle(order.pk, by=town, unit_ids=[district.units["town2"].pk], hours=2, request="没有规则时不限")


def _with(actor):
    from dataclasses import replace

    return replace(actor, permissions=actor.permissions | {"whistle.rate"})


def test_a_called_unit_is_told_how_it_declines_instead_of_disputing(district: District) -> None:
    receipt, order = at_town(district)
    town, called = district["town1.town_dispatcher"], district.units["light"]
    handling.whistle(order.pk, by=town, unit_ids=[called.pk], hours=2, request="请到现场会商")
    with pytest.raises(NotNow) as told:
        handling.ask_dispute(order_of(receipt.id, called).pk, by=district["light.handler"], reason="职责清单第三条")
    assert told.value.code == "cases.dispute_called" and "吹哨单位" in told.value.remedy
