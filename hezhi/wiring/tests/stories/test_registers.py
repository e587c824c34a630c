"""9.1.3-2: homes and people at real screens of the demo district: address tree, floor plan, moving in, the phone at the door."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import press, sign_in, submit

CLERK, WORKER = "town_dispatcher1", "grid_worker1"
COMPOUND = "海风样例花园"


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    folder = Path(CHECKOUT / "test-results" / "registers")
    picture(page, folder / f"{name}.png", full_page=False)
    assert accessibility_findings(page) == [], name


def empty_home(system: System) -> tuple[str, str]:
    """A home of the demo in which nobody lives: key and name."""
    ((key, name),) = system.sql(
        "select id, full_name from registers_home where full_name like %s and people_count = 0 and use = 'empty' "
        "and removed_at is null order by number limit 1",
        f"{COMPOUND}%",
    )
    return str(key), str(name)


@pytest.mark.clause("9.1.3-2-1", "9.1.3-2-2", "9.1.3-2-3")
def test_from_the_tree_to_the_flat_and_a_new_building(desk: Page, running_system: System) -> None:
    system = running_system
    sign_in(desk, system, CLERK, "/registers/tree/")
    desk.get_by_role("link", name="黄岛街道", exact=False).first.click()
    desk.get_by_role("link", name="盐滩社区", exact=True).click()
    look(desk, "tree")
    desk.get_by_role("link", name=COMPOUND).click()
    desk.get_by_role("link", name=f"{COMPOUND}1号楼").click()
    expect(desk.locator(".chart .flat").first).to_be_visible()
    look(desk, "chart")
    desk.locator(".chart a.flat-own").first.click()
    look(desk, "home")
    desk.get_by_role("navigation", name="分页").get_by_role("link", name="住户").click()
    expect(desk.get_by_role("table").first).to_contain_text("户主")
    look(desk, "home-people")
    for tab, name in (("产权与租约", "home-holders"), ("履历", "home-past"), ("走访", "home-visits")):
        desk.get_by_role("navigation", name="分页").get_by_role("link", name=tab, exact=True).click()
        look(desk, name)
    desk.goto("/registers/tree/?q=" + f"{COMPOUND}1号楼 501")
    expect(desk.get_by_role("link", name=f"{COMPOUND}1号楼1单元501")).to_be_visible()

    desk.goto("/r/compounds/")
    look(desk, "compounds")
    desk.get_by_role("link", name=COMPOUND).first.click()
    look(desk, "compound")
    desk.get_by_role("link", name="楼栋", exact=True).click()
    look(desk, "compound-buildings")
    desk.get_by_role("link", name="登记建筑").click()
    desk.fill("input[name=number]", "9号楼")
    desk.select_option("select[name=kind]", "01")
    desk.select_option("select[name=building_use]", "01")
    desk.fill("input[name=floors_up]", "18")
    desk.fill("input[name=entrances]", "2")
    desk.fill("input[name=homes_per_floor]", "4")
    look(desk, "building-form")
    desk.get_by_role("button", name="保存").click()
    desk.get_by_role("link", name="生成房屋").click()
    desk.get_by_role("button", name="预览").click()
    expect(desk.get_by_text("其中新增 144 户")).to_be_visible()
    look(desk, "flats")
    desk.get_by_role("button", name="写入 144 户").click()
    expect(desk.get_by_text("已生成 144 套房屋")).to_be_visible()
    assert system.sql("select count(*) from registers_home where full_name like %s", f"{COMPOUND}9号楼%") == [(144,)]


@pytest.mark.clause("9.1.3-2-4")
def test_a_person_is_entered_moves_in_and_out_and_the_card_tells_it(desk: Page, running_system: System) -> None:
    system = running_system
    home, name = empty_home(system)
    sign_in(desk, system, CLERK, "/r/residents/")
    look(desk, "residents")
    desk.goto("/r/residents/new/")
    desk.fill("input[name=person_name]", "热依汗古丽·买买提明")
    desk.fill("input[name=id_number]", "999999199001010010")
    look(desk, "resident-form")
    desk.get_by_role("button", name="保存").click()
    expect(desk.locator(".error-summary")).to_contain_text("末位")
    expect(desk.locator("input[name=person_name]")).to_have_value("热依汗古丽·买买提明")
    look(desk, "resident-refused")
    desk.fill("input[name=id_number]", "999999199001010016")
    desk.fill("input[name=phone]", "19900008888")
    desk.fill("input[name=community]", "盐滩社区")
    desk.get_by_role("button", name="保存").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("热**")
    look(desk, "resident")
    ((number,),) = system.sql(
        "select number from registers_resident where person_name = '热依汗古丽·买买提明' order by created_at desc limit 1"
    )

    desk.goto(f"/r/homes/{home}/")
    press(desk, "办理迁入")
    desk.fill("#dialog input[name=person]", str(number))
    desk.fill("#dialog input[name=person_name]", "热依汗古丽•买买提明")
    look(desk, "move-in")
    submit(desk, "办理迁入")
    expect(desk.get_by_text("现住 1 人")).to_be_visible()
    desk.get_by_role("link", name="户卡").first.click()
    expect(desk.get_by_role("table")).to_contain_text("热依汗古丽·买买提明")
    look(desk, "card")
    desk.get_by_role("link", name="热依汗古丽·买买提明", exact=True).click()
    press(desk, "办理迁出")
    submit(desk, "办理迁出")
    desk.goto(f"/r/homes/{home}/?tab=past")
    expect(desk.get_by_role("table")).to_contain_text("热依汗古丽·买买提明")
    desk.goto("/registers/find/")
    desk.fill("input[name=id_number]", "999999199001010016")
    desk.get_by_role("button", name="查找").click()
    expect(desk.get_by_role("table")).to_contain_text("已迁出")
    look(desk, "find")
    assert name in system.sql("select full_name from registers_home where id = %s", home)[0][0]


@pytest.mark.clause("9.1.3-2-5", "9.1.3-2-8", "9.1.3-2-9")
def test_organisations_places_and_groups_at_the_desk(desk: Page, running_system: System) -> None:
    sign_in(desk, running_system, CLERK, "/r/small-places/")
    for slug in ("small-places", "enterprises", "social-organisations", "volunteer-groups", "volunteer-members"):
        desk.goto(f"/r/{slug}/")
        look(desk, slug)
        desk.locator("tbody tr a").first.click()
        look(desk, f"{slug}-one")
    desk.goto("/r/enterprises/new/")
    desk.fill("input[name=uscc]", "91370211MA3CAAAA0B")
    desk.fill("input[name=name]", "样例核对有限公司")
    desk.select_option("select[name=kind]", "01")
    desk.fill("input[name=address]", "样例路2号")
    desk.fill("input[name=rep_name]", "林样例")
    desk.get_by_role("button", name="保存").click()
    expect(desk.locator(".error-summary")).to_contain_text("统一社会信用代码")


@pytest.mark.clause("9.1.3-2-3")
def test_the_grid_worker_at_the_door(desk: Page, phone: Page, running_system: System) -> None:
    system = running_system
    sign_in(phone, system, WORKER, "/g/homes/")
    look(phone, "phone-homes")
    phone.fill("input[name=q]", "1号楼 101")
    phone.get_by_role("button", name="查找").click()
    phone.get_by_role("link", name=re.compile("1号楼1单元101")).first.click()
    look(phone, "phone-home")
    phone.get_by_role("link", name="登记走访").click()
    if phone.locator("select[name=purpose]").count():
        phone.select_option("select[name=purpose]", index=1)
    phone.fill("textarea[name=finding]", "家中无人，门口堆物已提醒邻居转告。")
    look(phone, "phone-visit")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="登记走访").click()
    expect(phone.get_by_role("alert")).to_contain_text("内容还在这一页")
    phone.context.set_offline(False)
    phone.reload()
    expect(phone.locator("textarea[name=finding]")).to_have_value("家中无人，门口堆物已提醒邻居转告。")
    phone.get_by_role("button", name="登记走访").click()
    expect(phone.get_by_text("走访已登记。")).to_be_visible()
    phone.get_by_role("button", name="仍然一致").click()
    expect(phone.get_by_text("已记下：与台账一致。")).to_be_visible()
    phone.get_by_role("link", name="报告变动").click()
    phone.get_by_label("新来租户").check()
    phone.fill("textarea[name=text]", "对门说上周搬来一家三口。")
    look(phone, "phone-report")
    phone.get_by_role("button", name="报告变动").click()
    expect(phone.get_by_text("已报告，社区核实后更新台账。")).to_be_visible()
    phone.locator("summary[aria-label=我的账号]").click()
    look(phone, "phone-account")
    phone.get_by_role("button", name="退出登录").click()
    expect(phone.get_by_text("您已退出登录。")).to_be_visible()

    sign_in(desk, system, CLERK, "/registers/reports/")
    expect(desk.get_by_text("对门说上周搬来一家三口。")).to_be_visible()
    look(desk, "reports")
    press(desk, "核实", within="tr:has-text('对门说上周')")
    desk.fill("#dialog textarea[name=answer]", "已上门核实并登记租约。")
    submit(desk, "保存")
    expect(desk.get_by_text("对门说上周搬来一家三口。")).to_be_visible()
