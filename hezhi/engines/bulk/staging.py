"""The staging table (暂存表): filled by COPY, compared in sets with itself and with the register.

Statements name tables and columns of models only; what comes from a file travels as values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, models

from hezhi.engines.bulk.declaration import Bulk
from hezhi.engines.bulk.models import BulkChunk, Staged
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.models import ImportRun
from hezhi.engines.registry.scope import scoped

BY_KEY, BY_PRINT = "n:", "p:"
"""How a row is recognised: by its natural key, or by the print of a number it is known by."""
_TO_ESCAPE = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NOTHING = "\\N"


# -- filling ---------------------------------------------------------------------------------------


def copy_in(staged: type[Staged], columns: dict[str, Sequence[Any]]) -> None:
    """Copy rows into the staging table, given column by column."""
    texts = [_texts(values) for values in columns.values()]
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table_of(staged)} ({names}) FROM STDIN") as copy:
        copy.write("\n".join(map("\t".join, zip(*texts, strict=True))).encode() + b"\n")


def _texts(values: Sequence[Any]) -> list[str]:
    """A column as COPY reads it."""
    if all(type(value) is str for value in values):
        whole = "".join(values)
        if not any(sign in whole for sign in "\\\t\n\r"):
            return list(values)
    known: dict[Any, str] = {}  # most columns of ids, days and codes hold a value many times
    told = []
    for value in values:
        try:
            text = known.get(value)
        except TypeError:  # a list
            text = _text(value)
        if text is None:
            text = known[value] = _text(value)
        told.append(text)
    return told


def _text(value: Any) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        return value.translate(_TO_ESCAPE)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        told = ",".join('"' + str(each).replace("\\", "\\\\").replace('"', '\\"') + '"' for each in value)
        return "{" + told.translate(_TO_ESCAPE) + "}"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)


def analyze(staged: type[Staged]) -> None:
    """Let the database count anew, as the table's owner may (see the migration): its plans are for what is there."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {staged._meta.db_table}_analyze()")


