"""What the pages of units and posts read (组织查询): posts with their people, and work that is still open."""

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from hezhi.engines.flow.models import AT_WORK, ToDo, WorkOrder
from hezhi.engines.org.api import Holding, Post, Unit, User, units
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


OFFERED = 20


def people_like(typed: str) -> list[tuple[str, str]]:
    """Colleagues in service whose name or login name holds what was typed: login name, and name with posts."""
    found = User.objects.filter(Q(full_name__icontains=typed) | Q(login_name__icontains=typed), is_active=True)
    return _with_posts(found.order_by("full_name", "login_name"))


def units_like(typed: str) -> list[tuple[str, str]]:
    """Open units whose name holds what was typed or whose code begins with it: code and name."""
    fits = Q(name__icontains=typed) | Q(short_name__icontains=typed) | Q(code__istartswith=typed)
    return list(units().filter(fits).order_by("order", "code").values_list("code", "name")[:OFFERED])


def told_apart(full_name: str) -> str:
    """Those who bear one name, with login name and post, so that the right one can be named (同名人员)."""
    found = User.objects.filter(is_active=True, full_name=full_name).order_by("login_name")
    return "；".join(f"{login}（{told}）" for login, told in _with_posts(found))


def _with_posts(people: QuerySet[User]) -> list[tuple[str, str]]:
    moment = time.now()
    held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment), valid_from__lte=moment)
    rows = people.prefetch_related(Prefetch("holdings", held.select_related("post__unit"), to_attr="held_now"))
    return [
        (row.login_name, "，".join([row.full_name, *(str(h.post) for h in row.held_now)]))  # type: ignore[attr-defined]
        for row in rows[:OFFERED]
    ]


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
