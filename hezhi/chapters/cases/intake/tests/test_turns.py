"""Turns on the way of a case (9.1.2-2): disputes over a dispatch, holds with a day, conferences, marks, urging, reopening."""

from datetime import date

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions, jobs, queries
from hezhi.chapters.cases.handling.models import Case, Step
from hezhi.chapters.cases.intake.testkit import FROM, District, build, case_of, order_of
from hezhi.engines.flow.models import Approval, LimitRule, ToDo
from hezhi.engines.org.actor import citizen
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.testkit.pdf import words_of_pdf

pytestmark = pytest.mark.clause("9.1.2-2")


@pytest.fixture
def november():
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    """The small district; the dispatcher may write down conferences."""
    district = build()
    traced()
    role = Role.objects.get(code="dispatcher")
    Role.objects.filter(pk=role.pk).update(permissions=[*role.permissions, "cases.confer"])
    return district


def dispatched(district: District, unit: str = "light", **more: object):  # type: ignore[no-untyped-def]
    receipt = district.report(**more)
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units[unit].pk)
    return receipt


def fields_of(case: object, verb: str) -> dict[str, str]:
    return Step.objects.filter(case=case, verb=verb).latest("at", "id").fields


def test_a_dispatch_says_on_what_it_rests_who_was_left_out_and_who_is_answerable_first(district: District) -> None:
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    desk = enter(Client(), district.people["centre.dispatcher"])
    form = desk.get(f"/cases/{receipt.id}/do/dispatch/").content.decode()
    assert "建议 示例区城市管理局" in form and "依据：示例职责清单" in form
    assert "未建议：东1街道办事处（排在其后：属地：发生地在东1街道办事处）" in form
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    told = fields_of(receipt.id, "dispatch")
    assert told["首接负责"] == "示例区城市管理局" and "示例职责清单" in told["派单依据"]
    approval = actions.ask_return(
        order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"], reason="不属"
    )
    actions.decide(approval.pk, by=district["centre.dispatcher"], grant=True)
    assert queries.left_out(case_of(receipt))[0] == ("示例区城市管理局", "已退回过本件")
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["water"].pk)
    told = fields_of(receipt.id, "dispatch")
    assert told["派单依据"] == "派遣员选定" and "首接负责" not in told
    page = desk.get(f"/cases/{receipt.id}/").content.decode()
    assert "首接单位" in page


def test_a_dispute_is_ruled_by_the_duty_chief_and_whom_he_names_may_not_give_it_back(district: District) -> None:
    receipt = dispatched(district)
    order = order_of(receipt.id, district.units["light"])
    handler, water = district["light.handler"], district.units["water"]
    with pytest.raises(BadInput, match="请写明依据"):
        actions.ask_dispute(order.pk, by=handler, reason="", instead_id=water.pk)
    desk = enter(Client(), district.people["light.handler"])
    told = {"reason": "职责清单第三条：消火栓归水务", "instead": str(water.pk)}
    assert desk.post(f"/cases/orders/{order.pk}/do/dispute/", told).status_code == 302
    assert "派单异议裁定前由其先行办理" in desk.get(f"/cases/{receipt.id}/").content.decode()
    approval = Approval.objects.get(kind="dispute")
    with pytest.raises(NotAllowed):
        actions.decide(approval.pk, by=district["centre.dispatcher"], grant=True, lead_id=water.pk)
    chief = enter(Client(), district.people["centre.duty_chief"])
    url = f"/cases/approvals/{approval.pk}/"
    assert f'value="{water.pk}" selected' in chief.get(url).content.decode(), "the unit proposed is chosen already"
    assert chief.post(url, {"grant": "yes", "lead": str(water.pk), "opinion": "由水务局办理"}).status_code == 302
    case, ruled = case_of(receipt), order_of(receipt.id, water)
    assert (case.lead_unit, case.state, ruled.may_not_return) == (water, "to_sign", True)
    assert fields_of(receipt.id, "rule_dispute") == {"提出单位": "示例区城市管理局", "裁定承办": "示例区水务局"}
    for asked in (actions.ask_return, actions.ask_dispute):
        with pytest.raises(NotNow):
            asked(ruled.pk, by=district["water.handler"], reason="也不是我们")


def test_a_dispute_that_is_refused_binds_the_unit_and_one_without_a_name_goes_back_to_the_desk(
    district: District,
) -> None:
    kept, back = dispatched(district), dispatched(district)
    for receipt in (kept, back):
        actions.ask_dispute(
            order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"], reason="清单无此项"
        )
    refused, granted = (Approval.objects.get(object_id=r.id) for r in (kept, back))
    actions.decide(refused.pk, by=district["centre.duty_chief"], grant=False, opinion="属照明")
    order = order_of(kept.id, district.units["light"])
    assert order.may_not_return and order.state == "to_sign"
    actions.decide(granted.pk, by=district["centre.duty_chief"], grant=True)
    assert (case_of(back).state, case_of(back).lead_unit) == ("to_dispatch", None)


