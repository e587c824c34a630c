"""9.1.2-2 旧系统接管: running cases go on where they stood; one difference, or one bad row, and nothing is written."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.chapters.cases.platform.actions.old_sheet import COLUMNS
from hezhi.chapters.cases.platform.models import TakeOver
from hezhi.engines.flow import timing
from hezhi.engines.flow.models import Deadline, WorkOrder
from hezhi.engines.flow.rules.limits import Unit as Clock
from hezhi.engines.flow.rules.working_time import used
from hezhi.engines.org.testkit import enter
from hezhi.engines.records.models import AuditEntry
from hezhi.ground import time

pytestmark = pytest.mark.clause("9.1.2-2")
NUMBERS = count(1)
HEAD = [column.title for column in COLUMNS]


@pytest.fixture
def district(db: None) -> District:
    with time.frozen_at("2026-11-26 09:00"):
        yield build()


def row(state: str, used_minutes: int, received: str = "2026-11-24 09:00", **more: str) -> dict[str, str]:
    told = {
        "原编号": f"OLD-{next(NUMBERS)}",
        "收到时间": received,
        "环节": state,
        "已用时（工作分钟）": str(used_minutes),
    }
    told |= {"标题": "路灯不亮", "反映内容": "路灯三天不亮", "类别编码": "0101", "承办单位": "示例区城市管理局"}
    return told | ({"答复内容": "您好，已修好。"} if state == "待回访" else {}) | more


def send(district: District, rows: list[dict[str, str]], how: str) -> str:
    lines = [HEAD, *[[each.get(title, "") for title in HEAD] for each in rows]]
    sheet = SimpleUploadedFile("在办.csv", "\n".join(map(",".join, lines)).encode(), content_type="text/csv")
    form = {"name": "旧热线系统", "system": "old-12345", "how": how, "file": sheet}
    desk = enter(Client(), district.people["centre.acceptor"])
    return desk.post("/takeover/", form, follow=True).content.decode()


def test_a_dry_run_balances_and_leaves_nothing_and_the_real_one_goes_on_where_it_stood(district: District) -> None:
    rows = [
        row("待受理", 60),
        row("待派遣", 200),
        row("待签收", 300),
        row("处置中", 400, "2026-11-12 09:00"),
        row("待回访", 0),
    ]
    rows.append(row("处置中", 120, 要求保密="是", 标题="玄鹤题记", 反映内容="青梧院收礼"))
    audits = AuditEntry.objects.filter(event="platform.take_over")
    page = send(district, rows, "try")
    assert "差额为 0，可以接管" in page and "玄鹤" not in page
    assert (Case.objects.count(), WorkOrder.objects.count(), audits.count()) == (0, 0, 0)
    page = send(district, rows, "write")
    assert "已接管 6 件，对账差额为 0" in page and audits.count() == 1
    run = TakeOver.objects.get()
    assert all(sheet == here for _, sheet, here in run.lines) and ["件数", 6, 6] in run.lines
    case = Case.objects.get(outside_channel="old-12345", outside_number=rows[3]["原编号"])
    assert (case.state, case.lead_unit) == ("handling", district.units["light"])
    assert case.received_at == datetime(2026, 11, 12, 9, tzinfo=time.SHANGHAI)
    limit = Deadline.objects.get(object_id=case.pk, stage="", state="running")
    calendar = timing.timetable().calendar
    spent = used(limit.started_at, time.now(), Clock.WORKING_MINUTES, calendar, timing.pauses_of(limit))
    assert round(spent) == 400 and limit.due_at == case.due_at == WorkOrder.objects.get(matter_id=case.pk).due_at
    left = used(time.now(), limit.due_at, Clock.WORKING_DAYS, calendar)
    assert left >= 3, "of five days not one and a half are used, although it came two weeks ago"
    assert (
        not Case.objects.filter(title__contains="玄鹤").exists() and Case.objects.get(secret=True).state == "handling"
    )
    again = send(district, rows[:1], "write")
    assert "已经接管过" in again and Case.objects.count() == 6


def test_one_bad_row_and_nothing_is_written(district: District) -> None:
    good = row("处置中", 100)
    late = row("处置中", 100, received=(time.now() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M"))
    for bad, told in (
        (row("处置中", 9999), "比收到至今的工作时间"), (row("处置中", 10, 承办单位="没有的局"), "没有找到承办单位"),
        (row("待回访", 0, 答复内容=""), "须有答复内容"), (row("已挂起", 10), "环节应为"), (late, "不是过去的时间"),
        (row("待派遣", 10, 类别编码="9999"), "不在本系统类别中"), (good, "出现了 2 次"),
    ):  # fmt: skip
        page = send(district, [good, bad], "write")
        assert told in page and "没有写入任何事件" in page, (told, page[-3000:])
        assert Case.objects.count() == 0
