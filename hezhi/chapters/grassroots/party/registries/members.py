"""Party members as a registry (党员台账): 9.1.3-3-2. No export, no machine interface, names masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.grassroots.party import actions, queries, rules
from hezhi.chapters.grassroots.party.actions.members import settle_in
from hezhi.chapters.grassroots.party.actions.numbering import next_numbers
from hezhi.chapters.grassroots.party.models import MapConsent, Member
from hezhi.chapters.grassroots.party.models.base import ENDED
from hezhi.chapters.grassroots.party.registries.common import GROUP, refuse, rights, typed
from hezhi.chapters.grassroots.registers.api import resident_by_id_number, residents
from hezhi.chapters.grassroots.registers.models import Resident
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import User
from hezhi.engines.registry import addresses
from hezhi.engines.registry.abilities import Files
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.masks import mask
from hezhi.ground.ui.fields import form_field
from hezhi.ground.ui.shapes import Action

SECTIONS = (
    ("人员", ("resident", "number", "account")),
    ("组织关系", ("organisation", "kind", "joined_on", "full_on", "flow")),
    ("双报到", ("reports_to", "reported_on")),
    ("关怀", ("hardship",)),
)


class PersonField(forms.CharField):
    """A resident by his number or his whole ID number; what was typed is never said back (人口编号或证件号码)."""

    def prepare_value(self, value: Any) -> Any:
        return getattr(value, "number", value)


class MemberForm(forms.ModelForm):
    """The form of a member: the person is looked up in the register of residents, not typed a second time."""

    sections = SECTIONS
    resident = PersonField(
        label="人员", max_length=40, help_text="填人口编号，或完整的证件号码",
    )  # fmt: skip

    class Meta:
        model = Member
        fields = [name for _, names in SECTIONS for name in names]
        formfield_callback = form_field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.resident_id is not None:
            self.initial["resident"] = self.instance.resident.number

    def clean_resident(self) -> Resident:
        """The person in the reader's own area; whoever is not on the register must be entered there first."""
        typed = self.cleaned_data["resident"].strip()
        known = None if self.instance._state.adding else self.instance.resident
        if known is not None and typed in (str(known.pk), known.number):
            return known
        by: Actor = self.by  # type: ignore[attr-defined]  # the engine's form stands above this one
        found = _by_number(typed, by) or resident_by_id_number(typed, by=by)
        if found is None:
            raise ValidationError(
                "人口台账里没有这个人，或不在您的辖区。请核对编号；确实没有的，请先登记人口。", code="unknown"
            )
        return found


def _by_number(typed: str, by: Actor) -> Resident | None:
    rows = residents(by)
    try:
        return rows.filter(pk=UUID(typed)).first()
    except ValueError:
        return rows.filter(number=typed).first()


# -- tabs ------------------------------------------------------------------------------------------


class PersonPanel(Panel):
    """Who the member is (本人), for those posts of the branch that need the name."""

    code, title, template = "person", "本人", "party/tab_person.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        queries.names_were_read([row], by)
        offices = row.offices.select_related("organisation").order_by("until", "since")
        url = addresses.page("residents", row.resident_id) if by.may("residents.view") else ""
        return {
            "name": queries.name_of(row.resident, by), "clear": by.may(queries.NAMES), "resident": row.resident,
            "resident_url": url, "offices": offices,
        }  # fmt: skip


