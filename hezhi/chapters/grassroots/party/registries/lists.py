"""The three lists as registries (需求清单、资源清单、项目清单): 9.1.3-3-1, matched by hand from suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.grassroots.party import queries
from hezhi.chapters.grassroots.party.actions.lists import settle_need
from hezhi.chapters.grassroots.party.models import Need, Project, Resource
from hezhi.chapters.grassroots.party.pages.reviewed import SteppedDetail
from hezhi.chapters.grassroots.party.registries.common import GROUP, refuse, rights, settle_at
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry import addresses
from hezhi.engines.registry.abilities import Files
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import YesNoFilter
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.errors import NotNow
from hezhi.ground.masks import find_personal
from hezhi.ground.ui.shapes import Action

RIGHTS = rights("party_lists", "view", "edit", "delete", "import", "export")
RUNNING = (Project.State.PROPOSED, Project.State.CLAIMED, Project.State.DONE)


def personal_fault(*texts: str) -> str | None:
    """A list is read by many: it holds nobody's number (清单不写个人信息)."""
    return "清单里不写电话和证件号码，请删去" if any(find_personal(text) for text in texts) else None


class MatchPanel(Panel):
    """What could meet a need (对接资源): suggestions to choose from by hand, and the projects it has had."""

    code, title, template = "match", "对接资源", "party/tab_match.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        may = by.may("party_lists.edit") and row.state == Need.State.OPEN and not row.removed_at
        new = f"{addresses.page('party-projects', 'new')}?need={row.pk}&title={row.title}"
        offers = [(each, f"{new}&resource={each.pk}", fit >= 100) for fit, each in queries.offers_for(row)]
        projects = [(each, addresses.page("party-projects", each.pk)) for each in row.projects.filter(removed_at__isnull=True)]  # fmt: skip
        return {"offers": offers, "may_propose": may, "alone_url": new, "projects": projects}


class NeedsPanel(Panel):
    """Which open needs an offer could meet (可对接的需求)."""

    code, title, template = "needs", "可对接的需求", "party/tab_needs.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        new = f"{addresses.page('party-projects', 'new')}?resource={row.pk}"
        lines = [
            (each, addresses.page("party-needs", each.pk), f"{new}&need={each.pk}&title={each.title}")
            for _, each in queries.needs_for(row, by)
        ]
        projects = row.projects.filter(removed_at__isnull=True, pk__in=Project.objects.visible_to(by).values("pk"))
        used = [(each, addresses.page("party-projects", each.pk)) for each in projects]
        return {"lines": lines, "may_propose": by.may("party_lists.edit"), "projects": used}


class NeedTabs(Part):
    """What a need shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (MatchPanel(),)

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        if row.state != Need.State.OPEN or row.removed_at or not by.may("party_lists.edit"):
            return ()
        return (Action("不再需要", reverse("party-close-need", args=[row.pk]), opens="dialog"),)


class ResourceTabs(Part):
    """What an offer shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (NeedsPanel(),)


class ProjectSteps(Part):
    """The steps that a project's state allows, as buttons (办理)."""

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        if row.removed_at or not by.may("party_lists.edit"):
            return ()
        steps = {
            Project.State.PROPOSED: (("认领", "claim"), ("终止", "stop")),
            Project.State.CLAIMED: (("登记完成", "finish"), ("终止", "stop")),
            Project.State.DONE: (("评价", "rate"),) if row.done_by != by.user_id else (),
        }.get(row.state, ())
        return [
            Action(name, reverse("party-project-step", args=[row.pk, step]), opens="dialog") for name, step in steps
        ]

    def notices(self, registry: Registry, row: Any, by: Actor) -> Sequence[str]:
        if row.state == Project.State.DONE and row.done_by == by.user_id:
            return ("完成由您登记，请由另一位同事回访后评价。",)
        return (f"已终止：{row.stopped_because}。",) if row.state == Project.State.STOPPED else ()

    def check(self, registry: Registry, row: Any, by: Actor) -> None:
        """What was claimed is part of the record: it is stopped, not deleted."""
        if row.removed_at and row.state not in (Project.State.PROPOSED, Project.State.STOPPED):
            raise NotNow("已经认领的项目不能删除。", remedy="不再进行的请终止。", code="party.in_force")


@register
class Needs(Registry):
    """What people and units around need."""

    model = Need
    slug, title, group, icon = "party-needs", "需求清单", GROUP, "message"
    clause = "9.1.3-3-1"
    right = RIGHTS
    list = ("title", "kind", "asked_by", "state", "organisation", "place", "wanted_by")
    also = ("community", "created_at", "closed_because")
    filters = ("kind", "asked_by", "organisation", "community", "wanted_by")
    more_filters = {
        "late": YesNoFilter(
            label="超过希望完成时间",
            condition=lambda: Q(wanted_by__lt=time.today(), state__in=("open", "taken")),
        )
    }
    search = ("title", "text", "place")
    state = "state"
    ordering = ("-created_at",)
    natural_key = ("organisation", "title")
    form = (("需求", ("organisation", "title", "kind", "asked_by", "text", "place", "wanted_by")),)
    about = "需求是事，不是人：不写姓名、电话。先对接资源，拟成项目，由党组织认领。"
    parts = (NeedTabs(), Files())

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        return queries.not_ended(actor) if name == "organisation" else None

    def place(self, row: Need, by: Actor) -> None:
        settle_at(row, row.organisation)

    def check(self, row: Need, by: Actor) -> None:
        refuse({"text": personal_fault(row.title, row.text, row.place)})
        if row.removed_at and row.projects.filter(removed_at__isnull=True, state__in=RUNNING).exists():
            raise NotNow("这项需求有项目在进行，不能删除。", remedy="请先终止项目。", code="party.need_busy")

    def tone_of(self, row: Need) -> str:
        """What was wished for by now and is not met."""
        late = row.wanted_by is not None and row.wanted_by < time.today() and row.state in ("open", "taken")
        return "over" if late else ""

    def examples(self, n: int) -> dict[str, Any]:
        return {"state": "open", "kind": "environment", "text": f"样例需求{n}", "title": f"样例需求{n:04d}"}


