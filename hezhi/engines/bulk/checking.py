"""Looking a large file through (大文件预检): cleaned by columns, sealed by two processes, staged piece by piece.

Nothing is written into the register. Each piece is staged in a transaction of its own, so a job that was killed goes
on behind the last whole piece. Rows that cannot be decided here are tried by the row path, and taken back.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from hezhi.engines.bulk import pieces, staging
from hezhi.engines.bulk.columns import PLACE, Columns, Faults
from hezhi.engines.bulk.declaration import Bulk, Values
from hezhi.engines.bulk.models import BulkChunk, BulkRun, Staged
from hezhi.engines.bulk.progress import Telling
from hezhi.engines.bulk.sealing import Pending, Sealers
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import holds
from hezhi.engines.records.acting import acting
from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.engines.registry import imports
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.models import ImportRun
from hezhi.ground import tables
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.ids import new_ids
from hezhi.ground.text import tidy

COMPARED = 1_000_000
"""The number of the piece that holds what comparing found."""
MADE_BEFORE_SWEEPING = 200_000
"""Objects, about those of half a piece."""
UNFOLD_MB, UNFOLD_SECONDS = 3_000, 600
MOST_RETURNED = 200_000
"""Rows in the sheet of refused rows."""
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!")

Told = dict[int, dict[str, list[str]]]
"""Row number → column → sentences."""


@dataclass
class Piece:
    """Rows on their way into the staging table (一段行)."""

    number: int
    lines: list[int]
    ids: list[str]
    values: Values
    faults: Faults
    keys: list[str]
    fates: list[str]
    pending: Pending | None = None
    sealed: dict[str, list[int]] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)


def check(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor) -> None:
    """The dry run (预检) of a large file; afterwards the run tells what would happen, and its refused rows are a sheet."""
    told = BulkRun.objects.get(pk=run.pk)
    with Telling(run.pk) as telling, _seldom_swept():
        _unfold(run, told, by, telling)
        rows = _stage(bulk, registry, run, told, by, telling)
        if not rows:
            raise BadInput(what="表格里只有表头，没有数据。", remedy="请填写后重新上传。")
        telling.step("比对重复", 0)
        counts, faults = _compare(bulk, registry, run, by)
        telling.step("整理退回的行", 0)
        _keep_refused(registry, run, told, by, faults)
    report = [(line, faults[line]) for line in sorted(faults)[: imports.REPORTED]]
    imports.set_state(
        run, by, "registry.check_import", state=ImportRun.State.CHECKED, report=report,
        rows=rows, refused=len(faults), **counts,
    )  # fmt: skip


@contextmanager
def _seldom_swept() -> Iterator[None]:
    """Cells and rows refer to nothing in a circle: looking for circles among them took a third of the time.

    What a process was loaded with was set aside at its start (`wiring`), and nothing here thaws it.
    """
    told = gc.get_threshold()
    gc.set_threshold(MADE_BEFORE_SWEEPING, *told[1:])
    try:
        yield
    finally:
        gc.set_threshold(*told)


def table(run: ImportRun, kind: str, columns: Sequence[tables.Column], most: int) -> tables.Table:
    """The file as a table, whatever it came as."""
    return tables.Table(pieces.raw_rows(run, kind), columns, most)


def _unfold(run: ImportRun, told: BulkRun, by: Actor, telling: Telling) -> None:
    """Unfold a workbook once; what was unfolded is kept sealed like the file itself."""
    if told.kind == "csv" or pieces.pieces_of(run, pieces.ROWS):
        return
    telling.step("展开表格", 0)
    rows = tables.open_rows(pieces.opened(run, pieces.FILE), told.kind, UNFOLD_MB, UNFOLD_SECONDS)
    with acting(by, verb="registry.unfold_upload") as deed:
        pieces.keep(run, pieces.ROWS, pieces.unfolded(rows), "csv", by)
        deed.on(run)


# -- staging ---------------------------------------------------------------------------------------


def _stage(bulk: Bulk, registry: Registry, run: ImportRun, told: BulkRun, by: Actor, telling: Telling) -> int:
    """Stage the pieces that are not there yet; gives the number of rows in the file."""
    there = staging.whole_chunks(bulk, run.pk)
    telling.step("逐列核对", told.lines, sum(chunk.rows for chunk in there.values()))
    rows = 0
    columns_told = imports.sheet_columns(registry, by, for_template=False)
    with table(run, told.kind, columns_told, bulk.most_rows) as sheet, Sealers() as sealers, Beside() as beside:
        imports.refuse_unknown(registry, sheet.unknown)
        stager = Stager(bulk, registry, run.pk, by, sheet)
        before: Piece | None = None
        for number, raw in enumerate(_cut(sheet)):
            rows += len(raw)
            if rows > bulk.most_rows:
                raise BadInput(what=f"一次最多导入 {bulk.most_rows:,} 行。", remedy="请分成几个文件，逐个导入。")
            if number in there:
                continue
            piece = stager.look(number, raw)
            piece.pending = sealers.send(stager.to_seal(piece))
            if before is not None:
                beside.do(stager.put, before)
                telling.done(rows - len(raw) - len(before.lines))
            before = piece
        if before is not None:
            beside.do(stager.put, before)
        beside.wait()
        telling.done(rows)
    return rows


def _cut(sheet: tables.Table) -> Iterator[list[tables.Raw]]:
    rows = sheet.raw()
    return iter(lambda: list(islice(rows, settings.HEZHI_BULK_PIECE_ROWS)), [])


class Beside:
    """Puts one piece into the database while the next is looked at (边核对边暂存); use it in a `with`.

    The thread has a connection of its own, so nothing of it may lie in a transaction that is open here; inside one, as
    in a test, each thing is done at once.
    """

    def __init__(self) -> None:
        self.thread = None if connection.in_atomic_block else ThreadPoolExecutor(1)
        self.under_way: Future[None] | None = None

    def do(self, what: Callable[[Piece], None], piece: Piece) -> None:
        """Have it done, once what went before is done; raises what that raised."""
        self.wait()
        if self.thread is None:
            what(piece)
        else:
            self.under_way = self.thread.submit(what, piece)

    def wait(self) -> None:
        """Until nothing is under way."""
        told, self.under_way = self.under_way, None
        if told is not None:
            told.result()

    def __enter__(self) -> Beside:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.thread is not None:
            self.thread.submit(connection.close)
            self.thread.shutdown()


class Stager:
    """Looks pieces of rows through and puts them into the staging table."""

    def __init__(self, bulk: Bulk, registry: Registry, run_id: UUID, by: Actor, sheet: tables.Table) -> None:
        self.bulk, self.registry, self.run_id, self.by, self.sheet = bulk, registry, run_id, by, sheet
        self.columns = Columns(bulk, registry, by, list(sheet.places))
        fields = [each for each in bulk.staged._meta.concrete_fields if each.attname not in _OWN]
        self.sealed_fields = [each for each in fields if isinstance(each, SealedTextField)]
        self.prints = [each for each in fields if isinstance(each, BlindIndexField)]
        self.plain_fields = [each for each in fields if each not in self.sealed_fields and each not in self.prints]
        self.rule_fields = [n for n in self.columns.fields if n in self.columns.own]
        self.places: dict[Any, tuple[Any, ...] | None] = {}

    # -- looking -----------------------------------------------------------------------------------

    def look(self, number: int, raw: list[tables.Raw]) -> Piece:
        """Clean, judge and place the rows of a piece."""
        many = len(raw)
        cells = {
            name: [row[1][place] if place < len(row[1]) else "" for row in raw]
            for name, place in self.sheet.places.items()
        }
        values, faults = self.columns.clean(cells, many)
        unread = self._unread(raw, cells)
        faults |= unread
        piece = Piece(number, [row[0] for row in raw], [], values, faults, [""] * many, [Staged.State.NEW] * many)
        piece.unread = list(unread)
        piece.ids = new_ids(many)
        self._judge(piece)
        self._wait_for_what_lies_beside(piece)
        self._place(piece)
        self._keys(piece, cells)
        for place in faults:
            piece.fates[place] = Staged.State.REFUSED
        return piece

    def _unread(self, raw: list[tables.Raw], cells: dict[str, list[str]]) -> Faults:
        """Cells that hold no value of a person's: lost digits, errors of a formula."""
        doubtful = {place for place, row in enumerate(raw) if row[2]}
        for texts in cells.values():
            if not set(texts).isdisjoint(_ERRORS):
                doubtful |= {place for place, text in enumerate(texts) if text in _ERRORS}
        rows = {place: self.sheet.row(*raw[place]).faults for place in doubtful}
        return {place: {name: [said] for name, said in told.items()} for place, told in rows.items() if told}

    def _judge(self, piece: Piece) -> None:
        """Have the room's rules look at every row that is not beyond doubt."""
        for place, plain in enumerate(self.bulk.plain(piece.values)):
            if plain or place in piece.faults:
                continue
            row = self.bulk.model(**{name: piece.values[name][place] for name in self.rule_fields})
            try:
                self.bulk.rules(row, self.by)
            except BadInput as refusal:
                piece.faults[place] = dict(refusal.fields) or {"": [refusal.what]}
            except Refusal as refusal:
                piece.faults[place] = {"": [f"{refusal.what}{refusal.remedy}"]}
            else:
                for name in self.rule_fields:
                    piece.values[name][place] = getattr(row, name)

    def _wait_for_what_lies_beside(self, piece: Piece) -> None:
        """Values that lie with a part are written by the row path."""
        for name in self.columns.there:
            if name not in self.columns.own:
                for place, value in enumerate(piece.values[name]):
                    if value not in (None, "", [], False):
                        piece.fates[place] = Staged.State.WAITING

    def _place(self, piece: Piece) -> None:
        """Where each row lies and whose it is; a row that would leave the importer's scope waits."""
        made: list[tuple[Any, ...]] = []
        nowhere = (None,) * len(PLACE)
        with_ = piece.values.get(self.bulk.lies_with)
        by_names = [piece.values[name] for name in self.bulk.placed_by]
        for place in range(len(piece.lines)):
            above = with_[place] if with_ is not None else None
            if place in piece.faults:
                made.append(nowhere)
            elif above is not None:
                made.append(tuple(getattr(above, name) for name in PLACE))
            else:
                chosen = tuple(column[place] for column in by_names)
                found = self._place_of(chosen)
                made.append(found or nowhere)
                if found is None:
                    piece.fates[place] = Staged.State.WAITING
        for name, column in zip(PLACE, zip(*made, strict=True), strict=True):
            piece.values[name] = list(column)

    def _place_of(self, chosen: tuple[Any, ...]) -> tuple[Any, ...] | None:
        key = tuple(each and each.pk for each in chosen)
        if key not in self.places:
            row = self.bulk.model(**dict(zip(self.bulk.placed_by, chosen, strict=True)))
            self.registry.place(row, self.by)
            found = tuple(getattr(row, name) for name in PLACE)
            self.places[key] = found if holds(self.by.scope, row) else None
        return self.places[key]

    def _keys(self, piece: Piece, cells: dict[str, list[str]]) -> None:
        """What recognises each row; a row known by a number only gets its print from the sealing processes."""
        unread = set(piece.unread)
        told = piece.values[self.bulk.key]
        numbers = cells.get(self.registry.also_known_by[0]) if self.bulk.known_print else None
        piece.sealed["by print"] = []
        if numbers is not None:
            piece.values[f"typed {self.registry.also_known_by[0]}"] = numbers
        for place in range(len(piece.lines)):
            if place in unread or self.bulk.key in piece.faults.get(place, ()):
                continue
            if told[place] not in (None, ""):
                piece.keys[place] = f"{staging.BY_KEY}{told[place]}"
            elif numbers is not None:
                typed = tidy(numbers[place])
                if typed and "*" not in typed:
                    piece.sealed["by print"].append(place)

    # -- sealing and putting -------------------------------------------------------------------------

    def to_seal(self, piece: Piece) -> list[tuple[str, str, list[str], list[str]]]:
        """The texts of the piece that travel to the sealing processes: no row that was refused, no empty one."""
        columns = []
        good = [place for place, fate in enumerate(piece.fates) if fate != Staged.State.REFUSED]
        kinds = {each.source: each.purpose for each in self.prints}
        for each in self.sealed_fields:
            texts = piece.values[each.name]
            places = piece.sealed[each.name] = [place for place in good if texts[place]]
            rows, told = [piece.ids[place] for place in places], [texts[place] for place in places]
            columns.append((each.bound_to, kinds.get(each.name, ""), rows, told))
        refused = [n for n in piece.sealed["by print"] if piece.fates[n] == Staged.State.REFUSED]
        piece.sealed["refused"] = refused
        if self.bulk.known_print:
            name = self.registry.also_known_by[0]
            texts = piece.values.get(f"typed {name}", [])
            columns.append(("", kinds[name], ["" for _ in refused], [texts[n] for n in refused]))
            piece.values.pop(f"typed {name}", None)
        return columns

    def put(self, piece: Piece) -> None:
        """Copy a piece into the staging table as a whole."""
        columns = self._columns(piece)
        kept = [n for n, fate in enumerate(piece.fates) if fate != Staged.State.REFUSED or columns["key"][n]]
        if len(kept) < len(piece.lines):
            columns = {name: [column[n] for n in kept] for name, column in columns.items()}
        faults = {piece.lines[n]: told for n, told in piece.faults.items()}
        with transaction.atomic():
            staging.drop_chunk(self.bulk, self.run_id, piece.number)
            if kept:
                staging.copy_in(self.bulk.staged, columns)
            BulkChunk.objects.create(
                run=self.run_id, number=piece.number, rows=len(piece.lines), staged=len(kept), faults=faults
            )

    def _columns(self, piece: Piece) -> dict[str, Sequence[Any]]:
        many = len(piece.lines)
        assert piece.pending is not None  # noqa: S101
        answers = piece.pending.wait()
        columns: dict[str, Sequence[Any]] = {
            "id": piece.ids, "run": [str(self.run_id)] * many, "chunk": [str(piece.number)] * many,
            "line": [str(line) for line in piece.lines], "fate": piece.fates,
        }  # fmt: skip
        columns |= self._open_columns(piece)
        for each, (sealed, prints) in zip(self.sealed_fields, answers, strict=False):
            places = piece.sealed[each.name]
            columns[str(each.column)] = _spread(many, places, sealed)
            for index in self.prints:
                if index.source == each.name:
                    columns[str(index.column)] = _spread(many, places, prints)
        keys = list(piece.keys)
        if self.bulk.known_print:
            found = columns[self.bulk.known_print]
            for place in piece.sealed["by print"]:
                keys[place] = f"{staging.BY_PRINT}{found[place]}" if found[place] else ""
            for place, told in zip(piece.sealed["refused"], answers[-1][1], strict=True):
                keys[place] = f"{staging.BY_PRINT}{told}"
        columns["key"] = keys
        return columns

    def _open_columns(self, piece: Piece) -> dict[str, Sequence[Any]]:
        """What the register itself keeps open; of a refused row nothing."""
        more = self.bulk.more(piece.values)
        columns: dict[str, Sequence[Any]] = {}
        refused = [place for place, fate in enumerate(piece.fates) if fate == Staged.State.REFUSED]
        for each in self.plain_fields:
            values = piece.values.get(each.attname) or more.get(each.attname) or piece.values.get(each.name)
            if values is None:
                values = [None] * len(piece.lines)  # filled in when it is written
            if each.is_relation and each.attname not in piece.values:
                values = [value and value.pk for value in values]
            empty = None if each.null else [] if hasattr(each, "base_field") else ""
            if refused:
                values = list(values)
                for place in refused:
                    values[place] = empty
            columns[str(each.column)] = values
        return columns


