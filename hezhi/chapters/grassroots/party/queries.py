"""Reads of the Party room (党建的查询); each starts from what the reader may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from hezhi.chapters.grassroots.party import rules
from hezhi.chapters.grassroots.party.models import (
    Activity,
    ActivityKind,
    ArticlePush,
    DuesSheet,
    MapConsent,
    Member,
    Need,
    NewsRefusal,
    Participation,
    PartyOrganisation,
    Project,
    Resource,
)
from hezhi.chapters.grassroots.party.models.base import APPROVED, ENDED
from hezhi.chapters.grassroots.registers.models import Building, Resident
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.api import Holding, Role, Unit, units_below
from hezhi.engines.org.models import User
from hezhi.engines.org.queries import held_now
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.records.audit import write
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask
from hezhi.ground.small_counts import FEWEST_TOLD, Published, published

NAMES = "party_members.names"
MOST_ROWS = 200
SUGGESTED = 10
GRID_ROLES = ("grid_worker",)
WHOLE = "区直"


def organisations(by: Actor) -> QuerySet[PartyOrganisation]:
    """The organisations on the books that this reader may know of (在册党组织)."""
    rows: QuerySet[PartyOrganisation] = PartyOrganisation.objects.visible_to(by)
    return rows.filter(removed_at__isnull=True, state=APPROVED)


def members(by: Actor) -> QuerySet[Member]:
    """The members this reader may know of (在册党员)."""
    rows: QuerySet[Member] = Member.objects.visible_to(by)
    return rows.filter(removed_at__isnull=True)


def member_of_account(by: Actor) -> Member | None:
    """The membership of the person who is signed in, by his account; None when there is none (本人的党员信息)."""
    if by.user_id is None:
        return None
    rows = Member.objects.filter(account=by.user_id, removed_at__isnull=True)
    return rows.select_related("organisation", "resident").first()


# -- names -----------------------------------------------------------------------------------------


def name_of(resident: Resident, by: Actor) -> str:
    """A member's name: in clear only for the branch's own posts, masked for everybody else."""
    return resident.person_name if by.may(NAMES) else mask("name", resident.person_name)


def names_were_read(people: Iterable[Member], by: Actor) -> None:
    """One row of the audit for all members whose names a page showed in clear (查阅留痕)."""
    objects = [("party.member", person.pk) for person in people]
    if objects and by.may(NAMES):
        write(by, "records.read_personal", objects, purpose=Member.purpose, detail={"fields": ["person_name"]})


# -- the tree --------------------------------------------------------------------------------------


def parents(by: Actor) -> dict[UUID, UUID | None]:
    """Every visible organisation and what is above it, in the order of the tree."""
    rows = organisations(by).order_by("code").values_list("pk", "parent_id")
    return dict(rows)


def tree_of(by: Actor) -> list[tuple[int, PartyOrganisation]]:
    """The visible organisations as a tree: depth and row (党组织树)."""
    rows = organisations(by).select_related("community", "grid").defer("community__shape", "grid__shape").in_bulk()
    return [(line.depth, rows[line.id]) for line in rules.tree(parents(by))]


def below(row: PartyOrganisation, by: Actor) -> QuerySet[PartyOrganisation]:
    """The visible organisations below one, at any depth (下级党组织)."""
    keys = rules.everything_below(row.pk, parents(by)) - {row.pk}
    return organisations(by).filter(pk__in=keys).order_by("code")


# -- the board -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Duty:
    """How often an organisation held what it owes this year (年度开展情况): held and owed by kind."""

    organisation: PartyOrganisation
    counts: Sequence[tuple[int, int]]

    @property
    def is_behind(self) -> bool:
        """Whether less was held than the part of the year that has passed asks for."""
        day = time.today()
        passed = (day - date(day.year, 1, 1)).days / 365
        return any(owed and held < int(owed * passed) for held, owed in self.counts)


@dataclass(frozen=True)
class Board:
    """What the board of figures tells (党组织综合看板)."""

    kinds: Sequence[tuple[str, str, int]]
    members: Published
    ending: Sequence[tuple[PartyOrganisation, int]]
    activity_kinds: Sequence[ActivityKind]
    duties: Sequence[Duty]
    grids: int
    bare: Sequence[Area]
    held: int

    @property
    def covered(self) -> int:
        """Grids for which some organisation answers."""
        return self.grids - len(self.bare)


def board(by: Actor) -> Board:
    """Every figure of the board, counted from what this reader sees."""
    rows = list(organisations(by).select_related("community").defer("community__shape").order_by("code"))
    counted = Counter(row.kind for row in rows)
    kinds = ActivityKind.objects.filter(active=True, yearly__gt=0)
    duties, held = _duties(rows, list(kinds), by)
    all_grids, bare = coverage(by)
    return Board(
        kinds=[(code, str(name), counted[code]) for code, name in PartyOrganisation.Kind.choices],
        members=member_figures(by), ending=_ending(rows), activity_kinds=list(kinds), duties=duties, held=held,
        grids=all_grids, bare=bare,
    )  # fmt: skip


def _ending(rows: Iterable[PartyOrganisation]) -> list[tuple[PartyOrganisation, int]]:
    """Organisations whose term is over or ends within 90 days, with the days that are left."""
    day = time.today()
    last = day + timedelta(days=rules.TERM_NOTICE)
    found = [(row, (row.term_until - day).days) for row in rows if row.term_until and row.term_until <= last]
    return sorted(found, key=lambda each: each[1])


def _duties(rows: Sequence[PartyOrganisation], kinds: Sequence[ActivityKind], by: Actor) -> tuple[list[Duty], int]:
    year = time.local(time.now()).year
    done = Activity.objects.visible_to(by).filter(
        state=Activity.State.HELD, removed_at__isnull=True, starts_at__gte=time.at_local(date(year, 1, 1)),
        starts_at__lt=time.at_local(date(year + 1, 1, 1)),
    )  # fmt: skip
    found = done.order_by().values_list("organisation", "kind").annotate(many=Count("pk"))
    counts = {(organisation, kind): many for organisation, kind, many in found}
    owing = [row for row in rows if any(row.kind in kind.owed_by for kind in kinds)]
    told = [
        Duty(row, [(counts.get((row.pk, k.pk), 0), k.yearly if row.kind in k.owed_by else 0) for k in kinds])
        for row in owing
    ]
    return told, sum(counts.values())


def member_figures(by: Actor) -> Published:
    """Members by town, or by community for a reader of one town; no count under ten, and none that can be worked out."""
    level = _level(by)
    rows = members(by).order_by().values_list(f"organisation__{level}__name").annotate(many=Count("pk"))
    return published({(name or WHOLE, "党员"): many for name, many in rows})


def _level(by: Actor) -> str:
    """By which areas this reader's figures are told."""
    return "community" if by.scope.level in ("town", "community", "grid") else "town"


