"""Return visits in the demo district (演示数据): a sampled category, visits for all that wait, one not reached, one asked out."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from hezhi.chapters.cases.handling.api import Case, Category, actions
from hezhi.chapters.cases.handling.demo import Cast, cast
from hezhi.chapters.cases.return_visit.actions import ask_exclusion, by_the_clock, draw_waiting
from hezhi.chapters.cases.return_visit.models import Exclusion, Visit, VisitRule
from hezhi.engines.org.api import system
from hezhi.engines.records.acting import acting
from hezhi.ground import time


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    if Visit.objects.exists() or not Case.objects.exists():
        return
    people = cast()
    category = Category.objects.filter(code="01").first()
    with acting(system("演示数据"), verb="demo.visits", reason="演示抽样规则"):
        VisitRule.objects.get_or_create(
            name="市容环卫抽六成（示例）",
            defaults={
                "category": category, "share": 60, "seed": "2026年11月", "valid_from": time.today(),
                "script": "您好，您反映的市容环卫问题已有答复，想了解一下现场是否恢复、您是否满意。",
            },
        )  # fmt: skip
    draw_waiting(by_the_clock())
    caller = people.at_centre("caller")
    for visit in Visit.objects.filter(state="waiting").order_by("created_at")[1:3]:
        actions.call_back(visit.case_id, by=caller, reached=False, note="无人接听。")
    _exclusion(people)


def _exclusion(people: Cast) -> None:
    """A unit asks that an unhappy verdict does not count; the desk has not decided yet."""
    for case in Case.objects.filter(satisfied=False, secret=False, lead_unit__isnull=False).order_by("number"):
        by = people.of(case.lead_unit_id, "handler") if case.lead_unit_id else None
        if by is None or not by.may("visits.exclude"):
            continue
        out = io.BytesIO()
        Image.new("RGB", (320, 240), (196, 204, 212)).save(out, "PNG")
        paper = SimpleUploadedFile("现场复查照片（示例）.png", out.getvalue(), content_type="image/png")
        ask_exclusion(
            case.pk, by=by, ground=Exclusion.Ground.UNREASONABLE, files=[paper],
            text="反映人要求在红线外私自圈占绿地，与规定不符，已当面说明。（示例）",
        )  # fmt: skip
        return
