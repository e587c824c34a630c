"""The tree of work orders and what it says about its case (承办单)."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.flow.rules.calendar import shipped_calendar
from hezhi.engines.flow.rules.clocks import Pause
from hezhi.engines.flow.rules.work_orders import (
    NO_LONGER,
    Order,
    OrderState,
    Part,
    Standing,
    check_tree,
    live,
    may_close,
    may_reply,
    may_return,
    must_be_ruled,
    standing,
)
from hezhi.ground.time import SHANGHAI

CHINA = shipped_calendar()


def lead(state, id_="镇", parent=None):
    return Order(id_, parent, Part.LEAD, state, id_)


def assist(state, id_="局", parent=None):
    return Order(id_, parent, Part.ASSIST, state, id_)


@pytest.mark.parametrize(
    ("orders", "stands"),
    [
        ([], "to_dispatch"),
        ([lead("to_sign")], "to_sign"),
        ([lead("handling")], "handling"),
        ([lead("on_hold")], "on_hold"),
        ([lead("replied")], "to_review"),
        ([lead("to_review")], "to_review"),
        ([lead("done")], "done"),
        ([lead("returned")], "to_dispatch"),
        ([lead("withdrawn"), lead("to_sign", "新镇")], "to_sign"),
        ([lead("handling"), assist("to_sign")], "handling"),
        ([lead("to_review"), assist("to_sign")], "handling"),
        ([lead("replied"), assist("to_review")], "to_review"),
        ([lead("done"), assist("handling")], "handling"),
        ([lead("done"), assist("released")], "done"),
        ([lead("returned"), assist("handling")], "to_dispatch"),
        ([lead("handling"), lead("to_sign", "社区", "镇")], "handling"),
        ([lead("done"), lead("handling", "社区", "镇")], "handling"),
        ([lead("done"), lead("returned", "社区", "镇"), assist("handling", "网格", "社区")], "done"),
    ],
)
def test_where_the_work_stands_follows_from_the_orders(orders, stands):
    assert standing(orders) == stands


def test_a_case_may_close_when_the_lead_is_signed_off_and_each_helper_done_or_released():
    assert may_close([lead("done"), assist("done"), assist("released", "所"), lead("done", "社区", "镇")])


def test_a_refusal_to_close_names_who_still_owes_what():
    refusal = may_close([lead("replied"), assist("handling"), lead("to_sign", "社区", "镇")])
    assert not refusal
    assert refusal.why == "还不能办结：主办单位镇已反馈、尚未审签；协办单位局正在处置；主办单位社区尚未签收"
    assert "还没有主办单位" in may_close([assist("done")]).why


def test_an_order_is_replied_to_only_when_the_orders_below_it_are_settled():
    below = lead("handling", "社区", "镇")
    assert may_reply([lead("handling"), below], "社区")
    assert "主办单位社区正在处置" in may_reply([lead("handling"), below], "镇").why
    assert may_reply([lead("handling"), replace(below, state="done")], "镇")
    assert may_reply([lead("handling"), replace(below, state="withdrawn")], "镇")


def test_a_tree_that_cannot_be_is_told_in_sentences():
    assert check_tree([lead("to_sign"), assist("to_sign"), lead("to_sign", "社区", "镇")]) == []
    assert check_tree([lead("to_sign", "社区", "镇")]) == ["承办单“社区”的上级承办单不存在。"]
    assert check_tree([lead("to_sign"), lead("to_sign", "乙镇")]) == [
        "本事项有 2 个主办单位，只能有一个主办，其余为协办。"
    ]
    assert check_tree([lead("returned"), lead("to_sign", "乙镇")]) == []
    ring = check_tree([lead("to_sign", "甲", "乙"), lead("to_sign", "乙", "甲")])
    assert ring == ["承办单“甲”的上级又是它自己的下级。", "承办单“乙”的上级又是它自己的下级。"]
    assert check_tree([assist("to_sign"), assist("handling")]) == ["承办单“局”重复。"]


@st.composite
def trees(draw):
    """Sound trees of up to nine orders: each hangs below an earlier one or below the matter."""
    orders: list[Order] = []
    for n in range(draw(st.integers(0, 9))):
        parent = draw(st.none() | st.sampled_from(range(n))) if n else None
        order = Order(n, parent, Part.ASSIST, draw(st.sampled_from(OrderState)))
        if draw(st.booleans()) and not check_tree([*orders, replace(order, part=Part.LEAD)]):
            order = replace(order, part=Part.LEAD)
        orders.append(order)
    return orders


@given(trees())
def test_a_case_may_close_exactly_when_its_work_is_done(orders):
    assert check_tree(orders) == []
    assert bool(may_close(orders)) == (standing(orders) is Standing.DONE)


@given(trees(), st.randoms(use_true_random=False))
def test_the_order_in_which_orders_are_read_does_not_matter(orders, dice):
    shuffled = list(orders)
    dice.shuffle(shuffled)
    assert standing(shuffled) is standing(orders)


@given(trees())
def test_what_hangs_below_a_given_up_order_says_nothing_any_more(orders):
    cut = [order for order in orders if order not in live(orders)]
    assert standing(live(orders)) is standing(orders)
    assert all(order.state in NO_LONGER or order.parent in {one.id for one in cut} for order in cut)


@given(trees(), st.sampled_from(OrderState))
def test_the_state_of_a_given_up_branch_never_changes_the_case(orders, state):
    cut = {order.id for order in orders if order not in live(orders) and order.state not in NO_LONGER}
    other = [replace(order, state=state) if order.id in cut else order for order in orders]
    assert standing(other) is standing(orders)


@given(trees())
def test_when_every_open_order_stands_alike_so_does_the_case(orders):
    stands = standing(orders)
    kinds = {order.state for order in live(orders) if order.state != OrderState.DONE}
    if stands is not Standing.TO_DISPATCH and len(kinds) == 1:
        (kind,) = kinds
        assert stands == ("to_review" if kind == "replied" else kind)


@given(trees())
def test_releasing_a_helper_never_makes_a_closable_case_unclosable(orders):
    for order in orders:
        if may_close(orders) and order.part is Part.ASSIST:
            assert may_close([replace(one, state=OrderState.RELEASED) if one is order else one for one in orders])


@given(trees(), st.data())
def test_signing_off_one_order_after_the_other_from_below_always_closes_the_case(orders, data):
    if standing(orders) is Standing.TO_DISPATCH:
        return
    open_ones = [order.id for order in live(orders) if order.state is not OrderState.DONE]
    for id_ in reversed(open_ones):
        assert not may_close(orders)
        assert may_reply(orders, id_)
        orders = [replace(order, state=OrderState.DONE) if order.id == id_ else order for order in orders]
    assert may_close(orders)


# -- returning -------------------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def returning(moment="2026-11-24 10:00", *, returns=0, ruled=False, pauses=()):
    return may_return(
        received=at("2026-11-20 10:00"), at=at(moment), calendar=CHINA, returns=returns, ruled=ruled, pauses=pauses
    )


def test_a_unit_may_return_an_order_within_two_working_days():
    assert returning("2026-11-20 10:05")
    assert returning("2026-11-24 17:30")
    assert returning("2026-11-24 17:31").why == "已过退回期限（收到后 2 个工作日，至 2026-11-24 17:30）"


def test_a_hold_leaves_the_unit_its_two_days():
    hold = [Pause(at("2026-11-23 09:00"), at("2026-11-24 09:00"))]
    assert returning("2026-11-25 10:00", pauses=hold)


def test_after_the_second_return_the_duty_chief_rules_and_the_unit_named_may_not_return():
    assert returning(returns=1)
    assert not must_be_ruled(1)
    assert must_be_ruled(2)
    assert "请报值班长裁定" in returning(returns=2).remedy
    assert "值班长已裁定" in returning(returns=2, ruled=True).why
    assert not returning(returns=0, ruled=True)
