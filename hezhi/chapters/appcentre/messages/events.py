"""Requests that the common approvals page knows are told to those who answer, the answer to the one who asked (审批通知).

A room with pages of its own (cases) tells its people itself, in its own words. No message says what was asked for in
detail: who may know opens the request.
"""

from typing import Any
from uuid import UUID

from django.urls import reverse

from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.org.api import Actor
from hezhi.engines.reach.api import tell
from hezhi.ground.events import listens

ABOUT = "flow.approval"


@listens("flow.asked")
def tell_approvers(*, approval: Approval, by: Actor, **_: Any) -> None:
    """A new request waits: tell the unit's approvers."""
    if approval.kind in approvals.kinds():
        _tell(approval, by, "flow.approval_waiting", to_unit=approval.unit_id, permission=approval.permission)


@listens("flow.invited")
def tell_invited(*, approval: Approval, user_id: UUID, by: Actor, **_: Any) -> None:
    """Somebody was asked to sign too, or to decide in another's place (会签、委托), in whatever room."""
    if approvals.name_of(approval):
        _tell(approval, by, "flow.approval_waiting", to_user=user_id)


@listens("flow.decided")
def tell_asker(*, approval: Approval, by: Actor, **_: Any) -> None:
    """The answer is there: tell the one who asked, if a person did."""
    if approval.kind in approvals.kinds() and approval.asked_by_id is not None:
        answer = approval.get_state_display()
        _tell(approval, by, "flow.approval_decided", to_user=approval.asked_by_id, decision=answer)


def _tell(
    approval: Approval,
    by: Actor,
    event: str,
    *,
    to_user: Any = None,
    to_unit: Any = None,
    permission: str = "",
    **more: Any,
) -> None:
    tell(
        by, event=event, to_user=to_user, to_unit=to_unit, permission=permission, about=(ABOUT, approval.pk),
        values={"what": approvals.name_of(approval), **more}, link=reverse("approval", args=[approval.pk]),
    )  # fmt: skip
