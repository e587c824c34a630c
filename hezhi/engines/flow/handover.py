"""What moves when a person leaves or is away (移交): claimed to-dos, orders in hand, what he was asked to sign or to decide.

Nothing stays without an owner, and nothing waits for somebody who is gone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from hezhi.engines.flow.approvals import ended, is_awaited
from hezhi.engines.flow.models import AT_WORK, Approval, Lent, ToDo, WorkOrder
from hezhi.engines.org import handover
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Holding, Post, User
from hezhi.engines.org.queries import held_now, holders_of
from hezhi.engines.records.acting import current_deed
from hezhi.ground.events import announce


def move(user_from: User, user_to: User | None, moment: datetime, post: Post | None) -> int:
    """Hand claimed to-dos and held orders over to the deputy, or back to the post when nobody is named.

    What a stand-in took over is noted, so that at the end it goes back and what he took in his own right stays his.
    Orders are locked before to-dos, as every step of an order does.
    """
    over = _stand_in(user_from, user_to, post, moved_back_at=moment)
    begun = _stand_in(user_to, user_from, post, moved_at=moment) if over is None else None
    work = _given_back(over) if over is not None else _in_hand(user_from, post, lends=begun is not None)
    if begun is not None:
        work.lend(begun)
    return work.give_to(user_to) + _move_requests(user_from, user_to, moment, post)


@dataclass(frozen=True)
class _Work:
    """Orders and to-dos that change hands together (移交的工作)."""

    orders: QuerySet[WorkOrder]
    todos: QuerySet[ToDo]

    def lend(self, stand_in: Holding) -> None:
        """Note what a stand-in is lent."""
        keys = {*self.orders.values_list("pk", flat=True), *self.todos.values_list("object_id", flat=True)}
        Lent.objects.bulk_create([Lent(stand_in=stand_in, object_id=key) for key in sorted(keys)])

    def give_to(self, user: User | None) -> int:
        """Put it into the hands of one person, or of nobody."""
        moved = self.orders.update(holder=user)
        return moved + self.todos.update(claimed_by=user, **({} if user else {"claimed_until": None}))


def _work(orders: Q, todos: Q, post: Post | None) -> _Work:
    """The open work of which this is true, in one post or in all."""
    held = WorkOrder.objects.alias(taken_with=_taken_with()).filter(orders, state__in=AT_WORK)
    claimed = ToDo.objects.filter(todos, done_at__isnull=True)
    if post is not None:
        held = held.filter(unit=post.unit_id)
        claimed = claimed.filter(unit=post.unit_id, permission__in=post.role.permissions)
    return _Work(held, claimed)


def _in_hand(user: User, post: Post | None, *, lends: bool) -> _Work:
    """What a person has in hand in a post: not what he took with another one alone, nor, unless he lends it on, for others."""
    orders, todos = Q(holder=user), Q(claimed_by=user)
    if post is not None:
        orders &= Q(taken_with__isnull=True) | ~Q(taken_with__in=_rights_beside(user, post))
    if post is not None and not lends:
        for_others = list(_lent_to(user))
        orders &= ~Q(pk__in=for_others)
        todos &= ~Q(object_id__in=for_others)
    return _work(orders, todos, post)


def _stand_in(deputy: User | None, away: User | None, post: Post | None, **moved: datetime) -> Holding | None:
    """The holding by which one stands in for another, whose work moves at this moment; None when this is no leave."""
    if deputy is None or away is None or post is None:
        return None
    return Holding.objects.filter(user=deputy, deputy_of__user=away, post=post, **moved).first()


def _taken_with() -> Subquery:
    """The right with which an order was taken in hand: that of its first to-do, which outlives it.

    An order that waits for its reviewer, or for those it was passed down to, has no to-do of its holder any more.
    """
    return Subquery(ToDo.objects.filter(object_id=OuterRef("pk")).order_by("created_at", "pk").values("permission")[:1])


def _rights_beside(user: User, post: Post) -> list[str]:
    """What a person may do in a unit by other posts of his alone: what he took with it does not go with this one."""
    return sorted(_rights(user.pk, post.unit_id).difference(post.role.permissions))


def _rights(user: UUID, unit: UUID) -> set[str]:
    held = held_now().filter(user=user, post__unit=unit)
    return {right for rights in held.values_list("post__role__permissions", flat=True) for right in rights}


def _lent_to(deputy: User) -> QuerySet[Lent, UUID]:
    """What a person holds for others who are away now."""
    rows = Lent.objects.filter(stand_in__user=deputy, stand_in__moved_back_at__isnull=True)
    return rows.values_list("object_id", flat=True)


def _given_back(over: Holding) -> _Work:
    """What goes back at the end of a leave: all that was lent, and what the deputy may no longer do."""
    own = sorted(_rights(over.user_id, over.post.unit_id))
    todos = Q(claimed_by=over.user_id) & ~Q(permission__in=own)
    orders = Q(holder=over.user_id) & (Q(taken_with__isnull=True) | ~Q(taken_with__in=own))
    for user, lent in _lent(over).items():
        todos |= Q(claimed_by=user, object_id__in=lent)
        orders |= Q(holder=user, pk__in=lent)
    return _work(orders, todos, over.post)


def _lent(over: Holding) -> dict[UUID, list[UUID]]:
    """What a stand-in was lent, by who may have it now: he, or whom he lent it on to while away himself; no longer noted."""
    hands: dict[UUID, list[UUID]] = {}
    ended: list[int] = []
    mine = {row.object_id: row.pk for row in Lent.objects.filter(stand_in=over)}
    rows = Lent.objects.filter(object_id__in=list(mine)).select_related("stand_in__deputy_of").order_by("pk")
    for row in rows:
        chain = hands.setdefault(row.object_id, [])
        giver = row.stand_in.deputy_of.user_id if row.stand_in.deputy_of else None
        if row.pk == mine[row.object_id] or (chain and giver == chain[-1]):
            chain.append(row.stand_in.user_id)
            ended.append(row.pk)
    Lent.objects.filter(pk__in=ended).delete()
    found: dict[UUID, list[UUID]] = {}
    for key, chain in hands.items():
        for user in dict.fromkeys(chain):
            found.setdefault(user, []).append(key)
    return found


def _move_requests(user_from: User, user_to: User | None, moment: datetime, post: Post | None) -> int:
    """Invitations to sign (会签) and delegated decisions (委托) go to the deputy; without one they end, told so."""
    back = _stand_in(user_from, user_to, post, moved_back_at=moment) is not None
    moved = 0
    for row in _requests_of(user_from, user_to if back else None, post):
        stays = (back or user_to is None) and user_from in holders_of(row.permission, row.unit_id, moment)
        lent = [c for c in row.cosigners if back and is_awaited(c) and _lent_by(c, user_to, user_from)]
        ours = lent if stays else [*lent, *(c for c in _awaited(row, user_from) if c not in lent)]
        if not stays and row.delegated_to_id == user_from.pk:
            row.delegated_to = user_to if _key(user_to) != row.asked_by_id else None
            row.save(update_fields=["delegated_to"])
            moved += 1
        for signer in ours:
            _pass_on(row, signer, user_from, user_to, moment, back=back)
            moved += 1
    return moved


def _requests_of(user: User, away: User | None, post: Post | None) -> QuerySet[Approval]:
    """The requests that wait for a person by name, in one post or in all; with those that he signs, or lent on, for `away`."""
    named = Q(cosigners__contains=[{"user": str(user.pk)}]) | Q(delegated_to=user)
    if away is not None:
        named |= Q(cosigners__contains=[{"for": [str(away.pk)]}])
    rows = Approval.objects.filter(named, state=Approval.State.WAITING)
    if post is not None:
        rows = rows.filter(unit=post.unit_id, permission__in=post.role.permissions)
    return rows.select_for_update(of=("self",)).order_by("pk")


def _lent_by(signer: Mapping[str, Any], away: User | None, deputy: User) -> bool:
    """Whether an invitation came from one to the other, whoever has it now."""
    return (str(_key(away)), str(deputy.pk)) in pairwise([*_stood_in_for(signer), signer["user"]])


def _stood_in_for(signer: Mapping[str, Any]) -> list[str]:
    """For whom somebody signs: who was asked first, before those who lent it on."""
    return signer.get("for") or ([signer["instead_of"]] if "instead_of" in signer else [])


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
        chain = _stood_in_for(signer)
        if str(user_to.pk) in chain:
            chain = chain[: chain.index(str(user_to.pk))]
        else:
            chain = [] if back else [*chain, str(user_from.pk)]
        passed = {"user": str(user_to.pk), "name": user_to.full_name, "agreed_at": None} | _instead(chain)
    else:
        passed = ended(signer, "已离任或离岗，不再等其会签")
    row.cosigners = [passed if c is signer else c for c in row.cosigners]
    row.save(update_fields=["cosigners"])
    if is_awaited(passed):
        deed = current_deed()
        announce("flow.invited", approval=row, user_id=_key(user_to), by=deed.by if deed else system("移交"))


def _instead(chain: Sequence[str]) -> dict[str, Any]:
    """The words for one who signs for another (接替), and through whom it came to him."""
    if not chain:
        return {}
    return {"for": list(chain), "note": f"接替{User.objects.get(pk=chain[-1]).full_name}"}


def _key(user: User | None) -> Any:
    return user.pk if user is not None else None


def open_work(post: Post) -> int:
    """How many open to-dos wait for this post; the last holder may not leave while there are any."""
    rows = ToDo.objects.filter(unit=post.unit_id, permission__in=post.role.permissions, done_at__isnull=True)
    return int(rows.aggregate(n=Count("pk"))["n"])


handover.register(move, open_work)
