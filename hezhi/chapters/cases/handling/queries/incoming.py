"""What came in and what moved, in the order of the history (来件), for rooms that watch it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from hezhi.chapters.cases.handling.models import (
    Case,
    Reporter,
)
from hezhi.engines.geo.models import Area
from hezhi.ground import time
from hezhi.ground.masks import mask, mask_text

SETTLING = timedelta(minutes=10)
"""How long a transaction may take and still be found in its order: then a nightly comparison finds it."""


@dataclass(frozen=True)
class Arrival:
    """A case as those may know it who look for events (来件): without numbers of persons, without its reporter's name."""

    id: UUID
    title: str
    text: str
    at: datetime
    area: Area | None
    unit_id: UUID | None


def arrived(after: int, upto: int | None = None) -> QuerySet[Any, tuple[int, UUID]]:
    """What came in, in the order in which the history wrote it (入件次序): pairs of that order's number and the case.

    The number rises with each writing; a longer transaction may still put one in below the highest.
    """
    rows = _versions().filter(pgh_label="insert", pgh_id__gt=after)
    if upto is not None:
        rows = rows.filter(pgh_id__lte=upto)
    return rows.order_by("pgh_id").values_list("pgh_id", "id")


def settled(upto: int, before: datetime | None = None) -> int:
    """The highest number below which nothing more can come in (`SETTLING`), or what was written before a moment."""
    moment = before or time.real_now() - SETTLING
    rows = _versions().filter(pgh_id__lte=upto, pgh_created_at__lt=moment)
    return rows.aggregate(last=Max("pgh_id"))["last"] or 0


def moved(after: int, upto: int, most: int) -> list[tuple[int, UUID]]:
    """Which cases were written, in the order of the history (变动次序): pairs of that order's number and the case."""
    rows = _versions().filter(pgh_id__gt=after, pgh_id__lte=upto).order_by("pgh_id")
    return list(rows.values_list("pgh_id", "id")[:most])


def ever_in(cases: Sequence[UUID], level: str, area_id: UUID) -> set[UUID]:
    """Which of these cases lay in an area at any time (曾在该区域), by their versions."""
    return set(_versions().filter(id__in=list(cases), **{f"{level}_id": area_id}).values_list("id", flat=True))


def last_arrived() -> int:
    """The highest number of all."""
    return _versions().aggregate(last=Max("pgh_id"))["last"] or 0


def _versions() -> QuerySet[Any]:
    found: QuerySet[Any] = Case.versions.rel.related_model.objects.all()  # type: ignore[attr-defined]
    return found


def arrivals(case_ids: Sequence[UUID]) -> list[Arrival]:
    """These cases as `Arrival`, oldest first: never a secret one, nor one that was entered by mistake (作废)."""
    levels = ("district", "town", "community", "grid")
    rows = (
        Case.objects.filter(pk__in=list(case_ids), secret=False)
        .exclude(state="void")
        .select_related("reporter", *levels)
        .defer(*(f"{level}__{name}" for level in levels for name in ("shape", "centre")))
        .order_by("received_at", "id")
    )
    return [_arrival(case) for case in rows]


def _arrival(case: Case) -> Arrival:
    area = case.grid or case.community or case.town or case.district
    return Arrival(
        case.pk, _unnamed(case, case.title), _unnamed(case, case.text), case.received_at, area, case.lead_unit_id
    )


def _unnamed(case: Case, text: str) -> str:
    """A text without numbers of persons, and with the name of the one who reported masked where he wrote it himself."""
    reporter: Reporter | None = getattr(case, "reporter", None)
    name = reporter.name.strip() if reporter and reporter.name else ""
    return mask_text(text.replace(name, mask("name", name)) if len(name) > 1 else text)
