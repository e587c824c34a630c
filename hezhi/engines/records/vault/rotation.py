"""After a rotation (轮换之后): sealing old rows anew, and making their prints anew. For jobs.

Each batch is a transaction of its own and finds by itself what is left, so a job that was killed goes
on where it stopped, and a second one does no harm. The rows' meaning does not change: no history is
written and no news is told (triggers are passed over); the caller writes one line into the audit.
History tables are sealed anew too, for which the job runs as the owner's role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pgtrigger
from django.apps import apps
from django.db import connection, models, transaction

from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.engines.records.vault.keys import ring
from hezhi.engines.records.vault.sealing import blind, resealed, unseal

__all__ = ["reencrypt", "reencrypt_all", "reindex", "sealed_columns", "versions_in_use"]

Row = tuple[Any, ...]


def reencrypt(model: type[models.Model], field: str, batch: int = 500) -> int:
    """Seal every value of a field under the current key; gives how many were sealed anew (重新加密).

    Raises SealBroken at a value that does not open; what came before it is kept.
    """
    column = _sealed(model, field)
    table, name, pk, row = _quoted(model, column)
    newest = f"v{ring().current('field').version}.%"
    if column.compartment:  # each compartment has its own newest key, so every value is looked at
        newest = ""
    read = (
        f"SELECT {pk}, {name}, {row} FROM {table} WHERE {name} <> '' AND {name} NOT LIKE %s"  # noqa: S608
        f" AND (%s::text IS NULL OR {pk} > %s) ORDER BY {pk} LIMIT %s FOR UPDATE"
    )

    def anew(found: Row) -> str | None:
        fresh = resealed(column.bound_to, found[1], row=str(found[2]))
        return None if fresh == found[1] else fresh

    return sum(_batches(read, (newest,), batch, _write(model, table, name, pk), anew))


def reencrypt_all(batch: int = 500) -> dict[str, int]:
    """`reencrypt` for every sealed field of every table, history included: «table.column» → rows."""
    return {
        f"{model._meta.db_table}.{field.column}": reencrypt(model, field.name, batch)
        for model, field in sealed_columns()
    }


def reindex(model: type[models.Model], field: str, batch: int = 500) -> int:
    """Make every print of a blind index anew from the sealed values; gives how many were wrong or old.

    After it has run over each table, older `blind` keys may be taken off the ring.
    """
    index = model._meta.get_field(field)
    if not isinstance(index, BlindIndexField):
        raise TypeError(f"{field} is not a blind index")
    source = _sealed(model, index.source)
    table, name, pk, _ = _quoted(model, source)
    target = connection.ops.quote_name(str(index.column))
    read = (
        f"SELECT {pk}, {name}, {target} FROM {table} WHERE (%s::text IS NULL OR {pk} > %s)"  # noqa: S608
        f" ORDER BY {pk} LIMIT %s FOR UPDATE"
    )

    def anew(found: Row) -> str | None:
        fresh = str(blind(index.purpose, unseal(source.bound_to, found[1] or "")))
        return None if fresh == found[2] else fresh

    return sum(_batches(read, (), batch, _write(model, table, target, pk), anew))


def versions_in_use(model: type[models.Model], field: str) -> dict[int, int]:
    """Key version → number of values sealed under it: a key with none may be taken off the ring."""
    table, name, _, _ = _quoted(model, _sealed(model, field))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT substring({name} FROM '^v([0-9]+)')::int, count(*) FROM {table}"  # noqa: S608
            f" WHERE {name} <> '' GROUP BY 1 ORDER BY 1"
        )
        return dict(cursor.fetchall())


def sealed_columns() -> Iterator[tuple[type[models.Model], SealedTextField]]:
    """Every sealed field of every table, history tables included."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SealedTextField) and model._meta.managed and not model._meta.proxy:
                yield model, field


def _batches(
    read: str, given: tuple[Any, ...], batch: int, write: str, anew: Callable[[Row], str | None]
) -> Iterator[int]:
    last: Any = None
    while True:
        with transaction.atomic(), pgtrigger.ignore(), connection.cursor() as cursor:
            cursor.execute(read, [*given, None if last is None else str(last), last, batch])
            rows = cursor.fetchall()
            if not rows:
                return
            changed = [(fresh, row[0]) for row in rows if (fresh := anew(row)) is not None]
            if changed:
                cursor.execute(write, [list(values) for values in zip(*changed, strict=True)])
        last = rows[-1][0]
        yield len(changed)


def _write(model: type[models.Model], table: str, column: str, pk: str) -> str:
    """One statement for a batch of new values and their keys."""
    kind = model._meta.pk.rel_db_type(connection)
    return (
        f"UPDATE {table} AS old SET {column} = fresh.value"  # noqa: S608
        f" FROM unnest(%s::text[], %s::{kind}[]) AS fresh(value, id) WHERE old.{pk} = fresh.id"
    )


def _sealed(model: type[models.Model], name: str) -> SealedTextField:
    field = model._meta.get_field(name)
    if not isinstance(field, SealedTextField):
        raise TypeError(f"{name} is not sealed")
    return field


def _quoted(model: type[models.Model], field: SealedTextField) -> tuple[str, str, str, str]:
    """Table, column, key and the row that the value belongs to: for history, the row it is the history of."""
    quote = connection.ops.quote_name
    pk = model._meta.pk.column
    row = "pgh_obj_id" if hasattr(model, "pgh_tracked_model") and _has(model, "pgh_obj_id") else pk
    return quote(model._meta.db_table), quote(str(field.column)), quote(str(pk)), quote(str(row))


def _has(model: type[models.Model], column: str) -> bool:
    return any(field.column == column for field in model._meta.concrete_fields)
