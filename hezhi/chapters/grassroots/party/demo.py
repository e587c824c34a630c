"""The demo district's Party organisations and members (演示数据): invented, in the compounds of the demo registers."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from hezhi.chapters.grassroots.party import rules
from hezhi.chapters.grassroots.party.actions.articles import set_text
from hezhi.chapters.grassroots.party.actions.dues import begin
from hezhi.chapters.grassroots.party.actions.lists import settle_need
from hezhi.chapters.grassroots.party.actions.members import settle_in
from hezhi.chapters.grassroots.party.actions.numbering import next_numbers
from hezhi.chapters.grassroots.party.models import (
    Activity,
    ActivityKind,
    Article,
    ArticleReads,
    ArticleVideo,
    DuesSheet,
    MapConsent,
    Member,
    Need,
    NewsColumn,
    Office,
    Participation,
    PartyOrganisation,
    Project,
    Resource,
    ServiceRecord,
)
from hezhi.chapters.grassroots.party.models.base import APPROVED, DRAFT, settle_at
from hezhi.chapters.grassroots.registers.models import Compound, Resident
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actions import create_post
from hezhi.engines.org.api import Holding, Post, Role, Unit, User, system
from hezhi.engines.records.acting import acting
from hezhi.engines.records.files import keep_files
from hezhi.ground import time
from hezhi.ground.uploads import PICTURES, VIDEOS

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
        first = PartyOrganisation.objects.get(code="YL010101")
        _activities(first)
        _dues()
        _lists(first, PartyOrganisation.objects.get(code="YL010201"), top)
        _articles(top)
        _film(Article.objects.get(title=FILMED))


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
    settle_at(row, branch)
    row.save()
    return row


# -- dues and lists ----------------------------------------------------------------------------------


def _dues() -> None:
    """Two months of dues of every branch: the first paid and handed up, this one still coming in."""
    month = rules.month_of(time.today())
    for branch in PartyOrganisation.objects.filter(kind=Kind.BRANCH, state=APPROVED).order_by("code"):
        for first in (rules.month_of(month - timedelta(days=1)), month):
            sheet = DuesSheet(
                organisation=branch,
                month=first,
                title=rules.month_name(first),
                created_at=time.now(),
                changed_at=time.now(),
            )
            settle_at(sheet, branch)
            sheet.save()
            begin(sheet)
            over = first != month
            for n, entry in enumerate(sheet.entries.order_by("member__number")):
                entry.due = f"{6 + n % 5 * 3}.00"
                if over or n % 3:
                    entry.paid, entry.paid_on = entry.due, first + timedelta(days=4 + n % 3) if over else time.today()
                entry.save()
            begin(sheet)
            if over:
                sheet.handed_up, sheet.handed_up_on = sheet.paid, first + timedelta(days=25)
                sheet.save()


NEEDS = (
    ("楼道堆物清理", "environment", "residents", "几栋楼的楼道堆着旧家具，请协助清运（示例）", "2 号楼、3 号楼", 20),
    ("老人理发和量血压", "care", "grid", "行动不便的老人想在家门口理发、量血压（示例）", "党群服务站", 12),
    ("寒假孩子没处去", "children", "residents", "双职工家庭的孩子寒假需要看护和课业辅导（示例）", "", 45),
    ("电动车充电线路检修", "repair", "community", "车棚充电线路老化，请有资质的单位检修（示例）", "北门车棚", -3),
    ("商铺想了解用工合同", "law", "units", "沿街商铺希望请律师讲用工合同（示例）", "", 30),
)
"""Title, kind, asked by, text, place, days from now by which it is wished."""
OFFERS = (
    (
        "小货车和搬运队",
        "示例物流有限公司",
        ["environment", "place"],
        "每月两次，可清运旧家具和大件垃圾（示例）",
        "community",
    ),
    ("上门理发和义诊", "示例医院", ["care", "health"], "每季度一次，理发、量血压、用药咨询（示例）", "town"),
    ("大学生寒假课堂", "示例学院", ["children", "culture"], "志愿者八名，寒假课业辅导和看护（示例）", "district"),
    ("律师坐堂", "示例律师事务所", ["law"], "每月一次坐堂，可讲用工合同、邻里纠纷（示例）", "town"),
)


def _lists(branch: PartyOrganisation, other: PartyOrganisation, top: PartyOrganisation) -> None:
    """Needs and offers of the first branch, and projects in each of their states."""
    day = time.today()
    found = [
        _listed(Need, branch, title=title, kind=kind, asked_by=by, text=text, place=place, wanted_by=day + timedelta(days=left))
        for title, kind, by, text, place, left in NEEDS
    ]  # fmt: skip
    owners = {"community": branch, "town": top, "district": top}
    offers = [
        _listed(Resource, owners[reaches], title=title, giver=giver, kinds=kinds, text=text, reaches=reaches, since=day - timedelta(days=60))
        for title, giver, kinds, text, reaches in OFFERS
    ]  # fmt: skip
    _listed(
        Need, other, title="广场舞音量协调", kind="culture", asked_by="residents", text="请帮助协商时间和音量（示例）"
    )
    told = {"lead": branch, "claimed_on": day - timedelta(days=9)}
    _project(found[1], offers[1], "上门理发义诊（演示）", state="rated", verdict="met", result="服务老人，反映很好（示例）",
             done_on=day - timedelta(days=2), **told)  # fmt: skip
    _project(found[2], offers[2], "寒假课堂（演示）", state="claimed", due_on=day + timedelta(days=60), **told)
    _project(found[3], None, "充电线路检修（演示）", state="proposed", due_on=day + timedelta(days=10))


def _project(need: Need, offer: Resource | None, title: str, **more: Any) -> None:
    _listed(Project, need, need=need, resource=offer, title=title, plan="按需求实施，完成后回访（示例）", **more)
    settle_need(need.pk)


def _listed(model: type[Any], where: Any, **told: Any) -> Any:
    """One row of a list, lying where its organisation or its need lies."""
    row = model(created_at=time.now(), changed_at=time.now(), **told)
    if model is not Project:
        row.organisation = where
    settle_at(row, where)
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


FILMED = ARTICLES[0][1]
_DATA = Path(__file__).parent / "data"


def _film(article: Article) -> None:
    """The first article has a short film, drawn for the demonstration."""
    by = system("演示数据")
    cover = SimpleUploadedFile("封面.jpg", (_DATA / "film.jpg").read_bytes())
    film = SimpleUploadedFile("社区清扫（演示）.webm", (_DATA / "film.webm").read_bytes())
    [kept_cover] = keep_files(by, article, [cover], stage="poster", kinds=PICTURES)
    [kept] = keep_files(by, article, [film], stage="video", kinds=VIDEOS)
    ArticleVideo.objects.create(
        article=article, file=kept, poster=kept_cover, title="社区清扫（动画演示）",
        transcript="画面：小路上的落叶一点点扫净。没有声音。（示例）",
    )  # fmt: skip


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
