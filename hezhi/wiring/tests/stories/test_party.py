"""9.1.3-3 党建引领 at real screens: organisations and members at the desk, an activity on phones, an article for everybody."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground import time
from hezhi.ground.testkit.browser import accessibility_findings, picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import press, sign_in, submit

SECRETARY, OTHER_SECRETARY, OFFICER, MEMBER = "handler31", "town_dispatcher3", "reviewer31", "grid_worker1"


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    folder = Path(CHECKOUT / "test-results" / "party")
    picture(page, folder / f"{name}.png", full_page=(page.viewport_size or {"width": 0})["width"] > 600)
    assert accessibility_findings(page) == [], name


def work(page: Page, system: System, login: str, to: str) -> Page:
    """Sign in and take the second post, that of the Party."""
    sign_in(page, system, login)
    page.locator("header summary").click()
    page.locator("header").get_by_role("button", name=re.compile("党务工作者|支部书记")).click()
    page.wait_for_load_state("load")
    page.goto(to)
    return page


def approve(page: Page, system: System, title: str) -> None:
    """The officer of the town approves what waits under this title."""
    work(page, system, OFFICER, "/approvals/")
    page.get_by_role("link", name=re.compile(title)).first.click()
    look(page, "approval")
    page.locator("main a.btn-primary", has_text="审批").click()
    page.locator("#dialog").get_by_role("radio", name="同意", exact=True).check()
    submit(page, "提交审批")


@pytest.mark.clause("9.1.3-3-1")
def test_a_group_is_submitted_and_approved_and_the_board_follows(desk: Page, running_system: System) -> None:
    system = running_system
    work(desk, system, SECRETARY, "/party/board/")
    expect(desk.locator("main")).to_contain_text("没有党组织的网格")
    look(desk, "board-secretary")
    desk.goto("/r/party-organisations/")
    look(desk, "organisations")
    desk.get_by_role("link", name=re.compile("楼栋党小组")).first.click()
    desk.get_by_role("button", name="提交审批").click()
    expect(desk.locator("main")).to_contain_text("正在等待第二人审批")
    look(desk, "organisation-waiting")
    approve(desk, system, "新建党组织")
    desk.goto("/party/board/")
    expect(desk.locator("main")).to_contain_text("楼栋党小组")
    look(desk, "board")
    desk.get_by_role("link", name=re.compile("第1网格党支部")).first.click()
    look(desk, "organisation")
    tabs = desk.get_by_role("navigation", name="分页")
    tabs.get_by_role("link", name="班子", exact=True).click()
    expect(desk.locator("main")).to_contain_text("书记")
    look(desk, "committee")
    tabs.get_by_role("link", name="下级党组织", exact=True).click()
    look(desk, "below")
    desk.goto("/party/map/")
    desk.locator(".map[data-ready]").wait_for(state="attached")
    look(desk, "map")


@pytest.mark.clause("9.1.3-3-2")
def test_a_member_is_entered_agrees_to_the_map_and_goes_to_another_branch(desk: Page, running_system: System) -> None:
    system = running_system
    ((number,),) = system.sql(
        "select r.number from registers_resident r join geo_area a on a.id = r.community_id where a.name = '盐滩社区' and"
        " r.birth_date < '1985-01-01' and r.removed_at is null and r.state = 'present' and r.kind = 'registered' and r.home_id is not null and not exists"
        " (select 1 from party_member m where m.resident_id = r.id) order by r.number desc limit 1"
    )
    work(desk, system, SECRETARY, "/r/party-members/")
    look(desk, "members")
    desk.goto("/r/party-members/new/")
    desk.get_by_label("人员").fill("00000000")
    desk.get_by_label("所在党组织").select_option(label="盐滩社区第1网格党支部（演示）")
    desk.get_by_label("入党日期").fill("2012-07-01")
    desk.get_by_role("button", name="保存").first.click()
    expect(desk.locator("main")).to_contain_text("人口台账里没有这个人")
    look(desk, "member-unknown")
    desk.get_by_label("人员").fill(str(number))
    desk.get_by_role("button", name="保存").first.click()
    expect(desk.locator("main")).to_contain_text("盐滩社区第1网格党支部")
    look(desk, "member")
    tabs = desk.get_by_role("navigation", name="分页")
    tabs.get_by_role("link", name="本人", exact=True).click()
    look(desk, "member-person")
    tabs.get_by_role("link", name="上图同意", exact=True).click()
    desk.get_by_label("同意日期").fill(str(time.today()))
    desk.get_by_role("button", name="登记同意").click()
    expect(desk.locator("main")).to_contain_text("有效")
    look(desk, "member-consent")
    tabs.get_by_role("link", name="服务时长", exact=True).click()
    look(desk, "member-service")
    press(desk, "转接组织关系")
    desk.locator("#dialog").get_by_label("接收党组织编号").fill("YL010201")
    desk.locator("#dialog").get_by_label("转接原因").fill("搬家（演示）")
    look(desk, "transfer-dialog")
    submit(desk, "确认转出")
    work(desk, system, OTHER_SECRETARY, "/party/transfers/")
    look(desk, "transfers")
    press(desk, "接收", within="main")
    submit(desk, "确认接收")
    expect(desk.locator("main")).to_contain_text("已转接")
    sign_in(desk, system, "town_dispatcher1")
    shut = desk.goto("/r/party-members/")
    assert shut is not None and shut.status == 403


@pytest.mark.clause("9.1.3-3-3")
def test_an_activity_from_one_phone_to_another(phone: Page, desk: Page, running_system: System) -> None:
    system = running_system
    begins = time.local(time.now()) + timedelta(minutes=12)
    work(desk, system, SECRETARY, "/party/activities/")
    look(desk, "activities")
    phone.context.add_cookies(desk.context.cookies())
    phone.goto("/g/party/")
    look(phone, "phone-secretary")
    phone.get_by_role("link", name="发起活动").click()
    phone.get_by_label("主办党组织").select_option(label="盐滩社区第1网格党支部（演示）")
    phone.get_by_label("活动类别").select_option(label="主题党日")
    phone.get_by_label("活动主题").fill("主题党日：楼道议事（演示）")
    phone.get_by_label("开始时间").fill(begins.strftime("%Y-%m-%dT%H:%M"))
    phone.get_by_label("结束时间").fill((begins + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))
    phone.get_by_label("地点").fill("党群服务站（演示）")
    phone.get_by_label("议程和安排").fill("楼道堆物怎么办（演示）")
    look(phone, "phone-propose")
    phone.get_by_role("button", name="提交审批").click()
    expect(phone.locator("main")).to_contain_text("待审批")
    approve(desk, system, "楼道议事")
    work(desk, system, SECRETARY, "/r/party-activities/?q=楼道议事")
    desk.get_by_role("link", name=re.compile("楼道议事")).first.click()
    look(desk, "activity")
    desk.get_by_role("link", name="签到码", exact=True).click()
    look(desk, "code")
    code = desk.locator("main b").last.inner_text()
    sign_in(phone, system, MEMBER, "/g/party/")
    look(phone, "phone-activities")
    phone.get_by_role("link", name=re.compile("楼道议事")).click()
    look(phone, "phone-activity")
    phone.get_by_role("button", name="报名", exact=True).click()
    expect(phone.locator("main")).to_contain_text("已报名")
    phone.get_by_role("link", name="签到", exact=True).click()
    phone.get_by_label("签到码").fill(code)
    look(phone, "phone-sign-in")
    phone.get_by_role("button", name="签到", exact=True).click()
    expect(phone.locator("main")).to_contain_text("签到成功")
    phone.goto("/g/party/?mine=1")
    expect(phone.locator("main")).to_contain_text("楼道议事")
    look(phone, "phone-mine")
    desk.goto(desk.url.replace("/party/activities/", "/r/party-activities/").replace("/code/", "/?tab=presence"))
    expect(desk.locator("main")).to_contain_text("本人扫码")
    look(desk, "presence")


@pytest.mark.clause("9.1.3-3-4")
def test_an_article_is_written_checked_and_read_without_an_account(
    phone: Page, desk: Page, running_system: System
) -> None:
    system, title = running_system, "邻里互助周开始了（演示）"
    work(desk, system, SECRETARY, "/r/party-articles/")
    look(desk, "articles")
    desk.goto("/r/party-articles/new/")
    desk.get_by_label("栏目").select_option(label="党建动态")
    desk.get_by_label("标题").fill(title)
    desk.get_by_label("正文").fill("<p>本周在党群服务站登记。<script>alert(1)</script></p>")
    for channel in ("市民通", "网格员手机端"):
        desk.get_by_role("checkbox", name=channel).check()
    desk.get_by_label("开始显示").fill((time.local(time.now()) - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M"))
    look(desk, "article-form")
    desk.get_by_role("button", name="保存").first.click()
    expect(desk.locator("h1")).to_contain_text(title)
    look(desk, "article")
    desk.get_by_role("navigation", name="分页").get_by_role("link", name="配图", exact=True).click()
    look(desk, "article-pictures")
    address = desk.url.partition("?")[0]
    desk.get_by_role("link", name="手机预览").click()
    look(desk, "preview-desk")
    desk.goto(address)
    desk.get_by_role("button", name="提交审批").click()
    expect(desk.locator("main")).to_contain_text("正在等待第二人审批")
    approve(desk, system, "邻里互助周")
    phone.context.clear_cookies()
    phone.goto("/c/")
    look(phone, "citizen-home")
    phone.get_by_role("link", name="工作宣传").click()
    look(phone, "citizen-news")
    phone.get_by_role("link", name=re.compile("邻里互助周")).click()
    expect(phone.locator("article")).to_contain_text("本周在党群服务站登记。")
    assert phone.locator("article script").count() == 0
    look(phone, "citizen-article")
    sign_in(phone, system, MEMBER, "/g/party/news/")
    look(phone, "phone-news")
    desk.goto(address)
    press(desk, "撤下")
    desk.locator("#dialog").get_by_label("撤下原因").fill("演示完毕")
    submit(desk, "撤下")
    expect(desk.locator("main")).to_contain_text("已撤下：演示完毕")
    phone.goto("/c/news/")
    expect(phone.locator("main")).not_to_contain_text("邻里互助周")
