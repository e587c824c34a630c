"""The face of intake for channels and other rooms (9.1.2-1)."""

from hezhi.chapters.cases.intake.actions import Receipt, code_digest, code_for, take_in, take_in_once
from hezhi.chapters.cases.intake.queries import kinds, suggest
from hezhi.chapters.cases.intake.rest import message_of, near_rows, photo_of, read_json
from hezhi.chapters.cases.intake.rules import APPEALS, SOURCES, URGENCIES, Message

__all__ = [
    "APPEALS",
    "SOURCES",
    "URGENCIES",
    "Message",
    "Receipt",
    "code_digest",
    "code_for",
    "kinds",
    "message_of",
    "near_rows",
    "photo_of",
    "read_json",
    "suggest",
    "take_in",
    "take_in_once",
]
