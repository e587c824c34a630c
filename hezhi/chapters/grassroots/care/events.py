"""What the care room listens to (通知): a row that is to be erased while somebody in care hangs on it; another calendar."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from hezhi.chapters.grassroots.care import rules
from hezhi.chapters.grassroots.care.models import CareFile, Glass, RightsRequest
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.engines.flow import calendar_change
from hezhi.engines.flow.calendar_change import Keeper, Moved
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import due
from hezhi.engines.flow.timing import Timetable
from hezhi.ground.errors import NotNow
from hezhi.ground.events import listens


@listens("registry.purging")
def keep_who_is_in_care(*, row: Any, **_: Any) -> None:
    """A removed resident stays until his care file is closed and erased by its own term (P12); nobody outside learns why."""
    if isinstance(row, Resident) and CareFile.objects.filter(resident=row).exists():
        raise NotNow("这条记录暂不清除。", code="registry.still_needed")


# -- another calendar: the review of an urgent look and the answer to a request follow it (日历变更) ---------

REVIEW, ANSWER = "紧急查阅复核", "个人信息请求答复"


def _moved(stage: str, row: Any, started: datetime, old: datetime, days: int, tables: Timetable) -> Iterable[Moved]:
    new = due(started, Limit(days, Unit.WORKING_DAYS), tables.calendar)
    if new is not None and new != old:
        yield Moved(row.pk, (row._meta.label_lower, row.pk), stage, started, old, new, None)


def _reviews(tables: Timetable, lock: bool) -> Iterable[Moved]:
    rows = Glass.objects.filter(reviewed_at__isnull=True).only("pk", "opened_at", "review_due").order_by("pk")
    for row in rows.select_for_update() if lock else rows:
        yield from _moved(REVIEW, row, row.opened_at, row.review_due, rules.GLASS_REVIEW_DAYS, tables)


def _answers(tables: Timetable, lock: bool) -> Iterable[Moved]:
    rows = (
        RightsRequest.objects.filter(state=RightsRequest.State.OPEN).only("pk", "received_at", "due_at").order_by("pk")
    )
    for row in rows.select_for_update() if lock else rows:
        yield from _moved(ANSWER, row, row.received_at, row.due_at, rules.RIGHTS_DAYS, tables)


calendar_change.keep(
    REVIEW, Keeper(_reviews, lambda moved: Glass.objects.filter(pk=moved.id).update(review_due=moved.new))
)
calendar_change.keep(
    ANSWER, Keeper(_answers, lambda moved: RightsRequest.objects.filter(pk=moved.id).update(due_at=moved.new))
)
