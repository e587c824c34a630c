"""What the registry engine leaves to the worker (后台任务): exports, large imports, and tidying up."""

from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from hezhi.engines.registry import exports, imports


@app.task(name="registry.make_export", queue="files", retry=RetryStrategy(max_attempts=3, exponential_wait=10))
def make_export(run_id: str) -> None:
    """Make an export's file; does nothing when it is made already."""
    exports.make(UUID(run_id))


@app.task(name="registry.check_import", queue="files", retry=RetryStrategy(max_attempts=3, exponential_wait=10))
def check_import(run_id: str) -> None:
    """Check a large file row by row, writing nothing."""
    imports.check(UUID(run_id))


@app.task(name="registry.write_import", queue="files", retry=RetryStrategy(max_attempts=3, exponential_wait=10))
def write_import(run_id: str) -> None:
    """Write a confirmed batch, all or nothing."""
    imports.write(UUID(run_id))


def tidy() -> int:
    """Destroy export files and import files whose day is over; gives how many."""
    return exports.expire() + imports.expire()
