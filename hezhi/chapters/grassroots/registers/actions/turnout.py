"""Who came to an activity of a group (签到), and for how many hours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from hezhi.chapters.grassroots.registers.models import GroupActivity, SignIn, VolunteerMember
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow


@clause("9.1.3-2-9")
@verb("registers.sign_in_members")
def sign_in_members(activity_id: UUID, hours: Mapping[UUID, Decimal], *, by: Actor) -> int:
    """Write down who came and for how long (签到登记); somebody written down before gets the new hours.

    Gives how many came. Raises NotNow before the day, BadInput for hours of no day or a stranger to the group.
    """
    by.must("volunteer_groups.edit")
    seen = GroupActivity.objects.visible_to(by).filter(pk=activity_id, removed_at__isnull=True).values("pk")
    activity = GroupActivity.objects.filter(pk__in=seen).select_for_update(of=("self",)).first()
    if activity is None:
        raise NotFound(what="没有找到这次活动。", code="registers.not_found")
    if activity.day > time.today():
        raise NotNow(what="活动还没有开始，不能登记签到。", code="registers.not_yet")
    members = set(
        VolunteerMember.objects.filter(group=activity.group_id, removed_at__isnull=True).values_list("pk", flat=True)
    )
    for member, told in hours.items():
        if member not in members:
            raise BadInput({"members": ["有人不是这个组织的队员，请刷新后重新登记。"]}, code="registers.no_member")
        if not Decimal(0) < told <= Decimal(24):
            raise BadInput({"hours": ["时长应大于 0、不超过 24 小时。"]}, code="registers.hours")
        SignIn.objects.update_or_create(
            activity=activity, member_id=member,
            defaults={"hours": told, "at": time.now()},
        )  # fmt: skip
    SignIn.objects.filter(activity=activity).exclude(member__in=list(hours)).delete()
    return len(hours)
