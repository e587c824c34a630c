"""Reading a table row by row (表格读取): xlsx, xls, ods through a process apart, CSV directly."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from itertools import chain, islice
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from hezhi.ground.errors import BadInput
from hezhi.ground.tables.cells import plain_cell
from hezhi.ground.tables.columns import Column, Match, match_headings
from hezhi.ground.text import one_line, tidy
from hezhi.ground.uploads import text_encoding

__all__ = ["Raw", "Row", "Table", "TableRefused", "open_rows", "open_table", "plain_rows"]

MOST_ROWS = 200_000
MOST_SIGNS = 131_072
"""Signs in one cell of a CSV; a quote that never closes is found by it."""
_MEMORY_MB = 1_500
_SECONDS = 120
_HEADING_WITHIN = 10
"""People put a title and a note above the headings; further down we do not look."""

_TEMPLATE = "请下载最新模板，把数据粘贴进去再上传"
_SPLIT = "请分成几个文件，逐个上传"


class TableRefused(BadInput):
    """A file that cannot be read as a table (表格读不出来)."""

    def __init__(self, code: str, reason: str, remedy: str) -> None:
        super().__init__({"file": reason}, "这份表格没有读进来", "没有写入任何数据", remedy, code=f"table_{code}")
        self.reason = reason


@dataclass(slots=True)
class Row:
    """One row as the person sees it (一行)."""

    number: int
    """The number at its left in the spreadsheet, the heading row counted."""
    cells: list[str] = field(repr=False)
    """All cells as they stand, for handing the row back."""
    values: dict[str, str] = field(repr=False)
    """Column's name → text, tidied; a column that is not in the sheet is not here."""
    faults: dict[str, str] = field(default_factory=dict)
    """Column's name → what is wrong with the cell itself, in Chinese."""


Raw = tuple[int, list[str], list[int]]
"""Number, cells, places where a number has lost digits."""


class Table:
    """An open table: its headings, then its rows, once (打开的表格). Close it, or use it in a `with`."""

    def __init__(self, raw: Generator[Raw], columns: Sequence[Column], most_rows: int) -> None:
        self._raw = raw
        self._most_rows = most_rows
        self._waiting: list[Raw] = []
        self.heading_row, self.headings, match = self._find_headings(columns)
        self.places = match.places
        self.unknown = match.unknown
        """Headings we do not know; tell the person that these columns are passed over."""
        self._titles = {column.name: column.title for column in columns}

    def _find_headings(self, columns: Sequence[Column]) -> tuple[int, list[str], Match]:
        """The row among the first ten that most looks like ours; what follows it waits to be read."""
        first = list(islice(self._raw, _HEADING_WITHIN))
        matches = [match_headings(columns, cells) for _, cells, _ in first]
        best = max(range(len(first)), key=lambda place: (len(matches[place].places), -place), default=-1)
        if best < 0:
            raise TableRefused("empty", "表格里没有内容", "请确认数据在第一张工作表里，且文件已保存")
        if not matches[best].places:
            expected = "、".join(column.title for column in columns[:6])
            raise TableRefused("no_headings", f"前 {_HEADING_WITHIN} 行里没有找到表头，应有：{expected} 等", _TEMPLATE)
        _refuse_headings(matches[best])
        self._waiting = first[best + 1 :]
        number, cells, _ = first[best]
        return number, [one_line(cell) for cell in cells], matches[best]

    def __iter__(self) -> Iterator[Row]:
        for count, (number, cells, lossy) in enumerate(chain(self._waiting, self._raw), 1):
            if count > self._most_rows:
                raise TableRefused("too_many_rows", f"数据超过 {self._most_rows} 行", _SPLIT)
            yield self.row(number, cells, lossy)

    def raw(self) -> Iterator[Raw]:
        """The rows below the headings as they stand, for who reads them column by column."""
        yield from chain(self._waiting, self._raw)

    def row(self, number: int, cells: list[str], lossy: list[int]) -> Row:
        """One row by its columns."""
        row = Row(number, cells, {})
        for name, place in self.places.items():
            text = tidy(cells[place]) if place < len(cells) else ""
            row.values[name] = text
            if place in lossy:
                row.faults[name] = (
                    f"{self._titles[name]}是数字格式，超过 15 位的部分已被表格软件改成 0，请把该列设为文本格式后重新填写"
                )
            elif text in _CELL_ERRORS:
                row.faults[name] = f"{self._titles[name]}是公式错误 {text}，请改成具体的值"
        return row

    def close(self) -> None:
        """Let go of the file and of the process that reads it."""
        self._raw.close()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_CELL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})


def _refuse_headings(match: Match) -> None:
    if match.doubled:
        raise TableRefused(
            "doubled_headings", f"表头里重复出现：{'、'.join(match.doubled)}", "每列只保留一个，再重新上传"
        )
    if match.missing:
        titles = "、".join(column.title for column in match.missing)
        raise TableRefused("missing_columns", f"缺少必填的列：{titles}", f"请补上这些列；{_TEMPLATE}")


