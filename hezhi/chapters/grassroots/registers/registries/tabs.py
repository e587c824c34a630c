"""Tabs and buttons of homes, people, households, buildings and compounds (详情页签)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.models import ChangeReport, Compound, Home
from hezhi.chapters.grassroots.registers.pages.showing import lines
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.erasure import erase
from hezhi.engines.registry import addresses
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Panel, Part
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Action

Context = dict[str, Any]
FACETS = (
    ("registered-residents", "户籍信息", "registered", "residents"), ("mobile-residents", "流动信息", "mobile", "residents"),
    ("foreign-residents", "境外信息", "foreign", "residents"),
    ("left-behind-residents", "留守信息", "left_behind", "left_behind"),
)  # fmt: skip


class PeoplePanel(Panel):
    """Who lives in a home now, household by household (住户)."""

    code, title, template = "people", "住户", "registers/tab_people.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        if not by.may("residents.view"):
            return {"closed": True}
        living = queries.living_in(row.pk, by=by)
        told = lines(living, by)
        households: dict[Any, Context] = {}
        for line, occupancy in zip(told, living, strict=True):
            household = occupancy.household
            card = reverse("household-card", args=[household.pk]) if household else ""
            group = households.setdefault(
                household.pk if household else None,
                {"number": household.number if household else "", "card_url": card, "people": []},
            )
            group["people"].append(line)
        return {"households": list(households.values()), "may_change": by.may("residents.edit"), "home": row}


class HoldersPanel(Panel):
    """Who owns and rents a home (产权与租约)."""

    code, title, template = "holders", "产权与租约", "registers/tab_holders.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        if not by.may("residents.view"):
            return {"closed": True}
        rows = row.occupancies.exclude(role="lives").select_related("resident").order_by("until", "-since")
        return {"holders": lines(rows, by), "may_change": by.may("residents.edit"), "home": row}


class PastPanel(Panel):
    """Who was here when (住房履历)."""

    code, title, template = "past", "履历", "registers/tab_past.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        if not by.may("residents.view"):
            return {"closed": True}
        day = queries.day_of(request.GET.get("on", ""))
        rows = queries.history_of_home(row.pk, by=by, on=day)
        return {"past": lines(rows, by), "on": day.isoformat() if day else "", "tab_url": f"{request.path}?tab=past"}


class ReportsPanel(Panel):
    """What grid workers reported of a home (变动线索)."""

    code, title, template = "reports", "变动线索", "registers/tab_reports.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        reports = ChangeReport.objects.visible_to(by).filter(home=row.pk).select_related("reported_by", "decided_by")
        told = [(each, mask_text(each.text)) for each in reports[:50]]
        return {"reports": told, "may_decide": by.may("residents.edit")}


class LineagePanel(Panel):
    """What a home was split or combined from, and what it went into (沿革)."""

    code, title, template = "lineage", "沿革", "registers/tab_lineage.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        told = [
            (each, addresses.page("homes", each.former_id), addresses.page("homes", each.later_id))
            for each in queries.lineage_of(row.pk, by=by)
        ]
        return {"lineage": told, "home": row}


class HomeTabs(Part):
    """What a home shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (PeoplePanel(), HoldersPanel(), PastPanel(), LineagePanel(), ReportsPanel())

    def notices(self, registry: Registry, row: Any, by: Actor) -> Sequence[str]:
        """A home that is no more says what became of it, with the way there."""
        if row.removed_at is None or not row.went_into.exists():
            return ()
        later = format_html_join("、", '<a href="{}">{}</a>', _links(queries.later_homes(row.pk)))
        return (format_html("这套房屋{}，现为：{}。履历和走访留在这里。", row.removed_reason, later),)

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        made = [Action("楼盘图", reverse("building-chart", args=[row.building_id]), icon="layout-dashboard")]
        if row.removed_at is not None:
            return made
        made.append(Action("门牌码", reverse("home-plate", args=[row.building_id, row.pk])))
        if by.may("homes.edit") and by.may("residents.edit"):
            made += [
                Action("房屋拆分", reverse("home-split", args=[row.pk]), opens="dialog"),
                Action("房屋合并", reverse("home-combine", args=[row.pk]), opens="dialog"),
            ]
        if by.may("residents.edit"):
            made += [
                Action("产权登记", reverse("home-owner", args=[row.pk]), opens="dialog"),
                Action("出租登记", reverse("home-let", args=[row.pk]), opens="dialog"),
            ]
        if by.may("residents.edit"):
            made.append(Action("办理迁入", reverse("home-move-in", args=[row.pk]), opens="dialog", icon="plus"))
        return made


