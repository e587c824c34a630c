"""The face of case handling for other rooms and chapters (9.1.2-2)."""

from collections.abc import Sequence
from uuid import UUID

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.actions.secrecy import sealed_number
from hezhi.chapters.cases.handling.actions.turning import MATTER
from hezhi.chapters.cases.handling.actions.words import forget_words, renew_words
from hezhi.chapters.cases.handling.flows import PUBLIC_STATES
from hezhi.chapters.cases.handling.models import (
    COUNTED,
    ENDED,
    Case,
    Category,
    Kind,
    Reporter,
    Source,
    State,
    Step,
    Urgency,
)
from hezhi.engines.org.actor import Actor
from hezhi.ground.events import announce

ARRIVED = "cases.arrived"
"""What is announced of a case that a hot path wrote without loading it (see `case_changed`)."""

__all__ = [
    "ARRIVED",
    "COUNTED",
    "ENDED",
    "MATTER",
    "PUBLIC_STATES",
    "Case",
    "Category",
    "Kind",
    "Reporter",
    "Source",
    "State",
    "Step",
    "Urgency",
    "actions",
    "case_changed",
    "forget_words",
    "numbers_of",
    "queries",
    "renew_words",
    "sealed_number",
]


def case_changed(case_id: UUID, verb: str, *, by: Actor) -> None:
    """Announce a case that a hot path wrote without loading it."""
    announce(ARRIVED, case_id=case_id, verb=verb, by=by)


def numbers_of(case_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers of these cases, for rooms that know only their ids; a number says nothing of the matter."""
    return dict(Case.objects.filter(pk__in=list(case_ids)).values_list("pk", "number"))
