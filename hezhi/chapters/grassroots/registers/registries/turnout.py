"""Duty rota and activities of groups (值勤排班、活动签到) as registries (9.1.3-2-9)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time as time_of_day
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from hezhi.chapters.grassroots.registers.actions.turnout import sign_in_members
from hezhi.chapters.grassroots.registers.models import GroupActivity, GroupShift, VolunteerGroup, VolunteerMember
from hezhi.chapters.grassroots.registers.registries.common import AREAS, GROUP, below, refuse, rights
from hezhi.chapters.grassroots.registers.rules import hours_between, shifts_meet
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.registry.abilities import Files, Remarks
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import mask

RIGHT = rights("volunteer_groups")


@register
class GroupShifts(Registry):
    """Who of a group is on duty when and where (值勤排班)."""

    model = GroupShift
    slug, title, group, icon = "volunteer-shifts", "群防群治值勤", GROUP, "calendar"
    clause = "9.1.3-2-9"
    right = RIGHT
    list = ("day", "starts", "ends", "group", "member", "who", "spot", "state")
    also = ("community", "grid")
    filters = ("community", "group", "day")
    search = ("group__name", "member__number", "spot")
    state = "state"
    named_by = "spot"
    ordering = ("-day", "starts")
    natural_key = ("member", "day", "starts")
    form = (("值勤", ("group", "member", "day", "starts", "ends", "spot", "state")),)
    bulk = ("state", "spot")
    purpose = GroupShift.purpose
    personal = ("member",)
    parts = (Remarks(),)

    @column("队员", related=("member",))
    def who(self, row: GroupShift) -> str:
        """The member, masked: the rota says who by number, the name stands on the member's page."""
        return mask("name", row.member.person_name)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Groups and members of the reader's ground."""
        if name == "group":
            return VolunteerGroup.objects.visible_to(actor).filter(removed_at__isnull=True).order_by("name")
        if name == "member":
            return VolunteerMember.objects.visible_to(actor).filter(removed_at__isnull=True).order_by("number")
        return None

    def place(self, row: GroupShift, by: Actor) -> None:
        """A shift belongs where the group belongs."""
        below(row, row.group)

    def check(self, row: GroupShift, by: Actor) -> None:
        """A member of this group, at one place at a time; done is only what has been."""
        refuse(
            {
                "member": None if row.member.group_id == row.group_id else "这名队员不在所选的组织",
                "ends": None if row.ends > row.starts else "结束时间应晚于开始时间，跨夜的请分成两班",
                "state": "还没到值勤日期，不能登记为已值勤" if row.state == "done" and row.day > time.today() else None,
            }
        )
        same_day = GroupShift.objects.filter(member=row.member_id, day=row.day, removed_at__isnull=True)
        for other in same_day.exclude(pk=row.pk):
            if row.removed_at is None and shifts_meet((row.starts, row.ends), (other.starts, other.ends)):
                told = f"这名队员当天 {other.starts:%H:%M} 至 {other.ends:%H:%M} 已有值勤"
                refuse({"starts": told})

    def examples(self, n: int) -> dict[str, Any]:
        day = time.today() - timedelta(days=n)
        return {"day": day, "starts": time_of_day(19), "ends": time_of_day(21), "spot": f"样例{n}号门岗"}

    def belong(self, row: GroupShift, unit: Unit) -> None:
        super().belong(row, unit)
        row.group = row.member.group


class SignInPanel(Panel):
    """Who came to an activity, and how long (签到)."""

    code, title, template = "sign_in", "签到", "registers/tab_sign_in.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        came = {each.member_id: each for each in row.sign_ins.all()}
        members = VolunteerMember.objects.filter(group=row.group_id, removed_at__isnull=True).order_by("number")
        usual = hours_between(row.starts, row.ends)
        told = [
            (member, mask("name", member.person_name), came.get(member.pk), _hours(request, member.pk, came, usual))
            for member in members
        ]
        writes = by.may("volunteer_groups.edit") and row.day <= time.today() and row.removed_at is None
        return {
            "members": told, "may_write": writes, "came": len(came), "ahead": row.day > time.today(),
            "hours": sum((each.hours for each in came.values()), Decimal(0)),
        }  # fmt: skip

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        told: dict[UUID, Decimal] = {}
        for key in request.POST.getlist("came"):
            try:
                told[UUID(key)] = Decimal(request.POST.get(f"hours_{key}", "").strip())
            except (ValueError, InvalidOperation):
                raise BadInput({"hours": ["时长应为数字，如 2 或 1.5。"]}) from None
        many = sign_in_members(row.pk, told, by=by)
        return f"已登记 {many} 人签到。" if many else "已清空签到。"


def _hours(request: HttpRequest, key: UUID, came: dict[UUID, Any], usual: Decimal) -> str:
    if request.method == "POST":
        return request.POST.get(f"hours_{key}", "")
    return str(came[key].hours if key in came else usual)


class SignIns(Part):
    """An activity has its list of who came."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (SignInPanel(),)


@register
class GroupActivities(Registry):
    """What groups do together (群防群治活动)."""

    model = GroupActivity
    slug, title, group, icon = "volunteer-activities", "群防群治活动", GROUP, "flag"
    clause = "9.1.3-2-9"
    right = RIGHT
    list = ("name", "kind", "day", "starts", "ends", "group", "community", "spot")
    also = ("about", "grid")
    filters = (*AREAS, "group", "kind", "day")
    search = ("name", "group__name", "spot")
    named_by = "name"
    ordering = ("-day", "-starts")
    natural_key = ("group", "name", "day")
    form = (("活动", ("group", "name", "kind", "day", "starts", "ends", "spot", "about")),)
    parts = (SignIns(), Files(), Remarks())

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        if name == "group":
            return VolunteerGroup.objects.visible_to(actor).filter(removed_at__isnull=True).order_by("name")
        return None

    def place(self, row: GroupActivity, by: Actor) -> None:
        """An activity belongs where the group belongs."""
        below(row, row.group)

    def check(self, row: GroupActivity, by: Actor) -> None:
        refuse({"ends": None if row.ends > row.starts else "结束时间应晚于开始时间"})

    def examples(self, n: int) -> dict[str, Any]:
        day = time.today() - timedelta(days=n)
        return {"day": day, "starts": time_of_day(9), "ends": time_of_day(11), "name": f"样例活动{n}"}
