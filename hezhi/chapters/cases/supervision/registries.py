"""Supervised matters, the ladder and the rules as registries (督办事项、督办阶梯、督办规则; 9.1.2-3)."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django_filters import ChoiceFilter

from hezhi.chapters.cases.handling.api import Category
from hezhi.chapters.cases.supervision import queries
from hezhi.chapters.cases.supervision.models import ENDED, Matter, Rung, WatchRule
from hezhi.engines.flow.parts import ExportApproval
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import DayFilter, KeysFilter, YesNoFilter
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.ui.spans import NOTHING
from hezhi.ground.ui.templatetags.ui import due

RULES = "业务规则"


def late() -> Q:
    """Matters whose units should have answered by now (逾期未反馈)."""
    return Q(due_at__lt=time.now(), state="open")


class WithUnit(KeysFilter):
    """Matters of which a unit still owes its part (在办单位)."""

    def among(self, rows: QuerySet[Any], keys: list[UUID]) -> QuerySet[Any]:
        """As the board counts them."""
        return rows.filter(queries.with_unit(keys))


class AgeFilter(ChoiceFilter):
    """How long a matter has been running, in the board's steps (在督时长)."""

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """The matters of one step."""
        return rows.filter(queries.of_age(int(value))) if value else rows


@register
class Matters(Registry):
    """The list of supervised matters (督办事项): for supervisors, leaders and the units, each within his scope."""

    model = Matter
    slug, title, icon = "supervision", "督办事项", "flag"
    clause = "9.1.2-3"
    right = {"view": "supervision.view", "export": "supervision.lead"}
    offers = ("view", "export", "api")
    removal = ""
    list = ("number", "title", "kind", "state", "rung", "answer_by", "opened_at", "sheet_number")
    also = ("why", "closed_at", "unit", "town")
    machine = ("number", "kind", "state", "rung", "opened_at", "due_at", "closed_at", "sheet_number")
    state = "state"
    ended = ENDED
    filters = ("kind", "rung", "town")
    more_filters = {
        "opened_from": DayFilter(field_name="opened_at", label="发起自", last=False, moment=True),
        "opened_to": DayFilter(field_name="opened_at", label="发起至", last=True, moment=True),
        "late": YesNoFilter(label="逾期未反馈", condition=late),
        "review": YesNoFilter(label="反馈待审核", condition=queries.to_review),
        "high": YesNoFilter(label="红牌及以上", condition=queries.high),
        "at": WithUnit(label="在办单位", target=Unit),
        "age": AgeFilter(label="在督时长", choices=[(str(n), name) for n, name in enumerate(queries.AGE_NAMES)]),
    }
    search = ("number", "title", "sheet_number")
    ordering = ("-opened_at",)
    sortable = ("number", "opened_at", "answer_by")
    named_by = "number"
    personal = ("title", "request", "result")
    masked = dict.fromkeys(personal, "text")
    purpose = "督促责任单位办理群众诉求和领导交办事项"
    pages = {"detail": None}
    parts = (ExportApproval("cases.approve_export"),)

    def url_of(self, row: Matter) -> str:
        """The page of a supervised matter."""
        return f"/supervision/{row.pk}/"

    def tone_of(self, row: Matter) -> str:
        """A matter whose answer is late is marked."""
        return "overdue" if row.state == "open" and row.due_at is not None and row.due_at < time.now() else ""

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """The rungs in their order."""
        return Rung.objects.order_by("order") if name == "rung" else None

    @column("反馈时限", value="due_at", kind="time", order="due_at")
    def answer_by(self, row: Matter) -> str:
        """How the limit of the answer stands, while one is waited for."""
        told = {"cancelled": NOTHING, "to_review": "已反馈"}.get(row.state)
        return told or due(row.due_at, done=row.closed_at)

    def belong(self, row: Matter, unit: Any) -> None:
        """A matter belongs to the units that are supervised."""
        row.units = [unit.pk]

    def examples(self, n: int) -> dict[str, Any]:
        return {"number": f"DB261122{n:05d}", "title": f"示例督办事项第{n}件", "kind": "key", "sheet_number": ""}


@register
class Rungs(Registry):
    """The ladder (督办阶梯): what comes after what, and how long an answer is waited for."""

    model = Rung
    slug, title, group, icon = "supervision-rungs", "督办阶梯", RULES, "route"
    clause = "9.1.2-3"
    right = dict.fromkeys(("view", "edit"), "supervision.rules")
    offers = ("view", "add", "edit")
    scope = public
    list = ("order", "name", "wait", "clock", "numbered", "to_leaders")
    also = ("code",)
    search = ("name", "code")
    ordering = ("order",)
    form = (("阶梯", ("order", "name", "code")), ("升级", ("wait", "clock", "numbered", "to_leaders")))

    def check(self, row: Rung, by: Actor) -> None:
        """A wait of nothing would climb at once."""
        if row.wait == 0:
            raise BadInput({"wait": "等待时长至少为 1；最后一级请留空。"})


@register
class WatchRules(Registry):
    """The rules by which matters open by themselves (督办规则)."""

    model = WatchRule
    slug, title, group, icon = "supervision-rules", "督办规则", RULES, "route"
    clause = "9.1.2-3-1"
    right = dict.fromkeys(("view", "edit", "delete"), "supervision.rules")
    offers = ("view", "add", "edit", "delete")
    scope = public
    list = ("name", "kind", "late", "clock", "urgency", "category", "redos", "rung", "days", "valid_from", "valid_to")
    also = ("appeal", "basis")
    filters = ("kind", "rung")
    search = ("name", "basis")
    ordering = ("kind", "name")
    form = (
        ("规则", ("name", "kind", "rung", "days", "basis")),
        ("条件", ("late", "clock", "urgency", "category", "appeal", "redos")),
        ("有效期", ("valid_from", "valid_to")),
    )

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, and the rungs in order."""
        if name == "rung":
            return Rung.objects.order_by("order")
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    def check(self, row: WatchRule, by: Actor) -> None:
        """An important matter needs a condition, or every case would be one; a limit of no days cannot be kept."""
        if row.days < 1:
            raise BadInput({"days": "反馈时限至少 1 个工作日。"})
        if row.kind == "key" and not (row.urgency or row.category_id or row.appeal or row.redos):
            raise BadInput({"urgency": "重点事件规则至少要有一个条件，否则每件事都会被督办。"})
