"""Reads about whistles (吹哨查询), always starting from who reads."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, Q

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.whistle.models import Rating
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.api import Actor
from hezhi.ground import time


@dataclass(frozen=True)
class Coming:
    """How one called unit came (到场情况)."""

    order: WorkOrder
    rating: Rating | None
    may_rate: bool

    @property
    def came(self) -> str:
        """Whether it came, in words."""
        due, at = self.order.arrival_due_at, self.order.arrived_at
        if at is not None:
            return "按时到场" if due is None or at <= due else "超时到场"
        return "超时未到" if due is not None and due < time.now() else "等待到场"


def comings(by: Actor, case: Case) -> list[Coming]:
    """The called units of a case, and whether this reader may rate them now."""
    orders = list(WorkOrder.objects.filter(matter_id=case.pk, called=True).select_related("unit").order_by("issued_at"))
    rated = {row.order_id: row for row in Rating.objects.filter(order__in=orders)} if orders else {}
    found = []
    for order in orders:
        over = order.arrived_at is not None or (order.arrival_due_at is not None and order.arrival_due_at < time.now())
        mine = by.may("whistle.rate") and by.unit_id == order.issued_by_unit_id
        found.append(Coming(order, rated.get(order.pk), mine and over and order.pk not in rated))
    return found


def by_unit(by: Actor) -> list[Any]:
    """How the called units came, by unit (各单位到场情况), over the cases this reader may see."""
    rows = Rating.objects.visible_to(by).values("unit_id", "unit__name")
    told = rows.annotate(
        n=Count("pk"),
        in_time=Count("pk", filter=Q(in_time=True)),
        solved=Count("pk", filter=Q(solved=True)),
        mean=Avg("stars"),
    )
    return list(told.order_by("-n", "unit__name"))


def case_of_order(order_id: UUID) -> UUID | None:
    """The case of a work order."""
    return WorkOrder.objects.filter(pk=order_id).values_list("matter_id", flat=True).first()
