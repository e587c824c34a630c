"""The list of disputes as a registry (矛盾纠纷台账, GB/T 31000): without people, without narratives."""

from typing import Any

from django.db.models import Q

from hezhi.chapters.cases.mediation.models import ENDED, Dispute
from hezhi.engines.flow.parts import ExportApproval
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import DayFilter, YesNoFilter
from hezhi.engines.registry.site import register
from hezhi.ground import time


def late() -> Q:
    """Disputes whose term is over and that have not ended (逾期未结)."""
    return Q(due_on__lt=time.today()) & ~Q(state__in=[*ENDED, "agreed", "referred"])


@register
class Disputes(Registry):
    """矛盾纠纷台账: for those who register and mediate, each within his scope."""

    model = Dispute
    slug, title, icon = "disputes", "矛盾纠纷", "flag"
    clause = "9.1.2-2"
    right = {"view": "mediation.view", "export": "mediation.register"}
    offers = ("view", "export", "api")
    removal = ""
    list = ("number", "name", "state", "category", "scale", "people", "mediator", "due_on", "registered_at")
    also = ("on", "units", "method", "mediator_org", "resolved", "closed_at", "town")
    machine = ("number", "state", "category", "scale", "method", "due_on", "registered_at", "closed_at", "resolved")
    state = "state"
    ended = ENDED
    filters = ("category", "scale", "method", "town")
    more_filters = {
        "from": DayFilter(field_name="registered_at", label="登记自", last=False, moment=True),
        "to": DayFilter(field_name="registered_at", label="登记至", last=True, moment=True),
        "late": YesNoFilter(label="逾期未结", condition=late),
    }
    search = ("number",)
    ordering = ("-registered_at",)
    sortable = ("number", "due_on", "registered_at")
    named_by = "number"
    personal = ("name", "address", "summary", "result")
    masked = dict.fromkeys(personal, "text")
    purpose = "调解矛盾纠纷并向当事人回访"
    pages = {"detail": None}
    parts = (ExportApproval("cases.approve_export"),)

    def url_of(self, row: Dispute) -> str:
        """The page of a dispute."""
        return f"/mediation/{row.pk}/"

    def tone_of(self, row: Dispute) -> str:
        """A dispute whose term is over is marked."""
        return "overdue" if row.due_on < time.today() and row.state in ("registered", "ready", "mediating") else ""

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "number": f"TJ261122{n:05d}", "name": f"示例楼道堆物纠纷第{n}件", "address": f"示例路{n}号", "category": "0299",
            "scale": "01", "method": "01", "mediator": None, "case": None,
        }  # fmt: skip
