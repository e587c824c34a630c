"""Warnings and warning models as registries (预警、预警模型; 9.1.4-1)."""

from typing import Any

from django.db.models import Q, QuerySet

from hezhi.chapters.awareness.early_warning import rules
from hezhi.chapters.awareness.early_warning.models import Warning, WarningModel
from hezhi.chapters.cases.handling.api import Category
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Actor, Unit, User
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import DayFilter, YesNoFilter
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import find_personal
from hezhi.ground.ui.spans import NOTHING
from hezhi.ground.ui.templatetags.ui import due

GROUP = "态势感知"
DISCOVERING = ("breaks", "anomalies", "spots", "forecast")
"""Methods of analysis whose findings may be new: where a trend goes and what a change consists of is no discovery."""
RECEIVING = (Unit.Kind.CENTRE, Unit.Kind.DEPARTMENT, Unit.Kind.TOWN, Unit.Kind.OUTSIDE)


def late() -> Q:
    """Warnings that should have been acknowledged by now (逾期未签收)."""
    return Q(state="open", due_at__lt=time.now())


@register
class Warnings(Registry):
    """The list of warnings (预警): to the units they were pushed to, and to whom the area belongs."""

    model = Warning
    slug, title, group, icon = "warnings", "预警", GROUP, "bell"
    clause = "9.1.4-1"
    right = {"view": "events.view"}
    offers = ("view", "api")
    removal = ""
    list = ("number", "level", "state", "model", "where", "members", "reporters", "raised_at", "sign_by", "verdict")
    also = ("acknowledged_at", "escalated_at", "judged_at", "measure")
    machine = ("number", "level", "state", "raised_at", "members", "reporters", "due_at", "acknowledged_at", "verdict")
    state = "state"
    ended = ("judged",)
    filters = ("level", "model", "verdict", "town")
    more_filters = {
        "raised_from": DayFilter(field_name="raised_at", label="预警自", last=False, moment=True),
        "raised_to": DayFilter(field_name="raised_at", label="预警至", last=True, moment=True),
        "late": YesNoFilter(label="逾期未签收", condition=late),
    }
    search = ("number",)
    ordering = ("-raised_at",)
    sortable = ("number", "level", "raised_at", "members", "reporters")
    named_by = "number"
    pages = {"detail": None}

    def url_of(self, row: Warning) -> str:
        """The page of a warning."""
        return f"/warnings/{row.pk}/"

    def tone_of(self, row: Warning) -> str:
        """A warning nobody acknowledged in time is marked."""
        return "overdue" if row.state == "open" and row.due_at < time.now() else ""

    @column("属地", related=("town", "community"), reads=("town__name", "community__name"))
    def where(self, row: Warning) -> str:
        """Town and community in which the event lies."""
        return " ".join(place.name for place in (row.town, row.community) if place) or NOTHING

    @column("签收时限", value="due_at", kind="time", order="due_at")
    def sign_by(self, row: Warning) -> str:
        """How the limit stands."""
        return due(row.due_at, done=row.acknowledged_at)

    def belong(self, row: Warning, unit: Any) -> None:
        """A warning belongs to the units it was pushed to."""
        row.units = [unit.pk]

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "number": f"YJ261122{n:05d}",
            "why": f"示例理由第{n}条",
            "chance": 0.001,
            "usual": 0,
            "due_at": time.now(),
        }


@register
class WarningModels(Registry):
    """Warning models as data (预警模型): about matters at places, never about somebody."""

    model = WarningModel
    slug, title, group, icon = "warning-models", "预警模型", GROUP, "route"
    clause = "9.1.4-1"
    right = dict.fromkeys(("view", "edit"), "warnings.models")
    offers = ("view", "add", "edit")
    scope = public
    list = (
        "name",
        "level",
        "days",
        "reporters",
        "heat",
        "ratio",
        "category",
        "area",
        "unit",
        "acknowledge_minutes",
        "active",
    )
    also = ("analysis", "words", "urgent", "unresolved_hours", "beyond_chance", "quiet_hours", "escalate_to", "basis")
    filters = ("level", "active", "category")
    search = ("name", "basis")
    ordering = ("level", "name")
    form = (
        ("模型", ("name", "level", "basis", "active")),
        ("条件（所填条件须同时满足）", ("days", "reporters", "heat", "ratio", "beyond_chance", "category", "area", "words", "urgent", "unresolved_hours")),
        ("或按数据分析预警", ("analysis",)),
        ("推送", ("unit", "acknowledge_minutes", "escalate_to", "quiet_hours")),
    )  # fmt: skip

    def url_of(self, row: WarningModel) -> str:
        """The page of a model, with its worth and the dry run."""
        return f"/warnings/models/{row.pk}/"

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use, areas down to communities, units that can act, published models that find something."""
        if name == "analysis":
            kept: Any = WarningModel._meta.get_field("analysis").related_model
            return kept.objects.filter(state="published", method__in=DISCOVERING).order_by("name")
        if name == "category":
            return Category.objects.filter(active=True).order_by("code")
        if name == "area":
            return Area.objects.filter(valid_to__isnull=True, level__in=("town", "community")).order_by("code")
        return (
            Unit.objects.filter(valid_to__isnull=True, kind__in=RECEIVING) if name in ("unit", "escalate_to") else None
        )

    def prepare(self, row: WarningModel, by: Actor) -> None:
        """When it was made, and its words one space apart."""
        row.created_on = row.created_on or time.today()
        row.words = " ".join(row.words.split())

    def check(self, row: WarningModel, by: Actor) -> None:
        """A limit nobody can keep warns nobody; a model about a person is not lawful (P1)."""
        if row.acknowledge_minutes < 5:
            raise BadInput({"acknowledge_minutes": "签收时限至少 5 分钟。"})
        if row.analysis is not None:
            self._about_a_discovery(row)
        words = row.words.split()
        numbers = {word: bool(find_personal(word)) for word in words}
        staff = User.objects.filter(full_name__in=words).values_list("full_name", flat=True)
        person = rules.person_in(words, numbers, staff)
        if person:
            raise BadInput({"words": f"「{person}」指的是人。预警只针对某地的某类事，不得以个人为对象，请改写。"})

    def _about_a_discovery(self, row: WarningModel) -> None:
        """Conditions of events say nothing of a discovery; one that never runs would warn nobody."""
        given = (
            row.reporters,
            row.heat,
            row.ratio,
            row.category_id,
            row.area_id,
            row.words,
            row.urgent,
            row.unresolved_hours,
        )
        if any(given):
            raise BadInput({"analysis": "按分析模型的新发现预警时，不再填人数、热度、类别等条件。"})
        found: Any = row.analysis
        if row.active and (found.state != "published" or found.next_on is None):
            raise BadInput({"analysis": "这个分析模型没有发布，或没有设为每天、每周运行，不会有新发现。"})

    def examples(self, n: int) -> dict[str, Any]:
        return {"name": f"示例模型第{n}个", "reporters": 3, "words": "停水 停电", "days": 3, "acknowledge_minutes": 60}
