"""9.1.2-2 值班与交接班: urgent cases find who is on duty, rank after rank; a shift ends only when the next has it."""

from datetime import timedelta

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.intake.testkit import District, build, case_of, order_of
from hezhi.chapters.cases.shifts import actions, jobs
from hezhi.chapters.cases.shifts.models import Call, Handover, Item, Promise
from hezhi.engines.org.models import DutyShift, Role
from hezhi.engines.org.testkit import enter, make_officer, traced
from hezhi.engines.reach.models import Outgoing
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed, NotFound, NotNow

pytestmark = pytest.mark.clause("9.1.2-2")
RIGHTS = ("shifts.view", "shifts.take_part", "reach.inbox")


@pytest.fixture
def clock():
    """A Thursday morning."""
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, clock) -> District:
    """At the centre two are on duty, ten and five minutes; at the light bureau one."""
    district = build()
    traced()
    for code in ("acceptor", "dispatcher", "duty_chief", "handler"):
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *RIGHTS}))
    centre = district.units["centre"]
    district.people["centre.next"] = make_officer(
        "centre.next", Role.objects.get(code="acceptor"), centre, "示例下一班"
    )
    on_duty(district, "centre", "centre.acceptor", 1, 10)
    on_duty(district, "centre", "centre.duty_chief", 2, 5)
    on_duty(district, "light", "light.handler", 1, 15)
    return district


def on_duty(
    district: District, unit: str, person: str, rank: int, minutes: int, start: int = -1, hours: int = 9
) -> None:
    starts = time.now() + timedelta(hours=start)
    traced()
    DutyShift.objects.create(
        unit=district.units[unit], user=district.people[person], rank=rank, answer_within=minutes, starts_at=starts,
        ends_at=starts + timedelta(hours=hours),
    )  # fmt: skip


def told(district: District, person: str) -> int:
    return Outgoing.objects.filter(event="shifts.call", user=district.people[person], channel="inbox").count()


def test_an_urgent_case_calls_who_is_on_duty_and_the_next_when_nobody_answers(district: District, clock) -> None:
    receipt = district.report("燃气泄漏，气味很大", urgency="critical")
    district.report("路灯不亮")
    assert jobs.watch() == 1 and jobs.watch() == 0, "only the urgent one, and only once"
    call = Call.objects.get()
    assert (call.called, told(district, "centre.acceptor")) == (district.people["centre.acceptor"], 1)
    assert call.answer_by == time.now() + timedelta(minutes=10)
    clock.move_to(time.now() + timedelta(minutes=9))
    assert jobs.watch() == 0
    clock.move_to(time.now() + timedelta(minutes=2))
    assert jobs.watch() == 1 and told(district, "centre.duty_chief") == 1
    clock.move_to(time.now() + timedelta(minutes=60))
    assert jobs.watch() == 0, "the last one stays called and is not told again and again"
    with pytest.raises(NotFound):
        actions.acknowledge(call.pk, by=district["light.handler"])
    desk = enter(Client(), district.people["centre.duty_chief"])
    page = desk.get("/shifts/").content.decode()
    assert receipt.number in page and "示例区社会治理中心 示例" in page
    assert desk.post(f"/shifts/calls/{call.pk}/answer/").status_code == 302
    call.refresh_from_db()
    assert call.acknowledged_by == district.people["centre.duty_chief"] and len(call.heard) == 2
    assert "值班应答" in desk.get(f"/cases/{receipt.id}/").content.decode()
    with pytest.raises(NotNow, match="应答"):
        actions.acknowledge(call.pk, by=district["centre.acceptor"])


