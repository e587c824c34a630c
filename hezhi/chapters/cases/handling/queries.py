"""Reads of a case, always starting from who reads (9.1.2-2)."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case as Choice
from django.db.models import Exists, Func, Max, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Lower, StrIndex
from django.db.models.lookups import GreaterThan

from hezhi.chapters.cases.handling import rules
from hezhi.chapters.cases.handling.flows import CASE, ORDER
from hezhi.chapters.cases.handling.models import (
    AnswerTemplate,
    Case,
    Category,
    Reporter,
    RoutingRule,
    Step,
    UrgencyRule,
)
from hezhi.chapters.grassroots.grids.api import answering
from hezhi.engines.analysis.text.duplicates import Candidate, Message, candidates
from hezhi.engines.flow import queries as flow
from hezhi.engines.flow import timing, versions
from hezhi.engines.flow.models import Approval, Deadline, WorkOrder
from hezhi.engines.flow.rules.life_cycle import LifeCycle, Verb, next_verbs
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.org.scope import any_of
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.engines.registry.seeking import Sought, among
from hezhi.ground import time
from hezhi.ground.errors import NotFound, NotNow
from hezhi.ground.masks import mask, mask_text

DESK_ONLY = frozenset({"transfer", "add_unit"})
"""Verbs of the desk that dispatched; a unit passes down or whistles instead."""

BY_URGENCY = Choice(When(urgency="critical", then=0), When(urgency="urgent", then=1), default=2)

DUTY_CHIEF = "duty_chief"
"""The role of the duty chief (值班长), who may open any secret case."""
FROM_THE_REPORTER = ("report", "supplement")
"""Stages whose attachments came from the reporter and may show him."""
LIFTED_FOR = timedelta(minutes=30)
"""How long the attachments of a secret case stay open after the veil was lifted for a purpose."""

BY_UNIT_ONLY = frozenset({"work"})
"""Verbs of the case that are done through its work orders and have no button of their own."""


_SHAPES = [f"{level}__{name}" for level in ("town", "community", "grid") for name in ("shape", "centre")]
"""What a case page never draws of the areas of a case: their outlines are the longest values of all."""


def case_for(actor: Actor, case_id: UUID, also: Mapping[str, Any] | None = None) -> Case:
    """One case that this reader may see, with its names; otherwise «not found», whatever the reason.

    `also` are annotations that come along in the same statement. The cases it was merged into or split from, which few
    have, are read when they are asked for.
    """
    rows = Case.objects.visible_to(actor).select_related(
        "category", "town", "community", "grid", "lead_unit", "desk", "reporter"
    )
    case = rows.annotate(**(also or {})).defer(*_SHAPES).filter(pk=case_id).first()
    if case is None:
        raise NotFound("没有找到这件事。", "可能编号有误，或不在您的管辖范围。", "请核对编号。", code="cases.not_found")
    return case


@dataclass(frozen=True)
class UnitChoice:
    """A unit the table of duties proposes (建议单位), with the reason to show."""

    unit: Unit
    reason: str
    automatic: bool = False
    """The rule lets the system dispatch by itself (自动派单)."""


@dataclass
class CaseFile:
    """Everything a case page shows (事件详情), read with a fixed number of queries."""

    case: Case
    steps: list[Step]
    orders: list[WorkOrder]
    deadlines: list[Deadline]
    approvals: list[Approval]
    attachments: list[Attachment]
    merged: list[Case]
    reporter: dict[str, str]
    verbs: list[Verb] = field(default_factory=list)
    order_verbs: dict[UUID, list[Verb]] = field(default_factory=dict)

    @property
    def total(self) -> Deadline | None:
        """The limit that counts now: the running one, or the last."""
        running = [d for d in self.deadlines if d.state in ("running", "paused")]
        counted = running or self.deadlines
        return counted[-1] if counted else None


def case_file(actor: Actor, case_id: UUID, also: Mapping[str, Any] | None = None) -> CaseFile:
    """The whole file of a case for this reader, in seven queries; `also` as in `case_for`."""
    case = case_for(actor, case_id, also)
    orders = flow.orders_of(case.pk)
    return CaseFile(
        case=case,
        steps=list(Step.objects.filter(case=case).select_related("order").order_by("at", "id")),
        orders=orders,
        deadlines=flow.deadlines_of(case.pk),
        approvals=flow.approvals_of(case.pk),
        attachments=attachments_for(actor, case),
        merged=list(Case.objects.visible_to(actor).filter(merged_into=case)),
        reporter=masked_reporter(case),
        verbs=verbs_for(actor, case),
        order_verbs={o.pk: order_verbs_for(actor, case, o) for o in orders},
    )


def flow_of(case: Case) -> LifeCycle:
    """The flow a case follows (事件类型的流程): the version of its kind that was in force when it came in."""
    return versions.cycle_for(CASE, case.kind, case.recorded_at)


def declared_for(case: Case, code: str) -> Verb:
    """A verb as the flow of this case has it. Raises NotNow when the flow leaves it out."""
    found = next((verb for verb in flow_of(case).verbs if verb.code == code), None)
    if found is None:
        name = next(verb.name for verb in CASE.verbs if verb.code == code)
        raise NotNow(
            f"{case.get_kind_display()}的流程里没有「{name}」。", "这一类事件不办理这个动作。", "请选择页面上列出的下一步。",
            code="cases.verb_left_out",
        )  # fmt: skip
    return found


def verbs_for(actor: Actor, case: Case) -> list[Verb]:
    """The next steps of the case itself that this post may take, in the order of the flow."""
    hidden = BY_UNIT_ONLY if actor.unit_id == case.desk_id else BY_UNIT_ONLY | DESK_ONLY
    return [v for v in next_verbs(flow_of(case), case.state, actor.permissions) if v.code not in hidden]


def order_verbs_for(actor: Actor, case: Case, order: WorkOrder) -> list[Verb]:
    """The next steps on one work order that this post may take."""
    if order.round != case.redos + 1:
        return []
    mine = actor.unit_id == order.unit_id or order.unit_id in actor.scope.units
    found = []
    for verb in next_verbs(ORDER, order.state, actor.permissions):
        if verb.code in ("hold", "resume", "withdraw"):
            continue
        if verb.code in ("review", "send_back"):
            if actor.unit_id == order.review_unit_id and actor.user_id != order.replied_by_id:
                found.append(verb)
        elif verb.code == "release":
            upper = actor.unit_id in (case.desk_id, order.issued_by_unit_id)
            if upper and (order.parent_id or order.part == WorkOrder.Part.ASSIST):
                found.append(verb)
        elif verb.code in ("return_order", "dispute"):
            if mine and not order.may_not_return and (verb.code == "return_order" or order.parent_id is None):
                found.append(verb)
        elif verb.code == "take_over":
            if mine and order.holder_id is not None and order.holder_id != actor.user_id:
                found.append(verb)
        elif verb.code == "arrive":
            if mine and order.called and order.arrived_at is None:
                found.append(verb)
        elif mine:
            found.append(verb)
    return found


def attachments_for(actor: Actor, case: Case) -> list[Attachment]:
    """The files of a case that this reader may open; those of a secret case only with the veil lifted."""
    rows = Attachment.objects.filter(object_id=case.pk, removed_at__isnull=True).order_by("uploaded_at")
    if case.secret and not has_lifted_veil(actor, case):
        rows = rows.exclude(visibility=Attachment.Visibility.SECRET).exclude(stage__in=FROM_THE_REPORTER)
    return list(rows)


def may_lift_veil(actor: Actor, case: Case) -> bool:
    """Who may see what reveals the reporter of a secret case: the acceptor of record and the duty chief."""
    if not case.secret:
        return True
    if not actor.may("cases.open_secret"):
        return False
    return actor.role_code == DUTY_CHIEF or case.accepted_by_id in (None, actor.user_id)


def has_lifted_veil(actor: Actor, case: Case) -> bool:
    """Whether this reader has lifted the veil of a secret case just now, with a purpose that stands in the audit."""
    if not may_lift_veil(actor, case):
        return False
    return AuditEntry.objects.filter(
        object_id=case.pk, actor_id=actor.user_id, event="records.read_personal", detail__fields__contains="sealed_text",
        at__gte=time.real_now() - LIFTED_FOR,
    ).exists()  # fmt: skip


def masked_reporter(case: Case) -> dict[str, str]:
    """The reporter as every reader sees him: masked on the server (P9); nothing at all in a secret case."""
    reporter: Reporter | None = getattr(case, "reporter", None)
    if case.secret:
        return {"name": "保密", "phone": "保密", "address": "保密"}
    if reporter is None or reporter.anonymous:
        return {"name": "匿名", "phone": "", "address": ""}
    return {
        "name": mask("name", reporter.name) if reporter.name else "未留姓名",
        "phone": mask("phone", reporter.phone),
        "address": mask("address", reporter.address),
    }


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
        town = Unit.objects.filter(area=case.town_id, kind=Unit.Kind.TOWN, valid_to__isnull=True).first()
        if town is not None:
            choices.append(UnitChoice(town, f"属地：发生地在{town.name}"))
    if case.barred_unit_id:
        barred = Unit.objects.get(pk=case.barred_unit_id).path
        out += [(c.unit.name, "是被反映单位或其下级，依规定回避") for c in choices if c.unit.path.startswith(barred)]
        choices = [c for c in choices if not c.unit.path.startswith(barred)]
    if case.returns:
        refused = set(WorkOrder.objects.filter(matter_id=case.pk, state="returned").values_list("unit_id", flat=True))
        out += [(c.unit.name, "已退回过本件") for c in choices if c.unit.pk in refused]
        choices = [c for c in choices if c.unit.pk not in refused]
    out += [(c.unit.name, f"排在其后：{c.reason}") for c in choices[1:] if c.unit.pk != choices[0].unit.pk]
    return choices


def category_to_accept(id: UUID) -> Category | None:
    """A category in use, with `dispatches`: whether some rule for it or above it dispatches by itself; one statement."""
    codes = Func(OuterRef("path"), Value("/"), function="string_to_array")
    automatic = RoutingRule.objects.filter(automatic=True, category__code__among=codes)
    return Category.objects.filter(pk=id, active=True).annotate(dispatches=Exists(automatic)).first()


def _of_rule(rule: RoutingRule, case: Case) -> list[UnitChoice]:
    """What one rule proposes: the unit of the professional grid over the place, else the unit it names."""
    asked = conditions_of(rule)
    told = f"派单目录「{rule.category.name}」{f'（{asked}）' if asked else ''}{f'，依据：{rule.basis}' if rule.basis else ''}"
    found = answering(rule.line, case.point.x, case.point.y) if rule.line and case.point else None
    if found is not None:
        who = f"，{'、'.join(found.people)}" if found.people else ""
        return [UnitChoice(found.unit, f"{rule.line}专业网格「{found.grid.name}」{who}；{told}", rule.automatic)]
    unit = rule.unit or (rule.line.unit if rule.line else None)
    return [UnitChoice(unit, told)] if unit is not None else []


def similar_cases(actor: Actor, case: Case, most: int = 5) -> list[tuple[Case, Candidate]]:
    """Cases of the last 30 days that may tell the same (疑似重复), with reasons; one query, then in memory.

    A secret case is never compared: its likeness would say something about its reporter.
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
        .exclude(pk=case.pk)
        .exclude(state="void")
        .only("number", "title", "text", "state", "community", "point", "received_at")
        .order_by("-received_at")[:80]
    )
    known: dict[Hashable, Case] = {row.pk: row for row in rows}
    found = candidates(_as_message(case), map(_as_message, known.values()), most)
    return [(known[c.id], c) for c in found]


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