@contextmanager
def in_sets() -> Iterator[None]:
    """Let the database join sets with sets, for the transaction under way.

    It has no figures of rows written a moment ago, takes them for a handful, and would look each one up in all others:
    minutes instead of a second. A history trigger even keeps the plan it made when it first saw a single row of a page,
    for as long as the connection lives; so plans are forgotten first.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


def forget(bulk: Bulk, run_id: UUID) -> None:
    """Erase every row that is kept of a batch on its way, and what was said of them."""
    bulk.staged._base_manager.filter(run=run_id).delete()
    BulkChunk.objects.filter(run=run_id).delete()


def drop_chunk(bulk: Bulk, run_id: UUID, number: int) -> None:
    """Erase a piece that was not staged as a whole."""
    bulk.staged._base_manager.filter(run=run_id, chunk=number).delete()
    BulkChunk.objects.filter(run=run_id, number=number).delete()


def whole_chunks(bulk: Bulk, run_id: UUID) -> dict[int, BulkChunk]:
    """The pieces that stand in the staging table with all their rows; a crash of the server empties the table."""
    told = f"SELECT chunk, count(*) FROM {table_of(bulk.staged)} WHERE run = %s GROUP BY chunk"
    there = dict(_rows(told, [run_id]))
    kept = BulkChunk.objects.filter(run=run_id)
    return {chunk.number: chunk for chunk in kept if chunk.staged == there.get(chunk.number, 0)}


# -- comparing -------------------------------------------------------------------------------------


class Compared:
    """What the rows of a file are to each other and to the register (比对结果)."""

    def __init__(self, bulk: Bulk, run: ImportRun, by: Actor) -> None:
        self.bulk, self.run, self.by = bulk, run, by
        self.staged, self.register = table_of(bulk.staged), table_of(bulk.model)
        self.said: dict[int, str] = self._same_rows()
        self.waiting: set[int] = (self._known() | self._one_number_two_keys()) - set(self.said)
        set_fate(bulk, run.pk, self.said, Staged.State.REFUSED)
        set_fate(bulk, run.pk, self.waiting, Staged.State.WAITING)
        for group in bulk.likeness:
            self._alike(group)

    def _same_rows(self) -> dict[int, str]:
        """Rows that the file holds already, further up."""
        found = _rows(
            f"SELECT line, first FROM (SELECT line, min(line) OVER (PARTITION BY key) AS first FROM {self.staged}"
            " WHERE run = %s AND key <> '') AS told WHERE line > first",
            [self.run.pk],
        )
        return {line: f"与第 {first} 行是同一条记录。" for line, first in found}

    def _known(self) -> set[int]:
        """Rows that the register may hold already, wherever and in whatever state."""
        key = self.bulk.model._meta.get_field(self.bulk.key).column  # type: ignore[union-attr]
        told = (
            f"SELECT line FROM {self.staged} AS s WHERE run = %s AND key LIKE %s AND EXISTS"
            f' (SELECT FROM {self.register} AS r WHERE r."{key}" = substr(s.key, 3))'
        )
        found = _lines(told, [self.run.pk, f"{BY_KEY}%"])
        if self.bulk.known_print:
            index = self.bulk.known_print
            found |= _lines(
                f"SELECT line FROM {self.staged} AS s WHERE run = %s AND EXISTS (SELECT FROM {self.register} AS r"
                f' WHERE r."{index}" = coalesce(nullif(s."{index}", \'\'), substr(s.key, 3)) AND r."{index}" <> \'\''
                " AND (s.key LIKE %s OR s.fate <> %s))",
                [self.run.pk, f"{BY_PRINT}%", Staged.State.REFUSED],
            )
        return found

    def _one_number_two_keys(self) -> set[int]:
        """Rows that share a number and not a key: whose they are, the row path decides one by one."""
        if not self.bulk.known_print:
            return set()
        index = self.bulk.known_print
        return _lines(
            f'SELECT line FROM {self.staged} WHERE run = %s AND fate <> %s AND "{index}" IN (SELECT "{index}"'
            f" FROM {self.staged} WHERE run = %s AND fate <> %s AND \"{index}\" <> '' GROUP BY 1"
            " HAVING count(DISTINCT key) > 1)",
            [self.run.pk, Staged.State.REFUSED] * 2,
        )

    def _alike(self, group: Sequence[str]) -> None:
        """New rows that agree with one another, or with a row of the reader's, in the fields of a group."""
        from hezhi.engines.dossier.duplicates import SHOWN, told

        beside = self._many_in_the_register(group)
        one, two = group
        found = _rows(
            f'SELECT line, "{one}", "{two}", fate, row_number() OVER w AS place,'
            " count(*) FILTER (WHERE fate = %s) OVER (PARTITION BY told.one, told.two) AS waiting"
            f' FROM (SELECT *, "{one}" AS one, "{two}" AS two, count(*) OVER (PARTITION BY "{one}", "{two}") AS many'
            f' FROM {self.staged} WHERE run = %s AND fate <> %s AND "{one}" <> \'\' AND "{two}" IS NOT NULL) AS told'
            f" WHERE many > 1 OR line = ANY(%s) WINDOW w AS (PARTITION BY told.one, told.two ORDER BY line)",
            [Staged.State.WAITING, self.run.pk, Staged.State.REFUSED, list(beside)],
        )
        wait, said = set(), {}
        for line, first, second, fate, place, waiting in found:
            if fate == Staged.State.WAITING:
                continue
            many = beside.get(line, 0)
            if waiting:
                wait.add(line)
            elif many or place > 1:
                row = self.bulk.model(**{one: first, two: second})
                said[line] = told([self._name(row)] * min(many or 1, SHOWN))
        self.said |= said
        self.waiting |= wait
        set_fate(self.bulk, self.run.pk, said, Staged.State.REFUSED)
        set_fate(self.bulk, self.run.pk, wait, Staged.State.WAITING)

    def _many_in_the_register(self, group: Sequence[str]) -> dict[int, int]:
        """Line → how many of the reader's own rows look the same."""
        registry = self.bulk.registry()
        rows, (one, two) = registry.present(scoped(registry.all_rows(), self.by)), group
        told, given = rows.order_by().values(one, two).annotate(many=models.Count("pk")).query.sql_with_params()
        return dict(
            _rows(
                f'SELECT s.line, r.many FROM {self.staged} AS s JOIN ({told}) AS r ON r."{one}" = s."{one}"'
                f' AND r."{two}" = s."{two}" WHERE s.run = %s AND s.fate = %s',
                [*given, self.run.pk, Staged.State.NEW],
            )
        )

    def _name(self, row: Any) -> str:
        return self.bulk.registry().row_name(row)


def conflicts(bulk: Bulk, run: ImportRun, by: Actor) -> bool:
    """Whether rows that were new when they were looked at are new no longer."""
    staged, register = table_of(bulk.staged), table_of(bulk.model)
    for column in filter(None, (bulk.key, bulk.known_print)):
        if _rows(
            f'SELECT 1 FROM {staged} AS s JOIN {register} AS r ON r."{column}" = s."{column}"'
            f" WHERE s.run = %s AND s.fate = %s AND s.\"{column}\" <> '' LIMIT 1",
            [run.pk, Staged.State.NEW],
        ):
            return True
    again = Compared.__new__(Compared)
    again.bulk, again.run, again.by = bulk, run, by
    again.staged, again.register = staged, register
    return any(again._many_in_the_register(group) for group in bulk.likeness)


def set_fate(bulk: Bulk, run_id: UUID, lines: Iterable[int], fate: str) -> None:
    """Say what becomes of some rows."""
    if told := list(lines):
        bulk.staged._base_manager.filter(run=run_id, line__in=told).update(fate=fate)


def count_new(bulk: Bulk, run_id: UUID) -> int:
    """How many rows will be written as they stand."""
    return bulk.staged._base_manager.filter(run=run_id, fate=Staged.State.NEW).count()


def table_of(model: type[models.Model]) -> str:
    """A model's table, quoted."""
    return str(connection.ops.quote_name(model._meta.db_table))


def _rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _lines(statement: str, values: Sequence[Any]) -> set[int]:
    return {line for (line,) in _rows(statement, values)}
