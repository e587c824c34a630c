"""The list that is gone through at small places (九小场所检查清单, 9.1.3-2-8)."""

from __future__ import annotations

from typing import Any

from hezhi.chapters.grassroots.registers.models import CheckItem
from hezhi.chapters.grassroots.registers.queries import name_of_code
from hezhi.chapters.grassroots.registers.registries.common import GROUP, refuse
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register

LIST = {
    "view": "small_places.view", "edit": "small_places.checklist", "delete": "small_places.checklist",
    "import": "small_places.checklist", "export": "small_places.checklist",
}  # fmt: skip


@register
class CheckItems(Registry):
    """What is looked at, by kind of place (检查清单): data that the office changes."""

    model = CheckItem
    slug, title, group, icon = "check-items", "九小场所检查清单", GROUP, "checklist"
    clause = "9.1.3-2-8"
    right, scope = LIST, public
    list = ("text", "fits", "hazard", "days", "basis", "order", "active")
    also = ("code", "hint")
    filters = ("hazard", "active")
    search = ("text", "hint", "basis", "code")
    named_by = "text"
    ordering = ("order", "code")
    natural_key = ("code",)
    form = (("检查项", ("code", "text", "kinds", "hint", "hazard", "days", "basis", "order")),)
    bulk = ("days",)

    @column("适用", reads=("kinds",))
    def fits(self, row: CheckItem) -> str:
        """The kinds it is for; without any it is for all nine."""
        return "、".join(name_of_code("small_place", code) for code in row.kinds) or "全部类别"

    def check(self, row: CheckItem, by: Actor) -> None:
        """A term that a keeper can keep."""
        refuse(
            {
                "days": None if 1 <= row.days <= 365 else "整改天数应为 1 至 365 天",
                "hazard": "请选择一种隐患" if row.hazard == "00" else None,
            }
        )

    def examples(self, n: int) -> dict[str, Any]:
        return {"code": f"item{n}", "days": n % 30 + 1, "hazard": "01", "kinds": ["01", "02"]}