def triage_queue(actor: Actor) -> QuerySet[Case]:
    """What waits at this reader's desk (受理派遣台): most urgent first, then oldest."""
    states = []
    if actor.may("cases.accept"):
        states += ["to_accept"]
    if actor.may("cases.dispatch"):
        states += ["to_dispatch", "redo"]
    return (
        Case.objects.visible_to(actor)
        .filter(state__in=states)
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
        WorkOrder.objects.filter(
            matter_type="handling.case", unit__in=units, state__in=["to_sign", "handling", "on_hold", "to_review"]
        )
        .select_related("unit", "holder")
        .order_by("due_at", "issued_at")
    )


# -- the tree of categories as it stood on a day (类别的日期版本) -------------------------------------------


@dataclass(frozen=True)
class Branch:
    """One category as it stood on a day: code, names and whether it was in use."""

    code: str
    name: str
    full_name: str
    active: bool
    depth: int


def tree_on(day: date) -> list[Branch]:
    """The categories as they stood at the end of a day, by code (当日类别): from the history, so renamed and moved ones
    have their names and places of that day; those that came later are not there."""
    versions: Any = Category.versions.rel.related_model.objects  # type: ignore[attr-defined]
    end = time.at_local(day + timedelta(days=1))
    rows = versions.filter(pgh_created_at__lt=end).order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
    known = [row for row in rows if row.pgh_label != "delete"]
    return [
        Branch(row.code, row.name, row.full_name, row.active, row.path.count("/")) for row in sorted(known, key=lambda r: r.path)
    ]  # fmt: skip


