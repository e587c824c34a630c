"""Read a row, check it, collect a thousand, `bulk_create`: what most programs do (openpyxl read-only for a workbook)."""

from pathlib import Path

from bench.peers.rows.common import BATCH, Bad, Register, read
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting


def load(path: Path, by: Actor) -> dict[str, int]:
    """Import a file; gives the counts."""
    counts = {"rows": 0, "new": 0, "changed": 0, "refused": 0}
    with acting(by, verb="bench.import"):
        register, waiting = Register(by), []
        for row in read(path):
            counts["rows"] += 1
            try:
                waiting.append(register.stamp(Resident(**register.values(row))))
            except Bad:
                counts["refused"] += 1
            if len(waiting) == BATCH:
                counts["new"] += _write(register, waiting)
                waiting = []
        counts["new"] += _write(register, waiting)
        register.recount()
    return counts


def _write(register: Register, rows: list[Resident]) -> int:
    Resident.objects.bulk_create(rows)
    register.settle(rows)
    return len(rows)
