"""What moves when a person leaves or is away (移交): claimed to-dos, orders in hand, what he was asked to sign or to decide.

Nothing stays without an owner, and nothing waits for somebody who is gone.
"""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from hezhi.engines.flow.approvals import ended, is_awaited
from hezhi.engines.flow.models import Approval, ToDo, WorkOrder
from hezhi.engines.org import handover
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Holding, Post, User
from hezhi.engines.org.queries import holders_of
from hezhi.engines.records.acting import current_deed
from hezhi.ground.events import announce

AT_WORK = ("to_sign", "handling", "on_hold", "to_review")


def move(user_from: User, user_to: User | None, moment: datetime, post: Post | None) -> int:
    """Hand claimed to-dos and held orders over to the deputy, or back to the post when nobody is named."""
    todos = ToDo.objects.filter(claimed_by=user_from, done_at__isnull=True)
    orders = WorkOrder.objects.filter(holder=user_from, state__in=AT_WORK)
    if post is not None:
        todos = todos.filter(unit=post.unit_id, permission__in=post.role.permissions)
        orders = orders.filter(unit=post.unit_id)
    moved = todos.update(claimed_by=user_to, **({} if user_to else {"claimed_until": None}))
    return moved + orders.update(holder=user_to) + _move_requests(user_from, user_to, moment, post)


def _move_requests(user_from: User, user_to: User | None, moment: datetime, post: Post | None) -> int:
    """Invitations to sign (会签) and delegated decisions (委托) go to the deputy; without one they end, told so."""
    back = _comes_back(user_from, user_to, moment, post)
    moved = 0
    for row in _requests_of(user_from, post):
        stays = (back or user_to is None) and user_from in holders_of(row.permission, row.unit_id, moment)
        ours = _awaited(row, user_from)
        if stays:
            ours = [c for c in ours if back and c.get("instead_of") == str(_key(user_to))]
        elif row.delegated_to_id == user_from.pk:
            row.delegated_to = user_to if _key(user_to) != row.asked_by_id else None
            row.save(update_fields=["delegated_to"])
            moved += 1
        for signer in ours:
            _pass_on(row, signer, user_from, user_to, moment, back=back)
            moved += 1
    return moved


def _requests_of(user: User, post: Post | None) -> QuerySet[Approval]:
    """The requests that wait for a person by name, in one post or in all."""
    named = Q(cosigners__contains=[{"user": str(user.pk)}]) | Q(delegated_to=user)
    rows = Approval.objects.filter(named, state=Approval.State.WAITING)
    if post is not None:
        rows = rows.filter(unit=post.unit_id, permission__in=post.role.permissions)
    return rows.select_for_update(of=("self",)).order_by("pk")


def _comes_back(user_from: User, user_to: User | None, moment: datetime, post: Post | None) -> bool:
    """Whether a stand-in gives back at this moment: what he was asked himself stays with him, while he may sign."""
    stand_in = Holding.objects.filter(user=user_from, deputy_of__user=user_to, post=post, moved_back_at=moment)
    return user_to is not None and post is not None and stand_in.exists()


def _awaited(row: Approval, user: User) -> list[dict[str, Any]]:
    return [c for c in row.cosigners if c["user"] == str(user.pk) and is_awaited(c)]


def _may_sign(row: Approval, user: User | None) -> bool:
    """Nobody signs his own request, nor twice."""
    return user is not None and user.pk != row.asked_by_id and str(user.pk) not in {c["user"] for c in row.cosigners}


def _pass_on(
    row: Approval, signer: dict[str, Any], user_from: User, user_to: User | None, moment: datetime, *, back: bool
) -> None:
    """Write the invitation in the heir's name and tell him; end it with a note where there is none (会签终止)."""
    if user_to is not None and _may_sign(row, user_to):
        passed = {"user": str(user_to.pk), "name": user_to.full_name, "agreed_at": None}
        if not back:
            passed |= {"instead_of": str(user_from.pk), "note": f"接替{user_from.full_name}"}
    else:
        passed = ended(signer, "已离任或离岗，不再等其会签")
    row.cosigners = [passed if c is signer else c for c in row.cosigners]
    row.save(update_fields=["cosigners"])
    if is_awaited(passed):
        deed = current_deed()
        announce("flow.invited", approval=row, user_id=_key(user_to), by=deed.by if deed else system("移交"))


def _key(user: User | None) -> Any:
    return user.pk if user is not None else None


def open_work(post: Post) -> int:
    """How many open to-dos wait for this post; the last holder may not leave while there are any."""
    rows = ToDo.objects.filter(unit=post.unit_id, permission__in=post.role.permissions, done_at__isnull=True)
    return int(rows.aggregate(n=Count("pk"))["n"])


handover.register(move, open_work)