def changes_between(first: date, last: date) -> list[tuple[str, str, str]]:
    """What differs between the trees of two days (版本差异): code, what happened, and the words of it."""
    before, after = ({branch.code: branch for branch in tree_on(day)} for day in (first, last))
    told = []
    for code in sorted(before.keys() | after.keys()):
        old, new = before.get(code), after.get(code)
        if old is None and new is not None:
            told.append((code, "新增", new.full_name))
        elif new is None and old is not None:
            told.append((code, "删除", old.full_name))
        elif old is not None and new is not None and old != new:
            if old.full_name != new.full_name:
                told.append((code, "改名或移动", f"{old.full_name} → {new.full_name}"))
            if old.active != new.active:
                told.append((code, "启用" if new.active else "停用", new.full_name))
    return told


# -- what everybody may know (公开事项) -------------------------------------------------------------------

NEAR = 3
"""Decimals of a coordinate that goes out: about a hundred metres."""


def public_cases() -> QuerySet[Case]:
    """Matters that everybody may know of, with few details: of categories marked public, never secret, never void.

    Whoever shows them tells category, public state, town and community, times, and a point rounded to `NEAR`; never
    title, text, place or anything of the reporter.
    """
    rows = Case.objects.filter(secret=False, category__public=True, category__active=True).exclude(state="void")
    return rows.select_related("category", "town", "community", "lead_unit").defer(
        "town__shape", "town__centre", "community__shape", "community__centre"
    )


