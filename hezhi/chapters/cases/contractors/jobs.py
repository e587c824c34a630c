"""What the clock does here: openings of links are not kept for ever."""

from hezhi.chapters.cases.contractors.actions import tidy

__all__ = ["tidy"]
