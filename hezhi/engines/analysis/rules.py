"""What holds of grouping messages into events, values in and values out (归并规则)."""

from __future__ import annotations

__all__ = ["names_anew"]


def names_anew(before: int, now: int) -> bool:
    """Whether an event that grew is named anew: at 2, 3, 5, 8, 13 … members, so that titles stay calm."""
    one, two = 1, 2
    while two <= now:
        if before < two:
            return True
        one, two = two, one + two
    return False
