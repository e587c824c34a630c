"""Erasing cases when their own term is over (到期清除, P12): tried out, approved by somebody else, done by a job, listed.

Of the case a shell stays: number, category, area, units, moments and outcome, so that figures of past years come out
the same. Its words, place, photos and files, and every reason an officer wrote, go with all their versions.
"""

from uuid import UUID

from hezhi.chapters.cases.handling.api import MATTER, Case, Reporter
from hezhi.chapters.cases.retention import queries
from hezhi.chapters.cases.retention.actions.naming import MANAGE, REPORTER, keep_run, settled
from hezhi.chapters.cases.retention.actions.washing import Wash
from hezhi.chapters.cases.retention.models import Erased, Kind, Run
from hezhi.engines.flow import approvals
from hezhi.engines.flow.models import Approval, WorkOrder
from hezhi.engines.org.actor import Actor, system
from hezhi.engines.reach.api import blank_messages
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.erasure import anonymise, erase_beside
from hezhi.engines.records.models import Attachment
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.errors import NotAllowed, NotFound, NotNow
from hezhi.ground.events import announce

APPROVE, ERASE = "retention.approve", "erase_cases"
OBJECT = "retention.run"
GONE = "已清除"
AT_ONCE = 100
MORE = ("sealed_text", "answers", "place", "point", "occurred_at", "suggestion", "outside_number", "outside_verdict")
"""What goes from a case beside its words."""


@clause("12.3-1")
@verb("retention.try_erasing")
def try_erasing(*, by: Actor) -> Run:
    """Count which cases would be erased now (试算), changing nothing."""
    by.must(MANAGE)
    term = settled(Kind.CASE)
    edge = queries.edge_of(term)
    return keep_run(term, edge, queries.counted(edge, Kind.CASE), by, trial=True)


@clause("12.3-1")
@verb("retention.ask_erasing")
def ask_erasing(run_id: UUID, *, by: Actor) -> Approval:
    """Ask that what a trial of today has counted is erased (申请清除); somebody else of the unit approves."""
    by.must(MANAGE)
    run = Run.objects.select_for_update().filter(pk=run_id, kind=Kind.CASE, trial=True).first()
    if run is None:
        raise NotFound("没有找到这次试算。", code="retention.no_run")
    if run.at < time.at_local(time.today()):
        raise NotNow("这次试算不是今天的。", "先看清会清除多少件再申请。", "请重新试算。", code="retention.old_trial")
    if not run.counts["total"]:
        raise NotNow("没有到期的事件，不需要申请。", code="retention.nothing")
    if run.approved_at:
        raise NotNow("这次试算已经批准。", code="retention.approved")
    if by.unit_id is None:
        raise NotAllowed("请以有单位的岗位申请。", code="retention.no_unit")
    term = settled(Kind.CASE)
    return approvals.ask(
        by, kind=ERASE, obj=(OBJECT, run.pk), number=f"清除{time.local(run.at):%Y%m%d}", unit_id=by.unit_id,
        title=f"清除到期事件 {run.counts['total']} 件", reason=f"{term}，依据：{term.basis}", permission=APPROVE,
    )  # fmt: skip


def _lines(approval: Approval) -> list[tuple[str, str]]:
    run = Run.objects.get(pk=approval.object_id)
    years = "，".join(f"{year} 年 {n} 件" for year, n in run.counts["by_year"].items())
    return [
        ("清除范围", f"{time.show(run.edge)} 以前办结的事件"), ("件数", f"{run.counts['total']} 件（{years}）"),
        ("保留", f"{run.counts['stay']} 件仍有未了事项，不清除"),
        ("清除后", "内容、地点、照片和办理文字不能恢复；编号、类别、区域、单位和时间保留，照常统计"),
    ]  # fmt: skip


def _granted(approval: Approval, by: Actor) -> None:
    Run.objects.filter(pk=approval.object_id).update(approved_at=time.now(), approved_by=by.name)


def register_kind() -> None:
    """Make this request known to the common approvals page."""
    approvals.register(approvals.Kind(ERASE, "到期清除", _lines, _granted))


@clause("12.3-1")
def erase_approved(most: int = AT_ONCE) -> int:
    """Work off what was approved (执行清除), each case in a transaction of its own; gives how many went."""
    run = Run.objects.filter(kind=Kind.CASE, approved_at__isnull=False, finished_at__isnull=True).order_by("at").first()
    if run is None:
        return 0
    by = system("到期清除")
    keys = list(queries.due(run.edge, Kind.CASE).values_list("pk", flat=True)[:most])
    for key in keys:
        erase_case(key, by=by, run=run)
    if not keys:
        Run.objects.filter(pk=run.pk).update(finished_at=time.now())
    return len(keys)


def erase_case(case_id: UUID, *, by: Actor, run: Run) -> None:
    """Leave only the shell of a case (清除): its words, place, files and reasons go with all their versions."""
    reason = f"保存期满，经 {run.approved_by} 批准清除"
    with acting(by, verb="retention.erase_case", reason=reason) as deed:
        case = Case.objects.select_for_update(of=("self",)).select_related("category", "lead_unit").get(pk=case_id)
        deed.on(case)
        kept = Erased(
            case=case, run=run, at=time.now(), number=case.number, closed_at=case.closed_at,
            category=case.category.full_name if case.category else "", unit=case.lead_unit.name if case.lead_unit else "",
        )  # fmt: skip
        wash = Wash(lambda text: GONE if text else "", by, reason, reasons=True)
        anonymise(case, MORE, by=by, reason=reason, reasons=True)
        wash.whole(case)
        for reporter in Reporter.objects.filter(case=case):
            anonymise(reporter, REPORTER, by=by, reason=reason)
        blank_messages((MATTER, case.pk), title=GONE, text="事件已过保存期限，内容已清除。")
        announce("cases.nameless", case=case, clean=wash.row)
        announce("cases.erased", case=case, by=by, reason=reason)
        rows = [case, *WorkOrder.objects.filter(matter_id=case.pk), *Approval.objects.filter(object_id=case.pk)]
        there = Attachment.objects.filter(object_id__in=[row.pk for row in rows]).exclude(sealed_key=b"")
        kept.files = there.count()
        kept.remarks = sum(erase_beside(row, by=by, reason=reason).comments for row in rows)
        kept.save()
