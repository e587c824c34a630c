"""The rules of return visits as a registry (回访规则, 9.1.2-2)."""

from typing import Any

from django.db.models import QuerySet

from hezhi.chapters.cases.handling.api import Category
from hezhi.chapters.cases.return_visit.models import VisitRule
from hezhi.engines.org.api import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground.errors import BadInput


@register
class VisitRules(Registry):
    """Who is called back and what is asked (回访规则)."""

    model = VisitRule
    slug, title, group, icon = "visit-rules", "回访规则", "业务规则", "phone"
    clause = "9.1.2-2"
    right = dict.fromkeys(("view", "edit", "delete"), "visits.rules")
    offers = ("view", "add", "edit", "delete")
    scope = public
    list = ("name", "category", "kind", "share", "most_tries", "retry_hours", "valid_from", "valid_to")
    also = ("seed", "basis")
    filters = ("category", "kind")
    search = ("name", "basis")
    ordering = ("name",)
    form = (
        ("规则", ("name", "category", "kind", "basis", "valid_from", "valid_to")),
        ("抽样", ("share", "seed")),
        ("联系", ("most_tries", "retry_hours", "script")),
    )

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, in the order of the tree."""
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    def check(self, row: VisitRule, by: Actor) -> None:
        """A share between 1 and 100; at least one try, at least one hour between two."""
        if not 1 <= row.share <= 100:
            raise BadInput({"share": "抽取比例请填 1 到 100。"})
        if row.most_tries < 1:
            raise BadInput({"most_tries": "至少联系 1 次。"})
        if row.retry_hours < 1:
            raise BadInput({"retry_hours": "再访间隔至少 1 个工作小时。"})

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "name": f"示例回访规则{n}",
            "share": 30,
            "script": "您好，做个回访。",
            "most_tries": 3,
            "retry_hours": 4,
        }
