"""The face of the whistle room for the house above."""

from hezhi.chapters.cases.whistle.actions import load_tables

__all__ = ["load_tables"]
