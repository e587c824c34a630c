"""Reports that are written, kept and told of (统计报告): by hand, and by the clock for each plan."""

import tomllib
from pathlib import Path
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from hezhi.chapters.cases.statistics import rules
from hezhi.chapters.cases.statistics.actions import documents
from hezhi.chapters.cases.statistics.models import Report, ReportPlan, Rhythm
from hezhi.chapters.cases.statistics.queries import Asked
from hezhi.engines.org.api import Actor, Unit, system
from hezhi.engines.reach import api as reach
from hezhi.engines.records.acting import acting, verb
from hezhi.engines.records.files import keep_files, look_through
from hezhi.ground import time
from hezhi.ground.clauses import clause
from hezhi.ground.uploads import DOCUMENTS

DATA = Path(__file__).parents[1] / "data" / "plans.toml"
VIEW = "statistics.view"


@clause("9.1.2-4")
@verb("statistics.write_report")
def write_report(*, by: Actor, asked: Asked, title: str, plan: ReportPlan | None = None) -> Report:
    """Write a report over these days and keep the document with it (生成报告); figures as they stand at this moment."""
    if plan is None:
        by.must(VIEW)
    notes, parts = documents.notes_of(by, asked), documents.tables(by, asked)
    report = Report.objects.create(
        title=title, rhythm=plan.rhythm if plan else Rhythm.OWN, area=asked.area, start=asked.first, end=asked.last, plan=plan,
        made_at=time.now(), made_by_id=by.user_id, made_by_name=by.name, query=asked.query(),
    )  # fmt: skip
    uploads = [
        SimpleUploadedFile(f"{title}.docx", documents.paper(title, notes, parts), documents.DOCX),
        SimpleUploadedFile(f"{title}.pdf", documents.pdf(title, notes, parts, foot=_foot(by)), documents.PDF),
    ]
    keep_files(by, report, look_through(uploads, kinds=DOCUMENTS), kinds=DOCUMENTS)
    return report


@clause("9.1.2-4")
@verb("statistics.export")
def export(*, by: Actor, asked: Asked, form: str) -> bytes:
    """Give the tables of the screen as a file (导出); numbers only, so no second person is asked."""
    by.must(VIEW)
    notes, parts = documents.notes_of(by, asked), documents.tables(by, asked)
    if form == "xlsx":
        return documents.sheets(notes, parts)
    if form == "pdf":
        return documents.pdf("事件统计分析", notes, parts, foot=_foot(by))
    return documents.paper("事件统计分析", notes, parts)


def _foot(by: Actor) -> str:
    return f"{by.name} {time.show(time.now())} 生成"


def write_due() -> int:
    """Write what is due (定期报告): for each plan the last whole day, week or month, once; tell the receivers."""
    by, today, done = system("统计报告"), time.today(), 0
    for plan in ReportPlan.objects.filter(active=True).select_related("area", "receivers"):
        first, last = rules.last_period(plan.rhythm, today)
        if not Report.objects.filter(plan=plan, start=first).exists():
            with acting(by, verb="statistics.write_due", reason=str(plan)):
                _write(plan, Asked(first, last, by="area", area=plan.area), by)
            done += 1
    return done


def _write(plan: ReportPlan, asked: Asked, by: Actor) -> Report:
    days = str(asked.first) if asked.first == asked.last else f"{asked.first} 至 {asked.last}"
    place = plan.area.name if plan.area else "全区"
    report = write_report(by=by, asked=asked, title=f"{place}事件统计{plan.get_rhythm_display()}（{days}）", plan=plan)
    reach.tell(
        by, event="statistics.report", to_unit=plan.receivers_id, permission=VIEW, about=("statistics.report", report.pk),
        values={"title": report.title}, link=reverse("statistics-reports"),
    )  # fmt: skip
    return report


def load_tables(*, by: Actor) -> dict[str, int]:
    """The plans an installation starts with; never overwriting officers' edits, and none without a centre."""
    told = tomllib.loads(DATA.read_text("utf-8"))
    centre: UUID | None = Unit.objects.filter(kind=Unit.Kind.CENTRE).values_list("pk", flat=True).first()
    made = 0
    if centre is not None and not ReportPlan.objects.exists():
        with acting(by, verb="statistics.load_tables", reason="载入初始定期报告"):
            made = len(ReportPlan.objects.bulk_create(ReportPlan(receivers_id=centre, **row) for row in told["plan"]))
    return {"定期报告": made}
