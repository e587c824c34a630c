"""The three lists (三张清单): a project is proposed for a need, claimed, done, and judged by another person."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from hezhi.chapters.grassroots.party import queries
from hezhi.chapters.grassroots.party.models import Need, Project
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import locked
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow
from hezhi.ground.text import one_line, tidy

EDIT = "party_lists.edit"
State = Project.State


def _project(key: UUID, by: Actor, *states: str) -> Project:
    by.must(EDIT)
    row = locked(Project.objects.visible_to(by).filter(removed_at__isnull=True), key).first()
    if row is None:
        raise NotFound("没有找到这个项目。")
    if row.state not in states:
        raise NotNow(f"这个项目现在是“{row.get_state_display()}”，不能这样办理。", code="party.wrong_state")
    return row


def _keep(row: Project, by: Actor) -> Project:
    row.changed_at, row.changed_by_id = time.now(), by.user_id
    row.revision += 1
    row.save()
    return row


def settle_need(need_id: UUID) -> Need:
    """Let the need follow its projects (需求随项目变化): met by a good verdict, taken while one runs, open otherwise."""
    need = Need.objects.select_for_update(of=("self",)).get(pk=need_id)
    rows = need.projects.filter(removed_at__isnull=True)
    state = need.state
    if rows.filter(verdict=Project.Verdict.MET).exists():
        state = Need.State.MET
    elif rows.filter(state__in=(State.PROPOSED, State.CLAIMED, State.DONE)).exists():
        state = Need.State.TAKEN
    elif state != Need.State.CLOSED:
        state = Need.State.OPEN
    if state != need.state:
        need.state = state
        need.save(update_fields=["state"])
    return need


@clause("9.1.3-3-1")
@verb("party.claim_project")
def claim_project(project: Project, *, by: Actor, lead_id: UUID) -> Project:
    """An organisation takes a project on (认领); it is one of the reader's own, on the books."""
    row = _project(project.pk, by, State.PROPOSED)
    lead = queries.organisations(by).filter(pk=lead_id).first()
    if lead is None:
        raise BadInput({"lead": "请选择本辖区在册的党组织。"})
    row.lead, row.state, row.claimed_on = lead, State.CLAIMED, time.today()
    return _keep(row, by)


@clause("9.1.3-3-1")
@verb("party.finish_project")
def finish_project(project: Project, *, by: Actor, result: str, done_on: date) -> Project:
    """Write down what was done (登记完成); it waits for the verdict of somebody else."""
    row = _project(project.pk, by, State.CLAIMED)
    result = tidy(result)[:1000]
    if not result:
        raise BadInput({"result": "请写明完成情况。"})
    if row.claimed_on is not None and not row.claimed_on <= done_on <= time.today():
        raise BadInput({"done_on": f"完成日期应在 {row.claimed_on} 与今天之间。"})
    row.result, row.done_on, row.done_by, row.state = result, done_on, by.user_id, State.DONE
    return _keep(row, by)


@clause("9.1.3-3-1")
@verb("party.rate_project")
def rate_project(project: Project, *, by: Actor, verdict: str, text: str = "") -> Project:
    """Say whether the need is met (评价), after asking those who had it; never by the one who reported it done."""
    row = _project(project.pk, by, State.DONE)
    if row.done_by == by.user_id:
        raise NotAllowed(
            "完成和评价须由两个人分别登记。", remedy="请由另一位同事回访后评价。", code="party.own_project"
        )
    if verdict not in Project.Verdict.values:
        raise BadInput({"verdict": "请选择评价。"})
    text = one_line(text)[:200]
    if verdict != Project.Verdict.MET and not text:
        raise BadInput({"text": "没有完全解决的，请写明还差什么。"})
    row.verdict, row.verdict_text, row.state = verdict, text, State.RATED
    row = _keep(row, by)
    settle_need(row.need_id)
    return row


@clause("9.1.3-3-1")
@verb("party.stop_project")
def stop_project(project: Project, *, by: Actor, reason: str) -> Project:
    """A project does not go on (终止), with a reason; its need is open again."""
    row = _project(project.pk, by, State.PROPOSED, State.CLAIMED)
    reason = one_line(reason)[:100]
    if not reason:
        raise BadInput({"reason": "请写明终止的原因。"})
    row.state, row.stopped_because = State.STOPPED, reason
    row = _keep(row, by)
    settle_need(row.need_id)
    return row


@clause("9.1.3-3-1")
@verb("party.close_need")
def close_need(need: Need, *, by: Actor, reason: str) -> Need:
    """A need is no longer there (不再需要), with a reason; refused while a project runs for it."""
    by.must(EDIT)
    row = locked(Need.objects.visible_to(by).filter(removed_at__isnull=True), need.pk).first()
    if row is None:
        raise NotFound("没有找到这项需求。")
    if row.state != Need.State.OPEN:
        raise NotNow(
            f"这项需求{row.get_state_display()}，不能关闭。", remedy="对接中的请先终止项目。", code="party.need_busy"
        )
    reason = one_line(reason)[:100]
    if not reason:
        raise BadInput({"reason": "请写明原因。"})
    row.state, row.closed_because, row.changed_at, row.changed_by_id = Need.State.CLOSED, reason, time.now(), by.user_id
    row.revision += 1
    row.save()
    return row
