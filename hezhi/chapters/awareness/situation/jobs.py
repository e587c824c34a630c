"""What the situation room does by the clock (定时生成态势报告)."""

from hezhi.chapters.awareness.situation import actions
from hezhi.engines.org.api import system
from hezhi.ground import time

FROM_HOUR = 7


def reports() -> int:
    """From seven in the morning: make the reports whose day has come."""
    return actions.run_due(system("态势报告")) if time.local(time.now()).hour >= FROM_HOUR else 0
