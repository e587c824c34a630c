"""9.1.2: a citizen's message becomes a closed and rated case, told at real screens on the demo district."""

import re

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.wiring.system import System, wait_until
from hezhi.wiring.tests.stories.people import order_box, passwords, press, sign_in, submit

TOWN, GRID, HELPER = "黄岛街道办事处", "盐滩社区第1网格", "区住房和城乡建设局"


def where_of(system: System) -> dict[str, float]:
    """A point inside the grid whose worker tells the story."""
    ((lon, lat),) = system.sql(
        "select st_x(centre), st_y(centre) from geo_area where name = %s and level = 'grid'", GRID
    )
    return {"latitude": lat, "longitude": lon}


def report_on_the_phone(phone: Page, system: System, text: str) -> str:
    """Report in a few taps; gives the id of the new case."""
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation(where_of(system))
    phone.goto("/c/")
    phone.get_by_role("link", name="我要反映问题").click()
    phone.get_by_role("button", name="用我的位置").click()
    expect(phone.locator("[data-place-told]")).to_contain_text("盐滩社区第1网格")
    phone.get_by_role("button", name="提交", exact=True).click()
    expect(phone.locator("#wrong-kind")).to_contain_text("拿不准就在第 4 步写一句")
    phone.fill("textarea[name=text]", text)  # who does not know our kinds need not choose one
    phone.fill("input[name=phone]", "19900001234")
    phone.get_by_role("button", name="提交", exact=True).click()
    wait_until(lambda: system.sql("select 1 from handling_case where text = %s", text), 20)
    expect(phone.locator("[data-receipt]")).to_contain_text("谢谢您，我们已经收到编号SJ")
    return str(system.sql("select id from handling_case where text = %s", text)[0][0])


def state_of(system: System, case_id: str) -> str:
    return str(system.sql("select state from handling_case where id = %s", case_id)[0][0])


