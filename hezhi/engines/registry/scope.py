"""How far a reader sees in a registry (数据范围): each scope turns rows into the reader's rows.

A declaration names one: `scope = scoped` (the model's own `visible_to`, the default), `scope = public`
(dictionaries that every holder of the right may read), `scope = in_unit("post__unit")` (rows that hang on
a unit by a path). Nothing in this engine reads a row by another door.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from hezhi.engines.org.actor import Actor

Rows = QuerySet[Any]
Scope = Callable[[Rows, Actor], Rows]


def scoped(rows: Rows, actor: Actor) -> Rows:
    """The model's own condition: `objects.visible_to(actor)` (按数据范围)."""
    return rows.visible_to(actor)  # type: ignore[attr-defined,no-any-return]


def public(rows: Rows, actor: Actor) -> Rows:
    """Every row, for whoever holds the right to view (公共字典)."""
    return rows


def in_unit(path: str) -> Scope:
    """Rows whose unit, found by `path`, is one of the reader's units (按所属单位)."""

    def units_rows(rows: Rows, actor: Actor) -> Rows:
        if actor.scope.everything:
            return rows
        return rows.filter(**{f"{path}__in": actor.scope.units})

    units_rows.__name__ = f"in_unit({path})"
    return units_rows


def name_of(scope: Scope) -> str:
    """The scope in words, for `hezhi registry <slug>`."""
    named = {"scoped": "按数据范围(visible_to)", "public": "公共数据，有查看权限者可见全部"}
    return named.get(scope.__name__, f"按所属单位({scope.__name__})")