def coverage(by: Actor) -> tuple[int, list[Area]]:
    """How many basic grids the reader has, and those for which no organisation answers (没有党组织的网格)."""
    grids = Area.objects.grids().defer("shape")
    if not by.scope.everything:
        level, area = by.scope.level, by.scope.area
        grids = grids.filter(**{"pk" if level == "grid" else f"{level}_id": area}) if area else grids.none()
    answered = PartyOrganisation.objects.filter(
        grid__isnull=False, state=APPROVED, removed_at__isnull=True
    ).values("grid")  # fmt: skip
    return grids.count(), list(grids.exclude(pk__in=answered).order_by("code"))


# -- the map ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtBuilding:
    """Members who agreed to be counted at a building (楼栋党员数): never who they are, and no number under ten."""

    building: Building
    told: str


def members_by_building(by: Actor) -> list[AtBuilding]:
    """The Party map: buildings in which members live who agreed to it (P8). Moving house moves the count."""
    agreed = MapConsent.objects.filter(withdrawn_on__isnull=True).values("member")
    rows = members(by).filter(pk__in=agreed, resident__removed_at__isnull=True, resident__home__isnull=False)
    counts = dict(rows.order_by().values_list("resident__home__building").annotate(many=Count("pk")))
    buildings = Building.objects.visible_to(by).filter(pk__in=counts, point__isnull=False, removed_at__isnull=True)
    return [AtBuilding(each, in_words(counts[each.pk])) for each in buildings.order_by("code")]


def in_words(many: int) -> str:
    """A count of persons as it may be said: «不满 10 人», or the number."""
    return f"{many} 人" if many >= FEWEST_TOLD else f"不满 {FEWEST_TOLD} 人"


def organisations_on_map(by: Actor) -> QuerySet[PartyOrganisation]:
    """Organisations with a place (有位置的党组织)."""
    return organisations(by).filter(point__isnull=False).order_by("code")


def not_ended(by: Actor) -> QuerySet[PartyOrganisation]:
    """What may be chosen in a form: organisations that have not been ended (可选的党组织)."""
    rows: QuerySet[PartyOrganisation] = PartyOrganisation.objects.visible_to(by)
    return rows.filter(~Q(state=ENDED), removed_at__isnull=True).order_by("code")