@pytest.mark.clause("9.1.2-1", "9.1.2-2")
def test_from_a_citizens_phone_down_two_levels_with_a_helper_to_the_rating(
    desk: Page, phone: Page, running_system: System
) -> None:
    system = running_system
    case_id = report_on_the_phone(phone, system, "故事一：路口的消火栓一直漏水，路面结冰容易滑倒。")
    assert accessibility_findings(phone) == []

    sign_in(desk, system, "acceptor1", f"/cases/triage/{case_id}/")
    desk.keyboard.press("1")  # a guess is chosen by nobody but the officer
    with desk.expect_navigation(url=lambda url: case_id not in url):
        desk.keyboard.press("a")
    wait_until(lambda: state_of(system, case_id) == "to_dispatch", 15)

    sign_in(desk, system, "dispatcher1", f"/cases/triage/{case_id}/")
    for width in (1024, 820):
        desk.set_viewport_size({"width": width, "height": 768})
        desk.reload()
        for part in (".queue [aria-current]", ".item-title", ".quick-choice >> nth=0"):
            expect(desk.locator(part)).to_be_in_viewport()
    desk.set_viewport_size({"width": 1440, "height": 900})
    assert accessibility_findings(desk) == []
    choose_unit(desk, TOWN)
    desk.keyboard.press("h")
    expect(desk.get_by_label("筛选协办单位")).to_be_focused()
    desk.get_by_label(HELPER, exact=True).check()
    with desk.expect_navigation(url=lambda url: case_id not in url):
        desk.get_by_role("button", name="派遣").click()
    wait_until(lambda: state_of(system, case_id) == "to_sign", 15)
    page = f"/cases/{case_id}/"
    sign_in(desk, system, "town_dispatcher1", page)
    press(desk, "下派", within=order_box(desk, TOWN))
    desk.select_option("#dialog select[name=lead]", label=GRID)
    submit(desk, "提交下派")
    expect(desk.locator(order_box(desk, GRID))).to_be_visible()

    sign_in(phone, system, "grid_worker1", "/g/")
    phone.get_by_text("故事一").first.click()
    phone.get_by_role("button", name="签收").click()
    phone.get_by_role("link", name="反馈").click()
    phone.fill("textarea[name=reply]", "已到现场，阀门关闭，路面撒了融雪剂。")
    phone.get_by_role("button", name="提交反馈").click()
    expect(phone.get_by_text("已反馈。")).to_be_visible()

    review_as_somebody(desk, system, case_id, GRID)
    handle_as_the_unit(desk, system, case_id, HELPER)

    sign_in(desk, system, "handler30", page)
    press(desk, "反馈", within=order_box(desk, TOWN))
    desk.fill("#dialog textarea[name=reply]", "网格与水务已处置完毕。")
    for name, value in (("finding", "true"), ("contacted", "yes"), ("solved", "yes")):
        desk.check(f"#dialog input[name={name}][value={value}]")
    desk.fill("#dialog textarea[name=public_reply]", "您好，漏水的消火栓已修好，路面已清理。")
    submit(desk, "提交反馈")
    review_as_somebody(desk, system, case_id, TOWN)
    assert state_of(system, case_id) == "to_call_back"

    sign_in(desk, system, "caller1", page)
    press(desk, "回访", within=".page-actions")
    for name in ("reached", "true_matter", "solved", "satisfied", "satisfied_attitude"):
        desk.check(f"#dialog input[name={name}][value=yes]")
    submit(desk, "提交回访")
    assert state_of(system, case_id) == "closed"

    phone.goto("about:blank")
    phone.context.clear_cookies()
    follow(phone, system, case_id)
    expect(phone.get_by_text("您好，漏水的消火栓已修好").first).to_be_visible()
    phone.get_by_role("radio", name="解决了", exact=True).check()
    phone.get_by_role("radio", name="很满意", exact=True).check()
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("感谢您的评价").first).to_be_visible()
    assert system.sql("select stars from handling_rating where case_id = %s", case_id) == [(5,)]

    phone.get_by_role("button", name="English").click()
    expect(phone.get_by_role("heading", name="Your rating")).to_be_visible()
    expect(phone.get_by_text("Answers are written in Chinese").first).to_be_visible()
    assert accessibility_findings(phone) == []
    phone.goto("/c/report/")
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_text("Please choose what it is about").first).to_be_visible()
    assert accessibility_findings(phone) == []
    phone.get_by_role("button", name="中文").click()
    expect(phone.get_by_role("heading", name="反映问题")).to_be_visible()


