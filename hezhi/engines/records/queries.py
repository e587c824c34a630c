"""Reading the audit (审计查询): by person, object, event, time and address, newest first.

Only who holds `audit.view` may: the audit administrator, who can neither change accounts nor do business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.models import Alarm, AuditCheck, AuditEntry, AuditSeal

RIGHT = "audit.view"
NEWEST_FIRST = ("-at", "-id")
READ = "records.read_personal"


@dataclass(frozen=True)
class Search:
    """What is looked for (查询条件); what is empty does not narrow. `until` is not included.

    `actors` and `objects` are ids; `actor_name` finds jobs and channels, which have none.
    """

    actors: Sequence[UUID] = ()
    actor_name: str = ""
    objects: Sequence[UUID] = ()
    events: Sequence[str] = ()
    result: str = ""
    address: str = ""
    request_id: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def condition(self) -> Q:
        """The search as one condition, each part of which has an index that ends with the time."""
        found = Q()
        if self.actors or self.actor_name:
            found &= Q(actor_id__in=list(self.actors)) | (
                Q(actor_name=self.actor_name) if self.actor_name else Q(pk__in=())
            )
        if self.objects:
            found &= Q(object_id__in=list(self.objects))
        if self.events:
            found &= Q(event__in=list(self.events))
        if self.result:
            found &= Q(result=self.result)
        if self.address:
            found &= Q(address=self.address)
        if self.request_id:
            found &= Q(request_id=self.request_id)
        if self.since:
            found &= Q(at__gte=self.since)
        if self.until:
            found &= Q(at__lt=self.until)
        return found


def entries(by: Actor, search: Search) -> QuerySet[AuditEntry]:
    """The audit rows that a search finds, newest first (审计检索)."""
    by.must(RIGHT)
    return AuditEntry.objects.filter(search.condition).order_by(*NEWEST_FIRST)


def entry(by: Actor, number: int) -> AuditEntry | None:
    """One audit row by its number."""
    by.must(RIGHT)
    return AuditEntry.objects.filter(pk=number).first()


def seal_of(by: Actor, number: int) -> AuditSeal | None:
    """The seal that names a row (所在封存), or None while it is not sealed."""
    by.must(RIGHT)
    written = AuditEntry.objects.filter(pk=number).values_list("at", flat=True).first()
    if written is None:
        return None
    # A row is sealed soon after it was written; earlier seals cannot name it.
    later = AuditSeal.objects.filter(sealed_at__gte=written).order_by("sealed_at", "id")
    return later.filter(RawSQL(_NAMES, [number], output_field=BooleanField())).first()  # noqa: S611


_NAMES = "EXISTS (SELECT FROM jsonb_array_elements(members) s WHERE %s BETWEEN (s->>0)::bigint AND (s->>1)::bigint)"


def last_seal(by: Actor) -> AuditSeal | None:
    """The end of the chain (最新封存)."""
    by.must(RIGHT)
    return AuditSeal.objects.order_by("-id").first()


def checks(by: Actor, most: int = 30) -> list[AuditCheck]:
    """The last examinations, newest first (校验记录)."""
    by.must(RIGHT)
    return list(AuditCheck.objects.order_by("-id")[:most])


def alarms(by: Actor, *, open_only: bool = False) -> QuerySet[Alarm]:
    """Alarms, newest first (安全告警)."""
    by.must(RIGHT)
    rows = Alarm.objects.order_by("-at", "-id")
    return rows.filter(seen_at__isnull=True) if open_only else rows
