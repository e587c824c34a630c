"""Requests that lose their ground (申请失效): the case has moved on without the decision, so the system takes them back."""

from hezhi.chapters.cases.handling.actions.tree import tree
from hezhi.chapters.cases.handling.actions.turning import MATTER, NAMES, ORDER_VERBS, settle, tell_unit
from hezhi.chapters.cases.handling.flows import AT_WORK
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.queries import flow_of
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.actor import Actor, system
from hezhi.ground.errors import NotNow

WHAT = {
    "extension": "延期", "hold": "挂起", "return": "退回", "dispute": "派单异议", "void": "作废", "not_accept": "不予受理",
    "help": "协办",
}  # fmt: skip
"""What is asked for, in a word."""
OF_CASE = {"extension": "extend", "hold": "hold", "void": "void", "not_accept": "not_accept"}
"""Requests about a case, each with the verb whose states it needs."""
OF_ORDER = {"return": "return_order", "dispute": "dispute", "help": "ask_help"}
"""Requests about one work order, likewise."""
LAPSED = "lapse_request"
"""The step that says so in the timeline."""


def still_fits(case: Case, approval: Approval) -> bool:
    """Whether what is asked for can still be done where the case, or the order it is about, stands now."""
    if approval.kind in OF_CASE:
        return case.state in _states(case, approval.kind)
    order = next((o for o in tree(case) if str(o.pk) == approval.proposal["order"]), None)
    if order is None or case.state not in AT_WORK:
        return False
    return order.state in ORDER_VERBS[OF_ORDER[approval.kind]].frm


def _states(case: Case, kind: str) -> tuple[str, ...]:
    """The states in which a request about the case may be asked, as the flow of this case has it."""
    return next((tuple(verb.frm) for verb in flow_of(case).verbs if verb.code == OF_CASE[kind]), ())


def must_fit(case: Case, approval: Approval) -> None:
    """Refuse to grant what does not fit any more."""
    if not still_fits(case, approval):
        raise NotNow(
            f"这件事现在是「{NAMES[case.state]}」，「{WHAT[approval.kind]}」申请已不适用。",
            "提出申请以后，事件或承办单已继续办理。",
            "请刷新后查看；确需办理的请重新申请，这份申请请选「不同意」。",
            code="cases.request_lapsed",
        )


def lapse(case: Case) -> None:
    """After a step: take back the requests that it left without ground, and tell the units that asked.

    Asks the database only when the case had requests when it was locked.
    """
    if not _has_requests(case):
        return
    waiting = Approval.objects.select_for_update(of=("self",)).filter(
        object_type=MATTER, object_id=case.pk, state=Approval.State.WAITING
    )
    for approval in waiting.order_by("asked_at", "id"):
        if not still_fits(case, approval):
            _take_back(case, approval, by=system("系统自动"))


def _has_requests(case: Case) -> bool:
    """What was read when the case was locked; it is asked again when somebody else changed the case meanwhile.

    Who waited for the lock has the columns of the row afresh, and the rest as it stood before: an older revision.
    """
    told = case.__dict__
    return bool(told.get("requested")) or told.get("revision_before") != told.get("revision_locked")


def _take_back(case: Case, approval: Approval, *, by: Actor) -> None:
    what = WHAT[approval.kind]
    moved = approval.kind in OF_CASE or case.state not in AT_WORK
    why = f"事件已是「{NAMES[case.state]}」，" if moved else "承办单已继续办理，"
    why += f"「{what}」申请不再适用，由系统撤回。"
    approvals.lapse(approval, why=why)
    settle(case, LAPSED, by=by, title=f"{what}申请自动撤回", text=why)
    if approval.asked_unit_id:
        tell_unit(
            case, "cases.approval_decided", by=by, unit_id=approval.asked_unit_id, permission="cases.view",
            what=what, decision="自动撤回", opinion=why,
        )  # fmt: skip
