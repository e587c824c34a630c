"""Reads about whistles (吹哨查询), always starting from who reads."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Q

from hezhi.chapters.cases.handling.api import MATTER, Case
from hezhi.chapters.cases.handling.api import queries as cases
from hezhi.chapters.cases.whistle.models import Rating
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.flow.rules.whistle import Presence
from hezhi.engines.org.api import Actor
from hezhi.ground import time

CAME = {
    Presence.ARRIVED: "按时到场", Presence.LATE: "超时到场", Presence.AWAITED: "等待到场", Presence.ABSENT: "超时未到",
    Presence.EXCUSED: "已免于到场",
}  # fmt: skip


@dataclass(frozen=True)
class Coming:
    """How one called unit came (到场情况)."""

    order: WorkOrder
    rating: Rating | None
    may_rate: bool

    @property
    def came(self) -> str:
        """Whether it came, in words."""
        return CAME[cases.presence_of(self.order)]


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


def by_unit(by: Actor) -> list[dict[str, Any]]:
    """How the called units came, by unit (各单位到场情况), over the cases this reader may see.

    Each call counts, rated or not; one that was let go before its limit is no absence.
    """
    seen = Case.objects.visible_to(by).values("pk")
    called = WorkOrder.objects.filter(called=True, matter_type=MATTER, matter_id__in=seen)
    in_time = Q(arrived_at__isnull=False) & (Q(arrival_due_at__isnull=True) | Q(arrived_at__lte=F("arrival_due_at")))
    over = Q(arrived_at__isnull=True, arrival_due_at__lt=time.now())
    kept = Q(ended_at__isnull=True) | Q(ended_at__gt=F("arrival_due_at"))
    counts = called.values("unit_id", "unit__name").annotate(
        calls=Count("pk"), in_time=Count("pk", filter=in_time), absent=Count("pk", filter=over & kept),
        late=Count("pk", filter=Q(arrived_at__gt=F("arrival_due_at"))),
    )  # fmt: skip
    said = Rating.objects.visible_to(by).values("unit_id").annotate(
        n=Count("pk"), solved=Count("pk", filter=Q(solved=True)), mean=Avg("stars")
    )  # fmt: skip
    rated: dict[UUID, Any] = {row["unit_id"]: row for row in said}
    none: dict[str, Any] = {"n": 0, "solved": 0, "mean": None}
    return [{**row, **rated.get(row["unit_id"], none)} for row in counts.order_by("-calls", "unit__name")]


def case_of_order(order_id: UUID) -> UUID | None:
    """The case of a work order."""
    return WorkOrder.objects.filter(pk=order_id).values_list("matter_id", flat=True).first()
