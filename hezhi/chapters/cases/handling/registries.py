"""Cases, categories and the table of duties as registries (事件、事件类别、派单目录; 9.1.2-2).

The list of cases is a declaration like any other; the page of one case is the officers' own
(`handling.pages.case`).
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import In
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from hezhi.chapters.cases.handling.models import (
    COUNTED,
    ENDED,
    AnswerTemplate,
    Case,
    Category,
    Kind,
    RoutingRule,
    Source,
    State,
    UrgencyRule,
)
from hezhi.chapters.cases.handling.queries import conditions_of, forget_urgency_rules, holds, seek
from hezhi.chapters.cases.handling.question_lines import HOW, QuestionsField, told_of
from hezhi.chapters.cases.handling.rules import PLACES, filled, in_force, questions_of, span_of, strange_places
from hezhi.chapters.grassroots.grids.api import lines
from hezhi.engines.flow.parts import ExportApproval
from hezhi.engines.flow.queries import last_total
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.registry.columns import Column, column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import DayFilter, TreeFilter, YesNoFilter
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.seeking import Sought
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.ui.fields import form_field
from hezhi.ground.ui.shapes import BulkAction
from hezhi.ground.ui.spans import NOTHING
from hezhi.ground.ui.templatetags.ui import due, when

RULES = "业务规则"
BULK = (("dispatch", "派遣", "cases.dispatch"), ("urge", "催办", "cases.urge"))
"""What may be done to many cases at once, each by its own verb."""
EXAMPLE = {
    "编号": "SJ26112600001", "类别": "路灯照明", "单位": "区城市管理局", "收到日期": "2026年11月24日", "今天": "2026年11月26日",
}  # fmt: skip
"""An invented case by which a template is previewed (预览)."""
LEADING = (Unit.Kind.DEPARTMENT, Unit.Kind.TOWN, Unit.Kind.CENTRE, Unit.Kind.OUTSIDE)


def overdue() -> Q:
    """Cases whose limit is over and that have not ended (超期未结).

    An ended case has no limit any more, so the state says nearly nothing here. It is asked for in a way that the
    database does not take for rare, or it would read all that is late instead of the newest.
    """
    return Q(due_at__lt=time.now()) & ~Q(In(Coalesce("state", Value("")), ENDED))


def counted() -> Q:
    """Cases that statistics count (计入统计): neither secret nor entered by mistake."""
    return COUNTED


@register
class Cases(Registry):
    """The list of cases (事件台账): for everybody who handles cases, each within his scope."""

    model = Case
    slug, title = "cases", "事件"
    clause = "9.1.2-2"
    right = {"view": "cases.view", "export": "cases.export"}
    offers = ("view", "export", "api")
    removal = ""
    list = ("number", "title", "state", "due", "category", "where", "lead_unit", "source", "received")
    also = ("kind", "urgency", "place", "closed_at", "kept", "outside_number", "returns", "urged")
    machine = (
        "number", "title", "kind", "source", "category", "urgency", "place", "town", "community", "grid",
        "lead_unit", "received_at", "due_at", "closed_at", "state", "outside_channel", "outside_number",
    )  # fmt: skip
    state = "state"
    ended = ENDED
    filters = ("source", "kind", "town", "grid", "lead_unit", "urgency")
    more_filters = {
        "received_from": DayFilter(field_name="received_at", label="收到自", last=False, moment=True),
        "received_to": DayFilter(field_name="received_at", label="收到至", last=True, moment=True),
        "category": TreeFilter(field_name="category", label="类别", target=Category),
        "overdue": YesNoFilter(label="超期", condition=overdue),
        "counted": YesNoFilter(label="计入统计", condition=counted),
    }
    search_column = "search_text"
    search_hint = "编号、标题、内容、地点"
    ordering = ("-received_at",)
    sortable = ("number", "received", "due", "closed_at")
    named_by = "number"
    personal = ("title", "place", "text", "reply", "answers")
    masked = dict.fromkeys(personal, "text")
    purpose = "办理和答复群众诉求"
    on_map = "point"
    pages = {"detail": None}
    parts = (ExportApproval("cases.approve_export"),)

    def bulk_actions_for(self, actor: Actor) -> Sequence[BulkAction]:
        """Urging and dispatching many at once (批量催办、批量派遣), for those who may do it to one."""
        return [BulkAction(f"批量{name}", f"/cases/bulk/{code}/") for code, name, right in BULK if actor.may(right)]

    def url_of(self, row: Case) -> str:
        """The officers' own page of a case."""
        return f"/cases/{row.pk}/"

    def tone_of(self, row: Case) -> str:
        """An overdue case is marked in the list."""
        late = row.due_at is not None and row.due_at < time.now() and row.state not in ENDED
        return "overdue" if late else ""

    def search_condition(self, typed: str) -> Q:
        """Number, title, text and place; digits in a row of five and more in the number alone."""
        return holds(typed)

    def seek(self, typed: str) -> Sought | None:
        """By pairs of signs."""
        return seek(typed)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, in the order of the tree; the units that lead, without communities and grids."""
        if name == "lead_unit":
            return Unit.objects.filter(kind__in=LEADING)
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    @column(
        "属地", related=("town", "community", "grid"), reads=("town__name", "community__name", "grid__name"),
    )  # fmt: skip
    def where(self, row: Case) -> str:
        """Town and grid in which the case lies."""
        places = (row.town, row.grid or row.community)
        return " ".join(place.name for place in places if place) or NOTHING

    @column("收到时间", value="received_at", kind="time", order="received_at")
    def received(self, row: Case) -> str:
        """When the message reached us or the platform it came from."""
        return when(row.received_at)

    @column("时限", value="due_at", kind="time", order="due_at")
    def due(self, row: Case) -> str:
        """How the limit stands: time left, time over, or that it stands still; an ended case has none any more."""
        return NOTHING if row.state in ENDED else due(row.due_at, paused=row.state == State.ON_HOLD)

    @column("是否按时")
    def kept(self, row: Case) -> str:
        """Whether the last total limit was kept, once it has been met or missed; what fell away was neither."""
        return {"met": "按时", "missed": "超期"}.get(row.limit_state or "", NOTHING)  # type: ignore[attr-defined]

    def with_columns(self, rows: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
        """How the limit ended stands with the limit, and is fetched where it is asked for."""
        rows = super().with_columns(rows, columns)
        return rows.annotate(limit_state=last_total()) if any(one.name == "kept" for one in columns) else rows

    def belong(self, row: Case, unit: Any) -> None:
        """A case belongs to the units that work on it and to the ground it lies on."""
        row.units, row.lead_unit = [unit.pk], unit
        if unit.area is not None:
            for level, key in unit.area.ancestors().items():
                setattr(row, f"{level}_id", key)

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "number": f"SJ261122{n:05d}", "title": f"长江路人行道积水第{n}处", "place": f"长江路{n}号门前",
            "kind": Kind.HOTLINE, "source": Source.HOTLINE, "outside_number": "",
        }  # fmt: skip


class CategoryForm(forms.ModelForm):
    """A category as it is entered; its further questions are typed as lines."""

    questions = QuestionsField(
        label="补充询问", required=False, empty=list, widget=forms.Textarea(attrs={"rows": 5}), help_text=HOW
    )
    sections = (
        ("类别", ("code", "name", "parent", "urgency", "public")),
        ("启停", ("valid_from", "valid_to")),
        ("识别", ("label", "aliases", "questions")),
        ("立案条件", ("needs_place", "needs_contact")),
        ("结案条件", ("needs_result", "needs_talk", "needs_site_check", "needs_photo")),
    )

    class Meta:
        model = Category
        fields = (
            "code", "name", "parent", "urgency", "public", "valid_from", "valid_to", "label", "aliases", "questions",
            "needs_place", "needs_contact", "needs_result", "needs_talk", "needs_site_check", "needs_photo",
        )  # fmt: skip
        formfield_callback = form_field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "questions" in self.fields:  # a partial change keeps the named fields only
            self.fields["questions"].before = self.instance.questions  # type: ignore[attr-defined]


@register
class Categories(Registry):
    """What a matter can be about (事件类别): a tree as data."""

    model = Category
    slug, title, group, icon = "categories", "事件类别", RULES, "category"
    clause = "9.1.2-2"
    right = dict.fromkeys(("view", "edit", "import", "export", "delete"), "dictionaries.edit")
    scope = public
    list = ("code", "name", "parent", "urgency", "label", "active")
    also = ("full_name", "aliases", "public", "valid_from", "valid_to")
    filters = ("parent", "urgency", "active")
    search = ("code", "name", "full_name")
    ordering = ("code",)
    natural_key = ("code",)
    form = CategoryForm
    bulk = ("urgency", "needs_place", "needs_contact", "needs_result", "needs_talk", "needs_site_check", "needs_photo")

    @column("补充询问", value="questions", reads=("questions",))
    def questions(self, row: Category) -> str:
        """One question to a line, as it is typed; in its data where lines cannot say it."""
        return format_html_join(SafeString("<br>"), "{}", ((each,) for each in told_of(row.questions)))

    def prepare(self, row: Category, by: Actor) -> None:
        """Full name and path follow from the categories above; at most three levels."""
        line, above = [row], row.parent
        while above is not None:
            if above.pk == row.pk:
                raise BadInput({"parent": "上级类别不能是本类别或本类别的下级。"})
            line.insert(0, above)
            above = above.parent
        if len(line) > 3:
            raise BadInput({"parent": "类别最多三级。"})
        questions_of(row.questions)
        if row.valid_from and row.valid_to and row.valid_to <= row.valid_from:
            raise BadInput({"valid_to": "停用日期应在启用日期之后。"})
        row.active = (
            in_force(row.valid_from, row.valid_to, time.today()) if row.valid_from or row.valid_to else row.active
        )
        row.full_name = "/".join(each.name for each in line)
        row.path = "/".join(each.code for each in line)

    def after(self, verb: str, row: Category, by: Actor) -> None:
        """The categories below carry the new name and path on."""
        for child in Category.objects.filter(parent=row):
            told = (f"{row.full_name}/{child.name}", f"{row.path}/{child.code}")
            if (child.full_name, child.path) != told:
                child.full_name, child.path = told
                child.save(update_fields=["full_name", "path"])
                self.after(verb, child, by)


@register
class AnswerTemplates(Registry):
    """Words for answers (答复模板), per step and category; officers see them filled beside the form."""

    model = AnswerTemplate
    slug, title, group, icon = "answer-templates", "答复模板", RULES, "message"
    clause = "9.1.2-2"
    right = dict.fromkeys(("view", "edit", "import", "export", "delete"), "templates.edit")
    scope = public
    list = ("name", "step", "category", "preview", "active")
    filters = ("step", "category", "active")
    search = ("name", "text")
    ordering = ("step", "name")
    natural_key = ("name",)
    form = (("模板", ("name", "step", "category", "text", "active")),)
    bulk = ("active",)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, in the order of the tree."""
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    @column("预览", value="text", reads=("text",))
    def preview(self, row: AnswerTemplate) -> str:
        """The words as they look when filled, with an invented case."""
        return filled(row.text, EXAMPLE)

    def check(self, row: AnswerTemplate, by: Actor) -> None:
        """A place that nobody can fill would reach the reporter as it stands."""
        strange = strange_places(row.text)
        if strange:
            raise BadInput(
                {
                    "text": f"不认识的占位：{'、'.join('{' + name + '}' for name in strange)}。可用：{'、'.join('{' + name + '}' for name in PLACES)}。"
                }
            )

    def examples(self, n: int) -> dict[str, Any]:
        return {"name": f"示例模板{n}", "text": "您好，{编号} 已由{单位}办理。"}


