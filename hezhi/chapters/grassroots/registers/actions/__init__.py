"""The verbs of the base registers (基础台账的动作)."""

from hezhi.chapters.grassroots.registers.actions.flats import generate_homes
from hezhi.chapters.grassroots.registers.actions.holding import (
    end_holding,
    let_home,
    set_owner,
)
from hezhi.chapters.grassroots.registers.actions.living import move_in, move_out, name_head
from hezhi.chapters.grassroots.registers.actions.numbering import next_numbers
from hezhi.chapters.grassroots.registers.actions.reporting import decide_report, report_change

__all__ = [
    "decide_report",
    "end_holding",
    "generate_homes",
    "let_home",
    "move_in",
    "move_out",
    "name_head",
    "next_numbers",
    "report_change",
    "set_owner",
]
