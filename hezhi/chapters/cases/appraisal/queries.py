"""Reads of appraisal (考核查询, 9.1.2-5), always starting from who reads; and the counting, the same before and after freezing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from hezhi.chapters.cases.appraisal import rules
from hezhi.chapters.cases.appraisal.models import (
    Exclusion,
    FrozenFact,
    Level,
    Line,
    Objection,
    Round,
    RoundState,
    Score,
    Template,
    TemplateItem,
    UnitBase,
    sees_all,
)
from hezhi.chapters.cases.appraisal.rules import Rule
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.statistics.api import MEASURES, Fact, Period
from hezhi.engines.org.api import Actor, Holding, Unit, User
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.errors import NotFound

Facts = QuerySet[Any]
Counted = dict[UUID, dict[str, tuple[int, Decimal | None]]]
KINDS = {Level.DEPARTMENT: Unit.Kind.DEPARTMENT, Level.TOWN: Unit.Kind.TOWN}


def rules_of(template: Template) -> list[Rule]:
    """The items of a template as rules."""
    rows = (
        TemplateItem.objects.filter(template=template, active=True)
        .select_related("indicator__category")
        .order_by("order", "pk")
    )
    return [rule_of(item.indicator, item.weight) for item in rows]


def rule_of(indicator: Any, weight: Decimal = Decimal(100)) -> Rule:
    """An indicator with a weight as a rule."""
    return Rule(
        indicator.code, indicator.name, weight, indicator.shape, indicator.numerator, indicator.denominator, indicator.kind,
        indicator.source, indicator.urgency, indicator.category.path if indicator.category else "", indicator.step,
        indicator.most, indicator.bands, indicator.base, indicator.target, indicator.means,
    )  # fmt: skip


def rules_in(round_: Round) -> list[Rule]:
    """The rules a round counts by: the frozen ones once its scores are out."""
    if round_.rules:
        return [Rule.thawed(told) for told in round_.rules["items"]]
    return rules_of(round_.template)


def period_of(round_: Round) -> Period:
    """The days of a round, seen from the moment its facts were frozen."""
    return Period.of_days(round_.first, round_.last, round_.as_of or time.now())


def facts_of(round_: Round) -> Facts:
    """The facts a round counts: the frozen ones once its scores are out."""
    rows: Facts = FrozenFact.objects.filter(appraisal=round_) if round_.as_of else Fact.objects.all()
    return rows.exclude(outcome="void")


def condition(rule: Rule) -> Q:
    """The filters of an indicator."""
    found = Q()
    for name in ("kind", "source", "urgency"):
        if value := getattr(rule, name):
            found &= Q(**{name: value})
    if rule.category:
        found &= Q(category_path=rule.category) | Q(category_path__startswith=f"{rule.category}/")
    return found


def owner(level: str) -> str:
    """The column that says whose a fact is: the leading unit's, or the grid member's who did the work."""
    return "worker_id" if level == Level.GRID_MEMBER else "lead_unit_id"


def counted(
    facts: Facts, level: str, items: Sequence[Rule], period: Period, bases: dict[str, Any], taken: dict[UUID, set[UUID]]
) -> Counted:
    """Numerator and denominator of every item for every owner, in one statement; `taken` are cases out of the count."""
    wanted: dict[str, Count] = {}
    for n, rule in enumerate(items):
        if rule.counts:
            wanted[f"top_{n}"] = Count("pk", filter=MEASURES[rule.numerator].of(period) & condition(rule))
            if rule.denominator:
                wanted[f"whole_{n}"] = Count("pk", filter=MEASURES[rule.denominator].of(period) & condition(rule))
    column = owner(level)
    out = Q()
    for key, cases in taken.items():
        out |= Q(**{column: key, "case__in": list(cases)})
    rows = facts.filter(period.touched()).order_by()
    if out:
        rows = rows.exclude(out)
    found: Counted = {}
    for row in rows.values(column).annotate(**wanted):
        if row[column] is not None:
            found[row[column]] = {
                rule.code: (row[f"top_{n}"], _whole(rule, row.get(f"whole_{n}"), bases.get(str(row[column]), {})))
                for n, rule in enumerate(items)
                if rule.counts
            }
    return found


def _whole(rule: Rule, many: int | None, base: dict[str, str]) -> Decimal | None:
    if rule.shape == "per_base":
        return Decimal(base[rule.base]) if base.get(rule.base) else None
    return None if many is None else Decimal(many)


def nothing(items: Sequence[Rule], base: dict[str, str]) -> dict[str, tuple[int, Decimal | None]]:
    """What somebody without a single fact has."""
    return {rule.code: (0, _whole(rule, 0 if rule.denominator else None, base)) for rule in items if rule.counts}


def bases_of(units: Sequence[UUID], year: int) -> dict[str, Any]:
    """The published area and population of units, of the newest year up to this one."""
    found: dict[str, Any] = {}
    for row in UnitBase.objects.filter(unit__in=list(units), year__lte=year).order_by("year"):
        found[str(row.unit_id)] = {
            name: str(getattr(row, name)) for name in ("area", "population") if getattr(row, name) is not None
        }
    return found


def objects_for(level: str) -> list[tuple[UUID, UUID | None, str]]:
    """Whom a level may appraise: (unit, person, name)."""
    if level in KINDS:
        rows = Unit.objects.filter(kind=KINDS[Level(level)], valid_to__isnull=True).order_by("order", "code")
        return [(unit.pk, None, unit.name) for unit in rows]
    held = Holding.objects.filter(post__role__code="grid_worker", valid_to__isnull=True).select_related(
        "user", "post__unit"
    )
    return [
        (h.post.unit_id, h.user_id, f"{h.user.full_name}（{h.post.unit.name}）")
        for h in held.order_by("post__unit__code")
    ]


def taken_out(round_: Round) -> dict[UUID, set[UUID]]:
    """The cases that do not count, by owner (剔除)."""
    found: dict[UUID, set[UUID]] = {}
    for row in Exclusion.objects.filter(line__round=round_).select_related("line"):
        key = row.line.user_id if round_.level == Level.GRID_MEMBER else row.line.unit_id
        if key:
            found.setdefault(key, set()).add(row.case_id)
    return found


# -- what a page shows ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One item of a result (得分明细): points, where they come from, the cases behind."""

    rule: Rule
    score: Score
    how: str
    files: Sequence[Attachment] = ()

    @property
    def value(self) -> Decimal | None:
        """The points that count: those given by hand, else those counted."""
        return self.score.given if self.score.given is not None else self.score.gained


