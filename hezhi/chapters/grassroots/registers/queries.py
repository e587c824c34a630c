"""Reads of homes and people (基础台账的查询); each starts from what the reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, DateField, Exists, ExpressionWrapper, F, Model, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from hezhi.chapters.grassroots.registers.models import (
    Building,
    CheckItem,
    Compound,
    Enterprise,
    GroupShift,
    Home,
    HomeDescent,
    Household,
    Occupancy,
    PlaceCheck,
    PlaceFinding,
    Plate,
    Resident,
    SignIn,
    SmallPlace,
    SocialOrganisation,
    VolunteerGroup,
    VolunteerMember,
)
from hezhi.chapters.grassroots.registers.rules import hours_between
from hezhi.engines.analysis.text.places import Place
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.vault import blind
from hezhi.engines.registry.dictionaries import Labels, current
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.text import tidy_name

MOST_FOUND = 20
codes = current
"""The codes of a dictionary to choose from today (现行代码)."""


def name_of_code(name: str, code: str) -> str:
    """The Chinese of a code of a dictionary; the code itself when the list does not know it."""
    return Labels(name).get(code, code)


def residents(by: Actor) -> QuerySet[Resident]:
    """The people on the register that this reader may know of (在册人口)."""
    rows: QuerySet[Resident] = Resident.objects.visible_to(by)
    return rows.filter(removed_at__isnull=True)


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


def day_of(typed: str) -> date | None:
    """A day as a page sends it; None for none or nonsense."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def history_of_home(home: UUID, *, by: Actor, on: date | None = None) -> list[Occupancy]:
    """Who owned, rented and lived in a home, newest first; `on` a day only those of that day (房屋履历)."""
    rows = Occupancy.objects.visible_to(by).filter(home=home)
    rows = rows.on(on) if on else rows
    return list(rows.select_related("resident", "household").order_by("-since", "role", "-id")[:300])


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


# -- the tree of addresses ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """One line of the address tree (地址树的一项): what it is, where it leads, what is in it."""

    name: str
    kind: str
    id: UUID | str
    homes: int
    people: int


def areas_below(area: UUID | None, *, by: Actor) -> list[Branch]:
    """The areas right below one, or where the reader's own scope begins (下级区域), with their counts."""
    rows = Area.objects.current().filter(kind=Area.Kind.BASIC)
    if area is not None:
        rows = rows.filter(parent=area)
    elif by.scope.everything:
        rows = rows.filter(level=Area.Level.TOWN)
    else:
        rows = rows.filter(pk=by.scope.area) if by.scope.area else rows.none()
    found = list(rows.order_by("code").values_list("pk", "name", "level"))
    many = {level: _both(level, [pk for pk, _, of in found if of == level], by) for level in {of for _, _, of in found}}
    return [Branch(name, level, pk, *many[level][pk]) for pk, name, level in found]


def places_in(community: UUID, *, by: Actor) -> list[Branch]:
    """The compounds of a community, then the buildings that stand by themselves (小区和独立建筑)."""
    compounds = Compound.objects.visible_to(by).filter(community=community, removed_at__isnull=True)
    alone = Building.objects.visible_to(by).filter(community=community, compound=None, removed_at__isnull=True)
    told = [("compound", compounds, "buildings__homes", "name"), ("building", alone, "homes", "full_name")]
    return [branch for kind, rows, path, name in told for branch in _branches(kind, rows, path, name)]


def buildings_in(compound: UUID, *, by: Actor) -> list[Branch]:
    """The buildings of a compound (小区内的建筑)."""
    rows = Building.objects.visible_to(by).filter(compound=compound, removed_at__isnull=True)
    return _branches("building", rows, "homes", "full_name")


def _branches(kind: str, rows: Any, path: str, name: str) -> list[Branch]:
    present = Q(**{f"{path}__removed_at__isnull": True})
    many = rows.annotate(
        many_homes=Count(path, filter=present), many_people=Coalesce(Sum(f"{path}__people_count", filter=present), 0)
    )
    found = many.order_by("code").values_list("pk", name, "many_homes", "many_people")
    return [Branch(label, kind, pk, homes, people) for pk, label, homes, people in found]


def _both(level: str, areas: list[UUID], by: Actor) -> dict[UUID, tuple[int, int]]:
    rows = Home.objects.visible_to(by).filter(**{f"{level}__in": areas}, removed_at__isnull=True)
    many = rows.order_by().values(level).annotate(homes=Count("pk"), people=Sum("people_count"))
    found = {row[level]: (row["homes"], row["people"] or 0) for row in many}
    return {area: found.get(area, (0, 0)) for area in areas}


