"""Verbs of retention (保存期限, 12.3-1, P12): names go first, whole cases later, each by a term that a person has settled."""

from hezhi.chapters.cases.retention.actions.erasing import (
    APPROVE,
    ask_erasing,
    erase_approved,
    erase_case,
    register_kind,
    try_erasing,
)
from hezhi.chapters.cases.retention.actions.naming import MANAGE, cleaned, make_nameless, run, settle_term, try_out

__all__ = [
    "APPROVE", "MANAGE", "ask_erasing", "cleaned", "erase_approved", "erase_case", "make_nameless", "register_kind",
    "run", "settle_term", "try_erasing", "try_out",
]  # fmt: skip
