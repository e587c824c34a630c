"""What a verb writes at its end, in one statement (合并写入).

A verb usually moves one row and then only adds: a step to the timeline, a to-do, a message, the audit row.
Nobody reads these before the verb is over, so they wait in the deed and go to the database together, as
parts of one statement. That saves a round trip for each, and history triggers see them like any other write.

Only for rows that the same verb does not read again. Outside of a verb they are written at once.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db import connection, models
from django.db.models.sql import InsertQuery

from hezhi.ground.prepared import prepared

Statement = tuple[str, Sequence[Any]]


def later(*rows: models.Model) -> None:
    """Insert these rows of one model when the verb under way ends, or now when there is none."""
    deed = getattr(connection, "hezhi_deed", None)
    if deed is not None:
        deed.pending.extend(rows)
    elif rows:
        type(rows[0])._default_manager.bulk_create(rows, batch_size=500)


def run_later(text: str, values: Sequence[Any]) -> None:
    """Run this UPDATE when the verb under way ends, or now when there is none. It sees nothing the verb adds."""
    deed = getattr(connection, "hezhi_deed", None)
    if deed is None:
        with connection.cursor() as cursor:
            cursor.execute(text, values)
    else:
        deed.pending.append((text, values))


def gathered(kind: type[models.Model]) -> list[Any]:
    """Rows of a model that the verb under way has promised and not written yet."""
    deed = getattr(connection, "hezhi_deed", None)
    return [] if deed is None else [row for row in deed.pending if isinstance(row, kind)]


def write_all(waiting: Sequence[models.Model | Statement]) -> None:
    """Write rows and statements together, as one statement."""
    parts = [part for kind, run in groupby(waiting, key=_kind) for part in _parts(kind, list(run))]
    if not parts:
        return
    text, values = parts[-1]
    if len(parts) > 1:
        # Only the last part may answer nothing by itself; the others are named and never asked.
        named = ", ".join(f"part_{n} AS ({part})" for n, (part, _) in enumerate(parts[:-1]))
        text, values = f"WITH {named} {text}", [value for _, each in parts for value in each]
    if len(parts) == 1:  # the audit row alone: always the same text, worth preparing
        with prepared(text, values):
            return
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def _kind(waiting: models.Model | Statement) -> Any:
    return type(waiting) if isinstance(waiting, models.Model) else None


def _parts(kind: Any, run: list[Any]) -> list[Statement]:
    return run if kind is None else _inserts(kind, run)


def _inserts(model: type[models.Model], rows: list[models.Model]) -> list[Statement]:
    """The INSERT that Django itself would send for these rows; keys the database gives are left to it."""
    fields = [f for f in model._meta.concrete_fields if not f.generated and not isinstance(f, models.AutoField)]
    query = InsertQuery(model)
    query.insert_values(fields, rows)
    return query.get_compiler(connection=connection).as_sql()
