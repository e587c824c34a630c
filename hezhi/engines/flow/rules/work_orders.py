"""The tree of work orders (承办单), read as values.

A matter's work is a tree: the district's centre gives an order to a town, the town passes it down
to a community, the community to a grid; a lower unit may call others up (吹哨报到). Where the
matter stands is never typed in. One rule says it:

    看有效而未办结的承办单：状态一致的，事项就在那个状态；不一致的，就是处置中。
    没有有效主办单的，待派遣；都办结了的，办结。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.ruling import YES, Ruling, no
from hezhi.engines.flow.rules.working_time import Calendar, Pause, due
from hezhi.ground.time import show

__all__ = [
    "Order",
    "OrderState",
    "Part",
    "ReturnRule",
    "Standing",
    "check_tree",
    "live",
    "may_close",
    "may_reply",
    "may_return",
    "must_be_ruled",
    "standing",
]

TWO_WORKING_DAYS = Limit(2, Unit.WORKING_DAYS)


class Part(StrEnum):
    """What an order's unit does: lead (主办) or assist (协办)."""

    LEAD = "lead"
    ASSIST = "assist"


class OrderState(StrEnum):
    """The state of one order."""

    TO_SIGN = "to_sign"
    """待签收."""
    HANDLING = "handling"
    """处置中."""
    ON_HOLD = "on_hold"
    """挂起."""
    REPLIED = "replied"
    """已反馈: the handler has replied; the unit's own signature is still to come."""
    TO_REVIEW = "to_review"
    """待审签."""
    DONE = "done"
    """已办结: replied and signed off."""
    RETURNED = "returned"
    """已退回: not this unit's duty."""
    RELEASED = "released"
    """已解除: this unit's help is no longer needed."""
    WITHDRAWN = "withdrawn"
    """已撤回: taken back by who gave it."""


NO_LONGER = frozenset({OrderState.RETURNED, OrderState.RELEASED, OrderState.WITHDRAWN})
_STATE_NAMES = {
    OrderState.TO_SIGN: "尚未签收",
    OrderState.HANDLING: "正在处置",
    OrderState.ON_HOLD: "已挂起",
    OrderState.REPLIED: "已反馈、尚未审签",
    OrderState.TO_REVIEW: "尚未审签",
}


class Standing(StrEnum):
    """Where the work on a matter stands (办理进度); each value but DONE is also a state of the case."""

    TO_DISPATCH = "to_dispatch"
    TO_SIGN = "to_sign"
    HANDLING = "handling"
    ON_HOLD = "on_hold"
    TO_REVIEW = "to_review"
    DONE = "done"


_STANDING = {
    OrderState.TO_SIGN: Standing.TO_SIGN,
    OrderState.HANDLING: Standing.HANDLING,
    OrderState.ON_HOLD: Standing.ON_HOLD,
    OrderState.REPLIED: Standing.TO_REVIEW,
    OrderState.TO_REVIEW: Standing.TO_REVIEW,
}


@dataclass(frozen=True, slots=True)
class Order:
    """One work order (承办单). `parent` is None for an order that the matter itself gave."""

    id: Hashable
    parent: Hashable | None = None
    part: Part | str = Part.LEAD
    state: OrderState | str = OrderState.TO_SIGN
    unit: str = ""

    @property
    def title(self) -> str:
        """«主办单位甲镇», for a sentence."""
        return ("主办单位" if self.part == Part.LEAD else "协办单位") + (self.unit or str(self.id))


def live(orders: Iterable[Order]) -> list[Order]:
    """The orders still in force (有效): neither they nor an order above them has been given up."""
    orders = list(orders)
    by_id = {order.id: order for order in orders}

    def in_force(order: Order) -> bool:
        seen = set()
        at: Order | None = order
        while at is not None and at.id not in seen:
            if at.state in NO_LONGER:
                return False
            seen.add(at.id)
            at = by_id.get(at.parent) if at.parent is not None else None
        return True

    return [order for order in orders if in_force(order)]


def standing(orders: Iterable[Order]) -> Standing:
    """Where the matter's work stands, by the one rule above (of the current round's orders)."""
    in_force = live(orders)
    if not _lead(in_force):
        return Standing.TO_DISPATCH
    open_ones = {_STANDING[OrderState(order.state)] for order in in_force if order.state != OrderState.DONE}
    if not open_ones:
        return Standing.DONE
    return open_ones.pop() if len(open_ones) == 1 else Standing.HANDLING


