"""What everybody may know of a matter (公开事项)."""

from uuid import UUID

from django.db.models import QuerySet

from hezhi.chapters.cases.handling.models import (
    Case,
)
from hezhi.engines.records.vault import blind

NEAR = 3
"""Decimals of a coordinate that goes out: about a hundred metres."""


def public_cases() -> QuerySet[Case]:
    """Matters that everybody may know of, with few details: of categories marked public, never secret, never void.

    Whoever shows them tells category, public state, town and community, times, and a point rounded to `NEAR`; never
    title, text, place or anything of the reporter.
    """
    rows = Case.objects.filter(secret=False, category__public=True, category__active=True).exclude(state="void")
    return rows.select_related("category", "town", "community", "lead_unit").defer(
        "town__shape", "town__centre", "community__shape", "community__centre"
    )


def blurred(case: Case) -> tuple[float, float] | None:
    """The place of a matter as it may go out: longitude and latitude to about a hundred metres."""
    return (round(case.point.x, NEAR), round(case.point.y, NEAR)) if case.point else None


def outside_id(case_id: UUID) -> str:
    """The name of a matter for programs outside (对外标识): the same for the same matter, and nobody gets from it to ours.

    It is made under a key. While that key is being changed the older one still names, so that a reader who keeps
    what he has read knows it again.
    """
    made = blind("case.outside", str(case_id))
    oldest = made.older[-1] if made.older else made
    return str(UUID(hex=oldest[:32]))
