"""What return visits do by the clock (回访巡查): draw the cases that wait."""

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.return_visit.actions import by_the_clock, draw_waiting
from hezhi.chapters.cases.return_visit.models import Visit
from hezhi.ground.rounds import fed_by

UNDRAWN = (
    f"{Case._meta.db_table} c WHERE c.state = 'to_call_back' AND c.state_since > statement_timestamp() - interval '3 minutes'"
    f" AND NOT EXISTS (SELECT FROM {Visit._meta.db_table} v WHERE v.case_id = c.id AND v.since = c.state_since)"
)
"""A case that has just begun to wait. The many that have had their draw are not looked through each second; what was
missed, with the worker down, is found by the round that is done once a minute in any case."""


@fed_by(UNDRAWN)
def watch() -> int:
    """One round (一轮巡查). Gives how many were drawn or left out."""
    return draw_waiting(by_the_clock())
