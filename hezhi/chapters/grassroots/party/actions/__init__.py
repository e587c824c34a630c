"""The verbs of the Party room (党建的动作)."""

from hezhi.chapters.grassroots.party.actions.members import (
    agree_to_map,
    ask_transfer,
    leave_map,
    receive_member,
    refuse_transfer,
    write_service,
)
from hezhi.chapters.grassroots.party.actions.organisations import appoint, ask_dissolve, relieve
from hezhi.chapters.grassroots.party.actions.review import submit

__all__ = [
    "agree_to_map",
    "appoint",
    "ask_dissolve",
    "ask_transfer",
    "leave_map",
    "receive_member",
    "refuse_transfer",
    "relieve",
    "submit",
    "write_service",
]
