"""Who of the staff is meant (接收人员): the person, whoever stands in, or the holders of a permission in a unit."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from hezhi.engines.org.actor import open_at
from hezhi.engines.org.models import Holding
from hezhi.engines.reach import resolvers
from hezhi.engines.reach.models import Outgoing
from hezhi.ground import time


def people_for(messages: Iterable[Outgoing]) -> dict[UUID, list[UUID]]:
    """The persons each message is for, by message id, in two queries at the most.

    A person's current deputies (代理) hear what he hears. In a unit those hear who hold the permission
    in a valid post, deputies included; who said it himself is left out when others hear it.
    """
    messages = list(messages)
    holders = _holders({m.unit_id for m in messages if m.unit_id})
    deputies = _deputies({m.user_id for m in messages if m.user_id})
    found = {m.pk: _people(m, holders, deputies) for m in messages}
    return _willing(messages, found)


def _willing(messages: Sequence[Outgoing], found: dict[UUID, list[UUID]]) -> dict[UUID, list[UUID]]:
    """Leave out who does not want to hear of an event, deputies too: one question for each event."""
    for event in {m.event for m in messages}:
        mine = [m.pk for m in messages if m.event == event]
        unwilling = set(resolvers.decliners(event, {user for key in mine for user in found[key]}))
        for key in mine if unwilling else ():
            found[key] = [user for user in found[key] if user not in unwilling]
    return found


def _people(
    message: Outgoing, holders: dict[tuple[UUID | None, str], list[UUID]], deputies: dict[UUID, list[UUID]]
) -> list[UUID]:
    if message.user_id:
        return list(dict.fromkeys([message.user_id, *deputies.get(message.user_id, [])]))
    found = list(dict.fromkeys(holders.get((message.unit_id, message.permission), [])))
    others = [user for user in found if user != message.told_by]
    return others or found


def _holders(units: set[UUID]) -> dict[tuple[UUID | None, str], list[UUID]]:
    """Holders by unit and permission."""
    found: dict[tuple[UUID | None, str], list[UUID]] = defaultdict(list)
    if not units:
        return found
    rows = _valid().filter(post__unit__in=units).order_by("post__valid_from", "valid_from")
    for unit, permissions, user in rows.values_list("post__unit_id", "post__role__permissions", "user_id"):
        for permission in permissions:
            found[unit, permission].append(user)
    return found


def _deputies(users: set[UUID]) -> dict[UUID, list[UUID]]:
    """Stand-ins by the person they stand in for."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    if not users:
        return found
    for person, deputy in _valid().filter(deputy_of__user__in=users).values_list("deputy_of__user_id", "user_id"):
        found[person].append(deputy)
    return found


def _valid() -> QuerySet[Holding]:
    """Posts held now by people whose account is open."""
    moment, day = time.now(), time.today()
    return Holding.objects.filter(
        Q(user__expires_at__isnull=True) | Q(user__expires_at__gt=moment),
        open_at("valid", moment),
        open_at("post__valid", day),
        user__is_active=True,
    )
