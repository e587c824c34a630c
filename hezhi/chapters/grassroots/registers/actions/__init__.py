"""The verbs of the base registers (基础台账的动作)."""

from hezhi.chapters.grassroots.registers.actions.checking import (
    check_place,
    give_keeper_code,
    must_be_keeper,
    recheck_place,
    self_check,
)
from hezhi.chapters.grassroots.registers.actions.flats import generate_homes
from hezhi.chapters.grassroots.registers.actions.holding import (
    end_holding,
    let_home,
    set_owner,
)
from hezhi.chapters.grassroots.registers.actions.living import move_in, move_out, name_head
from hezhi.chapters.grassroots.registers.actions.numbering import next_numbers
from hezhi.chapters.grassroots.registers.actions.plates import make_plates
from hezhi.chapters.grassroots.registers.actions.reporting import decide_report, report_change
from hezhi.chapters.grassroots.registers.actions.reshaping import combine_homes, split_home
from hezhi.chapters.grassroots.registers.actions.turnout import sign_in_members

__all__ = [
    "check_place",
    "combine_homes",
    "decide_report",
    "end_holding",
    "generate_homes",
    "give_keeper_code",
    "let_home",
    "make_plates",
    "move_in",
    "move_out",
    "must_be_keeper",
    "name_head",
    "next_numbers",
    "recheck_place",
    "report_change",
    "self_check",
    "set_owner",
    "sign_in_members",
    "split_home",
]
