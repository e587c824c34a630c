"""Who may whistle for whom, as a registry (吹哨规则)."""

from typing import Any

from django.db.models import QuerySet

from hezhi.chapters.cases.handling.api import Category
from hezhi.chapters.cases.whistle.models import Rule
from hezhi.engines.org.api import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground.errors import BadInput


@register
class WhistleRules(Registry):
    """吹哨规则: a call that fits no rule is refused."""

    model = Rule
    slug, title, group, icon = "whistle-rules", "吹哨规则", "业务规则", "route"
    clause = "9.1.2-2"
    right = dict.fromkeys(("view", "edit"), "whistle.rules")
    offers = ("view", "add", "edit")
    scope = public
    list = ("caller", "caller_unit", "called", "called_unit", "category", "basis", "active")
    filters = ("caller", "called", "active")
    search = ("basis",)
    ordering = ("caller", "called")
    form = (
        ("吹哨单位", ("caller", "caller_unit")),
        ("可请到场", ("called", "called_unit", "category")),
        ("说明", ("basis", "active")),
    )

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use."""
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    def check(self, row: Rule, by: Actor) -> None:
        """A named unit must be of the kind that the rule is for."""
        for name, unit, kind in (
            ("caller_unit", row.caller_unit, row.caller), ("called_unit", row.called_unit, row.called)
        ):  # fmt: skip
            if unit is not None and unit.kind != kind:
                raise BadInput({name: "所选单位与单位类型不一致。"})

    def examples(self, n: int) -> dict[str, Any]:
        return {"caller": "town", "called": "department", "caller_unit": None, "called_unit": None, "category": None}
