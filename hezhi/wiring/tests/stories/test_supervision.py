"""9.1.2-3 督办 at real screens: the supervisor at his desk, a unit that answers, the leader with his phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import press, sign_in, submit

SHOTS = Path(CHECKOUT / "test-results" / "supervision")
SUPERVISOR, LEADER, HANDLER = "supervisor1", "district_leader1", "handler1"


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert accessibility_findings(page) == [], name


@pytest.mark.clause("9.1.2-3-1", "9.1.2-3-4", "9.1.2-3-5")
def test_the_supervisor_finds_what_the_clock_opened_and_prints_the_sheet(running_system: System, desk: Page) -> None:
    sign_in(desk, running_system, SUPERVISOR, "/r/supervision/")
    expect(desk.locator("h1")).to_contain_text("督办事项")
    look(desk, "list")
    ((answered,),) = running_system.sql(
        "select m.id from supervision_matter m join flow_workorder o on o.matter_id = m.id"
        " where m.kind = 'overdue' and o.state = 'to_review' and o.unit_id not in (select id from org_unit where kind = 'centre')"
        " order by m.number limit 1"
    )
    desk.goto(f"/supervision/{answered}/")
    expect(desk.locator("main")).to_contain_text("系统自动发起")
    look(desk, "matter")
    press(desk, "退回重报", within="section.order:has(.order-actions)")
    look(desk, "send-back")
    desk.get_by_role("button", name="取消").click()
    press(desk, "认可", within="section.order:has(.order-actions)")
    submit(desk, "认可")
    expect(desk.locator("main")).to_contain_text("已认可")
    expect(desk.locator("main")).to_contain_text("需要 janus")  # the story of calls brings its own media server
    press(desk, "登记通话", within=".page-actions")
    look(desk, "call")
    desk.get_by_role("button", name="取消").click()
    ((sheet,),) = running_system.sql(
        "select id from supervision_matter where sheet_number <> '' order by number limit 1"
    )
    desk.goto(f"/supervision/{sheet}/")
    look(desk, "matter-with-sheet")
    desk.goto(f"/supervision/{sheet}/print/")
    expect(desk.locator("main")).to_contain_text("督〔")
    look(desk, "sheet")
    for name in ("board", "campaigns"):
        desk.goto(f"/supervision/{name}/")
        look(desk, name)
    desk.get_by_role("link", name="网格事件清零专项（示例）").click()
    look(desk, "campaign")
    desk.goto("/r/supervision-rules/")
    look(desk, "rules")


@pytest.mark.clause("9.1.2-3-3")
def test_from_the_page_of_a_case_an_important_matter_is_opened(running_system: System, desk: Page) -> None:
    ((case,),) = running_system.sql(
        "select c.id from handling_case c where c.state in ('handling', 'to_sign', 'to_review') and not c.secret and c.due_at > now() + interval '1 hour' and not exists"
        " (select from supervision_matter m where m.case_id = c.id) order by c.number desc limit 1"
    )
    sign_in(desk, running_system, SUPERVISOR, f"/cases/{case}/")
    press(desk, "发起督办", within=".page-actions")
    desk.locator("#dialog").get_by_label("督办要求").fill("重点投诉，请当日反馈（演示）")
    look(desk, "open")
    submit(desk, "发起督办")
    expect(desk.locator("main")).to_contain_text("重点事件督办")
    look(desk, "case-with-supervision")


@pytest.mark.clause("9.1.2-3-2")
def test_a_leader_gives_a_task_on_his_phone_and_a_unit_answers_it(
    running_system: System, phone: Page, desk: Page
) -> None:
    sign_in(phone, running_system, LEADER, "/supervision/lead/")
    look(phone, "phone-lead")
    phone.get_by_role("link", name="交办任务").click()  # one tap
    phone.get_by_label("批示内容").fill("冬季除雪物资请各镇街备齐，周五前报我。")
    look(phone, "phone-new")
    phone.get_by_role("button", name="交办").click()  # two
    expect(phone.locator("main")).to_contain_text("已交办")
    row = phone.get_by_role("link", name=re.compile("冬季除雪物资"))
    row.click()
    phone.get_by_label("批示意见").fill("重点看北部三镇。")
    look(phone, "phone-matter")
    phone.get_by_role("button", name="批示", exact=True).click()
    expect(phone.locator("main")).to_contain_text("已批示")

    ((matter,),) = running_system.sql("select id from supervision_matter where title like '冬季除雪物资%%'")
    ((unit,),) = running_system.sql(
        "select u.name from org_user p join org_holding h on h.user_id = p.id join org_post t on t.id = h.post_id"
        " join org_unit u on u.id = t.unit_id where p.login_name = %s limit 1", HANDLER,
    )  # fmt: skip
    sign_in(desk, running_system, SUPERVISOR, f"/supervision/{matter}/")
    press(desk, "分解到单位", within=".page-actions")
    desk.locator("#dialog").get_by_label(unit, exact=True).check()
    look(desk, "split")
    submit(desk, "加派单位")
    sign_in(desk, running_system, HANDLER, "/")
    look(desk, "todos")
    desk.get_by_role("row", name=re.compile("签收督办.*冬季除雪物资")).get_by_role("link").click()
    press(desk, "签收", within="section.order")
    submit(desk, "签收")
    press(desk, "申请延期", within="section.order")
    desk.locator("#dialog").get_by_label("延期理由").fill("部分镇街物资在途")
    submit(desk, "申请延期")
    press(desk, "反馈", within="section.order")
    desk.locator("#dialog").get_by_label("落实情况").fill("北部三镇已备齐，清单附后。")
    submit(desk, "反馈")
    expect(desk.locator("main")).to_contain_text("待审核")
    look(desk, "answered")
