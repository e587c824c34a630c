"""9.1.3 at real screens: homes split and signs at doors, a small place from self-check to re-check, a group's evening,
notes as lines, care with its papers, and a citizen who asks what is held about him.
"""  # fmt: skip

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import press, sign_in, submit

CLERK, WORKER, PROTECTOR = "town_dispatcher1", "grid_worker1", "acceptor2"


def look(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    folder = Path(CHECKOUT / "test-results" / "grassroots")
    picture(page, folder / f"{name}.png", full_page=whole)
    assert accessibility_findings(page) == [], name


def home_with_people(system: System) -> tuple[str, str, str]:
    """A home of the first compound in which one household lives, none split yet: key, name, door."""
    ((key, name, door),) = system.sql(
        "select h.id, h.full_name, h.door from registers_home h join registers_plate p on p.home_id = h.id "
        "where h.people_count > 1 and h.removed_at is null and h.entrance = 1 order by h.number limit 1"
    )
    return str(key), str(name), str(door)


@pytest.mark.clause("9.1.3-2-3")
def test_a_home_is_split_its_sign_leads_on_and_a_stranger_learns_the_address_only(
    desk: Page, phone: Page, running_system: System
) -> None:
    system = running_system
    key, name, door = home_with_people(system)
    sign_in(desk, system, CLERK, f"/r/homes/{key}/")
    look(desk, "home-before")
    press(desk, "房屋合并")
    look(desk, "home-combine")
    desk.locator("#dialog").get_by_role("button", name="取消").click()
    press(desk, "房屋拆分")
    desk.fill("#dialog textarea[name=parts]", f"{door}A 40\n{door}A 30")
    desk.locator("#dialog").get_by_role("button", name="确认拆分").click()
    expect(desk.locator("#dialog")).to_contain_text("写了两次")
    desk.fill("#dialog textarea[name=parts]", f"{door}A 40\n{door}B 30")
    desk.fill("#dialog input[name=reason]", "分户改造")
    look(desk, "home-split")
    submit(desk, "确认拆分")
    expect(desk.get_by_text("已拆分为", exact=False).first).to_be_visible()
    look(desk, "home-lineage")
    desk.goto(f"/r/homes/{key}/")
    expect(desk.get_by_text("履历和走访留在这里")).to_be_visible()
    look(desk, "home-former")

    ((code,),) = system.sql("select code from registers_plate where home_id = %s", key)
    phone.goto(f"/c/q/{code}/")
    expect(phone.get_by_text(name).first).to_be_visible()
    expect(phone.get_by_text("现为")).to_be_visible()
    look(phone, "phone-plate-former")
    sign_in(phone, system, WORKER, f"/c/q/{code}/")
    expect(phone).to_have_url(re.compile(f"/g/homes/{key}/"))
    look(phone, "phone-home-former")
    phone.get_by_role("link", name=re.compile(f"{door}A")).click()
    expect(phone.get_by_text("居住人员")).to_be_visible()
    look(phone, "phone-home-part")

    building = system.sql("select building_id from registers_home where id = %s", key)[0][0]
    desk.goto(f"/registers/buildings/{building}/plates/")
    look(desk, "plates")
    desk.get_by_role("button", name=re.compile("制作缺少的")).click()
    expect(desk.get_by_text("已制作 2 个门牌码。")).to_be_visible()
    ((stranger,),) = system.sql("select code from registers_plate p join registers_home h on h.id = p.home_id where h.door = %s and h.building_id = %s", f"{door}B", building)  # fmt: skip
    phone.context.clear_cookies()
    phone.goto(f"/c/q/{stranger}/")
    look(phone, "phone-plate")
    phone.get_by_role("link", name="反映这里的问题").click()
    expect(phone.locator("input[name=address]")).to_have_value(re.compile(f"{door}B$"))
    look(phone, "phone-report-here")


@pytest.mark.clause("9.1.3-2-8")
def test_a_small_place_from_the_keeper_s_own_check_to_the_recheck(
    desk: Page, phone: Page, running_system: System
) -> None:
    system = running_system
    ((key, name, code),) = system.sql(
        "select s.id, s.name, p.code from registers_smallplace s join registers_plate p on p.place_id = s.id "
        "join org_unit u on u.area_id = s.grid_id join org_post o on o.unit_id = u.id "
        "join org_holding t on t.post_id = o.id join org_user w on w.id = t.user_id "
        "where w.login_name = %s and s.kind = '02' and s.hazard = '00' order by s.number limit 1", WORKER,
    )  # fmt: skip
    sign_in(desk, system, CLERK, f"/r/small-places/{key}/?tab=checks")
    look(desk, "place-checks")
    press(desk, "发放自查码")
    # the clerk of a town may do so as well as the grid worker
    desk.locator("#dialog").get_by_role("button", name="发放自查码").click()
    keeper = desk.locator("#dialog .keeper-code b")
    expect(keeper).to_be_visible()
    look(desk, "keeper-code")
    keeper_code = keeper.inner_text()

    phone.goto(f"/c/q/{code}/")
    look(phone, "phone-plate-place")
    phone.get_by_role("link", name="场所自查").click()
    look(phone, "phone-self-code")
    phone.fill("input[name=keeper_code]", keeper_code.lower())
    phone.get_by_role("button", name="开始自查").click()
    expect(phone.get_by_text("灭火器在位").first).to_be_visible()
    look(phone, "phone-self-check")
    for result in phone.get_by_role("radio", name="合格", exact=True).all():
        result.check()
    look(phone, "phone-self-check-whole", whole=True)
    phone.get_by_role("button", name="提交自查").click()
    expect(phone.get_by_text("全部合格，谢谢")).to_be_visible()
    look(phone, "phone-self-done")

    sign_in(phone, system, WORKER, "/g/places/")
    look(phone, "phone-places")
    phone.goto(f"/g/places/{key}/")
    look(phone, "phone-place")
    phone.get_by_role("link", name="登记检查").click()
    for result in phone.get_by_role("radio", name="合格", exact=True).all():
        result.check()
    wrong = phone.locator("section.check-item", has_text="疏散通道")
    expect(wrong.locator("input[type=text]")).to_be_hidden()
    wrong.get_by_role("radio", name="不合格").check()
    phone.get_by_role("button", name="保存检查").click()
    expect(phone.get_by_text("不合格的请写明情况").first).to_be_visible()
    wrong.locator("input[type=text]").fill("后门堆了纸箱")
    look(phone, "phone-check")
    phone.get_by_role("button", name="保存检查").click()
    expect(phone.get_by_text("1 项不合格").first).to_be_visible()
    look(phone, "phone-place-fault", whole=True)
    desk.goto(f"/r/small-places/{key}/?tab=checks")
    look(desk, "place-fault")
    desk.get_by_role("link", name="登记复查").click()
    look(desk, "place-recheck")
    desk.get_by_role("radio", name="合格", exact=True).check()
    desk.get_by_role("button", name="保存复查").click()
    expect(desk.get_by_text("复查合格，问题已销号。")).to_be_visible()
    look(desk, "place-closed")
    desk.goto(f"/registers/places/{key}/plate/")
    expect(desk.get_by_text(str(name)).first).to_be_visible()
    look(desk, "place-plate")
    desk.goto("/r/check-items/")
    look(desk, "check-items")


@pytest.mark.clause("9.1.3-2-9")
def test_a_group_has_its_rota_and_who_came_has_his_hours(desk: Page, running_system: System) -> None:
    sign_in(desk, running_system, CLERK, "/r/volunteer-groups/")
    desk.locator("tbody tr a").first.click()
    desk.get_by_role("link", name="值勤", exact=True).click()
    look(desk, "group-shifts")
    desk.get_by_role("link", name="活动", exact=True).click()
    look(desk, "group-activities")
    desk.get_by_role("link", name="汛期排查演练").first.click()
    desk.get_by_role("link", name="签到", exact=True).click()
    look(desk, "sign-in")
    boxes = desk.locator("input[name=came]")
    boxes.nth(6).check()
    desk.get_by_role("button", name="保存签到").click()
    expect(desk.get_by_text("已登记 6 人签到。")).to_be_visible()
    desk.goto("/r/volunteer-shifts/")
    look(desk, "shifts")
    ((member,),) = running_system.sql("select member_id from registers_signin order by hours desc limit 1")
    desk.goto(f"/r/volunteer-members/{member}/?tab=service")
    expect(desk.get_by_text("不作评比")).to_be_visible()
    look(desk, "service")


@pytest.mark.clause("9.1.3-1-1")
def test_a_note_is_drawn_as_a_line_and_stands_on_the_map(desk: Page, running_system: System) -> None:
    sign_in(desk, running_system, CLERK, "/r/grid-notes/new/")
    desk.fill("input[name=name]", "河岸巡查线")
    desk.select_option("select[name=kind]", "patrol")
    board = desk.locator("[data-shape-map][data-loaded]")
    board.wait_for()
    desk.get_by_role("button", name="画线").click()
    ((lon, lat),) = running_system.sql("select st_x(centre), st_y(centre) from geo_area where name = '盐滩社区第1网格' and valid_to is null")  # fmt: skip
    desk.evaluate(
        """([lon, lat]) => {
          const { map } = document.querySelector('.shape-field').shape;
          const x = lon * 20037508.34 / 180;
          const y = Math.log(Math.tan((90 + lat) * Math.PI / 360)) * 20037508.34 / Math.PI;
          map.getView().setCenter([x, y]); map.getView().setZoom(16); map.renderSync();
        }""",
        [lon, lat],
    )
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.mouse.click(x - 60, y)
    desk.wait_for_timeout(350)
    desk.mouse.click(x, y - 20)
    desk.wait_for_timeout(350)
    desk.mouse.dblclick(x + 60, y + 10)
    expect(desk.locator("textarea[name=shape]")).to_have_value(re.compile("LineString"))
    look(desk, "note-line")
    desk.fill("input[name=starts_on]", "2026-01-05")
    desk.get_by_role("button", name="保存").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("河岸巡查线")
    desk.locator(".map[data-ready]").wait_for(state="attached")
    look(desk, "note-one")
    desk.goto("/r/grid-notes/")
    look(desk, "notes")
    desk.goto("/r/grid-notes/map/")
    desk.locator(".map[data-ready]").wait_for(state="attached")
    look(desk, "notes-map")
    desk.goto("/r/grids/?q=盐滩社区第1网格")
    desk.get_by_role("link", name="盐滩社区第1网格").first.click()
    desk.locator(".map[data-ready]").wait_for(state="attached")
    look(desk, "grid-with-notes")


@pytest.mark.clause("9.1.3-2-6", "12.3-1")
def test_a_programme_shows_its_paper_and_a_citizen_asks_without_an_account(
    desk: Page, phone: Page, running_system: System
) -> None:
    system = running_system
    phone.goto("/c/privacy/")
    phone.get_by_role("link", name="提出个人信息请求").click()
    look(phone, "phone-rights", whole=True)
    phone.select_option("select[name=kind]", "see")
    phone.fill("textarea[name=text]", "想知道登记了我哪些信息")
    phone.fill("input[name=person_name]", "样例市民")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("您的请求已收到")).to_be_visible()
    look(phone, "phone-rights-done")
    number, code = (phone.locator("dd b").nth(n).inner_text() for n in (0, 1))
    phone.get_by_role("link", name="查答复").click()
    phone.fill("input[name=number]", number)
    phone.fill("input[name=code]", code)
    phone.get_by_role("button", name="查询").click()
    expect(phone.get_by_text("办理中")).to_be_visible()
    look(phone, "phone-rights-follow")

    sign_in(desk, system, PROTECTOR, "/care/requests/", post="个人信息保护负责人")
    desk.get_by_role("link", name=number).click()
    expect(desk.get_by_text("身份还没有核验")).to_be_visible()
    look(desk, "request-of-a-citizen")
    desk.goto("/care/programmes/")
    desk.get_by_role("link", name="独居", exact=False).first.click()
    look(desk, "programme")
    press(desk, "登记影响评估")
    look(desk, "programme-assess")
