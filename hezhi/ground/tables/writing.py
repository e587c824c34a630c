"""Writing tables (表格写出): templates, refused rows, exports. Row by row, so memory stays small."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from hezhi.ground.tables.cells import safe_cell
from hezhi.ground.tables.columns import REASON, Column, match_headings
from hezhi.ground.tables.reading import Row
from hezhi.ground.text import shorten, strip_controls

__all__ = ["REASON", "csv_chunks", "write_refused", "write_rows", "write_template"]

_MOST_IN_CELL = 32_767
_MOST_IN_LIST = 255
"""Excel's own limit for a drop-down written into the cell; longer lists stand on a hidden sheet."""
_READY_ROWS = 5_000
_EXPLAIN_SHEET, _CHOICES_SHEET = "填写说明", "选项"

# Texts stay texts: never a formula, a link or a number with lost digits.
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "宋体", "font_size": 11},
}


def _book(file: BinaryIO) -> Any:
    import xlsxwriter  # read by the first who writes a table: a start need not

    return xlsxwriter.Workbook(file, _OPTIONS)


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", "", title)[:31].strip() or "数据"


def _cell(value: object) -> str:
    return shorten(strip_controls("" if value is None else str(value)), _MOST_IN_CELL)


# -- templates -------------------------------------------------------------------------------------


def write_template(file: BinaryIO, title: str, columns: Sequence[Column]) -> None:
    """Write an empty sheet to fill in (导入模板): headings, drop-downs, text cells, an explanation sheet.

    Required headings carry a red star. All cells are text cells, so that ID numbers keep their digits.
    """
    with _book(file) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        explain = book.add_worksheet(_EXPLAIN_SHEET)
        choices = book.add_worksheet(_CHOICES_SHEET)
        choices.hide()
        _write_headings(book, sheet, columns)
        _write_choices(choices, sheet, columns)
        _write_explanation(book, explain, columns)


def _write_headings(book: Any, sheet: Any, columns: Sequence[Column]) -> None:
    plain = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1, "align": "center"})
    needed = book.add_format(
        {"bold": True, "bg_color": "#E8EEF7", "border": 1, "align": "center", "font_color": "#C00000"}
    )
    as_text = book.add_format({"num_format": "@"})
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, as_text)
        heading = f"*{column.title}" if column.required else column.title
        sheet.write_string(0, place, heading, needed if column.required else plain)
    sheet.freeze_panes(1, 0)


def _write_choices(hidden: Any, sheet: Any, columns: Sequence[Column]) -> None:
    listed = [(place, column) for place, column in enumerate(columns) if column.choices]
    for number in range(max((len(column.choices) for _, column in listed), default=0)):
        for place, column in listed:
            if number < len(column.choices):
                hidden.write_string(number, place, column.choices[number])
    for place, column in listed:
        sheet.data_validation(1, place, _READY_ROWS, place, _drop_down(place, column))


def _drop_down(place: int, column: Column) -> dict[str, Any]:
    from xlsxwriter.utility import xl_col_to_name

    short = len(",".join(column.choices)) <= _MOST_IN_LIST and not any("," in choice for choice in column.choices)
    letter = xl_col_to_name(place)
    source = list(column.choices) if short else f"='{_CHOICES_SHEET}'!${letter}$1:${letter}${len(column.choices)}"
    return {
        "validate": "list",
        "source": source,
        "error_title": "请从列表中选择",
        "error_message": f"「{shorten(column.title, 20)}」只能从下拉列表中选择",
    }


def _write_explanation(book: Any, sheet: Any, columns: Sequence[Column]) -> None:
    head = book.add_format({"bold": True, "bg_color": "#E8EEF7", "border": 1})
    body = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    for place, (heading, width) in enumerate((("列名", 18), ("是否必填", 10), ("怎样填写", 60), ("示例", 30))):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, head)
    for number, column in enumerate(columns, 1):
        listed = f"可选：{'、'.join(column.choices)}" if column.choices else ""
        told = "。".join(part for part in (column.explain, shorten(listed, 600) if listed else "") if part)
        for place, text in enumerate((column.title, "必填" if column.required else "选填", told, column.example)):
            _write_cell(sheet, number, place, text, body)
    sheet.freeze_panes(1, 0)


# -- refused rows ----------------------------------------------------------------------------------


def write_refused(
    file: BinaryIO,
    headings: Sequence[str],
    columns: Sequence[Column],
    refused: Iterable[tuple[Row, Mapping[str, str]]],
) -> int:
    """Hand refused rows back as the same sheet (退回行): reasons in red in the last column, faulty cells shaded.

    `headings` are the person's own (`Table.headings`); the reasons are by column name, "" for the row as
    a whole. Gives the number of rows. The sheet can be mended and uploaded as it is.
    """
    places = match_headings(columns, headings).places
    kept = [place for place, heading in enumerate(headings) if heading != REASON]
    count = 0
    with _book(file) as book:
        sheet = book.add_worksheet("未导入的行")
        red = book.add_format({"font_color": "#C00000", "bold": True})
        shade = book.add_format({"bg_color": "#FCE4E4", "num_format": "@"})
        as_text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(kept) - 1, 16, as_text)
        sheet.set_column(len(kept), len(kept), 60)
        _write_line(sheet, 0, [headings[place] for place in kept], book.add_format({"bold": True}))
        sheet.write_string(0, len(kept), REASON, red)
        sheet.freeze_panes(1, 0)
        for count, (row, reasons) in enumerate(refused, 1):
            faulty = {places[name] for name in reasons if name in places}
            for column, place in enumerate(kept):
                text = row.cells[place] if place < len(row.cells) else ""
                _write_cell(sheet, count, column, text, shade if place in faulty else as_text)
            sheet.write_string(count, len(kept), _cell(f"第 {row.number} 行：{'；'.join(reasons.values())}"), red)
    return count


def _write_line(sheet: Any, number: int, texts: Sequence[object], form: Any = None) -> None:
    for place, text in enumerate(texts):
        _write_cell(sheet, number, place, text, form)


def _write_cell(sheet: Any, number: int, place: int, value: object, form: Any = None) -> None:
    text = _cell(value)
    if text:
        sheet.write_string(number, place, text, form)
    else:
        sheet.write_blank(number, place, None, form)


# -- exports ---------------------------------------------------------------------------------------


def write_rows(file: BinaryIO, title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write rows as an xlsx sheet, every cell a text (导出表格); gives the number of rows."""
    count = 0
    with _book(file) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        sheet.set_column(0, max(0, len(headings) - 1), 18, book.add_format({"num_format": "@"}))
        _write_line(sheet, 0, headings, book.add_format({"bold": True, "bg_color": "#E8EEF7"}))
        sheet.freeze_panes(1, 0)
        for count, row in enumerate(rows, 1):
            _write_line(sheet, count, row)
    return count


def csv_chunks(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Rows as CSV in UTF-8 with the mark that Excel needs, piece by piece (导出 CSV); formulas disarmed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)  # a tab inside a cell is then no delimiter
    yield b"\xef\xbb\xbf"
    writer.writerow(headings)
    for row in rows:
        writer.writerow([safe_cell(_cell(value)) for value in row])
        if out.tell() > 1 << 16:
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()
