"""The face of appraisal for the house above (考核室的门面)."""

from hezhi.chapters.cases.appraisal.actions import load_tables

__all__ = ["load_tables"]
