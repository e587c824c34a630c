"""The dialogs of splitting and combining homes (房屋拆分、房屋合并)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path

from hezhi.chapters.grassroots.registers import actions, queries
from hezhi.chapters.grassroots.registers.models import Home, Occupancy, Resident
from hezhi.chapters.grassroots.registers.pages.common import ask, home_url
from hezhi.chapters.grassroots.registers.pages.living import DayInput, household_name
from hezhi.chapters.grassroots.registers.pages.showing import names_shown, names_were_read
from hezhi.chapters.grassroots.registers.rules import SplitPart, read_parts
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.ground import time
from hezhi.ground.errors import NotFound
from hezhi.ground.masks import mask

clause = "9.1.3-2-3"


def _home(id: UUID, by: Actor) -> Home:
    rows = Home.objects.visible_to(by).select_related("building")
    found = rows.filter(pk=id, removed_at__isnull=True).first()
    if found is None:
        raise NotFound(what="没有找到这套房屋，可能已经拆分或合并。")
    return found  # type: ignore[no-any-return]


class SplitForm(forms.Form):
    """Into which homes, from which day, and who goes where (房屋拆分)."""

    parts = forms.CharField(
        label="拆分为", widget=forms.Textarea(attrs={"rows": 3, "placeholder": "501A 45.5\n501B 44"}), max_length=1000,
        help_text="每行一套：户室号，空格，面积（可不填）",
    )  # fmt: skip
    on = forms.DateField(label="生效日期", widget=DayInput)
    reason = forms.CharField(label="原因", required=False, max_length=200)

    def __init__(self, *args: Any, rows: list[Occupancy], by: Actor, **more: Any) -> None:
        super().__init__(*args, **more)
        self.movers = _movers(rows, by)
        for key, label in self.movers.items():
            self.fields[f"to_{key}"] = forms.CharField(
                label=f"{label}转入", required=False, max_length=20, help_text="填户室号，不填转入第一套"
            )

    def clean_parts(self) -> list[SplitPart]:
        """One home a line."""
        try:
            return read_parts(self.cleaned_data["parts"])
        except ValueError as fault:
            raise forms.ValidationError(f"{fault}。") from None

    def clean(self) -> dict[str, Any]:
        """Everybody goes through a door that is one of the new ones."""
        given = super().clean() or self.cleaned_data
        doors = [part.door for part in given.get("parts") or []]
        for key in self.movers:
            door = (given.get(f"to_{key}") or "").strip()
            if door and doors and door not in doors:
                self.add_error(f"to_{key}", f"{door} 不在拆分后的户室号之中（{'、'.join(doors)}）。")
        return given

    @property
    def goes(self) -> dict[UUID, str]:
        """Household or tenancy → door."""
        told = {key: (self.cleaned_data.get(f"to_{key}") or "").strip() for key in self.movers}
        return {UUID(key): door for key, door in told.items() if door}


def _movers(rows: list[Occupancy], by: Actor) -> dict[str, str]:
    """The households and tenancies of a home, each once, by what an officer calls them; names read are written down."""
    shown = names_shown(by)
    told: dict[str, str] = {}
    read: dict[Resident, None] = {}
    for row in rows:
        if row.role == Occupancy.Role.LIVES and row.household is not None:
            told[str(row.household_id)] = household_name(row.household, by)
            read |= {row.household.head: None} if row.household.head else {}
        elif row.role == Occupancy.Role.TENANT:
            name = row.resident.person_name if row.resident else row.outside_name
            told[str(row.pk)] = f"承租人{name if shown else mask('name', name)}"
            read |= {row.resident: None} if row.resident else {}
    if shown:
        names_were_read(list(read), by)
    return told


@needs("homes.edit", clause=clause)
def split(request: HttpRequest, id: UUID) -> HttpResponse:
    """One home becomes several."""
    by = reader(request)
    home = _home(id, by)
    rows = queries.holding_now(home.pk, by=by)
    form = SplitForm(request.POST or None, rows=rows, by=by, initial={"on": time.today()})

    def do(given: dict[str, Any]) -> tuple[str, str]:
        made = actions.split_home(
            home.pk, given["parts"], by=by, on=given["on"], goes=form.goes, reason=given["reason"]
        )
        told = "、".join(each.door for each in made)
        return f"已拆分为 {told}，原房屋编号和履历保留。", home_url(made[0].pk, "lineage")

    note = "原房屋从生效日起退出台账，编号仍可查到；产权人转入每一套，住户和租约按下面的填写转入。"
    return ask(request, form, f"房屋拆分：{home.full_name}", do, back=home_url(home.pk), submit="确认拆分", note=note)


class CombineForm(forms.Form):
    """Which homes, what the one is called, from which day (房屋合并)."""

    homes = forms.MultipleChoiceField(label="与下列房屋合并", widget=forms.CheckboxSelectMultiple)
    door = forms.CharField(label="合并后的户室号", max_length=20)
    floor_area = forms.DecimalField(
        label="合并后的面积（平方米）", required=False, min_value=0, max_digits=8, decimal_places=2,
        help_text="不填为各套面积之和",
    )  # fmt: skip
    on = forms.DateField(label="生效日期", widget=DayInput)
    reason = forms.CharField(label="原因", required=False, max_length=200)

    def __init__(self, *args: Any, beside: list[Home], **more: Any) -> None:
        super().__init__(*args, **more)
        told = [(str(each.pk), f"{each.door}（{each.get_use_display()}）") for each in beside]
        self.fields["homes"].choices = told  # type: ignore[attr-defined]
        self.fields["homes"].error_messages["required"] = "请至少选择一套相邻的房屋。"


@needs("homes.edit", clause=clause)
def combine(request: HttpRequest, id: UUID) -> HttpResponse:
    """Several homes become one."""
    by = reader(request)
    home = _home(id, by)
    beside = queries.homes_beside(home, by=by)
    form = CombineForm(request.POST or None, beside=beside, initial={"on": time.today(), "door": home.door})

    def do(given: dict[str, Any]) -> tuple[str, str]:
        made = actions.combine_homes(
            [home.pk, *map(UUID, given["homes"])], given["door"], by=by, on=given["on"],
            floor_area=given["floor_area"], reason=given["reason"],
        )  # fmt: skip
        return f"已合并为 {made.full_name}，请重新登记产权份额。", home_url(made.pk, "lineage")

    note = "同一单元、同层和上下层的房屋可以合并。原房屋从生效日起退出台账，编号仍可查到；住户、产权人和租约都转入合并后的房屋。"
    return ask(request, form, f"房屋合并：{home.full_name}", do, back=home_url(home.pk), submit="确认合并", note=note)


urlpatterns = [
    path("homes/<uuid:id>/split/", split, name="home-split"),
    path("homes/<uuid:id>/combine/", combine, name="home-combine"),
]
