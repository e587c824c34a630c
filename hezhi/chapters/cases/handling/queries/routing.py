"""Whom the table of duties proposes for a case (派单目录), and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, Func, OuterRef, Q, QuerySet, Subquery, Value

from hezhi.chapters.cases.handling import rules
from hezhi.chapters.cases.handling.models import (
    Case,
    Category,
    RoutingRule,
)
from hezhi.chapters.grassroots.grids.api import answering
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import WorkOrder
from hezhi.engines.org.models import Unit
from hezhi.engines.org.queries import somebody_may
from hezhi.ground import time


@dataclass(frozen=True)
class UnitChoice:
    """A unit the table of duties proposes (建议单位), with the reason to show."""

    unit: Unit
    reason: str
    automatic: bool = False
    """The rule lets the system dispatch by itself (自动派单)."""
    signs: bool = True
    """Somebody in the unit can sign today (有签收人)."""


def suggested_units(case: Case) -> list[UnitChoice]:
    """Who should lead, after the table of duties (派单目录): the nearest rule of category and area first.

    Two queries (three for a case that came back: who returned it is not proposed again), once for this case as
    it was read: a page asks several times. Without a rule the town of the place is proposed (属地).
    """
    asked = (case.category_id, case.town_id, case.community_id, case.barred_unit_id)
    known: tuple[Any, list[UnitChoice]] | None = case.__dict__.get("_suggested")
    if known is None or known[0] != asked:
        known = case.__dict__["_suggested"] = (asked, _suggested_units(case))
    return list(known[1])


def left_out(case: Case) -> list[tuple[str, str]]:
    """Units that a rule or the place would name and that are not proposed, each with the reason (未建议的单位)."""
    suggested_units(case)
    told: list[tuple[str, str]] = case.__dict__.get("_left_out", [])
    return told


def with_basis(units: QuerySet[Unit], case: Case) -> QuerySet[Unit]:
    """Units with the rule that names each of them for this case (派单依据), read in the same statement."""
    category: Any = case.category_id
    path = Category.objects.filter(pk=category).values("path")
    codes = Func(Subquery(path), Value("/"), function="string_to_array")
    today = time.today()
    rules_of = (
        RoutingRule.objects.filter(unit=OuterRef("pk"), category__code__among=codes, valid_from__lte=today)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
        .order_by("-category__path")
    )
    return units.annotate(
        rule_name=Subquery(rules_of.values("category__name")[:1]), rule_basis=Subquery(rules_of.values("basis")[:1])
    )


def basis_of(case: Case, unit: Unit) -> str:
    """On what a dispatch to this unit rests (派单依据): the rule that names it, or the dispatcher's own choice."""
    name, basis = getattr(unit, "rule_name", None), getattr(unit, "rule_basis", None)
    if name:
        return f"派单目录「{name}」{f'，依据：{basis}' if basis else ''}"
    return f"属地：发生地在{unit.name}" if unit.area_id and unit.area_id == case.town_id else "派遣员选定"


def conditions_of(rule: RoutingRule) -> str:
    """The further conditions of a rule in words; empty for a rule that has none."""
    return rules.Conditions(rule.when, rule.hours, rule.question, rule.answer).words


def why_not(rule: RoutingRule, case: Case) -> str:
    """Why a rule of this category and place does not speak for the case now; empty when it does."""
    if not conditions_of(rule):
        return ""
    asked = rules.Conditions(rule.when, rule.hours, rule.question, rule.answer)
    now = time.local(time.now())
    working = bool(rule.when) and timing.is_working(now)
    return rules.why_not(asked, now=now, working=working, answers=case.answers)


def routing_of(case: Case) -> tuple[list[UnitChoice], list[tuple[RoutingRule, str]]]:
    """Whom the table of duties proposes, and its rules left out with the reason (派单依据)."""
    chosen = suggested_units(case)
    return chosen, list(case.__dict__["_rules_left"])


