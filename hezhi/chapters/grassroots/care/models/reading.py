"""Who may read what hangs on a care file (按指派知情, P6): one condition for every table of this room."""

from typing import Self

from django.apps import apps
from django.db import models
from django.db.models import Q

from hezhi.engines.org.actor import Actor
from hezhi.ground import time


def assigned_to(actor: Actor, file: str = "") -> Q:
    """The condition of assignment on a file, or on the file a row hangs on (`file="file__"`).

    Worker, deputy and supervisor by name; a service while a referral to its person runs; who broke the glass
    for an hour. Roles, units and areas open nothing; nor does being an administrator, a job or a leader.
    """
    if actor.user_id is None:
        return Q(pk__in=())
    me, moment = actor.user_id, time.now()
    named = Q(**{f"{file}worker": me}) | Q(**{f"{file}deputy": me}) | Q(**{f"{file}supervisor": me})
    referrals, glasses = apps.get_model("care.Referral")._default_manager, apps.get_model("care.Glass")._default_manager
    running = referrals.filter(to_user=me, state__in=("asked", "accepted"), due_on__gte=time.today())
    referred = running.values("file_id")
    broken = glasses.filter(by=me, until__gt=moment).values("file_id")
    key = f"{file.removesuffix('__')}_id" if file else "pk"
    return named | Q(**{f"{key}__in": referred}) | Q(**{f"{key}__in": broken})


class CareFileQuerySet(models.QuerySet):
    """Care files asked for with the reader in hand."""

    by_assignment = True

    def visible_to(self, actor: Actor) -> Self:
        """The files this person is named in, and no others (按指派)."""
        return self.filter(assigned_to(actor))


class OfFileQuerySet(models.QuerySet):
    """What hangs on a care file."""

    by_assignment = True

    def visible_to(self, actor: Actor) -> Self:
        """What hangs on files this person is named in."""
        return self.filter(assigned_to(actor, "file__"))


class OwnQuerySet(models.QuerySet):
    """What is opened by a right of its own, row by row; the room's queries ask the rest."""

    by_assignment = True

    def visible_to(self, actor: Actor) -> Self:
        """Nothing: each of these has a query of its own."""
        return self.none()
