"""9.1.2-2 at real screens: an answer from a template, a dispute, the caller's desk; and the reporter with his phone."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.stories.people import passwords, press, sign_in, submit
from hezhi.wiring.tests.stories.test_main_path import HELPER, follow, option, report_on_the_phone, state_of

SHOTS = Path(CHECKOUT / "test-results" / "handling")
HAND = """
select u.login_name from org_unit un join org_post p on p.unit_id = un.id join org_role r on r.id = p.role_id
join org_holding h on h.post_id = p.id join org_user u on u.id = h.user_id
where un.name = %s and 'cases.return' = any(r.permissions) and u.login_name = any(%s) order by u.login_name limit 1
"""


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers.

    Taking a picture leaves empty style attributes on fields, so none is taken before the same fields are drawn again.
    """
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert accessibility_findings(page) == [], name


@pytest.mark.clause("9.1.2-2")
def test_an_answer_from_a_template_a_dispute_and_the_callers_desk(
    running_system: System, desk: Page, phone: Page
) -> None:
    system = running_system
    case = report_on_the_phone(phone, system, "故事：小区门口的路灯杆倾斜，担心倒下来。")
    sign_in(desk, system, "acceptor1", f"/cases/triage/{case}/")
    with desk.expect_navigation(url=lambda url: case not in url):
        desk.keyboard.press("a")
    wait_until(lambda: state_of(system, case) == "to_dispatch", 15)
    page = f"/cases/{case}/"
    sign_in(desk, system, "dispatcher1", page)
    press(desk, "派遣", within=".page-actions")
    look(desk, "dispatch")
    desk.select_option("#dialog select[name=lead]", label=option(desk, HELPER))
    submit(desk, "提交派遣")
    press(desk, "会商记录", within=".page-actions")
    look(desk, "confer")

    ((hand,),) = system.sql(HAND, HELPER, list(passwords(system)))
    sign_in(desk, system, hand, page)
    press(desk, "派单异议（申请）", within="section.order")
    desk.fill("#dialog textarea[name=reason]", "职责清单第三条：该设施由其他单位管养。")
    look(desk, "dispute")
    submit(desk, "提交派单异议申请")
    expect(desk.locator("main")).to_contain_text("派单异议裁定前由其先行办理")
    look(desk, "case-disputed")
    sign_in(desk, system, "duty_chief1", page)
    press(desk, "审批", within="main")
    desk.check("#dialog input[name=grant][value=no]")
    desk.fill("#dialog textarea[name=opinion]", "属你单位管养范围，请继续办理。")
    look(desk, "ruling")
    desk.locator("#dialog").get_by_role("button", name="提交审批").click()
    expect(desk.locator("#dialog[open]")).to_have_count(0)

    sign_in(desk, system, hand, page)
    press(desk, "签收", within="section.order")
    submit(desk, "提交签收")
    a_firm_works_by_link(desk, phone, page)
    press(desk, "反馈", within="section.order")
    desk.fill("#dialog textarea[name=reply]", "已到现场更换，试用正常。")
    desk.check("#dialog input[name=finding][value=true]")
    files = desk.locator("#dialog input[type=file]").first
    files.set_input_files({"name": "后.png", "mimeType": "image/png", "buffer": photo()})
    desk.locator("#dialog summary").click()
    desk.locator("#dialog").get_by_role("button", name="套用「已办结」").click()
    assert files.evaluate("field => field.files.length") == 1, "a template takes no chosen file away"
    expect(desk.locator("#dialog textarea[name=public_reply]")).to_have_value(re.compile("处理完毕"))
    expect(desk.locator("#dialog textarea[name=reply]")).to_have_value("已到现场更换，试用正常。")
    expect(desk.locator("#dialog input[name=finding][value=true]")).to_be_checked()
    for name in ("contacted", "solved"):
        desk.check(f"#dialog input[name={name}][value=yes]")
    desk.locator("#dialog summary").click()
    look(desk, "reply-filled")
    submit(desk, "提交反馈")
    look(desk, "case-answered")
    sign_in(desk, system, "duty_chief1", page)
    for name, url in (
        ("exclusions", "/visits/exclusions/"), ("templates", "/r/answer-templates/"), ("visit-rules", "/r/visit-rules/"),
    ):  # fmt: skip
        desk.goto(url)
        look(desk, name)

    sign_in(desk, system, "caller1", "/visits/")
    look(desk, "visits")
    desk.locator("main").get_by_role("link", name="回访", exact=True).first.click()
    expect(desk.locator("#dialog")).to_contain_text("为什么抽到这件")
    look(desk, "visit")

    sign_in(desk, system, "dispatcher1", "/r/cases/?state=handling")
    table = desk.locator(".is-list .table-wrap")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth"), "at 1440 px the last column is not cut"
    for n in range(3):
        desk.locator("tbody input[name=chosen]").nth(n).check()
    look(desk, "list-ticked")
    desk.get_by_role("button", name="批量催办").click()
    look(desk, "bulk-urge")
    desk.get_by_role("button", name="催办 3 件").click()
    expect(desk.locator("main")).to_contain_text("已催办，第")
    look(desk, "bulk-done")
    ((urged,),) = system.sql(
        "select id from handling_case where urged > 0 and state = 'handling' order by number limit 1"
    )
    for size in ((1440, 900), (390, 844)):
        desk.set_viewport_size({"width": size[0], "height": size[1]})
        desk.goto(f"/cases/{urged}/receipts/")
        expect(desk.locator("tbody tr").first).to_be_visible()
        look(desk, f"receipts-{size[0]}")


