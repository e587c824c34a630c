"""What waits between us and the platforms (来源平台工作台): their yes, our back-filling, yesterday's comparison."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.platform import queries
from hezhi.engines.org.api import needs, reader
from hezhi.ground.masks import mask_text
from hezhi.ground.ui.shapes import Figure

clause = "9.1.2-1"


@needs("platform.view", clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Requests that wait for a platform, replies to put into its form, differences still open."""
    by = reader(request)
    waiting, to_fill, done = list(queries.waiting(by)[:200]), queries.to_fill(by), queries.sheets(by)
    left = sum(sheet.open for sheet in done)  # type: ignore[attr-defined]
    context = {
        "waiting": [(row, mask_text(row.case.title)) for row in waiting],
        "to_fill": [(case, platform, mask_text(case.title)) for case, platform in to_fill],
        "not_checked": queries.not_checked(by),
        "checks": by.may("platform.check"),
        "figure_list": [
            Figure("待来源平台确认", str(len(waiting)), "件"), Figure("待回填", str(len(to_fill)), "件"),
            Figure("对账差异待处理", str(left), "处", url="/platform/sheets/"),
        ],
    }  # fmt: skip
    return render(request, "platform/desk.html", context)
