"""What shifts do by the clock (值班巡查): call for urgent cases, call on, remind who should take over."""

from hezhi.chapters.cases.shifts import actions, queries
from hezhi.chapters.cases.shifts.models import Call, Handover
from hezhi.engines.org.api import system
from hezhi.ground import time
from hezhi.ground.clauses import clause

BATCH = 100


@clause("9.1.2-2")
def watch() -> int:
    """One round (一轮巡查); each step does nothing when it is done already. Gives how much was done."""
    by, done = system("值班巡查"), 0
    for place, states in (("desk", queries.AT_DESK), ("lead_unit", queries.AT_UNIT)):
        for case in queries.without_a_call(place, states).order_by("received_at")[:BATCH]:
            actions.call(case, getattr(case, place), by=by)
            done += 1
    for row in Call.objects.filter(ended_at=None).select_related("case", "unit").order_by("asked_at")[:BATCH]:
        turn = actions.turn_of(row)
        if not queries.waits(row.case, row.unit_id) or (turn is not None and turn.user_id != row.called_id):
            actions.call_on(row, by=by)
            done += 1
    late = Handover.objects.filter(in_at=None, reminded_at=None, out_at__lte=time.now() - actions.REMIND_AFTER)
    for handover in late.select_related("unit"):
        actions.remind(handover, by=by)
        done += 1
    return done
