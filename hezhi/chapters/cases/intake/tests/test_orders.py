"""Limits and hands of work orders (承办单的时限和经办, 9.1.2-2): helpers, signing, taking over, asking for help, waiting parts."""

from datetime import datetime

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions, jobs
from hezhi.chapters.cases.handling.models import Step
from hezhi.chapters.cases.intake.testkit import FROM, District, build, case_of, order_of
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Approval, LimitRule, ToDo
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, make_officer, traced
from hezhi.engines.reach.delivery import deliver_inbox
from hezhi.engines.reach.models import InboxMessage, Outgoing
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow

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


def accepted(district: District):  # type: ignore[no-untyped-def]
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return receipt


def told(event: str) -> set[str]:
    return {str(row.unit) for row in Outgoing.objects.filter(event=event, channel="inbox")}


def test_helpers_have_a_limit_of_their_own_that_outlives_an_extension_and_a_hold(district: District, november) -> None:
    receipt = accepted(district)
    light, water = district.units["light"], district.units["water"]
    desk = enter(Client(), district.people["centre.dispatcher"])
    form = {"lead": str(light.pk), "assist": [str(water.pk)], "assist_days": "2", "request": "", "revision": "1"}
    assert desk.post(f"/cases/{receipt.id}/do/dispatch/", form).status_code == 302
    lead, helper = order_of(receipt.id, light), order_of(receipt.id, water)
    case = case_of(receipt)
    assert lead.due_at == case.due_at and (lead.own_days, helper.own_days) == (None, 2)
    assert time.local(helper.due_at).date().isoformat() == "2026-11-30", "two working days over a week-end"
    assert "协办时限" in desk.get(f"/cases/{receipt.id}/").content.decode()
    actions.sign(helper.pk, by=district["water.handler"])
    asked = actions.ask_extension(receipt.id, by=district["light.handler"], days=3, reason="等待配件")
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=True)
    before, helper_before = case_of(receipt).due_at, order_of(receipt.id, water).due_at
    assert order_of(receipt.id, light).due_at == before > lead.due_at and helper_before == helper.due_at
    held = actions.ask_hold(receipt.id, by=district["light.handler"], reason="等待天气")
    actions.decide(held.pk, by=district["centre.duty_chief"], grant=True)
    november.move_to(here("2026-11-30 09:00"))
    actions.resume(receipt.id, by=district["centre.dispatcher"])
    assert time.local(order_of(receipt.id, water).due_at).date().isoformat() == "2026-12-01", "one day stood still"
    november.move_to(here("2026-12-02 09:00"))
    assert (jobs.watch_orders(), jobs.watch_orders()) == (2, 0), "the leading unit has not signed, the helper is late"
    assert {"示例区水务局", "示例区社会治理中心"} <= told("cases.help_late")


def test_an_order_must_be_signed_for_in_time_and_both_sides_hear_when_it_is_not(district: District, november) -> None:
    receipt, other = accepted(district), accepted(district)
    for each in (receipt, other):
        actions.dispatch(each.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(receipt.id, district.units["light"])
    assert order.sign_due_at == here("2026-11-26 11:00")
    assert ToDo.objects.get(object_id=order.pk, done_at__isnull=True).due_at == order.sign_due_at
    actions.sign(order_of(other.id, district.units["light"]).pk, by=district["light.handler"])
    november.move_to(here("2026-11-26 10:59"))
    assert jobs.watch_orders() == 0
    november.move_to(here("2026-11-26 11:01"))
    assert (jobs.watch_orders(), jobs.watch_orders()) == (1, 0)
    assert told("cases.sign_late") == {"示例区城市管理局", "示例区社会治理中心"}


def test_the_time_for_signing_stands_still_in_a_hold(district: District, november) -> None:
    receipt = accepted(district)
    light, water = district.units["light"], district.units["water"]
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=light.pk, assist_ids=[water.pk])
    actions.sign(order_of(receipt.id, light).pk, by=district["light.handler"])
    november.move_to(here("2026-11-26 10:00"))
    held = actions.ask_hold(receipt.id, by=district["light.handler"], reason="等待天气")
    actions.decide(held.pk, by=district["centre.duty_chief"], grant=True)
    november.move_to(here("2026-11-27 09:00"))
    assert jobs.watch_orders() == 0
    actions.resume(receipt.id, by=district["centre.dispatcher"])
    helper = order_of(receipt.id, water)
    assert helper.sign_due_at == here("2026-11-27 10:00"), "of two working hours one was over"
    assert ToDo.objects.get(object_id=helper.pk, done_at__isnull=True).due_at == helper.sign_due_at
    november.move_to(here("2026-11-27 10:01"))
    assert jobs.watch_orders() == 1


