"""Indicators, templates with their items, and published bases as registries (考核指标、模板、基数; 9.1.2-5-1, 9.1.2-5-2)."""

from typing import Any

from django.db.models import QuerySet

from hezhi.chapters.cases.appraisal import rules
from hezhi.chapters.cases.appraisal.models import Indicator, Template, TemplateItem, UnitBase
from hezhi.chapters.cases.appraisal.queries import rule_of
from hezhi.chapters.cases.handling.api import Category
from hezhi.engines.dossier.ties import Pointing, Relations
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground.errors import BadInput

GROUP = "统计考核"
RIGHT = dict.fromkeys(("view", "edit", "delete"), "appraisal.manage")
OFFERS = ("view", "add", "edit", "delete")


@register
class Indicators(Registry):
    """What can be appraised (考核指标): number, filters, and how a number becomes points."""

    model = Indicator
    slug, title, group, icon = "appraisal-indicators", "考核指标", GROUP, "route"
    clause = "9.1.2-5-1"
    right, offers, scope = RIGHT, OFFERS, public
    list = ("code", "name", "shape", "numerator", "denominator", "means", "active")
    filters = ("shape", "numerator", "active")
    search = ("code", "name", "means")
    ordering = ("code",)
    named_by = "name"
    form = (
        ("指标", ("code", "name", "means")),
        ("算什么", ("numerator", "denominator", "kind", "source", "urgency", "category")),
        ("怎么计分", ("shape", "step", "most", "bands", "base", "target")),
    )

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, in the order of the tree."""
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    def check(self, row: Indicator, by: Actor) -> None:
        """What a shape needs must be there; what it does not need is refused by nobody."""
        found = rules.faults(rule_of(row))
        if found:
            raise BadInput({name: [said] for name, said in found.items()})

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "code": f"example-{n}", "name": f"示例指标{n}", "shape": "rate", "numerator": "handled", "denominator": "to_handle",
            "kind": "", "source": "", "urgency": "", "bands": "", "base": "",
        }  # fmt: skip


@register
class AppraisalTemplates(Registry):
    """A set of indicators with weights for one level (考核模板)."""

    model = Template
    slug, title, group, icon = "appraisal-templates", "考核模板", GROUP, "route"
    clause = "9.1.2-5-2"
    right, offers, scope = RIGHT, OFFERS, public
    list = ("name", "level", "basis", "good", "fair", "active")
    filters = ("level", "active")
    search = ("name", "basis")
    ordering = ("level", "name")
    named_by = "name"
    form = (("模板", ("name", "level", "basis", "good", "fair")),)
    parts = (Relations(lists=(Pointing("appraisal-items", "template", "指标项"),)),)

    def examples(self, n: int) -> dict[str, Any]:
        return {"name": f"示例模板{n}", "level": "department", "good": 90, "fair": 60}


@register
class TemplateItems(Registry):
    """Indicators in templates with their weights (模板指标项)."""

    model = TemplateItem
    slug, title, group, icon = "appraisal-items", "模板指标项", GROUP, "route"
    clause = "9.1.2-5-2"
    right, offers, scope = RIGHT, OFFERS, public
    list = ("template", "indicator", "weight", "order", "active")
    filters = ("template", "indicator", "active")
    search = ("template__name", "indicator__name")
    ordering = ("template__name", "order")
    form = (("指标项", ("template", "indicator", "weight", "order")),)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Templates and indicators in use."""
        chosen: dict[str, QuerySet[Any]] = {
            "template": Template.objects.filter(active=True), "indicator": Indicator.objects.filter(active=True),
        }  # fmt: skip
        return chosen.get(name)

    def check(self, row: TemplateItem, by: Actor) -> None:
        """Some indicators do not fit a level: grid members are never judged by how much they report."""
        found = rules.faults(rule_of(row.indicator), row.template.level)
        if found:
            raise BadInput({"indicator": list(found.values())})

    def examples(self, n: int) -> dict[str, Any]:
        told = {"name": f"示例指标{n}", "shape": "rate", "numerator": "handled", "denominator": "to_handle"}
        return {"weight": 10, "order": n, "indicator": Indicator(code=f"item-{n}", **told)}


@register
class UnitBases(Registry):
    """Published area and population of units by year (考核基数)."""

    model = UnitBase
    slug, title, group, icon = "appraisal-bases", "考核基数", GROUP, "route"
    clause = "9.1.2-5-1"
    right = dict.fromkeys(("view", "edit"), "appraisal.manage")
    offers, scope, removal = ("view", "add", "edit"), public, ""
    list = ("unit", "year", "area", "population", "origin")
    filters = ("unit", "year")
    search = ("unit__name", "origin")
    ordering = ("unit__code", "-year")
    form = (("基数", ("unit", "year", "area", "population", "origin")),)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Towns, whose size is published."""
        return Unit.objects.filter(kind=Unit.Kind.TOWN, valid_to__isnull=True) if name == "unit" else None

    def examples(self, n: int) -> dict[str, Any]:
        return {"year": 2000 + n, "area": 10, "population": 5, "origin": "示例统计公报"}
