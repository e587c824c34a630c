"""The supervisor's desk, the protection officer's page, the figures (督导台、个人信息保护、帮扶统计)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from hezhi.chapters.grassroots.care import queries
from hezhi.chapters.grassroots.care.models import Programme
from hezhi.chapters.grassroots.care.pages.files import STANDINGS, TABS
from hezhi.chapters.grassroots.care.rules import TOTAL
from hezhi.engines.org.api import needs, reader
from hezhi.ground import time

clause = "9.1.3-2-6"
HEADINGS = {
    "waiting": ("待受理", "由批量导入而来，请核对依据和帮扶人。"), "ended": ("期限届满，待结案", "内容已不可读，只能结案。"),
    "overdue": ("复核逾期", "内容暂停查阅，约定的走访照常进行。"), "soon": ("两周内须复核", ""),
}  # fmt: skip


@needs("care.supervise", clause=clause)
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """What waits for me as a supervisor (督导台)."""
    by = reader(request)
    heaps = [(*HEADINGS[name], files) for name, files in queries.desk(by).items()]
    return render(request, "care/desk.html", {"heaps": heaps, "glasses": len(queries.glasses_to_review(by))})


@needs("care.protect", clause=clause)
@require_safe
def protection(request: HttpRequest) -> HttpResponse:
    """What the protection officer watches (个人信息保护); no content of a file."""
    told = queries.protection(reader(request))
    readings = [
        (e, STANDINGS.get(e.detail.get("standing", ""), "紧急查阅"), dict(TABS).get(e.detail.get("form", ""), "全部"))
        for e in told.readings
    ]  # fmt: skip
    return render(request, "care/protection.html", {"told": told, "readings": readings, "now": time.now()})


@needs("care.figures", clause=clause)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Persons in care by town and group; what is under ten cannot be read nor worked out (帮扶统计)."""
    day, table = queries.figures(reader(request))
    names = dict(Programme.Group.choices)
    heads = [names.get(column, column) for column in table.columns]
    lines = [
        (row or "合计", [table.shown(row, column) for column in (*table.columns, TOTAL)]) for row in (*table.rows, TOTAL)
    ]  # fmt: skip
    context = {
        "day": day,
        "heads": [*heads, "合计"],
        "lines": lines if table.rows else [],
        "back": reverse("care-figures"),
    }
    return render(request, "care/figures.html", context)
