"""What the clock does for accounts (账号巡检): rounds without arguments that tell how much they did."""

from hezhi.chapters.appcentre.users import actions
from hezhi.engines.org import failures
from hezhi.ground import time


def move_due_work() -> int:
    """Move the work of leaves that began or ended, and of posts that ran out (到期移交); every minute."""
    actions.move_due_work()
    return 0


def close_unused_accounts() -> int:
    """Close accounts unused for 90 days or run out (8.1.4.2 c), and forget old failures; every hour."""
    failures.sweep(time.now())
    actions.disable_unused()
    return 0
