"""The main path: a message becomes a closed and rated case (9.1.2-2)."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Step
from hezhi.chapters.cases.handling.pages import desk
from hezhi.chapters.cases.intake.testkit import District, case_of, order_of
from hezhi.engines.flow.models import Approval, Deadline, ToDo
from hezhi.engines.org.actor import citizen
from hezhi.engines.org.testkit import enter
from hezhi.engines.records.models import AuditEntry
from hezhi.ground.errors import NotAllowed, NotNow
from hezhi.ground.time import frozen_at, now

pytestmark = pytest.mark.clause("9.1.2-2")


def test_a_message_is_accepted_dispatched_handled_signed_off_called_back_and_rated(district: District) -> None:
    receipt = district.report()
    assert case_of(receipt).grid == district.areas["g11"]

    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    assert case_of(receipt).due_at is not None

    actions.dispatch(
        receipt.id, by=district["centre.dispatcher"], lead_id=district.units["town1"].pk,
        assist_ids=[district.units["light"].pk],
    )  # fmt: skip
    town = order_of(receipt.id, district.units["town1"])
    actions.pass_down(town.pk, by=district["town1.town_dispatcher"], lead_id=district.units["grid11"].pk)
    grid = order_of(receipt.id, district.units["grid11"])
    actions.sign(grid.pk, by=district["grid11.grid_worker"])
    actions.handle(grid.pk, by=district["grid11.grid_worker"], text="到现场看过，灯杆底座进水。")
    actions.reply(grid.pk, by=district["grid11.grid_worker"], text="已拉警戒，需更换控制器。")
    grid.refresh_from_db()
    assert grid.review_unit_id == district.units["town1"].pk, "a grid has no reviewer of its own: its town signs"
    actions.review(grid.pk, by=district["town1.reviewer"])

    light = order_of(receipt.id, district.units["light"])
    actions.sign(light.pk, by=district["light.handler"])
    actions.reply(light.pk, by=district["light.handler"], text="控制器已更换。")
    actions.review(light.pk, by=district["light.reviewer"])
    assert case_of(receipt).state == "handling"

    town.refresh_from_db()
    actions.reply(town.pk, by=district["town1.town_dispatcher"], text="已修好。", public_reply="您好，路灯已修好。")
    assert case_of(receipt).state == "to_review"
    actions.review(town.pk, by=district["town1.reviewer"])
    case = case_of(receipt)
    assert (case.state, case.reply) == ("to_call_back", "您好，路灯已修好。")

    actions.call_back(receipt.id, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    assert case_of(receipt).state == "closed"
    actions.rate(receipt.id, by=citizen(), stars=5, solved=True, text="很快，谢谢")

    told = list(Step.objects.filter(case=receipt.id).values_list("title", flat=True))
    assert told == ["上报", "受理", "派遣", "下派", "签收", "处置", "反馈", "审签通过", "签收", "反馈", "审签通过",
                    "反馈", "审签通过", "回访", "评价"]  # fmt: skip
    assert not ToDo.objects.filter(done_at__isnull=True).exists()
    assert {d.state for d in Deadline.objects.filter(object_id=receipt.id)} == {"met"}
    listed = enter(Client(), district.people["centre.caller"]).get("/r/cases/?columns=number&columns=kept")
    assert '<td class="is-plain" data-label="是否按时">按时</td>' in listed.content.decode()
    assert AuditEntry.objects.filter(object_id=receipt.id, event="cases.accept").exists()


def test_nobody_signs_off_his_own_reply(district: District) -> None:
    """Though he holds the right and sits in the unit that signs; a colleague with the right may."""
    receipt = at_work(district, "light")
    order = order_of(receipt.id, district.units["light"])
    by = replace(district["light.handler"], permissions=district["light.handler"].permissions | {"cases.review"})
    actions.reply(order.pk, by=by, text="已办。", public_reply="已办。")
    for judge in (lambda: actions.review(order.pk, by=by), lambda: actions.send_back(order.pk, by=by, reason="补照片")):
        with pytest.raises(NotAllowed, match="不能审签自己写的反馈") as refused:
            judge()
        assert refused.value.code == "cases.own_reply"
    assert order_of(receipt.id, district.units["light"]).state == "to_review"
    actions.review(order.pk, by=district["light.reviewer"])
    assert case_of(receipt).state == "to_call_back"


def at_work(district: District, unit: str):  # type: ignore[no-untyped-def]
    """A case whose unit has signed."""
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units[unit].pk)
    hand = "town_dispatcher" if unit.startswith("town") else "handler"
    actions.sign(order_of(receipt.id, district.units[unit]).pk, by=district[f"{unit}.{hand}"])
    return receipt


def test_an_extension_needs_somebody_elses_yes_and_moves_the_limit(district: District) -> None:
    receipt = at_work(district, "light")
    before = case_of(receipt).due_at
    approval = actions.ask_extension(receipt.id, by=district["light.handler"], days=5, reason="等配件")
    assert case_of(receipt).due_at == before
    asker = replace(district["light.handler"], permissions=district["centre.duty_chief"].permissions)
    with pytest.raises(NotAllowed, match="不能审批自己提出的申请"):
        actions.decide(approval.pk, by=asker, grant=True)
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    after = case_of(receipt).due_at
    assert before is not None and after is not None and after > before
    with pytest.raises(NotNow):
        actions.ask_extension(receipt.id, by=district["light.handler"], days=1, reason="再等等")


def test_after_two_returns_the_duty_chief_rules_and_the_unit_may_not_return(district: District) -> None:
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    for unit in ("light", "water"):
        actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units[unit].pk)
        order = order_of(receipt.id, district.units[unit])
        approval = actions.ask_return(order.pk, by=district[f"{unit}.handler"], reason="不属本单位职责")
        actions.decide(approval.pk, by=district["centre.dispatcher"], grant=True)
        assert case_of(receipt).state == "to_dispatch"
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["house"].pk)
    order = order_of(receipt.id, district.units["house"])
    approval = actions.ask_return(order.pk, by=district["house.handler"], reason="也不是我们")
    assert approval.permission == "cases.rule_return"
    with pytest.raises(NotAllowed):
        actions.decide(approval.pk, by=district["centre.dispatcher"], grant=True)
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=False, opinion="裁定由住建局主办")
    with pytest.raises(NotNow):
        actions.ask_return(order.pk, by=district["house.handler"], reason="还是不办")


def test_a_hold_stops_the_clock_and_resuming_lets_it_go_on(district: District) -> None:
    receipt = at_work(district, "light")
    approval = actions.ask_hold(receipt.id, by=district["light.handler"], reason="冬季不宜施工")
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    case = case_of(receipt)
    assert (case.state, case.due_at) == ("on_hold", None)
    actions.resume(receipt.id, by=district["light.handler"])
    case = case_of(receipt)
    assert case.state == "handling" and case.due_at is not None


def test_the_second_of_two_people_gets_a_sentence_and_nothing_is_overwritten(district: District) -> None:
    receipt = district.report()
    revision = case_of(receipt).revision
    first = {"category_id": district.categories["0101"].pk, "revision": revision}
    actions.accept(receipt.id, by=district["centre.acceptor"], **first)
    with pytest.raises(NotNow, match="刚刚被同事办理过"):
        actions.accept(receipt.id, by=district["centre.acceptor"], **first)


def test_merged_orders_keep_their_own_number_and_get_their_own_answer(district: District) -> None:
    main, other = at_work(district, "light"), district.report("路灯又黑了")
    actions.merge(other.id, by=district["centre.acceptor"], into_id=main.id)
    assert case_of(other).state == "merged"
    order = order_of(main.id, district.units["light"])
    actions.reply(order.pk, by=district["light.handler"], text="已修。", public_reply="已修好。")
    actions.review(order.pk, by=district["light.reviewer"])
    actions.call_back(main.id, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    told = case_of(other)
    assert (told.state, told.reply, told.number) == ("closed", "已修好。", other.number)


def test_a_suspect_is_joined_from_its_card_and_what_hangs_together_is_no_suspect(district: District) -> None:
    main, other = district.report("路灯又黑了"), district.report("路灯又黑了")
    clerk = enter(Client(), district.people["centre.acceptor"])

    def card_of(receipt) -> str:
        return clerk.get(f"/cases/{receipt.id}/").content.decode()

    join = f"/cases/{other.id}/do/merge/?into={main.number}"
    assert join in card_of(other) and join in clerk.get(f"/cases/triage/{other.id}/").content.decode()
    assert f'value="{main.number}"' in clerk.get(join).content.decode()
    given = {"into": main.number, "reason": "同一盏灯", "revision": ""}
    assert clerk.post(join.split("?")[0], given).status_code == 302 and case_of(other).merged_into_id == main.id
    page = card_of(main)
    assert "并入本件的诉求" in page and "并入这件" not in page and "疑似重复" not in page
    actions.unmerge(other.id, by=district["centre.acceptor"])
    (part,) = actions.split(other.id, by=district["centre.acceptor"], parts=["路灯又黑了"])
    page = card_of(other)
    assert "拆出的事件" in page and part.number in page and f"into={part.number}" not in page and join in page
    for page in (card_of(part), clerk.get(f"/cases/triage/{part.pk}/").content.decode()):
        assert "拆分自" in page and other.number in page and f"into={other.number}" not in page


def test_each_desk_is_told_its_own_keys_and_proposed_units_have_digits(district: District) -> None:
    receipt = district.report()
    url = f"/cases/triage/{receipt.id}/"
    page = enter(Client(), district.people["centre.acceptor"]).get(url).content.decode()
    assert "G 紧急程度" in page and "选单位" not in page and 'data-key="g"' in page
    category = district.categories["0101"]
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=category.pk)
    client = enter(Client(), district.people["centre.dispatcher"])
    page = client.get(url).content.decode()
    light, water = district.units["light"], district.units["water"]
    assert "数字选单位，O 其他单位，H 协办单位，A 提交" in page and "选类别" not in page and "紧急程度（" not in page
    assert re.search(rf'name="lead" value="{light.pk}" data-key="1" checked', page)
    assert f"<span>{light.name}<small>派单目录" in page, "the reason stands on its own line and is not cut"
    assert not re.search(rf'name="lead_other".*value="{light.pk}"', page), "what is proposed is not listed twice"
    given = {"lead": str(light.pk), "lead_other": str(water.pk), "revision": ""}
    assert client.post(url, given).status_code == 302 and case_of(receipt).lead_unit_id == water.pk
    page = client.get(url).content.decode()
    assert "不在这里办理" in page and "A 提交" not in page


def test_a_merge_can_be_undone(district: District) -> None:
    main, other = at_work(district, "light"), district.report("路灯又黑了")
    actions.merge(other.id, by=district["centre.acceptor"], into_id=main.id)
    actions.unmerge(other.id, by=district["centre.acceptor"])
    assert case_of(other).state == "to_accept"
    assert ToDo.objects.filter(object_id=other.id, done_at__isnull=True, step="accept").exists()


def test_an_unhappy_reporter_brings_the_case_back_and_it_is_redone(district: District) -> None:
    receipt = at_work(district, "light")
    order = order_of(receipt.id, district.units["light"])
    actions.reply(order.pk, by=district["light.handler"], text="已办。", public_reply="已办。")
    actions.review(order.pk, by=district["light.reviewer"])
    actions.call_back(receipt.id, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    actions.rate(receipt.id, by=citizen(), stars=1, solved=False, text="还是黑的")
    assert case_of(receipt).state == "to_call_back"
    actions.call_back(
        receipt.id, by=district["centre.caller"], reached=True, solved=False, satisfied=False, reason="没修好"
    )
    case = case_of(receipt)
    assert (case.state, case.redos) == ("redo", 1)
    actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    assert case_of(receipt).state == "to_sign"


def test_the_unit_complained_of_can_never_be_given_the_case(district: District) -> None:
    receipt = district.report()
    actions.claim_secret(
        receipt.id, by=district["centre.acceptor"], title="反映某部门工作作风", text="内容已隐去身份。",
        barred_unit_id=district.units["light"].pk,
    )  # fmt: skip
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    from hezhi.ground.errors import BadInput

    with pytest.raises(BadInput, match="依规定不能承办"):
        actions.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)


def test_splitting_makes_cases_of_their_own(district: District) -> None:
    receipt = district.report("路灯不亮，井盖也坏了")
    parts = actions.split(receipt.id, by=district["centre.acceptor"], parts=["井盖破损", ""])
    assert [p.title for p in parts] == ["井盖破损"]
    assert parts[0].number != receipt.number and parts[0].split_from_id == receipt.id


def test_a_whistle_calls_units_that_arrive_and_give_their_result(district: District) -> None:
    receipt = at_work(district, "town1")
    town = order_of(receipt.id, district.units["town1"])
    actions.whistle(
        town.pk, by=district["town1.town_dispatcher"], unit_ids=[district.units["water"].pk], hours=2,
        request="请到场查看漏点",
    )  # fmt: skip
    called = order_of(receipt.id, district.units["water"])
    actions.arrive(called.pk, by=district["water.handler"])
    with pytest.raises(NotNow, match="还没有办完"):
        actions.reply(town.pk, by=district["town1.town_dispatcher"], text="办完", public_reply="办完")
    with pytest.raises(NotNow, match="不单独反馈"):
        actions.reply(called.pk, by=district["water.handler"], text="已堵漏。")
    joint = "示例区水务局：已堵漏，恢复供水。"
    actions.conclude(town.pk, by=district["town1.town_dispatcher"], text=joint)
    actions.agree(called.pk, by=district["water.handler"])
    actions.reply(town.pk, by=district["town1.town_dispatcher"], text="办完", public_reply="办完")
    assert case_of(receipt).state == "to_review"


def test_not_accepting_needs_the_duty_chief(district: District) -> None:
    receipt = district.report()
    actions.ask_not_accept(receipt.id, by=district["centre.acceptor"], reason="已进入诉讼程序")
    approval = Approval.objects.get(object_id=receipt.id)
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    assert case_of(receipt).state == "not_accepted"


def test_the_triage_desk_says_what_was_done_and_where_the_rest_waits(district: District, monkeypatch) -> None:
    receipt, other = district.report(), district.report()
    client = enter(Client(), district.people["centre.acceptor"])
    url = f"/cases/triage/{receipt.id}/"
    assert "待办 2 件" in client.get(url).content.decode()
    monkeypatch.setattr(desk, "SHOWN", 1)
    page = client.get(url).content.decode()
    assert "先列最急的 1 件" in page and '<a href="/r/cases/">其余在事件管理</a>' in page
    given = {"category": str(district.categories["0101"].pk), "urgency": "normal", "revision": "0"}
    after = client.post(url, given, follow=True).content.decode()
    assert f"已受理：{receipt.number}" in after and other.number in after


def test_the_second_of_two_at_the_triage_desk_sees_what_the_first_did_and_presses_again(district: District) -> None:
    receipt = district.report()
    client = enter(Client(), district.people["centre.acceptor"])
    url = f"/cases/triage/{receipt.id}/"
    given = {"category": str(district.categories["0101"].pk), "urgency": "urgent", "revision": "0"}
    actions.mark(receipt.id, by=district["centre.dispatcher"], mark="repeated", text="同一路段昨天报过")
    answer = client.post(url, given)
    page = answer.content.decode()
    assert answer.status_code == 422 and "您打开表单以后" in page and "再提交一次即可" in page
    revision = case_of(receipt).revision
    assert f'name="revision" value="{revision}"' in page and case_of(receipt).state == "to_accept"
    assert re.search(f'value="{given["category"]}"[^>]*(checked|selected)', page), "what was chosen is chosen still"
    assert client.post(url, given | {"revision": str(revision)}).status_code == 302
    assert (case_of(receipt).state, case_of(receipt).urgency) == ("to_dispatch", "urgent")
    late = client.post(url, given)
    page = late.content.decode()
    assert (
        late.status_code == 422 and "不在这里办理" in page and "再提交一次" not in page and 'data-key="a"' not in page
    )


def test_a_supplement_before_acceptance_brings_the_limit_to_accept_back(district: District) -> None:
    receipt = district.report()
    before = case_of(receipt).due_at
    actions.ask_supplement(receipt.id, by=district["centre.acceptor"], reason="请补充楼号。")
    assert case_of(receipt).due_at is None
    with frozen_at(now() + timedelta(days=4)):
        actions.supplement(receipt.id, by=district["centre.acceptor"], text="3号楼。")
    case = case_of(receipt)
    assert case.due_at is not None and before is not None and case.due_at > before, "later by the pause, not gone"
    assert ToDo.objects.get(object_id=case.pk, step="accept", done_at=None).due_at == case.due_at


def test_a_reply_that_was_sent_back_is_not_waiting_for_sign_off_after_a_hold(district: District) -> None:
    receipt = at_work(district, "light")
    order = order_of(receipt.id, district.units["light"]).pk
    actions.reply(order, by=district["light.handler"], text="已经修好。", public_reply="您好，已经修好。")
    actions.send_back(order, by=district["light.reviewer"], reason="请写明更换了什么。")
    approval = actions.ask_hold(receipt.id, by=district["light.handler"], reason="等待配件")
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    with frozen_at(now() + timedelta(days=10)):
        actions.resume(receipt.id, by=district["light.handler"])
    fresh = order_of(receipt.id, district.units["light"])
    assert (fresh.state, case_of(receipt).state) == ("handling", "handling")
    todo = ToDo.objects.get(object_id=fresh.pk, done_at=None)
    assert (todo.step, todo.due_at) == ("handle", fresh.due_at), "the list of to-dos shows the limit that counts now"
    with pytest.raises(NotNow):
        actions.review(order, by=district["light.reviewer"])
