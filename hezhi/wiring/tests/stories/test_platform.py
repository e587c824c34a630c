"""9.1.2-1 and 9.1.2-2 at real screens: a case between us and its platform, and a shift that is handed over."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import press, sign_in, submit

SHOTS = Path(CHECKOUT / "test-results" / "platform")
CHIEF = "duty_chief1"


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert accessibility_findings(page) == [], name


@pytest.mark.clause("9.1.2-1")
def test_the_desk_answers_a_platform_and_compares_lists(running_system: System, desk: Page, phone: Page) -> None:
    sign_in(desk, running_system, CHIEF, "/platform/")
    expect(desk.locator("h1")).to_contain_text("来源平台")
    look(desk, "desk")
    ((case,),) = running_system.sql(
        "select r.case_id from platform_request r where r.state = 'waiting' order by r.kind, r.asked_at limit 1"
    )
    desk.goto(f"/cases/{case}/")
    expect(desk.locator("main")).to_contain_text("待来源平台确认")
    look(desk, "beside-case")
    desk.goto(f"/platform/case/{case}/")
    desk.get_by_role("button", name="复制办理结果").click()
    expect(desk.locator("[data-copy='fill-1']")).to_contain_text("已")
    look(desk, "case")
    press(desk, "登记平台答复", within="section.order")
    desk.locator("#dialog").get_by_label("同意", exact=True).check()
    look(desk, "answer")
    submit(desk, "登记")
    expect(desk.locator("main")).to_contain_text("平台已同意")
    desk.goto("/platform/")
    desk.get_by_role("region", name="待回填").get_by_role("link").first.click()
    desk.get_by_role("button", name="已回填").click()
    expect(desk.locator("main")).to_contain_text("已回填：")
    look(desk, "case-filled")
    desk.goto("/platform/sheets/")
    look(desk, "sheets")
    desk.locator("td.is-title a").first.click()
    expect(desk.locator("main")).to_contain_text("差异待处理")
    desk.get_by_role("button", name="补收").click()
    expect(desk.locator("main")).to_contain_text("已补收为")
    look(desk, "sheet")
    desk.goto("/platform/sheets/new/")
    look(desk, "upload")
    desk.goto("/r/platforms/")
    look(desk, "platforms")
    sign_in(desk, running_system, "acceptor1", "/takeover/")
    look(desk, "takeover")
    sign_in(phone, running_system, CHIEF, f"/platform/case/{case}/")
    look(phone, "phone-case")
    phone.goto("/platform/")
    look(phone, "phone-desk")


@pytest.mark.clause("9.1.2-2")
def test_a_shift_answers_and_hands_over(running_system: System, desk: Page, phone: Page) -> None:
    sign_in(desk, running_system, CHIEF, "/shifts/")
    expect(desk.locator("h1")).to_contain_text("值班台")
    look(desk, "shifts")
    if desk.get_by_role("link", name="交班", exact=True).count():
        press(desk, "交班", within=".page-actions")
        desk.locator("#dialog").get_by_label("说明").fill("无特别事项（演示）")
        look(desk, "hand-over")
        submit(desk, "交班")
        look(desk, "handover")
    ((case,),) = running_system.sql(
        "select id from handling_case where state = 'handling' and not secret order by number desc limit 1"
    )
    desk.goto(f"/cases/{case}/")
    press(desk, "约定回电", within=".page-actions")
    look(desk, "promise")
    sign_in(phone, running_system, CHIEF, "/shifts/")
    look(phone, "phone-shifts")
    phone.goto("/cases/flows/grid/")
    look(phone, "phone-flow")


@pytest.mark.clause("9.1.2-2")
def test_the_chief_changes_a_flow_and_tries_the_limits(running_system: System, desk: Page) -> None:
    sign_in(desk, running_system, CHIEF, "/cases/flows/")
    look(desk, "flows")
    desk.get_by_role("link", name="网格事件").click()
    desk.get_by_role("link", name="修改").click()
    desk.locator("summary", has_text="派遣").first.click()
    desk.locator("details[open]").get_by_label("启用").uncheck()
    look(desk, "flow-edit")
    desk.get_by_role("button", name="保存草稿").click()
    expect(desk.locator("main")).to_contain_text("检查没有通过")
    look(desk, "flow-refused")
    desk.goto("/cases/flows/limits/?kind=hotline&urgency=critical&category=&at=2026-11-26T09:00")
    expect(desk.locator("main")).to_contain_text("到期")
    look(desk, "limits")


@pytest.mark.clause("9.1.2-2")
def test_a_dispute_is_registered_and_read(running_system: System, desk: Page, phone: Page) -> None:
    sign_in(desk, running_system, CHIEF, "/r/disputes/")
    look(desk, "disputes")
    desk.get_by_role("row", name=re.compile("小区楼上楼下渗水纠纷")).get_by_role("link").first.click()
    expect(desk.locator("main")).to_contain_text("已达成协议")
    look(desk, "dispute")
    at = "/" + desk.url.split("/", 3)[3]
    desk.goto("/mediation/new/")
    desk.get_by_label("事件名称").fill("广场舞噪声邻里纠纷（演示）")
    desk.get_by_label("发生日期").fill("2026-11-20")
    desk.get_by_label("发生地点").fill("示例广场")
    desk.get_by_label("事件简述").fill("晚间音响过大，双方争执。（演示）")
    desk.get_by_label("化解组织").fill("示例社区人民调解委员会")
    look(desk, "dispute-new")
    desk.get_by_role("button", name="登记").click()
    expect(desk.locator("main")).to_contain_text("待征询意愿")
    sign_in(phone, running_system, CHIEF, at)
    look(phone, "phone-dispute")
