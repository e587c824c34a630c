"""The demo district's cases (演示数据): invented messages, taken in and dealt with by the real verbs.

Each case goes as far as its age allows, at believable moments of the past; `rarer_ways` then goes with a few of
them where few go. So every state is there to look at whatever the hour, with returns, extensions, merges and overdue cases.
"""

import csv
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Count

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case, Category
from hezhi.chapters.cases.handling.queries import suggested_units
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.engines.org.actor import Actor, actor_of
from hezhi.engines.org.models import Holding, Unit
from hezhi.ground import time
from hezhi.ground.errors import Refusal

REPLIES = Path(__file__).parent / "demo" / "replies.csv"


@lru_cache(maxsize=1)
def _replies() -> list[dict[str, str]]:
    with REPLIES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _told(case: Case) -> tuple[str, str]:
    """What a unit writes for this case, and what the reporter is told: its own reply, else one of its kind."""
    first = (case.category.code if case.category else "01")[:2]
    own = [row for row in _replies() if row["answers"] == case.title]
    kind = [row for row in _replies() if not row["answers"] and row["category"][:2] == first]
    found = (own or kind or _replies())[0]
    return found["text"], found["public_reply"]


@dataclass
class Cast:
    """The demo people by unit and role (演示人员): each is looked up when he first acts, and once."""

    held: dict[tuple[UUID, str], Holding]
    centre: UUID
    actors: dict[tuple[UUID, str], Actor] = field(default_factory=dict)

    def at_centre(self, role: str) -> Actor:
        """Who holds this role at the centre."""
        return self._actor((self.centre, role))

    def of(self, unit_id: UUID, role: str) -> Actor | None:
        """Who holds this role in the unit, if anybody does."""
        return self._actor((unit_id, role)) if (unit_id, role) in self.held else None

    def first(self, role: str) -> Actor | None:
        """The first of all who hold this role."""
        return next((self._actor(key) for key in self.held if key[1] == role), None)

    def who(self, user_id: UUID) -> Actor | None:
        """This person, in the first of his posts."""
        return next((self._actor(key) for key, held in self.held.items() if held.user_id == user_id), None)

    def _actor(self, key: tuple[UUID, str]) -> Actor:
        if key not in self.actors:
            held = self.held[key]
            actor = actor_of(held.user, held.post_id)
            self.actors[key] = actor.at(channel="officer", address=None, request_id="demo")
        return self.actors[key]


def cast() -> Cast:
    """Everybody who holds a post, as the actor he is."""
    held: dict[tuple[UUID, str], Holding] = {}
    for holding in Holding.objects.filter(valid_to__isnull=True).select_related("user", "post__role"):
        held.setdefault((holding.post.unit_id, holding.post.role.code), holding)
    return Cast(held, Unit.objects.get(kind=Unit.Kind.CENTRE).pk)


def live(case: Case, received: datetime, people: Cast, dice: random.Random) -> None:
    """Let one case live from its receipt until now; where a rule refuses, the case simply stays there."""
    now = time.now()
    moment = received
    try:
        for step in _steps(case, people, dice):
            moment += _pause(dice)
            if moment >= now:
                return
            with time.frozen_at(moment):
                step()
    except Refusal:
        return


def _pause(dice: random.Random) -> timedelta:
    """Some minutes to two days between two steps."""
    return timedelta(minutes=dice.choice((6, 12, 25, 50, 180, 600, 1500, 2900)))