@register
class Resources(Registry):
    """What member units offer."""

    model = Resource
    slug, title, group, icon = "party-resources", "资源清单", GROUP, "stack-2"
    clause = "9.1.3-3-1"
    right = RIGHTS
    list = ("title", "giver", "kinds", "reaches", "organisation", "since", "until")
    also = ("community", "created_at")
    filters = ("reaches", "organisation", "community", "until")
    search = ("title", "giver", "text")
    ordering = ("title",)
    natural_key = ("giver", "title")
    form = (
        ("资源", ("organisation", "title", "giver", "kinds", "text")),
        ("何时何地可用", ("reaches", "since", "until")),
    )
    about = "由共建单位提供，联系由党组织转达；按服务范围推荐给需求。"
    parts = (ResourceTabs(), Files())

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        return queries.not_ended(actor) if name == "organisation" else None

    def place(self, row: Resource, by: Actor) -> None:
        settle_at(row, row.organisation)

    def check(self, row: Resource, by: Actor) -> None:
        refuse(
            {
                "kinds": None if row.kinds else "请至少选一个可服务类别",
                "text": personal_fault(row.title, row.text, row.giver),
                "until": "可用截止不能早于可用起始" if row.until and row.until < row.since else None,
                "reaches": "这个党组织不在社区，请选本镇街或全区"
                if row.reaches == "community" and row.organisation.community_id is None else None,
            }
        )  # fmt: skip

    def examples(self, n: int) -> dict[str, Any]:
        since = time.today() - timedelta(days=n % 100)
        return {
            "kinds": ["environment", "law"], "since": since, "until": None, "giver": f"样例单位{n:04d}", "text": f"样例资源{n}",
            "reaches": "district", "title": f"样例资源{n:04d}",
        }  # fmt: skip


@register
class Projects(Registry):
    """A need and what meets it, from the proposal to the verdict."""

    model = Project
    slug, title, group, icon = "party-projects", "项目清单", GROUP, "checklist"
    clause = "9.1.3-3-1"
    right = RIGHTS
    offers = ("view", "add", "edit", "delete", "export", "api")
    list = ("title", "need", "resource", "state", "lead", "due_on", "verdict")
    also = ("claimed_on", "done_on", "result", "verdict_text", "community", "created_at")
    filters = ("lead", "verdict", "community", "due_on")
    search = ("title", "plan")
    state = "state"
    ordering = ("-created_at",)
    form = (("项目", ("need", "resource", "title", "plan", "due_on")),)
    about = "拟定 → 认领 → 完成 → 评价：完成和评价由两个人分别登记。"
    pages = {"detail": SteppedDetail}
    parts = (ProjectSteps(), Files())
    mergeable = False

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        if name == "need":
            return Need.objects.visible_to(actor).filter(removed_at__isnull=True).exclude(state=Need.State.CLOSED)
        return queries.usable_offers(actor) if name == "resource" else None

    def place(self, row: Project, by: Actor) -> None:
        settle_at(row, row.need)

    def check(self, row: Project, by: Actor) -> None:
        """One project at a time for a need that is not met; the offer reaches where the need lies."""
        if row.removed_at:
            return
        Need.objects.select_for_update(of=("self",)).get(pk=row.need.pk)  # two proposals at once see each other
        before = None if row._state.adding else Project.objects.only("need_id", "resource_id").get(pk=row.pk)
        fresh = before is None or before.resource_id != row.resource_id
        others = row.need.projects.filter(removed_at__isnull=True, state__in=RUNNING).exclude(pk=row.pk)
        offered = row.resource is None or Resource.objects.offered_to(row.need, time.today()).filter(pk=row.resource.pk).exists()  # fmt: skip
        refuse(
            {
                "need": "项目的需求不能更换，请终止后另拟" if before is not None and before.need_id != row.need_id
                else "这项需求已有一个项目在进行" if row.state in RUNNING and others.exists()
                else f"这项需求{row.need.get_state_display()}，不用再拟项目"
                if row._state.adding and row.need.state in (Need.State.MET, Need.State.CLOSED) else None,
                "resource": None if offered or not fresh else "这项资源不服务需求所在的地方，或已过可用时间",
                "plan": personal_fault(row.title, row.plan),
            }
        )  # fmt: skip
        if not row._state.adding and row.state not in (Project.State.PROPOSED, Project.State.CLAIMED):
            raise NotNow(f"项目{row.get_state_display()}，不能再修改。", code="party.wrong_state")

    def after(self, verb: str, row: Any, by: Actor) -> None:
        settle_need(row.need_id)

    def examples(self, n: int) -> dict[str, Any]:
        return {"state": "proposed", "resource": None, "lead": None, "verdict": "", "done_by": None, "claimed_on": None, "done_on": None, "due_on": None}  # fmt: skip
