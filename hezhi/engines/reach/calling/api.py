"""What the rooms above use of calls (通话的门面)."""

from hezhi.engines.reach.call_rules import (
    ANSWERED,
    BUSY,
    ENDED,
    FAILED,
    MISSED,
    REJECTED,
    RESULTS,
    RINGING,
    TALKING,
    lasted,
)
from hezhi.engines.reach.calling.actions import answer, beat, fail, hang_up, reject, ring, seat
from hezhi.engines.reach.calling.queries import call_for, is_caller, other_side

__all__ = [
    "ANSWERED", "BUSY", "ENDED", "FAILED", "MISSED", "REJECTED", "RESULTS", "RINGING", "TALKING", "answer", "beat", "call_for", "fail",
    "hang_up", "is_caller", "lasted", "other_side", "reject", "ring", "seat",
]  # fmt: skip