def blurred(case: Case) -> tuple[float, float] | None:
    """The place of a matter as it may go out: longitude and latitude to about a hundred metres."""
    return (round(case.point.x, NEAR), round(case.point.y, NEAR)) if case.point else None


# -- what the tables say of a report before anybody has read it ------------------------------------------

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


# -- for rooms that watch what comes in ----------------------------------------------------------------

SETTLING = timedelta(minutes=10)
"""How long a transaction may take and still be found in its order: then a nightly comparison finds it."""


@dataclass(frozen=True)
class Arrival:
    """A case as those may know it who look for events (来件): without numbers of persons, without its reporter's name."""

    id: UUID
    title: str
    text: str
    at: datetime
    area: Area | None
    unit_id: UUID | None


def arrived(after: int, upto: int | None = None) -> QuerySet[Any, tuple[int, UUID]]:
    """What came in, in the order in which the history wrote it (入件次序): pairs of that order's number and the case.

    The number rises with each writing; a longer transaction may still put one in below the highest.
    """
    rows = _versions().filter(pgh_label="insert", pgh_id__gt=after)
    if upto is not None:
        rows = rows.filter(pgh_id__lte=upto)
    return rows.order_by("pgh_id").values_list("pgh_id", "id")


def settled(upto: int, before: datetime | None = None) -> int:
    """The highest number below which nothing more can come in (`SETTLING`), or what was written before a moment."""
    moment = before or time.real_now() - SETTLING
    rows = _versions().filter(pgh_id__lte=upto, pgh_created_at__lt=moment)
    return rows.aggregate(last=Max("pgh_id"))["last"] or 0


