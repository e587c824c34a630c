"""The face of statistics for appraisal and for the house above (统计室的门面)."""

from hezhi.chapters.cases.statistics import jobs
from hezhi.chapters.cases.statistics.actions import catch_up, documents, load_tables, rebuild
from hezhi.chapters.cases.statistics.models import CASES, NET, WIDE, Fact, StageFacts
from hezhi.chapters.cases.statistics.queries import up_to
from hezhi.chapters.cases.statistics.rules import MEASURES, Measure, Period, share

__all__ = [
    "CASES", "MEASURES", "NET", "WIDE", "Fact", "Measure", "Period", "StageFacts", "catch_up", "documents", "jobs", "load_tables", "rebuild", "share", "up_to",
]  # fmt: skip
