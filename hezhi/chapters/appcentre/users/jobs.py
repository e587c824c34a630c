"""What the clock does for accounts (账号定时任务)."""

from procrastinate.contrib.django import app

from hezhi.chapters.appcentre.users import actions
from hezhi.engines.org import failures
from hezhi.ground import time


@app.periodic(cron="*/5 * * * *")
@app.task(name="users.move_due_work", queueing_lock="users.move_due_work")
def move_due_work(timestamp: int) -> int:
    """Move the work of leaves that began or ended in the last minutes (到期移交)."""
    return actions.move_due_work()


@app.periodic(cron="10 19 * * *")
@app.task(name="users.close_unused_accounts", queueing_lock="users.close_unused_accounts")
def close_unused_accounts(timestamp: int) -> int:
    """Close accounts unused for 90 days or run out, at 03:10 Shanghai time (8.1.4.2 c), and forget old failures."""
    failures.sweep(time.now())
    return len(actions.disable_unused())