def moved(after: int, upto: int, most: int) -> list[tuple[int, UUID]]:
    """Which cases were written, in the order of the history (变动次序): pairs of that order's number and the case."""
    rows = _versions().filter(pgh_id__gt=after, pgh_id__lte=upto).order_by("pgh_id")
    return list(rows.values_list("pgh_id", "id")[:most])


def ever_in(cases: Sequence[UUID], level: str, area_id: UUID) -> set[UUID]:
    """Which of these cases lay in an area at any time (曾在该区域), by their versions."""
    return set(_versions().filter(id__in=list(cases), **{f"{level}_id": area_id}).values_list("id", flat=True))


def last_arrived() -> int:
    """The highest number of all."""
    return _versions().aggregate(last=Max("pgh_id"))["last"] or 0


def _versions() -> QuerySet[Any]:
    found: QuerySet[Any] = Case.versions.rel.related_model.objects.all()  # type: ignore[attr-defined]
    return found


def arrivals(case_ids: Sequence[UUID]) -> list[Arrival]:
    """These cases as `Arrival`, oldest first: never a secret one, nor one that was entered by mistake (作废)."""
    levels = ("district", "town", "community", "grid")
    rows = (
        Case.objects.filter(pk__in=list(case_ids), secret=False)
        .exclude(state="void")
        .select_related("reporter", *levels)
        .defer(*(f"{level}__{name}" for level in levels for name in ("shape", "centre")))
        .order_by("received_at", "id")
    )
    return [_arrival(case) for case in rows]


def _arrival(case: Case) -> Arrival:
    area = case.grid or case.community or case.town or case.district
    return Arrival(
        case.pk, _unnamed(case, case.title), _unnamed(case, case.text), case.received_at, area, case.lead_unit_id
    )


def _unnamed(case: Case, text: str) -> str:
    """A text without numbers of persons, and with the name of the one who reported masked where he wrote it himself."""
    reporter: Reporter | None = getattr(case, "reporter", None)
    name = reporter.name.strip() if reporter and reporter.name else ""
    return mask_text(text.replace(name, mask("name", name)) if len(name) > 1 else text)


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


def in_charge(case_ids: Sequence[UUID]) -> list[tuple[Unit, int]]:
    """Which units deal with these cases (责任单位), the busiest first: the leading ones, else who should lead."""
    cases = Case.objects.filter(pk__in=list(case_ids), secret=False).select_related("category", "lead_unit")
    found: Counter[Unit] = Counter()
    for case in cases:
        unit = case.lead_unit or next((choice.unit for choice in suggested_units(case)), None)
        if unit is not None:
            found[unit] += 1
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0].code))


# -- cases that hold words (检索) -------------------------------------------------------------------

MOST_SOUGHT = 1_000
"""So many cases are looked up by their pairs of signs; where more hold the words, a page is found soon by reading."""
ENOUGH = 80
"""A first page is sought among so many of the newest, and further back when they do not fill it."""
MOST_MOVED = 2_000


