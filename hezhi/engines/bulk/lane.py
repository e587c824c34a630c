"""The lane for large files (大批量通道), as the import wizard and the command know it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection

from hezhi.engines.bulk import checking, pieces, progress, writing
from hezhi.engines.bulk.declaration import Bulk, carrier_of
from hezhi.engines.bulk.models import BulkRun
from hezhi.engines.org.actor import Actor
from hezhi.engines.records import files
from hezhi.engines.records.acting import acting
from hezhi.engines.records.vault import ring
from hezhi.engines.registry import imports, site
from hezhi.engines.registry.models import ImportRun
from hezhi.engines.registry.scope import person
from hezhi.ground import tables, time
from hezhi.ground.errors import NotFound
from hezhi.ground.uploads import SHEETS, inspect_upload

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

MOST_BYTES = 400 << 20
BYTES_OF_A_ROW = 60
"""Of a workbook, roughly; only used where it does not tell its size itself."""
_SIZE = re.compile(rb'<dimension ref="[A-Z]+[0-9]+:[A-Z]+([0-9]+)"')


class BulkLane:
    """Large files of the registries that have declared how (see `declaration.Bulk`)."""

    name = "bulk"

    def takes(self, registry: Registry, upload: UploadedFile) -> bool:
        """Whether there is a declaration, and more rows than the row path is meant for.

        While the key of the prints is being changed there are two prints of a number: then the row path compares both.
        """
        if carrier_of(registry.slug) is None or len(ring().newest_first("blind")) > 1:
            return False
        return rows_in(cast(BinaryIO, upload)) > settings.HEZHI_BULK_FROM_ROWS

    def receive(self, registry: Registry, upload: UploadedFile, *, by: Actor) -> ImportRun:
        """Look the file through, keep it sealed in pieces, and leave the check to a job."""
        file = cast(BinaryIO, upload)
        checked = inspect_upload(file, SHEETS, name=upload.name or "", field="file", most=MOST_BYTES)
        run = ImportRun(
            registry=registry.slug, user_id=person(by), post_id=by.post_id, unit_id=by.unit_id, lane=self.name,
            name=checked.name[:200], created_at=time.now(),
        )  # fmt: skip
        with acting(by, verb="registry.upload") as deed:
            run.save()
            deed.on(run)
            run.file = pieces.keep(run, pieces.FILE, pieces.cut(file), checked.kind, by)
            run.save(update_fields=["file"])
            BulkRun.objects.create(pk=run.pk, kind=checked.kind, lines=rows_in(file))
            imports.defer("check_import", run)
        return run

    def check(self, registry: Registry, run: ImportRun, by: Actor) -> None:
        """One large file at a time, so that two do not take the memory of four; whoever comes second looks again."""
        with _alone():
            run.refresh_from_db()
            if run.state == ImportRun.State.CHECKING:
                checking.check(_bulk(run), registry, run, by)

    def write(self, registry: Registry, run: ImportRun, by: Actor) -> None:
        writing.write(_bulk(run), registry, run, by)

    def undo(self, registry: Registry, run: ImportRun, by: Actor, reason: str) -> int:
        return writing.undo(_bulk(run), registry, run, by, reason)

    def take_back(self, run_id: UUID) -> None:
        run = ImportRun.objects.get(pk=run_id)
        writing.take_back(_bulk(run), site.get(run.registry), run, imports.importer(run))

    def table(self, run: ImportRun, columns: list[tables.Column]) -> tables.Table:
        kind = BulkRun.objects.values_list("kind", flat=True).filter(pk=run.pk).first() or "csv"
        return checking.table(run, kind, columns, 2**31)

    def refused_sheet(self, run: ImportRun) -> bytes:
        """The sheet that the check has made; it is as old as the check."""
        kept = pieces.pieces_of(run, pieces.REPORT)
        if not kept:
            raise NotFound(what="这个批次没有退回的行，或文件已经销毁。", meaning="上传的文件只保留 24 小时。")
        return b"".join(files.content_of(each) for each in kept)

    def progress(self, run: ImportRun) -> progress.Shown | None:
        return progress.shown(run)

    def forget(self, run: ImportRun) -> None:
        """Erase what was staged; the file itself goes with the batch's attachments."""
        writing.abandoned(_bulk(run), run.pk)


@contextmanager
def _alone() -> Iterator[None]:
    """Held by the connection: a killed process holds nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('hezhi.bulk'))")
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('hezhi.bulk'))")


def rows_in(file: BinaryIO) -> int:
    """How many rows a file has, roughly: lines of a text, what a workbook says of itself."""
    file.seek(0)
    try:
        if file.read(4) == b"PK\x03\x04":
            return _rows_of_workbook(file)
        file.seek(0)
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    finally:
        file.seek(0)


def _rows_of_workbook(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    try:
        with zipfile.ZipFile(file) as folder, folder.open("xl/worksheets/sheet1.xml") as sheet:
            told = _SIZE.search(sheet.read(4096))
    except (zipfile.BadZipFile, KeyError, OSError, NotImplementedError, RuntimeError):
        return 0
    return int(told[1]) if told else size // BYTES_OF_A_ROW


def _bulk(run: ImportRun) -> Bulk:
    found = carrier_of(run.registry)
    if found is None:
        raise NotFound(what="这个台账不再接收大批量导入。")
    return found