def transfers(by: Actor) -> list[Any]:
    """Transfers that concern the reader's organisations, the open ones first (组织关系转接)."""
    from hezhi.chapters.grassroots.party.models import Transfer

    rows = Transfer.objects.visible_to(by).select_related(
        "member__resident", "from_organisation", "to_organisation", "released_by", "received_by"
    )  # fmt: skip
    found = list(rows.order_by("-asked_at")[:MOST_ROWS])
    return sorted(found, key=lambda each: each.state != Transfer.State.OPEN)


# -- activities ------------------------------------------------------------------------------------


def expected(activity: Activity) -> QuerySet[Member]:
    """Who should come (应到): the members of the organisation, or of all below it too, as they are now."""
    keys = {activity.organisation_id}
    if activity.reaches == Activity.Reaches.BELOW:
        rows = PartyOrganisation.objects.filter(removed_at__isnull=True, state=APPROVED)
        keys = rules.everything_below(activity.organisation_id, dict(rows.values_list("pk", "parent_id")))
    rows_of: QuerySet[Member] = Member.objects.filter(organisation__in=keys, removed_at__isnull=True)
    return rows_of.select_related("resident").order_by("number")


def without_account(activity: Activity) -> QuerySet[Member]:
    """Those expected who have no account of their own to sign in with (没有工作账号的党员)."""
    return expected(activity).filter(account__isnull=True)


def activities_for(by: Actor, *, mine: bool = False) -> QuerySet[Activity]:
    """All activities this person may see, or those he took part in (全部、我参与的): the newest first.

    A member sees what he may take part in; who keeps the books sees those of his area too.
    """
    rows = Activity.objects.filter(removed_at__isnull=True).select_related("organisation", "kind")
    if mine:
        return rows.of_member(by).order_by("-starts_at", "-id")
    seen = Q(pk__in=())
    me = member_of_account(by) if by.may("party.take_part") else None
    if me is not None:
        seen |= Q(pk__in=Activity.objects.open_to_member(me).values("pk"))
    if by.may("party_activities.view"):
        seen |= Q(pk__in=Activity.objects.visible_to(by).values("pk"))
    return rows.filter(seen).order_by("-starts_at", "-id")


def activity_for(by: Actor, key: UUID) -> Activity:
    """One activity of this person's list; NotFound otherwise."""
    found = activities_for(by).filter(pk=key).first() or activities_for(by, mine=True).filter(pk=key).first()
    if found is None:
        raise NotFound("没有找到这个活动，或您不在参加范围内。", code="party.not_your_activity")
    return found


def taking_part(by: Actor, keys: Iterable[UUID]) -> dict[UUID, Participation]:
    """What this person said to each of these activities (本人参加情况)."""
    rows = Participation.objects.filter(
        member__account=by.user_id, member__removed_at__isnull=True, activity__in=list(keys)
    )
    return {row.activity_id: row for row in rows}


# -- dues ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DuesLine:
    """What the dues of an area come to in a month (党费汇总): amounts in yuan, None where too few members pay them."""

    name: str
    organisations: int
    recorded: int
    behind: int
    due: Decimal | None
    paid: Decimal | None


def dues(by: Actor, month: date) -> list[DuesLine]:
    """Dues of a month by town, or by community for a reader of one town, in the order of the areas.

    What is shown of amounts follows the count of members: where that may not be told, the sums may not either,
    since a sum of few lets one work out what one person pays, and so what he earns.
    """
    level = _level(by)
    paying = organisations(by).filter(members__isnull=False, members__removed_at__isnull=True).distinct()
    many = dict(paying.order_by().values_list(f"{level}__name").annotate(n=Count("pk", distinct=True)))
    rows = DuesSheet.objects.visible_to(by).filter(month=rules.month_of(month), removed_at__isnull=True).order_by()
    summed = rows.values_list(f"{level}__name").annotate(
        n=Count("pk"), behind=Count("pk", filter=Q(open_entries__gt=0)), owed=Sum("due"), got=Sum("paid")
    )
    told = {name: (n, behind, owed, got) for name, n, behind, owed, got in summed}
    shown = member_figures(by).cells
    lines = []
    for name in sorted({*many, *told}, key=str):
        recorded, behind, due, paid = told.get(name, (0, 0, None, None))
        may = shown.get((name or WHOLE, "党员")) is not None
        lines.append(
            DuesLine(name or WHOLE, many.get(name, 0), recorded, behind, due if may else None, paid if may else None)
        )
    return lines


# -- the three lists -------------------------------------------------------------------------------


def offers_for(need: Need) -> list[tuple[int, Resource]]:
    """What is offered where a need lies and suits it, the best first (资源建议): how well, and the offer."""
    found = [
        (rules.fit(need.kind, f"{need.title} {need.text}", row.kinds, f"{row.title} {row.text}"), row)
        for row in Resource.objects.offered_to(need, time.today()).order_by("title", "pk")[:MOST_ROWS]
    ]
    return sorted((each for each in found if each[0]), key=lambda each: -each[0])[:SUGGESTED]


