"""Moving in and out (迁入、迁出): who lives where, with dates, and what follows for household and home."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from hezhi.chapters.grassroots.registers.actions import found
from hezhi.chapters.grassroots.registers.actions.numbering import next_number
from hezhi.chapters.grassroots.registers.models import Home, Household, Occupancy, Resident
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.events import announce

LIVES = Occupancy.Role.LIVES
HEAD = "02"
DIED = "04"
PLACE = ("district_id", "town_id", "community_id", "grid_id", "unit_id")


@clause("9.1.3-2-4")
@verb("registers.move_in")
def move_in(
    home_id: UUID, resident_id: UUID, *, by: Actor, since: date, household_id: UUID | None = None, relation: str = "",
    id_number: str = "",
) -> Occupancy:  # fmt: skip
    """A person moves into a home on a day (迁入): into a household that is there, or as head of a new one.

    Where he lived before ends the same day. Somebody whom another community entered is moved when his whole
    `id_number` is in hand. Raises BadInput for an impossible day, NotNow when he lives
    here already or has died.
    """
    by.must("residents.edit")
    home, person = found.home(home_id, by), found.resident(resident_id, by, id_number)
    _must_be_past(since)
    if person.state == Resident.State.DECEASED:
        raise NotNow(what="此人已登记去世，不能办理迁入。", remedy="登记有误的，请先更正人口状态。")
    _leave(person, since, "01", by, into=home)
    household = found.household(household_id, by) if household_id else _new_household(home, person, since, by)
    if household.home_id != home.pk or household.until is not None:
        raise BadInput({"household": ["所选的户不在这套房屋，或已销户。"]})
    occupancy = _enter(home, person, household, since, relation if household_id else HEAD)
    _settle(person, home, household, occupancy.relation, by)
    recount(home)
    announce("registers.moved_in", resident=person, home=home, by=by)
    return occupancy


@clause("9.1.3-2-4")
@verb("registers.move_out")
def move_out(
    resident_id: UUID, *, by: Actor, until: date, end_reason: str = "01", leaves: bool = True, reason: str = ""
) -> Occupancy:
    """A person moves out of his home; `until` is the first day he is gone (迁出). He stays on the register.

    `leaves`: out of this district's care, so his state becomes 已迁出; reason 去世 makes it 已去世. An empty
    household is closed; one that loses its head gets the eldest grown-up left.
    """
    by.must("residents.edit")
    person = found.resident(resident_id, by)
    _must_be_past(until)
    living = _living(person)
    if living is None:
        raise NotNow(what="此人没有登记住处，无需办理迁出。", code="registers.lives_nowhere")
    home, household = living.home, living.household
    _end(living, until, end_reason)
    died = end_reason == DIED
    person.state = Resident.State.DECEASED if died else Resident.State.MOVED if leaves else person.state
    _settle(person, None, None, "", by)
    if household is not None:
        _care_for_household(household, person, until, by)
    recount(home)
    announce("registers.moved_out", resident=person, home=home, by=by, died=died)
    return living


@clause("9.1.3-2-4")
@verb("registers.name_head")
def name_head(household_id: UUID, resident_id: UUID, *, by: Actor) -> Household:
    """Another member becomes head of the household (变更户主); the others' relations are to be asked anew."""
    by.must("residents.edit")
    household, person = found.household(household_id, by), found.resident(resident_id, by)
    if person.household_id != household.pk:
        raise BadInput({"resident": ["所选的人不在这一户。"]})
    _make_head(household, person, by)
    return household


def settle_residence(person: Resident, by: Actor, *, since: date | None = None) -> None:
    """Let the dated relation follow a home that was entered in a form or a sheet (住处随表单更新).

    The head founds a household; another joins the only one that is there, if there is just one.
    """
    living, day = _living(person), since or time.today()
    if (living.home_id if living else None) == person.home_id:
        if living is not None and person.relation and living.relation != person.relation:
            living.relation = person.relation
            living.save(update_fields=["relation"])
        return
    if living is not None:
        _end(living, max(day, living.since), "01")
        if living.household is not None:
            _care_for_household(living.household, person, max(day, living.since), by)
        recount(living.home)
    if person.home is None:
        _settle(person, None, None, "", by)
        return
    household = _household_for(person, day, by)
    occupancy = _enter(person.home, person, household, day, person.relation)
    _settle(person, person.home, household, occupancy.relation, by)
    recount(person.home)


def recount(home: Home) -> None:
    """Count the people of a home anew, and say that it is no longer unlooked-at (居住人数)."""
    many = Occupancy.objects.filter(home=home, role=LIVES, until__isnull=True).count()
    home.people_count = many
    if many and home.use in (Home.Use.EMPTY, Home.Use.UNVERIFIED):
        home.use = use_of(home)
    home.save(update_fields=["people_count", "use"])


def recount_all(homes: Any) -> int:
    """The same for many homes in one statement, without touching their use; gives how many."""
    living = Occupancy.objects.filter(home=OuterRef("pk"), role=LIVES, until__isnull=True)
    many = living.order_by().values("home").annotate(many=Count("pk")).values("many")
    return int(homes.update(people_count=Coalesce(Subquery(many), 0)))