def _steps(case: Case, people: Cast, dice: random.Random) -> list[Callable[[], object]]:
    """The steps of one life, chosen by the dice: mostly plain, some with a turn of their own."""
    acceptor, dispatcher = people.at_centre("acceptor"), people.at_centre("dispatcher")
    chief, caller = people.at_centre("duty_chief"), people.at_centre("caller")
    turn = dice.random()
    main = _same_matter(case)
    if main is not None and turn > MERGED_FROM:
        return _joined(case, main, acceptor, own=turn > OWN_REPLY_FROM)
    if turn < 0.05:
        return [lambda: actions.ask_supplement(case.pk, by=acceptor, reason="请补充具体楼栋或最近的路口。")]
    if turn < 0.09:
        return [
            lambda: actions.answer_directly(
                case.pk, by=acceptor, reply="您好，相关办理地点和所需材料已答复，可按通知时间办理。",
                category_id=_category(case),
            ),
            lambda: _call_back(case, caller, dice),
        ]  # fmt: skip
    if turn < 0.12:
        return [
            lambda: actions.ask_not_accept(case.pk, by=acceptor, reason="该事项已进入诉讼程序，依规定不予受理。"),
            lambda: _decide(case, chief, grant=True),
        ]
    steps: list[Callable[[], object]] = [
        lambda: actions.accept(case.pk, by=acceptor, category_id=_category(case)),
        lambda: _dispatch(case, dispatcher, dice),
    ]
    if turn < 0.16:
        return [*steps, lambda: _return(case, people), lambda: _decide(case, dispatcher, grant=True)]
    steps.append(lambda: _sign(case, people))
    if turn < 0.22:
        steps += [lambda: _extend(case, people), lambda: _decide(case, chief, grant=True)]
    if turn < 0.26:
        return [*steps, lambda: _hold(case, people), lambda: _decide(case, chief, grant=True)]
    if turn < 0.34:
        return steps
    steps += [
        lambda: _reply(case, people, dice),
        lambda: _review(case, people),
        lambda: _call_back(case, caller, dice),
    ]
    return steps


MERGED_FROM, OWN_REPLY_FROM = 0.45, 0.85
"""Of cases that tell again of what is being handled: from which throw on they are joined to it, and with their own reply."""
AGAIN_WITHIN = timedelta(days=3)


def _same_matter(case: Case) -> Case | None:
    """The first that told of the same kind of matter in the same town shortly before and is still being handled."""
    if case.secret or case.category_id is None or case.town_id is None:
        return None
    before = (case.received_at - AGAIN_WITHIN, case.received_at)
    alike = Case.objects.open().filter(category=case.category_id, town=case.town_id, received_at__range=before)
    return alike.filter(secret=False).exclude(pk=case.pk).order_by("received_at").first()


def _joined(case: Case, main: Case, acceptor: Actor, *, own: bool) -> list[Callable[[], object]]:
    """Told again of one matter (并单); to some the desk writes apart (单独答复)."""
    steps: list[Callable[[], object]] = [
        lambda: actions.merge(case.pk, by=acceptor, into_id=main.pk, reason="与先前反映的是同一件事，合并办理。")
    ]
    reply = "您好，您反映的问题已与同一事项一并处理，您所在的位置也已单独查看。如仍未解决，请随时告诉我们。"
    return [*steps, lambda: actions.answer_apart(case.pk, by=acceptor, reply=reply)] if own else steps


def _category(case: Case) -> UUID:
    """The category the message came with, else the suggested one, else the first."""
    case.refresh_from_db()
    if case.category_id:
        return case.category_id
    suggested = Category.objects.filter(code=case.suggestion.get("category", "")).first()
    return (suggested or Category.objects.filter(parent__isnull=False).order_by("code")[0]).pk


def _dispatch(case: Case, by: Actor, dice: random.Random) -> None:
    case.refresh_from_db()
    choices = [c.unit for c in suggested_units(case)]
    if not choices:
        choices = list(Unit.objects.filter(kind=Unit.Kind.DEPARTMENT).order_by("code")[:1])
    assist = [u.pk for u in choices[1:2]] if dice.random() < 0.25 else []
    actions.dispatch(
        case.pk, by=by, lead_id=choices[0].pk, assist_ids=assist, request="请核实处理，并将结果答复反映人。"
    )


def _orders(case: Case, *states: str) -> list[WorkOrder]:
    return list(WorkOrder.objects.filter(matter_id=case.pk, state__in=states).order_by("-depth", "issued_at"))


def _hand(people: Cast, unit_id: UUID) -> Actor | None:
    for role in ("handler", "town_dispatcher", "grid_worker"):
        found = people.of(unit_id, role)
        if found is not None and found.may("cases.sign"):
            return found
    return None


def _sign(case: Case, people: Cast) -> None:
    for order in _orders(case, "to_sign"):
        by = _hand(people, order.unit_id)
        if by:
            actions.sign(order.pk, by=by)


def _return(case: Case, people: Cast) -> None:
    for order in _orders(case, "to_sign")[:1]:
        by = _hand(people, order.unit_id)
        if by:
            actions.ask_return(order.pk, by=by, reason="经核对职责清单，该事项不属我单位职责，建议改派属地。")


def _first_hand(case: Case, people: Cast) -> Actor | None:
    orders = _orders(case, "handling")
    return _hand(people, orders[0].unit_id) if orders else None


