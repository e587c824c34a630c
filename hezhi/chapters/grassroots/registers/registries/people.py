"""人口 as a registry, with what only some people have in registries of their own (9.1.3-2-4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from hezhi.chapters.grassroots.registers.actions.living import settle_residence
from hezhi.chapters.grassroots.registers.actions.numbering import next_number
from hezhi.chapters.grassroots.registers.models import (
    ForeignResident,
    Household,
    LeftBehindResident,
    MobileResident,
    RegisteredResident,
    Resident,
)
from hezhi.chapters.grassroots.registers.registries.common import (
    APPROVAL,
    GROUP,
    below,
    not_in_future,
    put_right,
    refuse,
    rights,
)
from hezhi.chapters.grassroots.registers.registries.tabs import HouseholdTabs, ResidentTabs
from hezhi.chapters.grassroots.registers.rules import OWN_CARDS, card_disagrees, look_at_document, name_fault
from hezhi.engines.dossier.duplicates import Duplicates
from hezhi.engines.dossier.extra import ExtraFields
from hezhi.engines.dossier.verified import Verified
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.vault import blind
from hezhi.engines.registry.abilities import Files
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.site import register
from hezhi.ground.errors import NotNow
from hezhi.ground.identifiers import id_check_sign
from hezhi.ground.masks import mask
from hezhi.ground.text import tidy_name
from hezhi.ground.ui.fields import DATE_FORMATS, form_field

RIGHT = rights("residents")
SECTIONS = (
    ("身份", ("person_name", "kind", "id_type", "id_number", "sex", "birth_date", "phone", "number")),
    ("户籍", ("hukou_code", "hukou_address")),
    ("住处", ("home", "relation", "live_address", "community", "grid")),
    ("服务标签", ("labels",)),
)


class ResidentForm(forms.ModelForm):
    """The form of a person: the birth date is typed as text, because a masked one is only a year."""

    sections = SECTIONS
    birth_date = forms.DateField(
        label="出生日期", required=False, input_formats=DATE_FORMATS, help_text="如 1990-05-01；有身份证号的可留空",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"inputmode": "numeric"}),
    )  # fmt: skip

    class Meta:
        model = Resident
        fields = [name for _, names in SECTIONS for name in names]
        formfield_callback = form_field


@register
class Residents(Registry):
    """The people of the district; found by number, by home, or on the page 找人."""

    model = Resident
    slug, title, group, icon = "residents", "人口", GROUP, "users"
    clause = "9.1.3-2-4"
    right = RIGHT
    list = ("person_name", "kind", "sex", "birth_date", "home", "relation", "community", "phone", "labels")
    also = ("number", "id_type", "id_number", "hukou_code", "grid", "changed_at")
    filters = ("community", "grid", "kind", "sex", "relation")
    more_filters = {
        "born_from": django_filters.NumberFilter(
            field_name="birth_date", lookup_expr="year__gte", label="出生年份自", min_value=1850, max_value=2200
        ),
        "born_to": django_filters.NumberFilter(field_name="birth_date", lookup_expr="year__lte", label="出生年份至"),
        "homeless": YesNoFilter(label="没有登记住处", condition=lambda: Q(home__isnull=True)),
    }
    search = ("number", "home__full_name")
    search_hint = "人口编号、房屋名称"
    state = "state"
    ordering = ("number",)
    natural_key = ("number",)
    also_known_by = ("id_number",)
    named_by = "person_name"
    form = ResidentForm
    purpose = Resident.purpose
    of_persons = True
    personal = ("person_name", "sex", "id_number", "birth_date", "phone", "hukou_address", "live_address")
    masked = {
        "person_name": "name", "id_number": "resident_id", "birth_date": "birth_date", "phone": "phone",
        "hukou_address": "address", "live_address": "address",
    }  # fmt: skip
    owner_of = "community"
    parts = (
        ResidentTabs(),
        Duplicates(by=(("person_name", "birth_date"),)),
        Verified(),
        ExtraFields(),
        Files(),
        APPROVAL,
    )

    def place(self, row: Resident, by: Actor) -> None:
        """Whoever lives in a registered home lies where the home lies; others where it was chosen."""
        super().place(row, by)
        if row.home is not None:
            below(row, row.home)

    def prepare(self, row: Resident, by: Actor) -> None:
        """Number, one form of name and numbers, and what the ID number tells by itself."""
        row.number = row.number or next_number("resident")
        self.put_right(row)

    def put_right(self, row: Resident) -> None:
        """One form of name and numbers, and what the ID number tells; asks no database."""
        row.person_name = tidy_name(row.person_name)
        document = look_at_document(row.id_type, row.id_number)
        refuse({"id_number": document.fault, **card_disagrees(document, row.sex, row.birth_date)})
        row.id_number = document.value
        row.sex = row.sex or document.sex
        row.birth_date = row.birth_date or document.birth_date
        put_right(row, "phone")

    def check(self, row: Resident, by: Actor) -> None:
        """What an entry must have, and that nobody is entered twice."""
        self.must_be_whole(row)
        self._must_be_new(row, by)
        if row.removed_at and row.occupancies.filter(until__isnull=True).exists():
            raise NotNow(
                what="此人还登记着住处、产权或租约，不能删除。", remedy="请先办理迁出，或终止产权和租约。",
                code="registers.not_empty",
            )  # fmt: skip

    def must_be_whole(self, row: Resident) -> None:
        """What an entry must have by itself; asks no database."""
        not_in_future(row, "birth_date")
        code = row.hukou_code
        refuse(
            {
                "person_name": name_fault(row.person_name),
                "sex": None if row.sex else "请填写性别（有身份证号的可留空）",
                "birth_date": None if row.birth_date else "请填写出生日期（有身份证号的可留空）",
                "id_number": None if row.id_number or row.kind == "unregistered" else "请填写证件号码",
                "id_type": _kind_fault(row),
                "hukou_code": None
                if not code or (len(code) == 6 and code.isdecimal())
                else "行政区划代码应为 6 位数字",
            }
        )

    def _must_be_new(self, row: Resident, by: Actor) -> None:
        if not row.id_number or row.removed_at:
            return
        same = Resident.objects.filter(id_blind=blind("resident_id", row.id_number), removed_at__isnull=True)
        other = same.exclude(pk=row.pk).first()
        if other is None:
            return
        near = Resident.objects.visible_to(by).filter(pk=other.pk).exists()
        told = f"人口编号 {other.number}" if near else "由本区其他社区登记，请在房屋页面办理“迁入”"
        refuse({"id_number": f"这个证件号码已经登记（{told}）"})

    def after(self, verb: str, row: Resident, by: Actor) -> None:
        """The dated relation to a home follows the entry."""
        if verb in ("create", "change", "import"):
            settle_residence(row, by)

    def examples(self, n: int) -> dict[str, Any]:
        number = example_number(n)
        digits = "".join("零一二三四五六七八九"[int(sign)] for sign in str(n))
        return {
            "person_name": f"欧阳样{digits}", "kind": "registered", "id_type": "111", "id_number": number,
            "sex": "1", "hukou_code": "999999", "relation": "", "labels": ["01"],
            "birth_date": date(int(number[6:10]), int(number[10:12]), int(number[12:14])), "number": f"9{n:07d}",
        }  # fmt: skip


def example_number(n: int) -> str:
    """An ID number of nobody: area code 999999, which was never given out, and a fitting check sign."""
    born = date(1950 + n % 60, n % 12 + 1, n % 28 + 1)
    head = f"999999{born:%Y%m%d}{n * 2 % 1000 + 1:03d}"
    return head + id_check_sign(head)


def _kind_fault(row: Resident) -> str | None:
    if row.kind == Resident.Kind.FOREIGN and row.id_type in OWN_CARDS:
        return "境外人员的证件应为护照、通行证或居留证件"
    return None


@register
class Households(Registry):
    """Households with their card; founded and changed by moving in and out."""

    model = Household
    slug, title, group, icon = "households", "住户", GROUP, "users"
    clause = "9.1.3-2-4"
    right = RIGHT
    offers = ("view", "edit", "api")
    list = ("number", "home", "head", "kind", "community", "since", "until")
    also = ("register_number", "sole", "grid")
    filters = ("community", "grid", "kind", "sole", "since")
    search = ("number", "home__full_name")
    search_hint = "户编号、房屋名称"
    ordering = ("number",)
    named_by = "number"
    form = (("户", ("register_number", "kind", "sole")),)
    parts = (HouseholdTabs(),)

    def place(self, row: Household, by: Actor) -> None:
        """A household lies where its home lies."""
        below(row, row.home)

    def prepare(self, row: Household, by: Actor) -> None:
        """Its number."""
        row.number = row.number or next_number("household")


# -- what only some people have ----------------------------------------------------------------------


class FacetRegistry(Registry):
    """Base of the registries beside the people: the person by number, his name masked."""

    group, icon = GROUP, "users"
    clause = "9.1.3-2-4"
    right = RIGHT
    offers = ("view", "add", "edit", "import", "api")
    search = ("resident__number", "resident__home__full_name")
    search_hint = "人口编号、房屋名称"
    ordering = ("resident__number",)
    natural_key = ("resident",)
    named_by = "resident"

    @column("姓名", related=("resident",))
    def person(self, row: Any) -> str:
        """The name, masked as everywhere in lists."""
        return mask("name", row.resident.person_name)

    own_kind = ""
    """The kind of resident that has this facet; «» for all kinds."""

    def belong(self, row: Any, unit: Any) -> None:
        """A made-up row of the contract stands beside a resident of its kind."""
        if self.own_kind not in ("", row.resident.kind):
            row.resident.kind = self.own_kind
            if not row.resident._state.adding:
                row.resident.save(update_fields=["kind"])

    def check(self, row: Any, by: Actor) -> None:
        """The facet of a kind stands only beside people of this kind."""
        if self.own_kind not in ("", row.resident.kind):
            refuse({"resident": f"此人登记为{row.resident.get_kind_display()}，请先更正人口类别"})


@register
class RegisteredResidents(FacetRegistry):
    """What the household register says of a person."""

    model = RegisteredResident
    own_kind = "registered"
    slug, title = "registered-residents", "户籍人口信息"
    list = ("resident", "person", "match", "register_number", "relation")
    filters = ("match", "relation")
    form = (("户籍", ("resident", "match", "register_number", "relation")),)


@register
class MobileResidents(FacetRegistry):
    """Why somebody came, and the residence permit."""

    model = MobileResident
    own_kind = "mobile"
    slug, title = "mobile-residents", "流动人口信息"
    list = ("resident", "person", "inflow_reason", "permit", "permit_until", "dwelling", "registered_on")
    filters = ("inflow_reason", "permit", "dwelling", "permit_until")
    form = (
        ("流入", ("resident", "inflow_reason", "dwelling")),
        ("居住登记", ("permit", "permit_number", "registered_on", "permit_until")),
    )
    purpose = "办理和提醒居住登记"
    personal = ("permit_number",)
    masked = {"permit_number": "resident_id"}

    def check(self, row: MobileResident, by: Actor) -> None:
        super().check(row, by)
        not_in_future(row, "registered_on")
        if row.permit_until and row.permit_until < row.registered_on:
            refuse({"permit_until": "证件到期日期不能早于登记日期"})

    def examples(self, n: int) -> dict[str, Any]:
        return {"registered_on": date(2024, 1, n % 28 + 1), "permit_until": date(2027, 1, n % 28 + 1)}


@register
class LeftBehindResidents(FacetRegistry):
    """Whom to call for people whose kin are away: seen by those who serve the home, never exported."""

    model = LeftBehindResident
    slug, title = "left-behind-residents", "留守人员信息"
    right = rights("left_behind")
    list = ("resident", "person", "kind", "kin_relation", "kin_phone")
    filters = ("kind",)
    form = (("留守情况", ("resident", "kind", "match", "kin_name", "kin_relation", "kin_phone", "needs")),)
    purpose = "日常关爱和有事时联系其亲属"
    personal = ("kin_name", "kin_phone", "needs")
    masked = {"kin_name": "name", "kin_phone": "phone", "needs": "text"}

    def prepare(self, row: LeftBehindResident, by: Actor) -> None:
        put_right(row, "kin_phone")

    def examples(self, n: int) -> dict[str, Any]:
        return {"kin_phone": f"139{n:08d}"}


@register
class ForeignResidents(FacetRegistry):
    """People from abroad: name as in the passport, purpose and days of the stay."""

    model = ForeignResident
    own_kind = "foreign"
    slug, title = "foreign-residents", "境外人员信息"
    list = ("resident", "person", "nationality", "visit_purpose", "arrived_on", "leaves_on")
    filters = ("nationality", "visit_purpose", "arrived_on", "leaves_on")
    form = (
        ("证件", ("resident", "surname", "given_name", "nationality", "id_until")),
        ("来华", ("visit_purpose", "arrived_on", "leaves_on")),
    )
    purpose = "办理住宿登记提醒和涉外服务"
    personal = ("surname", "given_name")

    def check(self, row: ForeignResident, by: Actor) -> None:
        super().check(row, by)
        not_in_future(row, "arrived_on")
        if row.leaves_on and row.leaves_on < row.arrived_on:
            refuse({"leaves_on": "预计离开日期不能早于抵达日期"})

    def examples(self, n: int) -> dict[str, Any]:
        return {"arrived_on": date(2024, 1, n % 28 + 1), "leaves_on": date(2027, 1, 1)}
