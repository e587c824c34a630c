"""The verbs of the Party room (党建的动作)."""

from hezhi.chapters.grassroots.party.actions.activities import (
    ask_leave,
    cancel_activity,
    record_presence,
    sign_in,
    sign_up,
    write_minutes,
)
from hezhi.chapters.grassroots.party.actions.articles import (
    add_picture,
    count_read,
    describe_picture,
    drop_picture,
    withdraw_article,
)
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
    "add_picture",
    "count_read",
    "describe_picture",
    "drop_picture",
    "withdraw_article",
    "agree_to_map",
    "appoint",
    "ask_dissolve",
    "ask_leave",
    "ask_transfer",
    "cancel_activity",
    "leave_map",
    "receive_member",
    "record_presence",
    "refuse_transfer",
    "relieve",
    "sign_in",
    "sign_up",
    "submit",
    "write_minutes",
    "write_service",
]