def _extend(case: Case, people: Cast) -> None:
    by = _first_hand(case, people)
    if by:
        actions.ask_extension(case.pk, by=by, days=5, reason="需采购配件，供货周期约一周。")


def _hold(case: Case, people: Cast) -> None:
    by = _first_hand(case, people)
    if by:
        actions.ask_hold(case.pk, by=by, reason="冬季不宜施工，待开春后恢复。")


def _reply(case: Case, people: Cast, dice: random.Random) -> None:
    for order in _orders(case, "handling"):
        by = _hand(people, order.unit_id)
        if by:
            told, public = _told(case)
            actions.reply(
                order.pk,
                by=by,
                text=told,
                public_reply=public,
                finding="true" if dice.random() < 0.9 else "partly",
                contacted=True,
                solved=True,
            )


def _review(case: Case, people: Cast) -> None:
    for order in _orders(case, "to_review"):
        by = people.of(order.review_unit_id, "reviewer") if order.review_unit_id else None
        if by:
            actions.review(order.pk, by=by, text="同意。")


def _decide(case: Case, by: Actor, *, grant: bool) -> None:
    waiting = Approval.objects.filter(object_id=case.pk, state="waiting").first()
    if waiting:
        actions.decide(waiting.pk, by=by, grant=grant, opinion="同意。")


def _call_back(case: Case, by: Actor, dice: random.Random) -> None:
    happy = dice.random() < 0.86
    actions.call_back(
        case.pk, by=by, reached=True, true_matter=True, solved=happy or dice.random() < 0.5, satisfied=happy,
        satisfied_attitude=True, reason="" if happy else "反映人认为处理不彻底，希望再次查看。",
    )  # fmt: skip


# -- the rarer ways, taken with a few cases when all have lived --------------------------------------


def rarer_ways(people: Cast) -> None:
    """Let a few cases be split, voided, passed down, whistled for, disputed, parted from the one they were joined to.

    Some steps leave a case where few others are at that hour: to be signed for, reviewed, called back.
    """
    waiting = Case.objects.filter(state="to_dispatch", secret=False, merged=None).order_by("-received_at")
    for case, way in zip(waiting[:4], (_split, _void, _void, _answer), strict=False):
        _one_way(case, people, way)
    ways = (_rule, _leave_to_review, _pass_down, _whistle, _dispute, _pass_down, _whistle)
    for order, of_order in zip(_at_work(), ways, strict=False):
        _one_way(order, people, of_order)
    for case in Case.objects.filter(state="merged").order_by("received_at")[2:3]:
        _one_way(case, people, _part)
    for case in _to_be_taken_up():
        _take_up(case, people)
    for case in Case.objects.filter(state="on_hold", kind="grid", secret=False, merged=None).order_by("-state_since")[
        :1
    ]:
        _go_on(case, people)
    for case in _answered_for_others():
        for step in (_reply_all, _review, _call_back_all):
            case.refresh_from_db()
            _one_way(case, people, step)


TAKEN_UP = 2
"""So many cases are taken up within the last hour: whatever day it is, some are at work and within their time."""