def use_of(home: Home) -> str:
    """How a home with people in it is used: let when somebody rents it, else lived in by its own people."""
    rented = Occupancy.objects.filter(home=home, role=Occupancy.Role.TENANT, until__isnull=True).exists()
    return Home.Use.LET if rented else Home.Use.OWN


# -- steps -----------------------------------------------------------------------------------------


def _must_be_past(day: date) -> None:
    if day > time.today() + timedelta(days=1):
        raise BadInput({"since": ["日期不能晚于今天。"]}, code="registers.future")


def _living(person: Resident) -> Occupancy | None:
    open_ones = Occupancy.objects.filter(resident=person, role=LIVES, until__isnull=True)
    return open_ones.select_related("home", "household").first()  # type: ignore[no-any-return]


def _leave(person: Resident, day: date, why: str, by: Actor, *, into: Home) -> None:
    """End where a person lives now, because he moves on."""
    later = Occupancy.objects.filter(resident=person, role=LIVES, until__gt=day).exists()
    living = _living(person)
    if living is not None and living.home_id == into.pk:
        raise NotNow(what="此人已登记居住在这套房屋。", meaning="没有做任何改动。", code="registers.lives_here")
    if later or (living is not None and living.since > day):
        raise BadInput({"since": ["这一天此人登记住在别处，请核对迁入日期。"]}, code="registers.lived_elsewhere")
    if living is None:
        return
    home, household = living.home, living.household
    _end(living, day, why)
    if household is not None:
        _care_for_household(household, person, day, by)
    recount(home)


def _end(occupancy: Occupancy, day: date, why: str) -> None:
    if day < occupancy.since:
        raise BadInput({"until": [f"结束日期不能早于开始日期 {occupancy.since}。"]}, code="registers.ends_too_early")
    occupancy.until, occupancy.end_reason = day, why
    occupancy.save(update_fields=["until", "end_reason"])


def _enter(home: Home, person: Resident, household: Household | None, day: date, relation: str) -> Occupancy:
    made: Occupancy = Occupancy.objects.create(
        home=home, resident=person, household=household, role=LIVES, relation=relation, since=day,
        entered_at=time.now(),
    )  # fmt: skip
    return made


def _settle(person: Resident, home: Home | None, household: Household | None, relation: str, by: Actor) -> None:
    """Write down where a person lives now; who left keeps the area that answered for him last."""
    person.home, person.household, person.relation = home, household, relation
    if home is not None:
        person.state = Resident.State.PRESENT
        for name in PLACE:
            setattr(person, name, getattr(home, name))
    person.changed_at, person.changed_by_id = time.now(), by.user_id
    person.revision += 1
    person.save()


def _new_household(home: Home, head: Resident, day: date, by: Actor) -> Household:
    moment = time.now()
    lasting = Q(until__isnull=True) | Q(until__gt=day)  # one that ended since may share days with one entered late
    others = Household.objects.filter(lasting, home=home, removed_at__isnull=True)
    if others.exists():  # who shares a home has it no longer to himself
        others.filter(sole=True).update(sole=False)
    household = Household(
        number=next_number("household"), home=home, head=head, since=day, sole=not others.exists(),
        created_at=moment, changed_at=moment, created_by_id=by.user_id, changed_by_id=by.user_id,
    )  # fmt: skip
    for name in PLACE:
        setattr(household, name, getattr(home, name))
    household.save()
    return household


def _household_for(person: Resident, day: date, by: Actor) -> Household | None:
    home = person.home
    if home is None:
        return None
    if person.relation == HEAD:
        return _new_household(home, person, day, by)
    there = list(Household.objects.filter(home=home, until__isnull=True, removed_at__isnull=True)[:2])
    return there[0] if len(there) == 1 else None


def _care_for_household(household: Household, gone: Resident, day: date, by: Actor) -> None:
    """After somebody left: close the household when nobody is left, else see that it has a head."""
    left = Occupancy.objects.filter(household=household, role=LIVES, until__isnull=True).exclude(resident=gone)
    if not left.exists():
        household.until = day
        household.save(update_fields=["until"])
    elif household.head_id == gone.pk:
        eldest = left.order_by("resident__birth_date", "since", "pk").select_related("resident").first()
        if eldest is not None and eldest.resident is not None:
            _make_head(household, eldest.resident, by)


def _make_head(household: Household, person: Resident, by: Actor) -> None:
    household.head = person
    household.save(update_fields=["head"])
    living = Occupancy.objects.filter(household=household, role=LIVES, until__isnull=True)
    others = living.exclude(resident=person)
    living.filter(resident=person).update(relation=HEAD)
    others.update(relation="")
    Resident.objects.filter(pk__in=others.values("resident")).update(relation="")
    Resident.objects.filter(pk=person.pk).update(relation=HEAD)
    person.relation = HEAD
