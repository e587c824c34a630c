"""What grid workers report of a home (变动线索), and what the community makes of it."""

from __future__ import annotations

from uuid import UUID

from hezhi.chapters.grassroots.registers.actions import found
from hezhi.chapters.grassroots.registers.models import ChangeReport
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.acting import verb
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import BadInput, NotFound, NotNow
from hezhi.ground.text import tidy

LONGEST = 500


@clause("9.1.3-2-3")
@verb("registers.report_change")
def report_change(home_id: UUID, *, by: Actor, kind: str, text: str = "", id: UUID | None = None) -> ChangeReport:
    """A grid worker saw a change at a home (报告变动); with the `id` of one that is there nothing is done twice."""
    by.must("homes.report")
    known = ChangeReport.objects.filter(pk=id, reported_by_id=by.user_id).first() if id else None
    if known is not None:
        return known  # type: ignore[no-any-return]
    text = tidy(text)
    if kind not in ChangeReport.Kind.values:
        raise BadInput({"kind": ["请选择变动情况。"]}, code="registers.report_kind")
    if len(text) > LONGEST:
        raise BadInput({"text": [f"情况最多 {LONGEST} 字，现为 {len(text)} 字。"]}, code="registers.report_text")
    if kind in (ChangeReport.Kind.OTHER, ChangeReport.Kind.WRONG) and not text:
        raise BadInput({"text": ["请写明是什么情况。"]}, code="registers.report_text")
    home = found.home(home_id, by)
    report = ChangeReport(home=home, kind=kind, text=text, reported_by_id=by.user_id, reported_at=time.now())
    if id is not None:
        report.pk = id
    report.save(force_insert=True)
    return report


@clause("9.1.3-2-3")
@verb("registers.decide_report")
def decide_report(report_id: UUID, *, by: Actor, true: bool, answer: str = "") -> ChangeReport:
    """The community has looked into a report (核实变动): the registers say it now, or it was not so."""
    by.must("residents.edit")
    seen = ChangeReport.objects.visible_to(by).filter(pk=report_id).values("pk")
    report = ChangeReport.objects.filter(pk__in=seen).select_for_update(of=("self",)).first()
    if report is None:
        raise NotFound(what="没有找到这条变动线索。", code="registers.not_found")
    if report.state != ChangeReport.State.WAITING:
        raise NotNow(what=f"这条线索{report.get_state_display()}，不用再核实。", code="registers.decided")
    if not true and not answer.strip():
        raise BadInput({"answer": ["不属实的，请写明核实情况。"]}, code="registers.answer")
    report.state = ChangeReport.State.CONFIRMED if true else ChangeReport.State.DISMISSED
    report.answer, report.decided_by_id, report.decided_at = answer.strip()[:200], by.user_id, time.now()
    report.save()
    return report  # type: ignore[no-any-return]
