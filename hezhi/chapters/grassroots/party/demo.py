"""The demo district's Party organisations and members (演示数据): invented, in the compounds of the demo registers."""

from datetime import date, timedelta
from typing import Any

from hezhi.chapters.grassroots.party.actions.articles import set_text
from hezhi.chapters.grassroots.party.actions.members import settle_in
from hezhi.chapters.grassroots.party.actions.numbering import next_numbers
from hezhi.chapters.grassroots.party.models import (
    Activity,
    ActivityKind,
    Article,
    ArticleReads,
    MapConsent,
    Member,
    NewsColumn,
    Office,
    Participation,
    PartyOrganisation,
    ServiceRecord,
)
from hezhi.chapters.grassroots.party.models.base import APPROVED, DRAFT
from hezhi.chapters.grassroots.registers.models import Compound, Resident
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actions import create_post
from hezhi.engines.org.api import Holding, Post, Role, Unit, User, system
from hezhi.engines.records.acting import acting
from hezhi.ground import time

Kind = PartyOrganisation.Kind
MEMBERS = (14, 5)
"""Members of the two branches of each community."""


def load() -> None:
    """Make them; does nothing the second time, and nothing without the demo registers."""
    if PartyOrganisation.objects.exists() or not Compound.objects.exists():
        return
    with acting(system("演示数据"), verb="demo.party", reason="建立演示党组织"):
        communities = list(
            Area.objects.filter(pk__in=Compound.objects.values("community")).defer("shape").order_by("code")
        )
        town = communities[0].town
        if town is None:
            return
        _posts(town, communities)
        top = _organisation(town, Kind.COMMITTEE, f"{town}党工委（演示）", "01", None, 700)
        for n, community in enumerate(communities, 1):
            _community(community, n, top)
        _activities(PartyOrganisation.objects.get(code="YL010101"))
        _articles(top)


# -- who works with it -----------------------------------------------------------------------------


def _posts(town: Area, communities: list[Area]) -> None:
    """Second posts of four demo people: two officers of the town, a secretary each in the first two communities."""
    places = [town.pk, town.pk, *(area.pk for area in communities[:2])]
    roles = ("party_officer", "party_officer", "branch_secretary", "branch_secretary")
    logins = ("reviewer31", "town_dispatcher2", "handler31", "town_dispatcher3")
    for login, role, area in zip(logins, roles, places, strict=False):
        user = User.objects.filter(login_name=login, is_demo=True).first()
        unit = Unit.objects.filter(area_id=area, valid_to__isnull=True).first()
        if user is None or unit is None:
            continue
        held = Role.objects.get(code=role)
        post = Post.objects.filter(unit=unit, role=held).first() or create_post(unit, held)
        Holding.objects.get_or_create(post=post, user=user, defaults={"valid_from": time.now(), "reason": "演示任职"})


# -- organisations and members ---------------------------------------------------------------------


def _organisation(
    area: Area, kind: str, name: str, code: str, above: PartyOrganisation | None, term_left: int, **more: Any
) -> PartyOrganisation:
    place = {f"{level}_id": key for level, key in area.ancestors().items()}
    owner = area if area.level != Area.Level.GRID else Area(pk=area.community_id)
    unit = Unit.objects.filter(area_id=owner.pk, valid_to__isnull=True).first()
    until = time.today() + timedelta(days=term_left)
    return PartyOrganisation.objects.create(
        code=f"YL{code}", name=name, kind=kind, parent=above, founding_paper=f"示例党字〔2020〕{code} 号",
        founded_on=date(2020, 7, 1), term_from=until - timedelta(days=3 * 365), term_until=until, unit=unit,
        created_at=time.now(), changed_at=time.now(),
        **place | {"state": APPROVED, "edition": 1, "approved_at": time.now()} | more,
    )  # fmt: skip


def _community(community: Area, n: int, top: PartyOrganisation) -> None:
    """A committee with two branches, one of which has a group; the third community's second grid stays bare."""
    grids = list(Area.objects.grids().filter(community=community).order_by("code")[:2])
    compounds = {each.grid_id: each for each in Compound.objects.filter(community=community)}
    committee = _organisation(
        community, Kind.COMMITTEE, f"{community.name}党委（演示）", f"01{n:02}", top, 40 if n == 1 else 500
    )
    for m, grid in enumerate(grids, 1):
        compound = compounds.get(grid.pk)
        branch = _organisation(
            grid, Kind.BRANCH, f"{grid.name}党支部（演示）", f"01{n:02}{m:02}", committee, -12 if (n, m) == (2, 2) else 300 + 90 * m,
            point=compound.point if compound else grid.centre, address=f"{compound or grid.name}党群服务站（演示）",
            **({"grid_id": None} if (n, m) == (3, 2) else {}),
        )  # fmt: skip
        people = Resident.objects.filter(
            grid=grid, removed_at__isnull=True, state=Resident.State.PRESENT, kind=Resident.Kind.REGISTERED,
            birth_date__lt=date(1990, 1, 1), home__isnull=False, person_name__regex=r"^.{2,4}$",
        ).order_by("home__building__code", "number")  # fmt: skip
        _members(branch, committee, list(people[: MEMBERS[m - 1]]), first=(n, m) == (1, 1))
    if n == 1:
        _organisation(
            grids[0], Kind.GROUP, f"{grids[0].name}楼栋党小组（演示）", f"01{n:02}0101", PartyOrganisation.objects.get(code="YL010101"),
            300, state=DRAFT, edition=0, approved_at=None,
        )  # fmt: skip


