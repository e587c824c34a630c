"""What these declarations share (共用): the gate of the second person, and the button that submits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.grassroots.party.actions.review import REVIEW
from hezhi.chapters.grassroots.party.models.base import APPROVED, OPEN_TO_EDIT, RETURNED, WAITING, settle_at
from hezhi.engines.flow.parts import EVERY, Approval
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.parts import OPEN, Gate
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.ui.shapes import Action

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

__all__ = [
    "GROUP", "Review", "never_merged", "new_version", "refuse", "rights", "settle_at", "typed",
]  # fmt: skip

GROUP = "党建引领"


def rights(prefix: str, *names: str) -> dict[str, str]:
    """A permission of its own for each ability."""
    return {name: f"{prefix}.{name}" for name in names}


def typed(request: HttpRequest, name: str) -> Any:
    """What was typed into a tab's form that was refused, so that nothing is lost; None when that form was not sent."""
    return request.POST if name in request.POST else None


def refuse(told: Mapping[str, str | None]) -> None:
    """Raise BadInput with what is wrong, by field; nothing when nothing is."""
    faults = {name: [f"{said}。"] for name, said in told.items() if said}
    if faults:
        raise BadInput(faults)


class Review(Approval):
    """What has been approved changes only by another approval; a draft is its author's own (统一审核).

    A draft is changed freely and submitted by a button; while it waits it stands still; once approved, every
    change becomes a request, and the approved text holds until the request is granted.
    """

    def __init__(self) -> None:
        super().__init__(REVIEW, exports=False, changes=(EVERY,))

    def change_gate(self, registry: Registry, row: Any, changes: Mapping[str, Any], by: Actor) -> Gate | None:
        if row.state in OPEN_TO_EDIT:
            return OPEN
        if row.state == WAITING:
            return Gate("closed", "这份材料正在等待审批，请先在“审批”里撤回，再修改。")
        if row.state == APPROVED:
            answer = super().change_gate(registry, row, changes, by)
            # The request is put aside as a whole: the page says so and goes on.
            return Gate("asked", answer.sentence) if answer is not None and answer.state == "waiting" else answer
        return Gate("closed", f"这份材料{row.get_state_display()}，不能再修改。")

    def check(self, registry: Registry, row: Any, by: Actor) -> None:
        """Only what was never in force is deleted."""
        if row.removed_at and row.state not in OPEN_TO_EDIT:
            raise NotNow(
                what=f"这条{registry.noun}{row.get_state_display()}，不能删除。", remedy="已通过的请办理撤销、取消或撤下。",
                code="party.in_force",
            )  # fmt: skip

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        if row.state not in OPEN_TO_EDIT or row.removed_at or not by.may(registry.permission("edit")):
            return ()
        url = reverse("party-submit", args=[registry.slug, row.pk])
        return (Action("提交审批", url, opens="post"),)

    def notices(self, registry: Registry, row: Model, by: Actor) -> Sequence[str]:
        told: Any = row
        if told.state == RETURNED:
            return (f"已退回：{told.returned_because}。修改后可以重新提交。",)
        return ("正在等待第二人审批。",) if told.state == WAITING else ()


def new_version(row: Any) -> None:
    """A change that was approved after the row itself had been approved makes a new version (改后重审)."""
    if not row._state.adding and row.state == APPROVED and not row.removed_at:
        row.edition += 1


def never_merged(verb: str, row: Any) -> None:
    """What has been approved takes nothing over from another row without approval (已通过的不合并)."""
    if verb == "merge" and row.state not in OPEN_TO_EDIT:
        raise NotNow(
            what="已经通过审批的记录不能合并。", remedy="请修改后提交审批，或撤销其中一条。", code="party.in_force"
        )
