"""Officers with their phones (手机办件, 9.1.2-2, 9.1.2-3-2): a handler on the spot, a reviewer's thumb, a leader's three taps."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.browser import accessibility_findings
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import passwords, sign_in

SHOTS = Path(CHECKOUT / "test-results" / "phones")
NARROW = {"width": 390, "height": 844}
WAITING = """
select o.id, o.matter_id, h.login_name, r.login_name from flow_workorder o
join handling_case c on c.id = o.matter_id and not c.secret and c.split_from_id is null
join handling_category k on k.id = c.category_id and not (k.needs_result or k.needs_talk or k.needs_site_check or k.needs_photo)
cross join lateral (select u.login_name from org_post p join org_role x on x.id = p.role_id join org_holding d on d.post_id = p.id
  join org_user u on u.id = d.user_id where p.unit_id = o.unit_id and 'cases.reply' = any(x.permissions) and u.login_name = any(%s)
  order by u.login_name limit 1) h
cross join lateral (select u.login_name from org_post p join org_role x on x.id = p.role_id join org_holding d on d.post_id = p.id
  join org_user u on u.id = d.user_id where p.unit_id = o.unit_id and 'cases.review' = any(x.permissions) and u.login_name = any(%s)
  and u.login_name <> h.login_name order by u.login_name limit 1) r
where o.state = 'to_sign' and o.depth = 0 and o.part = 'lead' and not o.called
  and not exists (select from flow_workorder b where b.matter_id = o.matter_id and b.id <> o.id)
order by o.number limit 1
"""


def picture() -> bytes:
    """A photo as a phone takes it."""
    out = io.BytesIO()
    Image.new("RGB", (900, 600), "steelblue").save(out, "JPEG")
    return out.getvalue()


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers; nothing may be wider than the phone."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
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
    running_system: System, phone: Page
) -> None:
    system = running_system
    phone.set_viewport_size(NARROW)
    known = list(passwords(system))
    ((order, case, hand, reviewer),) = system.sql(WAITING, known, known)
    sign_in(phone, system, hand, "/m/")
    look(phone, "home")
    phone.goto(f"/m/orders/{order}/")
    look(phone, "order")
    phone.get_by_role("button", name="签收", exact=True).click()
    expect(phone.locator("main")).to_contain_text("已签收")
    look(phone, "order-signed")
    phone.get_by_role("link", name="处置", exact=True).click()
    phone.fill("textarea[name=text]", "已到现场，正在处理。")
    phone.set_input_files("input[name=before]", {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    look(phone, "handle")
    phone.get_by_role("button", name="提交处置").click()
    expect(phone.locator(".thumbs img")).to_have_count(1)
    phone.get_by_role("link", name="请求协办（申请）").click()
    phone.locator("summary").click()
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

    sign_in(phone, system, reviewer, "/m/")
    thumb = Thumb(phone)
    thumb.tap(phone.locator(f"a[href='/m/orders/{order}/']"))
    look(phone, "review")
    thumb.tap(phone.get_by_role("button", name="审签通过"))
    expect(phone.locator("main")).to_contain_text("已审签通过")
    assert thumb.taps == 2, "opened and signed off"
    assert system.sql("select state from handling_case where id = %s", case) == [("to_call_back",)]

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
