"""Tables in and out (表格读写): a stream of rows with the numbers that the person sees on the screen.

Reading: `open_table(file, kind, columns)` finds the heading row, matches headings to columns and gives
the rows one by one. Sheets are unfolded in a process of their own with a limit of memory, since a sheet
of five kilobytes can ask for five hundred gigabytes. Writing: templates with drop-downs and an
explanation, refused rows with their reasons, plain exports. Files come from `ground.uploads`, looked
through; nothing here trusts them all the same.
"""

from hezhi.ground.tables.cells import plain_cell, safe_cell
from hezhi.ground.tables.columns import Column
from hezhi.ground.tables.reading import Raw, Row, Table, TableRefused, open_rows, open_table, plain_rows
from hezhi.ground.tables.writing import REASON, csv_chunks, write_refused, write_rows, write_template

__all__ = [
    "REASON",
    "Column",
    "Raw",
    "Row",
    "Table",
    "TableRefused",
    "csv_chunks",
    "open_rows",
    "open_table",
    "plain_cell",
    "plain_rows",
    "safe_cell",
    "write_refused",
    "write_rows",
    "write_template",
]
