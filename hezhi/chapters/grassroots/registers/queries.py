"""Reads of homes and people (基础台账的查询); each starts from what the reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Model, QuerySet

from hezhi.chapters.grassroots.registers.models import (
    Building,
    Compound,
    Enterprise,
    Home,
    Household,
    Occupancy,
    Resident,
    SmallPlace,
    SocialOrganisation,
    VolunteerGroup,
)
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.vault import blind
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.text import tidy_name

MOST_FOUND = 20


def residents(by: Actor) -> QuerySet[Resident]:
    """The people on the register that this reader may know of (在册人口)."""
    rows: QuerySet[Resident] = Resident.objects.visible_to(by)
    return rows.filter(removed_at__isnull=True).exclude(state=Resident.State.MERGED)


def resident_by_id_number(id_number: str, *, by: Actor) -> Resident | None:
    """The resident with this whole ID number, in the reader's scope; None when there is none (按证件号码查人)."""
    if not id_number.strip():
        return None
    found: Resident | None = residents(by).filter(id_blind=blind("resident_id", id_number)).first()
    return found


def residents_by_phone(phone: str, *, by: Actor) -> list[Resident]:
    """Residents with this whole phone number, in the reader's scope (按电话查人)."""
    if not phone.strip():
        return []
    return list(residents(by).filter(phone_blind=blind("phone", phone)).order_by("number")[:MOST_FOUND])


def residents_by_name(
    name: str, *, by: Actor, birth_year: int | None = None, area: UUID | None = None, home: UUID | None = None
) -> list[Resident]:
    """Residents of this whole name who meet one more condition (姓名加一项条件查人).

    `area` is a community or a grid. A name alone finds nobody: raises BadInput, because a list of all people
    of a name is no answer to a duty.
    """
    name = tidy_name(name)
    if not name:
        raise BadInput({"name": ["请填写完整姓名。"]})
    if birth_year is None and area is None and home is None:
        raise BadInput({"name": ["按姓名查人还须填写一项：出生年份、社区（网格）或房屋。"]})
    rows = residents(by).filter(person_name=name)
    if birth_year is not None:
        rows = rows.filter(birth_date__year=birth_year)
    if home is not None:
        rows = rows.filter(home=home)
    if area is not None:
        rows = rows.filter(community=area) | rows.filter(grid=area)
    return list(rows.order_by("number")[:MOST_FOUND])


def living_in(home: UUID, *, by: Actor, on: date | None = None) -> list[Occupancy]:
    """Who lives in a home on a day, today if none is named: the head first (某日居住人员)."""
    rows = Occupancy.objects.visible_to(by).filter(home=home, role=Occupancy.Role.LIVES).on(on or time.today())
    return list(rows.select_related("resident", "household").order_by("household__number", "relation", "since"))


def households_of(home: UUID, *, by: Actor) -> list[Household]:
    """The households in a home now, the oldest first (现有住户)."""
    rows = Household.objects.visible_to(by).filter(home=home, until__isnull=True, removed_at__isnull=True)
    return list(rows.select_related("head").order_by("since", "number"))


def homes_of(resident: UUID, *, by: Actor) -> list[Occupancy]:
    """Where a person lived, rented and owned, newest first (人员住房履历)."""
    rows = Occupancy.objects.visible_to(by).filter(resident=resident)
    return list(rows.select_related("home", "household").order_by("-since", "-id"))


COUNTED: Mapping[str, type[Model]] = {
    "compounds": Compound, "buildings": Building, "homes": Home, "people": Resident, "small_places": SmallPlace,
    "enterprises": Enterprise, "social_organisations": SocialOrganisation, "volunteer_groups": VolunteerGroup,
}  # fmt: skip
"""What is counted by area (按区域计数的台账)."""


def counts(what: str, level: str, areas: Iterable[UUID]) -> dict[UUID, int]:
    """How many rows of one register lie in each of these areas, in one query; an area with none counts 0.

    `what` is one of `COUNTED`, `level` one of town, community, grid. People who moved away or died do not
    count. Raises KeyError for a register that is not counted.
    """
    wanted = list(areas)
    rows: Any = COUNTED[what]._default_manager.filter(**{f"{level}__in": wanted, "removed_at__isnull": True})
    if what == "people":
        rows = rows.filter(state=Resident.State.PRESENT)
    found = dict(rows.order_by().values_list(level).annotate(many=Count("pk")))
    return {area: found.get(area, 0) for area in wanted}
