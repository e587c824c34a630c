"""What waits at a desk (工作列表), what a case still lacks for its next step, and the words at hand for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Case as Choice
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, When

from hezhi.chapters.cases.handling import rules
from hezhi.chapters.cases.handling.flows import UNDONE
from hezhi.chapters.cases.handling.models import (
    AnswerTemplate,
    Case,
    Category,
    Reporter,
    Step,
)
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.queries import holders_of
from hezhi.engines.records.models import Attachment
from hezhi.ground import time

BY_URGENCY = Choice(When(urgency="critical", then=0), When(urgency="urgent", then=1), default=2)


NAMED = 3
"""How many of those who may decide are named."""
WAITING_REQUESTS = Approval.objects.filter(
    object_type="handling.case", object_id=OuterRef("pk"), state=Approval.State.WAITING
)


def requested(*_: Any) -> dict[str, Any]:
    """Annotations of a case: whether a request about it waits (有申请待审批), and the revision that was read with that.

    Where the case is locked and somebody else was quicker, its own revision is a later one.
    """
    before = Case._base_manager.filter(pk=OuterRef("pk")).values("revision")
    return {"requested": Exists(WAITING_REQUESTS), "revision_before": Subquery(before)}


@dataclass(frozen=True)
class Waiting:
    """A request about a case that waits (等待审批): what for, who asked, and who may decide it."""

    asked: Approval
    unit: str
    people: str


ASKED_AWAY = {"not_accept": "不予受理", "void": "作废"}
"""Requests after which a case would not be begun with at all."""


def requests_waiting(case: Case, kinds: Collection[str] = ()) -> list[Waiting]:
    """The requests about a case that wait, each with those who decide it; a few names where there are many.

    With `kinds` those of these kinds alone.
    """
    rows = Approval.objects.filter(object_type="handling.case", object_id=case.pk, state=Approval.State.WAITING)
    rows = rows.filter(kind__in=list(kinds)) if kinds else rows
    found = []
    for row in rows.select_related("asked_by", "asked_unit", "unit").order_by("asked_at", "id"):
        names = [user.full_name for user in holders_of(row.permission, row.unit) if user.pk != row.asked_by_id]
        told = "、".join(names[:NAMED]) + (f"等 {len(names)} 人" if len(names) > NAMED else "")
        found.append(Waiting(row, row.unit.name, told))
    return found


def triage_queue(actor: Actor) -> QuerySet[Case]:
    """What waits at this reader's desk (受理派遣台): most urgent first, then oldest.

    What waits for somebody's decision (不予受理、作废) is passed over until that is taken.
    """
    states = []
    if actor.may("cases.accept"):
        states += ["to_accept"]
    if actor.may("cases.dispatch"):
        states += ["to_dispatch", "redo"]
    return (
        Case.objects.visible_to(actor)
        .filter(~Exists(WAITING_REQUESTS), state__in=states)
        .select_related("town")
        .only("number", "title", "source", "state", "due_at", "urgency", "received_at", "town__name", "town__full_name")
        .order_by(BY_URGENCY, "received_at", "id")
    )


def needs_of(category: Category | None) -> rules.Needs:
    """What this category asks for before the case is taken up and before it ends (立案条件、结案条件)."""
    if category is None:
        return rules.Needs()
    return rules.Needs(
        place=category.needs_place, contact=category.needs_contact, result=category.needs_result,
        talk=category.needs_talk, site_check=category.needs_site_check, photo=category.needs_photo,
    )  # fmt: skip


def missing_to_accept(case: Case) -> list[str]:
    """What is missing before this case is taken up; a secret one is not asked for what it hides."""
    needs = needs_of(case.category)
    if case.secret or not (needs.place or needs.contact):
        return []
    reporter = Reporter.objects.filter(case=case).first() if needs.contact else None
    return rules.missing_to_accept(
        needs,
        has_place=case.point is not None or bool(case.place),
        has_contact=reporter is not None and bool(reporter.phone),
    )


def open_parts(case: Case) -> list[str]:
    """The numbers of the cases that were split from this one and that it waits for (等拆出的事项); no query where it
    waits for none."""
    if not case.waits_for_parts:
        return []
    return list(Case.objects.open().filter(split_from=case).order_by("number").values_list("number", flat=True))


def missing_to_close(case: Case, orders: Sequence[WorkOrder]) -> list[str]:
    """What is missing before this case may end: cases split from it, and the conditions of its category; no query
    where there is neither."""
    parts = open_parts(case)
    return ([f"拆出的事项办结（{'、'.join(parts)}）"] if parts else []) + _missing_by_category(case, orders)


def _missing_by_category(case: Case, orders: Sequence[WorkOrder]) -> list[str]:
    needs = needs_of(case.category)
    if not needs.to_close:
        return []
    leads = [o for o in orders if o.part == WorkOrder.Part.LEAD and o.round == case.redos + 1]
    visited = Step.objects.filter(Q(verb="arrive") | Q(fields__has_key="到过现场"), case=case)
    files = Attachment.objects.filter(object_id=case.pk, removed_at__isnull=True).values_list("stage", flat=True)
    return rules.missing_to_close(
        needs,
        results=[o.result for o in leads if o.parent_id is None and o.state != "withdrawn"],
        on_site=needs.site_check and visited.exists(),
        stages=set(files) if needs.photo else (),
    )


def templates_for(case: Case, step: str) -> list[tuple[AnswerTemplate, str]]:
    """The templates that fit this case and step (答复模板), the most specific first, each filled for this very case."""
    codes = case.category.path.split("/") if case.category else []
    fits = Q(category__isnull=True) | Q(category__code__in=codes)
    rows = list(AnswerTemplate.objects.filter(fits, step=step, active=True).select_related("category"))
    rows.sort(key=lambda t: (-codes.index(t.category.code) if t.category else 1, t.name))
    values = {
        "编号": case.number, "类别": case.category.name if case.category else "",
        "单位": case.lead_unit.name if case.lead_unit else "",
        "收到日期": _day(time.local(case.received_at).date()), "今天": _day(time.today()),
    }  # fmt: skip
    return [(row, rules.filled(row.text, values)) for row in rows]


def _day(day: date) -> str:
    """A day as a letter writes it."""
    return f"{day.year}年{day.month}月{day.day}日"


def open_orders(actor: Actor) -> QuerySet[WorkOrder]:
    """Work orders of this reader's units that are not ended (在办承办单)."""
    units: Sequence[UUID] = actor.scope.units or ([actor.unit_id] if actor.unit_id else [])
    return (
        WorkOrder.objects.filter(matter_type="handling.case", unit__in=units, state__in=UNDONE)
        .select_related("unit", "holder")
        .order_by("due_at", "issued_at")
    )


def asked_category(case: Case) -> Category | None:
    """The category whose questions a case is asked: its own, else the one proposed."""
    code = case.suggestion.get("category") if isinstance(case.suggestion, dict) else None
    return case.category or (Category.objects.filter(code=code, active=True).first() if code else None)


def questions_for(case: Case) -> list[rules.Question]:
    """What is still asked of this case (补充询问): nothing once it is under way, nothing of what was answered."""
    if case.state not in ("to_accept", "to_supplement", "to_dispatch"):
        return []
    category = asked_category(case)
    told = rules.questions_of(category.questions) if category else []
    return [question for question in told if question.text not in case.answers]
