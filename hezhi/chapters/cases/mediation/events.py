"""What mediation shows beside a case, and what it lets go when a case goes under the veil."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from hezhi.chapters.cases.handling.api import Case, queries
from hezhi.chapters.cases.handling.pages.beside import contribute
from hezhi.chapters.cases.mediation.models import ENDED, Dispute
from hezhi.chapters.cases.mediation.pages.beside_case import beside_case
from hezhi.ground.events import listens


@listens("cases.changed")
def let_go(*, case: Case, verb: str, **_: Any) -> None:
    """A case went under the veil (设为保密件): its disputes no longer point to it."""
    if verb == "make_secret":
        Dispute.objects.filter(case=case).update(case=None)


contribute(beside_case)


def _in_dispute() -> Q:
    """Cases out of which a dispute came that has not ended (未结案): mediated, failed or handed to a court or the police."""
    return Q(Exists(Dispute.objects.filter(case=OuterRef("pk")).exclude(state__in=ENDED)))


queries.needed_while("mediation", _in_dispute)