class ConsentForm(forms.Form):
    """When and how the member agreed (上图同意)."""

    given_on = forms.DateField(label="同意日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    how = forms.ChoiceField(label="同意方式", choices=MapConsent.How.choices)


class ConsentPanel(Panel):
    """What the member agreed to, and took back (上图同意)."""

    code, title, template = "consent", "上图同意", "party/tab_consent.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        found = list(row.mapconsents.all())
        may = by.may("party_members.edit")
        is_open = any(each.withdrawn_on is None for each in found)
        return {
            "consents": found,
            "is_open": is_open,
            "may_change": may,
            "consent_form": ConsentForm(typed(request, "given_on")) if may else None,
        }

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        if request.POST.get("withdraw"):
            actions.leave_map(row, by=by)
            return "已撤回，党建地图不再计入。"
        form = ConsentForm(request.POST)
        if not form.is_valid():
            raise BadInput({name: [str(said) for said in told] for name, told in form.errors.items()})
        actions.agree_to_map(row, by=by, **form.cleaned_data)
        return "已登记同意，按所住楼栋计入党建地图。"


class ServiceForm(forms.Form):
    """What was done when, for how long (服务记录)."""

    done_on = forms.DateField(label="服务日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    hours = forms.DecimalField(label="时长（小时）", max_digits=4, decimal_places=1, min_value=0)
    what = forms.CharField(label="服务内容", max_length=100)


class ServicePanel(Panel):
    """What the member did for the community (服务时长); a record, not a rank."""

    code, title, template = "service", "服务时长", "party/tab_service.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        found = list(row.servicerecords.all()[:200])
        year = time.today().year
        may = by.may("party_members.edit")
        return {
            "records": found, "this_year": sum(each.hours for each in found if each.done_on.year == year), "year": year,
            "may_change": may, "service_form": ServiceForm(typed(request, "done_on")) if may else None,
        }  # fmt: skip

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        form = ServiceForm(request.POST)
        if not form.is_valid():
            raise BadInput({name: [str(said) for said in told] for name, told in form.errors.items()})
        actions.write_service(row, by=by, **form.cleaned_data)
        return "已登记。"


class MemberTabs(Part):
    """What a member shows beside his own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (PersonPanel(), ConsentPanel(), ServicePanel())

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        if row.removed_at or not by.may("party_members.transfer"):
            return ()
        return (Action("转接组织关系", reverse("party-transfer", args=[row.pk]), opens="dialog"),)

    def notices(self, registry: Registry, row: Any, by: Actor) -> Sequence[str]:
        waiting = row.transfers.filter(state="open").select_related("to_organisation").first()
        return (f"组织关系正在转往“{waiting.to_organisation}”，等待接收方确认。",) if waiting else ()


@register
class Members(Registry):
    """The members of the reader's organisations; found by number, never by name, never exported."""

    model = Member
    slug, title, group, icon = "party-members", "党员", GROUP, "users"
    clause = "9.1.3-3-2"
    right = rights("party_members", "view", "edit", "delete", "import")
    offers = ("view", "add", "edit", "delete", "import")
    list = ("person", "number", "organisation", "kind", "flow", "reports_to", "agreed")
    also = ("joined_on", "full_on", "reported_on", "community")
    filters = ("organisation", "kind", "flow", "community")
    more_filters = {
        "not_reported": YesNoFilter(label="没有双报到", condition=lambda: Q(reports_to__isnull=True)),
    }
    search = ("number", "resident__number")
    search_hint = "党员编号、人口编号"
    ordering = ("number",)
    natural_key = ("number",)
    named_by = "number"
    form = MemberForm
    purpose = Member.purpose
    of_persons = True
    personal = ("joined_on", "full_on", "hardship")
    masked = {"joined_on": "birth_date", "full_on": "birth_date", "hardship": "text"}
    column_rights = {"hardship": "party_members.hardship"}
    needs = ("resident__person_name",)
    about = "政治面貌属于敏感个人信息：只在本模块按岗位查看，不导出。"
    parts = (MemberTabs(), Files())

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        if name in ("organisation", "reports_to"):
            return queries.not_ended(actor)
        if name == "account":
            rows = User.objects.filter(is_active=True).order_by("login_name")
            if not actor.scope.everything:
                held = Q(holdings__post__unit__in=actor.scope.units, holdings__valid_to__isnull=True)
                rows = rows.filter(held).distinct()
            return rows
        return None

    def with_columns(self, rows: QuerySet[Any], columns: Any) -> QuerySet[Any]:
        """Whether the member stands on the map comes with the rows."""
        agreed = MapConsent.objects.filter(member=OuterRef("pk"), withdrawn_on__isnull=True)
        return super().with_columns(rows, columns).annotate(has_agreed=Exists(agreed))

    @column("姓名", kind="title", related=("resident",), reads=("resident__person_name",))
    def person(self, row: Member) -> str:
        """The name, masked as everywhere in lists."""
        return mask("name", row.resident.person_name)

    @column("上图同意")
    def agreed(self, row: Member) -> str:
        """Whether he agreed to be counted on the map."""
        known = getattr(row, "has_agreed", None)
        return (
            "已同意"
            if (row.mapconsents.filter(withdrawn_on__isnull=True).exists() if known is None else known)
            else "未同意"
        )

    def place(self, row: Member, by: Actor) -> None:
        """A member belongs where the organisation belongs."""
        settle_in(row)

    def prepare(self, row: Member, by: Actor) -> None:
        row.number = row.number or next_numbers()[0]
        row.joined_on, row.full_on = row.joined_on.strip(), row.full_on.strip()

    def check(self, row: Member, by: Actor) -> None:
        """One organisation at a time, changed by transfer alone; days that can be."""
        if row.removed_at:
            return
        today = time.today()
        joined = rules.day_fault(row.joined_on, today=today, born=row.resident.birth_date)
        full = rules.day_fault(row.full_on, today=today) if row.full_on else None
        refuse({"joined_on": joined, "full_on": full})
        refuse(
            {
                "full_on": rules.probation_fault(row.kind, row.joined_on, row.full_on),
                "reported_on": _report_fault(row, today),
                "organisation": self._organisation_fault(row),
            }
        )

    def _organisation_fault(self, row: Member) -> str | None:
        if row.organisation.state == ENDED:
            return "这个党组织已经撤销，请另选"
        before = (
            None
            if row._state.adding
            else Member.objects.filter(pk=row.pk).values_list("organisation", flat=True).first()
        )
        return "组织关系须由两边确认，请用“转接组织关系”" if before not in (None, row.organisation_id) else None

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "number": f"D9{n:05d}", "kind": "full", "joined_on": f"2010-07-{n % 28 + 1:02d}", "full_on": f"2011-07-{n % 28 + 1:02d}",
            "reports_to": None, "reported_on": None, "hardship": f"样例困难情况{n}，请联系 139{n:08d}", "account": None,
        }  # fmt: skip


def _report_fault(row: Member, today: date) -> str | None:
    if bool(row.reports_to_id) != bool(row.reported_on):
        return "双报到的社区党组织和报到日期要一起填写"
    return "报到日期不能晚于今天" if row.reported_on and row.reported_on > today else None