def buildings_of(by: Actor, most: int = 60) -> list[Branch]:
    """The buildings in the reader's scope with their homes counted (辖区建筑), for the phone."""
    rows = Building.objects.visible_to(by).filter(removed_at__isnull=True)
    return _branches("building", rows, "homes", "full_name")[:most]


def find_homes(words: str, *, by: Actor, most: int = MOST_FOUND) -> list[Home]:
    """Homes whose name holds each of the words (按地址找房屋): «样例花园 3号楼 501»; as one walks: by entrance, floor and door.

    A home that was split or combined is found too, after those that stand: an old address leads on.
    """
    went = Exists(HomeDescent.objects.filter(former=OuterRef("pk")))
    rows = Home.objects.visible_to(by).filter(Q(removed_at__isnull=True) | went)
    typed = words.split()
    if not typed:
        return []
    for word in typed:
        rows = rows.filter(Q(full_name__icontains=word) | Q(number__istartswith=word))
    standing = F("removed_at").asc(nulls_first=True)
    walked = (standing, "building__full_name", "entrance", "floor", "door")
    return list(rows.select_related("community").order_by(*walked)[:most])


def holding_now(home: UUID, *, by: Actor) -> list[Occupancy]:
    """Who lives in a home and rents it today (现住户和现租约), for a plan of who goes where."""
    rows = Occupancy.objects.visible_to(by).filter(home=home, until__isnull=True).exclude(role=Occupancy.Role.OWNER)
    return list(rows.select_related("resident", "household__head").order_by("role", "household__number", "since"))


def homes_beside(home: Home, *, by: Actor) -> list[Home]:
    """The homes a home can be combined with: same entrance, same floor or the next (相邻房屋)."""
    near = [home.floor - 1 or -1, home.floor, home.floor + 1 or 1]
    rows = Home.objects.visible_to(by).filter(
        building=home.building_id, entrance=home.entrance, floor__in=near, removed_at__isnull=True
    )
    return list(rows.exclude(pk=home.pk).order_by("floor", "door"))


def lineage_of(home: UUID, *, by: Actor) -> list[HomeDescent]:
    """What a home was split or combined from, and what it went into (房屋沿革), newest first."""
    rows = HomeDescent.objects.visible_to(by).filter(Q(former=home) | Q(later=home))
    return list(rows.select_related("former", "later", "decided_by").order_by("-since", "-decided_at", "later__door"))


def later_homes(home: UUID) -> list[Home]:
    """The homes that stand today where this one stood (现房屋), over however many changes; itself when it stands."""
    found, ahead, seen = [], [home], set()
    while ahead:
        rows = list(Home.objects.filter(pk__in=ahead))
        seen |= {row.pk for row in rows}
        found += [row for row in rows if row.removed_at is None]
        gone = [row.pk for row in rows if row.removed_at is not None]
        later = HomeDescent.objects.filter(former__in=gone).values_list("later", flat=True)
        ahead = [key for key in later if key not in seen]
    return sorted(found, key=lambda each: (each.entrance, each.door))


def told_of_plate(plate: Plate) -> dict[str, Any]:
    """What everybody may read at a door (门牌公开内容): the address, and nothing of who is behind it."""
    if plate.home is not None:
        where, area = plate.home.full_name, plate.home.community
        gone = plate.home.removed_at is not None
        now = [home.full_name for home in later_homes(plate.home.pk)] if gone else []
    elif plate.place is not None:
        where, area, gone, now = f"{plate.place.address} {plate.place.name}", plate.place.community, False, []
    else:  # the table knows no such sign
        raise LookupError(plate.pk)
    return {"address": where, "community": area.name if area else "", "gone": gone, "now": now, "code": plate.code}


def homes_of_building(building: UUID, *, by: Actor) -> list[Home]:
    """The homes of a building, the highest floor first (楼盘图)."""
    rows = Home.objects.visible_to(by).filter(building=building, removed_at__isnull=True)
    return list(rows.order_by("-floor", "entrance", "door"))


# -- small places ------------------------------------------------------------------------------------


def items_for(kind: str) -> list[CheckItem]:
    """The list that is gone through at a place of this kind (检查清单), in its order."""
    return [item for item in CheckItem.objects.filter(active=True) if not item.kinds or kind in item.kinds]


def checks_of(place: UUID, *, by: Actor, most: int = 30) -> list[PlaceCheck]:
    """The checks of a place, newest first (检查记录)."""
    rows = PlaceCheck.objects.visible_to(by).filter(place=place).select_related("checked_by")
    return list(rows.order_by("-day", "-at")[:most])