def test_a_town_hears_when_whom_it_passed_an_order_to_has_not_signed(district: District, november) -> None:
    receipt = accepted(district)
    town, grid = district.units["town1"], district.units["grid11"]
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=town.pk)
    actions.sign(order_of(receipt.id, town).pk, by=district["town1.town_dispatcher"])
    actions.pass_down(
        order_of(receipt.id, town).pk, by=district["town1.town_dispatcher"], lead_id=grid.pk, request="请现场核实"
    )
    november.move_to(here("2026-11-26 14:31"))
    assert jobs.watch_orders() == 1
    assert told("cases.sign_late") == {grid.name, town.name}


def test_a_colleague_takes_an_order_over_and_the_first_one_hears_it(district: District) -> None:
    receipt = accepted(district)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(receipt.id, district.units["light"])
    colleague = make_officer("light.second", Role.objects.get(code="handler"), district.units["light"], "示例接手人")
    actions.sign(order.pk, by=district["light.handler"])
    with pytest.raises(NotNow, match="已由您经办"):
        actions.take_over(order.pk, by=district["light.handler"])
    phone = enter(Client(), colleague)
    assert "接手" in phone.get(f"/m/orders/{order.pk}/").content.decode()
    assert phone.post(f"/m/orders/{order.pk}/take_over/").status_code == 302
    order.refresh_from_db()
    assert order.holder == colleague
    step = Step.objects.get(case=receipt.id, verb="take_over")
    assert step.fields["现经办人"] == "示例接手人" and step.fields["原经办人"]
    deliver_inbox()
    assert InboxMessage.objects.filter(user=district.people["light.handler"], title__contains="已由同事接手").exists()


def test_a_handler_asks_for_help_from_his_phone_and_the_desk_adds_the_units(district: District) -> None:
    receipt = accepted(district)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order, water = order_of(receipt.id, district.units["light"]), district.units["water"]
    phone = enter(Client(), district.people["light.handler"])
    page = phone.get("/m/").content.decode()
    assert "签收" in page and order.number in page
    assert phone.post(f"/m/orders/{order.pk}/sign/").status_code == 302
    refused = phone.post(f"/m/orders/{order.pk}/ask_help/", {"assist": [str(water.pk)], "reason": ""})
    assert refused.status_code == 422 and "请填写理由" in refused.content.decode()
    sent = {"assist": [str(water.pk)], "reason": "需要停水配合"}
    assert phone.post(f"/m/orders/{order.pk}/ask_help/", sent).status_code == 302
    asked = Approval.objects.get(kind="help")
    assert asked.unit == district.units["centre"] and asked.proposal["names"] == "示例区水务局"
    actions.decide(asked.pk, by=district["centre.dispatcher"], grant=True, opinion="同意")
    helper = order_of(receipt.id, water)
    assert (helper.part, helper.request, helper.state) == ("assist", "需要停水配合", "to_sign")
    assert water.pk in case_of(receipt).units
    with pytest.raises(BadInput, match="不必重复申请"):
        actions.ask_help(order.pk, by=district["light.handler"], unit_ids=[water.pk], reason="再来")


def test_a_reviewer_signs_off_on_the_phone_with_one_tap_and_nobody_his_own(district: District) -> None:
    receipt = accepted(district)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(receipt.id, district.units["light"])
    actions.sign(order.pk, by=district["light.handler"])
    actions.reply(
        order.pk, by=district["light.handler"], text="已更换灯具，电话13812345678联系过。", public_reply="已修好",
        finding="true", contacted=True, solved=True,
    )  # fmt: skip
    thumb = enter(Client(), district.people["light.reviewer"])
    assert order.number in thumb.get("/m/").content.decode()
    page = thumb.get(f"/m/orders/{order.pk}/").content.decode()
    assert "已更换灯具" in page and "13812345678" not in page
    assert f'action="/m/orders/{order.pk}/review/"' in page, "one tap, no form"
    own = enter(Client(), district.people["light.handler"]).get(f"/m/orders/{order.pk}/").content.decode()
    assert "/review/" not in own
    assert thumb.post(f"/m/orders/{order.pk}/review/").status_code == 302
    assert case_of(receipt).state == "to_call_back"


