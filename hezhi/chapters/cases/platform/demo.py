"""Platforms in the demo district (演示数据): one by interface, one filled in by hand; requests, ticks, a comparison. Invented."""

from datetime import timedelta

from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.handling.demo import cast
from hezhi.chapters.cases.platform import actions
from hezhi.chapters.cases.platform.actions.asking import may_ask
from hezhi.chapters.cases.platform.models import Platform, ReplyField, Request, Sheet
from hezhi.chapters.cases.platform.rules import Theirs
from hezhi.engines.org.api import system
from hezhi.engines.records.acting import acting
from hezhi.ground import time

FIELDS = (
    ("办理结果", "reply", 500), ("是否属实", "true_matter", None), ("是否联系诉求人", "reached", None), ("承办单位", "unit", None),
    ("办结时间", "closed_at", None),
)  # fmt: skip
MANY, ASKED = 24, 3


def load() -> None:
    """Load it; a second call changes nothing, and without the demo district nothing is done."""
    if Platform.objects.exists() or not Case.objects.exists():
        return
    with acting(system("演示数据"), verb="demo.platform", reason="建立演示来源平台"):
        city = Platform.objects.create(
            code="city12345", name="市12345热线（示例）", way="hand", state_words="流转中=办理中"
        )
        Platform.objects.create(code="police110", name="110非警务分流（示例）", way="interface", margin=2)
        ReplyField.objects.bulk_create(
            ReplyField(platform=city, order=n, name=name, source=source, most=most)
            for n, (name, source, most) in enumerate(FIELDS, 1)
        )
        rows = Case.objects.filter(source="hotline", secret=False, outside_number="").order_by("-received_at")
        answered = Case.objects.filter(state="to_call_back", secret=False, outside_number="").order_by("-received_at")[
            :3
        ]
        for n, case in enumerate([*answered, *rows.exclude(pk__in=[case.pk for case in answered])[:MANY]]):
            case.outside_channel, case.outside_number = city.code, f"RX{time.local(case.received_at):%y%m%d}{n:04d}"
            case.outside_due_at = (case.due_at or case.received_at + timedelta(days=7)) + timedelta(hours=6)
            case.save(update_fields=["outside_channel", "outside_number", "outside_due_at"])
    _ask(city)
    _check(city)


def _ask(city: Platform) -> None:
    """Some requests that wait for the platform, one that it has answered."""
    by = cast().at_centre("dispatcher")
    asked = dict.fromkeys(("close", "extension"), 0)
    for case in Case.objects.filter(outside_channel=city.code).order_by("outside_number"):
        kind = next((kind for kind in asked if may_ask(case, city, kind)), "")
        if not kind or asked[kind] >= ASKED:
            continue
        until = max(case.outside_due_at or time.now(), time.now()) + timedelta(days=3)
        reason = "已答复诉求人，请审核办结。（示例）" if kind == "close" else "需等待备件到货。（示例）"
        actions.ask(case.pk, by=by, kind=kind, reason=reason, until=until)
        asked[kind] += 1
    row = Request.objects.filter(kind="extension", state="waiting").order_by("asked_at").first()
    if row is not None:
        actions.answer(row.pk, by=by, grant=True, text="同意延期。（示例）")


def _check(city: Platform) -> None:
    """A comparison in which most agrees, one limit differs and one order is missing here."""
    rows = list(Case.objects.filter(outside_channel=city.code).order_by("received_at"))
    if not rows or Sheet.objects.exists():
        return
    first, last = (time.local(each.received_at).date() for each in (rows[0], rows[-1]))
    theirs = [Theirs(case.outside_number, case.get_state_display(), case.outside_due_at) for case in rows[:-1]]
    if theirs and theirs[0].due_at:
        theirs[0] = Theirs(theirs[0].key, "已归档", theirs[0].due_at + timedelta(days=1))
    lost = Theirs("RX0000-9999", "待办", title="小区路灯不亮（示例）", text="3 号楼前路灯两天不亮。（示例）")
    if (last - first).days < 31:
        by = cast().at_centre("duty_chief")
        actions.check(city, by=by, first=first, last=last, theirs=[*theirs, lost], way=Sheet.Way.FILE)