def holds(typed: str) -> Q:
    """Cases that hold every word typed, in number, title, text or place; a secret one not in its text.

    Told in a way that no index serves: which way is the short one `seek` knows, and the database only guesses.
    """
    condition = Q()
    for word in rules.words_of(typed):
        condition &= _holds(word)
    return condition


def _holds(word: rules.Word) -> Q:
    in_number = _has(Lower("number"), word)
    if word.is_number:
        return in_number
    in_text = _has(Lower("text"), word)
    # Said twice, and asked a second time only where it holds: so the database knows that to read a text is dear, and
    # asks first whether the case is the reader's own.
    seen = _has("search_text", word) | (Q(secret=False) & in_text & in_text)
    if not word.has_digits:
        return seen
    text = Choice(When(secret=True, then=Value("")), default="text", output_field=TextField())
    plain = Func("title", text, "place", function="handling_plain", output_field=TextField())
    return seen & (in_number | _has(plain, word))


def _has(text: Any, word: rules.Word) -> Q:
    return Q(GreaterThan(StrIndex(text, Value(word.text)), 0))


def seek(typed: str) -> Sought | None:
    """Where the cases that hold the words are to be looked for (检索词对, decision 0101); None where all must be read.

    Cases whose pairs are not made yet, or not anew, are always among them. Pieces of a number are looked up in the
    numbers themselves, which never change.
    """
    pieces = [word.text for word in rules.words_of(typed) if word.is_number]
    if pieces:
        numbered = _numbered(max(pieces, key=len))
        if len(numbered) <= MOST_SOUGHT:
            return Sought(numbered, whole=True)
    pairs = set().union(*(word.pairs for word in rules.words_of(typed) if not word.is_number))
    if not pairs:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT found, season FROM handling_seek(%s::bigint[], %s) UNION ALL"
            " (SELECT DISTINCT case_id, NULL::int FROM handling_moved LIMIT %s)",
            [sorted(pairs), MOST_SOUGHT + 1, MOST_MOVED + 1],
        )
        told = cursor.fetchall()
    found = [(key, season) for key, season in told if season is not None]
    moved = [key for key, season in told if season is None]
    if len(moved) > MOST_MOVED:
        return None
    whole = len(found) <= MOST_SOUGHT
    return Sought([*(key for key, _ in found), *moved], whole, _near(found, moved, whole))


def _numbered(piece: str) -> list[UUID]:
    """Cases in whose number this stands, at most one more than are looked up."""
    meant = piece.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    with connection.cursor() as cursor:
        cursor.execute("SELECT handling_numbered(%s, %s)", [f"%{meant}%", MOST_SOUGHT + 1])
        return [key for (key,) in cursor.fetchall()]


def _near(found: list[tuple[UUID, int]], moved: list[UUID], whole: bool) -> Q | None:
    """The newest of them, when there are enough: seasons of which every case is at hand."""
    last = None if whole else found[-1][1]
    many = Counter(season for _, season in found if season != last)
    taken = 0
    for season in sorted(many, reverse=True):
        taken += many[season]
        if taken >= ENOUGH:
            near = [key for key, when in found if when >= season] + moved
            since = time.at_local(rules.season_start(season))
            return among(near) & Q(received_at__gte=since)
    return None


# -- cases that other rooms still need ---------------------------------------------------------------

_NEEDED: dict[str, Callable[[], Q]] = {}


def needed_while(room: str, condition: Callable[[], Q]) -> None:
    """A room says of which cases it still needs the words (未了事项): an open supervision, a dispute being mediated.

    While it does, an ended case keeps its words and its reporter, however old it is (P12).
    """
    _NEEDED[room] = condition


def still_needed() -> Q:
    """Cases that some room still needs; where no room says so, none."""
    return any_of([condition() for condition in _NEEDED.values()])
