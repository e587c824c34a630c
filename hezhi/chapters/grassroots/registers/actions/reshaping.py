"""One home becomes several, several become one (房屋拆分、合并).

The former homes leave the register on that day and keep what was true until then; whoever owned, rented or
lived there goes on in the new home, with a new date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from hezhi.chapters.grassroots.registers.actions import found
from hezhi.chapters.grassroots.registers.actions.flats import home_number
from hezhi.chapters.grassroots.registers.actions.living import recount, use_of
from hezhi.chapters.grassroots.registers.models import Home, HomeDescent, Household, Occupancy, Resident
from hezhi.chapters.grassroots.registers.rules import MOST_PARTS, Span, SplitPart, carry_fault, home_name, split_fault
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput
from hezhi.ground.events import announce

RESHAPED = "07"
PLACE = ("district_id", "town_id", "community_id", "grid_id", "unit_id")
LIVES, OWNER = Occupancy.Role.LIVES, Occupancy.Role.OWNER


@clause("9.1.3-2-3")
@verb("registers.split_home")
def split_home(
    home_id: UUID, parts: Sequence[SplitPart], *, by: Actor, on: date, goes: Mapping[UUID, str] | None = None,
    reason: str = "",
) -> list[Home]:  # fmt: skip
    """Split a home into several on a day (房屋拆分); gives the new ones in the order of the parts.

    Owners own each part. `goes` says into which door a household or a tenancy goes, by its id; the others go
    into the first part. Raises BadInput for a plan that cannot be or a day that contradicts the register.
    """
    _may(by)
    home = found.home(home_id, by)
    others = home.building.homes.filter(entrance=home.entrance, removed_at__isnull=True).exclude(pk=home.pk)
    fault = split_fault(parts, home.floor_area, set(others.values_list("door", flat=True)))
    if fault:
        raise BadInput({"parts": [f"{fault}。"]}, code="registers.split")
    rows = _open_until(on, [home])
    _leave_register(home, f"已拆分为 {'、'.join(part.door for part in parts)}", by)
    made = [_new(home, part.door, part.floor_area, by) for part in parts]
    by_door = {each.door: each for each in made}
    told = {key: by_door[door] for key, door in (goes or {}).items() if door in by_door}
    for row in rows:
        key = row.household_id if row.role == LIVES and row.household_id else row.pk
        for into in made if row.role == OWNER else [told.get(key, made[0])]:
            _carry(row, into, on, share=row.share)
    _settle([home], made, HomeDescent.Kind.SPLIT, rows, on, reason, by)
    return made


@clause("9.1.3-2-3")
@verb("registers.combine_homes")
def combine_homes(
    home_ids: Sequence[UUID], door: str, *, by: Actor, on: date, floor_area: Decimal | None = None, reason: str = ""
) -> Home:
    """Combine homes of one entrance into one on a day (房屋合并); everybody who was in one of them is in the new one.

    Without an area it is the sum of theirs, where all are known. Shares of ownership are to be entered anew.
    """
    _may(by)
    homes = [found.home(id, by) for id in sorted(set(home_ids), key=str)]
    _must_fit(homes, door.strip())
    rows = _open_until(on, homes)
    lowest = min(homes, key=lambda each: (each.floor, each.door))
    areas = [each.floor_area for each in homes]
    for home in homes:
        _leave_register(home, f"已合并为 {door.strip()}", by)
    area = floor_area or (None if None in areas else sum(filter(None, areas), Decimal()))
    made = _new(lowest, door.strip(), area, by)
    seen: set[tuple[str, object]] = set()
    for row in rows:
        who = (row.role, row.resident_id or (row.outside_name, row.outside_phone))
        if who not in seen:  # somebody who owned both owns the one
            seen.add(who)
            _carry(row, made, on, share=None)
    _settle(homes, [made], HomeDescent.Kind.COMBINED, rows, on, reason, by)
    return made


# -- steps -----------------------------------------------------------------------------------------


def _may(by: Actor) -> None:
    by.must("homes.edit")
    by.must("residents.edit")


def _must_fit(homes: list[Home], door: str) -> None:
    told: dict[str, list[str]] = {}
    if not 2 <= len(homes) <= MOST_PARTS:
        told["homes"] = [f"请选择 2 至 {MOST_PARTS} 套房屋。"]
    elif len({(each.building_id, each.entrance) for each in homes}) > 1:
        told["homes"] = ["只能合并同一栋、同一单元的房屋。"]
    if not door or len(door) > 20:
        told["door"] = ["请填写合并后的户室号，最多 20 字。"]
    if not told:
        beside = homes[0].building.homes.filter(entrance=homes[0].entrance, door=door, removed_at__isnull=True)
        if beside.exclude(pk__in=[each.pk for each in homes]).exists():
            told["door"] = [f"户室号 {door} 已有房屋。"]
    if told:
        raise BadInput(told, code="registers.combine")


def _open_until(on: date, homes: list[Home]) -> list[Occupancy]:
    """Everything that holds in these homes, held until the verb ends; ended on the day."""
    rows = list(
        Occupancy.objects.filter(home__in=homes).select_for_update(of=("self",)).order_by("home", "role", "since", "pk")
    )
    fault = carry_fault(on, time.today(), [Span(row.since, row.until) for row in rows])
    if fault:
        raise BadInput({"on": [f"{fault}。"]}, code="registers.reshaping_day")
    still = [row for row in rows if row.until is None]
    for row in still:
        row.until, row.end_reason = on, RESHAPED
        row.save(update_fields=["until", "end_reason"])
    return still


def _leave_register(home: Home, why: str, by: Actor) -> None:
    moment = time.now()
    home.removed_at, home.removed_reason = moment, why[:200]
    home.changed_at, home.changed_by_id, home.revision = moment, by.user_id, home.revision + 1
    home.save(update_fields=["removed_at", "removed_reason", "changed_at", "changed_by_id", "revision"])


def _new(like: Home, door: str, area: Decimal | None, by: Actor) -> Home:
    moment = time.now()
    home = Home(
        building=like.building, entrance=like.entrance, floor=like.floor, door=door, floor_area=area,
        number=home_number(like.building, like.entrance, door),
        full_name=home_name(like.building.full_name, like.entrance, door, like.building.entrances),
        building_use=like.building_use, use=like.use, rental_use=like.rental_use, hazard=like.hazard,
        hazard_until=like.hazard_until, created_at=moment, changed_at=moment, created_by_id=by.user_id,
        changed_by_id=by.user_id,
    )  # fmt: skip
    for name in PLACE:
        setattr(home, name, getattr(like, name))
    home.save(force_insert=True)
    return home


def _carry(row: Occupancy, into: Home, on: date, *, share: Decimal | None) -> None:
    Occupancy.objects.create(
        home=into, resident=row.resident, household=row.household, role=row.role, relation=row.relation,
        outside_name=row.outside_name, outside_phone=row.outside_phone, share=share,
        contract_until=row.contract_until, since=on, source="房屋拆分合并", entered_at=time.now(),
    )  # fmt: skip


def _settle(
    formers: list[Home], laters: list[Home], kind: str, rows: list[Occupancy], on: date, reason: str, by: Actor
) -> None:
    """Households and people point to where they are now; each new home says how it is used and where it comes from."""
    for later in laters:
        living = Occupancy.objects.filter(home=later, role=LIVES, until__isnull=True)
        households = Household.objects.filter(pk__in=living.values("household"))
        Household.objects.filter(pk__in=households.values("pk")).update(sole=False)
        households.update(home=later, sole=len(households) == 1)
        Resident.objects.filter(pk__in=living.values("resident")).update(home=later)
        recount(later)
        if later.use in (Home.Use.OWN, Home.Use.LET, Home.Use.EMPTY):
            let = Occupancy.objects.filter(home=later, role=Occupancy.Role.TENANT, until__isnull=True).exists()
            later.use = use_of(later) if later.people_count or let else Home.Use.EMPTY
            later.save(update_fields=["use"])
    for former in formers:
        former.people_count = 0
        former.save(update_fields=["people_count"])
    HomeDescent.objects.bulk_create(
        HomeDescent(
            kind=kind, former=former, later=later, since=on, reason=reason.strip()[:200], decided_by_id=by.user_id,
            decided_at=time.now(),
        )
        for former in formers
        for later in laters
    )  # fmt: skip
    announce("registers.homes_reshaped", formers=formers, laters=laters, by=by)
