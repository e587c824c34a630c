"""Campaigns (督导专项): over the cases of a saved filter (9.1.2-3-4), or of tasks (9.1.2-3-5)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.http import QueryDict

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.supervision.actions.opening import begin, first_rung, fit_units, units_at_work
from hezhi.chapters.cases.supervision.actions.turning import given, is_ended
from hezhi.chapters.cases.supervision.flows import LEAD
from hezhi.chapters.cases.supervision.models import Campaign, CampaignCase, Kind, Matter
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import verb
from hezhi.engines.registry import site
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.models import SavedView
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow

MOST = 500
AT_ONCE = 100


@clause("9.1.2-3-4", "9.1.2-3-5")
@verb("supervision.open_campaign")
def open_campaign(
    *, by: Actor, kind: str, title: str, request: str, ends_on: date, view_id: UUID | None = None
) -> Campaign:
    """Begin a campaign (发起专项): its cases are those the saved filter finds now, at most five hundred."""
    by.must(LEAD)
    title, request = given(title, "title", "请填写专项名称。"), given(request, "request", "请写明工作要求。")
    if ends_on < time.today():
        raise BadInput({"ends_on": ["完成期限已经过去，请重新选择。"]})
    if by.unit_id is None:
        raise NotNow("您没有任职单位，不能发起专项。", code="supervision.no_unit")
    campaign = Campaign(
        kind=kind, title=title[:80], request=request, unit_id=by.unit_id, opened_by_id=by.user_id, opened_at=time.now(),
        ends_on=ends_on,
    )  # fmt: skip
    members: list[UUID] = []
    if kind == Campaign.Kind.CASES:
        view = SavedView.objects.visible_to(by).filter(pk=view_id, registry="cases").first() if view_id else None
        if view is None:
            raise BadInput({"view": ["请选择一个常用筛选。可先在「事件管理」里筛选并存为常用。"]})
        campaign.query, campaign.filter_name = view.query, view.name
        members = cases_of(view.query, by)
    campaign.save(force_insert=True)
    CampaignCase.objects.bulk_create([CampaignCase(campaign=campaign, case_id=key) for key in members])
    return campaign


def cases_of(query: str, by: Actor) -> list[UUID]:
    """The cases that a saved filter finds for this person now; refuses none and too many, in words."""
    asked = Asked(site.get("cases"), by, QueryDict(query))
    found = list(asked.rows().order_by("-received_at").values_list("pk", flat=True)[: MOST + 1])
    if not found:
        raise BadInput({"view": ["这个筛选现在没有事件。"]})
    if len(found) > MOST:
        raise BadInput({"view": [f"这个筛选超过 {MOST} 件，请缩小范围后再发起。"]})
    return found


@clause("9.1.2-3-4")
@verb("supervision.supervise_members")
def supervise_members(campaign_id: UUID, *, by: Actor, days: int = 2) -> tuple[int, int]:
    """Supervise the cases of a campaign that are not done yet (逐件督办), a hundred at a time.

    Gives how many were opened and how many are left. What is supervised already is passed over.
    """
    campaign = _running(campaign_id, by)
    taken = Matter.objects.filter(campaign=campaign, case__isnull=False).values("case")
    running = Matter.objects.running().filter(kind=Kind.SPECIAL, case__isnull=False).values("case")
    members = CampaignCase.objects.filter(campaign=campaign).values("case")
    rows = Case.objects.visible_to(by).open().filter(pk__in=members).exclude(pk__in=taken).exclude(pk__in=running)
    waiting = list(rows.exclude(state="to_call_back").order_by("due_at", "id"))
    for case in waiting[:AT_ONCE]:
        if not is_ended(case):
            begin(
                by, kind=Kind.SPECIAL, title=case.title, request=campaign.request,
                why=f"列入专项「{campaign.title}」，由{by.unit_name}{by.name}发起。", units=units_at_work(case), days=days,
                rung=first_rung(), case=case, campaign=campaign,
            )  # fmt: skip
    return min(len(waiting), AT_ONCE), max(len(waiting) - AT_ONCE, 0)


@clause("9.1.2-3-5")
@verb("supervision.add_task")
def add_task(
    campaign_id: UUID, *, by: Actor, title: str, request: str, unit_ids: Sequence[UUID], days: int = 5
) -> Matter:
    """Add a task to a campaign (下达任务), split to units; each answers for its own part."""
    campaign = _running(campaign_id, by)
    if campaign.kind != Campaign.Kind.TASKS:
        raise NotNow("这是事件专项，不下达任务。", remedy="请在任务督导专项中下达。", code="supervision.not_tasks")
    if not unit_ids:
        raise BadInput({"units": ["请选择承办单位。"]})
    return begin(
        by, kind=Kind.TASK, title=given(title, "title", "请填写任务名称。"), request=given(request, "request", "请写明任务要求。"),
        why=f"专项「{campaign.title}」的任务，由{by.unit_name}{by.name}下达。", units=fit_units(unit_ids, case=None), days=days,
        rung=first_rung(), campaign=campaign,
    )  # fmt: skip


@clause("9.1.2-3-4", "9.1.2-3-5")
@verb("supervision.close_campaign")
def close_campaign(campaign_id: UUID, *, by: Actor, text: str) -> Campaign:
    """End a campaign with its summary (专项总结); its matters that still run go on by themselves."""
    campaign = _running(campaign_id, by)
    campaign.result, campaign.closed_at = given(text, "text", "请填写专项总结。"), time.now()
    campaign.revision += 1
    campaign.save(update_fields=["result", "closed_at", "revision"])
    return campaign


def _running(campaign_id: UUID, by: Actor) -> Campaign:
    by.must(LEAD)
    found = Campaign.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=campaign_id).first()
    if found is None:
        raise NotFound("没有找到这个专项。", code="supervision.no_campaign")
    if found.closed_at:
        raise NotNow("这个专项已经结束。", remedy="请刷新后查看。", code="supervision.campaign_ended")
    return found
