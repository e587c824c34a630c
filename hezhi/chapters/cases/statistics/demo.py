"""Statistics in the demo district (演示数据): the facts of the demo cases, and the reports that are due."""

from hezhi.chapters.cases.statistics import actions


def load() -> None:
    """Make the facts of whatever has moved, and write the reports of the last periods; a second call changes nothing."""
    while actions.catch_up():
        pass
    actions.write_due()
