"""并单 joins the handling, never the answers (9.1.2-2): what comes along, what comes back, each its own reply and word of it."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case, Reporter, Step
from hezhi.chapters.cases.intake.testkit import District, build, forget, order_of
from hezhi.engines.flow.models import ToDo
from hezhi.engines.org.testkit import enter, traced
from hezhi.engines.reach.delivery import deliver_outside
from hezhi.engines.reach.models import LocalCopy
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow
from hezhi.ground.testkit.kept import kept
from hezhi.wiring import invariants

pytestmark = pytest.mark.clause("9.1.2-2")
PHONE = "13812345678"
WHOLE = ("事件有人负责", "待办有人能办", "已结事件没有待办", "并单随主件办结", "办结时间与状态相符", "办理过程首尾相接",
         "办理过程止于现状", "每次修订有一步", "历史的末条即现状", "事件时限即计时中的时限", "已结事件不再计时")  # fmt: skip


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[District]:
    """The small district, made once."""
    yield from kept(build, django_db_blocker)


@pytest.fixture
def district(made: District, db: None) -> Iterator[District]:
    """At ten in the morning: at night text messages wait. After each test everything holds that must."""
    forget()
    with time.frozen_at(time.at_local(time.today()) + timedelta(days=1, hours=10)):
        yield deepcopy(made)
        assert invariants.check(WHOLE) == {}


def told_us(district: District, text: str = "路灯又黑了", **more: object) -> UUID:
    return district.report(text, name="李示例", phone=PHONE, **more).id


def accepted(district: District, text: str = "路灯不亮") -> UUID:
    key = told_us(district, text)
    actions.accept(key, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    return key


def merge(district: District, case: UUID, into: UUID) -> Case:
    return actions.merge(case, by=district["centre.acceptor"], into_id=into, reason="同一盏灯")


def closed(district: District, case: UUID, reply: str = "已修好。") -> None:
    """The main case is answered at the desk and called back."""
    actions.answer_directly(case, by=district["centre.acceptor"], reply=reply)
    actions.call_back(case, by=district["centre.caller"], reached=True, solved=True, satisfied=True)


def fallen(district: District, case: UUID, to: str = "void") -> None:
    """Void, or not accepted: asked for by one, granted by another."""
    ask = actions.ask_void if to == "void" else actions.ask_not_accept
    approval = ask(case, by=district["centre.acceptor"], reason="测试来电")
    actions.decide(approval.pk, by=district["centre.duty_chief"], grant=True)


def now(case: UUID) -> tuple[str, UUID | None]:
    row = Case.objects.get(pk=case)
    return row.state, row.merged_into_id


def waits_for(case: UUID) -> list[str]:
    return list(ToDo.objects.filter(object_id=case, done_at__isnull=True).values_list("step", flat=True))


def verbs_of(case: UUID) -> list[str]:
    return list(Step.objects.filter(case=case).order_by("id").values_list("verb", flat=True))


# -- joined cases come along, and come back --------------------------------------------------------


def test_what_was_joined_to_a_case_comes_along_when_that_is_merged_and_is_answered_too(district: District) -> None:
    third, main, child = accepted(district), accepted(district), told_us(district)
    merge(district, child, main)
    merge(district, main, third)
    assert now(child) == now(main) == ("merged", third)
    step = Step.objects.get(case=child, verb="taken_along")
    numbers = [Case.objects.get(pk=key).number for key in (main, third)]
    assert step.fields == {"随": numbers[0], "并入": numbers[1]}
    closed(district, third)
    assert [now(key)[0] for key in (child, main, third)] == ["closed"] * 3
    assert Case.objects.get(pk=child).reply == "已修好。"


def test_undoing_a_merge_takes_back_what_had_come_along_and_nothing_else(district: District) -> None:
    top, third, main, child, other = (accepted(district) for _ in range(5))
    merge(district, child, main)
    merge(district, other, third)
    merge(district, main, third)
    merge(district, third, top)
    assert {now(key) for key in (child, main, third, other)} == {("merged", top)}
    actions.unmerge(third, by=district["centre.acceptor"], text="不是同一处")
    assert now(third) == ("to_dispatch", None) and waits_for(third) == ["dispatch"]
    assert {now(key) for key in (child, main, other)} == {("merged", third)}
    actions.unmerge(main, by=district["centre.acceptor"])
    assert (now(main), now(child), now(other)) == (("to_dispatch", None), ("merged", main), ("merged", third))
    actions.unmerge(child, by=district["centre.acceptor"])
    assert now(child) == ("to_dispatch", None)


@pytest.mark.parametrize("to", ["void", "not_accepted"])
def test_when_the_main_case_falls_away_the_joined_ones_go_on_where_they_stood(district: District, to: str) -> None:
    main, fresh, ready = accepted(district), told_us(district), accepted(district)
    asked = told_us(district)
    actions.ask_supplement(asked, by=district["centre.acceptor"], reason="哪一盏")
    for key in (fresh, ready, asked):
        merge(district, key, main)
    fallen(district, main, to)
    assert now(main) == (to, None)
    assert [(now(key), waits_for(key)) for key in (fresh, ready, asked)] == [
        (("to_accept", None), ["accept"]), (("to_dispatch", None), ["dispatch"]), (("to_supplement", None), ["supplement"]),
    ]  # fmt: skip
    told = Step.objects.get(case=fresh, verb="parted")
    assert Case.objects.get(pk=main).number in told.text and "本件不随之终结" in told.text
    assert told.public_text == "您反映的问题恢复单独办理，办理结果会答复您。"


def test_what_was_taken_along_to_a_case_that_is_voided_stays_with_the_one_it_came_with(district: District) -> None:
    third, main, child = accepted(district), accepted(district), accepted(district)
    merge(district, child, main)
    merge(district, main, third)
    fallen(district, third)
    assert (now(main), now(child)) == (("to_dispatch", None), ("merged", main))
    closed(district, main)
    assert now(child)[0] == "closed"


def test_a_main_case_that_comes_under_the_veil_lets_go_of_what_was_joined_to_it(district: District) -> None:
    main, child = accepted(district), told_us(district)
    merge(district, child, main)
    actions.claim_secret(main, by=district["centre.acceptor"], title="反映某部门", text="内容已隐去身份。")
    assert now(child) == ("to_accept", None) and waits_for(child) == ["accept"]
    assert Case.objects.get(pk=main).number not in Step.objects.get(case=child, verb="parted").text


def test_a_case_asked_for_more_is_asked_again_after_its_merge_is_undone(district: District) -> None:
    main, asked = accepted(district), told_us(district)
    actions.ask_supplement(asked, by=district["centre.acceptor"], reason="哪一盏")
    merge(district, asked, main)
    actions.unmerge(asked, by=district["centre.acceptor"])
    assert (now(asked)[0], waits_for(asked)) == ("to_supplement", ["supplement"])


@pytest.mark.parametrize("state", ["void", "not_accepted", "merged", "closed"])
def test_an_operator_is_told_of_a_joined_case_whose_main_case_is_not_at_work(district: District, state: str) -> None:
    main, child = accepted(district), told_us(district)
    merge(district, child, main)
    assert invariants.check(["并单随主件办结"]) == {}
    traced()
    Case.objects.filter(pk=main).update(state=state)
    number = Case.objects.get(pk=child).number
    assert f"{number} {state}" in invariants.check(["并单随主件办结"])["并单随主件办结"]
    Case.objects.filter(pk=main).update(state="to_dispatch")


# -- each its own reply ----------------------------------------------------------------------------


def test_an_officer_writes_a_joined_case_its_own_reply_and_the_main_case_never_overwrites_it(
    district: District,
) -> None:
    main, own, plain = accepted(district), told_us(district), told_us(district)
    merge(district, own, main)
    merge(district, plain, main)
    desk = enter(Client(), district.people["centre.acceptor"])
    page = desk.get(f"/cases/{own}/").content.decode()
    assert "还没有单独填写" in page and f"/cases/{own}/do/answer_apart/" in page
    for words in ("您楼下那盏", "您楼下那盏灯已修好，并换了新灯罩。"):
        form = {"reply": words, "revision": Case.objects.get(pk=own).revision}
        assert desk.post(f"/cases/{own}/do/answer_apart/", form).status_code == 302
    page = desk.get(f"/cases/{own}/").content.decode()
    assert "换了新灯罩" in page and "在此之前上报人看不到" in page
    assert "换了新灯罩" in desk.get(f"/cases/{own}/do/answer_apart/").content.decode(), "written words are the start"
    waiting = Case.objects.get(pk=own)
    assert (waiting.state, waiting.reply) == ("merged", "")
    assert not Step.objects.filter(case=own, public_text__contains="新灯罩").exists()
    closed(district, main)
    assert [Case.objects.get(pk=key).reply for key in (own, plain)] == [
        "您楼下那盏灯已修好，并换了新灯罩。",
        "已修好。",
    ]
    told = Step.objects.get(case=own, verb="answer_merged")
    assert told.public_text == "您楼下那盏灯已修好，并换了新灯罩。"


def test_the_form_starts_with_the_reply_of_the_main_case_once_that_is_answered(district: District) -> None:
    main, child = accepted(district), told_us(district)
    merge(district, child, main)
    actions.answer_directly(main, by=district["centre.acceptor"], reply="灯已修好，欢迎监督。")
    desk = enter(Client(), district.people["centre.acceptor"])
    assert "灯已修好，欢迎监督。" in desk.get(f"/cases/{child}/do/answer_apart/").content.decode()


def test_only_who_may_answer_writes_an_own_reply_only_to_a_joined_case_and_never_an_empty_one(
    district: District,
) -> None:
    main, child = accepted(district), told_us(district)
    with pytest.raises(NotNow, match="单独答复"):
        actions.answer_apart(child, by=district["centre.acceptor"], reply="已修好")
    merge(district, child, main)
    with pytest.raises(NotAllowed):
        actions.answer_apart(child, by=district["centre.dispatcher"], reply="已修好")
    with pytest.raises(BadInput, match="答复"):
        actions.answer_apart(child, by=district["centre.acceptor"], reply="  ")
    assert "answer_apart" not in verbs_of(child)


def test_an_own_reply_goes_along_to_another_main_case_but_not_over_a_new_merge(district: District) -> None:
    third, main, child = accepted(district), accepted(district), told_us(district)
    merge(district, child, main)
    actions.answer_apart(child, by=district["centre.acceptor"], reply="给您单独的话。")
    merge(district, main, third)
    actions.unmerge(child, by=district["centre.acceptor"])
    assert Case.objects.get(pk=child).reply == ""
    merge(district, child, third)
    closed(district, third)
    assert Case.objects.get(pk=child).reply == "已修好。"
    again, other, moved = accepted(district), accepted(district), told_us(district)
    merge(district, moved, other)
    actions.answer_apart(moved, by=district["centre.acceptor"], reply="给您单独的话。")
    merge(district, other, again)
    closed(district, again)
    assert Case.objects.get(pk=moved).reply == "给您单独的话。"


def test_a_case_redone_and_then_merged_gets_the_new_answer_not_its_old_one(district: District) -> None:
    main, child = accepted(district), accepted(district)
    closed(district, child, reply="旧的答复。")
    actions.redo(child, by=district["centre.caller"], reason="没修好")
    merge(district, child, main)
    closed(district, main)
    assert Case.objects.get(pk=child).reply == "已修好。"


# -- each reporter is told -------------------------------------------------------------------------


def texts(case: UUID) -> list[str]:
    """What left the house for this reporter about the end."""
    while deliver_outside():
        pass
    rows = LocalCopy.objects.filter(outgoing__object_id=case, outgoing__event="cases.closed_reporter")
    return list(rows.values_list("text", flat=True))


def test_each_reporter_is_told_of_the_end_under_his_own_number_as_he_wished(district: District) -> None:
    main, child, silent, nobody = accepted(district), told_us(district), told_us(district), district.report("路灯黑").id
    for key in (child, silent, nobody):
        merge(district, key, main)
    Reporter.objects.filter(case=silent).update(wants_answer=False)
    actions.dispatch(main, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(main, district.units["light"])
    actions.sign(order.pk, by=district["light.handler"])
    actions.reply(order.pk, by=district["light.handler"], text="已修。", public_reply="已修好。")
    actions.review(order.pk, by=district["light.reviewer"])
    assert texts(child) == []
    actions.call_back(main, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    (told,) = texts(child)
    assert Case.objects.get(pk=child).number in told and Case.objects.get(pk=main).number not in told
    assert len(texts(main)) == 1 and texts(silent) == texts(nobody) == []
