"""How far a reader sees in a registry (数据范围): each scope turns rows into the reader's rows.

A declaration names one: `scope = scoped` (the model's own `visible_to`, the default), `scope = public`
(dictionaries that every holder of the right may read), `scope = in_unit("post__unit")` (rows that hang on
a unit by a path). Nothing in this engine reads a row by another door.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from hezhi.engines.org.actor import Actor
from hezhi.ground.errors import NotAllowed

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


def own_rows(model: type[Model], actor: Actor) -> Rows:
    """Every row of a model that this person may know of, where the model knows how to tell."""
    rows: Any = model._default_manager.all()
    return rows.visible_to(actor) if hasattr(rows, "visible_to") else rows  # type: ignore[no-any-return]


def person(by: Actor) -> UUID:
    """The person behind an actor; a job or a citizen keeps no views and asks for no files."""
    if by.user_id is None:
        raise NotAllowed(what="这一步要由工作人员本人办理。", code="registry.nobody")
    return by.user_id


def name_of(scope: Scope) -> str:
    """The scope in words, for `hezhi registry <slug>`."""
    named = {"scoped": "按数据范围(visible_to)", "public": "公共数据，有查看权限者可见全部"}
    return named.get(scope.__name__, f"按所属单位({scope.__name__})")
