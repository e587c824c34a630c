"""Requests that somebody else decides (审批, 9.1.2-2): who may not, what becomes of them when the case moves on, the triage desk."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.models import Case, Category, Step
from hezhi.chapters.cases.intake import queries as intake
from hezhi.chapters.cases.intake.testkit import District, case_of, order_of
from hezhi.engines.flow.models import Approval, Deadline, ToDo, WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.reach.models import Outgoing
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

pytestmark = pytest.mark.clause("9.1.2-2")
WAITING = Approval.State.WAITING


def accepted(district: District) -> UUID:
    receipt = district.report()
    actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return receipt.id


def signed(district: District, unit: str = "light", assist: str = "") -> tuple[UUID, WorkOrder]:
    """A case whose unit has signed, and its order."""
    case = accepted(district)
    helpers = [district.units[assist].pk] if assist else []
    actions.dispatch(case, by=district["centre.dispatcher"], lead_id=district.units[unit].pk, assist_ids=helpers)
    order = order_of(case, district.units[unit])
    if unit != "centre":
        actions.sign(order.pk, by=district[f"{unit}.handler"])
    return case, order


def answer(district: District, order: WorkOrder) -> None:
    unit = order.unit.code
    actions.reply(order.pk, by=district[f"{unit}.handler"], text="已修。", public_reply="已修好。")
    actions.review(order.pk, by=district[f"{unit}.reviewer"])


def is_taken_back(district: District, approval: Approval, case: UUID) -> None:
    """The system has withdrawn it: no to-do, a reason, a line in the timeline, a message for who asked; no late yes."""
    approval.refresh_from_db()
    assert approval.state == Approval.State.WITHDRAWN and "由系统撤回" in approval.opinion
    assert not ToDo.objects.filter(object_id=approval.pk, done_at__isnull=True).exists()
    step = Step.objects.get(case=case, verb="lapse_request")
    assert (step.from_state, step.text) == (step.to_state, approval.opinion)
    assert Outgoing.objects.filter(object_id=case, event="cases.approval_decided", text__contains="自动撤回").exists()
    by = district["centre.dispatcher" if approval.permission == "cases.dispatch" else "centre.duty_chief"]
    before = Case.objects.get(pk=case).revision
    with pytest.raises(NotNow, match="已撤回"):
        actions.decide(approval.pk, by=by, grant=True)
    assert Case.objects.get(pk=case).revision == before


# -- the case moves on ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "ask"), [("不予受理", "ask_not_accept"), ("作废", "ask_void")])
@pytest.mark.parametrize("stands", ["to_accept", "to_dispatch"])
def test_a_case_asked_away_is_not_begun_with_anywhere_until_the_request_is_taken_back_or_decided(
    district: District, kind: str, ask: str, stands: str
) -> None:
    """By the verb, so on the page of the case too: who asked may take it back, and then the work goes on."""
    receipt, by = district.report(), district["centre.acceptor"]
    category = str(district.categories["0101"].pk)
    if stands == "to_dispatch":
        actions.accept(receipt.id, by=by, category_id=district.categories["0101"].pk)
    approval = getattr(actions, ask)(receipt.id, by=by, reason="已进入诉讼程序")
    begun = {"to_accept": "accept", "to_dispatch": "dispatch"}[stands]
    who = {"accept": "centre.acceptor", "dispatch": "centre.dispatcher"}
    told = {"category": category, "urgency": "normal", "lead": str(district.units["light"].pk)}
    told |= {"reply": "您好，已处理。", "revision": str(case_of(receipt).revision)}
    for code in (begun, "answer_directly"):
        client = enter(Client(), district.people[who.get(code, "centre.acceptor")])
        url = f"/cases/{receipt.id}/do/{code}/"
        assert url not in client.get(f"/cases/{receipt.id}/").content.decode()
        refused = client.post(url, told)
        page = refused.content.decode()
        assert refused.status_code in (409, 422) and f"正在等待「{kind}」审批" in page
        assert "撤回申请" in page and "已进入诉讼程序" in page
        assert case_of(receipt).state == stands
    desk = enter(Client(), district.people["centre.acceptor"])
    assert desk.post(f"/cases/approvals/{approval.pk}/withdraw/").status_code == 302
    told["revision"] = str(case_of(receipt).revision)
    client = enter(Client(), district.people[who[begun]])
    url = f"/cases/{receipt.id}/do/{begun}/"
    assert url in client.get(f"/cases/{receipt.id}/").content.decode()
    assert client.post(url, told).status_code == 302


def test_a_void_asked_for_at_work_falls_when_the_case_ends(district: District) -> None:
    """What is at work already goes on while the request waits; a late yes takes nothing away."""
    case, order = signed(district)
    approval = actions.ask_void(case, by=district["centre.dispatcher"], reason="测试来电")
    answer(district, order)
    actions.call_back(case, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    is_taken_back(district, approval, case)
    assert Case.objects.get(pk=case).state == "closed"


def test_a_merged_case_keeps_no_request(district: District) -> None:
    main, _ = signed(district)
    other = district.report("路灯又黑了")
    approval = actions.ask_not_accept(other.id, by=district["centre.acceptor"], reason="重复")
    actions.merge(other.id, by=district["centre.acceptor"], into_id=main, reason="同一问题")
    is_taken_back(district, approval, other.id)


def test_a_voided_case_keeps_no_other_request(district: District) -> None:
    receipt = district.report()
    other = actions.ask_not_accept(receipt.id, by=district["centre.acceptor"], reason="已进入诉讼程序")
    approval = actions.ask_void(receipt.id, by=district["centre.acceptor"], reason="测试来电")
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    is_taken_back(district, other, receipt.id)


def test_a_hold_and_an_extension_asked_before_the_answer_fall_with_it(district: District) -> None:
    case, order = signed(district)
    by = district["light.handler"]
    held = actions.ask_hold(case, by=by, reason="冬季不宜施工")
    longer = actions.ask_extension(case, by=by, days=3, reason="等配件")
    actions.reply(order.pk, by=by, text="已修。", public_reply="已修好。")
    assert Approval.objects.filter(state=WAITING).count() == 2, "not signed off yet: both can still be granted"
    actions.review(order.pk, by=district["light.reviewer"])
    assert not Approval.objects.filter(state=WAITING).exists()
    assert Step.objects.filter(case=case, verb="lapse_request").count() == 2
    for approval in (held, longer):
        with pytest.raises(NotNow, match="已撤回"):
            actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    assert Case.objects.get(pk=case).state == "to_call_back"
    assert ToDo.objects.filter(object_id=case, step="call_back", done_at__isnull=True).exists()


def test_a_return_asked_before_a_hold_falls_with_it_and_the_clock_goes_on_afterwards(district: District) -> None:
    case, order = signed(district)
    returned = actions.ask_return(order.pk, by=district["light.handler"], reason="不属本单位职责")
    held = actions.ask_hold(case, by=district["light.handler"], reason="冬季不宜施工")
    actions.decide(held.pk, by=district["centre.duty_chief"], grant=True)
    is_taken_back(district, returned, case)
    actions.resume(case, by=district["light.handler"])
    row = Case.objects.get(pk=case)
    assert (row.state, row.due_at is not None) == ("handling", True)
    assert set(Deadline.objects.filter(object_id=case, stage="").values_list("state", flat=True)) == {"running"}


@pytest.mark.parametrize("stood", ["to_sign", "handling", "to_review", "sent_back", "answered_again"])
def test_after_a_hold_an_order_stands_where_it_stood(district: District, stood: str) -> None:
    """With the to-do that belongs to it: a reply that was sent back is with its unit, not before the reviewer."""
    case, by = accepted(district), district["light.handler"]
    actions.dispatch(case, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(case, district.units["light"])
    if stood != "to_sign":
        actions.sign(order.pk, by=by)
    for again in range({"to_review": 1, "sent_back": 1, "answered_again": 2}.get(stood, 0)):
        if again:
            actions.send_back(order.pk, by=district["light.reviewer"], reason="补照片")
        actions.reply(order.pk, by=by, text="已修。", public_reply="已修好。")
    if stood == "sent_back":
        actions.send_back(order.pk, by=district["light.reviewer"], reason="补照片")
    order.refresh_from_db()
    before = order.state
    held = actions.ask_hold(case, by=by, reason="冬季不宜施工", review_on=time.today() + timedelta(days=9))
    actions.decide(held.pk, by=district["centre.duty_chief"], grant=True)
    actions.resume(case, by=by)
    order.refresh_from_db()
    step = {"to_sign": "sign", "handling": "handle", "to_review": "review"}[before]
    assert order.state == before
    assert set(ToDo.objects.filter(object_id=order.pk, done_at__isnull=True).values_list("step", flat=True)) == {step}


@pytest.mark.parametrize("ask", ["ask_return", "ask_help", "ask_dispute"])
@pytest.mark.parametrize("leaves", ["answered", "transferred"])
def test_what_was_asked_about_an_order_falls_when_it_is_answered_or_withdrawn(
    district: District, ask: str, leaves: str
) -> None:
    """The case itself stays at work: its helper has not answered yet."""
    case, order = signed(district, assist="water")
    more = {"unit_ids": [district.units["house"].pk]} if ask == "ask_help" else {}
    approval = getattr(actions, ask)(order.pk, by=district["light.handler"], reason="请审批", **more)
    if leaves == "answered":
        actions.reply(order.pk, by=district["light.handler"], text="已修。", public_reply="已修好。")
    else:
        actions.transfer(case, by=district["centre.dispatcher"], lead_id=district.units["house"].pk, reason="职责调整")
    assert Case.objects.get(pk=case).state in ("to_sign", "handling", "to_review")
    approval.refresh_from_db()
    assert approval.state == Approval.State.WITHDRAWN
    assert Step.objects.filter(case=case, verb="lapse_request").count() == 1


def test_an_other_order_that_is_answered_takes_no_request_with_it(district: District) -> None:
    case, order = signed(district, assist="water")
    helper = order_of(case, district.units["water"])
    approval = actions.ask_return(helper.pk, by=district["water.handler"], reason="不属本单位职责")
    actions.reply(order.pk, by=district["light.handler"], text="已修。", public_reply="已修好。")
    approval.refresh_from_db()
    assert approval.state == WAITING
    actions.release(helper.pk, by=district["centre.dispatcher"], reason="不再需要")
    approval.refresh_from_db()
    assert approval.state == Approval.State.WITHDRAWN


def test_at_the_decision_it_is_asked_again_where_the_case_stands(district: District) -> None:
    """A request that was left waiting, by an older version or a race, is refused with a sentence; it can be sent back."""
    case, order = signed(district)
    approval = actions.ask_hold(case, by=district["light.handler"], reason="冬季不宜施工")
    answer(district, order)
    Approval.objects.filter(pk=approval.pk).update(state=WAITING)
    with pytest.raises(NotNow, match="「待回访」，「挂起」申请已不适用"):
        actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
    approval.refresh_from_db()
    assert (approval.state, Case.objects.get(pk=case).state) == (WAITING, "to_call_back")
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=False, opinion="已办理")
    assert Case.objects.get(pk=case).state == "to_call_back"


# -- nobody decides his own ----------------------------------------------------------------------------

EVERY_RIGHT = frozenset(
    f"cases.{name}"
    for name in (
        "view", "not_accept", "void", "extend", "hold", "return", "reply", "handle", "sign", "review", "dispatch", "rule_return",
        "approve_not_accept", "approve_void", "approve_extension", "approve_hold",
    )
)  # fmt: skip
OWN: dict[str, Callable[[UUID, WorkOrder, Actor], Approval]] = {
    "not_accept": lambda case, order, by: actions.ask_not_accept(case, by=by, reason="已进入诉讼程序"),
    "void": lambda case, order, by: actions.ask_void(case, by=by, reason="测试来电"),
    "extension": lambda case, order, by: actions.ask_extension(case, by=by, days=3, reason="等配件"),
    "hold": lambda case, order, by: actions.ask_hold(
        case, by=by, reason="冬季不宜施工", review_on=time.today() + timedelta(days=9)
    ),
    "return": lambda case, order, by: actions.ask_return(order.pk, by=by, reason="不属本单位职责"),
}


@pytest.mark.parametrize("kind", OWN)
def test_nobody_decides_his_own_request_though_he_holds_the_right(district: District, kind: str) -> None:
    """The centre works on the case itself, so that who asks sits in the unit that decides, with every right."""
    asker = replace(district["centre.dispatcher"], permissions=EVERY_RIGHT)
    other = replace(district["centre.duty_chief"], permissions=EVERY_RIGHT)
    traced()
    centre = Role.objects.get(code="dispatcher")
    Role.objects.filter(pk=centre.pk).update(
        permissions=[*centre.permissions, "cases.sign"]
    )  # or nobody could sign here
    case = accepted(district)
    order = WorkOrder()
    if kind != "not_accept":
        actions.dispatch(case, by=asker, lead_id=district.units["centre"].pk)
        order = order_of(case, district.units["centre"])
    approval = OWN[kind](case, order, asker)
    before = Case.objects.get(pk=case)
    for grant in (True, False):
        with pytest.raises(NotAllowed, match="不能审批自己提出的申请") as refused:
            actions.decide(approval.pk, by=asker, grant=grant, opinion="同意")
        assert refused.value.code == "flow.own_request"
    after = Case.objects.get(pk=case)
    assert (after.state, after.revision, after.due_at) == (before.state, before.revision, before.due_at)
    actions.decide(approval.pk, by=other, grant=True)
    approval.refresh_from_db()
    assert approval.state == Approval.State.APPROVED and approval.decided_by_id == other.user_id


# -- the third return ----------------------------------------------------------------------------------


def third_return(district: District) -> tuple[UUID, WorkOrder, Approval]:
    """A case that two units have given back, and the third asks to."""
    case = accepted(district)
    for unit in ("light", "water", "house"):
        actions.dispatch(case, by=district["centre.dispatcher"], lead_id=district.units[unit].pk)
        order = order_of(case, district.units[unit])
        approval = actions.ask_return(order.pk, by=district[f"{unit}.handler"], reason="不属本单位职责")
        if unit != "house":
            actions.decide(approval.pk, by=district["centre.dispatcher"], grant=True)
    return case, order, approval


def test_who_grants_the_third_return_names_the_unit_and_it_may_not_give_the_case_back(district: District) -> None:
    case, order, approval = third_return(district)
    chief = district["centre.duty_chief"]
    for named, sentence in ((None, "已退回 2 次，请裁定由哪个单位承办"), (order.unit_id, "请选「不同意」")):
        with pytest.raises(BadInput, match=sentence):
            actions.decide(approval.pk, by=chief, grant=True, lead_id=named)
    page = enter(Client(), district.people["centre.duty_chief"])
    url, light = f"/cases/approvals/{approval.pk}/", district.units["light"]
    assert "退回派遣台重新派遣" not in page.get(url).content.decode()
    assert page.post(url, {"grant": "yes", "lead": "", "opinion": ""}).status_code == 422
    assert page.post(url, {"grant": "yes", "lead": str(light.pk), "opinion": "由城管局办理"}).status_code == 302
    row, ruled = Case.objects.get(pk=case), order_of(case, light)
    assert (row.state, row.lead_unit, row.returns, ruled.may_not_return) == ("to_sign", light, 3, True)
    order.refresh_from_db()
    assert order.state == "returned"
    for ask in (actions.ask_return, actions.ask_dispute):
        with pytest.raises(NotNow, match="裁定"):
            ask(ruled.pk, by=district["light.handler"], reason="也不是我们")


def test_a_dispute_after_two_returns_is_not_left_to_the_desk_either(district: District) -> None:
    case, order, approval = third_return(district)
    actions.withdraw_request(approval.pk, by=district["house.handler"])
    disputed = actions.ask_dispute(order.pk, by=district["house.handler"], reason="清单无此项")
    with pytest.raises(BadInput, match="请裁定"):
        actions.decide(disputed.pk, by=district["centre.duty_chief"], grant=True)
    actions.decide(disputed.pk, by=district["centre.duty_chief"], grant=True, lead_id=district.units["water"].pk)
    assert order_of(case, district.units["water"], "to_sign").may_not_return


# -- what an approver sees -----------------------------------------------------------------------------


def decision_page(district: District, approval: Approval, who: str = "centre.duty_chief") -> str:
    return enter(Client(), district.people[who]).get(f"/cases/approvals/{approval.pk}/").content.decode()


@pytest.mark.parametrize("kind", OWN)
def test_who_decides_sees_what_is_asked_for_and_the_case_it_is_about(district: District, kind: str) -> None:
    """The case's words as its page shows them (masked), its number as a link, its state, limit and last steps."""
    receipt = district.report("路灯不亮已经三天，电话19900001234", place="长江路")
    case, order = receipt.id, WorkOrder()
    asker = district["centre.acceptor"] if kind == "not_accept" else district["centre.dispatcher"]
    if kind != "not_accept":
        actions.accept(case, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
        actions.dispatch(case, by=asker, lead_id=district.units["light"].pk, request="三日内修复")
        order = order_of(case, district.units["light"])
        actions.sign(order.pk, by=district["light.handler"])
    if kind in ("extension", "hold", "return"):
        asker = district["light.handler"]
    approval = OWN[kind](case, order, asker)
    row = Case.objects.get(pk=case)
    page = decision_page(district, approval, "centre.dispatcher" if kind == "return" else "centre.duty_chief")
    assert "路灯不亮已经三天" in page and "19900001234" not in page and f'href="/cases/{case}/"' in page
    assert row.get_state_display() in page and "最近办理" in page and approval.reason in page
    asked_for = {
        "not_accept": "本件不予受理",
        "void": "本件作废",
        "extension": "延长</dt><dd>3 个工作日",
        "hold": f"复核日期</dt><dd>{time.today() + timedelta(days=9)}",
        "return": "三日内修复",
    }
    assert asked_for[kind] in page
    if kind == "extension":
        assert time.show(row.due_at) in page
        actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)
        assert f"延期后时限</dt><dd>{time.show(Case.objects.get(pk=case).due_at)}" in page, "as it then becomes"
    if kind == "return":
        assert f"{order.number} 示例区城市管理局（主办）" in page


