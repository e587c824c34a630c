"""The face of early warning for the house above (事件预警的门面)."""

from hezhi.chapters.awareness.early_warning.actions.raising import DRIFTS, Discovery, units_warned_of, warn_of
from hezhi.chapters.awareness.early_warning.actions.tables import load_tables
from hezhi.chapters.awareness.early_warning.models import Level, Standing, Warning, WarningModel
from hezhi.chapters.awareness.early_warning.queries.lists import standings, title_of, titles_for
from hezhi.chapters.awareness.early_warning.rules import significant

__all__ = [
    "DRIFTS", "Discovery", "Level", "Standing", "Warning", "WarningModel", "load_tables", "significant", "standings", "title_of",
    "titles_for", "units_warned_of", "warn_of",
]  # fmt: skip