def a_firm_works_by_link(desk: Page, phone: Page, case: str) -> None:
    """A firm is given the work by link, shows a photo and says done; the unit accepts (外协单位)."""
    press(desk, "委托外协单位", within="section.order")
    desk.fill("#dialog [name=firm]", "示例市政养护队")
    desk.fill("#dialog [name=request]", "请扶正灯杆并加固，完成后拍照。")
    look(desk, "firm-new")
    desk.locator("#dialog").get_by_role("button", name="生成链接").click()
    expect(desk.get_by_text("验证码只显示这一次")).to_be_visible()
    look(desk, "firm-given")
    link = desk.locator("p.is-code").first.inner_text()
    phone.goto("/" + link.split("/", 3)[3])
    look(phone, "firm-door")
    phone.get_by_role("button", name="打开委托").click()
    expect(phone.get_by_text("请扶正灯杆并加固")).to_be_visible()
    look(phone, "firm-work")
    phone.set_input_files("[name=photos]", {"name": "扶正.png", "mimeType": "image/png", "buffer": photo()})
    phone.fill("[name=text]", "灯杆已扶正加固，试亮正常。")
    phone.get_by_role("button", name="报告完成").click()
    expect(phone.get_by_text("已报告完成").first).to_be_visible()
    look(phone, "firm-done")
    desk.reload()
    look(desk, "firm-to-accept")
    press(desk, "验收", within=".page-actions")
    desk.check("#dialog input[name=accept][value=yes]")
    desk.locator("#dialog").get_by_role("button", name="提交").click()
    expect(desk.get_by_text("已验收。")).to_be_visible()
    desk.set_viewport_size({"width": 390, "height": 844})
    look(desk, "firm-accepted-phone")
    desk.set_viewport_size({"width": 1440, "height": 900})
    desk.goto(case)


def photo() -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (120, 160, 90)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.clause("9.1.2-2")
def test_a_reporter_urges_answers_himself_and_is_not_called(running_system: System, phone: Page, desk: Page) -> None:
    system = running_system
    case = report_on_the_phone(phone, system, "故事：广场的石凳松动，坐上去会摇晃。")
    sign_in(desk, system, "acceptor1", f"/cases/{case}/")
    press(desk, "直接答复", within=".page-actions")
    # Of the first category the demo calls back a sample alone; of the last one everybody.
    last = desk.locator("#dialog select[name=category] option").last.get_attribute("value")
    desk.locator("#dialog select[name=category]").select_option(last)
    desk.locator("#dialog summary").click()
    desk.locator("#dialog").get_by_role("button", name="套用「表扬建议致谢」").click()
    expect(desk.locator("#dialog textarea[name=reply]")).to_have_value(re.compile("已收到"))
    submit(desk, "提交直接答复")
    wait_until(lambda: bool(system.sql("select 1 from return_visit_visit where case_id = %s", case)), 100)
    phone.goto("about:blank")
    phone.context.clear_cookies()
    follow(phone, system, case)
    look(phone, "phone-visit")
    for name in ("solved", "satisfied", "process"):
        phone.locator(f"label.kind:has(input[name={name}][value=yes])").click()
    phone.get_by_role("button", name="提交", exact=True).click()
    expect(phone.get_by_text("已收到您的意见").first).to_be_visible()
    assert state_of(system, case) == "closed"
    look(phone, "phone-closed")
