"""How far a large import is (进度): told by the job, shown on the page, with the time it may still take.

While a batch is written its transaction stays open for minutes, and nobody else would see its words. So progress is
told over a connection of its own; a test, which lives in one transaction, tells it over the only one there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections

from hezhi.engines.bulk.models import BulkRun
from hezhi.engines.registry.models import ImportRun
from hezhi.ground import time

FEW = 3.0
"""Seconds of a step before an estimate is worth telling."""


@dataclass(frozen=True)
class Shown:
    """What the page says."""

    words: str
    percent: int | None
    left: int | None


class Telling:
    """Tells how far a batch is; use it in a `with`."""

    def __init__(self, run_id: UUID) -> None:
        self.run_id = run_id
        self.line: Any = connection if connection.in_atomic_block else connections.create_connection(DEFAULT_DB_ALIAS)

    def step(self, phase: str, total: int, begun_at: int = 0) -> None:
        """A new step begins, of so much, some of which may be done already."""
        self._write(
            "phase = %s, total = %s, done = %s, begun_at = %s, since = %s",
            [phase, total, begun_at, begun_at, time.now()],
        )

    def done(self, many: int) -> None:
        """So much of the step is done."""
        self._write("done = %s", [many])

    def _write(self, what: str, values: list[Any]) -> None:
        with self.line.cursor() as cursor:
            cursor.execute(f"UPDATE {BulkRun._meta.db_table} SET {what} WHERE id = %s", [*values, self.run_id])

    def __enter__(self) -> Telling:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.line is not connection:
            self.line.close()


def shown(run: ImportRun) -> Shown | None:
    """How far a batch is, for the page."""
    told = BulkRun.objects.filter(pk=run.pk).first()
    if told is None:
        return None
    if not told.phase:
        return Shown("排队中", None, None)
    if not told.total:
        return Shown(told.phase, None, None)
    share = min(told.done / told.total, 1.0)
    gone, did = (time.now() - told.since).total_seconds(), told.done - told.begun_at
    left = int(gone / did * max(told.total - told.done, 0)) if did > 0 and gone >= FEW else None
    words = f"{told.phase}，{min(told.done, told.total):,} / {told.total:,} 行"
    return Shown(words, int(share * 100), left)
