"""10.1: administrators at their screens: a key for an outer system, a roster, a right given by two people, a unit."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import passwords, press, sign_in, submit

TOWN = "黄岛街道办事处"


def unit_id(system: System, name: str) -> str:
    return str(system.sql("select id from org_unit where name = %s", name)[0][0])


@pytest.fixture(autouse=True)
def nothing_asked(desk: Page) -> Iterator[None]:
    """What has just been done is not called unsaved: no «离开此网站?» comes in these stories."""
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(f"{dialog.type} {desk.url}")
        dialog.accept()

    desk.on("dialog", stay)
    yield
    assert asked == []


def at_rest(desk: Page, address: str) -> None:
    """The page and what a screen reader makes of it."""
    desk.goto(address)
    assert accessibility_findings(desk) == [], address


@pytest.mark.clause("10.1-1-1", "9.1.2-1", "12.3-1")
def test_a_key_is_made_shown_once_rotated_and_withdrawn(desk: Page, running_system: System) -> None:
    system = running_system
    sign_in(desk, system, "system_admin1", "/r/channel-keys/")
    at_rest(desk, "/r/channel-keys/")
    at_rest(desk, "/r/posts/")
    expect(desk.locator("[data-search]")).to_have_attribute("placeholder", "岗位名称、单位名称")
    head = desk.locator(".page-head")
    assert head.evaluate("one => one.scrollHeight <= one.clientHeight + 1"), (
        "the heading keeps its height above a full list"
    )
    desk.goto("/r/channel-keys/")
    desk.get_by_role("link", name="新建密钥").click()
    assert accessibility_findings(desk) == []
    desk.fill("[name=name]", "故事里的热线平台")
    desk.fill("[name=system]", "story-hotline")
    desk.get_by_role("checkbox", name="上报事件、补充材料和附件").check()
    desk.fill("[name=webhook_url]", "https://hotline.example.com/news")
    desk.fill("[name=reason]", "新平台上线")
    desk.get_by_role("button", name="建立密钥").dblclick()
    expect(desk.get_by_text("只显示这一次。")).to_be_visible()
    assert accessibility_findings(desk) == []
    key = desk.input_value("#secret-1")
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.locator("[data-copy=secret-1]").click()
    expect(desk.locator("[data-copy=secret-1]")).to_have_text("已复制")
    assert desk.evaluate("navigator.clipboard.readText()") == key
    assert system.sql("select count(*) from connect_channelkey where system = 'story-hotline'") == [(1,)]
    desk.get_by_role("link", name="已保存，继续").click()
    expect(desk.get_by_role("heading", name="故事里的热线平台")).to_be_visible()
    assert key not in desk.content() and accessibility_findings(desk) == []

    desk.get_by_role("link", name="轮换密钥").click()
    desk.fill("[name=reason]", "例行轮换")
    desk.get_by_role("button", name="生成新密钥").click()
    expect(desk.get_by_text("旧密钥继续有效到")).to_be_visible()
    desk.get_by_role("link", name="已保存，继续").click()
    expect(desk.get_by_text("这个系统的密钥")).to_be_visible()
    press(desk, "停用", within=".page-actions")
    desk.fill("#dialog [name=reason]", "平台下线")
    submit(desk, "停用")
    expect(desk.get_by_text("已停用").first).to_be_visible()
    at_rest(desk, "/channels/")

    desk.goto("/r/media-feeds/new/")
    for name, value in (
        ("name", "故事里的留言板"),
        ("channel", "story-board"),
        ("url", "https://board.example/feed.xml"),
    ):
        desk.fill(f"[name={name}]", value)
    desk.fill("[name=words]", "路灯、停水")
    desk.get_by_role("button", name="保存", exact=True).click()
    expect(desk.get_by_role("button", name="尽快读取")).to_be_visible()
    at_rest(desk, "/r/media-feeds/")
    expect(desk.get_by_role("link", name="故事里的留言板")).to_be_visible()

    sign_in(desk, system, "data_keeper1", "/retention/")
    at_rest(desk, "/retention/")
    desk.get_by_role("button", name="试算").last.click()
    expect(desk.get_by_text("没有改动任何数据").first).to_be_visible()
    desk.get_by_role("link", name="核定期限").last.click()
    desk.fill("#dialog [name=months]", "12")
    desk.fill("#dialog [name=basis]", "示例办法")
    desk.locator("#dialog").get_by_role("button", name="核定", exact=True).click()
    expect(desk.locator("#dialog")).to_contain_text("最少 36 个月")


@pytest.mark.clause("10.1-3")
def test_a_town_keeps_its_roster_and_the_centre_sees_the_gap(desk: Page, running_system: System) -> None:
    system = running_system
    town = unit_id(system, TOWN)
    sign_in(desk, system, "reviewer30", f"/roster/{town}/")
    desk.locator("a.roster-shift").first.click()
    expect(desk.locator("#dialog[open]")).to_be_visible()
    desk.get_by_role("link", name="取消这个班次").click()
    expect(desk.locator("#dialog").get_by_role("button", name="取消班次")).to_be_visible()
    desk.fill("#dialog [name=reason]", "调休")
    submit(desk, "取消班次")
    expect(desk.get_by_text("班次已取消")).to_be_visible()
    assert accessibility_findings(desk) == []
    at_rest(desk, f"/roster/{town}/?view=month")
    desk.goto(f"/roster/{town}/")
    desk.get_by_role("link", name="批量排班").click()
    assert accessibility_findings(desk) == []
    desk.get_by_role("button", name="排班", exact=True).click()
    expect(desk.get_by_text("没有写入").first).to_be_visible()
    desk.get_by_label("已排的不动，只补空档").check()
    desk.select_option("[name=rank]", "3")
    desk.get_by_role("button", name="排班", exact=True).click()
    expect(desk.get_by_text(re.compile(r"已排 \d+ 个班次"))).to_be_visible()
    sign_in(desk, system, "duty_chief1", "/roster/")
    expect(desk.get_by_role("link", name=TOWN)).to_be_visible()
    assert accessibility_findings(desk) == []
    at_rest(desk, "/")
    expect(desk.get_by_text("现在当班")).to_be_visible()


@pytest.mark.clause("10.1-3")
def test_a_right_is_proposed_by_one_and_approved_by_another(desk: Page, running_system: System) -> None:
    system = running_system
    town = unit_id(system, TOWN)
    sign_in(desk, system, "system_admin1", "/users/units/")
    branch = desk.locator("li", has=desk.get_by_role("link", name=TOWN, exact=True)).last
    branch.locator("summary").first.click()
    expect(branch.get_by_role("link", name=re.compile("社区$")).first).to_be_visible()
    assert accessibility_findings(desk) == []
    desk.fill("[name=q]", TOWN)
    desk.press("[name=q]", "Enter")
    desk.get_by_role("link", name=TOWN, exact=True).click()
    assert accessibility_findings(desk) == []
    press(desk, "停用", within=".page-actions")
    desk.fill("#dialog [name=reason]", "机构改革")
    desk.locator("#dialog").get_by_role("button", name="停用").click()
    expect(desk.get_by_text("现在不能停用")).to_be_visible()

    sign_in(desk, system, "security_admin1", f"/users/units/{town}/")
    press(desk, "安排人员", within="main")
    desk.fill("#dialog [name=user]", "grid_worker3")
    desk.fill("#dialog [name=reason]", "调入镇街")
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    twice = "button => { button.click(); document.addEventListener('htmx:afterRequest', () => button.click()); }"
    desk.locator("#dialog").get_by_role("button", name="提请审批", exact=True).evaluate(twice)
    expect(desk.get_by_text("经第二人审批后生效")).to_be_visible()
    assert len(sent) == 1, "neither a second press at once nor one after the answer sends it again"
    at_rest(desk, "/users/roles/")

    sign_in(desk, system, "audit_admin1", "/")
    desk.locator("main").get_by_role("link", name=re.compile("授予岗位")).first.click()
    expect(desk.get_by_text("批准后会发生什么")).to_be_visible()
    assert accessibility_findings(desk) == []
    press(desk, "审批", within=".page-actions")
    desk.check("#dialog [name=grant][value=yes]")
    submit(desk, "提交审批")
    expect(desk.get_by_text("已同意，立即生效。")).to_be_visible()
    assert accessibility_findings(desk) == []
    assert "grid_worker3" in passwords(system)
    assert system.sql(
        "select count(*) from org_holding h join org_user u on u.id = h.user_id join org_post p on p.id = h.post_id"
        " where u.login_name = 'grid_worker3' and p.unit_id = %s", town,
    ) == [(1,)]  # fmt: skip
