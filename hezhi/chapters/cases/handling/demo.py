"""The demo district's cases (演示数据): invented messages, taken in and dealt with by the real verbs.

Each case goes as far as its age allows, at believable moments of the past, so that every state, a few
returns, extensions, merges and overdue cases are there to look at.
"""

import csv
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

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
