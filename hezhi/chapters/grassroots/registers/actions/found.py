"""Rows a verb works on, held until it ends (取出并锁定)."""

from typing import Any
from uuid import UUID

from hezhi.chapters.grassroots.registers.models import Home, Household, Resident
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.vault import blind
from hezhi.ground.errors import NotFound


def home(id: UUID, by: Actor) -> Home:
    """The home, when this person may know of it and it has not been removed; raises NotFound."""
    return _held(Home.objects, id, by, "没有找到这套房屋。")  # type: ignore[no-any-return]


def resident(id: UUID, by: Actor, id_number: str = "") -> Resident:
    """The resident, when this person may know of him or holds his whole ID number; raises NotFound."""
    if id_number.strip():
        theirs = Resident.objects.filter(pk=id, id_blind=blind("resident_id", id_number), removed_at__isnull=True)
        found: Resident | None = theirs.select_for_update(of=("self",)).first()
        if found is not None:
            return found
    return _held(Resident.objects, id, by, "没有找到这个人。")  # type: ignore[no-any-return]


def household(id: UUID, by: Actor) -> Household:
    """The household, when this person may know of it; raises NotFound."""
    return _held(Household.objects, id, by, "没有找到这一户。")  # type: ignore[no-any-return]


def _held(rows: Any, id: UUID, by: Actor, what: str) -> Any:
    seen = rows.visible_to(by).filter(pk=id, removed_at__isnull=True).values("pk")
    row = rows.filter(pk__in=seen).select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound(what=what, code="registers.not_found")
    return row
