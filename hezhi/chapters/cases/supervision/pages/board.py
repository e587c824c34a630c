"""The board of supervised matters by unit and age (督办看板)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hezhi.chapters.cases.supervision import queries
from hezhi.engines.org.api import needs, reader
from hezhi.ground import time
from hezhi.ground.ui.shapes import Figure

clause = "9.1.2-3"


@needs("supervision.view", clause=clause)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Running matters by unit and age in working days; each figure leads to its list."""
    by = reader(request)
    told = queries.counts(by)
    called, through = queries.calls_told(by)
    context = {
        "lines": queries.board(by), "ages": queries.AGE_NAMES, "now": time.now(),
        "figure_list": [
            Figure("在督", str(told["running"]), "件", url="/r/supervision/?state=open&state=to_review"),
            Figure("待审核", str(told["to_review"]), "件", url="/r/supervision/?review=1"),
            Figure("逾期未反馈", str(told["late"]), "件", url="/r/supervision/?late=1"),
            Figure("红牌及以上", str(told["high"]), "件", url="/r/supervision/?high=1"),
            Figure("本月督导通话", str(called), "次", note=f"音视频接通 {through} 次，其余为电话登记和未接通"),
        ],
    }  # fmt: skip
    return render(request, "supervision/board.html", context)
