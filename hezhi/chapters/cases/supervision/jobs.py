"""What supervision does by the clock (督办巡查): it opens by rule and climbs the ladder; it closes nothing."""

from hezhi.chapters.cases.supervision.actions import climb_due, follow_cases, open_by_rules
from hezhi.chapters.cases.supervision.models import Kind
from hezhi.engines.org.api import system
from hezhi.ground.clauses import clause


@clause("9.1.2-3-1", "9.1.2-3-3")
def watch() -> int:
    """One round (一轮巡查); each step does nothing when it is done already. Gives how much was done."""
    by = system("督办巡查")
    done = follow_cases(by) + climb_due(by)
    return done + open_by_rules(by, Kind.OVERDUE) + open_by_rules(by, Kind.KEY)
