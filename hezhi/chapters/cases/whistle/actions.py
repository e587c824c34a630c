"""The verbs of whistling (吹哨的动作): whom one may call, and what the caller says of who came."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction

from hezhi.chapters.cases.handling.actions.turning import MATTER, seen, settle
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.whistle import rules
from hezhi.chapters.cases.whistle.models import Rating, Rule
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.records.acting import acting, verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow

RATE = "whistle.rate"
DATA = Path(__file__).parent / "data" / "rules.toml"


def may_call(case: Case, caller: Unit, units: Sequence[Unit]) -> None:
    """Refuse a whistle that no rule allows (吹哨范围); without any rule everybody may call."""
    rows = list(Rule.objects.filter(active=True).select_related("category"))
    if not rows:
        return
    known = [
        rules.May(r.caller, r.called, r.caller_unit_id, r.called_unit_id, r.category.path if r.category else "")
        for r in rows
    ]
    path = case.category.path if case.category else ""
    bodies = [rules.Body(unit.pk, unit.kind) for unit in units]
    out = set(rules.refused(known, rules.Body(caller.pk, caller.kind), bodies, path))
    if out:
        names = "、".join(unit.name for unit in units if unit.pk in out)
        raise BadInput(
            {"assist": [f"按吹哨规则，{caller.name}不能吹哨请{names}到场；请改请规则内的单位，或报上级协调。"]}
        )


@clause("9.1.2-2")
@verb("whistle.rate")
def rate(order_id: UUID, *, by: Actor, stars: int, solved: bool | None = None, text: str = "") -> Rating:
    """Rate a called unit (评价被吹哨单位), by the unit that called it, once, after it came or its time was over."""
    by.must(RATE)
    order = WorkOrder.objects.filter(pk=order_id, matter_type=MATTER, called=True).select_related("unit").first()
    if order is None:
        raise NotFound("没有找到这张吹哨单。", code="whistle.no_order")
    case = seen(order.matter_id, by=by)
    if by.unit_id != order.issued_by_unit_id:
        raise NotAllowed("到场评价由吹哨的单位作出。", remedy="请由吹哨单位评价。", code="whistle.not_caller")
    now, due = time.now(), order.arrival_due_at
    if order.arrived_at is None and (due is None or due > now):
        raise NotNow(
            "对方还没有到场，时限也没有到。", "到场以后或超时以后才能评价。", "请稍后再评。", code="whistle.too_early"
        )
    if not 1 <= stars <= 5:
        raise BadInput({"stars": ["请选择一到五颗星。"]})
    text = text.strip()[:300]
    if stars <= 2 and not text:
        raise BadInput({"text": ["评一星、二星的，请写明原因。"]})
    in_time = bool(order.arrived_at and (due is None or order.arrived_at <= due))
    try:
        with transaction.atomic():
            row = Rating.objects.create(
                case=case, order=order, unit=order.unit, in_time=in_time, stars=stars, solved=solved,
                text="" if case.secret else text, by_name=by.name, by_unit=by.unit_name, at=now,
            )  # fmt: skip
    except IntegrityError:
        raise NotNow("这次到场已经评价过了。", "每次吹哨只评价一次。", code="whistle.rated") from None
    settle(
        case, "rate_called", by=by, title="评价到场单位", order=order, text=row.text,
        fields={"单位": order.unit.name, "评分": f"{stars} 星", "按时到场": "是" if in_time else "否"},
    )  # fmt: skip
    return row


def load_tables(*, by: Actor) -> dict[str, int]:
    """Load the first rules where there are none; never overwriting officers' edits."""
    if Rule.objects.exists():
        return {"吹哨规则": 0}
    rows = [Rule(**row) for row in tomllib.loads(DATA.read_text("utf-8"))["rule"]]
    with acting(by, verb="whistle.load_tables", reason="载入初始吹哨规则"):
        return {"吹哨规则": len(Rule.objects.bulk_create(rows))}