@register
class UrgencyRules(Registry):
    """When a report is urgent from the start (紧急程度规则); each says why, and an officer may change what it says."""

    model = UrgencyRule
    slug, title, group, icon = "urgency-rules", "紧急程度规则", RULES, "alert-triangle"
    clause = "9.1.2-2"
    right = dict.fromkeys(("view", "edit", "import", "export", "delete"), "routing.edit")
    scope = public
    list = ("name", "urgency", "words", "places", "category", "basis", "valid_from", "valid_to")
    filters = ("urgency", "category")
    search = ("name", "basis")
    ordering = ("name",)
    natural_key = ("name",)
    form = (("规则", ("name", "urgency", "words", "places", "category", "basis", "valid_from", "valid_to")),)

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, in the order of the tree."""
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    def check(self, row: UrgencyRule, by: Actor) -> None:
        """A rule without any condition would make everything urgent."""
        if not (row.words or row.places or row.category_id):
            raise BadInput({"words": "请至少填写一个条件：诉求含有、地点含有或类别。"})

    def after(self, verb: str, row: UrgencyRule, by: Actor) -> None:
        """The next report is read by the rule as it stands now."""
        forget_urgency_rules()

    def examples(self, n: int) -> dict[str, Any]:
        return {"name": f"示例规则{n}", "words": [f"燃气泄漏{n}"], "places": []}


@register
class RoutingRules(Registry):
    """Who usually handles what (派单目录)."""

    model = RoutingRule
    slug, title, group, icon = "routing-rules", "派单目录", RULES, "route"
    clause = "9.1.2-2"
    right = dict.fromkeys(("view", "edit", "import", "export", "delete"), "routing.edit")
    scope = public
    list = ("category", "area", "unit", "line", "condition", "automatic", "basis", "valid_from", "valid_to")
    also = ("when", "hours", "question", "answer")
    filters = ("category", "area", "unit", "line", "when", "automatic")
    search = ("category__full_name", "unit__name", "basis")
    ordering = ("category__code", "valid_from")
    natural_key = ("category", "area", "valid_from", "when", "hours", "answer")
    form = (
        ("规则", ("category", "area", "line", "unit", "automatic", "basis", "valid_from")),
        ("条件", ("when", "hours", "question", "answer")),
    )
    bulk = ("unit", "basis")
    named_by = "category"

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """A rule is for a town or a community, seldom for a grid; closed areas and units are not offered."""
        if name == "line":
            return lines()
        return Area.objects.current().order_by("level", "code") if name == "area" else None

    def examples(self, n: int) -> dict[str, Any]:
        return {"automatic": False, "when": "", "hours": "", "question": "", "answer": ""}

    def check(self, row: RoutingRule, by: Actor) -> None:
        """Only a professional grid says by itself who is to act."""
        if row.automatic and row.line_id is None:
            raise BadInput({"automatic": "自动派单须选择专业条线；没有条线的规则只作建议，由派遣员确认。"})
        if row.hours:
            span_of(row.hours)
        if bool(row.question.strip()) != bool(row.answer.strip()):
            raise BadInput({"answer": "按答复派单的，补充询问和须答要同时填写。"})

    @column("条件", reads=("when", "hours", "question", "answer"))
    def condition(self, row: RoutingRule) -> str:
        """What the rule asks for besides category and place."""
        return conditions_of(row) or NOTHING