def _members(branch: PartyOrganisation, committee: PartyOrganisation, people: list[Resident], *, first: bool) -> None:
    numbers = next_numbers(len(people))
    account = User.objects.filter(login_name="grid_worker1", is_demo=True).first() if first else None
    day, moment = time.today(), time.now()
    for n, (person, number) in enumerate(zip(people, numbers, strict=True)):
        probation = n == 3
        row = Member(
            number=number, resident=person, organisation=branch, kind="probationary" if probation else "full",
            joined_on="2026-03-01" if probation else f"{2008 + n % 12}-07-01", full_on="" if probation else f"{2009 + n % 12}-07-01",
            reports_to=committee if n % 3 else None, reported_on=day - timedelta(days=200) if n % 3 else None,
            account=account if n == 0 else None, created_at=moment, changed_at=moment,
        )  # fmt: skip
        settle_in(row)
        row.save()
        if n < 3:
            Office.objects.create(
                member=row, organisation=branch, post=("secretary", "organiser", "publicity")[n], since=day - timedelta(days=400)
            )  # fmt: skip
        if n != 1:
            MapConsent.objects.create(member=row, given_on=day - timedelta(days=100), how="paper")
        if n % 4 == 0:
            ServiceRecord.objects.create(
                member=row, done_on=day - timedelta(days=10 + n), hours="2.5", what="社区义务清扫（示例）"
            )


# -- activities ------------------------------------------------------------------------------------

HELD = (
    ("assembly", "第一季度党员大会（演示）", 250), ("theme", "主题党日：社区清扫（演示）", 95), ("theme", "主题党日：邻里走访（演示）", 60),
    ("lesson", "党课：学习社区治理案例（演示）", 32), ("committee", "支委会（演示）", 20),
)  # fmt: skip
"""Kind, title, days ago."""


def _activities(branch: PartyOrganisation) -> None:
    """What the first branch held this year, one it will hold, one that waits to be submitted."""
    people = list(Member.objects.filter(organisation=branch).order_by("number"))
    for code, title, ago in HELD:
        row = _activity(
            branch, code, title, -ago, state=Activity.State.HELD, minutes="按计划开展，记录已归档（示例）。"
        )
        for n, person in enumerate(people):
            state = "leave" if n == 4 else "present"
            Participation.objects.create(
                activity=row, member=person, state=state, how="code" if state == "present" else "",
                leave_reason="外出（示例）" if n == 4 else "", changed_at=row.starts_at,
            )  # fmt: skip
    coming = _activity(branch, "theme", "主题党日：冬季安全宣传（演示）", 6, state=APPROVED)
    for person in people[3:6]:
        Participation.objects.create(activity=coming, member=person, state="signed_up", changed_at=time.now())
    _activity(branch, "service", "清雪志愿服务（演示）", 12, state=DRAFT, edition=0, approved_at=None)


def _activity(branch: PartyOrganisation, code: str, title: str, days: int, **more: Any) -> Activity:
    begins = time.at_local(time.today() + timedelta(days=days)) + timedelta(hours=14)
    row = Activity(
        organisation=branch, kind=ActivityKind.objects.get(code=code), title=title, starts_at=begins,
        ends_at=begins + timedelta(hours=2), place="党群服务站（演示）", agenda="学习文件；讨论社区事务；布置下月工作（示例）",
        created_at=time.now(), changed_at=time.now(), **{"edition": 1, "approved_at": time.now()} | more,
    )  # fmt: skip
    for name in ("district_id", "town_id", "community_id", "grid_id", "unit_id"):
        setattr(row, name, getattr(branch, name))
    row.save()
    return row


# -- articles --------------------------------------------------------------------------------------

ARTICLES = (
    ("party-news", "党员志愿者清扫楼道（演示）", "周六上午，党员志愿者和居民一起清扫了楼道和小区道路。\n\n下次活动见社区公告栏，欢迎参加。", 2, True),
    ("current", "冬季用气安全提示（演示）", "使用燃气时保持通风，离家前关好阀门。\n\n发现异味不要开关电器，到室外拨打报修电话。", 5, False),
    ("theory", "学习摘编：把服务做到家门口（演示）", "<h2>一、听得见</h2><p>听居民说，问居民要什么。</p><h2>二、办得到</h2><p>能办的当场办，不能办的讲清楚。</p>", 9, False),
    ("governance", "小区议事：停车位怎么分（演示）", "居民代表、物业和社区一起商量，先把消防通道让出来，再按户登记。", 15, False),
)  # fmt: skip


def _articles(top: PartyOrganisation) -> None:
    """Published articles, one in each column, and one draft."""
    for code, title, body, days, on_top in ARTICLES:
        row = _article(top, code, title, body, days, on_top=on_top)
        ArticleReads.objects.create(article=row, day=time.today(), channel="public", times=30 + days * 7)
    _article(
        top, "party-news", "下月主题党日预告（演示）", "时间地点另行通知。", 0, state=DRAFT, edition=0, approved_at=None
    )


def _article(top: PartyOrganisation, code: str, title: str, body: str, days: int, **more: Any) -> Article:
    row = Article(
        column=NewsColumn.objects.get(code=code), title=title, body=body, source=top.name, audiences=["public", "grid"],
        shows_from=time.now() - timedelta(days=days, minutes=5), created_at=time.now(), changed_at=time.now(),
        **{"state": APPROVED, "edition": 1, "approved_at": time.now()} | more,
    )  # fmt: skip
    for name in ("district_id", "town_id", "unit_id"):
        setattr(row, name, getattr(top, name))
    set_text(row)
    row.save()
    return row
