"""The verbs of the Party room (党建的动作)."""

from hezhi.chapters.grassroots.party.actions.activities import (
    ask_leave,
    cancel_activity,
    give_own_codes,
    record_presence,
    sign_in,
    sign_in_by_code,
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
from hezhi.chapters.grassroots.party.actions.dues import record_dues
from hezhi.chapters.grassroots.party.actions.lists import (
    claim_project,
    close_need,
    finish_project,
    rate_project,
    stop_project,
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
from hezhi.chapters.grassroots.party.actions.pushes import choose_news, push_article, withdraw_push
from hezhi.chapters.grassroots.party.actions.review import submit
from hezhi.chapters.grassroots.party.actions.videos import add_video, drop_video

__all__ = [
    "add_video",
    "choose_news",
    "drop_video",
    "push_article",
    "withdraw_push",
    "claim_project",
    "close_need",
    "finish_project",
    "rate_project",
    "record_dues",
    "stop_project",
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
    "give_own_codes",
    "sign_in",
    "sign_in_by_code",
    "sign_up",
    "submit",
    "write_minutes",
    "write_service",
]
