"""What supervision listens to: cards of its own clock, a moved calendar, a case that goes under the veil; where its to-dos lead."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from hezhi.chapters.cases.handling.api import Case, queries
from hezhi.chapters.cases.handling.pages.beside import contribute
from hezhi.chapters.cases.supervision.actions.answering import register_kinds
from hezhi.chapters.cases.supervision.actions.calling import write_down
from hezhi.chapters.cases.supervision.actions.closing import seal
from hezhi.chapters.cases.supervision.actions.turning import MATTER, ORDER, tell_unit
from hezhi.chapters.cases.supervision.models import CampaignCase, Matter
from hezhi.chapters.cases.supervision.pages.beside_case import beside_case
from hezhi.chapters.cases.supervision.queries import with_case
from hezhi.engines.flow import todos
from hezhi.engines.flow.calendar_change import Moved
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.org.api import Actor, system
from hezhi.engines.reach.api import Call
from hezhi.ground import time
from hezhi.ground.events import listens


@listens("flow.cards")
def tell_cards(*, deadlines: list[Deadline], colour: str, **_: Any) -> None:
    """A unit's answer is nearly or already late (反馈将到期、已逾期): tell the unit."""
    due = {d.object_id: d.due_at for d in deadlines if d.object_type == ORDER and d.due_at}
    if not due:
        return
    orders = WorkOrder.objects.filter(pk__in=due, state__in=("to_sign", "handling")).select_related("unit")
    matters = Matter.objects.in_bulk([order.matter_id for order in orders])
    for order in orders:
        tell_unit(
            matters[order.matter_id], f"supervision.{colour}", by=system("时限看守"), unit_id=order.unit_id,
            permission="supervision.answer", due=time.show(due[order.pk]), unit=order.unit.name,
        )  # fmt: skip


@listens("flow.limits_moved")
def follow_calendar(*, moved: Sequence[Moved], **_: Any) -> None:
    """A change of the calendar moved limits of parts (日历变更): the parts and their matters follow."""
    for each in moved:
        if each.matter[0] != ORDER:
            continue
        WorkOrder.objects.filter(pk=each.matter[1], due_at=each.old).update(due_at=each.new)
        matter = WorkOrder.objects.filter(pk=each.matter[1]).values("matter_id")
        Matter.objects.filter(pk__in=matter, next_at__lt=each.new).update(next_at=each.new)  # no rung before it is due
        Matter.objects.filter(pk__in=matter, due_at=each.old).update(due_at=each.new)


@listens("cases.changed")
def seal_words(*, case: Case, verb: str, by: Actor, **_: Any) -> None:
    """A case went under the veil (设为保密件): its supervisions keep none of its words."""
    if verb == "make_secret":
        seal(case.pk, by=by)


@listens("cases.erased")
def erase_words(*, case: Case, by: Actor, reason: str, **_: Any) -> None:
    """A case was erased (到期清除): the same, and what supervision wrote about it."""
    seal(case.pk, by=by, why=reason, title="已清除", words="内容已清除。")


@listens("reach.call_ended")
def write_call(*, call: Call, by: Actor, **_: Any) -> None:
    """A call about a matter is over (通话结束): it stands in the matter's file."""
    write_down(call, by=by)


todos.leads(MATTER, lambda key: reverse("supervision-matter", args=[key]), {
    "supervise_split": "分解督办", "supervise_review": "审核反馈", "supervise_close": "督办销号",
})  # fmt: skip
todos.leads(ORDER, lambda key: reverse("supervision-part", args=[key]), {
    "supervise_sign": "签收督办", "supervise_answer": "反馈督办",
})  # fmt: skip
register_kinds()
contribute(beside_case, with_case)


def _under_supervision() -> Q:
    """Cases under a supervision that is not closed (督办未销号), alone or in a campaign that goes on (专项未结)."""
    running = Matter.objects.running().filter(case=OuterRef("pk"))
    members = CampaignCase.objects.filter(case=OuterRef("pk"), campaign__closed_at__isnull=True)
    return Q(Exists(running)) | Q(Exists(members))


queries.needed_while("supervision", _under_supervision)


@listens("cases.nameless")
def nameless(*, case: Case, clean: Callable[[Any, tuple[str, ...]], None], **_: Any) -> None:
    """The reporter of a case became nameless (到期匿名): its supervisions name nobody either."""
    for matter in Matter.objects.filter(case=case):
        clean(matter, ("title", "request", "why", "result"))
