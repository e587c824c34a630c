"""The face of the platform room for the house above (来源平台室的门面)."""

from hezhi.chapters.cases.platform.actions import answer, check, follow_up
from hezhi.chapters.cases.platform.actions.tables import load_tables
from hezhi.chapters.cases.platform.models import Difference, FollowUp, Platform, Request, Sheet
from hezhi.chapters.cases.platform.queries import first_order, our_code, ours
from hezhi.chapters.cases.platform.rules import Theirs

__all__ = [
    "Difference", "FollowUp", "Platform", "Request", "Sheet", "Theirs", "answer", "check", "first_order", "follow_up",
    "load_tables", "our_code", "ours",
]  # fmt: skip
