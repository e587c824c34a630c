"""What the pages of units and posts read (组织查询): posts with their people, and work that is still open."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q

from hezhi.engines.flow.models import AT_WORK, ToDo, WorkOrder
from hezhi.engines.org.api import Holding, Post, Unit
from hezhi.ground import time


def posts_of(unit: Unit) -> list[Post]:
    """The posts of a unit, open ones first, each with `held`: who holds it now or will, deputies included."""
    moment = time.now()
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment)).select_related(
        "user", "deputy_of__user"
    )
    rows = Post.objects.filter(unit=unit).select_related("role", "unit")
    return list(
        rows.prefetch_related(Prefetch("holdings", held.order_by("valid_from"), to_attr="held")).order_by(
            "valid_to", "title"
        )
    )


@dataclass(frozen=True)
class OpenWork:
    """Work that a unit still has to finish (未办结的工作)."""

    orders: int
    todos: int

    @property
    def told(self) -> str:
        """In words; empty when there is none."""
        parts = [f"{self.orders} 张承办单" if self.orders else "", f"{self.todos} 件待办" if self.todos else ""]
        return "、".join(filter(None, parts))


def open_work_of(unit: Unit) -> OpenWork:
    """Open work orders and to-dos of a unit itself, not of those below."""
    return OpenWork(
        WorkOrder.objects.filter(unit=unit, state__in=AT_WORK).count(),
        ToDo.objects.filter(unit=unit, done_at__isnull=True).count(),
    )
