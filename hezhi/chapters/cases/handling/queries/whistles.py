"""Called units of a case (吹哨单), read as the rules of whistling look at them."""

from collections.abc import Sequence

from hezhi.chapters.cases.handling.flows import UNDONE
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules import whistle as rule
from hezhi.ground import time

GONE = ("returned", "released", "withdrawn")


def as_rule(orders: Sequence[WorkOrder], result: str = "") -> rule.Whistle:
    """Called orders as the rules look at them; who came and was released since has no part in the result any more."""
    return rule.Whistle(tuple(_called(o) for o in orders if o.state not in GONE or o.arrived_at is None), result)


def _called(order: WorkOrder) -> rule.Called:
    """One of them; a unit that was let go after its limit stays absent."""
    due, ended = order.arrival_due_at, order.ended_at
    in_time = due is None or (ended is not None and ended <= due)
    return rule.Called(
        order.unit.name, due=due, arrived_at=order.arrived_at, agreed=order.state == WorkOrder.State.DONE,
        excused=order.state in GONE and order.arrived_at is None and in_time,
    )  # fmt: skip


def presence_of(order: WorkOrder) -> rule.Presence:
    """Whether a called unit has come (到场情况)."""
    return rule.presence(_called(order), time.now())


def unsettled(orders: Sequence[WorkOrder], calling: WorkOrder) -> list[WorkOrder]:
    """The called orders whose joint result does not stand yet (尚未形成联合处置结果的吹哨单).

    A unit that agreed belongs to them as long as another is at work that was called before those words were written;
    what was settled by an earlier joint result, or replied to before there was one, does not.
    """
    called = [o for o in orders if o.called and o.parent_id == calling.pk and o.round == calling.round]
    living = [o for o in called if o.state in UNDONE and (o.state != "to_review" or o.result.get("joint"))]
    first = min((o.issued_at for o in living), default=None)
    agreed = [
        o for o in called
        if o.state == WorkOrder.State.DONE and o.result.get("joint") and first and o.replied_at and first <= o.replied_at
    ]  # fmt: skip
    return [o for o in called if o in living or o in agreed]


def absent(orders: Sequence[WorkOrder]) -> list[WorkOrder]:
    """The called units that stayed away past their limit and are still expected (超时未报到)."""
    expected = [o for o in orders if o.called and o.state in ("to_sign", "handling")]
    return [o for o in expected if presence_of(o) is rule.Presence.ABSENT]


def joint_draft(orders: Sequence[WorkOrder], calling: WorkOrder) -> str:
    """What the form of the joint result begins with: its last words, and a line for each unit they do not name."""
    came = [o for o in unsettled(orders, calling) if o.arrived_at]
    words = max((o for o in came if o.result.get("joint")), key=lambda o: str(o.result["joint"]), default=None)
    before = words.reply if words else ""
    return "\n".join(filter(None, [before, *(f"{o.unit.name}：" for o in came if o.unit.name not in before)]))
