"""Alarms are told to the audit administrators (告警通知)."""

from typing import Any

from hezhi.engines.org.api import User, holdings_of, system
from hezhi.engines.reach.api import Message, events, tell_all
from hezhi.engines.records.models import Alarm
from hezhi.engines.records.queries import RIGHT
from hezhi.ground.events import listens

EVENT = "security.alarm"


@listens("records.alarm")
def tell_auditors(*, alarm: Alarm, **_: Any) -> None:
    """Tell everybody who holds `audit.view`, but for the one whom the alarm is about, in the same transaction."""
    if EVENT not in events():
        return  # an installation whose message templates are older than this room
    messages = [
        Message(EVENT, to_user=user, about=("records.alarm", alarm.pk), values={"kind": alarm.get_kind_display()}, link="/audit/alarms/")
        for user in auditors()
        if user.pk != alarm.actor_id
    ]  # fmt: skip
    if messages:
        tell_all(system("安全告警"), messages)


def auditors() -> list[User]:
    """The people who hold the right to see the audit now, in whichever unit."""
    near = User.objects.filter(is_active=True, holdings__post__role__permissions__contains=[RIGHT]).distinct()
    return [user for user in near if any(RIGHT in held.post.role.permissions for held in holdings_of(user))]
