"""The plans of reports as a registry (定期报告, 9.1.2-4)."""

from typing import Any

from django.db.models import QuerySet

from hezhi.chapters.cases.statistics.models import ReportPlan
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register


@register
class ReportPlans(Registry):
    """Which reports write themselves, for which area, and who is told."""

    model = ReportPlan
    slug, title, group, icon = "report-plans", "定期报告", "业务规则", "route"
    clause = "9.1.2-4"
    right = dict.fromkeys(("view", "edit"), "statistics.plans")
    offers = ("view", "add", "edit")
    scope = public
    list = ("rhythm", "area", "receivers", "active")
    filters = ("rhythm", "active")
    ordering = ("rhythm",)
    search = ("receivers__name",)
    form = (("定期报告", ("rhythm", "area", "receivers", "active")),)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Towns as areas; units that lead as receivers."""
        if name == "area":
            return Area.objects.filter(level="town", valid_to__isnull=True).order_by("code")
        if name == "receivers":
            return Unit.objects.filter(
                kind__in=(Unit.Kind.CENTRE, Unit.Kind.TOWN, Unit.Kind.DEPARTMENT), valid_to__isnull=True
            )
        return None
