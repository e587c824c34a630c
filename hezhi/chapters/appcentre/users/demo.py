"""The demo district's organisation (演示组织): units on the real areas, invented people in them.

About thirty of the people have a password and are told to the one who starts the demonstration; the
others hold their posts, so that no work is without an owner, but nobody can sign in as them.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password

from hezhi.chapters.appcentre.users.actions import load_roles
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actions import fresh_password
from hezhi.engines.org.api import DutyShift, Holding, Post, Role, Unit, User, system
from hezhi.engines.records.acting import acting
from hezhi.ground import time
from hezhi.ground.ids import new_id

Account = tuple[str, str, str, str, str]
"""Login name, name, unit, role, password."""

DEPARTMENTS = (
    ("综合行政执法局", "占道经营、违法建设、油烟噪声、渣土扬尘执法"),
    ("住房和城乡建设局", "物业、房屋质量、市政道路、供热燃气行业管理"),
    ("交通运输局", "公交、出租、公路养护、停车"),
    ("生态环境分局", "大气、水、噪声污染"),
    ("市场监督管理局", "食品药品、消费维权、价格、特种设备"),
    ("人力资源和社会保障局", "欠薪、社保、就业"),
    ("教育和体育局", "学校、培训机构、体育设施"),
    ("卫生健康局", "医疗机构、公共卫生"),
    ("民政局", "救助、养老、殡葬、地名"),
    ("公安分局", "治安、交通秩序、户籍、养犬"),
    ("应急管理局", "安全生产、防汛抗旱、地质灾害"),
    ("城乡水务局", "供水、排水、河道"),
    ("农业农村局", "农田设施、农产品、动物防疫"),
    ("自然资源局", "土地、规划、不动产登记、林业"),
    ("文化和旅游局", "景区、旅行社、文化市场"),
    ("城市管理局", "环卫、园林绿化、路灯、户外广告"),
    ("行政审批服务局", "证照办理、政务大厅"),
    ("信访局", "信访事项协调"),
    ("司法局", "法律援助、公证、人民调解"),
    ("消防救援大队", "消防通道、消防设施"),
    ("医疗保障局", "参保、报销、异地就医"),
    ("工业和信息化局", "企业服务、通信基站"),
    ("海洋发展局", "渔业、海域、岸线"),
    ("退役军人事务局", "优抚、安置"),
    ("残疾人联合会", "残疾人证、康复、无障碍"),
)
COMPANIES = ("海风供热有限公司", "海风燃气有限公司", "海风供电公司", "海风供水有限公司")
CENTRE_STAFF = (
    ("acceptor", 2), ("dispatcher", 2), ("caller", 1), ("duty_chief", 2), ("supervisor", 1),
    ("district_leader", 1), ("system_admin", 1), ("security_admin", 1), ("audit_admin", 1),
    ("data_keeper", 1),
)  # fmt: skip
TOLD = {"handler": 8, "reviewer": 5, "town_dispatcher": 4, "grid_worker": 3}
"""How many people outside the centre get a password, by role; the first ones of each."""

STAFFED_GRIDS = 48
SURNAMES = (*"林江沈苏顾陆程叶温黎卓简池楚岑艾柏洛安", "欧阳", "司马")
GIVEN = (
    "清和",
    "知远",
    "若水",
    "望舒",
    "景行",
    "云舒",
    "晚晴",
    "怀瑾",
    "松月",
    "听澜",
    "砚",
    "禾",
    "屿",
    "棠",
    "川",
    "岚",
)
LONG_NAMES = ("热依汗古丽·买买提明", "阿依努尔·艾力", "巴特尔·苏和", "欧阳海若晨曦")
DAYS_BACK, DAYS_AHEAD = 7, 30


@dataclass
class Office:
    """What is being set up, collected first and written in bulk (待建组织)."""

    units: list[Unit] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    holdings: list[Holding] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(2026))  # noqa: S311 - names, not secrets

    def unit(self, code: str, name: str, kind: str, parent: Unit | None, **more: object) -> Unit:
        path = f"{parent.path if parent else ''}{code}/"
        unit = Unit(code=code, name=name, kind=kind, parent=parent, path=path, valid_from=_long_ago().date(), **more)
        self.units.append(unit)
        return unit

    def staff(self, unit: Unit, code: str, title: str = "", *, told: bool = False) -> User:
        """One more person in a post of the unit; `told` gives him a password that is told."""
        role = self.roles[code]
        post = Post(unit=unit, role=role, title=title or role.name, valid_from=_long_ago().date())
        user = self._person(code, unit, role, told)
        self.posts.append(post)
        self.holdings.append(Holding(post=post, user=user, valid_from=_long_ago(), reason="演示任职"))
        return user

    def _person(self, code: str, unit: Unit, role: Role, told: bool) -> User:
        number = self.counts[code] = self.counts.get(code, 0) + 1
        user = User(
            login_name=f"{code}{number}", full_name=self._name(), is_demo=True, must_change_password=False,
            password_changed_at=time.now(), work_phone=f"0532-8600{len(self.users):04d}",
        )  # fmt: skip
        if told:
            password = fresh_password(user)
            user.password = make_password(password)
            self.accounts.append((user.login_name, user.full_name, unit.name, role.name, password))
        else:
            user.password = make_password(None)
        self.users.append(user)
        return user

    def _name(self) -> str:
        if len(self.users) % 97 == 41:
            return LONG_NAMES[len(self.users) // 97 % len(LONG_NAMES)]
        return self.dice.choice(SURNAMES) + self.dice.choice(GIVEN)

    def write(self) -> None:
        Unit.objects.bulk_create(self.units)
        User.objects.bulk_create(self.users)
        Post.objects.bulk_create(self.posts)
        Holding.objects.bulk_create(self.holdings)


def load(areas: Iterable[Area] | None = None) -> list[Account]:
    """Set up the demo district's units, posts, people and roster; gives the accounts that are told.

    `areas` are the current areas, all of them when none are given. A second call changes nothing and
    gives an empty list. Writes nothing to disk.
    """
    load_roles()
    if User.objects.filter(is_demo=True).exists():
        return []
    office = Office(roles={role.code: role for role in Role.objects.all()})
    ground = list(Area.objects.current().defer("shape") if areas is None else areas)
    with acting(system("演示数据"), verb="demo.load_office", reason="建立演示组织"):
        centre = _centre(office, ground)
        heads = [*_departments(office, centre), *_towns(office, ground, centre)]
        office.write()
        DutyShift.objects.bulk_create([*_centre_roster(office, centre), *_roster(office, heads)])
    return office.accounts


def _long_ago() -> datetime:
    return time.now() - timedelta(days=400)


def _by_level(areas: list[Area], level: str) -> list[Area]:
    return sorted((a for a in areas if a.level == level), key=lambda a: a.code)


def _centre(office: Office, areas: list[Area]) -> Unit:
    district = next(iter(_by_level(areas, Area.Level.DISTRICT)), None)
    centre = office.unit(
        "centre", "区社会治理中心", Unit.Kind.CENTRE, None, area=district, order=1, phone="0532-86000000"
    )
    for code, how_many in CENTRE_STAFF:
        for _ in range(how_many):
            office.staff(centre, code, told=True)
    return centre


def _departments(office: Office, centre: Unit) -> list[Unit]:
    made = [
        office.unit(f"D{n:02}", f"区{name}", Unit.Kind.DEPARTMENT, centre, duties=duties, order=10 + n)
        for n, (name, duties) in enumerate(DEPARTMENTS, 1)
    ]
    made += [
        office.unit(f"W{n:02}", name, Unit.Kind.OUTSIDE, centre, order=60 + n) for n, name in enumerate(COMPANIES, 1)
    ]
    for n, unit in enumerate(made):
        for role in ("handler", "reviewer"):
            office.staff(unit, role, told=n < TOLD[role] - 2)
    return made


def _towns(office: Office, areas: list[Area], centre: Unit) -> list[Unit]:
    """Towns with dispatcher, handler and reviewer; communities and grids below them."""
    towns: dict[UUID | None, Unit] = {}
    for n, area in enumerate(_by_level(areas, Area.Level.TOWN)):
        town = towns[area.pk] = office.unit(
            area.code, _town_name(area), Unit.Kind.TOWN, centre, area=area, order=100 + n
        )
        office.staff(town, "town_dispatcher", told=n < TOLD["town_dispatcher"] - 1)
        office.staff(town, "handler", "镇街经办人", told=n < 2)
        office.staff(town, "reviewer", "镇街审签人", told=n < 2)
    communities: dict[UUID | None, Unit] = {}
    for n, area in enumerate(_by_level(areas, Area.Level.COMMUNITY)):
        unit = office.unit(area.code, area.name, Unit.Kind.COMMUNITY, towns[area.parent_id], area=area)
        communities[area.pk] = unit
        office.staff(unit, "town_dispatcher", "社区派遣员", told=n == 0)
    for n, area in enumerate(_by_level(areas, Area.Level.GRID)):
        unit = office.unit(area.code, area.name, Unit.Kind.GRID, communities[area.parent_id], area=area)
        if n < STAFFED_GRIDS:
            office.staff(unit, "grid_worker", told=n < TOLD["grid_worker"])
    return list(towns.values())


def _town_name(area: Area) -> str:
    """街道办事处, 镇人民政府; anything else is run by a service centre."""
    endings = (("街道", "办事处"), ("镇", "人民政府"), ("", "管理服务中心"))
    return area.name + next(office for name, office in endings if area.name.endswith(name))


# --- the roster ---------------------------------------------------------------------------


def _centre_roster(office: Office, centre: Unit) -> Iterator[DutyShift]:
    """Three shifts a day at the centre: a chief is called first, an acceptor after five minutes."""
    chiefs, acceptors = _people(office, centre, "duty_chief"), _people(office, centre, "acceptor")
    for n in range((DAYS_BACK + DAYS_AHEAD) * 3):
        starts = _first_day() + timedelta(hours=8 * n)
        for rank, people in ((1, chiefs), (2, acceptors)):
            yield _shift(centre, people[n % len(people)], rank, starts, hours=8, answer_within=5)


def _roster(office: Office, units: list[Unit]) -> Iterator[DutyShift]:
    """One day and night each for departments and towns: the handler first, then the reviewer."""
    for unit in units:
        for rank, code in ((1, "handler"), (2, "reviewer")):
            person = _people(office, unit, code)[0]
            for day in range(DAYS_BACK + DAYS_AHEAD):
                yield _shift(unit, person, rank, _first_day() + timedelta(days=day), hours=24, answer_within=15)


def _first_day() -> datetime:
    return time.at_local(time.today() - timedelta(days=DAYS_BACK))


def _people(office: Office, unit: Unit, code: str) -> list[User]:
    return [h.user for h in office.holdings if h.post.unit is unit and h.post.role.code == code]


def _shift(unit: Unit, user: User, rank: int, starts: datetime, *, hours: int, answer_within: int) -> DutyShift:
    return DutyShift(
        id=new_id(), unit=unit, user=user, rank=rank, starts_at=starts, ends_at=starts + timedelta(hours=hours),
        answer_within=answer_within,
    )  # fmt: skip
