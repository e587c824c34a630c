"""The verbs of a case (事件的动作, 9.1.2-2): one verb, one transaction, with right, history, limit and message."""

from hezhi.chapters.cases.handling.actions.accepting import (
    accept,
    answer_directly,
    ask_supplement,
    supplement,
)
from hezhi.chapters.cases.handling.actions.approving import (
    ask_dispute,
    ask_extension,
    ask_hold,
    ask_not_accept,
    ask_return,
    ask_void,
    decide,
    keep_on_hold,
    withdraw_request,
)
from hezhi.chapters.cases.handling.actions.dispatching import (
    add_units,
    dispatch,
    pass_down,
    resume,
    transfer,
    urge,
    urge_by_reporter,
    whistle,
)
from hezhi.chapters.cases.handling.actions.ending import call_back, close, rate, redo
from hezhi.chapters.cases.handling.actions.joining import answer_all, merge, merge_all, split, unmerge
from hezhi.chapters.cases.handling.actions.noting import confer, follow, mark
from hezhi.chapters.cases.handling.actions.reading import comment, open_secret, reveal_personal
from hezhi.chapters.cases.handling.actions.secrecy import claim_secret
from hezhi.chapters.cases.handling.actions.working import arrive, handle, release, reply, review, send_back, sign

__all__ = [
    "accept",
    "add_units",
    "answer_all",
    "answer_directly",
    "arrive",
    "ask_dispute",
    "ask_extension",
    "ask_hold",
    "ask_not_accept",
    "ask_return",
    "ask_supplement",
    "ask_void",
    "call_back",
    "claim_secret",
    "close",
    "comment",
    "confer",
    "decide",
    "dispatch",
    "follow",
    "handle",
    "keep_on_hold",
    "mark",
    "merge",
    "merge_all",
    "open_secret",
    "pass_down",
    "rate",
    "redo",
    "release",
    "reply",
    "resume",
    "reveal_personal",
    "review",
    "send_back",
    "sign",
    "split",
    "supplement",
    "transfer",
    "unmerge",
    "urge",
    "urge_by_reporter",
    "whistle",
    "withdraw_request",
]
