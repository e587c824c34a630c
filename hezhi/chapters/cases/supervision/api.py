"""The face of supervision for the house above (督办室的门面)."""

from hezhi.chapters.cases.supervision.actions.tables import load_tables
from hezhi.chapters.cases.supervision.models import Matter

__all__ = ["Matter", "load_tables"]
