"""What is done in the care room (帮扶动作): each verb is one transaction with its trace."""

from hezhi.chapters.grassroots.care.actions.emergencies import (
    close_emergency,
    end_emergency,
    open_emergency,
    read_emergency,
)
from hezhi.chapters.grassroots.care.actions.files import (
    accept_file,
    add_tie,
    agree_visit,
    answer_referral,
    ask_together,
    close_file,
    finish_referral,
    give_service,
    join_together,
    make_visit,
    meet_need,
    open_file,
    plan_step,
    reassign,
    refer,
    review_file,
    step_done,
    tell_need,
    withdraw_consent,
    write_read,
)
from hezhi.chapters.grassroots.care.actions.glass import break_glass, review_glass
from hezhi.chapters.grassroots.care.actions.importing import import_files
from hezhi.chapters.grassroots.care.actions.petitions import (
    add_party,
    advance_matter,
    assign_matter,
    extend_matter,
    reply_matter,
)
from hezhi.chapters.grassroots.care.actions.programmes import assess, enable, load_programmes, note_order, turn_off
from hezhi.chapters.grassroots.care.actions.rights import answer_request, take_request

__all__ = [
    "accept_file", "add_party", "add_tie", "advance_matter", "agree_visit", "answer_referral", "answer_request", "ask_together",
    "assess", "assign_matter", "break_glass", "close_emergency", "close_file", "enable", "end_emergency", "extend_matter", "finish_referral", "give_service", "import_files",
    "join_together", "load_programmes", "make_visit", "meet_need", "open_emergency", "open_file", "plan_step", "read_emergency",
    "reassign", "refer", "reply_matter", "review_file", "review_glass", "step_done", "note_order", "take_request", "tell_need",
    "turn_off", "withdraw_consent", "write_read",
]  # fmt: skip