def findings_of(place: UUID, *, by: Actor) -> list[PlaceFinding]:
    """What is open at a place by its term, then what was put right (检查发现)."""
    rows = PlaceFinding.objects.visible_to(by).filter(place=place).select_related("found_in", "closed_in")
    return list(rows.order_by(F("closed_in").asc(nulls_first=True), "due", "item")[:60])


def check_due() -> Q:
    """Places whose rhythm says that somebody should look again, or nobody has looked (到期未检查)."""
    ahead = ExpressionWrapper(F("last_inspected_on") + F("inspect_every"), output_field=DateField())
    return Q(last_inspected_on__isnull=True) | Q(LessThan(ahead, time.today()))


def places_for(by: Actor, words: str = "", most: int = 60) -> list[SmallPlace]:
    """The small places in the reader's scope for the phone: faults first, then those longest not looked at."""
    rows = SmallPlace.objects.visible_to(by).filter(removed_at__isnull=True)
    for word in words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(address__icontains=word) | Q(number=word))
    return list(
        rows.order_by(F("rectify_until").asc(nulls_last=True), F("last_inspected_on").asc(nulls_first=True))[:most]
    )


def places_waiting(by: Actor) -> tuple[int, int]:
    """How many small places in the reader's scope are due for a look, and at how many a fault is past its term (到期应检查、逾期未整改)."""
    if not by.may("small_places.edit"):
        return 0, 0
    rows = SmallPlace.objects.visible_to(by).filter(removed_at__isnull=True)
    late, due = Q(rectify_until__lt=time.today()), Q(rectify_until__isnull=True) & check_due()
    told = rows.aggregate(due=Count("pk", filter=due), late=Count("pk", filter=late))
    return told["due"], told["late"]


# -- groups of neighbours ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Force:
    """A group of neighbours that may be called in (可调用的群防群治力量): counts and duties, no person's data."""

    id: UUID
    name: str
    kind: str
    community: str
    members: int
    on_duty: int
    equipment: str
    duties: str
    point: tuple[float, float] | None


def forces(*, by: Actor, area: UUID | None = None, kind: str = "", skill: str = "") -> list[Force]:
    """Groups in the reader's scope with their members and who is on duty now, the largest first (群防群治力量).

    `area` is a town, a community or a grid; `skill` counts only members who have it. The head's number is got
    from the register, where its use is written down.
    """
    rows = VolunteerGroup.objects.visible_to(by).filter(removed_at__isnull=True)
    if area is not None:
        rows = rows.filter(Q(town=area) | Q(community=area) | Q(grid=area))
    if kind:
        rows = rows.filter(kind=kind)
    groups = list(rows.select_related("community"))
    members = VolunteerMember.objects.filter(group__in=groups, removed_at__isnull=True)
    if skill:
        members = members.filter(skills__contains=[skill])
    many = _by_group(members)
    here = time.local(time.now())
    now = GroupShift.objects.filter(
        group__in=groups, removed_at__isnull=True, day=here.date(), starts__lte=here.time(), ends__gt=here.time()
    ).exclude(state=GroupShift.State.EXCUSED)
    on_duty = _by_group(now)
    told = [
        Force(
            group.pk, group.name, name_of_code("volunteer_kind", group.kind), str(group.community or ""),
            many.get(group.pk, 0), on_duty.get(group.pk, 0), group.equipment, group.duties,
            (group.point.x, group.point.y) if group.point else None,
        )
        for group in groups
    ]  # fmt: skip
    return sorted((each for each in told if each.members), key=lambda each: (-each.on_duty, -each.members, each.name))


def _by_group(rows: Any) -> dict[UUID, int]:
    return dict(rows.order_by().values_list("group").annotate(many=Count("pk")))


def service_of(member: UUID) -> tuple[Decimal, list[tuple[date, str, str, Decimal]]]:
    """The hours of a member and what they were spent on, newest first (服务时长): for his own card."""
    signed = SignIn.objects.filter(member=member, activity__removed_at__isnull=True).select_related("activity")
    told = [(s.activity.day, s.activity.get_kind_display(), s.activity.name, s.hours) for s in signed]
    done = GroupShift.objects.filter(member=member, removed_at__isnull=True, state=GroupShift.State.DONE)
    told += [(each.day, "值勤", each.spot, hours_between(each.starts, each.ends)) for each in done]
    told.sort(key=lambda line: line[0], reverse=True)
    return sum((line[3] for line in told), Decimal(0)), told


def compound_names() -> list[Place]:
    """Names and other names of the compounds, for reading places out of texts (小区地名)."""
    rows = Compound.objects.filter(removed_at__isnull=True, community__isnull=False)
    told = rows.values_list("community__code", "town__code", "name", "alias")
    return [
        Place(community, name, "compound", town or "")
        for community, town, *names in told.iterator()
        for name in filter(None, names)
    ]
