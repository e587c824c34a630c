"""The face of case handling for other rooms and chapters (9.1.2-2)."""

from uuid import UUID

from hezhi.chapters.cases.handling import actions, queries
from hezhi.chapters.cases.handling.actions.secrecy import sealed_number
from hezhi.chapters.cases.handling.actions.turning import MATTER
from hezhi.chapters.cases.handling.models import (
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

__all__ = [
    "ENDED",
    "MATTER",
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
    "queries",
    "sealed_number",
]


def case_changed(case_id: UUID, verb: str, *, by: Actor) -> None:
    """Announce a case that a hot path wrote without loading it."""
    announce("cases.arrived", case_id=case_id, verb=verb, by=by)
