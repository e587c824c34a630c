"""A citizen with two telephones (9.1.2-1): a voice and a film with a report, and all his matters on another phone by a code."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.stories.people import sign_in

SHOTS = Path(CHECKOUT / "test-results" / "citizen")
FILM = CHECKOUT / "hezhi/chapters/grassroots/party/data/film.webm"
NUMBER = "19900007788"
BY_PHONE, BY_HOTLINE = "故事：楼下施工噪声很大，录了一段。", "故事：来电反映小区门口路灯不亮。"
REFUSING = """() => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
}"""
PLAYED = """async (player) => {
  player.muted = true;
  await player.play();
  for (let n = 0; n < 100 && !player.currentTime; n++) await new Promise((go) => setTimeout(go, 50));
  return player.currentTime > 0;
}"""


def look(page: Page, name: str) -> None:
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert accessibility_findings(page) == [], name


@pytest.mark.clause("9.1.2-1")
def test_a_voice_a_film_and_a_call_stand_together_on_another_phone(
    running_system: System, phone: Page, desk: Page
) -> None:
    system = running_system
    sign_in(desk, system, "acceptor1", "/cases/new/")
    desk.fill("textarea[name=text]", BY_HOTLINE)
    desk.fill("input[name=phone]", NUMBER)
    desk.get_by_label("匿名").check()
    expect(desk.locator("input[name=phone]")).to_be_disabled()
    desk.get_by_label("匿名").uncheck()
    expect(desk.locator("input[name=phone]")).to_have_value(NUMBER)
    desk.fill("input[name=title]", "题" * 119)
    expect(desk.locator(".field-count")).to_have_text("还可写 1 个字。")
    desk.fill("input[name=title]", "题" * 125)
    expect(desk.locator(".field-count")).to_have_text("超出 5 个字（最多 120 个字），请精简。")
    look(desk, "desk-form")
    desk.fill("input[name=title]", "")
    desk.get_by_role("button", name="登记", exact=True).click()
    expect(desk.locator("main")).to_contain_text("登记回执")
    slip = desk.url
    desk.go_back()
    expect(desk.locator("textarea[name=text]")).to_have_value(BY_HOTLINE)
    desk.get_by_role("button", name="登记", exact=True).click()
    expect(desk.locator("body")).to_contain_text("没有另建事件")
    assert desk.url == slip and system.sql("select count(*) from handling_case where text = %s", BY_HOTLINE) == [(1,)]

    phone.goto("/c/report/")
    phone.fill("textarea[name=text]", BY_PHONE)
    phone.fill("input[name=address]", "长江路与平江路路口")
    phone.fill("input[name=phone]", NUMBER)
    record = phone.locator("[data-record]")
    phone.evaluate(REFUSING)
    record.click()
    expect(phone.locator("[data-media] .field-error")).to_contain_text("没有使用麦克风的权限，不影响上报")
    phone.evaluate("() => { delete navigator.mediaDevices.getUserMedia; }")
    record.click()
    expect(record).to_contain_text("停止录音 0:02")
    look(phone, "recording")
    record.click()
    expect(phone.locator(".media-item audio")).to_have_count(1)
    phone.set_input_files("[data-media-input]", FILM)
    expect(phone.locator(".media-item video")).to_have_count(1)
    look(phone, "report")
    phone.reload()
    expect(phone.locator(".media-item")).to_have_count(2)
    expect(phone.locator("textarea[name=text]")).to_have_value(BY_PHONE)
    phone.context.set_offline(True)
    large = {"name": "长.mp4", "mimeType": "video/mp4", "buffer": bytes(11 * 2**20)}
    phone.locator(".media-item").filter(has_text="视频").get_by_role("button").click()
    phone.set_input_files("[data-media-input]", [large])
    expect(phone.locator("[data-media] .field-error")).to_contain_text("现在没有网络，超过 10 MB 的视频存不进手机")
    phone.set_input_files("[data-media-input]", FILM)
    expect(phone.locator(".media-item")).to_have_count(2)
    phone.get_by_role("button", name="提交", exact=True).click()
    expect(phone.locator("[data-receipt]")).to_contain_text("已保存在本机，联网后自动送出")
    look(phone, "waiting")
    phone.context.set_offline(False)
    files = "select a.id, a.kind from records_attachment a join handling_case c on c.id = a.object_id where c.text = %s"
    wait_until(lambda: len(system.sql(files, BY_PHONE)) == 2, 30)
    assert {kind for _, kind in system.sql(files, BY_PHONE)} == {"weba", "webm"}
    expect(phone.locator("[data-receipt]")).to_contain_text("我们已经收到编号SJ")

    phone.context.clear_cookies()  # another phone
    phone.goto("/c/")
    phone.get_by_role("link", name="我的诉求").click()
    look(phone, "number")
    phone.fill("input[name=phone]", NUMBER)
    phone.get_by_role("button", name="获取验证码").click()
    expect(phone.locator("main")).to_contain_text("199****7788")
    look(phone, "code")
    sent = "select text from reach_localcopy where text like '%%验证码%%' order by id desc limit 1"
    wait_until(lambda: system.sql(sent), 20)
    phone.fill("input[name=code]", re.findall(r"\d{6}", system.sql(sent)[0][0])[0])
    phone.get_by_role("button", name="查看我的诉求").click()
    rows = phone.locator(".phone-row")
    expect(rows).to_have_count(2)
    look(phone, "mine")
    rows.filter(has_text="路灯").click()
    expect(phone.locator("main")).to_contain_text(BY_HOTLINE)
    phone.get_by_text("补充情况或照片").click()
    phone.fill("#add-text", "路口东侧的一盏也不亮了。")
    phone.set_input_files("#add-photos", FILM.with_suffix(".jpg"))
    look(phone, "adding")
    phone.get_by_role("button", name="提交补充").click()
    expect(phone.locator("main")).to_contain_text("已收到您的补充")
    expect(phone.locator(".thumbs img")).to_be_visible()
    look(phone, "one")
    phone.locator(".phone-back").click()
    phone.get_by_role("button", name="退出").click()
    expect(phone.locator("main")).to_contain_text("已退出")
    assert not [each for each in phone.context.cookies() if each["name"] == "hezhi_phone"]
    phone.go_back()
    phone.reload()
    expect(phone.locator("main")).not_to_contain_text("路灯不亮")

    ((case,),) = system.sql("select id from handling_case where text = %s", BY_PHONE)
    desk.goto(f"/cases/{case}/")
    for player in ("audio", "video"):
        assert desk.locator(player).evaluate(PLAYED), player
    desk.locator("audio").scroll_into_view_if_needed()
    look(desk, "case")
