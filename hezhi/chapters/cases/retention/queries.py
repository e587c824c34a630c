"""Whose term is over (到期), and who stays nevertheless, with the reason."""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import ExtractYear

from hezhi.chapters.cases.handling.api import ENDED, Case, Reporter, Source
from hezhi.chapters.cases.handling.api import queries as handling
from hezhi.chapters.cases.retention.models import Erased, Kind, Run, Term
from hezhi.engines.flow.models import AT_WORK, Approval, WorkOrder
from hezhi.ground import time

NAMED = ~Q(name="") | ~Q(phone="") | ~Q(address="") | ~Q(follow_digest="") | ~Q(platform_reference="")


def term(kind: str = Kind.REPORTER) -> Term | None:
    """The term in force (现行期限); None before a district has settled one."""
    return Term.objects.filter(kind=kind).select_related("set_by").first()


def edge_of(term: Term, now: datetime | None = None) -> datetime:
    """The moment before which a matter must have ended for its reporter to become nameless."""
    here = time.local(now or time.now())
    month = here.year * 12 + here.month - 1 - term.months
    year, month = divmod(month, 12)
    day = min(here.day, 28)
    return here.replace(year=year, month=month + 1, day=day, hour=0, minute=0, second=0, microsecond=0)


def _over(edge: datetime, kind: str) -> QuerySet[Case]:
    if kind == Kind.CASE:
        gone = Erased.objects.filter(case=OuterRef("pk"))
        return Case.objects.filter(~Exists(gone), state__in=ENDED, closed_at__lt=edge)
    named = Reporter.objects.filter(NAMED, case=OuterRef("pk"))
    return Case.objects.filter(Exists(named), state__in=ENDED, closed_at__lt=edge)


def _kept() -> Q:
    """Ended matters that something living still hangs on: cases joined to them or split from them that are open."""
    open_ones = Case.objects.open()
    return Q(Exists(open_ones.filter(split_from=OuterRef("pk")))) | Q(
        Exists(open_ones.filter(merged_into=OuterRef("pk")))
    )


def _at_work() -> Exists:
    """Whether an order is still open for the matter."""
    return Exists(WorkOrder.objects.filter(matter_id=OuterRef("pk"), state__in=AT_WORK))


def due(edge: datetime, kind: str = Kind.REPORTER) -> QuerySet[Case]:
    """Ended matters whose term is over and of which there is still something to take away, the oldest first.

    What is still at work stays, and so does what another room still needs: a supervision not closed (督办未销号), a
    dispute not ended.
    """
    over = _over(edge, kind).exclude(_kept()).exclude(_at_work())
    return over.exclude(handling.still_needed()).order_by("closed_at", "id")


def counted(edge: datetime, kind: str = Kind.REPORTER) -> dict[str, Any]:
    """What a run would do now (试算): by year of the end and by source, and how many stay because of open work."""
    names = dict(Source.choices)
    by_year: Counter[str] = Counter()
    by_source: Counter[str] = Counter()
    rows = due(edge, kind).order_by().annotate(year=ExtractYear("closed_at")).values_list("year", "source")
    for year, source in rows.iterator(chunk_size=5000):
        by_year[str(year)] += 1
        by_source[names.get(source, source)] += 1
    total = sum(by_year.values())
    stay = _over(edge, kind).count() - total
    return {
        "total": total,
        "by_year": dict(sorted(by_year.items())),
        "by_source": dict(by_source.most_common()),
        "stay": stay,
    }


def runs(kind: str = Kind.REPORTER, most: int = 30) -> list[Run]:
    """The newest trials and runs, with how many cases each has erased so far."""
    return list(Run.objects.filter(kind=kind).annotate(done=Count("erased"))[:most])


def waiting(runs_: list[Run]) -> set[UUID]:
    """Which of these trials wait for an approval."""
    asked = Approval.objects.filter(object_id__in=[run.pk for run in runs_], state=Approval.State.WAITING)
    return set(asked.values_list("object_id", flat=True))


def list_of(run_id: UUID, most: int = 1000) -> tuple[Run | None, list[Erased]]:
    """A run with the list of what it has erased (清册)."""
    run = Run.objects.filter(pk=run_id, kind=Kind.CASE).annotate(done=Count("erased")).first()
    return run, list(Erased.objects.filter(run=run)[:most]) if run else []