def may_close(orders: Iterable[Order]) -> Ruling:
    """May the case be closed (办结)? Only when every order in force is replied to and signed off.

    So the lead has signed off, each assisting unit is done or released, and the orders below
    likewise. True exactly when the work stands at DONE. The refusal names who is still owed.
    """
    in_force = live(orders)
    if not _lead(in_force):
        return no("还没有主办单位，不能办结", "请先派遣主办单位")
    open_ones = [order for order in in_force if order.state != OrderState.DONE]
    if not open_ones:
        return YES
    told = "；".join(f"{order.title}{_STATE_NAMES[OrderState(order.state)]}" for order in open_ones)
    return no(f"还不能办结：{told}", "请等其办结；协办单位确不需要的，可先解除")


def may_reply(orders: Iterable[Order], order_id: Hashable) -> Ruling:
    """May this order be replied to (反馈)? Only when the orders below it are done or given up."""
    below = [order for order in live(orders) if order.parent == order_id and order.state != OrderState.DONE]
    if not below:
        return YES
    told = "；".join(f"{order.title}{_STATE_NAMES[OrderState(order.state)]}" for order in below)
    return no(f"下级承办单尚未办结：{told}", "请先催办、撤回或解除下级承办单，再反馈")


def _lead(in_force: Iterable[Order]) -> Order | None:
    return next((order for order in in_force if order.parent is None and order.part == Part.LEAD), None)


def check_tree(orders: Sequence[Order]) -> list[str]:
    """What cannot be in a tree of orders, in sentences; empty for a sound one.

    Each parent exists, no order stands above itself, and each place has one lead in force at most.
    """
    by_id = {order.id: order for order in orders}
    faults = [f"承办单“{id_}”重复。" for id_, count in Counter(o.id for o in orders).items() if count > 1]
    for order in orders:
        if order.parent is not None and order.parent not in by_id:
            faults.append(f"承办单“{order.id}”的上级承办单不存在。")
        elif _stands_above_itself(order, by_id):
            faults.append(f"承办单“{order.id}”的上级又是它自己的下级。")
    leads = Counter(order.parent for order in live(orders) if order.part == Part.LEAD)
    for parent, count in leads.items():
        if count > 1:
            where = f"承办单“{parent}”之下" if parent is not None else "本事项"
            faults.append(f"{where}有 {count} 个主办单位，只能有一个主办，其余为协办。")
    return faults


def _stands_above_itself(order: Order, by_id: dict[Hashable, Order]) -> bool:
    seen, at = set(), order.parent
    while at is not None and at in by_id and at not in seen:
        if at == order.id:
            return True
        seen.add(at)
        at = by_id[at].parent
    return False


# -- returning an order (退回) ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReturnRule:
    """How an order may be returned: within a limit after receipt, and how often per matter.

    The default is Shandong's: two working days. After the second return the duty chief rules.
    """

    within: Limit = TWO_WORKING_DAYS
    times: int = 2


def may_return(
    *,
    received: datetime,
    at: datetime,
    calendar: Calendar,
    returns: int,
    ruled: bool,
    pauses: Iterable[Pause] = (),
    rule: ReturnRule | None = None,
) -> Ruling:
    """May a unit say «not our duty» (退回) now?

    `received` is when the order reached the unit, `returns` how often the matter has been returned
    before, `ruled` whether the duty chief (值班长) named this unit.
    """
    rule = rule or ReturnRule()
    if ruled:
        return no("值班长已裁定由本单位办理，不能再退回", "请签收办理；确有困难的，请与值班长联系")
    if returns >= rule.times:
        return no(f"本事项已退回 {returns} 次，不能再退", "请报值班长裁定承办单位")
    last = due(received, rule.within, calendar, pauses)
    if last is not None and at > last:
        return no(
            f"已过退回期限（收到后 {rule.within}，至 {show(last)}）", "请继续办理；需要其他单位配合的，可申请加派协办"
        )
    return YES


def must_be_ruled(returns: int, rule: ReturnRule | None = None) -> bool:
    """Is it now for the duty chief to name the unit (值班长裁定), instead of the dispatcher?"""
    return returns >= (rule or ReturnRule()).times
