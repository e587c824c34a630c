"""Rows that belong somewhere (有归属的数据): one indexed condition decides who sees them."""

from typing import Self

from django.db import models
from django.db.models import Q

from hezhi.engines.org.actor import Actor, Scope


def within(scope: Scope, units_field: str = "unit_id") -> Q:
    """The condition a scope puts on a row that carries level columns and a unit."""
    if scope.everything:
        return Q()
    condition = Q(pk__in=())
    if scope.area:
        condition = Q(**{f"{scope.level}_id": scope.area})
    if scope.units:
        condition = (
            condition | Q(**{f"{units_field}__in": scope.units})
            if scope.area
            else Q(**{f"{units_field}__in": scope.units})
        )
    return condition


class ScopedQuerySet(models.QuerySet):
    """Rows asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Only the rows that lie in the actor's data scope (数据范围)."""
        return self.filter(within(actor.scope))


class Scoped(models.Model):
    """Base of rows that lie in an area and belong to a unit.

    The ancestors of the area stand in level columns, filled from `geo.Area.ancestors`.
    """

    district = models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区", db_index=False
    )
    town = models.ForeignKey("geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="镇街")
    community = models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="社区"
    )
    grid = models.ForeignKey("geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="网格")
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属单位"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
