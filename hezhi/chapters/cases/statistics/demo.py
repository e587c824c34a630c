"""Statistics in the demo district (演示数据): the facts of the demo cases, and the reports that are due."""

from hezhi.chapters.cases.statistics import actions
from hezhi.engines.org.api import system


def load() -> None:
    """Make the facts of whatever has moved, and write the reports of the last periods; a second call changes nothing."""
    actions.load_tables(by=system("演示数据"))  # the centre that receives the reports is there only now
    while actions.catch_up():
        pass
    actions.write_due()
