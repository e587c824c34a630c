"""Finding a person (找人) and the card of a household (户卡)."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.models import Household, Resident
from hezhi.chapters.grassroots.registers.pages.common import crumbs
from hezhi.chapters.grassroots.registers.pages.showing import lines, names_shown, names_were_read, person_line
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotFound
from hezhi.ground.identifiers import check_phone

clause = "9.1.3-2-4"


class FindForm(forms.Form):
    """What a person is found by: a whole number, or a whole name and one thing more (找人条件)."""

    id_number = forms.CharField(label="证件号码", required=False, max_length=30, help_text="完整号码")
    phone = forms.CharField(label="联系电话", required=False, max_length=30, help_text="完整号码")
    name = forms.CharField(label="姓名", required=False, max_length=50, help_text="完整姓名，并再填一项")
    birth_year = forms.IntegerField(label="出生年份", required=False, min_value=1880, max_value=2200)
    community = forms.ChoiceField(label="社区", required=False)

    def __init__(self, *args: object, by: Actor, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        rows = Area.objects.current().filter(level="community").order_by("code")
        if by.scope.area:
            rows = rows.filter(**{"pk" if by.scope.level == "community" else f"{by.scope.level}_id": by.scope.area})
        if by.scope.level == "grid":
            rows = Area.objects.filter(children=by.scope.area)
        self.fields["community"].choices = [  # type: ignore[attr-defined]
            ("", "（不限）"),
            *((str(pk), name) for pk, name in rows.values_list("pk", "name")),
        ]


@needs("residents.view", clause=clause)
def find(request: HttpRequest) -> HttpResponse:
    """Find people; the question goes by POST, so that no number stands in an address or a log of addresses."""
    by = reader(request)
    form = FindForm(request.POST or None, by=by)
    found: list[Resident] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            found = _found(form.cleaned_data, by)
        except BadInput as refusal:
            for name, said in refusal.fields.items():
                form.add_error(name if name in form.fields else None, list(said))
    if found and names_shown(by):
        names_were_read(found, by)
    context = {
        "form": form, "heading": "找人", "crumbs": crumbs(("人口", addresses.page("residents"))),
        "found": None if found is None else [(person_line(each, by), each) for each in found],
        "most": queries.MOST_FOUND,
    }  # fmt: skip
    return render(request, "registers/find.html", context, status=422 if form.is_bound and found is None else 200)


def _found(given: dict[str, object], by: Actor) -> list[Resident]:
    if given["id_number"]:
        one = queries.resident_by_id_number(str(given["id_number"]), by=by)
        return [one] if one else []
    if given["phone"]:
        fault = check_phone(str(given["phone"])).fault
        if fault:
            raise BadInput({"phone": [f"{fault}。"]})
        return queries.residents_by_phone(str(given["phone"]), by=by)
    area = UUID(str(given["community"])) if given["community"] else None
    year = given["birth_year"] if isinstance(given["birth_year"], int) else None
    return queries.residents_by_name(str(given["name"] or ""), by=by, birth_year=year, area=area)


@needs("residents.view", clause=clause)
def card(request: HttpRequest, id: UUID) -> HttpResponse:
    """The card of a household: home, head, members with relation and days; fit to print."""
    by = reader(request)
    rows = Household.objects.visible_to(by).select_related("home", "head", "community")
    household = rows.filter(pk=id, removed_at__isnull=True).first()
    if household is None:
        raise NotFound(what="没有找到这一户。")
    members = (
        household.occupancies.filter(role="lives").select_related("resident").order_by("until", "relation", "since")
    )
    told = lines(members, by)
    context = {
        "household": household, "heading": f"户卡 {household.number}", "now": [each for each in told if not each.ended],
        "gone": [each for each in told if each.ended], "home_url": addresses.page("homes", household.home_id),
        "printed_at": time.show(time.now()), "printed_by": by.name,
        "crumbs": crumbs(("户", addresses.page("households"))),
    }  # fmt: skip
    return render(request, "registers/card.html", context)


urlpatterns = [
    path("find/", find, name="find-person"),
    path("households/<uuid:id>/card/", card, name="household-card"),
]
