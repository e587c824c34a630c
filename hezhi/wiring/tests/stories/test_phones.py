"""Officers with their phones (手机办件, 9.1.2-2, 9.1.2-3-2): a handler on the spot, a reviewer's thumb, a leader's three taps."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.stories.people import passwords, sign_in
from hezhi.wiring.tests.stories.test_main_path import HELPER, dispatch_to, report_on_the_phone, state_of

SHOTS = Path(CHECKOUT / "test-results" / "phones")
NARROW = {"width": 390, "height": 844}
HAND = """
select u.login_name from org_unit un join org_post p on p.unit_id = un.id join org_role r on r.id = p.role_id
join org_holding h on h.post_id = p.id join org_user u on u.id = h.user_id
where un.name = %s and 'cases.reply' = any(r.permissions) and u.login_name = any(%s) order by u.login_name limit 1
"""
REVIEWER = """
select u.login_name from flow_workorder o join org_post p on p.unit_id = o.review_unit_id
join org_role r on r.id = p.role_id join org_holding h on h.post_id = p.id join org_user u on u.id = h.user_id
where o.id = %s and 'cases.review' = any(r.permissions) and u.id <> o.replied_by_id and u.login_name = any(%s)
order by u.login_name limit 1
"""


def photo() -> bytes:
    """A photo as a phone takes it."""
    out = io.BytesIO()
    Image.new("RGB", (900, 600), "steelblue").save(out, "JPEG")
    return out.getvalue()


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers; nothing may be wider than the phone."""
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], name
    assert accessibility_findings(page) == [], name


class Thumb:
    """One thumb: counts what it taps."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, target: object) -> None:
        target.click()  # type: ignore[attr-defined]
        self.taps += 1


@pytest.mark.clause("9.1.2-2", "9.1.2-3-2")
def test_on_the_spot_with_a_camera_with_one_thumb_and_from_above_in_three_taps(
    running_system: System, phone: Page, desk: Page
) -> None:
    system = running_system
    known = list(passwords(system))
    phone.set_viewport_size(NARROW)
    case = report_on_the_phone(phone, system, "故事：路口的消火栓关不严，一直滴水，容易结冰。")
    sign_in(desk, system, "acceptor1", f"/cases/triage/{case}/")
    with desk.expect_navigation(url=lambda url: case not in url):
        desk.keyboard.press("a")
    wait_until(lambda: state_of(system, case) == "to_dispatch", 15)
    dispatch_to(desk, system, case, HELPER)
    ((order,),) = system.sql("select id from flow_workorder where matter_id = %s", case)
    ((hand,),) = system.sql(HAND, HELPER, known)

    sign_in(phone, system, hand, "/m/")
    look(phone, "home")
    phone.goto(f"/m/orders/{order}/")
    look(phone, "order")
    phone.get_by_role("button", name="签收", exact=True).click()
    expect(phone.locator("main")).to_contain_text("已签收")
    look(phone, "order-signed")
    phone.get_by_role("link", name="处置", exact=True).click()
    phone.fill("textarea[name=text]", "已到现场，正在处理。")
    phone.set_input_files("input[name=before]", {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    look(phone, "handle")
    phone.get_by_role("button", name="提交处置").click()
    expect(phone.locator(".thumbs img")).to_have_count(1)
    phone.get_by_role("link", name="请求协办（申请）").click()
    phone.locator("main summary").click()
    phone.locator("input[name=assist]").first.check()
    phone.fill("textarea[name=reason]", "需要配合占道施工。")
    look(phone, "ask-help")
    phone.get_by_role("button", name="提交请求协办申请").click()
    expect(phone.locator("main")).to_contain_text("等待审批")
    phone.get_by_role("link", name="反馈", exact=True).click()
    phone.fill("textarea[name=reply]", "已处理完毕。")
    for name, value in (("finding", "true"), ("contacted", "yes"), ("solved", "yes")):
        phone.check(f"input[name={name}][value={value}]")
    phone.fill("textarea[name=public_reply]", "您好，您反映的问题已处理完毕。")
    look(phone, "reply")
    phone.get_by_role("button", name="提交反馈").click()
    expect(phone.locator("main")).to_contain_text("已反馈")

    ((reviewer,),) = system.sql(REVIEWER, order, known)
    sign_in(phone, system, reviewer, "/m/")
    thumb = Thumb(phone)
    thumb.tap(phone.locator(f"a[href='/m/orders/{order}/']"))
    look(phone, "review")
    thumb.tap(phone.get_by_role("button", name="审签通过"))
    expect(phone.locator("main")).to_contain_text("已审签通过")
    assert thumb.taps == 2, "opened and signed off"
    assert state_of(system, case) == "to_call_back"

    sign_in(phone, system, "district_leader1", "/supervision/lead/")
    look(phone, "lead")
    thumb = Thumb(phone)
    thumb.tap(phone.locator(".phone-row[href^='/supervision/lead/cases/']").first)
    look(phone, "lead-case")
    thumb.tap(phone.locator("label:has(input[name=phrase])").first)
    thumb.tap(phone.get_by_role("button", name="交办", exact=True))
    expect(phone.locator("main")).to_contain_text("已批示交办")
    assert thumb.taps == 3
    look(phone, "lead-after")