@pytest.mark.parametrize(("days", "warned"), [(90, False), (91, True)])
def test_a_hold_of_more_than_ninety_days_warns_who_asks_and_who_decides(
    district: District, days: int, warned: bool
) -> None:
    case, _ = signed(district)
    client = enter(Client(), district.people["light.handler"])
    day = time.today() + timedelta(days=days)
    told = {"review_on": day.isoformat(), "reason": "等法院判决", "revision": str(Case.objects.get(pk=case).revision)}
    page = client.post(f"/cases/{case}/do/hold/", told, follow=True).content.decode()
    decided = decision_page(district, Approval.objects.get())
    for seen in (page, decided):
        assert (f"在 {days} 天以后，超过 90 天" in seen) == warned


# -- the triage desk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["not_accept", "void"])
def test_the_triage_desk_passes_over_what_waits_for_a_decision_and_says_so(district: District, kind: str) -> None:
    first, second = district.report("路灯不亮，第一件"), district.report("路灯不亮，第二件")
    person = district["centre.acceptor"]
    approval = OWN[kind](first.id, WorkOrder(), person)
    assert [case.pk for case in queries.triage_queue(person)] == [second.id]
    client = enter(Client(), district.people["centre.acceptor"])
    assert client.get("/cases/triage/")["Location"] == f"/cases/triage/{second.id}/"
    url = f"/cases/triage/{first.id}/"
    page = client.get(url).content.decode()
    chief = district.people["centre.duty_chief"].full_name
    assert "等待审批" in page and f"由示例区社会治理中心 {chief}审批" in page
    assert 'data-key="a"' not in page and "等待审批" not in client.get(f"/cases/triage/{second.id}/").content.decode()
    given = {
        "category": str(district.categories["0101"].pk),
        "urgency": "normal",
        "revision": str(case_of(first).revision),
    }
    answered = client.post(url, given)
    assert answered.status_code == 422 and "正在等待审批" in answered.content.decode()
    assert case_of(first).state == "to_accept"
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=False, opinion="应予受理")
    assert [case.pk for case in queries.triage_queue(person)] == [first.id, second.id]
    assert client.post(url, given | {"revision": str(case_of(first).revision)}).status_code == 302
    assert case_of(first).state == "to_dispatch"