@pytest.mark.clause("9.1.2-2")
def test_twice_returned_the_duty_chief_rules_and_the_unit_gets_an_extension(
    desk: Page, phone: Page, running_system: System
) -> None:
    """退回两次后由值班长裁定，承办单位不得再退，经批准延期后办结。"""
    system = running_system
    case_id = report_on_the_phone(phone, system, "故事二：小区外墙的路灯杆歪了，刮风时一直晃。")
    page = f"/cases/{case_id}/"
    sign_in(desk, system, "acceptor1", f"/cases/triage/{case_id}/")
    with desk.expect_navigation(url=lambda url: case_id not in url):
        desk.keyboard.press("a")
    wait_until(lambda: state_of(system, case_id) == "to_dispatch", 15)

    for hand, unit, why in (
        ("handler1", "区综合行政执法局", "灯杆维护不是执法事项。"),
        ("handler3", "区交通运输局", "不在公路用地范围内。"),
    ):
        dispatch_to(desk, system, case_id, unit)
        ask_to_return(desk, system, hand, page, why)
        assert why in desk.locator(".notice").inner_text()
        sign_in(desk, system, "dispatcher1", "/")
        expect(desk.get_by_role("link", name="事件审批", exact=True)).to_be_visible()
        decide(desk, system, "dispatcher1", page, "yes")
        assert state_of(system, case_id) == "to_dispatch"

    dispatch_to(desk, system, case_id, HELPER, proposes_not="区综合行政执法局")
    ask_to_return(desk, system, "handler2", page, "灯杆属于物业。")
    sign_in(desk, system, "dispatcher1", page)
    expect(desk.locator(".notice")).to_contain_text("等待审批")
    expect(desk.locator(".notice").get_by_role("link", name="审批")).to_have_count(0)
    sign_in(desk, system, "duty_chief1", "/cases/approvals/")
    assert accessibility_findings(desk) == []
    decide(desk, system, "duty_chief1", page, "no", "经裁定由住建部门主办。")

    sign_in(desk, system, "handler2", page)
    box = order_box(desk, HELPER)
    expect(desk.locator(box)).to_contain_text("不得再退")
    expect(desk.locator(box).get_by_role("link", name="退回（申请）")).to_have_count(0)
    press(desk, "签收", within=box)
    submit(desk, "提交签收")

    before = due_of(system, case_id)
    press(desk, "延期（申请）", within=".page-actions")
    desk.fill("#dialog input[name=days]", "20")
    desk.fill("#dialog textarea[name=reason]", "灯杆须定制，五个工作日到货。")
    desk.locator("#dialog").get_by_role("button", name="提交延期申请").click()
    expect(desk.locator("#dialog").get_by_text("最多填 10 个工作日。").first).to_be_visible()
    assert desk.input_value("#dialog textarea[name=reason]").startswith("灯杆须定制")
    desk.fill("#dialog input[name=days]", "5")
    submit(desk, "提交延期申请")
    assert due_of(system, case_id) == before
    decide(desk, system, "duty_chief1", page, "yes")
    assert due_of(system, case_id) > before

    sign_in(desk, system, "handler2", page)
    press(desk, "反馈", within=box)
    desk.fill("#dialog textarea[name=reply]", "灯杆已更换。")
    for name, value in (("finding", "true"), ("contacted", "yes"), ("solved", "yes")):
        desk.check(f"#dialog input[name={name}][value={value}]")
    desk.fill("#dialog textarea[name=public_reply]", "您好，灯杆已换新，请放心。")
    submit(desk, "提交反馈")
    review_as_somebody(desk, system, case_id, HELPER)
    sign_in(desk, system, "caller1", page)
    press(desk, "回访", within=".page-actions")
    for name in ("reached", "true_matter", "solved", "satisfied", "satisfied_attitude"):
        desk.check(f"#dialog input[name={name}][value=yes]")
    submit(desk, "提交回访")
    assert state_of(system, case_id) == "closed"
    told = desk.locator(".timeline, .detail-main").first.inner_text()
    for step in ("申请退回", "不同意退回", "申请延期", "延期", "回访"):
        assert step in told


def dispatch_to(desk: Page, system: System, case_id: str, unit: str, *, proposes_not: str = "") -> None:
    """Dispatch from the triage desk to a named unit; a unit that gave the case back is not proposed again."""
    sign_in(desk, system, "dispatcher1", f"/cases/triage/{case_id}/")
    if proposes_not:
        assert proposes_not not in " ".join(desk.locator(".quick-choice").all_inner_texts())
    choose_unit(desk, unit)
    with desk.expect_navigation(url=lambda url: case_id not in url):
        desk.get_by_role("button", name="派遣").click()
    wait_until(lambda: state_of(system, case_id) == "to_sign", 15)


def choose_unit(desk: Page, unit: str) -> None:
    """On the dispatcher's desk, without the mouse: the digit of a proposed unit, or search among the others."""
    proposed = desk.locator(".quick-choice").filter(has_text=unit)
    if proposed.count():
        desk.keyboard.press(proposed.first.locator("kbd").inner_text())
        expect(proposed.first.locator("input")).to_be_checked()
        return
    desk.keyboard.press("o")
    expect(desk.get_by_label("查找单位")).to_be_focused()
    desk.keyboard.insert_text(unit)
    desk.keyboard.press("Enter")
    assert desk.locator("select[name=lead_other]").evaluate("one => one.selectedOptions[0].text") == unit


