"""The verbs of appraisal (业务考核的动作): tables, rounds, points, objections."""

from hezhi.chapters.cases.appraisal.actions.objecting import exclude, object_to, review
from hezhi.chapters.cases.appraisal.actions.papers import report
from hezhi.chapters.cases.appraisal.actions.rounds import finish, freeze, make_round, order_units, publish
from hezhi.chapters.cases.appraisal.actions.scoring import Difference, give, recompute, recount
from hezhi.chapters.cases.appraisal.actions.tables import load_tables

__all__ = [
    "Difference", "exclude", "finish", "freeze", "give", "load_tables", "make_round", "object_to", "order_units", "publish",
    "recompute", "recount", "report", "review",
]  # fmt: skip
