"""Petition matters as a registry (信访事项台账, P4): matters are listed, found, entered, imported; persons are not."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from hezhi.chapters.grassroots.care import actions, rules
from hezhi.chapters.grassroots.care.actions.petitions import NEXT, limit_of
from hezhi.chapters.grassroots.care.models import PetitionMatter, PetitionParty, PetitionStep
from hezhi.engines.org.api import Actor, Unit
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import mask


class HandlingPanel(Panel):
    """How a matter goes (办理): who must answer, by when, what was done, and the next steps of this reader."""

    code, title, template = "handling", "办理", "care/matter_handling.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        ends = [(code, rules.STAGES[code]) for code in NEXT.get(row.stage, ()) if code != "handle"]
        return {
            "matter": row, "steps": PetitionStep.objects.visible_to(by).filter(matter=row),
            "may_lead": by.may("petitions.edit"), "may_reply": by.may("petitions.reply") and row.office_id == by.unit_id,
            "next_stages": ends, "offices": Unit.objects.filter(kind__in=("department", "town")).order_by("order", "code"),
            "days": rules.PETITION_DAYS.get(row.stage), "left": (row.due_on - time.today()).days if row.due_on else None,
        }  # fmt: skip

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        told, text = request.POST.get("do", ""), request.POST.get("text", "")
        if told == "assign":
            key = _key(request.POST.get("office", ""))
            office = Unit.objects.filter(pk=key).first() if key else None
            if office is None:
                raise BadInput({"office": "请选择办理单位。"})
            actions.assign_matter(row.pk, by=by, office=office, text=text)
            return f"已交{office.name}办理。"
        if told == "extend":
            actions.extend_matter(row.pk, by=by, text=text)
            return "已延期 30 日，请告知信访人。"
        if told == "reply":
            actions.reply_matter(row.pk, by=by, text=text)
            return "答复意见已保存。"
        if told == "advance":
            matter = actions.advance_matter(row.pk, by=by, stage=request.POST.get("stage", ""), text=text)
            return f"事项已转入“{matter.get_stage_display()}”。"
        return None


class PartiesPanel(Panel):
    """Who brought the matter (当事人): masked, with this matter alone."""

    code, title, template = "parties", "当事人", "care/matter_parties.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        found = PetitionParty.objects.visible_to(by).filter(matter=row)
        told = [(mask("name", party.person_name), mask("phone", party.phone)) for party in found]
        return {"parties": told, "may_lead": by.may("petitions.edit")}

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        actions.add_party(
            row.pk, by=by, person_name=request.POST.get("person_name", ""), phone=request.POST.get("phone", "")
        )  # fmt: skip
        return "当事人已登记。"


class Handling(Part):
    """Tabs of a matter's page."""

    def panels(self, registry: Registry) -> tuple[Panel, ...]:
        return (HandlingPanel(), PartiesPanel())


def _key(told: str) -> UUID | None:
    try:
        return UUID(told)
    except ValueError:
        return None


@register
class PetitionMatters(Registry):
    """信访事项: the matter, its stage, the office that must answer, its limit."""

    model = PetitionMatter
    slug, title, group = "petition-matters", "信访事项", "信访事项"
    clause = "9.1.3-2-6"
    right = "petitions"
    offers = ("view", "add", "edit", "delete", "import")
    list = ("number", "title", "stage", "due", "office", "way", "received_on")
    filters = ("stage", "way", "office", "received_on")
    search = ("number", "title")
    ordering = ("due_on", "number")
    sortable = ("number", "received_on")
    state = "stage"
    natural_key = ("number",)
    form = (
        ("事项", ("number", "title", "way", "received_on")),
        ("诉求", ("text", "complained_unit")),
    )
    purpose = "办理信访事项，督促责任单位按期答复"
    personal = ("text",)
    masked = {"text": "text"}
    named_by = "number"
    about = "登记事项，不登记人员名单；被反映的单位不得办理。"
    parts = (Handling(),)

    @column("期限", value="due_on", order="due_on")
    def due(self, row: PetitionMatter) -> str:
        """The last day of the present stage."""
        return "已办结" if row.stage == "closed" else str(row.due_on or "")

    def tone_of(self, row: PetitionMatter) -> str:
        """An overdue matter is marked: the office is late, not the petitioner."""
        late = row.due_on is not None and row.stage != "closed" and row.due_on < time.today()
        return "overdue" if late else ""

    def prepare(self, row: PetitionMatter, by: Actor) -> None:
        """The first limit runs from the day of receipt."""
        if row._state.adding or row.stage == "register":
            row.stage_since = row.received_on
            row.due_on = limit_of(row.stage, row.received_on)

    def check(self, row: PetitionMatter, by: Actor) -> None:
        """The unit complained of, and those below it, neither keep the matter nor answer it."""
        against: Any = row.complained_unit
        if against is None:
            return
        office: Any = row.office
        answers = office is not None and office.path.startswith(against.path)
        if answers or against.pk in (by.unit_id, *by.above):
            raise BadInput({"complained_unit": "被反映的单位不能登记或办理自己的信访事项。"})

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "number": f"XF261126{n:04d}",
            "title": f"楼道照明第{n}次报修未果",
            "text": f"多次反映没有答复，请回电 1990000{n:04d}",
            "received_on": time.today(),
        }