def _links(homes: Sequence[Home]) -> list[tuple[str, str]]:
    return [(addresses.page("homes", home.pk), home.full_name) for home in homes]


class WherePanel(Panel):
    """Where a person lived, owned and rented (住房履历)."""

    code, title, template = "where", "住房履历", "registers/tab_where.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        return {"past": lines(queries.homes_of(row.pk, by=by), by, with_home=True)}


class FacetsPanel(Panel):
    """What only some people have (专项信息)."""

    code, title, template = "facets", "专项信息", "registers/tab_facets.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        told = []
        for slug, name, relation, right in FACETS:
            if not by.may(f"{right}.view"):
                continue
            facet = getattr(row, relation, None)
            fits = relation in ("left_behind", row.kind)
            new_url = f"{addresses.page(slug, 'new')}?resident={row.number}" if by.may(f"{right}.edit") and fits else ""
            told.append({"name": name, "url": addresses.page(slug, facet.pk) if facet else "", "new_url": new_url})
        return {"facets": told}


class ResidentTabs(Part):
    """What a person shows beside his own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (WherePanel(), FacetsPanel())

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        made = []
        if row.household_id:
            made.append(Action("户卡", reverse("household-card", args=[row.household_id]), icon="file-text"))
        if row.home_id and by.may("residents.edit"):
            made.append(Action("办理迁出", reverse("resident-move-out", args=[row.pk]), opens="dialog"))
        return made

    def purge(self, registry: Registry, row: Any, by: Actor, reason: str) -> None:
        """With a person entered in error go the dates of where he was; a household keeps no head that is gone."""
        row.headed.update(head=None)
        for occupancy in row.occupancies.all():
            erase(occupancy, by=by, reason=reason)


class MembersPanel(Panel):
    """The members of a household (成员)."""

    code, title, template = "members", "成员", "registers/tab_members.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        living = row.occupancies.filter(role="lives").select_related("resident").order_by("until", "relation", "since")
        return {"past": lines(living, by)}


class HouseholdTabs(Part):
    """What a household shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (MembersPanel(),)

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        made = [Action("户卡", reverse("household-card", args=[row.pk]), icon="file-text")]
        if by.may("residents.edit") and row.until is None:
            made.append(Action("变更户主", reverse("household-head", args=[row.pk]), opens="dialog"))
        return made


class BuildingTabs(Part):
    """The ways from a building to its homes."""

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        made = [Action("楼盘图", reverse("building-chart", args=[row.pk]), icon="layout-dashboard")]
        if by.may("homes.edit"):
            made.append(Action("生成房屋", reverse("building-flats", args=[row.pk]), icon="plus"))
        if by.may("homes.view"):
            made.append(Action("门牌码", reverse("building-plates", args=[row.pk])))
        return made


class InsidePanel(Panel):
    """The buildings of a compound with their homes counted (楼栋)."""

    code, title, template = "inside", "楼栋", "registers/tab_inside.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> Context:
        present = Q(homes__removed_at__isnull=True)
        rows = row.buildings.filter(removed_at__isnull=True).order_by("code")
        rows = rows.annotate(
            homes_now=Count("homes", filter=present),
            unlooked=Count("homes", filter=present & Q(homes__use=Home.Use.UNVERIFIED)),
        )
        told = [
            (each, addresses.page("buildings", each.pk), reverse("building-chart", args=[each.pk])) for each in rows
        ]
        new_url = f"{addresses.page('buildings', 'new')}?compound={row.pk}" if by.may("buildings.edit") else ""
        return {"buildings": told, "new_url": new_url}


class CompoundTabs(Part):
    """What a compound shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (InsidePanel(),)

    def notices(self, registry: Registry, row: Any, by: Actor) -> Sequence[str]:
        """Outlines that lie over each other: told, not refused, for one of the two may be the older drawing (范围重叠)."""
        names = [f"“{each.name}”" for each in overlapping(row, by)]
        return (f"标绘的范围与{'、'.join(names)}重叠，请核对。",) if names else ()


SLIVER = 1e-9
"""Square degrees, about ten square metres: neighbours drawn along one road may lap over by so much."""


def overlapping(row: Compound, by: Actor) -> list[Compound]:
    """The compounds the reader may know of whose outline lies over this one's by more than a sliver."""
    if row.outline is None:
        return []
    near = Compound.objects.visible_to(by).filter(removed_at__isnull=True, outline__intersects=row.outline)
    found = near.exclude(pk=row.pk).order_by("name")
    return [each for each in found if each.outline and each.outline.intersection(row.outline).area > SLIVER]