@dataclass
class Sheet:
    """A line with everything about it (考核结果单)."""

    round: Round
    line: Line
    items: list[Item] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    exclusions: list[tuple[Exclusion, str]] = field(default_factory=list)
    full: Decimal = Decimal(0)
    mean: Decimal | None = None
    trend: list[tuple[Round, Decimal | None]] = field(default_factory=list)


def round_for(by: Actor, round_id: UUID) -> Round:
    """One round that this reader may see."""
    found = Round.objects.visible_to(by).select_related("template", "unit", "made_by").filter(pk=round_id).first()
    if found is None:
        raise NotFound("没有找到这个考核任务。", code="appraisal.no_round")
    return found


def line_for(by: Actor, line_id: UUID) -> Line:
    """One result that this reader may see."""
    rows = Line.objects.visible_to(by).select_related("round__template", "unit", "user")
    found = rows.filter(pk=line_id, round__in=Round.objects.visible_to(by)).first()
    if found is None:
        raise NotFound("没有找到这份考核结果。", code="appraisal.no_line")
    return found


def lines_of(by: Actor, round_: Round) -> list[Line]:
    """The lines of a round this reader may see: units by score only where that is switched on, people never."""
    rows = Line.objects.visible_to(by).filter(round=round_).select_related("unit", "user")
    plain = list(rows.order_by("unit__order", "unit__code", "user__full_name"))
    if round_.ordered and round_.level != Level.GRID_MEMBER:
        plain.sort(key=lambda line: -(line.total if line.total is not None else Decimal(-1)))
    return plain