def _suggested_units(case: Case) -> list[UnitChoice]:
    choices: list[UnitChoice] = []
    out: list[tuple[str, str]] = []
    left: list[tuple[RoutingRule, str]] = []
    case.__dict__["_left_out"], case.__dict__["_rules_left"] = out, left
    if case.category:
        codes = case.category.path.split("/")
        today = time.today()
        found = (
            RoutingRule.objects.filter(category__code__in=codes, valid_from__lte=today)
            .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
            .filter(Q(area__isnull=True) | Q(area__in=[a for a in (case.town_id, case.community_id) if a]))
            .select_related("category", "unit", "line")
            .annotate(
                unit_signs=somebody_may("cases.sign", OuterRef("unit")),
                line_signs=somebody_may("cases.sign", OuterRef("line__unit")),
            )
        )
        for rule in sorted(
            found, key=lambda r: (-codes.index(r.category.code), r.area_id is None, not conditions_of(r))
        ):
            why = why_not(rule, case)
            if why:
                left.append((rule, why))
                out += [(choice.unit.name, why) for choice in _of_rule(rule, case)]
            else:
                choices += _of_rule(rule, case)
    if case.town_id:
        towns: QuerySet[Any] = Unit.objects.annotate(signs=somebody_may("cases.sign"))
        town = towns.filter(area=case.town_id, kind=Unit.Kind.TOWN, valid_to__isnull=True).first()
        if town is not None:
            choices.append(UnitChoice(town, f"属地：发生地在{town.name}", signs=town.signs))
    if case.barred_unit_id:
        barred = Unit.objects.get(pk=case.barred_unit_id).path
        out += [(c.unit.name, "是被反映单位或其下级，依规定回避") for c in choices if c.unit.path.startswith(barred)]
        choices = [c for c in choices if not c.unit.path.startswith(barred)]
    if case.returns:
        refused = set(WorkOrder.objects.filter(matter_id=case.pk, state="returned").values_list("unit_id", flat=True))
        out += [(c.unit.name, "已退回过本件") for c in choices if c.unit.pk in refused]
        choices = [c for c in choices if c.unit.pk not in refused]
    out += [(c.unit.name, "暂无签收人") for c in choices if not c.signs]
    choices = [c for c in choices if c.signs]
    out += [(c.unit.name, f"排在其后：{c.reason}") for c in choices[1:] if c.unit.pk != choices[0].unit.pk]
    return choices


def category_to_accept(id: UUID) -> Category | None:
    """A category in use, with `dispatches`: whether some rule for it or above it dispatches by itself; one statement."""
    codes = Func(OuterRef("path"), Value("/"), function="string_to_array")
    automatic = RoutingRule.objects.filter(automatic=True, category__code__among=codes)
    return Category.objects.filter(pk=id, active=True).annotate(dispatches=Exists(automatic)).first()


def _of_rule(rule: Any, case: Case) -> list[UnitChoice]:
    """What one rule proposes: the unit of the professional grid over the place, else the unit it names."""
    asked = conditions_of(rule)
    told = f"派单目录「{rule.category.name}」{f'（{asked}）' if asked else ''}{f'，依据：{rule.basis}' if rule.basis else ''}"
    found = answering(rule.line, case.point.x, case.point.y) if rule.line and case.point else None
    if found is not None:
        who = f"，{'、'.join(found.people)}" if found.people else ""
        signs = Unit.objects.filter(somebody_may("cases.sign"), pk=found.unit.pk).exists()
        return [UnitChoice(found.unit, f"{rule.line}专业网格「{found.grid.name}」{who}；{told}", rule.automatic, signs)]
    unit, signs = (rule.unit, rule.unit_signs) if rule.unit else (rule.line and rule.line.unit, rule.line_signs)
    return [UnitChoice(unit, told, signs=signs)] if unit is not None else []


def in_charge(case_ids: Sequence[UUID]) -> list[tuple[Unit, int]]:
    """Which units deal with these cases (责任单位), the busiest first: the leading ones, else who should lead."""
    cases = Case.objects.filter(pk__in=list(case_ids), secret=False).select_related("category", "lead_unit")
    found: Counter[Unit] = Counter()
    for case in cases:
        unit = case.lead_unit or next((choice.unit for choice in suggested_units(case)), None)
        if unit is not None:
            found[unit] += 1
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0].code))
