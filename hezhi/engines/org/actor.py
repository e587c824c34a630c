"""Who acts and who reads (行为人): a person in a post, a citizen, an outer system or the clock itself.

Every read starts from an actor (`visible_to(actor)`), every verb is done by one (`by=actor`). A person
acts in one post at a time, so a right of one post is never used on the data of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from hezhi.engines.org.held_posts import HeldPost, posts_of
from hezhi.engines.org.models import Holding, Role, User
from hezhi.engines.org.permissions import name_of
from hezhi.ground import time
from hezhi.ground.errors import NotAllowed


@dataclass(frozen=True)
class Scope:
    """How far an actor sees (数据范围): everything, or one area by level, or some units.

    `level` is the name of the column (`town_id` …) that must equal `area`; `units` are the actor's own
    unit and, where the role says so, those below it. `matter_kinds` narrows the kinds of case; empty
    means all kinds.
    """

    everything: bool = False
    level: str = ""
    area: UUID | None = None
    units: tuple[UUID, ...] = ()
    matter_kinds: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        return not (self.everything or self.area or self.units)


class LacksRight(NotAllowed):
    """The post in use carries none of the permissions in `wanted` (岗位无权); another post of the person may."""

    def __init__(self, permissions: Sequence[str], post_title: str) -> None:
        super().__init__(
            "您当前的岗位不能做这一步。",
            f"这一步需要「{name_of(permissions[0])}」权限，您现在以「{post_title or '未任职'}」身份操作。",
            "如您另有岗位，请切换岗位后再办；没有的，请有权限的同事办理。",
            code="org.not_allowed",
        )
        self.wanted = frozenset(permissions)


@dataclass(frozen=True)
class Actor:
    """The one who reads or acts, worked out once per request.

    `above` are the actor's unit and the units above it, nearest or not: who may not be told what is
    complained of one of them (被反映单位回避).
    """

    kind: str = "staff"  # staff, citizen, system, channel
    name: str = ""
    user_id: UUID | None = None
    post_id: UUID | None = None
    post_title: str = ""
    role_code: str = ""
    unit_id: UUID | None = None
    unit_name: str = ""
    unit_kind: str = ""
    above: tuple[UUID, ...] = ()
    permissions: frozenset[str] = frozenset()
    clearance: int = 0
    scope: Scope = field(default_factory=Scope)
    channel: str = ""
    address: str | None = None
    request_id: str = ""

    def may(self, permission: str) -> bool:
        """Whether the post in use carries this permission."""
        return permission in self.permissions

    def must(self, *permissions: str) -> None:
        """Refuse with a sentence when the post in use carries none of these permissions."""
        if not any(map(self.may, permissions)):
            raise LacksRight(permissions, self.post_title)

    def at(self, *, channel: str, address: str | None, request_id: str) -> "Actor":
        """The same actor, seen coming through a channel and a request."""
        return replace(self, channel=channel, address=address, request_id=request_id)

    @property
    def rights_alone(self) -> "Actor":
        """The same actor without what differs from request to request: a key for what follows from his rights."""
        return replace(self, name="", channel="", address=None, request_id="")


def system(name: str) -> Actor:
    """The clock or a job acting by itself (系统自动): sees everything, carries no permission of a person."""
    return Actor(kind="system", name=name, scope=Scope(everything=True), channel="job")


def citizen(channel: str = "citizen") -> Actor:
    """A citizen without an account (市民): sees nothing but what a number and a code open."""
    return Actor(kind="citizen", name="市民", channel=channel)


def holdings_of(user: User | UUID) -> QuerySet[Holding]:
    """The posts a person holds now, main posts first, stand-ins after (现任岗位); see `held_posts` for rights.

    A post or a unit that has been closed gives nothing any more.
    """
    moment, day = time.now(), time.today()
    return (
        Holding.objects.filter(
            open_at("valid", moment), open_at("post__valid", day), open_at("post__unit__valid", day), user=user
        )
        .select_related("post__unit", "post__role")
        .order_by(F("deputy_of").asc(nulls_first=True), "valid_from")
    )


def open_at(name: str, at: object) -> Q:
    """The condition that a row is valid at a day or a moment: begun, and not ended yet."""
    not_ended = Q(**{f"{name}_to__isnull": True}) | Q(**{f"{name}_to__gt": at})
    return Q(**{f"{name}_from__lte": at}) & not_ended


def actor_of(user: User, post_id: UUID | None = None) -> Actor:
    """The actor a signed-in person is, in the chosen post or the first of his posts.

    A person without a post can sign in, change the password, and see nothing.
    """
    chosen = None
    for held in posts_of(user):
        if chosen is None or held.post_id == post_id:
            chosen = held
    if chosen is None:
        return Actor(name=user.full_name, user_id=user.pk)
    return Actor(
        name=user.full_name,
        user_id=user.pk,
        post_id=chosen.post_id,
        post_title=chosen.title,
        role_code=chosen.role_code,
        unit_id=chosen.unit_id,
        unit_name=chosen.unit_name,
        unit_kind=chosen.unit_kind,
        above=chosen.above,
        permissions=frozenset(chosen.permissions),
        clearance=chosen.clearance,
        scope=_scope(chosen),
    )


def _scope(held: HeldPost) -> Scope:
    """Turn a role's reach, its unit and the units below into one condition (本单位、本辖区、全区)."""
    if held.reach == Role.Reach.DISTRICT:
        return Scope(everything=True, matter_kinds=held.matter_kinds)
    if held.reach == Role.Reach.NOTHING:
        return Scope()
    units = held.tree or (held.unit_id,)
    if held.reach == Role.Reach.AREA and held.area_id is not None:
        return Scope(level=held.area_level, area=held.area_id, units=units, matter_kinds=held.matter_kinds)
    return Scope(units=units, matter_kinds=held.matter_kinds)


def reader(request: HttpRequest) -> Actor:
    """The actor of this request, put there by the middleware."""
    return request.actor  # type: ignore[attr-defined,no-any-return]
