"""A building floor by floor (楼盘图), its homes made by a plan (户室生成), and a compound's outline (标绘)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.actions import generate_homes
from hezhi.chapters.grassroots.registers.models import Building, Home
from hezhi.chapters.grassroots.registers.pages.common import crumbs, done
from hezhi.chapters.grassroots.registers.rules import DOOR_STYLES, DoorStyle, Flat, plan_flats
from hezhi.engines.org.actor import Actor, reader
from hezhi.engines.org.rights import needs
from hezhi.engines.registry import addresses
from hezhi.ground.errors import NotFound
from hezhi.ground.ui.shapes import Action

clause = "9.1.3-2-2"
SHOWN = 400


def _building(id: UUID, by: Actor) -> Building:
    rows = Building.objects.visible_to(by).select_related("compound", "community")
    found = rows.filter(pk=id, removed_at__isnull=True).first()
    if found is None:
        raise NotFound(what="没有找到这栋建筑。")
    return found  # type: ignore[no-any-return]


@needs("homes.view", clause=clause)
def chart(request: HttpRequest, id: UUID) -> HttpResponse:
    """The building floor by floor, entrance by entrance; a click on a flat leads to the home.

    The colour of a flat says how it is used, and nothing about who lives there.
    """
    by = reader(request)
    building = _building(id, by)
    homes = queries.homes_of_building(id, by=by)
    entrances = sorted({home.entrance for home in homes})
    uses = [(use, Home.Use(use).label, sum(home.use == use for home in homes)) for use in Home.Use.values]
    context = {
        "building": building, "entrances": entrances, "floors": _floors(homes, entrances), "uses": uses,
        "total": len(homes), "people": sum(home.people_count for home in homes), "heading": building.full_name,
        "action_list": _chart_actions(building, by),
        "crumbs": crumbs(("地址树", reverse("address-tree")), *_above(building)),
    }  # fmt: skip
    return render(request, "registers/chart.html", context)


def _chart_actions(building: Building, by: Actor) -> list[Action]:
    made = []
    if by.may("buildings.view"):
        made.append(Action("建筑资料", addresses.page("buildings", building.pk)))
    if by.may("homes.edit"):
        made.append(Action("生成房屋", reverse("building-flats", args=[building.pk]), icon="plus"))
    return made


def _above(building: Building) -> list[tuple[str, str]]:
    if building.compound is not None:
        name, args = building.compound.name, ["compound", building.compound_id]
    elif building.community is not None:
        name, args = building.community.name, ["community", building.community_id]
    else:
        return []
    return [(name, reverse("address-branch", args=args))]


def _floors(homes: list[Home], entrances: list[int]) -> list[tuple[str, list[list[tuple[Home, str]]]]]:
    """Floor by floor from the top: for each entrance its flats with their addresses."""
    rows: dict[int, dict[int, list[tuple[Home, str]]]] = defaultdict(lambda: defaultdict(list))
    for home in homes:
        rows[home.floor][home.entrance].append((home, addresses.page("homes", home.pk)))
    return [
        (f"{floor} 层" if floor > 0 else f"地下 {-floor} 层", [rows[floor][entrance] for entrance in entrances])
        for floor in sorted(rows, reverse=True)
    ]


class PlanForm(forms.Form):
    """What the flats of a building are made from (生成方案)."""

    entrances = forms.IntegerField(label="单元数", min_value=1, max_value=30)
    first = forms.IntegerField(label="起始楼层", min_value=-9, max_value=150, initial=1)
    last = forms.IntegerField(label="终止楼层", min_value=-9, max_value=150)
    per_floor = forms.IntegerField(label="每单元每层户数", min_value=1, max_value=60)
    style = forms.ChoiceField(label="户室编号方式", choices=DOOR_STYLES)
    skipped = forms.CharField(
        label="不设的楼层", required=False, max_length=60, help_text="用逗号隔开，如 4,14；底层是商铺的可写 1"
    )

    def clean_skipped(self) -> frozenset[int]:
        """The floors left out, as numbers."""
        typed = str(self.cleaned_data["skipped"] or "").replace("，", ",").replace("、", ",")
        words = [word.strip() for word in typed.split(",") if word.strip()]
        if any(not word.lstrip("-").isdecimal() for word in words):
            raise forms.ValidationError("楼层应为数字，用逗号隔开，如 4,14。")
        return frozenset(map(int, words))

    def flats(self) -> list[Flat]:
        """The flats of the plan; a plan that cannot be is told at the form, and gives none."""
        given = self.cleaned_data
        try:
            return plan_flats(
                given["entrances"], given["first"], given["last"], given["per_floor"], DoorStyle(given["style"]),
                given["skipped"],
            )  # fmt: skip
        except ValueError as fault:
            self.add_error(None, f"{fault}。")
            return []


@needs("homes.edit", clause="9.1.3-2-3")
def flats(request: HttpRequest, id: UUID) -> HttpResponse:
    """Make the homes of a building: a plan, its preview, and only then the writing."""
    by = reader(request)
    building = _building(id, by)
    form = PlanForm(request.POST or None, initial=_plan_of(building))
    planned = form.flats() if request.method == "POST" and form.is_valid() else []
    if planned and "write" in request.POST:
        new = generate_homes(building.pk, planned, by=by)
        left = len(planned) - new
        told = f"已生成 {new} 套房屋。" + (f"另有 {left} 套原来就有，没有改动。" if left else "")
        return done(request, told, reverse("building-chart", args=[building.pk]))
    known = set(building.homes.filter(removed_at__isnull=True).values_list("entrance", "door"))
    shown: dict[int, list[tuple[Flat, bool]]] = defaultdict(list)
    for flat in sorted(planned, key=lambda each: (-each.floor, each.entrance, each.door))[:SHOWN]:
        shown[flat.floor].append((flat, (flat.entrance, flat.door) in known))
    context = {
        "form": form, "building": building, "heading": f"生成房屋：{building.full_name}", "planned": len(planned),
        "new": sum((flat.entrance, flat.door) not in known for flat in planned), "floors": list(shown.items()),
        "cut": len(planned) > SHOWN, "cancel_url": reverse("building-chart", args=[building.pk]),
        "crumbs": crumbs(("建筑", addresses.page("buildings"))),
    }  # fmt: skip
    return render(request, "registers/flats.html", context, status=422 if form.is_bound and not planned else 200)


def _plan_of(building: Building) -> dict[str, Any]:
    return {
        "entrances": building.entrances, "first": 1, "last": building.floors_up,
        "per_floor": building.homes_per_floor, "style": DoorStyle.FLOOR,
    }  # fmt: skip


urlpatterns = [
    path("buildings/<uuid:id>/chart/", chart, name="building-chart"),
    path("buildings/<uuid:id>/flats/", flats, name="building-flats"),
]