def test_a_hold_is_looked_at_again_on_its_day(district: District, november: time.FrozenClock) -> None:
    receipt = dispatched(district)
    handler, chief = district["light.handler"], district["centre.duty_chief"]
    with pytest.raises(BadInput, match="今天以后"):
        actions.ask_hold(receipt.id, by=handler, reason="冬季", review_on=date(2026, 11, 26))
    approval = actions.ask_hold(receipt.id, by=handler, reason="冬季不宜施工", review_on=date(2026, 12, 1))
    actions.decide(approval.pk, by=chief, grant=True)
    assert jobs.remind_of_holds() == 0
    november.advance(days=5)
    assert (jobs.remind_of_holds(), jobs.remind_of_holds()) == (1, 0)
    todo = ToDo.objects.get(step="review_hold", done_at__isnull=True)
    assert todo.unit == district.units["light"]
    actions.keep_on_hold(receipt.id, by=handler, review_on=date(2026, 12, 10), reason="仍有冰冻")
    assert case_of(receipt).review_on == date(2026, 12, 10) and not ToDo.objects.filter(
        step="review_hold", done_at__isnull=True
    )
    actions.resume(receipt.id, by=handler)
    assert case_of(receipt).review_on is None
    november.advance(days=20)
    assert jobs.remind_of_holds() == 0


def test_a_conference_and_a_mark_are_written_down(district: District) -> None:
    receipt, earlier = (
        dispatched(district, phone="19900001234"),
        district.report("又黑了", phone="19900001234", title="路灯又黑"),
    )
    secret = district.report("密", phone="19900001234", secret=True, title="玄鹤题记")
    desk = enter(Client(), district.people["centre.dispatcher"])
    units = [str(district.units[u].pk) for u in ("light", "water")]
    told = {"held_on": "2026-11-26", "assist": units, "conclusion": "城管局主办，水务局三日内勘查管线。"}
    assert desk.post(f"/cases/{receipt.id}/do/confer/", told).status_code == 302
    assert desk.post(f"/cases/{receipt.id}/do/confer/", told | {"held_on": "2026-11-27"}).status_code == 422
    page = desk.get(f"/cases/{receipt.id}/").content.decode()
    assert "会商记录" in page and "示例区城市管理局、示例区水务局" in page and "三日内勘查管线" in page
    form = desk.get(f"/cases/{receipt.id}/do/mark/").content.decode()
    assert "路灯又黑" in form and case_of(earlier).number in form and case_of(secret).number not in form
    stranger = queries.of_the_same_caller(district["light.handler"], case_of(receipt))
    assert stranger == [], "who may not see the other reports does not learn of them by the telephone"
    assert desk.post(f"/cases/{receipt.id}/do/mark/", {"mark": "repeated", "text": "本月第二次"}).status_code == 302
    assert '<span class="mark">重复件</span>' in desk.get(f"/cases/{receipt.id}/").content.decode()
    actions.mark(receipt.id, by=district["centre.dispatcher"], mark="none")
    assert case_of(receipt).mark == ""


def test_a_reporter_urges_once_in_a_working_day(district: District, november: time.FrozenClock) -> None:
    receipt = dispatched(district)
    phone = Client()
    session = phone.session
    session["mine"] = [str(receipt.id)]
    session.save()
    for days, urged, said, shown in (
        (0, 0, "以后可以催办", "可以催办的时间"),
        (1.2, 1, "已提醒承办单位", "催一催"),
        (0, 1, "刚刚催办过", "可以催办的时间"),
        (5, 2, "已提醒承办单位", "催一催"),
    ):
        november.advance(days=days)
        page = phone.get(f"/c/case/{receipt.id}/").content.decode()
        assert (shown in page, "催一催</button>" in page) == (True, shown == "催一催"), "offered when it will be taken"
        answer = phone.post(f"/c/case/{receipt.id}/urge/", follow=True).content.decode()
        assert said in answer and "（编号" not in answer
        assert case_of(receipt).urged == urged
    assert Client().post(f"/c/case/{receipt.id}/urge/").status_code == 404
    with pytest.raises(NotAllowed):
        actions.urge_by_reporter(receipt.id, by=district["centre.dispatcher"])
    assert citizen().kind == "citizen"


