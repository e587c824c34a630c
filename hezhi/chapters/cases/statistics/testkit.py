"""Cases moved in few words (测试用): the verbs of handling in the small district. Only tests import this."""

from datetime import datetime
from typing import Any

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.chapters.cases.statistics.api import load_tables
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import traced
from hezhi.ground import time

READERS = ("duty_chief", "town_dispatcher", "handler", "reviewer")


def readers() -> District:
    """The small district in which some roles read statistics, with the plans of reports."""
    district = build()
    traced()
    for role in Role.objects.filter(code__in=READERS):
        Role.objects.filter(pk=role.pk).update(
            permissions=sorted({*role.permissions, "statistics.view", "statistics.plans", "reach.inbox"})
        )
    load_tables(by=system("测试"))
    return district


def here(text: str) -> datetime:
    """A moment as the clock on the wall here tells it."""
    return datetime.fromisoformat(text).replace(tzinfo=time.SHANGHAI)


class Hands:
    """The verbs of a case in few words, each at the moment the clock shows."""

    def __init__(self, district: District) -> None:
        self.d = district

    def report(self, **more: Any) -> Case:
        return Case.objects.get(pk=self.d.report(**more).id)

    def accept(self, case: Case) -> None:
        handling.accept(case.pk, by=self.d["centre.acceptor"], category_id=self.d.categories["0101"].pk)

    def dispatch(self, case: Case, unit: str = "light") -> None:
        handling.dispatch(case.pk, by=self.d["centre.dispatcher"], lead_id=self.d.units[unit].pk)

    def _by(self, order: WorkOrder) -> Actor:
        town = order.unit.kind == "town"
        return self.d[f"{order.unit.code}.{'town_dispatcher' if town else 'handler'}"]

    def order(self, case: Case, *states: str) -> WorkOrder:
        rows = (
            WorkOrder.objects.filter(matter_id=case.pk, state__in=states).select_related("unit").order_by("-issued_at")
        )
        return rows[0]

    def sign(self, case: Case) -> None:
        order = self.order(case, "to_sign")
        handling.sign(order.pk, by=self._by(order))

    def reply(self, case: Case) -> None:
        order = self.order(case, "handling")
        handling.reply(order.pk, by=self._by(order), text="已处理", public_reply="已处理", solved=True)

    def review(self, case: Case) -> None:
        order = self.order(case, "to_review")
        handling.review(order.pk, by=self.d[f"{order.unit.code}.reviewer"])

    def call(self, case: Case, *, happy: bool = True, again: bool = False) -> None:
        handling.call_back(
            case.pk, by=self.d["centre.caller"], reached=True, solved=not again, satisfied=happy,
            reason="" if happy else "处理不彻底", again=again,
        )  # fmt: skip

    def extend(self, case: Case) -> None:
        handling.ask_extension(case.pk, by=self._by(self.order(case, "handling")), days=3, reason="等待配件")
        self.grant(case)

    def hold(self, case: Case) -> None:
        handling.ask_hold(case.pk, by=self._by(self.order(case, "handling")), reason="冬季不宜施工")
        self.grant(case)

    def resume(self, case: Case) -> None:
        handling.resume(case.pk, by=self.d["centre.dispatcher"])

    def give_back(self, case: Case) -> None:
        order = self.order(case, "to_sign")
        handling.ask_return(order.pk, by=self._by(order), reason="不属本单位职责")
        self.grant(case, by="centre.dispatcher")

    def void(self, case: Case) -> None:
        handling.ask_void(case.pk, by=self.d["centre.acceptor"], reason="测试来电")
        self.grant(case)

    def grant(self, case: Case, by: str = "centre.duty_chief") -> None:
        waiting = Approval.objects.filter(object_id=case.pk, state="waiting").latest("asked_at")
        handling.decide(waiting.pk, by=self.d[by], grant=True)

    def rate(self, case: Case, stars: int = 5) -> None:
        handling.rate(case.pk, by=self.d["centre.caller"], stars=stars, solved=stars > 2)

    def redo(self, case: Case) -> None:
        handling.redo(case.pk, by=self.d["centre.caller"], reason="问题再次出现")
