"""Making and keeping facts (环节事实); writing and keeping reports (统计报告)."""

from hezhi.chapters.cases.statistics.actions.facts import catch_up, facts_of, mark_community, rebuild, renew
from hezhi.chapters.cases.statistics.actions.reports import export, load_tables, write_due, write_report

__all__ = [
    "catch_up", "export", "facts_of", "load_tables", "mark_community", "rebuild", "renew", "write_due", "write_report",
]  # fmt: skip
