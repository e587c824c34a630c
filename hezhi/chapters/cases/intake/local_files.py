"""A file on this machine through the door of intake (本机文件导入): for `hezhi import` and `./run --messages`.

The same reader, check and verbs as on the pages; the answers that a page asks for are given as words of the
command. Refused rows come back as a sheet beside the file.
"""

import gzip
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hezhi.chapters.cases.intake import importing
from hezhi.chapters.cases.intake.importing import Counts, Fit, Verdict
from hezhi.chapters.cases.intake.mappings import Choice
from hezhi.engines.org.actor import Actor, system
from hezhi.ground.errors import BadInput
from hezhi.ground.tables import Row, write_refused
from hezhi.ground.uploads import SHEETS, inspect_upload

MOST_UNPACKED = 200 << 20
"""Bytes of a packed CSV file (.csv.gz) when unpacked."""


@dataclass(frozen=True)
class Outcome:
    """How it went (导入结果): the counts, and where the refused rows lie."""

    counts: Counts
    mapping: str
    refused: Path | None = None


def import_file(
    path: Path,
    *,
    by: Actor | None = None,
    mapping: str = "",
    source: str = "",
    crs: str = "",
    without_place: bool = False,
    clock: str = "",
    channel: str = "",
    dry_run: bool = False,
    console: Console | None = None,
) -> Outcome:
    """Import a table (导入), or only check it with `dry_run`; 200 rows in a transaction.

    Without `mapping` the best fitting one is taken; `source` and `clock` fall back to what the mapping says.
    Raises UploadRefused, TableRefused, and BadInput for a question that is left open (the coordinate system).
    """
    with _opened(path) as file:
        kind = inspect_upload(file, SHEETS, name=path.name.removesuffix(".gz")).kind
        fit = _fit(file, kind, mapping)
        choice = Choice(source or fit.mapping.source, crs, without_place, clock or fit.mapping.clock, channel)
        faults = importing.faults_of(choice, fit)
        if faults:
            raise BadInput(faults)
        file.seek(0)
        with importing.open_as(file, kind, fit.mapping) as table:
            total = sum(1 for _ in table)
        file.seek(0)
        with importing.open_as(file, kind, fit.mapping) as table:
            verdicts = _verdicts(table, fit, choice, by or system("诉求导入"), path, dry_run)
            counts, refused = _followed(verdicts, total, console, "诉求预检" if dry_run else "诉求入库")
            sheet = _hand_back(path, table.headings, fit, refused) if refused and not dry_run else None
    return Outcome(counts, fit.mapping.name, sheet)


def _verdicts(
    table: Iterable[Row], fit: Fit, choice: Choice, by: Actor, path: Path, dry_run: bool
) -> Iterator[Verdict]:
    reader = importing.reader_of(fit.mapping, choice)
    if dry_run:
        yield from importing.check_rows(table, reader)
        return
    for chunk in importing.take_file(table, reader, by=by, reason=path.name[:100]):
        yield from chunk


def _followed(
    verdicts: Iterator[Verdict], total: int, console: Console | None, title: str
) -> tuple[Counts, list[Verdict]]:
    """Count the verdicts while they come, with a bar and an estimate on the screen."""
    counts, refused = Counts(), []
    with Progress(
        TextColumn(title), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeRemainingColumn(),
        console=console, disable=console is None,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=total)
        for verdict in verdicts:
            counts.add(verdict)
            if verdict.outcome == "refused":
                refused.append(verdict)
            progress.advance(task)
    return counts, refused


def _fit(file: BinaryIO, kind: str, code: str) -> Fit:
    fits = importing.fitting(file, kind)
    if not code:
        return fits[0]
    found = next((fit for fit in fits if fit.mapping.code == code), None)
    if found is None:
        raise BadInput({"mapping": [f"对照表 {code} 与表头对不上，可用：{'、'.join(f.mapping.code for f in fits)}。"]})
    return found


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, unpacked when it ends in .gz, as far as it may be large."""
    if path.suffix != ".gz":
        with path.open("rb") as file:
            yield file
        return
    with gzip.open(path) as packed:
        content = packed.read(MOST_UNPACKED + 1)
    if len(content) > MOST_UNPACKED:
        raise BadInput({"file": ["压缩文件展开后超过 200 MB，请分成几个文件。"]})
    yield io.BytesIO(content)


def _hand_back(path: Path, headings: list[str], fit: Fit, refused: list[Verdict]) -> Path:
    sheet = path.with_name(f"{path.name.partition('.')[0]}-退回的行.xlsx")
    try:
        file = sheet.open("wb")
    except OSError:
        sheet = Path.cwd() / sheet.name
        file = sheet.open("wb")
    with file:
        rows = ((v.row, {name: "".join(told) for name, told in v.reasons.items()}) for v in refused)
        write_refused(file, headings, fit.mapping.columns, rows)
    return sheet


def stream_file(path: Path, console: Console) -> tuple[int, int]:
    """Stream a file of real messages through intake (`./run --messages`); gives how many were new, how many refused.

    The messages count as received now: years-old ones would all be overdue at once. Coordinates of a foreign
    system are left out, the words of the place stay.
    """
    found = import_file(path, without_place=True, clock="now", console=console)
    counts = found.counts
    console.print(f"对照表：{found.mapping}。入库 {counts.new} 条，退回 {counts.refused} 条，已有 {counts.known} 条。")
    if found.refused:
        console.print(f"退回的行及原因见 {found.refused}")
    return counts.new, counts.refused
