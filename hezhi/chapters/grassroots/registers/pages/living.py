"""The dialogs of moving, owning and letting, and what becomes of a report (迁入迁出、产权、出租、核实)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from hezhi.chapters.grassroots.registers import actions, queries
from hezhi.chapters.grassroots.registers.actions.holding import Holder, overlapping_tenancies
from hezhi.chapters.grassroots.registers.models import ChangeReport, Home, Household, Occupancy, Resident
from hezhi.chapters.grassroots.registers.pages.common import ask, crumbs, home_url
from hezhi.chapters.grassroots.registers.pages.showing import names_shown
from hezhi.chapters.grassroots.registers.queries import codes
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.records.vault import blind
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.masks import mask, mask_text
from hezhi.ground.text import tidy_name

clause = "9.1.3-2-4"
NEW = "new"


def _home(id: UUID, by: Actor) -> Home:
    found = Home.objects.visible_to(by).filter(pk=id, removed_at__isnull=True).first()
    if found is None:
        raise NotFound(what="没有找到这套房屋。")
    return found


class DayInput(forms.DateInput):
    """A day from a calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class MoveInForm(forms.Form):
    """Who moves in, when, and into which household (迁入)."""

    person = forms.CharField(label="人口编号或证件号码", max_length=30, help_text="还没有登记的人，请先登记人口")
    person_name = forms.CharField(label="姓名", max_length=50, help_text="用来核对，须与登记一致")
    since = forms.DateField(label="迁入日期", widget=DayInput)
    household = forms.ChoiceField(label="户")
    relation = forms.ChoiceField(label="与户主关系", required=False, help_text="新立户时此人即为户主")

    def __init__(self, *args: Any, home: Home, by: Actor, **more: Any) -> None:
        super().__init__(*args, **more)
        there = queries.households_of(home.pk, by=by)
        told = [(str(each.pk), household_name(each, by)) for each in there]
        self.fields["household"].choices = [*told, (NEW, "新立一户")]  # type: ignore[attr-defined]
        self.fields["relation"].choices = [("", "请选择"), *codes("relation")]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """In a household that is there, the relation must be told."""
        given = super().clean() or self.cleaned_data
        if given.get("household") not in (None, NEW) and not given.get("relation"):
            self.add_error("relation", "请选择与户主的关系。")
        return given


def household_name(household: Household, by: Actor) -> str:
    """A household by its number and its head (户名), the name as this post may see it."""
    head = household.head
    if head is None:
        return f"户 {household.number}"
    name = head.person_name if names_shown(by) else mask("name", head.person_name)
    return f"户 {household.number}（户主 {name}）"


def person_meant(typed: str, name: str, by: Actor) -> Resident:
    """Who is meant by a number and the whole name (两项都须一致): the number of the entry, or of the ID card.

    With both in hand somebody from another community of the district is found too, so that he can move here.
    Raises BadInput when nobody fits, without saying which of the two was wrong.
    """
    rows = queries.residents(by).filter(number=typed.strip())
    anywhere = Resident.objects.filter(id_blind=blind("resident_id", typed), removed_at__isnull=True)
    found = rows.first() or anywhere.first()
    if found is None or found.person_name != tidy_name(name):
        raise BadInput({"person": ["没有找到号码和姓名都一致的人，请核对；还没有登记的，请先登记人口。"]})
    return found  # type: ignore[no-any-return]


@needs("residents.edit", clause=clause)
def move_in(request: HttpRequest, id: UUID) -> HttpResponse:
    """A person moves into a home."""
    by = reader(request)
    home = _home(id, by)
    initial = {"since": time.today(), "person": request.GET.get("person", "")}
    form = MoveInForm(request.POST or None, home=home, by=by, initial=initial)

    def do(given: dict[str, Any]) -> tuple[str, str]:
        person = person_meant(given["person"], given["person_name"], by)
        into = None if given["household"] == NEW else UUID(given["household"])
        actions.move_in(
            home.pk,
            person.pk,
            by=by,
            since=given["since"],
            household_id=into,
            relation=given["relation"],
            id_number=given["person"],
        )
        home.refresh_from_db()
        told = f"已办理迁入，{home.full_name}现住 {home.people_count} 人。"
        if home.most_people and home.people_count > home.most_people:
            told += f"超过核定的 {home.most_people} 人，请核实是否群租。"
        return told, home_url(home.pk)

    return ask(request, form, f"办理迁入：{home.full_name}", do, back=home_url(home.pk), submit="办理迁入")


