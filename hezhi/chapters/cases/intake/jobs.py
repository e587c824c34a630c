"""What intake leaves to the worker (后台任务): checking and writing large files, and tidying up."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from hezhi.chapters.cases.intake import batches, feeds, learning


@app.task(name="intake.check_import", queue="files", retry=RetryStrategy(max_attempts=3, exponential_wait=10))
def check_import(batch_id: str) -> None:
    """Check a file row by row, writing no case; nothing to do when it is checked already."""
    batches.check(UUID(batch_id))


@app.task(name="intake.write_import", queue="files", retry=RetryStrategy(max_attempts=3, exponential_wait=10))
def write_import(batch_id: str) -> None:
    """Write a confirmed file, going on behind the last row that has committed."""
    batches.write(UUID(batch_id))


def tidy() -> int:
    """Destroy uploaded files and refused rows whose time is over; gives how many batches."""
    return batches.tidy()


def learn_nightly() -> int:
    """Learn from the officers' choices of category, once a night (夜间更正学习)."""
    return learning.nightly()


def read_feeds() -> int:
    """Read the feeds of web media whose time has come (网媒读取); gives how many new cases."""
    return feeds.read_due()
