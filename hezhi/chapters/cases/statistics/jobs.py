"""What statistics does by the clock (统计任务): keep the facts up, write the reports that are due."""

from hezhi.chapters.cases.statistics import actions
from hezhi.ground.clauses import clause


@clause("9.1.2-4")
def catch_up() -> int:
    """Make the facts of moved cases again; gives how many marks there were."""
    return actions.catch_up()


@clause("9.1.2-4")
def write_due() -> int:
    """Write the daily, weekly and monthly reports that are due; gives how many."""
    return actions.write_due()
