"""The verbs of early warning (事件预警, 9.1.4-1)."""

from hezhi.chapters.awareness.early_warning.actions.answering import acknowledge, answer_all, as_one, judge
from hezhi.chapters.awareness.early_warning.actions.feeding import compare, feed, forget_case, propose_near
from hezhi.chapters.awareness.early_warning.actions.raising import escalate_due, measure
from hezhi.chapters.awareness.early_warning.actions.tables import load_tables

__all__ = [
    "acknowledge", "answer_all", "as_one", "compare", "escalate_due", "feed", "forget_case", "judge", "load_tables", "measure", "propose_near",
]  # fmt: skip