def test_a_case_waits_for_the_parts_split_from_it_when_the_desk_says_so(district: District) -> None:
    receipt = accepted(district)
    parts = actions.split(receipt.id, by=district["centre.dispatcher"], parts=["井盖松动", "绿化缺株"], waits=True)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(receipt.id, district.units["light"])
    actions.sign(order.pk, by=district["light.handler"])
    actions.reply(
        order.pk, by=district["light.handler"], text="已修", public_reply="已修好", finding="true", contacted=True,
        solved=True,
    )  # fmt: skip
    with pytest.raises(NotNow, match=parts[0].number):
        actions.review(order.pk, by=district["light.reviewer"])
    for n, part in enumerate(parts):
        assert told("cases.parts_done") == set(), n
        actions.answer_directly(part.pk, by=district["centre.acceptor"], reply="已处理")
        actions.close(part.pk, by=district["centre.dispatcher"], reason="已答复")
    assert told("cases.parts_done") == {"示例区城市管理局"}
    actions.review(order.pk, by=district["light.reviewer"])
    assert case_of(receipt).state == "to_call_back"
    free = accepted(district)
    actions.split(free.id, by=district["centre.dispatcher"], parts=["路面破损"])
    assert actions.answer_directly(free.id, by=district["centre.acceptor"], reply="已答复").state == "to_call_back"


@pytest.mark.clause("9.1.2-3")
def test_whoever_urged_sees_who_has_read_it(district: District) -> None:
    receipt = accepted(district)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    desk = enter(Client(), district.people["centre.dispatcher"])
    assert "催办回执" not in desk.get(f"/cases/{receipt.id}/").content.decode()
    actions.urge(receipt.id, by=district["centre.dispatcher"], text="请尽快")
    deliver_inbox()
    assert "催办回执" in desk.get(f"/cases/{receipt.id}/").content.decode()
    page = desk.get(f"/cases/{receipt.id}/receipts/").content.decode()
    assert "示例区城市管理局" in page and "已查阅 0 人，未查阅 1 人" in page
    InboxMessage.objects.filter(user=district.people["light.handler"]).update(read_at=time.now())
    assert "已查阅 1 人，未查阅 0 人" in desk.get(f"/cases/{receipt.id}/receipts/").content.decode()
    stranger = enter(Client(), district.people["house.handler"])
    assert stranger.get(f"/cases/{receipt.id}/receipts/").status_code == 404


def test_a_transfer_carries_on_what_was_asked_and_keeps_its_reason_apart(district: District) -> None:
    """The form brings the requirement along, to be changed; whoever leads already is not proposed once more."""
    receipt, by = accepted(district), district["centre.dispatcher"]
    light, house, town = (district.units[code] for code in ("light", "house", "town1"))
    actions.dispatch(receipt.id, by=by, lead_id=light.pk, request="三日内修复并回告")
    desk, url = enter(Client(), district.people["centre.dispatcher"]), f"/cases/{receipt.id}/do/transfer/"
    answer = desk.get(url)
    form, page = answer.context["form"], answer.content.decode()
    assert form["request"].value() == "三日内修复并回告"
    proposed = dict(form.fields["lead"].choices)["建议"]
    assert [key for key, _ in proposed] == [str(town.pk)] and f"<b>建议 {town.name}</b>" in page
    assert f"{light.name}（现由其主办）" in page
    told = {"lead": str(house.pk), "reason": "职责调整", "request": "三日内修复", "revision": form["revision"].value()}
    assert desk.post(url, told).status_code == 302
    step = case_of(receipt).steps.last()
    assert (order_of(receipt.id, house).request, step.text) == ("三日内修复", "职责调整")
    assert step.fields["办理要求"] == "三日内修复"
    actions.transfer(receipt.id, by=by, lead_id=light.pk, reason="再改派")
    assert order_of(receipt.id, light, "to_sign").request == "三日内修复"
