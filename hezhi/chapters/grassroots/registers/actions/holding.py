"""Owning and renting (产权、承租): with dates, by a resident or by somebody from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from hezhi.chapters.grassroots.registers.actions import found
from hezhi.chapters.grassroots.registers.actions.living import use_of
from hezhi.chapters.grassroots.registers.models import Home, Occupancy, Resident
from hezhi.chapters.grassroots.registers.rules import name_fault
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.identifiers import check_phone
from hezhi.ground.text import tidy_name

WHOLE = Decimal(100)


@dataclass(frozen=True)
class Holder:
    """Who owns or rents: a resident of the register, or a name and a phone (产权人、承租人)."""

    resident_id: UUID | None = None
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


@clause("9.1.3-2-3")
@verb("registers.set_owner")
def set_owner(
    home_id: UUID, holder: Holder, *, by: Actor, since: date, share: Decimal | None = None, alone: bool = True
) -> Occupancy:
    """Somebody owns a home from a day on (产权登记). `alone` ends the owners before; else he is one more.

    Raises BadInput when shares would pass 100 %.
    """
    by.must("residents.edit")
    home = found.home(home_id, by)
    owners = Occupancy.objects.filter(home=home, role=Occupancy.Role.OWNER, until__isnull=True)
    if alone:
        _close(list(owners), since, "03")
    elif (owners.aggregate(all=Sum("share"))["all"] or 0) + (share or 0) > WHOLE:
        raise BadInput({"share": ["各产权人的份额合计不能超过 100%。"]}, code="registers.shares")
    return _hold(home, holder, Occupancy.Role.OWNER, by, since=since, share=share)


@clause("9.1.3-2-3")
@verb("registers.let_home")
def let_home(
    home_id: UUID, holder: Holder, *, by: Actor, since: date, contract_until: date | None = None, rental_use: str = ""
) -> Occupancy:
    """A home is let from a day on (出租登记); its use becomes 出租. Raises BadInput for a contract that ends first."""
    by.must("residents.edit")
    if contract_until is not None and contract_until < since:
        raise BadInput({"contract_until": ["租约到期日期不能早于起租日期。"]}, code="registers.ends_too_early")
    home = found.home(home_id, by)
    made = _hold(home, holder, Occupancy.Role.TENANT, by, since=since, contract_until=contract_until)
    home.use, home.rental_use = Home.Use.LET, rental_use or home.rental_use
    home.save(update_fields=["use", "rental_use"])
    return made


@clause("9.1.3-2-3")
@verb("registers.end_holding")
def end_holding(occupancy_id: UUID, *, by: Actor, until: date, end_reason: str = "02") -> Occupancy:
    """An ownership or a tenancy ends; `until` is the first day after it (终止产权或租约)."""
    by.must("residents.edit")
    seen = Occupancy.objects.visible_to(by).filter(pk=occupancy_id).exclude(role=Occupancy.Role.LIVES)
    row = Occupancy.objects.filter(pk__in=seen.values("pk")).select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound(what="没有找到这条人房关系。", code="registers.not_found")
    if row.until is not None:
        raise NotNow(what="这条人房关系已经结束。", code="registers.ended")
    home = found.home(row.home_id, by)
    _close([row], until, end_reason)
    if home.use == Home.Use.LET:
        home.use = use_of(home) if home.people_count else Home.Use.EMPTY
        home.save(update_fields=["use"])
    return row  # type: ignore[no-any-return]


def overlapping_tenancies(home: UUID, since: date, contract_until: date | None) -> int:
    """How many tenancies of a home share days with these; a reason to ask, not to refuse (租期重叠)."""
    rows = Occupancy.objects.filter(home=home, role=Occupancy.Role.TENANT).exclude(until__lte=since)
    return rows.filter(since__lt=contract_until).count() if contract_until else rows.count()


def _close(rows: list[Occupancy], day: date, why: str) -> None:
    for row in rows:
        if day < row.since:
            raise BadInput(
                {"since": [f"日期不能早于现有登记的开始日期 {row.since}。"]}, code="registers.ends_too_early"
            )
        row.until, row.end_reason = day, why
        row.save(update_fields=["until", "end_reason"])


def _hold(home: Home, holder: Holder, role: str, by: Actor, **more: object) -> Occupancy:
    person: Resident | None = found.resident(holder.resident_id, by) if holder.resident_id else None
    name, phone = ("", "") if person else _outside(holder)
    known = Occupancy.objects.filter(home=home, role=role, until__isnull=True, resident=person)
    if person is not None and known.exists():
        raise NotNow(what="此人已登记为这套房屋的现有产权人或承租人。", code="registers.holds_already")
    made: Occupancy = Occupancy.objects.create(
        home=home, resident=person, role=role, outside_name=name, outside_phone=phone, entered_at=time.now(), **more
    )
    return made


def _outside(holder: Holder) -> tuple[str, str]:
    name, phone = tidy_name(holder.name), check_phone(holder.phone) if holder.phone else None
    told = {"name": name_fault(name), "phone": phone.fault if phone else None}
    faults = {key: [f"{said}。"] for key, said in told.items() if said}
    if faults:
        raise BadInput(faults, code="registers.holder")
    return name, phone.value if phone else ""
