"""Rows that belong somewhere (有归属的数据): one indexed condition decides who sees them."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from hezhi.engines.org.actor import Actor, Scope

Row = TypeVar("Row", bound=models.Model)


def ways(scope: Scope, units_field: str = "unit_id") -> list[Q]:
    """The conditions a scope puts on a row that carries level columns and a unit; one that holds is enough."""
    if scope.everything:
        return [Q()]
    found = []
    if scope.area:
        found.append(Q(**{f"{scope.level}_id": scope.area}))
    if scope.units:
        found.append(Q(**{f"{units_field}__in": scope.units}))
    return found


def any_of(conditions: Sequence[Q]) -> Q:
    """One condition that holds where any of these holds; where there is none it holds nowhere."""
    return reduce(or_, conditions) if conditions else Q(pk__in=())


def apart(conditions: Sequence[Q]) -> list[Q]:
    """The same rows in branches of which none has a row of another: each leaves out what those before hold."""
    return [own if n == 0 else own & ~any_of(conditions[:n]) for n, own in enumerate(conditions)]


def within(scope: Scope, units_field: str = "unit_id") -> Q:
    """The condition a scope puts on a row that carries level columns and a unit."""
    return any_of(ways(scope, units_field))


def holds(scope: Scope, row: Any) -> bool:
    """Whether a row that carries level columns and a unit lies in a scope: `within`, for a row in hand."""
    in_area = bool(scope.area) and getattr(row, f"{scope.level}_id") == scope.area
    return scope.everything or in_area or row.unit_id in scope.units


class ScopedQuerySet(models.QuerySet):
    """Rows asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Only the rows that lie in the actor's data scope (数据范围)."""
        return self.filter(within(actor.scope))

    def branches(self, actor: Actor) -> list[Self]:
        """The same rows in branches without overlap, for counting: an index serves each, and none serves an OR."""
        return [self.filter(condition) for condition in apart(ways(actor.scope))] or [self.none()]


def locked(rows: models.QuerySet[Row], key: Any) -> models.QuerySet[Row]:
    """One of the rows that a reader may see, held until the transaction ends (锁定一行); empty where it is none of them.

    What the reader sees is asked inside: the joins of his scope are not locked with it.
    """
    seen = rows.filter(pk=key).values("pk")
    return rows.model._default_manager.select_for_update(of=("self",)).filter(pk__in=seen)


def level_column(label: str, **more: Any) -> models.ForeignKey[Any, Any]:
    """A column for the area of one level in which a row lies."""
    return models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=label, **more
    )


class Scoped(models.Model):
    """Base of rows that lie in an area and belong to a unit.

    The ancestors of the area stand in level columns, filled from `geo.Area.ancestors`.
    """

    district = level_column("区", db_index=False)
    town = level_column("镇街")
    community = level_column("社区")
    grid = level_column("网格")
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属单位"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
