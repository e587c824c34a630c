"""What the registry engine leaves to the worker (后台任务): exports, large imports, and tidying up."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from hezhi.engines.org.actor import Actor, system
from hezhi.engines.records.erasure import erase
from hezhi.engines.registry import exports, imports, site
from hezhi.engines.registry.declaration import Registry
from hezhi.ground import time
from hezhi.ground.errors import Refusal
from hezhi.ground.events import announce

log = logging.getLogger(__name__)


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


@app.task(name="registry.undo_import", queue="files", retry=RetryStrategy(max_attempts=3, exponential_wait=10))
def undo_import(run_id: str) -> None:
    """Take a large batch back; does nothing when it is taken back already."""
    imports.take_back_run(UUID(run_id))


def purge(most: int = 200) -> int:
    """Erase removed rows whose term is over (到期清除), their history and all that hangs on them; gives how many.

    A row that another row still needs stays, and is tried again the next night.
    """
    by, count = system("到期清除"), 0
    for registry in site.registries():
        if registry.purge_days is None:
            continue
        edge = time.now() - timedelta(days=registry.purge_days)
        for row in registry.removed(registry.all_rows()).filter(removed_at__lt=edge).order_by("removed_at")[:most]:
            try:
                with transaction.atomic():
                    count += _purge(registry, row, by)
            except (ProtectedError, RestrictedError, IntegrityError, Refusal):
                log.warning("purge: %s %s is still needed by another row", registry.slug, row.pk)
    return count


def _purge(registry: Registry, row: Any, by: Actor) -> int:
    announce("registry.purging", registry=registry, row=row)  # a room that still needs the row refuses
    reason = f"删除满 {registry.purge_days} 天，按规定清除"
    for part in registry.parts:
        part.purge(registry, row, by, reason)
    erase(row, by=by, reason=reason)
    return 1


def tidy() -> int:
    """Destroy export files and import files whose day is over; gives how many."""
    return exports.expire() + imports.expire()
