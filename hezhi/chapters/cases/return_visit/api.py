"""The face of return visits for the house above (回访室的门面)."""

from collections.abc import Sequence
from uuid import UUID

from hezhi.chapters.cases.return_visit.actions import answer_by_reporter, load_tables
from hezhi.chapters.cases.return_visit.models import Exclusion, Visit

__all__ = ["answer_by_reporter", "excluded_cases", "load_tables", "open_visit"]


def open_visit(case_id: UUID) -> Visit | None:
    """The visit that this case waits for and that the reporter has not answered yet."""
    return Visit.objects.filter(case=case_id, state=Visit.State.WAITING, told={}).first()


def excluded_cases(case_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these cases do not count in a rate (已剔除), for statistics and appraisal."""
    rows = Exclusion.objects.filter(case__in=list(case_ids), state=Exclusion.State.GRANTED)
    return set(rows.values_list("case_id", flat=True))
