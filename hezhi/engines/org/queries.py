"""Reads of units and people (组织查询).

Units, posts and names of colleagues are the office's directory: everybody with an account may read
them, so these reads take no reader. What a person may do with an account is asked where it is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import open_at
from hezhi.engines.org.models import Holding, Post, Unit, User
from hezhi.engines.org.policy import policy
from hezhi.ground import time

LEVEL_OF = {
    Unit.Kind.CENTRE: Area.Level.DISTRICT,
    Unit.Kind.TOWN: Area.Level.TOWN,
    Unit.Kind.COMMUNITY: Area.Level.COMMUNITY,
    Unit.Kind.GRID: Area.Level.GRID,
}
"""Which level of area a kind of unit answers for; departments answer for none."""


def units(at: date | None = None) -> QuerySet[Unit]:
    """Units that are open on a day, today if none is given (现行单位)."""
    return Unit.objects.filter(open_at("valid", at or time.today()))


def unit_tree(root: Unit | None = None, at: date | None = None) -> list[tuple[int, Unit]]:
    """Units with their depth, parents before children, siblings in their own order (单位树)."""
    rows = list(units(at).filter(path__startswith=root.path) if root else units(at))
    children: dict[UUID | None, list[Unit]] = {}
    present = {row.pk for row in rows}
    for row in rows:
        children.setdefault(row.parent_id if row.parent_id in present else None, []).append(row)
    return list(_walk(children, None, 0))


def _walk(children: dict[UUID | None, list[Unit]], under: UUID | None, depth: int) -> Iterable[tuple[int, Unit]]:
    for unit in children.get(under, ()):
        yield depth, unit
        yield from _walk(children, unit.pk, depth + 1)


def units_below(unit: Unit, at: date | None = None) -> QuerySet[Unit]:
    """A unit and all units below it (本单位及下级)."""
    return units(at).filter(path__startswith=unit.path)


def unit_for(area_id: UUID, kind: str, at: date | None = None) -> Unit | None:
    """The unit of a kind that answers for an area, or for the area above it of that kind's level.

    `unit_for(grid, Unit.Kind.TOWN)` is the town in which the grid lies. None for departments, and where
    no unit was set up: the caller decides who takes it then (usually the level above).
    """
    level = LEVEL_OF.get(Unit.Kind(kind))
    if level is None:
        return None
    answers = Q(area_id=area_id)
    if level != Area.Level.GRID:
        here = Area.objects.filter(pk=area_id, **{level.value: OuterRef("area_id")})
        answers |= Q(Exists(here))
    return units(at).filter(answers, kind=kind).order_by("order", "code").first()


def units_for(area_id: UUID, at: date | None = None) -> dict[str, Unit]:
    """All units that answer for an area and the areas above it, by kind (属地单位)."""
    area = Area.objects.get(pk=area_id)
    ids = [UUID(str(i)) for i in area.ancestors().values() if i is not None]
    found = units(at).filter(area_id__in=ids, kind__in=list(LEVEL_OF)).order_by("-order", "-code")
    return {unit.kind: unit for unit in found}


# --- people -------------------------------------------------------------------------------


def post_holders(post: Post, at: datetime | None = None) -> QuerySet[Holding]:
    """Who holds a post at a moment, now if none is given; only people whose account is open."""
    return _held(at).filter(post=post).select_related("user")


def holders_of(permission: str, unit: Unit | UUID, at: datetime | None = None) -> list[User]:
    """The people of a unit whose post carries a permission (本单位有此权限的人), stand-ins included."""
    held = _held(at).filter(post__unit=unit, post__role__permissions__contains=[permission])
    return list(User.objects.filter(pk__in=held.values("user_id")).order_by("login_name"))


def somebody_may(permission: str, unit: Any = None) -> Exists:
    """The condition that somebody in a unit holds this permission now (有人在岗): a holder with an open account, or his stand-in.

    `unit` is the unit's column in the query it stands in, the row itself when none is given.
    """
    held = _held(None).filter(post__unit=unit or OuterRef("pk"), post__role__permissions__contains=[permission])
    return Exists(held)


def colleagues_in(post: Post, at: datetime | None = None) -> QuerySet[Holding]:
    """Who can do the work of a post: holders of any post of the same role in the same unit."""
    return _held(at).filter(post__unit_id=post.unit_id, post__role_id=post.role_id).select_related("user")


def held_now() -> QuerySet[Holding]:
    """All valid holdings of people whose account is open, for a selection by role and unit (现任)."""
    return _held(None)


def _held(at: datetime | None) -> QuerySet[Holding]:
    moment = at or time.now()
    day = time.local(moment).date()
    return Holding.objects.filter(open_at("valid", moment), open_at("post__valid", day), user__is_active=True).filter(
        Q(user__expires_at__isnull=True) | Q(user__expires_at__gt=moment)
    )


def search_people(text: str, *, unit: Unit | None = None, limit: int = 20) -> list[User]:
    """People whose name, login name or work telephone contains the text (人员查询)."""
    found = User.objects.filter(is_active=True)
    if text.strip():
        like = text.strip()[:40]
        found = found.filter(
            Q(full_name__icontains=like) | Q(login_name__icontains=like) | Q(work_phone__contains=like)
        )
    if unit is not None:
        found = found.filter(pk__in=_held(None).filter(post__unit__path__startswith=unit.path).values("user_id"))
    return list(found.order_by("full_name", "login_name")[:limit])


# --- accounts that somebody must look at --------------------------------------------------


@dataclass(frozen=True)
class Attention:
    """An account that needs a look (需核查账号), and why."""

    user: User
    why: str


def accounts_to_look_at(now: datetime | None = None) -> list[Attention]:
    """The monthly list for the security administrator (账号核查, 8.1.4.2 c): unused, running out, without a post."""
    moment = now or time.now()
    active = User.objects.filter(is_active=True).annotate(used=Coalesce("last_seen_at", "password_changed_at"))
    unused = active.filter(used__lte=moment - policy().unused)
    ending = active.filter(expires_at__lte=moment + timedelta(days=30))
    homeless = active.exclude(pk__in=_held(moment).values("user_id"))
    reasons = ((unused, "90 天未使用，已不能登录"), (ending, "有效期已过或 30 天内到期"), (homeless, "没有任职岗位"))
    return [Attention(user, why) for rows, why in reasons for user in rows.order_by(F("used").asc(nulls_first=True))]
