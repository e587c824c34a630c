"""9.1.3-3 党建引领 at real screens: organisations and members at the desk, an activity on phones, an article for everybody."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.chapters.grassroots import party
from hezhi.ground import time
from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.stories.people import press, sign_in, submit

FILM = Path(party.__file__).parent / "data"
SECRETARY, OTHER_SECRETARY, OFFICER, MEMBER = "handler31", "town_dispatcher3", "reviewer31", "grid_worker1"


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    folder = Path(CHECKOUT / "test-results" / "party")
    picture(page, folder / f"{name}.png", full_page=(page.viewport_size or {"width": 0})["width"] > 600)
    assert accessibility_findings(page) == [], name


def work(page: Page, system: System, login: str, to: str) -> Page:
    """Sign in and take the second post, that of the Party."""
    return sign_in(page, system, login, to, post="党务工作者|支部书记")


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


@pytest.mark.clause("9.1.3-3-1")
def test_a_need_becomes_a_project_and_dues_are_kept(phone: Page, desk: Page, running_system: System) -> None:
    system = running_system
    work(desk, system, SECRETARY, "/r/party-needs/")
    look(desk, "needs")
    desk.get_by_role("link", name="楼道堆物清理").first.click()
    desk.get_by_role("navigation", name="分页").get_by_role("link", name="对接资源", exact=True).click()
    expect(desk.locator("main")).to_contain_text("类别相符")
    look(desk, "match")
    desk.get_by_role("link", name="拟项目", exact=True).first.click()
    desk.get_by_label("做什么、怎么做").fill("周六上午清运旧家具（演示）")
    look(desk, "project-form")
    desk.get_by_role("button", name="保存").first.click()
    expect(desk.locator("main")).to_contain_text("待认领")
    project = desk.url
    press(desk, "认领")
    desk.locator("#dialog").get_by_label("认领党组织").select_option(label="盐滩社区第1网格党支部（演示）")
    look(desk, "claim")
    submit(desk, "认领")
    press(desk, "登记完成")
    desk.locator("#dialog").get_by_label("完成情况").fill("已清运两车（演示）")
    submit(desk, "登记完成")
    expect(desk.locator("main")).to_contain_text("请由另一位同事回访后评价")
    look(desk, "project-done")
    phone.context.add_cookies(desk.context.cookies())
    phone.goto("/r/party-resources/")
    look(phone, "phone-resources")
    desk.goto("/r/party-dues/")
    look(desk, "dues")
    desk.get_by_role("row", name=re.compile("盐滩社区第1网格党支部")).first.get_by_role("link").first.click()
    desk.get_by_role("navigation", name="分页").get_by_role("link", name="党员交纳", exact=True).click()
    for each in desk.get_by_label(re.compile("应交$")).all():
        paid = desk.get_by_label(str(each.get_attribute("aria-label")).replace("应交", "已交"), exact=True).first
        paid.fill(each.input_value())
    look(desk, "dues-entries")
    desk.get_by_role("button", name="保存登记").click()
    expect(desk.locator("main")).to_contain_text("党费登记已保存")
    work(desk, system, OFFICER, project)
    press(desk, "评价")
    desk.locator("#dialog").get_by_role("radio", name="需求已解决").check()
    look(desk, "rate")
    submit(desk, "提交评价")
    expect(desk.locator("main")).to_contain_text("已评价")
    desk.goto("/party/board/")
    expect(desk.locator("main")).to_contain_text("党员不满 10 人的区域不显示金额")
    look(desk, "board-lists")
    shut = desk.goto("/r/party-dues/")
    assert shut is not None and shut.status == 403


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
    code = desk.locator("main b").first.inner_text()
    page, meeting = desk.url, str(desk.get_by_role("link", name="在本机打开签到页").get_attribute("href"))
    desk.get_by_role("link", name="本人签到码纸条").click()
    desk.get_by_role("button", name="生成签到码").click()
    expect(desk.locator("main")).to_contain_text("个签到码")
    look(desk, "slips")
    own = desk.locator("main td b").first.inner_text()
    phone.context.clear_cookies()
    phone.goto(meeting)
    phone.get_by_label("本人签到码").fill(own)
    look(phone, "phone-meeting")
    phone.get_by_role("button", name="签到", exact=True).click()
    expect(phone.locator("main")).to_contain_text("已签到")
    look(phone, "phone-meeting-done")
    desk.goto(page)
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
    desk.get_by_role("navigation", name="分页").get_by_role("link", name="视频", exact=True).click()
    desk.get_by_label("视频", exact=True).set_input_files(FILM / "film.webm")
    desk.get_by_label("封面图片").set_input_files(FILM / "film.jpg")
    desk.get_by_label("视频说明").fill("社区清扫（动画演示）")
    desk.get_by_label("文字稿").fill("画面：小路上的落叶一点点扫净。（演示）")
    look(desk, "video-form")
    desk.get_by_role("button", name="添加视频").click()
    expect(desk.locator("main")).to_contain_text("已去除")
    look(desk, "video")
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
    film = phone.locator("video")
    assert film.evaluate("film => film.paused && film.readyState === 0")  # nothing is loaded before it is pressed
    played = film.evaluate(
        "async film => { film.muted = true; await film.play(); return [film.videoWidth, film.error && film.error.message]; }"
    )
    assert played == [320, None]
    look(phone, "citizen-article")
    work(desk, system, OFFICER, address)
    press(desk, "推送")
    desk.locator("#dialog").get_by_role("radio", name="网格员", exact=True).check()
    look(desk, "push-dialog")
    submit(desk, "推送")
    expect(desk.locator("main")).to_contain_text("已推送")
    look(desk, "pushes")
    sign_in(phone, system, MEMBER, "/g/party/news/")
    look(phone, "phone-news")
    link = f"/g/party/news/{address.rstrip('/').rpartition('/')[2]}/"
    wait_until(lambda: system.sql("select 1 from reach_inboxmessage where link = %s", link), 30)
    phone.goto("/messages/")
    look(phone, "phone-inbox")
    desk.goto("/party/news/")
    look(desk, "readings")
    desk.get_by_role("link", name=re.compile("邻里互助周")).first.click()
    look(desk, "reading")
    desk.goto(address)
    press(desk, "撤下")
    desk.locator("#dialog").get_by_label("撤下原因").fill("演示完毕")
    submit(desk, "撤下")
    expect(desk.locator("main")).to_contain_text("已撤下：演示完毕")
    phone.goto("/c/news/")
    expect(phone.locator("main")).not_to_contain_text("邻里互助周")
