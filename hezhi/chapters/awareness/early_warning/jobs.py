"""What early warning does by the clock (入流、态势计算、升级、夜间比对)."""

from hezhi.chapters.awareness.early_warning import actions
from hezhi.engines.org.api import system
from hezhi.ground import time


def feed() -> int:
    """Take in what came since the last round; gives how many cases were read."""
    return actions.feed(system("事件发现"))


def watch() -> int:
    """Which events may be one, how they stand and what is warned of; gives how many warnings were raised."""
    actions.propose_near(system("事件发现"))
    return actions.measure(system("事件预警"))


def climb() -> int:
    """What nobody acknowledged in time climbs; gives how many."""
    return actions.escalate_due(system("事件预警"))


def nightly() -> int:
    """Between two and five in the morning: compare the stream with the cases, once a night."""
    return actions.compare(system("事件发现")) if 2 <= time.local(time.now()).hour < 5 else 0
