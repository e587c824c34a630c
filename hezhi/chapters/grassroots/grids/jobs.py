"""What grids do by the clock (定时任务): planned divisions come into force on their day."""

from hezhi.chapters.grassroots.grids.actions import enforce_due


def enforce() -> int:
    """Put divisions in force whose day has come (到期生效)."""
    return enforce_due()