_OWN = ("id", "run", "chunk", "line", "key", "fate")


def _spread(many: int, places: list[int], values: list[str]) -> list[str]:
    """Values of some rows as a column of all rows."""
    if len(places) == many:
        return values
    column = [""] * many
    for place, value in zip(places, values, strict=True):
        column[place] = value
    return column


# -- comparing -------------------------------------------------------------------------------------


def _compare(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor) -> tuple[dict[str, int], Told]:
    """Counts of what would be written, and every refused row with its reasons."""
    faults: Told = {}
    chunks = BulkChunk.objects.filter(run=run.pk).exclude(number=COMPARED)
    for chunk in chunks.values_list("faults", flat=True):
        faults |= {int(line): told for line, told in chunk.items()}
    waiting = set(
        bulk.staged._base_manager.filter(run=run.pk, fate=Staged.State.WAITING).values_list("line", flat=True)
    )
    staging.analyze(bulk.staged)
    with transaction.atomic(), staging.in_sets():
        found = staging.Compared(bulk, run, by)
    waiting |= found.waiting
    waiting -= set(found.said)
    told: Told = {line: {"": [said]} for line, said in found.said.items()}
    counts = {"new": staging.count_new(bulk, run.pk), "changed": 0, "unchanged": 0}
    if waiting:
        batch = tried(bulk, registry, run, by, waiting)
        told |= dict(batch.report)
        for name in counts:
            counts[name] += batch.counts[name]
    BulkChunk.objects.update_or_create(
        run=run.pk, number=COMPARED, defaults={"rows": 0, "staged": 0, "faults": told, "waiting": sorted(waiting)}
    )
    return counts, {line: said for line, said in faults.items() if line not in waiting} | told


