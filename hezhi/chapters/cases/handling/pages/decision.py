"""What an approver sees of a request before he decides (审批所见): what is asked for, and the case it is about."""

from typing import Any
from uuid import UUID

from hezhi.chapters.cases.handling.actions.lapsing import WHAT
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.pages.asked import review_day, warning_of
from hezhi.chapters.cases.handling.pages.case import timeline
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.ground import time
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Fact

LAST_STEPS = 6
"""So many of the last steps are told; the whole history stands on the page of the case."""


def before_decision(approval: Approval, case: Case) -> dict[str, Any]:
    """The context of what stands above the form of a decision; texts masked as on the page of the case."""
    last = list(case.steps.order_by("-at", "-id")[:LAST_STEPS])[::-1]
    return {
        "beside_form": "handling/decision.html",
        "asked_facts": [
            *_who(approval),
            *asked_facts(approval, case),
            Fact("理由", mask_text(approval.reason), wide=True),
        ],
        "warning": warning_of(approval),
        "case_title": mask_text(case.title),
        "case_text": mask_text(case.text),
        "case_facts": [
            Fact("类别", str(case.category or "未定")),
            Fact("地点", case.place or "未填"),
            Fact("主办单位", str(case.lead_unit or "未派遣")),
            Fact("收到时间", time.show(case.received_at)),
        ],
        "last_steps": timeline(last),
    }


def asked_facts(approval: Approval, case: Case) -> list[Fact]:
    """What would be done with a yes (申请内容), of the kind of this request."""
    return _FACTS[approval.kind](approval, case) if approval.kind in _FACTS else []


def _who(approval: Approval) -> list[Fact]:
    who = " ".join(str(each) for each in (approval.asked_unit, approval.asked_by) if each)
    return [Fact("申请事项", WHAT.get(approval.kind, "")), Fact("申请人", who, note=time.show(approval.asked_at))]


def _hold(approval: Approval, case: Case) -> list[Fact]:
    day = review_day(approval)
    if day is None:
        return [Fact("复核日期", "未填")]
    days = (day - time.local(approval.asked_at).date()).days
    return [Fact("复核日期", time.show_day(day), note=f"自申请之日起 {days} 天")]


def _extension(approval: Approval, case: Case) -> list[Fact]:
    days = approval.proposal["days"]
    total = next((d for d in flow.deadlines_of(case.pk) if d.stage == timing.TOTAL and d.state == "running"), None)
    if total is None or total.due_at is None:
        return [Fact("延长", f"{days} 个工作日")]
    later = timing.due_if_extended(total, days)
    return [
        Fact("延长", f"{days} 个工作日"),
        Fact("现时限", time.show(total.due_at)),
        Fact("延期后时限", time.show(later) if later else "未定"),
    ]


def _order_of(approval: Approval) -> WorkOrder | None:
    return flow.order_of(UUID(approval.proposal["order"]))


def _of_order(approval: Approval) -> list[Fact]:
    order = _order_of(approval)
    if order is None:
        return []
    part = "吹哨" if order.called else order.get_part_display()
    return [Fact("承办单", f"{order.number} {order.unit.name}（{part}）", note=order.get_state_display())]


def _return(approval: Approval, case: Case) -> list[Fact]:
    order = _order_of(approval)
    told = [Fact("办理要求", mask_text(order.request))] if order is not None and order.request else []
    return [*_of_order(approval), *told, Fact("此前退回", f"{case.returns} 次")]


def _dispute(approval: Approval, case: Case) -> list[Fact]:
    return [*_of_order(approval), Fact("申请改由", approval.proposal.get("instead_name") or "未提出")]


def _help(approval: Approval, case: Case) -> list[Fact]:
    return [*_of_order(approval), Fact("请协办的单位", approval.proposal.get("names", ""))]


def _void(approval: Approval, case: Case) -> list[Fact]:
    return [Fact("同意后", "本件作废，在办的承办单全部撤回")]


def _not_accept(approval: Approval, case: Case) -> list[Fact]:
    return [Fact("同意后", "本件不予受理，理由会告知上报人")]


_FACTS = {
    "hold": _hold, "extension": _extension, "return": _return, "dispute": _dispute, "help": _help, "void": _void,
    "not_accept": _not_accept,
}  # fmt: skip
