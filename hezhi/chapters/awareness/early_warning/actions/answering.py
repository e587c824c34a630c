"""What people do with a warning and its event (签收、评判、并案、统一答复)."""

from __future__ import annotations

from uuid import UUID

from hezhi.chapters.awareness.early_warning.actions.raising import ACKNOWLEDGE
from hezhi.chapters.awareness.early_warning.models import Warning
from hezhi.chapters.awareness.early_warning.queries.lists import event_file, nothing
from hezhi.chapters.cases.handling.api import actions as cases
from hezhi.engines.flow import todos
from hezhi.engines.org.api import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotAllowed, NotNow


def _mine(warning_id: UUID, by: Actor) -> Warning:
    """A warning that was pushed to one of this person's units, locked."""
    by.must(ACKNOWLEDGE)
    found = Warning.objects.select_for_update(of=("self",)).visible_to(by).filter(pk=warning_id).first()
    if found is None:
        raise nothing()
    if not ({by.unit_id, *by.scope.units} & set(found.units)):
        raise NotAllowed("这条预警没有推送给您的单位。", "由收到预警的单位签收和评判。", code="warnings.not_yours")
    return found


@clause("9.1.4-1")
@verb("warnings.acknowledge")
def acknowledge(warning_id: UUID, *, by: Actor, measure: str) -> Warning:
    """Say that the unit has seen it and what it does (签收预警)."""
    warning = _mine(warning_id, by)
    if warning.state != Warning.State.OPEN:
        raise NotNow("这条预警已经签收。", "不必重复签收。", "请刷新后查看。", code="warnings.acknowledged")
    if not measure.strip():
        raise BadInput({"measure": "请写明已采取或准备采取的措施。"}, meaning="没有签收。")
    warning.state, warning.acknowledged_at, warning.acknowledged_by_id = "acknowledged", time.now(), by.user_id
    warning.measure = measure.strip()
    warning.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "measure"])
    todos.done(warning.pk)
    return warning


@clause("9.1.4-1")
@verb("warnings.judge")
def judge(warning_id: UUID, *, by: Actor, verdict: str, note: str = "") -> Warning:
    """Say afterwards whether it was right, wrong or too late (评判): so the model's worth is known. It may be said anew."""
    warning = _mine(warning_id, by)
    if warning.state == Warning.State.OPEN:
        raise NotNow("请先签收，再评判这条预警。", code="warnings.not_acknowledged")
    if verdict not in Warning.Verdict.values:
        raise BadInput({"verdict": "请选择报对了、误报或报晚了。"}, meaning="没有评判。")
    if verdict == Warning.Verdict.MISS and not note.strip():
        raise BadInput({"note": "误报请写明原因，便于调整模型。"}, meaning="没有评判。")
    warning.verdict, warning.verdict_note, warning.state = verdict, note.strip(), "judged"
    warning.judged_at, warning.judged_by_id = time.now(), by.user_id
    warning.save(update_fields=["verdict", "verdict_note", "state", "judged_at", "judged_by"])
    return warning


@clause("9.1.4-1")
def as_one(event_id: UUID, *, by: Actor, main_id: UUID, reason: str) -> tuple[int, list[str]]:
    """Handle the event's cases as one (并案): each is merged into the main one by a verb of its own.

    Gives how many, and a sentence for each that could not be merged. Raises BadInput when the main one is no member.
    """
    by.must("cases.merge")
    file = event_file(by, event_id)
    if main_id not in {case.pk for case in file.cases}:
        raise BadInput({"main": "请从这个事件的成员中选择主件。"}, meaning="没有并案。")
    others = [
        c.pk for c in file.cases if c.pk != main_id and c.state not in ("merged", "closed", "not_accepted", "void")
    ]
    return cases.merge_all(others, by=by, into_id=main_id, reason=reason or f"同一事件：{file.title}"[:200])


@clause("9.1.4-1")
def answer_all(event_id: UUID, *, by: Actor, reply: str) -> tuple[int, list[str]]:
    """Answer the members that still wait at the desk in the same words (统一答复); merged ones follow their main case."""
    by.must("cases.answer_directly")
    if not reply.strip():
        raise BadInput({"reply": "请填写答复内容。"}, meaning="没有答复。")
    waiting = [c.pk for c in event_file(by, event_id).cases if c.state in ("to_accept", "to_dispatch")]
    return cases.answer_all(waiting, by=by, reply=reply.strip())