class MoveOutForm(forms.Form):
    """When and why somebody leaves, and whether he stays in the district's care (迁出)."""

    until = forms.DateField(label="搬离日期", widget=DayInput, help_text="从这一天起不再居住")
    end_reason = forms.ChoiceField(label="原因")
    leaves = forms.ChoiceField(
        label="去向", choices=(("1", "离开本区，人口状态改为已迁出"), ("0", "仍在本区，新住处待登记"))
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["end_reason"].choices = codes("end_reason")  # type: ignore[attr-defined]


@needs("residents.edit", clause=clause)
def move_out(request: HttpRequest, id: UUID) -> HttpResponse:
    """A person moves out."""
    by = reader(request)
    person = queries.residents(by).filter(pk=id).select_related("home").first()
    if person is None:
        raise NotFound(what="没有找到这个人。")
    form = MoveOutForm(request.POST or None, initial={"until": time.today(), "leaves": "1"})
    back = addresses.page("residents", person.pk)

    def do(given: dict[str, Any]) -> tuple[str, str]:
        leaves = given["leaves"] == "1"
        actions.move_out(person.pk, by=by, until=given["until"], end_reason=given["end_reason"], leaves=leaves)
        return "已办理迁出，住房履历保留。", home_url(person.home_id) if person.home_id else back

    return ask(request, form, f"办理迁出：人口 {person.number}", do, back=back, submit="办理迁出")


class HolderForm(forms.Form):
    """Who owns or rents: an entry of the register, or name and phone (产权人、承租人)."""

    number = forms.CharField(label="人口编号", required=False, max_length=20, help_text="本区登记人口填写，其余留空")
    name = forms.CharField(label="姓名", required=False, max_length=50, help_text="非本区登记人口填写")
    phone = forms.CharField(label="电话", required=False, max_length=30)
    since = forms.DateField(label="开始日期", widget=DayInput)

    def holder(self, by: Actor) -> Holder:
        """The one meant; raises BadInput when neither number nor name leads to somebody."""
        number = self.cleaned_data["number"].strip()
        if not number:
            return Holder(name=self.cleaned_data["name"], phone=self.cleaned_data["phone"])
        found = queries.residents(by).filter(number=number).first()
        if found is None:
            raise BadInput({"number": [f"没有编号 {number} 的人口，请核对。"]})
        return Holder(resident_id=found.pk)


class OwnerForm(HolderForm):
    """With the share, and whether the owners before go (产权)."""

    share = forms.DecimalField(label="产权份额（%）", required=False, min_value=0, max_value=100, decimal_places=2)
    alone = forms.ChoiceField(
        label="与现有产权人", choices=(("1", "转让：原产权人自当日起结束"), ("0", "共有：增加一名产权人"))
    )


@needs("residents.edit", clause="9.1.3-2-3")
def owner(request: HttpRequest, id: UUID) -> HttpResponse:
    """Somebody owns a home from a day on."""
    by = reader(request)
    home = _home(id, by)
    form = OwnerForm(request.POST or None, initial={"since": time.today()})

    def do(given: dict[str, Any]) -> tuple[str, str]:
        actions.set_owner(
            home.pk, form.holder(by), by=by, since=given["since"], share=given["share"], alone=given["alone"] == "1"
        )
        return "产权已登记。", home_url(home.pk, "holders")

    return ask(request, form, f"产权登记：{home.full_name}", do, back=home_url(home.pk, "holders"))


class LetForm(HolderForm):
    """With the end of the contract and what it is let for (出租)."""

    contract_until = forms.DateField(label="租约到期", required=False, widget=DayInput)
    rental_use = forms.ChoiceField(label="出租用途")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["rental_use"].choices = codes("rental_use")  # type: ignore[attr-defined]


@needs("residents.edit", clause="9.1.3-2-3")
def let(request: HttpRequest, id: UUID) -> HttpResponse:
    """A home is let from a day on."""
    by = reader(request)
    home = _home(id, by)
    form = LetForm(request.POST or None, initial={"since": time.today(), "rental_use": "02"})

    def do(given: dict[str, Any]) -> tuple[str, str]:
        others = overlapping_tenancies(home.pk, given["since"], given["contract_until"])
        actions.let_home(
            home.pk, form.holder(by), by=by, since=given["since"], contract_until=given["contract_until"],
            rental_use=given["rental_use"],
        )  # fmt: skip
        told = f"与现有 {others} 份租约日期重叠，请核对是否合租。" if others else ""
        return f"出租已登记。{told}", home_url(home.pk, "holders")

    return ask(request, form, f"出租登记：{home.full_name}", do, back=home_url(home.pk, "holders"))


class EndForm(forms.Form):
    """When and why an ownership or a tenancy ends (终止)."""

    until = forms.DateField(label="终止日期", widget=DayInput)
    end_reason = forms.ChoiceField(label="原因")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["end_reason"].choices = codes("end_reason")  # type: ignore[attr-defined]


@needs("residents.edit", clause="9.1.3-2-3")
def end(request: HttpRequest, id: UUID) -> HttpResponse:
    """An ownership or a tenancy ends."""
    by = reader(request)
    row = Occupancy.objects.visible_to(by).exclude(role="lives").select_related("home").filter(pk=id).first()
    if row is None:
        raise NotFound(what="没有找到这条人房关系。")
    form = EndForm(request.POST or None, initial={"until": time.today(), "end_reason": "02"})
    back = home_url(row.home_id, "holders")

    def do(given: dict[str, Any]) -> tuple[str, str]:
        actions.end_holding(row.pk, by=by, until=given["until"], end_reason=given["end_reason"])
        return f"已终止{row.get_role_display()}关系，履历保留。", back

    return ask(request, form, f"终止{row.get_role_display()}：{row.home.full_name}", do, back=back, submit="终止")


class HeadForm(forms.Form):
    """Who becomes head of the household (变更户主)."""

    resident = forms.ChoiceField(label="新户主")


@needs("residents.edit", clause=clause)
def head(request: HttpRequest, id: UUID) -> HttpResponse:
    """Another member becomes head."""
    by = reader(request)
    household = Household.objects.visible_to(by).filter(pk=id, until__isnull=True, removed_at__isnull=True).first()
    if household is None:
        raise NotFound(what="没有找到这一户。")
    form = HeadForm(request.POST or None)
    members = queries.residents(by).filter(household=household)
    if household.head_id:
        members = members.exclude(pk=household.head_id)
    shown = names_shown(by)
    form.fields["resident"].choices = [  # type: ignore[attr-defined]
        (str(each.pk), f"{each.person_name if shown else mask('name', each.person_name)}（{each.number}）")
        for each in members
    ]
    back = reverse("household-card", args=[household.pk])

    def do(given: dict[str, Any]) -> tuple[str, str]:
        actions.name_head(household.pk, UUID(given["resident"]), by=by)
        return "户主已变更，请重新登记其他成员与户主的关系。", back

    return ask(request, form, f"变更户主：户 {household.number}", do, back=back)


# -- reports of grid workers -------------------------------------------------------------------------


@needs("residents.edit", clause="9.1.3-2-3")
def reports(request: HttpRequest) -> HttpResponse:
    """The reports that wait for the community, oldest first (待核实的变动线索)."""
    by = reader(request)
    waiting = ChangeReport.objects.visible_to(by).filter(state=ChangeReport.State.WAITING)
    rows = waiting.select_related("home", "reported_by").order_by("reported_at")[:200]
    told = [(each, mask_text(each.text), home_url(each.home_id, "people")) for each in rows]
    context = {"reports": told, "heading": "变动线索", "crumbs": crumbs()}
    return render(request, "registers/reports.html", context)


class DecideForm(forms.Form):
    """What the look into a report brought (核实结果)."""

    true = forms.ChoiceField(label="核实结果", choices=(("1", "属实，台账已更新"), ("0", "不属实，台账不变")))
    answer = forms.CharField(label="核实情况", required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


@needs("residents.edit", clause="9.1.3-2-3")
def decide(request: HttpRequest, id: UUID) -> HttpResponse:
    """The community says what became of a report."""
    by = reader(request)
    report = ChangeReport.objects.visible_to(by).select_related("home").filter(pk=id).first()
    if report is None:
        raise NotFound(what="没有找到这条变动线索。")
    form = DecideForm(request.POST or None)
    back = home_url(report.home_id, "reports")

    def do(given: dict[str, Any]) -> tuple[str, str]:
        actions.decide_report(report.pk, by=by, true=given["true"] == "1", answer=given["answer"])
        return "核实结果已保存，报告人可以看到。", back

    note = "属实的，请先在房屋页面办理迁入、迁出或出租登记，再在这里销号。"
    return ask(request, form, f"核实变动：{report.home.full_name}", do, back=back, note=note)


urlpatterns = [
    path("homes/<uuid:id>/move-in/", move_in, name="home-move-in"),
    path("residents/<uuid:id>/move-out/", move_out, name="resident-move-out"),
    path("homes/<uuid:id>/owner/", owner, name="home-owner"),
    path("homes/<uuid:id>/let/", let, name="home-let"),
    path("holdings/<uuid:id>/end/", end, name="holding-end"),
    path("households/<uuid:id>/head/", head, name="household-head"),
    path("reports/", reports, name="change-reports"),
    path("reports/<uuid:id>/decide/", decide, name="change-report-decide"),
]
