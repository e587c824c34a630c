"""Activities and their kinds as registries (党支部活动台账): 9.1.3-3-3."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from hezhi.chapters.grassroots.party import actions, queries
from hezhi.chapters.grassroots.party.models import Activity, ActivityKind, Participation
from hezhi.chapters.grassroots.party.models.base import APPROVED
from hezhi.chapters.grassroots.party.pages.reviewed import ReviewedDetail
from hezhi.chapters.grassroots.party.registries.common import (
    GROUP,
    Review,
    never_merged,
    new_version,
    refuse,
    rights,
    settle_at,
)
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.abilities import Files
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.parts import Panel, Part
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground import time
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Action

SETTINGS = dict.fromkeys(("edit", "delete", "import", "export"), "party.settings")
State = Participation.State


class PresencePanel(Panel):
    """Who should come, who asked leave, who was there (参加情况): for those who keep the branch's book."""

    code, title, template = "presence", "参加情况", "party/tab_presence.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        if not by.may("party_members.view"):
            return {"closed": True}
        people = list(queries.expected(row))
        told = {each.member_id: each for each in row.participations.select_related("member__resident")}
        queries.names_were_read(people, by)
        lines = [(each, queries.name_of(each.resident, by), told.get(each.pk)) for each in people]
        states = [each.state for each in told.values()]
        open_ = row.state in (APPROVED, Activity.State.HELD) and time.now() >= row.starts_at
        return {
            "lines": lines, "should": len(people), "present": states.count(State.PRESENT), "leave": states.count(State.LEAVE),
            "signed_up": states.count(State.SIGNED_UP), "may_record": by.may("party_activities.edit") and open_,
        }  # fmt: skip

    def receive(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> str | None:
        many = actions.record_presence(row, by=by, member_ids=[UUID(key) for key in request.POST.getlist("present")])
        return f"已登记到会 {many} 人。"


class MinutesPanel(Panel):
    """What was done (活动记录); numbers of persons in it are masked."""

    code, title, template = "minutes", "活动记录", "party/tab_minutes.html"

    def context(self, registry: Registry, row: Any, by: Actor, request: HttpRequest) -> dict[str, Any]:
        return {"minutes": mask_text(row.minutes)}


class ActivityTabs(Part):
    """What an activity shows beside its own values."""

    def panels(self, registry: Registry) -> Sequence[Panel]:
        return (PresencePanel(), MinutesPanel())

    def actions(self, registry: Registry, row: Any, by: Actor) -> Sequence[Action]:
        made = []
        if row.state in (APPROVED, Activity.State.HELD):
            made.append(Action("加入日历", reverse("party-calendar", args=[row.pk]), icon="calendar"))
        if not by.may("party_activities.edit"):
            return made
        if row.state == APPROVED:
            made.append(Action("签到码", reverse("party-code", args=[row.pk])))
            made.append(Action("取消活动", reverse("party-cancel", args=[row.pk]), opens="dialog"))
        if row.state in (APPROVED, Activity.State.HELD) and time.now() >= row.starts_at:
            made.append(Action("写活动记录", reverse("party-minutes", args=[row.pk]), opens="dialog"))
        return made


@register
class Activities(Registry):
    """What the branches do: proposed, approved by a second person, attended, written down."""

    model = Activity
    slug, title, group, icon = "party-activities", "党支部活动", GROUP, "calendar"
    clause = "9.1.3-3-3"
    right = rights("party_activities", "view", "edit", "delete", "export")
    offers = ("view", "add", "edit", "delete", "export", "api")
    list = ("title", "organisation", "kind", "state", "starts_at", "place", "reaches")
    also = ("ends_at", "community", "town", "edition", "changed_at")
    filters = ("organisation", "kind", "starts_at", "community")
    search = ("title", "place")
    state = "state"
    ordering = ("-starts_at",)
    form = (
        ("活动", ("organisation", "kind", "title", "reaches")),
        ("时间和地点", ("starts_at", "ends_at", "place")),
        ("议程", ("agenda",)),
    )
    about = "活动由第二人审批后才能报名；通过后再修改，另行审批，批准前按原方案进行。"
    pages = {"detail": ReviewedDetail}
    parts = (Review(), ActivityTabs(), Files())

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        if name == "organisation":
            return queries.not_ended(actor)
        return ActivityKind.objects.filter(active=True) if name == "kind" else None

    def place(self, row: Activity, by: Actor) -> None:
        """An activity belongs where its organisation belongs."""
        settle_at(row, row.organisation)

    def prepare(self, row: Activity, by: Actor) -> None:
        new_version(row)

    def check(self, row: Activity, by: Actor) -> None:
        """It ends after it begins, within one day, and its organisation is there."""
        long = row.ends_at - row.starts_at
        refuse(
            {
                "ends_at": "结束时间应晚于开始时间，且不超过一天"
                if not timedelta(0) < long <= timedelta(days=1)
                else None,
                "organisation": "这个党组织已经撤销，请另选" if row.organisation.state == "ended" else None,
            }
        )

    def after(self, verb: str, row: Any, by: Actor) -> None:
        never_merged(verb, row)

    def examples(self, n: int) -> dict[str, Any]:
        begins = time.now().replace(second=0, microsecond=0) + timedelta(days=n % 300)
        return {"state": "draft", "starts_at": begins, "ends_at": begins + timedelta(hours=2), "reaches": "own"}


@register
class ActivityKinds(Registry):
    """What kinds of activities there are, and how often in a year they are owed."""

    model = ActivityKind
    slug, title, group = "party-activity-kinds", "活动类别", GROUP
    clause = "9.1.3-3-3"
    right = {"view": "party_activities.view"} | SETTINGS
    scope = public
    list = ("name", "code", "yearly", "owed_by", "basis", "active")
    filters = ("active",)
    search = ("name", "code")
    ordering = ("order", "code")
    natural_key = ("code",)
    form = (("活动类别", ("code", "name", "yearly", "owed_by", "basis", "order", "active")),)

    def examples(self, n: int) -> dict[str, Any]:
        return {"owed_by": ["branch", "group"], "active": True, "yearly": n % 12}
