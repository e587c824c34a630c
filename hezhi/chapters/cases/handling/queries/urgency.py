"""What the tables say of a report before anybody has read it (紧急程度规则)."""

from functools import lru_cache

from django.db.models import Q

from hezhi.chapters.cases.handling import rules
from hezhi.chapters.cases.handling.models import (
    UrgencyRule,
)
from hezhi.ground import time

KEPT_SECONDS = 60.0


@lru_cache(maxsize=1)
def _urgency_rules(period: int) -> tuple[rules.Urging, ...]:
    today = time.today()
    rows = UrgencyRule.objects.filter(valid_from__lte=today).filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
    return tuple(
        rules.Urging(
            row.name,
            row.urgency,
            tuple(row.words),
            tuple(row.places),
            row.category.path if row.category else "",
            row.basis,
        )
        for row in rows.select_related("category")
    )


def forget_urgency_rules() -> None:
    """Read the rules of urgency afresh at the next report: called by whoever changes them."""
    _urgency_rules.cache_clear()


def ruled_urgency(*, text: str, place: str, path: str) -> tuple[str, str]:
    """How urgent the rules make such a report, and why (紧急程度规则); the rules are read once in a minute."""
    known = _urgency_rules(int(time.monotonic() / KEPT_SECONDS))
    return rules.ruled_urgency(known, text=text, place=place, path=path)
