"""9.1.2-4 统计分析 and 9.1.2-5 业务考核 at real screens: the supervisor's figures and appraisals, a department's own result."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import passwords, press, sign_in, submit

SHOTS = Path(CHECKOUT / "test-results" / "figures")
MANAGER, REVIEWER = "supervisor1", "duty_chief1"


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert accessibility_findings(page) == [], name


@pytest.mark.clause("9.1.2-4")
def test_figures_open_their_cases_leave_as_files_and_fit_a_phone(
    running_system: System, desk: Page, phone: Page
) -> None:
    sign_in(desk, running_system, MANAGER, "/statistics/?preset=quarter&by=unit")
    expect(desk.locator(".chart-box canvas").first).to_be_visible()
    look(desk, "statistics")
    figure = desk.locator(".figure", has_text="上报").first
    many = re.sub(r"\D", "", figure.locator("b").inner_text())
    figure.click()
    expect(desk.locator("h1")).to_contain_text(f"上报数 {int(many):,} 件次")
    look(desk, "cases")
    desk.goto("/statistics/?preset=quarter&by=area&view=now")
    desk.get_by_role("region", name="按区域").get_by_role("link").first.click()
    expect(desk.locator("select[name=area]")).not_to_have_value("")
    look(desk, "town")
    with desk.expect_download() as sheet:
        desk.get_by_role("link", name="导出 Excel").click()
    assert sheet.value.suggested_filename.endswith(".xlsx")
    desk.goto("/statistics/reports/")
    expect(desk.locator("main")).to_contain_text("事件统计月报")
    look(desk, "reports")
    desk.goto("/statistics/reports/print/?preset=quarter")
    look(desk, "print")
    sign_in(phone, running_system, MANAGER, "/statistics/?preset=quarter")
    expect(phone.locator(".chart-box canvas").first).to_be_visible()
    look(phone, "phone-statistics")


@pytest.mark.clause("9.1.2-5-1", "9.1.2-5-2", "9.1.2-5-3", "9.1.2-5-4", "9.1.2-5-5")
def test_an_appraisal_from_its_indicators_to_the_units_own_view(
    running_system: System, desk: Page, phone: Page
) -> None:
    sign_in(desk, running_system, MANAGER, "/appraisal/")
    look(desk, "rounds")
    desk.get_by_role("link", name="部门月度考核").click()
    look(desk, "preview")
    for slug in ("appraisal-indicators", "appraisal-templates"):
        desk.goto(f"/r/{slug}/")
        look(desk, slug)
    ((settled,),) = running_system.sql("select id from appraisal_round where state = 'final'")
    desk.goto(f"/appraisal/{settled}/")
    look(desk, "round")
    desk.get_by_role("link", name="复算核对").click()
    expect(desk.locator("main")).to_contain_text("复算一致")
    look(desk, "check")
    ((line, unit),) = running_system.sql(
        "select l.id, u.id from appraisal_line l join appraisal_exclusion e on e.line_id = l.id join org_unit u on u.id = l.unit_id"
        " limit 1"
    )
    desk.goto(f"/appraisal/lines/{line}/")
    expect(desk.locator("main")).to_contain_text("剔除的事件")
    look(desk, "sheet")
    ((running, own),) = running_system.sql(
        "select r.id, l.id from appraisal_round r join appraisal_line l on l.round_id = r.id"
        " where r.state = 'running' and l.unit_id = %s", unit,
    )  # fmt: skip
    desk.goto(f"/appraisal/{running}/")
    look(desk, "running")
    desk.goto(f"/appraisal/lines/{own}/")
    press(desk, "评分", within="main")
    look(desk, "give")
    dialog = desk.locator("#dialog")
    dialog.get_by_label(re.compile("得分")).fill("8")
    dialog.get_by_label("评分依据").fill("抽查办理记录，缺回访记录两份（演示）")
    submit(desk, "保存")
    expect(desk.locator("main")).to_contain_text("缺回访记录两份")
    head = next(name for name in passwords(running_system) if name.startswith("town_dispatcher"))
    ((mine,),) = running_system.sql(
        "select l.id from appraisal_line l join org_post t on t.unit_id = l.unit_id join org_holding h on h.post_id = t.id"
        " join org_user p on p.id = h.user_id where l.round_id = %s and p.login_name = %s limit 1", settled, head,
    )  # fmt: skip
    sign_in(phone, running_system, head, f"/appraisal/lines/{mine}/")
    expect(phone.locator("main")).to_contain_text("这个数是怎么来的")
    look(phone, "phone-sheet")
    phone.goto("/appraisal/")
    look(phone, "phone-rounds")