def ask_to_return(desk: Page, system: System, hand: str, page: str, why: str) -> None:
    """A unit asks to give its order back."""
    sign_in(desk, system, hand, page)
    press(desk, "退回（申请）", within="section.order >> nth=-1")
    desk.fill("#dialog textarea[name=reason]", why)
    submit(desk, "提交退回申请")


def decide(desk: Page, system: System, who: str, page: str, answer: str, opinion: str = "") -> None:
    """Answer the request that stands on the case page."""
    sign_in(desk, system, who, page)
    press(desk, "审批", within=".notice")
    desk.check(f"#dialog input[name=grant][value={answer}]")
    desk.fill("#dialog textarea[name=opinion]", opinion)
    submit(desk, "提交审批")
    expect(desk).to_have_url(re.compile(f"{page}$"))  # back on the case, not on the list of requests


def due_of(system: System, case_id: str) -> object:
    return system.sql("select due_at from handling_case where id = %s", case_id)[0][0]


def option(page: Page, unit: str) -> str:
    """The full label of a unit in the select, which may carry the reason of a suggestion."""
    labels = page.locator("select[name=lead] option").all_inner_texts()
    return next(label for label in labels if label.startswith(unit))


def review_as_somebody(desk: Page, system: System, case_id: str, unit: str) -> None:
    """Sign a reply off as whoever reviews for this order; never the one who wrote it."""
    ((reviewer,),) = system.sql(
        "select u.login_name from flow_workorder o join org_post p on p.unit_id = o.review_unit_id"
        " join org_role r on r.id = p.role_id join org_holding h on h.post_id = p.id join org_user u on u.id = h.user_id"
        " join org_unit un on un.id = o.unit_id"
        " where o.matter_id = %s and un.name = %s and 'cases.review' = any(r.permissions) and u.id <> o.replied_by_id"
        " and o.state = 'to_review' and u.login_name = any(%s) order by u.login_name limit 1",
        case_id, unit, list(passwords(system)),
    )  # fmt: skip
    sign_in(desk, system, reviewer, f"/cases/{case_id}/")
    press(desk, "审签通过", within=order_box(desk, unit))
    submit(desk, "提交审签通过")


def handle_as_the_unit(desk: Page, system: System, case_id: str, unit: str) -> None:
    """Sign for, answer and sign off the helper's order."""
    ((hand,),) = system.sql(
        "select u.login_name from org_unit un join org_post p on p.unit_id = un.id join org_role r on r.id = p.role_id"
        " join org_holding h on h.post_id = p.id join org_user u on u.id = h.user_id"
        " where un.name = %s and 'cases.reply' = any(r.permissions) and u.login_name = any(%s)"
        " order by u.login_name limit 1",
        unit,
        list(passwords(system)),
    )
    sign_in(desk, system, hand, f"/cases/{case_id}/")
    press(desk, "签收", within=order_box(desk, unit))
    submit(desk, "提交签收")
    press(desk, "反馈", within=order_box(desk, unit))
    desk.fill("#dialog textarea[name=reply]", "阀门已更换，试压正常。")
    submit(desk, "提交反馈")
    review_as_somebody(desk, system, case_id, unit)


def follow(phone: Page, system: System, case_id: str) -> None:
    """Open one's case with the browser's session gone: the phone still holds number and code, and sends both."""
    number = str(system.sql("select number from handling_case where id = %s", case_id)[0][0])
    phone.context.clear_cookies()
    phone.goto("/c/")
    phone.locator("[data-outbox-sent]").get_by_role("button", name=number).click()
    phone.wait_for_url(f"**/c/case/{case_id}/")