def test_the_sheet_of_a_case_is_a_masked_file_and_says_what_the_page_says(district: District) -> None:
    receipt = dispatched(district, title="路灯不亮，联系 19900001234", text="电话 19900001234，<b>夜里</b>看不清")
    order = order_of(receipt.id, district.units["light"])
    actions.sign(order.pk, by=district["light.handler"])
    actions.reply(order.pk, by=district["light.handler"], text="已换灯泡", public_reply="已修好。", finding="partly")
    answer = enter(Client(), district.people["light.handler"]).get(f"/cases/{receipt.id}/pdf/")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    words = words_of_pdf(answer.content)
    for said in (
        "事件办理单",
        case_of(receipt).number,
        "示例区城市管理局",
        "已换灯泡",
        "部分属实",
        "<b>夜里</b>",
        "首接负责",
    ):
        assert said in words, said
    assert "19900001234" not in words
    assert AuditEntry.objects.filter(object_id=receipt.id, event="cases.print").exists()
    assert enter(Client(), district.people["water.handler"]).get(f"/cases/{receipt.id}/pdf/").status_code == 404


def test_a_closed_case_is_redone_only_while_the_rule_allows(district: District, november: time.FrozenClock) -> None:
    LimitRule.objects.create(name="重办", stage="reopen", amount=30, unit="working_days", valid_from=FROM)
    early, late = district.report(), district.report()
    for receipt in (early, late):
        actions.answer_directly(receipt.id, by=district["centre.acceptor"], reply="已答复。")
        actions.close(receipt.id, by=district["centre.duty_chief"], reason="不需回访")
    november.advance(days=30)
    actions.redo(early.id, by=district["centre.duty_chief"], reason="又坏了")
    november.advance(days=30)
    with pytest.raises(NotNow, match="办结已超过 30 个工作日"):
        actions.redo(late.id, by=district["centre.duty_chief"], reason="又坏了")
    assert (case_of(early).state, case_of(late).state) == ("redo", "closed")


def test_many_are_dispatched_at_once_each_with_its_own_result(district: District) -> None:
    ready, gone, urgent = district.report(), dispatched(district), district.report()
    for receipt in (ready, urgent):
        actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    desk = enter(Client(), district.people["centre.dispatcher"])
    assert "批量派遣" in desk.get("/r/cases/").content.decode()
    chosen = {"chosen": [str(r.id) for r in (ready, gone, urgent)]}
    form = desk.post("/cases/bulk/dispatch/", chosen).content.decode()
    assert "批量派遣（3 件）" in form and case_of(ready).state == "to_dispatch"
    page = desk.post(
        "/cases/bulk/dispatch/", chosen | {"apply": "1", "lead": "auto", "text": "请核实"}
    ).content.decode()
    assert page.count("已派给示例区城市管理局") == 2 and "没有办成</b>：现在不能「派遣」" in page
    assert [case_of(r).state for r in (ready, gone, urgent)] == ["to_sign"] * 3
    page = desk.post("/cases/bulk/urge/", chosen | {"apply": "1", "text": "请抓紧"}).content.decode()
    assert page.count("已催办，第 1 次") == 3
    handler = enter(Client(), district.people["light.handler"])
    assert "批量" not in handler.get("/r/cases/").content.decode()
    assert handler.post("/cases/bulk/urge/", chosen | {"apply": "1"}).status_code == 403
    other = enter(Client(), district.people["centre.acceptor"])
    assert other.post("/cases/bulk/dispatch/", chosen | {"apply": "1", "lead": "auto"}).status_code == 403
    assert desk.post("/cases/bulk/urge/", {}).status_code == 422


def test_who_follows_a_case_hears_of_new_states_while_he_sees_it(district: District) -> None:
    receipt = dispatched(district)
    chief, town = (enter(Client(), district.people[n]) for n in ("centre.duty_chief", "town1.town_dispatcher"))
    for browser in (chief, town):
        assert browser.post(f"/cases/{receipt.id}/follow/?follow=yes").status_code == 302
    stranger = enter(Client(), district.people["town2.town_dispatcher"])
    assert stranger.post(f"/cases/{receipt.id}/follow/?follow=yes").status_code == 404
    assert case_of(receipt).number in chief.get("/cases/followed/").content.decode()
    town.post(f"/cases/{receipt.id}/follow/?follow=no")
    actions.sign(order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"])
    told = Outgoing.objects.filter(event="cases.followed")
    assert [(t.user, t.text) for t in told] == [
        (district.people["centre.duty_chief"], f"您关注的事件 {case_of(receipt).number} 现在是「处置中」。")
    ]
    traced()
    Case.objects.filter(pk=receipt.id).update(secret=True, barred_unit=district.units["centre"])
    reply = {"text": "已修", "public_reply": "已修好。"}
    actions.reply(order_of(receipt.id, district.units["light"]).pk, by=district["light.handler"], **reply)
    assert told.count() == 1
    assert case_of(receipt).number not in chief.get("/cases/followed/").content.decode()