def needs_for(resource: Resource, by: Actor) -> list[tuple[int, Need]]:
    """Open needs that an offer could meet, of those the reader may know of (可对接的需求), the best first."""
    rows = Need.objects.visible_to(by).filter(state=Need.State.OPEN, removed_at__isnull=True)
    near = {
        Resource.Reaches.COMMUNITY: Q(community=resource.community_id),
        Resource.Reaches.TOWN: Q(town=resource.town_id),
        Resource.Reaches.DISTRICT: Q(district=resource.district_id),
    }[Resource.Reaches(resource.reaches)]
    text = f"{resource.title} {resource.text}"
    found = [
        (rules.fit(row.kind, f"{row.title} {row.text}", resource.kinds, text), row)
        for row in rows.filter(near).order_by("-created_at", "-pk")[:MOST_ROWS]
    ]
    return sorted((each for each in found if each[0]), key=lambda each: -each[0])[:SUGGESTED]


def usable_offers(by: Actor) -> QuerySet[Resource]:
    """The offers a reader may put into a project: his own area's, and those for the whole town or district (可用资源)."""
    seen = Q(pk__in=Resource.objects.visible_to(by).values("pk")) | Q(reaches=Resource.Reaches.DISTRICT)
    area = Area.objects.filter(pk=by.scope.area).only("town_id").first() if by.scope.area else None
    if area is not None and area.town_id:
        seen |= Q(reaches=Resource.Reaches.TOWN, town=area.town_id)
    still = Q(until__isnull=True) | Q(until__gte=time.today())
    return Resource.objects.filter(seen, still, removed_at__isnull=True)


@dataclass(frozen=True)
class Lists:
    """What the board tells of the three lists (清单统计)."""

    open_needs: int
    overdue_needs: int
    resources: int
    projects: Mapping[str, int]
    met: int
    judged: int


def lists(by: Actor) -> Lists:
    """Counts of matters and offers; nothing of persons."""
    needs = Need.objects.visible_to(by).filter(removed_at__isnull=True, state__in=("open", "taken"))
    rows = Project.objects.visible_to(by).filter(removed_at__isnull=True)
    states = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    judged = rows.filter(state=Project.State.RATED)
    return Lists(
        open_needs=needs.count(), overdue_needs=needs.filter(wanted_by__lt=time.today()).count(),
        resources=Resource.objects.visible_to(by).filter(removed_at__isnull=True).count(),
        projects={str(name): states.get(code, 0) for code, name in Project.State.choices},
        met=judged.filter(verdict=Project.Verdict.MET).count(), judged=judged.count(),
    )  # fmt: skip


# -- pushes ----------------------------------------------------------------------------------------


def letters_of(pushes: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """How many messages of each push stand in which state (发送情况); nothing of who got them."""
    rows = Outgoing.objects.filter(object_type="party.articlepush", object_id__in=list(pushes)).order_by()
    told: dict[UUID, dict[str, int]] = {}
    for key, state, many in rows.values_list("object_id", "state").annotate(Count("pk")):
        if key is not None:
            told.setdefault(key, {})[state] = many
    return told


def role_names(codes: Iterable[str]) -> list[str]:
    """The names of roles by their codes."""
    return list(Role.objects.filter(code__in=list(codes)).order_by("name").values_list("name", flat=True))


# -- who is told of an article ---------------------------------------------------------------------


def roles_below(by: Actor) -> QuerySet[Role]:
    """The roles whose holders an officer may reach: those held in his unit or below (可选岗位)."""
    return Role.objects.filter(pk__in=_holdings(by).values("post__role")).exclude(code__in=GRID_ROLES).order_by("name")


def receivers(by: Actor, to: str, roles: Collection[str] = ()) -> list[User]:
    """People of the sender's unit and below who would be told, without those who want no news (接收人员)."""
    codes = GRID_ROLES if to == ArticlePush.To.GRID else tuple(roles)
    held = _holdings(by).filter(post__role__code__in=codes)
    people = User.objects.filter(pk__in=held.values("user"))
    return list(people.exclude(pk__in=NewsRefusal.objects.values("user")).order_by("login_name"))


def _holdings(by: Actor) -> QuerySet[Holding]:
    own = Unit.objects.filter(pk=by.unit_id).first() if by.unit_id else None
    if own is None:
        return Holding.objects.none()
    return held_now().filter(post__unit__in=units_below(own))


def takes_news(by: Actor) -> bool:
    """Whether this person is told of news (接收推送)."""
    return not NewsRefusal.objects.filter(user=by.user_id).exists()
