"""Verification (核实): somebody has looked and says that a row is still right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import django_filters
from django.db.models import Exists, Model, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse

from hezhi.engines.dossier.models import Verification
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import acting
from hezhi.engines.registry import actions
from hezhi.engines.registry.columns import Column
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.parts import Part
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.ui.shapes import Action

if TYPE_CHECKING:
    from hezhi.engines.registry.declaration import Registry

MONTHS = (3, 6, 12, 24)


class NotVerified(django_filters.ChoiceFilter):
    """Rows that nobody has verified for so many months (n 个月未核实)."""

    def filter(self, rows: Any, value: str) -> Any:
        if not value:
            return rows
        since = time.now() - timedelta(days=30 * int(value))
        return rows.filter(~Exists(Verification.objects.filter(object_id=OuterRef("pk"), at__gte=since)))


class Verified(Part):
    """A button «核实» says that the row was looked at and is right (核实).

    Columns `verified` (when) and `verified_by`, filter `not_verified` (3, 6, 12 or 24 months).
    """

    def actions(self, registry: Registry, row: Model, by: Actor) -> Sequence[Action]:
        if not registry.offers_to(by, "edit") or actions.is_removed(registry, row):
            return ()
        asked = "已核对，内容仍然属实？"
        return (Action("核实", registry.url(row.pk, "verify"), opens="post", confirm=asked, icon="check"),)

    def notices(self, registry: Registry, row: Model, by: Actor) -> Sequence[str]:
        return ()

    def pages(self, registry: Registry) -> Mapping[str, Any]:
        return {"<uuid:id>/verify/": VerifyPage}

    def columns(self, registry: Registry) -> Mapping[str, Column]:
        return {
            "verified": _column("verified", "最近核实", "at", "time"),
            "verified_by": _column("verified_by", "核实人", "by_name", "plain"),
        }

    def filters(self, registry: Registry) -> Mapping[str, Any]:
        return {"not_verified": NotVerified(label="核实情况", choices=[(str(n), f"{n} 个月未核实") for n in MONTHS])}


class VerifyPage(RegistryPage):
    """Say that a row is still right (核实)."""

    capability = "edit"

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        row = self.row(id)
        verify(self.registry, row, by=self.by, note=request.POST.get("note", ""))
        return self.done(f"已核实“{self.registry.row_name(row)}”。", self.registry.url_of(row))


def verify(registry: Registry, row: Any, *, by: Actor, note: str = "") -> Verification:
    """Write down that a row was looked at and is right (核实)."""
    by.must(registry.permission("edit"))
    if actions.is_removed(registry, row):
        raise NotNow(what="这条记录已删除，不能核实。")
    with acting(by, verb=f"{registry.label}.verify") as deed:
        made: Verification = Verification.on(row, by, note=note.strip()[:200])
        made.save()
        deed.on(row)
    return made


def _column(name: str, label: str, field: str, kind: str) -> Column:
    newest = Verification.objects.filter(object_id=OuterRef("pk")).order_by("-at").values(field)[:1]
    made = {f"{name}_told": Subquery(newest)}
    return Column(name, label, lambda row: getattr(row, f"{name}_told", None), kind, annotations=made)
