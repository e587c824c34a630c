"""What case handling listens to: cards of the clock, and whom to reach for a case."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from hezhi.chapters.cases.handling.actions.joining import part_from
from hezhi.chapters.cases.handling.actions.lapsing import LAPSED, lapse
from hezhi.chapters.cases.handling.actions.turning import MATTER, STEP_TOLD, tell_unit
from hezhi.chapters.cases.handling.models import ENDED, Case, Reporter, State, Step
from hezhi.chapters.cases.handling.pages.in_grid import CASES_IN_GRID
from hezhi.chapters.cases.handling.queries import FROM_THE_REPORTER, has_lifted_veil, open_parts
from hezhi.chapters.grassroots.grids.api import contribute
from hezhi.engines.flow.calendar_change import Moved
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.org.actor import Actor, actor_of, system
from hezhi.engines.org.models import User
from hezhi.engines.reach import api as reach
from hezhi.engines.reach.resolvers import Receiver, register, wishes
from hezhi.engines.records.files import guard
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.events import listens


@listens("flow.cards")
def tell_cards(*, deadlines: list[Deadline], colour: str, **_: Any) -> None:
    """A yellow or red card was shown (黄牌、红牌): tell the units at work, or the desk when nobody is yet."""
    wanted = [d.object_id for d in deadlines if d.object_type == MATTER]
    cases = {case.pk: case for case in Case.objects.filter(pk__in=wanted)}
    orders: dict[UUID, list[WorkOrder]] = {}
    open_states = ["to_sign", "handling", "to_review"]
    for order in WorkOrder.objects.filter(matter_id__in=wanted, state__in=open_states).select_related("unit"):
        orders.setdefault(order.matter_id, []).append(order)
    by = system("时限看守")
    for deadline in deadlines:
        case = cases.get(deadline.object_id)
        if case is None or deadline.due_at is None:
            continue
        due = time.show(deadline.due_at)
        working = orders.get(case.pk, [])
        for order in working:
            tell_unit(
                case, f"cases.{colour}", by=by, unit_id=order.unit_id, permission="cases.sign",
                due=due, unit=order.unit.name,
            )  # fmt: skip
        if not working and case.desk_id:
            tell_unit(
                case, f"cases.{colour}", by=by, unit_id=case.desk_id, permission="cases.dispatch", due=due, unit=""
            )


@listens("cases.changed")
def tell_followers(*, case: Case, step: Step, by: Actor, **_: Any) -> None:
    """A case has a new state (状态变化): who follows it is told number and state, if he still sees the case."""
    if not case.followers or step.from_state == step.to_state:
        return
    others = [each for each in case.followers if each != by.user_id]
    for user in User.objects.filter(pk__in=others):
        if Case.objects.visible_to(actor_of(user)).filter(pk=case.pk).exists():
            reach.tell(
                by, event="cases.followed", to_user=user, about=(MATTER, case.pk), link=f"/cases/{case.pk}/",
                values={"number": case.number, "state": case.get_state_display()},
            )  # fmt: skip


@listens("cases.changed")
def tell_of_parts(*, case: Case, step: Step, by: Actor, **_: Any) -> None:
    """The last of the cases split from one that waits for them has ended (拆出的事项都已办结): its desk and unit hear it."""
    if case.split_from_id is None or step.to_state not in ENDED or step.from_state == step.to_state:
        return
    main = Case.objects.open().filter(pk=case.split_from_id, waits_for_parts=True).first()
    if main is None or open_parts(main):
        return
    unit = main.lead_unit_id or main.desk_id
    if unit is not None:
        right = "cases.reply" if main.lead_unit_id else "cases.dispatch"
        tell_unit(main, "cases.parts_done", by=by, unit_id=unit, permission=right)


@listens("cases.settled")
def take_back_requests(*, case: Case, verb: str, **_: Any) -> None:
    """A step is written down, and whoever listens has heard it: requests that it left without ground end with it."""
    if verb != LAPSED:
        lapse(case)


@listens("cases.changed")
def part_joined(*, case: Case, step: Step, by: Actor, **_: Any) -> None:
    """A case has fallen away or come under the veil: those joined to it (并入件) go on by themselves again."""
    if step.verb == "make_secret":
        part_from(case, by=by, why="主件已设为保密件，保密件不并单。")
    elif step.to_state in (State.VOID, State.NOT_ACCEPTED) and step.from_state != step.to_state:
        part_from(case, by=by, why=f"主件 {case.number} {case.get_state_display()}，本件不随之终结。")


_FOLLOW = """
update handling_case c set due_at = m.new, yellow_at = m.yellow
from unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[]) as m(id, old, new, yellow)
where c.id = m.id and c.due_at = m.old
"""


@listens("flow.limits_moved")
def follow_calendar(*, moved: Sequence[Moved], **_: Any) -> None:
    """A change of the calendar moved limits (日历变更): the cases whose due moment it was follow, in one statement."""
    mine = [m for m in moved if m.matter[0] == MATTER]
    columns: Any = [[m.matter[1] for m in mine], [m.old for m in mine], [m.new for m in mine], [m.yellow for m in mine]]
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, columns)


def reporter_of(case_id: UUID, channel: str) -> Receiver | None:
    """Where the reporter of a case can be reached, opened only at sending time; None when nobody is to be told."""
    reporter = Reporter.objects.filter(case=case_id).first()
    if (
        reporter is None
        or not reporter.phone
        or not reporter.wants_answer
        or reporter.told_by == Reporter.ToldBy.NOTHING
    ):
        return None
    return Receiver(address=reporter.phone, name=reporter.name, channel=reporter.told_by)


def wants_to_hear(case_id: UUID, event: str) -> bool:
    """Whether the reporter of a case wants this message: what he is asked and how it ended always, each step if he said so."""
    return event != STEP_TOLD or Reporter.objects.filter(case=case_id, every_step=True).exists()


def may_open_file(actor: Actor, case_id: UUID, attachment: Attachment) -> bool:
    """Who may open a file of a case: its readers; what came with a secret report only with the veil lifted."""
    case = Case.objects.visible_to(actor).filter(pk=case_id).first()
    if case is None:
        return False
    from_reporter = case.secret and attachment.stage in FROM_THE_REPORTER
    veiled = from_reporter or attachment.visibility == Attachment.Visibility.SECRET
    return not veiled or has_lifted_veil(actor, case)


register(MATTER, reporter_of)
wishes(MATTER, wants_to_hear)
guard(MATTER, may_open_file)
contribute(CASES_IN_GRID)
