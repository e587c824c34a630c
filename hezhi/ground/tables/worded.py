"""Queries worded once (定句): the ORM composes a statement the first time, the database plans it once per connection.

To compose the statement of a page's main row, with the names of what it points to, costs the house more than to read
it, and its plan costs the database more than to run it. A `Worded` keeps both. What changes from one asking to the
next stands in it as `Given("name")`; everything else that the query was built from must be in the arguments of
whoever keeps it, so that a reader's rights are a part of the key and never of what is kept for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import date
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet, Value
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

from hezhi.ground.prepared import numbered, ready_rows

M = TypeVar("M", bound=Model)


class _Place:
    """Where a value will stand that is told at each asking."""

    def __init__(self, name: str) -> None:
        self.name = name


class Given(Value):
    """The place of a value in a query that is worded once: `Step.objects.filter(case=Given("case"))`."""

    def __init__(self, name: str) -> None:
        super().__init__(_Place(name))


def filled(values: Sequence[Any], given: Mapping[str, Any]) -> list[Any]:
    """The values of a statement, those told now in their places."""
    return [given[value.name] if isinstance(value, _Place) else value for value in values]


def without_moments(values: Sequence[Any]) -> Sequence[Any]:
    """The same values; refuses those that would stand still in what is kept (TypeError)."""
    if any(isinstance(value, date) for value in values):
        raise TypeError("what is worded once holds no moment of its own")
    return values


class Worded(Generic[M]):
    """The rows of one query, asked again and again with other values in its places: `STEPS(case=case.pk)`.

    `build` is called at the first asking. The query gives whole rows of a model, with `select_related`,
    `annotate` and `defer` as it likes; nothing prefetched. It may hold no moment of its own: a clock that is read
    when the statement is worded would stand still (TypeError).
    """

    def __init__(self, build: Callable[[], QuerySet[M]]) -> None:
        self._build = build
        self._ready: _Statement | None = None

    def __call__(self, **given: Any) -> list[M]:
        if self._ready is None:
            self._ready = _Statement(self._build())
        return self._ready.rows(given)


class _Statement:
    """What the ORM made of a query: its text, its values and how its rows become models."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self._compiler = compiler = rows.query.get_compiler(using=rows.db)
        try:
            text, values = compiler.as_sql()
        except EmptyResultSet:  # no row can ever fit, and the ORM makes no statement of it
            text, values = "", ()
        self._text, self._values = numbered(text), without_moments(values)
        if not text:
            return
        if rows._prefetch_related_lookups:  # type: ignore[attr-defined]
            raise TypeError("a query worded once prefetches nothing")
        told = compiler.klass_info
        fields = told["select_fields"]
        self._model, self._own = told["model"], slice(fields[0], fields[-1] + 1)
        self._names = [column.target.attname for column, *_ in compiler.select[self._own]]
        self._related = get_related_populators(told, compiler.select, rows.db)  # type: ignore[call-arg]
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])

    def rows(self, given: dict[str, Any]) -> list[Any]:
        if not self._text:
            return []
        if self._compiler.query.select_for_update and connection.get_autocommit():
            raise TransactionManagementError("a lock outside a transaction would be gone before anything is written")
        values = filled(self._values, given)
        compiler = copy(self._compiler)
        compiler.connection = connection  # of this thread
        found = compiler.apply_converters(ready_rows(self._text, values), self._converters)
        return [self._row(told) for told in found]

    def _row(self, told: Sequence[Any]) -> Any:
        row = self._model.from_db(connection.alias, self._names, told[self._own])
        for related in self._related:
            related.populate(told, row)
        for name, column in self._compiler.annotation_col_map.items():
            setattr(row, name, told[column])
        return row
