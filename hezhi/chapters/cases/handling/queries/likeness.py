"""Cases that are like one another (疑似重复): by what they tell, by place and time, by who reported them."""

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from hezhi.chapters.cases.handling.models import (
    Case,
    Reporter,
)
from hezhi.engines.analysis.text.duplicates import Candidate, Message, candidates
from hezhi.engines.org.actor import Actor
from hezhi.ground.masks import mask_text


def similar_cases(actor: Actor, case: Case, most: int = 5) -> list[tuple[Case, Candidate]]:
    """Cases of the last 30 days that may tell the same (疑似重复), with reasons; one query, then in memory.

    A secret case is never compared: its likeness would say something about its reporter. What is joined already, or was
    parted from this one, is known to be alike and no suspect.
    """
    if case.secret:
        return []
    since = case.received_at - timedelta(days=30)
    near = Q(category=case.category) if case.category else Q()
    if case.community_id:
        near |= Q(community=case.community_id)
    elif case.town_id:
        near |= Q(town=case.town_id)
    rows = (
        Case.objects.visible_to(actor)
        .filter(near, received_at__gte=since, received_at__lte=case.received_at + timedelta(days=1), secret=False)
        .exclude(_related_to(case))
        .exclude(state__in=("void", "merged"))
        .only("number", "title", "text", "state", "community", "point", "received_at")
        .order_by("-received_at")[:80]
    )
    known: dict[Hashable, Case] = {row.pk: row for row in rows}
    found = candidates(_as_message(case), map(_as_message, known.values()), most)
    return [(known[c.id], c) for c in found]


def _related_to(case: Case) -> Q:
    """This case itself and those it hangs together with: its main case, the one it was split from, and its fellow parts."""
    found = Q(pk=case.pk) | Q(split_from=case.pk, split_from__isnull=False)
    for other in filter(None, (case.merged_into_id, case.split_from_id)):
        found |= Q(pk=other) | Q(split_from=other, split_from__isnull=False)
    return found


def _as_message(case: Case) -> Message:
    return Message(
        id=case.pk,
        title=case.title,
        text=case.text,
        area=str(case.community_id or ""),
        point=(case.point.x, case.point.y) if case.point else None,
    )


def of_the_same_caller(actor: Actor, case: Case, most: int = 5) -> list[tuple[str, str]]:
    """Other reports under the same telephone in 90 days that this reader may see (同一来电); secret ones never."""
    reporter = Reporter.objects.filter(case=case).first()
    if case.secret or reporter is None or not reporter.phone:
        return []
    since = case.received_at - timedelta(days=90)
    rows = Case.objects.visible_to(actor).filter(
        reporter__phone_blind=reporter.phone_blind, secret=False, received_at__gte=since
    )
    found = rows.exclude(pk=case.pk).order_by("-received_at").values_list("number", "title")[:most]
    return [(number, mask_text(title)) for number, title in found]


_NEAR = """
select a.id, b.id, st_distancesphere(a.point, b.point) as metres
from handling_case a join handling_case b
  on b.category_id = a.category_id and b.id <> a.id and b.received_at between a.received_at - %(apart)s and a.received_at
  and st_dwithin(a.point, b.point, %(degrees)s)
where a.received_at > %(since)s and a.received_at <= %(upto)s and not a.secret and not b.secret
  and a.state <> 'void' and b.state <> 'void' and st_distancesphere(a.point, b.point) <= %(metres)s
order by metres, a.id, b.id limit 5000
"""


def near_pairs(since: datetime, upto: datetime, *, metres: float, apart: timedelta) -> list[tuple[UUID, UUID, float]]:
    """Pairs of cases of one category that came within some days of each other and lie within some metres.

    The later one came between `since` and `upto`; the nearest first, at most 5,000. Never a secret case.
    """
    values: dict[str, Any] = {
        "since": since,
        "upto": upto,
        "metres": metres,
        "apart": apart,
        "degrees": metres / 80_000,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, values)
        return [(one, other, float(away)) for one, other, away in cursor.fetchall()]


def told_by(case_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Which of these cases come from one and the same reporter (同一上报人): equal numbers, for this one call only.

    So a matter is counted by reporters and not by calls; nobody is named, and the numbers mean nothing elsewhere.
    Who left no phone counts for himself.
    """
    seen: dict[str, int] = {}
    rows = Reporter.objects.filter(case__in=list(case_ids)).values_list("case_id", "phone_blind")
    return {case: seen.setdefault(print_ or str(case), len(seen)) for case, print_ in rows}
