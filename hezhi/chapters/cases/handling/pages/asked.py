"""Requests about a case on its page (事件的申请): who may decide, sign beside, or take back; where their colleagues are named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse

from hezhi.chapters.cases.handling.actions.lapsing import WHAT
from hezhi.chapters.cases.handling.actions.turning import MATTER
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.handling.rules import long_hold
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval
from hezhi.engines.flow.queries import may_decide
from hezhi.engines.org.actor import Actor
from hezhi.ground import time


@dataclass(frozen=True)
class Asked:
    """A waiting request (待审批的申请) and what this reader may do with it."""

    row: Approval
    may_decide: bool
    must_sign: bool
    is_own: bool

    @property
    def told(self) -> str:
        """How long is asked for, in a word; what else is asked for stands where it is decided."""
        day = review_day(self.row)
        if day is not None:
            return f"复核日期 {time.show_day(day)}。"
        return f"延长 {self.row.proposal['days']} 个工作日。" if self.row.kind == "extension" else ""

    @property
    def warning(self) -> str:
        """What should be noticed."""
        return warning_of(self.row)

    @property
    def signers(self) -> str:
        """The co-signers and how far they are."""
        return approvals.signers_told(self.row)

    @property
    def awaited(self) -> list[dict[str, Any]]:
        """Those whose signature the decision waits for."""
        return [signer for signer in self.row.cosigners if approvals.is_awaited(signer)]


def review_day(row: Approval) -> date | None:
    """The day on which a hold that is asked for would be looked at again (复核日期)."""
    told = row.proposal.get("review_on") if row.kind == "hold" else None
    return date.fromisoformat(told) if told else None


def warning_of(row: Approval) -> str:
    """What both who asks and who decides should notice of a request (提示); empty where there is nothing."""
    day = review_day(row)
    return long_hold(time.local(row.asked_at).date(), day) if day else ""


def asked_of(rows: list[Approval], by: Actor) -> list[Asked]:
    """The waiting ones among the requests of a case."""
    return [
        Asked(row, may_decide(by, row), approvals.must_sign(row, by), row.asked_by_id == by.user_id)
        for row in rows if row.state == Approval.State.WAITING
    ]  # fmt: skip


def _sees(rows: Sequence[Approval], by: Actor) -> set[UUID]:
    cases = Case.objects.visible_to(by).filter(pk__in={row.object_id for row in rows})
    seen = set(cases.values_list("pk", flat=True))
    return {row.pk for row in rows if row.object_id in seen}


approvals.host(
    MATTER,
    approvals.Host(
        name=lambda row: WHAT.get(row.kind, ""),
        address=lambda row: reverse("case", args=[row.object_id]),
        sees=_sees,
    ),
)