def _to_be_taken_up() -> list[Case]:
    """Of those that wait to be accepted the newest that came an hour ago or earlier; as many stay waiting."""
    waiting = Case.objects.filter(state="to_accept", secret=False, received_at__lt=time.now() - timedelta(hours=1))
    newest = list(waiting.order_by("-received_at"))
    return newest[: min(TAKEN_UP, len(newest) // 2)]


def _take_up(case: Case, people: Cast) -> None:
    """Accepted, dispatched and signed for in the course of the last hour."""
    acceptor, dispatcher, plain = people.at_centre("acceptor"), people.at_centre("dispatcher"), random.Random(1)  # noqa: S311
    for minutes, step in (
        (50, lambda: actions.accept(case.pk, by=acceptor, category_id=_category(case))),
        (35, lambda: _dispatch(case, dispatcher, plain)),
        (15, lambda: _sign(case, people)),
    ):
        with time.frozen_at(time.now() - timedelta(minutes=minutes)), suppress(Refusal):
            step()


def _go_on(case: Case, people: Cast) -> None:
    """A held case goes on within the last hour: whatever day it is, one that a grid worker reported is at work."""
    with time.frozen_at(time.now() - timedelta(minutes=25)), suppress(Refusal):
        actions.resume(case.pk, by=people.at_centre("dispatcher"), text="配件已到，恢复办理。")


def _answered_for_others() -> list[Case]:
    """A main case that will be closed and its joined ones with it, so long as others stay joined."""
    joined = Case.objects.filter(state="merged").count()
    mains = Case.objects.filter(state="handling", merged__state="merged").annotate(joined=Count("merged"))
    return list(mains.filter(joined__lt=joined).order_by("joined", "received_at")[:1])


def _one_way(row: Any, people: Cast, way: Callable[[Any, Cast], object]) -> None:
    """One of the rarer ways, some time after the case came to its state, and never in the time to come."""
    case = row if isinstance(row, Case) else Case.objects.get(pk=row.matter_id)
    with time.frozen_at(min(case.state_since + timedelta(minutes=35), time.now())), suppress(Refusal):
        way(row, people)


def _at_work() -> list[WorkOrder]:
    """Orders of towns that lead and have signed, the newest first; not of cases that others are joined to."""
    towns = WorkOrder.objects.filter(state="handling", part="lead", depth=0, unit__kind=Unit.Kind.TOWN)
    open_ones = Case.objects.filter(state="handling", secret=False, merged=None)
    rows = towns.filter(matter_id__in=open_ones.values("pk")).select_related("unit")
    return list(rows.order_by("-issued_at")[:7])


def _split(case: Case, people: Cast) -> None:
    acceptor = people.at_centre("acceptor")
    actions.split(case.pk, by=acceptor, parts=[f"{case.title[:80]}（另一处）"], waits=True)


def _void(case: Case, people: Cast) -> None:
    asked = actions.ask_void(case.pk, by=people.at_centre("acceptor"), reason="来电人挂断后重拨，同一件登记了两次。")
    actions.decide(asked.pk, by=people.at_centre("duty_chief"), grant=True, opinion="同意。")


def _answer(case: Case, people: Cast) -> None:
    """Answered at the desk: it waits for its call."""
    actions.answer_directly(case.pk, by=people.at_centre("acceptor"), reply=_told(case)[1])


def _pass_down(order: WorkOrder, people: Cast) -> None:
    """To the community the matter lies in, and no further yet."""
    case = Case.objects.get(pk=order.matter_id)
    below = Unit.objects.filter(path__startswith=order.unit.path, kind=Unit.Kind.COMMUNITY).order_by("code")
    unit = below.filter(area=case.community_id).first() or below.first()
    by = people.of(order.unit_id, "town_dispatcher")
    if by and unit:
        actions.pass_down(order.pk, by=by, lead_id=unit.pk, request="请到现场核实，并将情况反馈街道。")


def _whistle(order: WorkOrder, people: Cast) -> None:
    by = people.of(order.unit_id, "town_dispatcher")
    called = Unit.objects.filter(kind=Unit.Kind.DEPARTMENT, valid_to__isnull=True).order_by("code").first()
    if by and called:
        actions.whistle(order.pk, by=by, unit_ids=[called.pk], hours=4, request="请到现场联合查看，一并处理。")


def _dispute(order: WorkOrder, people: Cast) -> Approval | None:
    """Whose duty it is: the ruling is still to come."""
    instead = Unit.objects.filter(kind=Unit.Kind.DEPARTMENT, valid_to__isnull=True).order_by("code").last()
    by = _hand(people, order.unit_id)
    if by is None or instead is None:
        return None
    reason = "按职责清单，该事项由行业主管部门负责，属地配合。"
    return actions.ask_dispute(order.pk, by=by, reason=reason, instead_id=instead.pk)


def _rule(order: WorkOrder, people: Cast) -> None:
    """Disputed and ruled: another unit has it now and may not give it back."""
    asked = _dispute(order, people)
    if asked:
        actions.decide(
            asked.pk, by=people.at_centre("duty_chief"), grant=True, opinion="裁定由行业主管部门承办，属地配合。",
            lead_id=UUID(asked.proposal["instead"]),
        )  # fmt: skip


def _leave_to_review(order: WorkOrder, people: Cast) -> None:
    """Replied, and not signed off yet."""
    _reply_all(Case.objects.select_related("category").get(pk=order.matter_id), people)


def _reply_all(case: Case, people: Cast) -> None:
    _reply(case, people, random.Random(1))  # noqa: S311


def _call_back_all(case: Case, people: Cast) -> None:
    _call_back(case, people.at_centre("caller"), random.Random(1))  # noqa: S311


def _part(case: Case, people: Cast) -> None:
    actions.unmerge(case.pk, by=people.at_centre("acceptor"), text="经核实不是同一处，单独办理。")
