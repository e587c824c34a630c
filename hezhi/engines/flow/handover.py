"""What moves when a person leaves or is away (移交): claimed to-dos and orders in hand; nothing stays without an owner."""

from datetime import datetime

from django.db.models import Count

from hezhi.engines.flow.models import ToDo, WorkOrder
from hezhi.engines.org import handover
from hezhi.engines.org.models import Post, User

AT_WORK = ("to_sign", "handling", "on_hold", "to_review")


def move(user_from: User, user_to: User | None, moment: datetime, post: Post | None) -> int:
    """Hand claimed to-dos and held orders over to the deputy, or back to the post when nobody is named."""
    todos = ToDo.objects.filter(claimed_by=user_from, done_at__isnull=True)
    orders = WorkOrder.objects.filter(holder=user_from, state__in=AT_WORK)
    if post is not None:
        todos = todos.filter(unit=post.unit_id, permission__in=post.role.permissions)
        orders = orders.filter(unit=post.unit_id)
    moved = todos.update(claimed_by=user_to, **({} if user_to else {"claimed_until": None}))
    return moved + orders.update(holder=user_to)


def open_work(post: Post) -> int:
    """How many open to-dos wait for this post; the last holder may not leave while there are any."""
    rows = ToDo.objects.filter(unit=post.unit_id, permission__in=post.role.permissions, done_at__isnull=True)
    return int(rows.aggregate(n=Count("pk"))["n"])


handover.register(move, open_work)
