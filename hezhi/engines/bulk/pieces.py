"""The file of a large import (大文件): kept sealed in pieces, read like one file, never whole in memory.

Each piece is an attachment of the batch with a key of its own, so what destroys a batch's files destroys these. A
workbook is unfolded once, by a process apart, into pieces of rows; from then on it is read like a text table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterable, Iterator
from typing import Any, BinaryIO
from uuid import UUID

from hezhi.engines.org.actor import Actor
from hezhi.engines.records import files
from hezhi.engines.records.models import Attachment
from hezhi.engines.registry.models import ImportRun
from hezhi.ground.tables.reading import Raw, open_rows
from hezhi.ground.uploads import Checked, text_encoding

PIECE = 8 << 20
FILE, ROWS, REPORT = "file", "rows", "report"
"""What a piece belongs to: the file as it came, its rows unfolded, or the sheet of refused rows."""


def keep(run: ImportRun, part: str, pieces: Iterable[bytes], kind: str, by: Actor) -> str:
    """Keep bytes as sealed pieces of a batch, inside the verb under way; gives the id of the first."""
    first = ""
    for number, content in enumerate(pieces):
        checked = Checked(kind, "application/octet-stream", len(content), run.name)
        made = files.keep_files(by, run, [files.LookedThrough(checked, content, b"")], stage=_stage(part, number))
        first = first or str(made[0].pk)
    return first


def cut(file: BinaryIO) -> Iterator[bytes]:
    """A file in pieces, from its beginning."""
    file.seek(0)
    while content := file.read(PIECE):
        yield content


def pieces_of(run: ImportRun, part: str) -> list[Attachment]:
    """The pieces of one part, in their order."""
    kept = Attachment.objects.filter(object_id=run.pk, stage__startswith=f"{part} ", removed_at__isnull=True)
    return list(kept.order_by("stage"))


class Joined(io.RawIOBase):
    """Sealed pieces as one file to read (分段文件); holds one opened piece at a time."""

    def __init__(self, pieces: list[Attachment]) -> None:
        self.pieces = pieces
        self.size = sum(piece.size for piece in pieces)
        self.at, self._open, self._content = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the whole."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        self.at = max(0, start + offset)
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what comes next."""
        before = 0
        for number, piece in enumerate(self.pieces):
            if self.at < before + piece.size:
                content = self._piece(number)[self.at - before : self.at - before + len(buffer)]
                buffer[: len(content)] = content
                self.at += len(content)
                return len(content)
            before += piece.size
        return 0

    def _piece(self, number: int) -> bytes:
        if self._open != number:
            self._open, self._content = number, files.content_of(self.pieces[number])
        return self._content


def opened(run: ImportRun, part: str) -> BinaryIO:
    """One part of a batch's files, to read."""
    return io.BufferedReader(Joined(pieces_of(run, part)), 1 << 20)  # type: ignore[arg-type, return-value]


# -- rows ------------------------------------------------------------------------------------------


def raw_rows(run: ImportRun, kind: str) -> Generator[Raw]:
    """The rows of the file with their numbers, as `ground.tables` reads them."""
    if kind == "csv":
        yield from open_rows(opened(run, FILE), "csv", encoding=_encoding(run))
        return
    text = io.TextIOWrapper(opened(run, ROWS), "utf-8", newline="")
    for number, lossy, *cells in csv.reader(text):
        yield int(number), cells, [int(place) for place in lossy.split()]


def _encoding(run: ImportRun) -> str:
    """The encoding of a batch's file, which is gone through several times and found out once."""
    if run.pk not in _encodings:
        while len(_encodings) >= 8:
            _encodings.pop(next(iter(_encodings)))
        _encodings[run.pk] = text_encoding(opened(run, FILE))
    return _encodings[run.pk]


_encodings: dict[UUID, str] = {}


def unfolded(rows: Iterable[Raw]) -> Iterator[bytes]:
    """Rows of a workbook as pieces of text: number, places of lost digits, cells."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for number, cells, lossy in rows:
        writer.writerow([number, " ".join(map(str, lossy)), *cells])
        if out.tell() > PIECE // 2:  # signs, of which many take three bytes
            yield _taken(out)
    if out.tell():
        yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()


def _stage(part: str, number: int) -> str:
    return f"{part} {number:05d}"
