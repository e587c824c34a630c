"""What return visits do by the clock (回访巡查): draw the cases that wait."""

from hezhi.chapters.cases.return_visit.actions import by_the_clock, draw_waiting


def watch() -> int:
    """One round (一轮巡查). Gives how many were drawn or left out."""
    return draw_waiting(by_the_clock())
