"""Party organisations as a registry (党组织台账): 9.1.3-3-1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.grassroots.party import actions, queries, rules
from hezhi.chapters.grassroots.party.actions.organisations import hold_tree
from hezhi.chapters.grassroots.party.models import Member, Office, PartyOrganisation
from hezhi.chapters.grassroots.party.models.base import APPROVED, ENDED
from hezhi.chapters.grassroots.party.pages.reviewed import ReviewedDetail
from hezhi.chapters.grassroots.party.registries.common import (
    GROUP,
    Review,
    never_merged,
    new_version,
    refuse,
    rights,
    typed,
)
from hezhi.engines.dossier.maps import OnMap
from hezhi.engines.geo.models import Area
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry import addresses
from hezhi.engines.registry.abilities import Files, Remarks
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import BadInput
from hezhi.ground.identifiers import check_phone
from hezhi.ground.masks import mask
from hezhi.ground.ui.shapes import Action
from hezhi.ground.ui.spans import NOTHING


class OfficeForm(forms.Form):
    """Who takes which post from when (任职)."""

    member = forms.CharField(label="党员编号", max_length=20)
    post = forms.ChoiceField(label="职务", choices=Office.Post.choices)
    since = forms.DateField(label="任职日期", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))


class CommitteePanel(Panel):
    """Who holds a post in the organisation, and who held one (班子)."""

    code, title, template = "committee", "班子", "party/tab_committee.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        if not by.may("party_members.view"):
            return {"closed": True}
        offices = list(row.offices.select_related("member__resident").order_by("until", "since"))
        queries.names_were_read({office.member for office in offices}, by)
        lines = [
            (office, queries.name_of(office.member.resident, by), addresses.page("party-members", office.member_id))
            for office in offices
        ]
        may = by.may("party_organisations.edit") and row.state != ENDED
        return {
            "lines": lines,
            "may_change": may,
            "office_form": OfficeForm(typed(request, "post")) if may else None,
            "today": time.today(),
        }

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        if request.POST.get("relieve"):
            until = forms.DateField().clean(request.POST.get("until") or time.today())
            actions.relieve(row, by=by, office_id=UUID(request.POST["relieve"]), until=until)
            return "已免职。"
        form = OfficeForm(request.POST)
        if not form.is_valid():
            raise BadInput({name: [str(said) for said in told] for name, told in form.errors.items()})
        member = Member.objects.visible_to(by).filter(number=form.cleaned_data["member"].strip()).first()
        if member is None:
            raise BadInput({"member": "没有找到这名党员，请填写党员编号。"})
        office = actions.appoint(
            row, by=by, member_id=member.pk, post=form.cleaned_data["post"], since=form.cleaned_data["since"]
        )
        return f"已登记{office.get_post_display()}。"


class BelowPanel(Panel):
    """What stands below the organisation, at any depth (下级党组织)."""

    code, title, template = "below", "下级党组织", "party/tab_below.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        parents = queries.parents(by)
        inside = rules.everything_below(row.pk, parents) - {row.pk}
        rows = queries.below(row, by).in_bulk()
        lines = rules.tree({key: above for key, above in parents.items() if key in inside})
        told = [
            ("　" * line.depth, line.depth, rows[line.id], addresses.page(registry.slug, line.id))
            for line in lines
            if line.id in rows
        ]
        new_url = (
            f"{addresses.page(registry.slug, 'new')}?parent={row.code}" if by.may("party_organisations.edit") else ""
        )
        return {"lines": told, "new_url": new_url}


class OrganisationTabs(Part):
    """What an organisation shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (CommitteePanel(), BelowPanel())

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        made = []
        if by.may("party_members.view"):
            made.append(Action("党员", f"{addresses.page('party-members')}?organisation={row.pk}", icon="users"))
        if row.state == APPROVED and by.may("party_organisations.delete"):
            made.append(Action("申请撤销", reverse("party-dissolve", args=[row.pk]), opens="dialog"))
        return made

    def notices(self, registry: Registry, row: Any, by: Actor) -> Sequence[str]:
        if row.state != APPROVED or row.term_until is None:
            return ()
        left = (row.term_until - time.today()).days
        if left < 0:
            return (f"本届已于 {row.term_until} 届满，请尽快换届。",)
        return (f"本届还有 {left} 天届满，请准备换届。",) if left <= rules.TERM_NOTICE else ()


