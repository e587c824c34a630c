"""The face of intake for channels and other rooms (9.1.2-1)."""

from hezhi.chapters.cases.intake.actions import Receipt, code_digest, code_for, take_in, take_in_once
from hezhi.chapters.cases.intake.queries import kinds, suggest
from hezhi.chapters.cases.intake.rest import (
    attached,
    brought,
    message_of,
    near_rows,
    not_too_much,
    read_json,
    with_microphone,
)
from hezhi.chapters.cases.intake.rules import APPEALS, MEDIA_SAID, SOURCES, URGENCIES, Message

__all__ = [
    "APPEALS",
    "MEDIA_SAID",
    "SOURCES",
    "URGENCIES",
    "Message",
    "Receipt",
    "attached",
    "brought",
    "code_digest",
    "code_for",
    "kinds",
    "message_of",
    "near_rows",
    "not_too_much",
    "read_json",
    "suggest",
    "take_in",
    "take_in_once",
    "with_microphone",
]