@pytest.mark.parametrize("confident", [True, False])
def test_what_is_only_guessed_is_offered_and_not_chosen_for_the_officer(district: District, confident: bool) -> None:
    """Neither on the triage desk nor in the form of the case: a key pressed in passing asks for the category."""
    receipt, light = district.report(), district.categories["0101"]
    told = {"category": "0101", "name": light.full_name, "confident": confident, "reasons": ["路灯"], "others": []}
    traced()
    Case.objects.filter(pk=receipt.id).update(suggestion=told)
    client, url = enter(Client(), district.people["centre.acceptor"]), f"/cases/triage/{receipt.id}/"
    answer = client.get(url)
    assert answer.context["quick"] == [(1, str(light.pk), "路灯照明")]
    radio = re.search(r'<input type="radio" name="category"[^>]*>', answer.content.decode())[0]
    assert ("checked" in radio) == confident
    form = client.get(f"/cases/{receipt.id}/do/accept/").context["form"]
    assert form["category"].value() == (str(light.pk) if confident else None)
    refused = client.post(url, {"urgency": "normal", "revision": "0"})
    assert refused.status_code == 422 and "请填写类别" in refused.content.decode()
    assert case_of(receipt).state == "to_accept"


def test_only_categories_for_which_a_word_speaks_stand_beside_the_suggested_one(district: District) -> None:
    traced()
    parent = Category.objects.get(code="01")
    for n in range(5):
        Category.objects.create(
            code=f"01{90 + n}", name=f"其他设施{n}", full_name=f"市政设施/其他设施{n}", path=f"01/01{90 + n}",
            parent=parent, label="城乡建设", aliases=[],
        )  # fmt: skip
    intake._categories.cache_clear()
    told = intake.suggest("路灯不亮", "路灯不亮已经三天，旁边还有漏水")
    assert (told["category"], [code for code, _ in told["others"]]) == ("0101", ["0102"])


