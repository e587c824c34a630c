"""The shift of the demo centre (演示数据): urgent cases called, call-backs promised, one handing over done; all invented."""

from datetime import timedelta

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.demo import cast
from hezhi.chapters.cases.shifts import actions, jobs
from hezhi.chapters.cases.shifts.models import Call, Handover
from hezhi.engines.org.api import on_duty
from hezhi.ground import time
from hezhi.ground.errors import Refusal

PROMISES = (("说明处理进度。（示例）", 2), ("约定上门时间。（示例）", 5))


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    if Handover.objects.exists() or Call.objects.exists() or not Case.objects.exists():
        return
    people = cast()
    acceptor, dispatcher = people.at_centre("acceptor"), people.at_centre("dispatcher")
    rows = Case.objects.filter(secret=False, state__in=("to_accept", "to_dispatch", "handling")).order_by(
        "-received_at"
    )
    for (note, hours), case in zip(PROMISES, rows[:2], strict=False):
        actions.promise(case.pk, by=acceptor, at=time.now() + timedelta(hours=hours), note=note)
    jobs.watch()
    before = time.now() - timedelta(hours=9)
    with time.frozen_at(before):
        row = actions.hand_over(by=dispatcher, note="夜间两起路面险情已通知属地，请上午跟进。（示例）")
    next_one = next((s for s in on_duty(row.unit_id, time.now()) if s.user_id != row.out_by_id), None)
    taker = (people.who(next_one.user_id) if next_one else None) or acceptor
    try:
        with time.frozen_at(before + timedelta(minutes=20)):
            actions.take_over(row.pk, by=taker, note="已逐项核对。（示例）")
    except Refusal:
        return  # the roster of that hour names somebody else: the handing over waits to be taken over