def tried(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor, waiting: set[int]) -> imports.Batch:
    """Rows that only the row path can decide: written by it and taken back (逐行预检)."""
    if len(waiting) > registry.import_rows:
        raise BadInput(
            what=f"文件里有 {len(waiting):,} 行是已有的记录，或须逐行核对，一次最多 {registry.import_rows:,} 行。",
            remedy="请把新增的和已有的分成几个文件，逐个导入。",
        )
    with transaction.atomic():
        with acting(by, verb=f"{registry.label}.import"):
            batch = row_by_row(bulk, registry, run, by, waiting)
        transaction.set_rollback(True)
    return batch


def row_by_row(bulk: Bulk, registry: Registry, run: ImportRun, by: Actor, waiting: set[int]) -> imports.Batch:
    """Take some rows of the file the row path, inside the verb under way."""
    batch = imports.Batch(registry, by, imports.lookups_of(registry, by))
    told = BulkRun.objects.get(pk=run.pk)
    columns = imports.sheet_columns(registry, by, for_template=False)
    with table(run, told.kind, columns, bulk.most_rows) as sheet:
        rows = (sheet.row(*raw) for raw in sheet.raw() if raw[0] in waiting)
        for chunk in iter(lambda: list(islice(rows, imports.CHUNK)), []):
            batch.take(chunk)
    return batch


# -- handing back ----------------------------------------------------------------------------------


def _keep_refused(registry: Registry, run: ImportRun, told: BulkRun, by: Actor, faults: Told) -> None:
    """The refused rows as the same sheet, kept sealed with the batch (退回行)."""
    if not faults or pieces.pieces_of(run, pieces.REPORT):
        return
    columns = imports.sheet_columns(registry, by, for_template=False)
    out = io.BytesIO()
    with table(run, told.kind, columns, 2**31) as sheet:
        wanted = (sheet.row(*raw) for raw in sheet.raw() if raw[0] in faults)
        pairs = ((row, imports.by_words(faults[row.number])) for row in islice(wanted, MOST_RETURNED))
        tables.write_refused(out, sheet.headings, columns, pairs)
    with acting(by, verb="registry.keep_refused") as deed:
        pieces.keep(run, pieces.REPORT, pieces.cut(out), "xlsx", by)
        deed.on(run)
