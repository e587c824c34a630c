"""How a supervision ends (销号、撤销): by somebody of another unit than the supervised ones, never by the clock."""

from uuid import UUID

from hezhi.chapters.cases.supervision.actions.turning import (
    MATTER,
    VEILED,
    drop_requests,
    given,
    parts_of,
    settle,
    take,
    tell_opener,
    tell_unit,
)
from hezhi.chapters.cases.supervision.models import Matter, Step
from hezhi.engines.flow import timing, todos
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.org.api import Actor
from hezhi.engines.reach.api import blank_messages
from hezhi.engines.records.acting import verb
from hezhi.engines.records.erasure import anonymise
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import NotNow

OWED = ("to_sign", "handling", "to_review")
SEALED = "内容已按保密件封存。"


@clause("9.1.2-3-1")
@verb("supervision.close")
def close(matter_id: UUID, *, by: Actor, text: str, revision: int | None = None) -> Matter:
    """Close a matter (销号) with the finding, when every unit's answer is accepted or the unit was taken out."""
    matter = take(matter_id, "close", by=by, revision=revision)
    text = given(text, "text", "请写明督办结论。")
    owed = [order.unit.name for order in parts_of(matter) if order.state in OWED]
    if owed and not matter.case_ended_at:
        raise NotNow(
            f"还不能销号：{'、'.join(owed)}的反馈尚未认可。", "各承办单位的反馈都认可后才能销号。",
            "请先审核反馈，或说明理由后解除。", code="supervision.owed",
        )  # fmt: skip
    return _end(matter, "close", "closed", by, text)


@clause("9.1.2-3-1")
@verb("supervision.cancel")
def cancel(matter_id: UUID, *, by: Actor, text: str, revision: int | None = None) -> Matter:
    """Take a matter back (撤销督办): opened by mistake, or twice; the reason stays."""
    matter = take(matter_id, "cancel", by=by, revision=revision)
    return _end(matter, "cancel", "cancelled", by, given(text, "text", "请写明撤销理由。"))


def _end(matter: Matter, verb_: str, to: str, by: Actor, text: str) -> Matter:
    moment = time.now()
    for order in parts_of(matter):
        if order.state in OWED:
            order.state, order.ended_at, order.end_reason = (
                "released",
                moment,
                f"督办{'销号' if to == 'closed' else '撤销'}",
            )
            order.save(update_fields=["state", "ended_at", "end_reason"])
            timing.finish(order.pk, [timing.TOTAL], drop=to == "cancelled")
            todos.done(order.pk)
        tell_unit(
            matter, "supervision.ended", by=by, unit_id=order.unit_id, permission="supervision.answer",
            how="销号" if to == "closed" else "撤销",
        )  # fmt: skip
    drop_requests([order.pk for order in parts_of(matter)])
    todos.done(matter.pk)
    tell_opener(matter, "supervision.ended", by=by, how="销号" if to == "closed" else "撤销")
    matter.closed_by_id, matter.closed_unit_id, matter.closed_at = by.user_id, by.unit_id, moment
    matter.result, matter.next_at = text, None
    return settle(
        matter, verb_, by=by, text=text, to=to,
        changed=("closed_by", "closed_unit", "closed_at", "result", "next_at"),
    )  # fmt: skip


@verb("supervision.seal")
def seal(
    case_id: UUID, *, by: Actor, why: str = "设为保密件，原文封存", title: str = VEILED, words: str = SEALED
) -> int:
    """Take the words of a case out of its supervisions when it goes under the veil (设为保密件) or is erased; gives how many.

    Titles, requests, steps, parts, requests for approval, to-dos and messages; history versions included.
    """
    found = list(Matter.objects.select_for_update(of=("self",)).filter(case=case_id))
    for matter in found:
        anonymise(matter, ("title", "request", "result"), by=by, reason=why)
        Matter.objects.filter(pk=matter.pk).update(title=title, request=words, result=words if matter.result else "")
        Step.objects.filter(matter=matter).exclude(text="").update(text=words)
        orders = list(WorkOrder.objects.filter(matter_type=MATTER, matter_id=matter.pk))
        for order in orders:
            anonymise(order, ("request", "reply", "public_reply", "end_reason", "result"), by=by, reason=why)
        asked = list(Approval.objects.filter(object_id__in=[order.pk for order in orders]))
        for approval in asked:
            anonymise(approval, ("title", "reason", "opinion"), by=by, reason=why)
            Approval.objects.filter(pk=approval.pk).update(title=title, reason=words)
        keys = [matter.pk, *(o.pk for o in orders), *(a.pk for a in asked)]
        ToDo.objects.filter(object_id__in=keys).update(title=title)
        blank_messages((MATTER, matter.pk), title=title, text=words)
    return len(found)
