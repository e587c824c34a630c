"""The face of intake for channels and other rooms (9.1.2-1)."""

from hezhi.chapters.cases.intake.actions import Receipt, code_digest, code_for, take_in
from hezhi.chapters.cases.intake.rules import APPEALS, SOURCES, URGENCIES, Message
from hezhi.chapters.cases.intake.suggesting import suggest

__all__ = ["APPEALS", "SOURCES", "URGENCIES", "Message", "Receipt", "code_digest", "code_for", "suggest", "take_in"]
