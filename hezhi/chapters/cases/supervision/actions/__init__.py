"""The verbs of supervision (督办的动作, 9.1.2-3): one verb, one transaction, with right, history, limit and message."""

from hezhi.chapters.cases.supervision.actions.answering import (
    accept,
    answer,
    ask_extension,
    ask_resource,
    release,
    send_back,
    sign,
)
from hezhi.chapters.cases.supervision.actions.calling import ring
from hezhi.chapters.cases.supervision.actions.campaigns import (
    add_task,
    close_campaign,
    open_campaign,
    supervise_members,
)
from hezhi.chapters.cases.supervision.actions.climbing import (
    call,
    climb,
    climb_due,
    follow_cases,
    note,
    open_by_rules,
    opinion,
)
from hezhi.chapters.cases.supervision.actions.closing import cancel, close, seal
from hezhi.chapters.cases.supervision.actions.opening import add_units, instruct, supervise
from hezhi.chapters.cases.supervision.actions.tables import load_tables

__all__ = [
    "accept", "add_task", "add_units", "answer", "ask_extension", "ask_resource", "call", "cancel", "climb", "climb_due",
    "close", "close_campaign", "follow_cases", "instruct", "load_tables", "note", "open_by_rules", "open_campaign", "opinion",
    "release", "ring", "seal", "send_back", "sign", "supervise", "supervise_members",
]  # fmt: skip