def open_table(file: BinaryIO, kind: str, columns: Sequence[Column], *, most_rows: int = MOST_ROWS) -> Table:
    """Open a table whose file `uploads.inspect_upload` has let in as this kind (打开表格).

    The first visible sheet with content is read. Raises TableRefused here for what the headings show,
    and while reading for a broken row or too many of them. Empty rows are passed over, numbers kept.
    """
    return Table(open_rows(file, kind), columns, most_rows)


def plain_rows(file: BinaryIO, kind: str, *, most_rows: int = MOST_ROWS) -> Iterator[tuple[int, list[str]]]:
    """All rows with their numbers, headings and all, where no columns are declared (a mapping on screen)."""
    with closing(open_rows(file, kind)) as raw:
        for count, (number, cells, _) in enumerate(raw, 1):
            if count > most_rows:
                raise TableRefused("too_many_rows", f"数据超过 {most_rows} 行", _SPLIT)
            yield number, cells


def open_rows(
    file: BinaryIO, kind: str, memory: int = _MEMORY_MB, seconds: int = _SECONDS, encoding: str = ""
) -> Generator[Raw]:
    """Every row that is not empty, with its number; for a sheet no more memory (MB) and CPU time than told.

    The encoding of a text table is found out by reading it through, unless it is known already.
    """
    if kind == "csv":
        return _csv_rows(file, encoding)
    if kind in ("xlsx", "xls", "ods"):
        return _sheet_rows(file, memory, seconds)
    raise ValueError(f"{kind} is no table")


# -- CSV -------------------------------------------------------------------------------------------


def _csv_rows(file: BinaryIO, encoding: str) -> Generator[Raw]:
    stream = io.TextIOWrapper(cast(Any, getattr(file, "file", file)), encoding or text_encoding(file), newline="")
    number = 0
    try:
        delimiter = _delimiter(stream.read(4096))
        stream.seek(0)
        csv.field_size_limit(MOST_SIGNS)  # a limit of the whole process, so it is said where it is needed
        for number, cells in enumerate(csv.reader(stream, delimiter=delimiter), 1):
            whole = "".join(cells)
            if whole.strip():  # most rows hold no mark at all (see `plain_cell`)
                yield number, [plain_cell(cell) for cell in cells] if "'" in whole else cells, []
    except csv.Error as fault:
        raise TableRefused(
            "broken_row", f"第 {number + 1} 行读不出来，引号可能没有成对", "请更正这一行，或另存为 .xlsx 后再上传"
        ) from fault
    finally:
        stream.detach()  # the file is the caller's; closing the wrapper would close it


def _delimiter(start: str) -> str:
    """Comma, tab or semicolon: what stands most often, outside quotes, in the first line that holds any."""
    for line in re.sub(r'"[^"]*"', "", start).splitlines():
        best = max(",\t;", key=line.count)
        if best in line:
            return best
    return ","


# -- sheets ----------------------------------------------------------------------------------------

_UNFOLD = Path(__file__).with_name("unfold.py")


@cache
def _folder_of_the_reader() -> str:
    """The one folder that the process apart needs: it is started without Python's site."""
    found = find_spec("python_calamine")
    assert found is not None and found.origin is not None  # noqa: S101 - a requirement of the house
    return str(Path(found.origin).parents[1])


_FAULTS = {
    "locked": ("表格设有打开密码", "请取消密码后再上传"),
    "damaged": ("表格打不开，可能没有传完整或已损坏", "请用 WPS 表格或 Excel 打开后另存为 .xlsx，再重新上传"),
    "empty": ("表格里没有内容", "请确认数据在第一张工作表里，且文件已保存"),
    "wide": ("表格的列数太多", "请删去右侧多余的列，另存后再上传"),
    "too_large": (
        "表格展开后过大，读到一半停下了",
        "很远的行或列里可能有零星内容：请删去数据下方和右侧的所有行列，另存后再上传；数据多的请分成几个文件",
    ),
}


def _fault(name: str) -> TableRefused:
    return TableRefused(name, *_FAULTS[name])


def _sheet_rows(file: BinaryIO, memory: int, seconds: int) -> Generator[Raw]:
    with tempfile.TemporaryFile() as copy:
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        words = [str(memory), str(seconds), _folder_of_the_reader()]
        command = [sys.executable, "-I", "-S", str(_UNFOLD), *words]
        run = subprocess.Popen(command, stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={})
        try:
            yield from _told_rows(run)
        finally:
            run.kill()
            run.communicate()


def _told_rows(run: subprocess.Popen[bytes]) -> Generator[Raw]:
    assert run.stdout is not None  # noqa: S101
    head = run.stdout.readline()
    if not head.endswith(b"\n"):
        raise _fault("too_large")
    about = json.loads(head)
    if "fault" in about:
        raise _fault(about["fault"])
    for line in run.stdout:
        if not line.endswith(b"\n"):
            break
        told = json.loads(line)
        if isinstance(told, dict):
            raise _fault(told["fault"])
        yield told[0], told[1], told[2] if len(told) > 2 else []
    if run.wait() != 0:
        raise _fault("too_large")