def test_an_urgent_order_calls_the_units_own_shift_and_ends_when_it_is_signed(district: District) -> None:
    receipt = district.report("路灯杆倾倒压住道路", urgency="urgent")
    jobs.watch()
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    jobs.watch()
    handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    jobs.watch()
    calls = {call.unit_id: call for call in Call.objects.filter(case=receipt.id)}
    assert set(calls) == {district.units["centre"].pk, district.units["light"].pk}
    assert calls[district.units["centre"].pk].note == "已转为「待签收」"
    assert calls[district.units["light"].pk].called == district.people["light.handler"]
    handling.sign(order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"])
    jobs.watch()
    assert not Call.objects.filter(ended_at=None).exists()


def test_a_shift_ends_only_when_the_next_has_taken_over_by_name(district: District, clock) -> None:
    urgent = district.report("井盖缺失", urgency="urgent")
    late = district.report("积水")
    handling.accept(late.id, by=district["centre.acceptor"], category_id=district.categories["0102"].pk)
    rung = district.report("噪声")
    actions.promise(rung.id, by=district["centre.acceptor"], at=time.now() + timedelta(hours=3), note="说明处理进度")
    secret = district.report("青梧院收礼", title="玄鹤题记", secret=True, urgency="urgent", place="白榆库房")
    clock.move_to(time.now() + timedelta(days=10))
    on_duty(district, "centre", "centre.acceptor", 1, 10)
    jobs.watch()
    out = enter(Client(), district.people["centre.acceptor"])
    assert out.post("/shifts/handovers/new/", {"note": ""}).status_code == 422
    assert out.post("/shifts/handovers/new/", {"note": "两起路面险情请盯住。"}).status_code == 302
    row = Handover.objects.get()
    kinds = {(item.kind, item.case_id) for item in Item.objects.filter(handover=row)}
    assert {
        ("urgent", urgent.id), ("call", urgent.id), ("overdue", late.id), ("promise", rung.id), ("urgent", secret.id)
    } <= kinds  # fmt: skip
    page = out.get(f"/shifts/handovers/{row.pk}/").content.decode()
    assert case_of(urgent).number in page and "说明处理进度" in page
    assert not [word for word in ("玄鹤", "青梧", "白榆") if word in page]
    with pytest.raises(NotAllowed, match="不能自己接班"):
        actions.take_over(row.pk, by=district["centre.acceptor"], note="已核对")
    on_duty(district, "centre", "centre.next", 1, 10, start=1)
    with pytest.raises(NotAllowed, match="下一班"):
        actions.take_over(row.pk, by=district["centre.dispatcher"], note="已核对")
    with pytest.raises(NotNow, match="等接班"):
        actions.hand_over(by=district["centre.dispatcher"], note="无")
    clock.move_to(time.now() + timedelta(minutes=31))
    jobs.watch()
    assert Outgoing.objects.filter(event="shifts.take_over", user=district.people["centre.next"]).count() == 1
    into = enter(Client(), district.people["centre.next"])
    assert into.post(f"/shifts/handovers/{row.pk}/take/", {"note": "已逐项核对"}).status_code == 302
    row.refresh_from_db()
    assert (row.out_name, row.in_name, row.in_note) == (
        district["centre.acceptor"].name, district["centre.next"].name, "已逐项核对"
    )  # fmt: skip
    assert "已接班" in into.get(f"/shifts/handovers/{row.pk}/").content.decode()
    kept = Promise.objects.get()
    rings = f"/shifts/promises/{kept.pk}/kept/"
    assert "是否接通" in into.get(rings).content.decode()
    for given in ({}, {"reached": "yes", "said": ""}, {"reached": "no", "said": "无人接听"}):
        assert into.post(rings, given).status_code == 422
    missed = {"reached": "no", "said": "无人接听", "again": "2026-12-08T15:00"}
    assert into.post(rings, missed).status_code == 302
    kept.refresh_from_db()
    assert kept.kept_at is None and time.show(kept.at) == "2026-12-08 15:00", "who was not reached is rung again"
    assert f'href="{rings}"' in into.get("/shifts/").content.decode()
    assert into.post(rings, {"reached": "yes", "said": "已说明进度，反映人无异议"}).status_code == 302
    kept.refresh_from_db()
    assert kept.kept_by == district["centre.next"].name
    history = into.get(f"/cases/{rung.id}/").content.decode()
    for words in ("约定回电未接通", "无人接听", "改约：2026-12-08 15:00", "已按约定回电", "已说明进度，反映人无异议"):
        assert words in history
