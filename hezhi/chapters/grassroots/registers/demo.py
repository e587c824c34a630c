"""Demo homes and people (演示台账): six invented compounds in the first communities, and who lives there.

Nobody of these people exists: ID numbers carry the area code 999999, which was never given out, phones begin
with 19900, and compounds, firms and places have «样例» in their names.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from typing import Any, cast

from django.contrib.gis.geos import Point, Polygon

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.actions.flats import new_homes
from hezhi.chapters.grassroots.registers.actions.numbering import next_numbers
from hezhi.chapters.grassroots.registers.models import (
    Building,
    ChangeReport,
    CheckItem,
    Compound,
    Enterprise,
    ForeignResident,
    GroupActivity,
    GroupShift,
    Home,
    Household,
    LeftBehindResident,
    MobileResident,
    Occupancy,
    PlaceCheck,
    PlaceFinding,
    Plate,
    RegisteredResident,
    Resident,
    SignIn,
    SmallPlace,
    SocialOrganisation,
    VolunteerGroup,
    VolunteerMember,
)
from hezhi.chapters.grassroots.registers.rules import DoorStyle, plan_flats
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.org.models import Unit, User
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.identifiers import id_check_sign, uscc_check_sign
from hezhi.ground.ids import SIGNS

COMPOUNDS = ("海风样例花园", "云栖样例苑", "望舒样例里", "听澜样例小区", "松月样例新村", "晚晴样例家园")
BUILDINGS = 5
SURNAMES = (*"林江沈苏顾陆程叶温黎卓简池楚岑艾柏洛安", "欧阳", "司马")
GIVEN = ("清和", "知远", "若水", "望舒", "景行", "云舒", "晚晴", "怀瑾", "松月", "听澜", "砚", "禾", "屿", "棠", "川", "岚")  # fmt: skip
LONG_NAMES = ("热依汗古丽·买买提明", "阿依努尔·艾力", "巴特尔·苏和", "欧阳海若晨曦")
SHOPS = (
    ("01", "样例便利店"), ("02", "样例面馆"), ("03", "样例旅社"), ("05", "样例健身房"), ("06", "样例诊所"),
    ("07", "样例幼儿园"), ("08", "样例服装加工点"), ("02", "样例烧烤"),
)  # fmt: skip
FIRMS = ("样例海产有限公司", "样例机械加工有限公司", "样例物流有限公司", "样例软件有限公司", "样例装饰有限公司")


@dataclass
class _Demo:
    """What is being made, collected first and written in bulk."""

    by: Actor
    dice: random.Random = field(default_factory=lambda: random.Random(2027))  # noqa: S311 - names, not secrets
    people: list[Resident] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)
    occupancies: list[Occupancy] = field(default_factory=list)
    facets: dict[type[Any], list[Any]] = field(default_factory=dict)
    born: int = 0

    def stamped(self, model: type[Any], place: Any, **values: Any) -> Any:
        """A row of a register that lies where `place` lies."""
        row = model(created_at=time.now(), changed_at=time.now(), **values)
        for name in ("district_id", "town_id", "community_id", "grid_id", "unit_id"):
            setattr(row, name, getattr(place, name))
        return row

    def chance(self, percent: int) -> bool:
        """Whether something comes about, so often in a hundred."""
        return self.dice.randrange(100) < percent

    def day(self, years: int) -> date:
        """Some day in the last so many years."""
        return time.today() - timedelta(days=self.dice.randrange(30, years * 365))

    def phone(self) -> str:
        """A mobile number of nobody."""
        return f"19900{self.dice.randrange(1_000_000):06d}"

    def name(self) -> str:
        """An invented name, now and then a long one."""
        if self.dice.randrange(120) == 0:
            return self.dice.choice(LONG_NAMES)
        return self.dice.choice(SURNAMES) + self.dice.choice(GIVEN)

    def card(self, born: date, sex: str) -> str:
        """An ID number of nobody, with a fitting check sign."""
        self.born += 1
        place = self.born * 2 % 998 + (1 if sex == "1" else 2)
        head = f"999999{born:%Y%m%d}{place:03d}"
        return head + id_check_sign(head)


def load() -> None:
    """Make the demo registers; does nothing where there are compounds already."""
    if Compound.objects.exists():
        return
    demo = _Demo(system("演示数据"))
    with acting(demo.by, verb="demo.registers", reason="建立演示台账"):
        homes = _homes(demo)
        _people(demo, homes)
        _write(demo, homes)
        _organisations(demo)
        _looked_after(demo)
        _turned_out(demo)


# -- places ----------------------------------------------------------------------------------------


def _homes(demo: _Demo) -> list[Home]:
    """Six compounds, five buildings each, and their flats."""
    grids = _grids()
    codes = iter(next_numbers("compound", len(COMPOUNDS)))
    compounds = [_compound(demo, grid, name, next(codes)) for grid, name in zip(grids, COMPOUNDS, strict=False)]
    Compound.objects.bulk_create(compounds)
    numbers = iter(next_numbers("building", len(compounds) * BUILDINGS))
    buildings = [_building(demo, each, n, next(numbers)) for each in compounds for n in range(1, BUILDINGS + 1)]
    Building.objects.bulk_create(buildings)
    homes = [home for building in buildings for home in _flats(demo, building)]
    return homes


def _grids() -> list[Area]:
    """The first two grids of the first three communities."""
    grids = list(Area.objects.grids().order_by("code")[:24])
    found: dict[Any, list[Area]] = {}
    for grid in grids:
        found.setdefault(grid.community_id, []).append(grid)
    return [grid for group in list(found.values())[:3] for grid in group[:2]]


@dataclass
class _Place:
    """Where something lies and whose it is, as a row of a register has it."""

    district_id: Any
    town_id: Any
    community_id: Any
    grid_id: Any
    unit_id: Any


def _place(grid: Area) -> _Place:
    unit = Unit.objects.filter(area=grid.community, valid_to__isnull=True).first()
    return _Place(grid.district_id, grid.town_id, grid.community_id, grid.pk, unit.pk if unit else None)


def _compound(demo: _Demo, grid: Area, name: str, code: str) -> Compound:
    middle = grid.shape.point_on_surface  # the centre of a bent grid may lie outside of it
    x, y = middle.coords
    return demo.stamped(  # type: ignore[no-any-return]
        Compound, _place(grid), code=code, name=name, kind=demo.dice.choice(["01", "03", "05"]),
        address=f"{grid.full_name}样例路{demo.dice.randrange(1, 200)}号", point=middle, outline=_box(x, y, 0.0021, 0.0012),
        built_year=demo.dice.randrange(1995, 2020), planned_homes=250, gates=2, parking=demo.dice.randrange(60, 300),
        facilities="健身广场、快递柜", property_company="样例物业服务有限公司", property_phone="0532-86000000",
        property_until=time.today() + timedelta(days=demo.dice.randrange(-40, 700)),
        red_property=demo.chance(50), committee=demo.chance(50),
    )  # fmt: skip


def _box(x: float, y: float, wide: float, high: float) -> Polygon:
    made = Polygon.from_bbox((x - wide, y - high, x + wide, y + high))
    made.srid = 4326
    return made


def _building(demo: _Demo, compound: Compound, n: int, code: str) -> Building:
    tower = n == BUILDINGS
    at = _at(compound)
    x, y = at.x + (n - 3) * 0.0008, at.y + (0.0004 if n % 2 else -0.0004)
    return demo.stamped(  # type: ignore[no-any-return]
        Building, compound, compound=compound, number=f"{n}号楼", code=code, full_name=f"{compound.name}{n}号楼",
        kind="01", building_use="01", address=compound.address, point=Point(x, y, srid=4326), outline=_box(x, y, 0.0003, 0.00012),
        floors_up=18 if tower else 6, floors_down=1, entrances=1 if tower else 2, homes_per_floor=4,
        structure="02" if tower else "03", built_year=compound.built_year, lifts=2 if tower else 0,
        lift_checked_on=time.today() - timedelta(days=demo.dice.randrange(10, 300)) if tower else None,
        safety_grade="B", head_name=demo.name(), head_phone=demo.phone(),
    )  # fmt: skip


def _flats(demo: _Demo, building: Building) -> Iterator[Home]:
    plan = plan_flats(building.entrances, 1, building.floors_up, building.homes_per_floor, DoorStyle.FLOOR)
    for home in new_homes(building, plan, demo.by):
        home.floor_area = Decimal(demo.dice.choice([68, 75, 89, 96, 118]))
        home.use = demo.dice.choices(list(Home.Use.values), weights=[56, 16, 12, 2, 14])[0]
        home.rental_use = "02" if home.use == Home.Use.LET else ""
        if demo.chance(2):
            home.hazard, home.hazard_until = "01", time.today() + timedelta(days=demo.dice.randrange(-5, 40))
        yield home


# -- people ----------------------------------------------------------------------------------------


def _people(demo: _Demo, homes: list[Home]) -> None:
    for home in homes:
        if home.use in (Home.Use.OWN, Home.Use.LET):
            _household(demo, home)
        elif home.use == Home.Use.EMPTY and demo.chance(40):
            _who_left(demo, home)
    numbers = iter(next_numbers("resident", len(demo.people)))
    for person in demo.people:
        person.number = next(numbers)
    numbers = iter(next_numbers("household", len(demo.households)))
    for household in demo.households:
        household.number = next(numbers)


def _household(demo: _Demo, home: Home) -> None:
    """A household of one to five; its head owns or rents the home."""
    since, let = demo.day(9), home.use == Home.Use.LET
    household = demo.stamped(Household, home, home=home, since=since, sole=True)
    members = list(_members(demo, home, let))
    household.head = members[0]
    demo.households.append(household)
    for person in members:
        person.household = household
        _lives(demo, home, person, since, household)
        _facet(demo, person, since)
    home.people_count = len(members)
    role = Occupancy.Role.TENANT if let else Occupancy.Role.OWNER
    until = time.today() + timedelta(days=demo.dice.randrange(-20, 500)) if let else None
    _holds(demo, home, since, role, resident=members[0], contract_until=until)
    if let:
        _holds(demo, home, since, Occupancy.Role.OWNER, outside_name=demo.name(), outside_phone=demo.phone())


def _members(demo: _Demo, home: Home, let: bool) -> Iterator[Resident]:
    """Head, and with some luck a spouse, children, and old parents."""
    year = time.today().year
    head_born = year - demo.dice.randrange(24, 78)
    sex = demo.dice.choice("12")
    kind = Resident.Kind.MOBILE if let else Resident.Kind.REGISTERED
    yield _person(demo, home, kind, head_born, sex, "02")
    if demo.chance(78):
        yield _person(demo, home, kind, head_born + demo.dice.randrange(-3, 4), "2" if sex == "1" else "1", "10")
    for _ in range(demo.dice.choices([0, 1, 2], weights=[35, 45, 20])[0]):
        child = demo.dice.choice("12")
        born = min(head_born + demo.dice.randrange(22, 36), year - 1)
        yield _person(demo, home, kind, born, child, "20" if child == "1" else "30")
    if demo.chance(28) and head_born > year - 60:
        yield _person(demo, home, kind, head_born - demo.dice.randrange(22, 30), demo.dice.choice("12"), "50")


def _person(demo: _Demo, home: Home, kind: str, year: int, sex: str, relation: str) -> Resident:
    born = date(year, demo.dice.randrange(1, 13), demo.dice.randrange(1, 29))
    foreign = kind == Resident.Kind.MOBILE and demo.dice.randrange(150) == 0
    person: Resident = demo.stamped(
        Resident, home, kind=Resident.Kind.FOREIGN if foreign else kind, person_name=demo.name(),
        id_type="414" if foreign else "111",
        id_number=f"YL{len(demo.people):07d}" if foreign else demo.card(born, sex), sex=sex, birth_date=born,
        phone=demo.phone() if time.today().year - year > 12 else "", hukou_code="999999",
        hukou_address="" if kind == Resident.Kind.REGISTERED else f"外省样例市样例路{demo.dice.randrange(1, 300)}号",
        home=home, relation=relation, labels=["01"] if demo.chance(3) else [],
    )  # fmt: skip
    demo.people.append(person)
    return person


def _lives(
    demo: _Demo, home: Home, person: Resident, since: date, household: Household | None, until: date | None = None
) -> None:
    born = person.birth_date or since
    demo.occupancies.append(
        Occupancy(
            home=home, resident=person, household=household, role=Occupancy.Role.LIVES, relation=person.relation,
            since=max(since, born), until=until, end_reason="01" if until else "", source="演示", entered_at=time.now(),
        )
    )  # fmt: skip


def _holds(demo: _Demo, home: Home, since: date, role: str, **more: Any) -> None:
    demo.occupancies.append(Occupancy(home=home, role=role, since=since, source="演示", entered_at=time.now(), **more))


def _who_left(demo: _Demo, home: Home) -> None:
    """An empty flat whose people moved away: the entry stays, and says so."""
    since = demo.day(9)
    until = min(since + timedelta(days=demo.dice.randrange(200, 1500)), time.today())
    person = _person(demo, home, Resident.Kind.MOBILE, time.today().year - demo.dice.randrange(22, 60), "1", "")
    person.home, person.state = None, Resident.State.MOVED
    person.kind = Resident.Kind.MOBILE
    _lives(demo, home, person, since, None, max(until, since))


def _facet(demo: _Demo, person: Resident, since: date) -> None:
    kind: Any = person.kind
    if kind == Resident.Kind.MOBILE:
        values = {
            "inflow_reason": demo.dice.choice(["01", "01", "03", "06"]), "permit": "01", "registered_on": since,
            "permit_until": time.today() + timedelta(days=demo.dice.randrange(-30, 365)), "dwelling": "02",
        }  # fmt: skip
        demo.facets.setdefault(MobileResident, []).append(MobileResident(resident=person, **values))
    elif kind == Resident.Kind.REGISTERED:
        match = "01" if demo.chance(88) else "02"
        row = RegisteredResident(resident=person, match=match, relation=person.relation)
        demo.facets.setdefault(RegisteredResident, []).append(row)
    else:
        foreign = ForeignResident(
            resident=person, surname="YANGLI", given_name="Demo", nationality="ZZZ", visit_purpose="02", arrived_on=since,
            leaves_on=time.today() + timedelta(days=200),
        )  # fmt: skip
        demo.facets.setdefault(ForeignResident, []).append(foreign)
    old = person.birth_date is not None and person.birth_date.year < time.today().year - 66
    if old and demo.chance(8):
        left = LeftBehindResident(
            resident=person, kind="01", kin_name=demo.name(), kin_relation="20", kin_phone=demo.phone(),
            needs="希望有人定期上门看望，帮忙代买药品",
        )  # fmt: skip
        demo.facets.setdefault(LeftBehindResident, []).append(left)


def _write(demo: _Demo, homes: list[Home]) -> None:
    """Keys are checked at the end of the transaction, so heads and households may point to each other."""
    Home.objects.bulk_create(homes, batch_size=1000)
    Household.objects.bulk_create(demo.households, batch_size=1000)
    Resident.objects.bulk_create(demo.people, batch_size=1000)
    Occupancy.objects.bulk_create(demo.occupancies, batch_size=1000)
    for model, rows in demo.facets.items():
        model.objects.bulk_create(rows, batch_size=1000)
    lived_in = [home for home in homes if home.people_count]
    kinds = list(ChangeReport.Kind.values)[:3]
    reports = [
        ChangeReport(home=home, kind=kind, text="邻居说上周已经搬走，门口贴了招租", reported_at=time.now())
        for home, kind in zip(demo.dice.sample(lived_in, len(kinds)), kinds, strict=True)
    ]
    ChangeReport.objects.bulk_create(reports)


# -- organisations, small places, groups -------------------------------------------------------------


def _organisations(demo: _Demo) -> None:
    compounds = list(Compound.objects.order_by("code"))
    numbers = iter(next_numbers("place", len(compounds) * len(SHOPS)))
    places = [
        _small_place(demo, compound, n, kind, name, next(numbers))
        for compound in compounds
        for n, (kind, name) in enumerate(SHOPS)
    ]
    SmallPlace.objects.bulk_create(places)
    firms = [_firm(demo, compound, n, name) for compound in compounds for n, name in enumerate(FIRMS)]
    Enterprise.objects.bulk_create(firms)
    SocialOrganisation.objects.bulk_create([_social(demo, compound) for compound in compounds])
    groups = [_group(demo, compound) for compound in compounds]
    VolunteerGroup.objects.bulk_create(groups)
    numbers = iter(next_numbers("member", len(groups) * 8))
    members = [_member(demo, group, next(numbers)) for group in groups for _ in range(group.member_count)]
    VolunteerMember.objects.bulk_create(members)


def _uscc(demo: _Demo, office: str) -> str:
    """A credit code of nobody, with a fitting check sign."""
    demo.born += 1
    head = f"{office}999999YANG{demo.born:05d}"
    return head + uscc_check_sign(head)


def _near(demo: _Demo, compound: Compound, n: int) -> Point:
    at = _at(compound)
    return Point(at.x + (n - 4) * 0.0005, at.y - 0.0014, srid=4326)


def _at(compound: Compound) -> Point:
    """Where a demo compound lies; each was made with a point."""
    return cast(Point, compound.point)


def _small_place(demo: _Demo, compound: Compound, n: int, kind: str, name: str, number: str) -> SmallPlace:
    danger = demo.chance(15)
    return demo.stamped(  # type: ignore[no-any-return]
        SmallPlace, compound, number=number, name=f"{compound.name[:2]}{name}", kind=kind, uscc=_uscc(demo, "92"),
        address=f"{compound.address}附{n + 1}号", point=_near(demo, compound, n), keeper_name=demo.name(),
        keeper_phone=demo.phone(), floor_area=Decimal(demo.dice.randrange(20, 150)), floors=1,
        staff_count=demo.dice.randrange(1, 12), capacity=demo.dice.randrange(8, 28), licence=f"YL{number}",
        licence_until=time.today() + timedelta(days=demo.dice.randrange(-30, 900)), fire_checked_on=demo.day(1),
        sleeps_on_site=demo.chance(10), gas=kind == "02", extinguishers=demo.dice.randrange(1, 5),
        hazard="01" if danger else "00", hazard_note="灭火器过期" if danger else "",
        rectify_until=time.today() + timedelta(days=demo.dice.randrange(-5, 20)) if danger else None,
        last_inspected_on=demo.day(1),
    )  # fmt: skip


def _firm(demo: _Demo, compound: Compound, n: int, name: str) -> Enterprise:
    staff = demo.dice.randrange(5, 120)
    party = staff > 40
    return demo.stamped(  # type: ignore[no-any-return]
        Enterprise, compound, uscc=_uscc(demo, "91"), name=f"{compound.name[:2]}{name}", kind="01",
        address=f"{compound.address}附{20 + n}号", point=_near(demo, compound, n + 2), phone="0532-86000001",
        rep_name=demo.name(), rep_phone=demo.phone(), security_name=demo.name(), security_phone=demo.phone(),
        staff_count=staff, party_possible=party, has_party=party, party_members=4 if party else 0,
        has_union=party, union_members=staff if party else 0, hazard="00", last_inspected_on=demo.day(1),
    )  # fmt: skip


def _social(demo: _Demo, compound: Compound) -> SocialOrganisation:
    return demo.stamped(  # type: ignore[no-any-return]
        SocialOrganisation, compound, uscc=_uscc(demo, "51"), name=f"{compound.name[:2]}样例邻里互助社", kind="02",
        certificate=f"YL{demo.born:06d}", authority="999999", approved_on=demo.day(8), address=compound.address,
        office=compound.address, point=compound.point, rep_name=demo.name(), rep_phone=demo.phone(),
        head_name=demo.name(), head_phone=demo.phone(), staff_count=6,
    )  # fmt: skip


def _group(demo: _Demo, compound: Compound) -> VolunteerGroup:
    return demo.stamped(  # type: ignore[no-any-return]
        VolunteerGroup, compound, name=f"{compound.name}义务巡逻队", kind="02", level="06",
        guiding_department="镇街综治中心", member_count=8, duties="夜间巡逻、纠纷劝导、火灾初报", head_name=demo.name(),
        head_phone=demo.phone(), address=compound.address, point=compound.point, equipment="手电、袖标、对讲机",
    )  # fmt: skip


def _member(demo: _Demo, group: VolunteerGroup, number: str) -> VolunteerMember:
    return demo.stamped(  # type: ignore[no-any-return]
        VolunteerMember, group, number=number, group=group, person_name=demo.name(), sex=demo.dice.choice("12"),
        birth_date=date(demo.dice.randrange(1955, 2000), 5, 1), post="队员", skills=[demo.dice.choice(["15", "17", "19"])],
        mobile=demo.phone(), trained_on=demo.day(1), insured_until=time.today() + timedelta(days=200),
    )  # fmt: skip


# -- signs at doors, checks of small places, rota and activities -------------------------------------


def _looked_after(demo: _Demo) -> None:
    """Signs at the doors of one building and of the small places; a check for each place, with what it found."""
    first = Building.objects.order_by("code").first()
    homes = Home.objects.filter(building=first).order_by("number")
    places = list(SmallPlace.objects.order_by("number"))
    signs = [Plate(code=_sign(demo), home=home, made_at=time.now()) for home in homes]
    signs += [Plate(code=_sign(demo), place=place, made_at=time.now()) for place in places]
    Plate.objects.bulk_create(signs)
    worker = User.objects.filter(login_name="grid_worker1").first()
    if worker is None:
        return
    items = {kind: queries.items_for(kind) for kind in {place.kind for place in places}}
    for place in places:
        _checked(place, items[place.kind], worker)


def _sign(demo: _Demo) -> str:
    return "".join(demo.dice.choice(SIGNS) for _ in range(10))


def _checked(place: SmallPlace, items: list[CheckItem], worker: User) -> None:
    wrong = {"extinguisher"} if place.hazard != "00" else set()
    told = {
        item.code: {"text": item.text, "result": "fault", "note": place.hazard_note} if item.code in wrong
        else {"text": item.text, "result": "ok", "note": ""}
        for item in items
    }  # fmt: skip
    check = PlaceCheck.objects.create(
        place=place, way=PlaceCheck.Way.GRID, place_kind=place.kind, day=place.last_inspected_on or time.today(), answers=told,
        faults=len(wrong), checked_by=worker, at=time.now(),
    )  # fmt: skip
    for item in items:
        if item.code in wrong:
            PlaceFinding.objects.create(
                place=place, found_in=check, item=item.code, text=item.text, hazard=item.hazard, note=place.hazard_note,
                due=place.rectify_until or time.today(),
            )  # fmt: skip


def _turned_out(demo: _Demo) -> None:
    """A rota for the coming week, an activity that has been with those who came, and one to come."""
    today = time.today()
    for group in VolunteerGroup.objects.order_by("name"):
        members = list(VolunteerMember.objects.filter(group=group).order_by("number"))
        shifts = [
            demo.stamped(
                GroupShift, group, group=group, member=members[n % len(members)], day=today + timedelta(days=n - 2),
                starts=time_of_day(19), ends=time_of_day(21), spot="小区东门岗亭",
                state=GroupShift.State.DONE if n < 2 else GroupShift.State.PLANNED,
            )
            for n in range(7)
        ]  # fmt: skip
        GroupShift.objects.bulk_create(shifts)
        common = {"group": group, "starts": time_of_day(9), "ends": time_of_day(11, 30), "spot": "小区广场"}
        been = demo.stamped(
            GroupActivity,
            group,
            name="汛期排查演练",
            kind="drill",
            day=today - timedelta(days=6),
            about="检查地下车库挡水板",
            **common,
        )
        coming = demo.stamped(
            GroupActivity,
            group,
            name="冬季防火宣传",
            kind="publicity",
            day=today + timedelta(days=5),
            about="入户发放明白纸",
            **common,
        )
        GroupActivity.objects.bulk_create([been, coming])
        SignIn.objects.bulk_create(
            SignIn(activity=been, member=member, hours=Decimal("2.5"), at=time.now()) for member in members[:5]
        )