def test_a_category_that_was_named_at_the_desk_stands_before_the_suggested_one(district: District) -> None:
    receipt = district.report(category="0102")
    client = enter(Client(), district.people["centre.acceptor"])
    answer = client.get(f"/cases/triage/{receipt.id}/")
    assert answer.context["chosen"] == answer.context["quick"][0][1] == str(district.categories["0102"].pk)


def test_who_asked_finds_his_requests_and_what_became_of_them_on_the_approvals_page(district: District) -> None:
    case, _ = signed(district)
    handler = enter(Client(), district.people["light.handler"])
    asked = actions.ask_extension(case, by=district["light.handler"], days=2, reason="等配件到货")
    page = handler.get("/approvals/").content.decode()
    assert "您提出的，等待审批" in page and "等配件到货" in page and "已办结" not in page
    assert handler.get(f"/approvals/{asked.pk}/")["Location"] == f"/cases/{case}/"
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=False, opinion="配件今天就到")
    page = handler.get("/approvals/").content.decode()
    assert "您提出的，等待审批" not in page and "已办结" in page and "不同意" in page
    neighbour = enter(Client(), district.people["water.handler"])
    assert "等配件到货" not in neighbour.get("/approvals/").content.decode()
    assert neighbour.get(f"/approvals/{asked.pk}/").status_code == 404


def test_many_own_requests_cost_no_more_statements_than_one(
    district: District,
) -> None:
    handler = enter(Client(), district.people["light.handler"])
    counts = []
    for many in (1, 3):
        for _ in range(many):
            case, _ = signed(district)
            actions.ask_extension(case, by=district["light.handler"], days=2, reason="等配件到货")
        with CaptureQueriesContext(connection) as caught:
            assert handler.get("/approvals/").status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_a_telephone_number_in_a_title_is_masked_wherever_the_case_is_listed(district: District) -> None:
    waiting = district.report()
    case, _ = signed(district)
    actions.ask_extension(case, by=district["light.handler"], days=2, reason="联系 13800138000 后才能进门")
    traced()
    Case.objects.update(title="路灯不亮，请回电13800138000")
    for person, url in (
        ("centre.acceptor", f"/cases/triage/{waiting.id}/"), ("centre.duty_chief", "/cases/approvals/"),
        ("light.handler", "/cases/orders/"), ("light.handler", "/approvals/"), ("centre.duty_chief", f"/cases/{case}/"),
    ):  # fmt: skip
        page = enter(Client(), district.people[person]).get(url).content.decode()
        assert "138****8000" in page and "13800138000" not in page, url