def sheet(by: Actor, line_id: UUID) -> Sheet:
    """A whole result for this reader."""
    line = line_for(by, line_id)
    round_ = line.round
    items = rules_in(round_)
    scores = {score.item: score for score in Score.objects.filter(line=line).select_related("given_by")}
    files: dict[UUID, list[Attachment]] = {}
    for file in Attachment.objects.filter(object_id__in=[s.pk for s in scores.values()], removed_at__isnull=True):
        files.setdefault(file.object_id, []).append(file)
    told = Sheet(round_, line, full=sum((r.weight for r in items if not r.extra), Decimal(0)))
    for rule in items:
        score = scores.get(rule.code)
        if score is not None:
            why = rules.how(rule, score.numerator, score.denominator, score.gained)
            told.items.append(Item(rule, score, why, files.get(score.pk, ())))
    told.objections = list(line.objections.select_related("asked_by", "reviewed_by").order_by("asked_at"))
    taken = list(line.exclusions.select_related("by").order_by("at"))
    numbers = dict(Case.objects.filter(pk__in=[e.case_id for e in taken]).values_list("pk", "number"))
    told.exclusions = [(e, numbers.get(e.case_id, "")) for e in taken]
    totals = [t for t in Line.objects.filter(round=round_).values_list("total", flat=True) if t is not None]
    if round_.level != Level.GRID_MEMBER and len(totals) > 1:
        told.mean = rules.round_(sum(totals, Decimal(0)) / len(totals))
    same = Line.objects.filter(
        Q(round=round_) | Q(round__state__in=(RoundState.SCORED, RoundState.FINAL), round__last__lt=round_.last),
        unit=line.unit_id, user=line.user_id, round__template=round_.template_id,
    )  # fmt: skip
    told.trend = [(each.round, each.total) for each in same.select_related("round").order_by("-round__last")[:12]][::-1]
    return told


def behind(by: Actor, line: Line, code: str, part: str) -> tuple[Rule, Facts]:
    """The facts behind a numerator or denominator of one item, by the definition that counted them."""
    round_ = line.round
    rule = next((each for each in rules_in(round_) if each.code == code and each.counts), None)
    measure = (rule.denominator if part == "whole" else rule.numerator) if rule else ""
    if rule is None or not measure:
        raise NotFound("这个指标没有对应的事件。", code="appraisal.no_cases")
    period = period_of(round_)
    mine = {owner(round_.level): line.user_id if round_.level == Level.GRID_MEMBER else line.unit_id}
    rows = facts_of(round_).filter(period.touched(), MEASURES[measure].of(period), condition(rule), **mine)
    taken = line.exclusions.values("case_id")
    return rule, rows.exclude(case__in=taken)


def cases_of(by: Actor, rows: Facts, most: int = 500) -> list[tuple[Any, Case | None]]:
    """The facts with their cases, as far as the reader may open them; of the others the number alone."""
    shown = list(rows.order_by("-began_at", "case_id")[:most])
    known = Case.objects.visible_to(by).select_related("lead_unit").in_bulk([fact.case_id for fact in shown])
    return [(fact, known.get(fact.case_id)) for fact in shown]


def waiting(by: Actor) -> QuerySet[Objection]:
    """Objections that wait for review, without those about the reader's own scores."""
    rows = Objection.objects.filter(state=Objection.State.WAITING).select_related(
        "line__round", "line__unit", "line__user"
    )
    return rows if by.may("appraisal.review") and sees_all(by) else rows.none()


def people(ids: Sequence[UUID]) -> dict[UUID, str]:
    """Names of staff by id."""
    return dict(User.objects.filter(pk__in=list(ids)).values_list("pk", "full_name"))
