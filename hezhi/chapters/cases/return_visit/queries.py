"""Reads of return visits, always starting from who reads (9.1.2-2)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.models import CallBack
from hezhi.chapters.cases.return_visit import rules
from hezhi.chapters.cases.return_visit.models import Exclusion, Visit
from hezhi.engines.org.api import Actor
from hezhi.ground import time

SHOWN = 200


def queue(by: Actor) -> list[Visit]:
    """Who is to be called now or later (待回访): what is due first, then by the limit of the case."""
    rows = Visit.objects.filter(case__in=Case.objects.visible_to(by), state=Visit.State.WAITING)
    rows = rows.select_related("case", "case__lead_unit", "rule")
    return list(rows.order_by(F("next_at").asc(nulls_first=True), "case__due_at", "created_at")[:SHOWN])


def not_drawn_yet(by: Actor) -> int:
    """How many cases wait for the next round of drawing (待抽取)."""
    known = Visit.objects.filter(case=OuterRef("pk"), since=OuterRef("state_since"))
    return Case.objects.visible_to(by).filter(~Exists(known), state="to_call_back").count()


def visit_of(case: Case) -> Visit | None:
    """The visit that a case waits for, with its rule."""
    return Visit.objects.select_related("rule").filter(case=case, state=Visit.State.WAITING).first()


def tries_of(case: Case) -> Sequence[CallBack]:
    """The calls since the case waits (已联系)."""
    return list(case.call_backs.filter(at__gte=case.state_since).select_related("by").order_by("at"))


def verdicts(by: Actor, since: datetime) -> list[rules.Verdict]:
    """The last verdict of each case called back since then, of those this reader sees.

    What the reporter rated himself later stands in the case and counts before what he said on the phone.
    """
    excluded = Exclusion.objects.filter(case=OuterRef("case"), state=Exclusion.State.GRANTED)
    rows: Any = (
        CallBack.objects.filter(case__in=Case.objects.visible_to(by), reached=True, at__gte=since)
        .order_by("case_id", "-at")
        .distinct("case_id")
        .values("solved", "satisfied_attitude", "case__satisfied", out=Exists(excluded))
    )
    return [rules.Verdict(r["solved"], r["case__satisfied"], r["satisfied_attitude"], r["out"]) for r in rows]


def last_month(by: Actor) -> rules.Rates:
    """The rates of the last thirty days (近 30 天解决率、满意率)."""
    return rules.rates(verdicts(by, time.now() - timedelta(days=30)))


def exclusions(by: Actor) -> list[Exclusion]:
    """The exclusions asked for in cases that this reader sees, newest first (剔除台账)."""
    rows = Exclusion.objects.filter(case__in=Case.objects.visible_to(by))
    return list(rows.select_related("case", "asked_unit", "decided_unit", "asked_by", "decided_by")[:SHOWN])
