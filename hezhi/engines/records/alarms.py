"""Alarms for the audit administrator (安全告警): what the audit shows of itself that a person must look at.

An alarm is raised once per occasion (a person and an hour, a person and a night, one examination). News
of it rises as the event `records.alarm`; who is told, and how, is known further up.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import DutyShift
from hezhi.engines.records.acting import verb
from hezhi.engines.records.models import Alarm
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.events import announce

BULK_VALUES, BULK_WINDOW = 30, timedelta(minutes=10)
"""More values than these in such a time are no longer one officer's work on his cases."""
NIGHT_BEGINS, NIGHT_ENDS = 23, 5
"""Hours in Shanghai; who is on duty then may read."""
LOOKED_BACK = timedelta(minutes=30)
"""How far a round looks back, so that a worker that stood still for some minutes misses nothing."""


def raise_alarm(
    kind: Alarm.Kind, occasion: str, *, actor_id: UUID | None = None, actor_name: str = "", detail: Mapping[str, Any]
) -> Alarm | None:
    """Raise an alarm and tell it upward; None when this occasion has been told already."""
    alarm, new = Alarm.objects.get_or_create(
        kind=kind,
        occasion=occasion,
        defaults={"at": time.real_now(), "actor_id": actor_id, "actor_name": actor_name, "detail": dict(detail)},
    )
    if not new:
        return None
    announce("records.alarm", alarm=alarm)
    return alarm


@verb("records.settle_alarm")
def settle(alarm: Alarm, *, by: Actor, note: str) -> Alarm:
    """Say what came of an alarm (告警处置); nobody settles one about himself."""
    by.must("audit.view")
    if not note.strip():
        raise BadInput({"note": "请写明核查结果和处置措施。"})
    if alarm.actor_id is not None and alarm.actor_id == by.user_id:
        raise NotNow("不能处置关于本人的告警。", "", "请由另一位审计管理员处置。", code="records.own_alarm")
    changed = Alarm.objects.filter(pk=alarm.pk, seen_at__isnull=True).update(
        seen_at=time.now(), seen_by=by.name, note=note.strip()[:500]
    )
    if not changed:
        raise NotNow("这条告警已有人处置。", "", "请刷新后查看处置结果。", code="records.alarm_settled")
    alarm.refresh_from_db()
    return alarm


# -- watching the readers --------------------------------------------------------------------------

_READS = """
    SELECT actor_id, actor_name, at, greatest(1, jsonb_array_length(coalesce(detail->'fields', '[]')))
    FROM records_auditentry
    WHERE event = 'records.read_personal' AND actor_kind = 'staff' AND at >= %s ORDER BY at, id
"""


def watch_readers() -> int:
    """Look at who read personal values lately (异常查阅巡查); gives how many alarms it raised. For a job.

    Bulk: more than 30 values within any 10 minutes. Night: between 23:00 and 05:00, off duty.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READS, [time.real_now() - LOOKED_BACK - BULK_WINDOW])
        reads = cursor.fetchall()
    by_person: dict[UUID, list[tuple[datetime, int]]] = {}
    names: dict[UUID, str] = {}
    for actor_id, name, at, values in reads:
        by_person.setdefault(actor_id, []).append((at, values))
        names[actor_id] = name
    return sum(
        _bulk(person, names[person], told) + _night(person, names[person], told) for person, told in by_person.items()
    )


def _bulk(person: UUID, name: str, reads: list[tuple[datetime, int]]) -> int:
    most, when = most_within(reads, BULK_WINDOW)
    if most <= BULK_VALUES or when is None:
        return 0
    raised = raise_alarm(
        Alarm.Kind.BULK_READING, f"{person}@{time.local(when):%Y-%m-%d %H}", actor_id=person, actor_name=name,
        detail={"values": most, "until": when.isoformat(), "minutes": int(BULK_WINDOW.total_seconds() // 60)},
    )  # fmt: skip
    return int(raised is not None)


def most_within(reads: list[tuple[datetime, int]], window: timedelta) -> tuple[int, datetime | None]:
    """The greatest number of values within any such span of time, and when that span ended."""
    most, when, sum_, first = 0, None, 0, 0
    for at, values in reads:
        sum_ += values
        while at - reads[first][0] > window:
            sum_ -= reads[first][1]
            first += 1
        if sum_ > most:
            most, when = sum_, at
    return most, when


def _night(person: UUID, name: str, reads: list[tuple[datetime, int]]) -> int:
    raised = 0
    for at, _ in reads:
        if not is_night(at) or _on_duty(person, at):
            continue
        night = time.local(at - timedelta(hours=NIGHT_ENDS)).date()
        raised += raise_alarm(
            Alarm.Kind.NIGHT_READING, f"{person}@{night}", actor_id=person, actor_name=name,
            detail={"at": at.isoformat()},
        ) is not None  # fmt: skip
    return raised


def is_night(at: datetime) -> bool:
    """Between 23:00 and 05:00 in Shanghai (夜间)."""
    hour = time.local(at).hour
    return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS


def _on_duty(person: UUID, at: datetime) -> bool:
    return DutyShift.objects.filter(user_id=person, starts_at__lte=at, ends_at__gt=at).exists()
