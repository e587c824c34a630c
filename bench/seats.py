"""Seats for the twelve daily jobs (岗位准备): `python -m bench.seats` makes a case for each and prints who sits where as JSON."""

import json
from typing import Any
from uuid import UUID

from django.test import Client

import bench.asking  # noqa: F401 - sets Django up
from bench.living import People
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case, RoutingRule
from hezhi.chapters.cases.intake.api import Message, take_in
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import User
from hezhi.engines.org.testkit import enter
from hezhi.engines.records.acting import acting
from hezhi.ground import time


class Office:
    """The people of the demo district and the cases made for them, each one step short of a job."""

    def __init__(self) -> None:
        self.people = People()
        rules = RoutingRule.objects.filter(unit__kind="department", category__active=True, automatic=False, area=None)
        rule = next(r for r in rules.order_by("category__code") if r.unit_id and self._works(r.unit_id))
        self.category, self.unit = rule.category_id, rule.unit_id
        self.place = Area.objects.grids().order_by("code")[0].shape.point_on_surface
        self.made = 0

    def _works(self, unit: UUID) -> bool:
        return bool(self._of(unit, "handler") and self._of(unit, "reviewer"))

    def _of(self, unit: UUID, role: str) -> Actor | None:
        return self.people.of(unit, role)

    def at(self, role: str) -> Actor:
        """Who holds a post: in the department that works, at the centre, or wherever there is one."""
        units = (self.unit, self.people.centre, *(unit for unit, held in self.people.holdings if held == role))
        found = next((by for unit in units if (by := self._of(unit, role))), None)
        if found is None:
            raise LookupError(role)
        return found

    def case(self, upto: str) -> Case:
        """A new case, brought as far as a state."""
        self.made += 1
        text = f"测量用诉求第{self.made}件：门前路灯不亮已经三天，晚上看不清路。"
        told = Message(
            source="hotline", title=f"路灯不亮{self.made}", text=text, name="示例甲", phone=f"1990000{self.made:04d}"
        )
        key = take_in(told, by=self.at("acceptor")).id
        steps = ("to_dispatch", "to_sign", "handling", "to_review", "to_call_back")
        for state in steps[: steps.index(upto) + 1] if upto in steps else ():
            self._to(state, key)
        return Case.objects.get(pk=key)

    def _to(self, state: str, key: UUID) -> None:
        order = WorkOrder.objects.filter(matter_id=key).order_by("-issued_at").first()
        if state == "to_dispatch":
            actions.accept(key, by=self.at("acceptor"), category_id=self.category, by_itself=False)
        elif state == "to_sign":
            actions.dispatch(key, by=self.at("dispatcher"), lead_id=self.unit, request="请核实处理")
        elif order is not None and state == "handling":
            actions.sign(order.pk, by=self.at("handler"))
        elif order is not None and state == "to_review":
            actions.reply(
                order.pk, by=self.at("handler"), text="已修好。", public_reply="您好，路灯已修好。", finding="true", contacted=True,
                solved=True,
            )  # fmt: skip
        elif order is not None:
            actions.review(order.pk, by=self.at("reviewer"))


def session(by: Actor) -> str:
    """A session of somebody, signed in."""
    user = User.objects.get(pk=by.user_id)
    return str(enter(Client(), user).session.session_key)


def main() -> None:
    office = Office()
    roles = ("acceptor", "dispatcher", "handler", "reviewer", "caller", "supervisor")
    with acting(office.at("dispatcher"), verb="bench.open"):
        keys = [office.at(role).user_id for role in roles]
        User.objects.filter(pk__in=keys).update(
            must_change_password=False, password_changed_at=time.now(), last_seen_at=time.now()
        )
    cases: dict[str, Any] = {
        "triage": office.case("to_accept"), "main": office.case("to_accept"), "merge": office.case("to_accept"),
        "dispatch": office.case("to_dispatch"), "return": office.case("to_sign"), "extend": office.case("handling"),
        "reply": office.case("handling"), "sign off": office.case("to_review"), "call back": office.case("to_call_back"),
        "supervise": office.case("handling"), "look up": office.case("handling"),
    }  # fmt: skip
    told = {
        "sessions": {role: session(office.at(role)) for role in roles},
        "cases": {name: {"id": str(case.pk), "number": case.number} for name, case in cases.items()},
    }
    print("\n" + json.dumps(told))


if __name__ == "__main__":
    main()
