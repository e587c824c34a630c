"""Shifts as a registry (班次清单): search, import and export of rosters; the calendar view stands in `pages`."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from hezhi.chapters.appcentre.roster.queries import EDIT, may_edit
from hezhi.engines.org import duty
from hezhi.engines.org.api import Actor, DutyShift, Unit, User, units
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Part
from hezhi.engines.registry.scope import in_unit
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.ui.shapes import Action


class CancelButton(Part):
    """Leads from a shift to its cancelling, with the reason (取消班次)."""

    def actions(self, registry: Registry, row: Any, by: Actor) -> tuple[Action, ...]:
        if row.ends_at <= time.now() or not may_edit(by, row.unit_id):
            return ()
        return (Action("取消班次", reverse("roster-cancel", args=[row.pk]), kind="danger", opens="dialog"),)


@register
class DutyShifts(Registry):
    """Lines of the roster (班次)."""

    model = DutyShift
    slug, title, group, icon = "duty-shifts", "班次清单", "组织与用户", "calendar"
    clause = "10.1-3"
    right = dict.fromkeys(("view", "edit", "import", "export"), EDIT)
    scope = in_unit("unit")
    offers = ("view", "add", "edit", "import", "export", "api")
    removal = ""
    list = ("user", "unit", "rank", "starts_at", "ends_at", "answer_within")
    filters = ("unit", "user", "rank", "starts_at")
    search = ("user__full_name", "unit__name")
    ordering = ("starts_at", "rank")
    natural_key = ("unit", "starts_at", "rank")
    form = (("班次", ("unit", "user", "starts_at", "ends_at", "rank", "answer_within")),)
    named_by = "user"
    parts = (CancelButton(),)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Only units whose roster this post keeps; only people whose account is open."""
        if name == "unit":
            return units() if actor.scope.everything else units().filter(pk__in=[*actor.scope.units, actor.unit_id])
        return User.objects.filter(is_active=True) if name == "user" else None

    def check(self, row: DutyShift, by: Actor) -> None:
        """No two people in one rank, no person in two; what is over stays as it was."""
        if row.ends_at <= time.now():
            raise BadInput({"ends_at": "这个班次已经过去，不能再登记或修改。"})
        Unit.objects.select_for_update().get(pk=row.unit_id)
        duty.fits(row)

    def belong(self, row: DutyShift, unit: Unit) -> None:
        row.unit = unit

    def examples(self, n: int) -> dict[str, Any]:
        starts = time.at_local(time.today() + timedelta(days=n + 1))
        return {"starts_at": starts, "ends_at": starts + timedelta(hours=8), "rank": 1, "answer_within": 5}
