"""What statistics does by the clock (统计任务): keep the facts up, write the reports that are due."""

import logging

from hezhi.chapters.cases.handling.models import Moved
from hezhi.chapters.cases.statistics import actions
from hezhi.chapters.cases.statistics.models import CASES
from hezhi.engines.analysis.cube import keeping
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.rounds import fed_by

log = logging.getLogger("hezhi.jobs")
CHECKED_AT = 3
"""The hour of the night in which files are compared with the cases."""


@fed_by(Moved._meta.db_table)
@clause("9.1.2-4")
def catch_up() -> int:
    """Make the facts of moved cases again; gives how many marks there were."""
    return actions.catch_up()


@clause("9.1.2-4")
def write_due() -> int:
    """Write the daily, weekly and monthly reports that are due; gives how many."""
    return actions.write_due()


@clause("9.1.4-2-1")
def count() -> int:
    """Add what changed to the roll-ups of cases (汇总更新); gives how many changes there were."""
    return keeping.absorb(CASES)


@clause("9.1.4-2-1")
def write_files() -> int:
    """Write the Parquet files of the months in which cases changed (分析数据更新); gives how many."""
    keeping.tidy(CASES)
    return keeping.write(CASES)


@clause("9.1.4-2-1")
def check_files() -> int:
    """At night: compare every file with the cases and let what differs be written anew (一致性核对); gives how many differed."""
    if time.local(time.now()).hour != CHECKED_AT:
        return 0
    months = keeping.differing(CASES)
    if months:
        log.warning(
            "analysis files differ from the cases and are written anew: %s", ", ".join(f"{m:%Y-%m}" for m in months)
        )
        keeping.mend(CASES, months)
    return len(months)