@register
class PartyOrganisations(Registry):
    """The organisations of the Party in their tree; new, changed and ended by two people."""

    model = PartyOrganisation
    slug, title, group, icon = "party-organisations", "党组织", GROUP, "flag"
    clause = "9.1.3-3-1"
    right = rights("party_organisations", "view", "edit", "delete", "import", "export")
    list = ("name", "kind", "state", "parent", "secretary", "community", "grid", "term_until")
    also = ("code", "town", "founded_on", "address", "office_phone", "edition")
    filters = ("kind", "parent", "town", "community", "term_until")
    more_filters = {
        "term_ending": YesNoFilter(label="90 天内届满", condition=lambda: _ending()),
        "no_grid": YesNoFilter(label="没有覆盖网格", condition=lambda: Q(grid__isnull=True)),
    }
    search = ("name", "code", "address")
    state = "state"
    ordering = ("code",)
    natural_key = ("code",)
    form = (
        ("基本信息", ("code", "name", "kind", "parent", "founded_on", "founding_paper")),
        ("届期", ("term_from", "term_until")),
        ("位置和覆盖", ("community", "grid", "address", "point", "office_phone")),
    )
    on_map = "point"
    owner_of = "community"
    about = "新建、修改和撤销都由第二人审批；上级变动时，下级随同移动。"
    pages = {"detail": ReviewedDetail}
    parts = (Review(), OrganisationTabs(), OnMap(), Files(), Remarks())

    def with_columns(self, rows: QuerySet[Any], columns: Any) -> QuerySet[Any]:
        """The name of the secretary comes with the rows."""
        return super().with_columns(rows, columns).annotate(secretary_name=_secretary())

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        if name == "parent":
            return queries.not_ended(actor)
        level = {"community": Area.Level.COMMUNITY, "grid": Area.Level.GRID}.get(name)
        if level is None:
            return None
        rows = Area.objects.current().filter(level=level, kind=Area.Kind.BASIC).order_by("code")
        if actor.scope.area and not actor.scope.everything:
            at = actor.scope.level
            rows = rows.filter(Q(**{f"{at}_id": actor.scope.area}) | Q(pk=actor.scope.area))
        return rows

    @column("书记")
    def secretary(self, row: PartyOrganisation) -> str:
        """The secretary's name, masked as all names in lists; «缺» where there is none."""
        name = getattr(row, "secretary_name", None)
        if not hasattr(row, "secretary_name"):
            office = row.offices.filter(post="secretary", until__isnull=True).select_related("member__resident").first()
            name = office.member.resident.person_name if office else None
        return mask("name", name) if name else NOTHING

    def tone_of(self, row: PartyOrganisation) -> str:
        """A term that is over is marked."""
        over = row.state == APPROVED and row.term_until is not None and row.term_until < time.today()
        return "over" if over else ""

    def prepare(self, row: PartyOrganisation, by: Actor) -> None:
        """One form of the phone; an approved change is a new version."""
        found = check_phone(row.office_phone) if row.office_phone else None
        if found is not None:
            refuse({"office_phone": found.fault})
            row.office_phone = found.value
        new_version(row)

    def check(self, row: PartyOrganisation, by: Actor) -> None:
        """Days that can be, and a place in the tree that closes no circle."""
        today = time.today()
        refuse(
            {
                "founded_on": "建立日期不能晚于今天" if row.founded_on > today else None,
                "term_until": "届满日期应晚于起始日期"
                if row.term_from and row.term_until and row.term_until <= row.term_from
                else None,
                "parent": self._parent_fault(row),
            }
        )

    def _parent_fault(self, row: PartyOrganisation) -> str | None:
        if row.parent is None:
            return None
        if row.parent.state == ENDED:
            return "上级党组织已经撤销，请另选"
        if not rules.may_stand_below(row.kind, row.parent.kind):
            return f"{row.get_kind_display()}不能设在{row.parent.get_kind_display()}之下"
        hold_tree()
        above: PartyOrganisation | None = PartyOrganisation.objects.get(pk=row.parent.pk)
        while above is not None:
            if above.pk == row.pk:
                return "不能设在自己或自己的下级之下"
            above = above.parent
        return None

    def after(self, verb: str, row: Any, by: Actor) -> None:
        never_merged(verb, row)

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "state": "draft", "kind": "branch", "code": f"DZZ{n:06d}", "founded_on": date(2020, 1, n % 28 + 1),
            "term_from": date(2024, 1, 1), "term_until": date(2027, 1, n % 28 + 1), "office_phone": f"0532-86{n:06d}",
            "ended_on": None,
        }  # fmt: skip


def _ending() -> Q:
    last = time.today() + timedelta(days=rules.TERM_NOTICE)
    return Q(term_until__lte=last, state=APPROVED)


def _secretary() -> Subquery:
    held = Office.objects.filter(organisation=OuterRef("pk"), post="secretary", until__isnull=True)
    return Subquery(held.values("member__resident__person_name")[:1])
