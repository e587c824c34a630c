"""The matters of a telephone that its holder has proven (我的诉求, 9.1.2-1): from every channel, by the print of the number."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from hezhi.channels.citizen.models import PhoneProof
from hezhi.chapters.cases.handling.api import ENDED, Case
from hezhi.engines.records.vault import blind
from hezhi.ground import time

PAGE = 20
ENDED_SHOWN = timedelta(days=365)
"""A number is given to somebody else some months after it was given up; what ended longer ago opens by number and code."""
_SHOWN = (
    "id", "number", "title", "state", "received_at", "due_at", "lead_unit__name",
)  # fmt: skip


def matters_of(proof: PhoneProof) -> QuerySet[Case]:
    """All matters in which the proven number is the reporter's own, from whatever channel they came.

    Never a secret case (保密件), never one told without a name, never one that ended more than a year ago. Who only wrote
    it down for him (officer, grid worker, family) is not the reporter: the number that stands with the report is.
    """
    since = time.now() - ENDED_SHOWN
    his = Case.objects.filter(
        reporter__phone_blind=blind("phone", proof.phone), reporter__anonymous=False, secret=False
    )  # fmt: skip
    return his.filter(~Q(state__in=ENDED) | Q(state_since__gt=since))


def page_of(proof: PhoneProof, page: int) -> tuple[list[Case], bool]:
    """One page of his matters, newest first, and whether there are more; one statement."""
    rows = matters_of(proof).select_related("lead_unit").only(*_SHOWN)
    first = max(page - 1, 0) * PAGE
    found = list(rows.order_by("-received_at", "-id")[first : first + PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def is_his(proof: PhoneProof, case_id: UUID) -> bool:
    """Whether a matter is among those of the proven number."""
    return matters_of(proof).filter(pk=case_id).exists()


def limit_words(case: Case, now: datetime) -> tuple[str, str]:
    """By when something is promised, in the words of somebody who waits, and the moment (时限说明); empty when nothing is."""
    if case.state in (*ENDED, "to_call_back", "on_hold", "to_supplement") or case.due_at is None:
        return "", ""
    if case.due_at < now:
        return "已超过承诺时间，可以催一催", ""
    return ("预计受理" if case.state == "to_accept" else "预计答复"), time.show(case.due_at)
