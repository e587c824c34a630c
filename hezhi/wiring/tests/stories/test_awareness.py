"""9.1.4 态势感知 at real screens: what many people report becomes an event, a warning, an answer."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.browser import accessibility_findings, picture
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import press, sign_in, submit

SHOTS = Path(CHECKOUT / "test-results" / "awareness")


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert accessibility_findings(page) == [], name


def receiver(system: System) -> tuple[str, str]:
    """An open warning, and somebody of a unit that it was pushed to."""
    ((warning, login),) = system.sql(
        "select w.id, p.login_name from early_warning_warning w join org_post t on t.unit_id = any(w.units)"
        " join org_role r on r.id = t.role_id join org_holding h on h.post_id = t.id and h.valid_to is null"
        " join org_user p on p.id = h.user_id"
        " where w.state = 'open' and r.permissions::text like '%%warnings.acknowledge%%' and not p.must_change_password"
        " order by w.level, w.number, p.login_name limit 1"
    )
    return warning, login


def write_hot_ground(system: System) -> None:
    """The demo's own field is even: what hot ground looks like is written into its finding as the model would write it."""
    system.sql("""
        begin;
        select set_config('pghistory.context_id', gen_random_uuid()::text, true), set_config('pghistory.context_metadata', '{}', true);
        with near as (
          select a.id, a.town_id, t.name || a.name as name, row_number() over (order by a.centre <-> c.centre) as n from geo_area a
          join geo_area t on t.id = a.town_id, (select centre from geo_area where level = 'community' order by code limit 1) c
          where a.level = 'community' and a.kind = 'basic' and a.valid_to is null),
        told as (select id, name, case when n < 5 then '新热点' when n < 8 then '热点' else '冷点' end as word, n from near where n < 10)
        update situation_finding f set content = jsonb_build_object(
          'spots', (select jsonb_agg(jsonb_build_array(id, name, 12 - n, word) order by n) from told),
          'rows', (select jsonb_agg(jsonb_build_array(name, 12 - n, 30 - n, 9.5, round((4.2 - n / 3.0)::numeric, 2), word) order by n)
                   from told))
        from situation_model m where m.id = f.model_id and m.method = 'spots';
        commit""")


@pytest.mark.clause("9.1.4-1")
def test_many_reports_become_an_event_that_is_warned_of_and_dealt_with(
    running_system: System, desk: Page, phone: Page
) -> None:
    sign_in(desk, running_system, "acceptor1", "/warnings/events/")
    expect(desk.locator("h1")).to_contain_text("聚合事件")
    look(desk, "events")
    desk.locator("a[data-open]").first.click()
    expect(desk.locator("main")).to_contain_text("同一人只计一次")
    expect(desk.locator("canvas").first).to_be_visible()
    look(desk, "event")
    press(desk, "命名", within=".page-actions")
    look(desk, "event-rename")
    desk.get_by_role("button", name="取消").click()
    boxes = desk.locator("input[name=messages]")
    boxes.nth(0).check()
    desk.get_by_label("移到").select_option("new")
    desk.get_by_role("button", name="移动").click()
    expect(desk.locator("main")).to_contain_text("已拆出 1 件")
    look(desk, "event-split")
    desk.get_by_role("button", name="撤销").first.click()
    expect(desk.locator("main")).to_contain_text("已撤销")

    sign_in(desk, running_system, "duty_chief1", "/r/warnings/")
    look(desk, "warnings")
    desk.goto("/r/warning-models/")
    look(desk, "models")
    desk.get_by_role("link", name="同一事件短时集中反映").click()
    desk.get_by_role("link", name="试运行").click()
    expect(desk.locator("main")).to_contain_text("会预警")
    look(desk, "model-tried")
    desk.get_by_role("link", name="修改", exact=True).click()
    look(desk, "model-edit")

    warning, login = receiver(running_system)
    sign_in(phone, running_system, login, f"/warnings/{warning}/")
    look(phone, "phone-warning")
    press(phone, "签收预警", within=".page-actions")
    phone.locator("#dialog").get_by_label("措施").fill("已派人到场核实（演示）")
    look(phone, "phone-acknowledge")
    submit(phone, "签收")
    press(phone, "评判", within=".page-actions")
    phone.locator("#dialog").get_by_label("报对了").check()
    submit(phone, "评判")
    expect(phone.locator("main")).to_contain_text("报对了")
    sign_in(desk, running_system, login, f"/warnings/{warning}/")
    look(desk, "warning")


@pytest.mark.clause("9.1.4-2-1", "9.1.4-2-2")
def test_the_situation_is_read_narrowed_reported_and_modelled(running_system: System, desk: Page, phone: Page) -> None:
    sign_in(desk, running_system, "duty_chief1", "/situation/")
    expect(desk.locator("canvas").nth(1)).to_be_visible()
    desk.get_by_role("link", name="最近 30 天").click()
    expect(desk.locator("canvas").nth(1)).to_be_visible()
    look(desk, "situation")
    desk.get_by_label("管理单元").select_option("grid")
    desk.get_by_role("button", name="查询").click()
    expect(desk.locator("main")).to_contain_text("网格")
    desk.goto("/r/situation-templates/")
    look(desk, "templates")
    desk.get_by_role("link", name="社区月度态势（示例）").click()
    expect(desk.get_by_role("button", name="立即生成报告")).to_be_visible()
    desk.goto("/r/situation-reports/")
    look(desk, "reports")
    desk.locator("a[data-open]").first.click()
    look(desk, "report")
    desk.goto("/r/situation-models/")
    look(desk, "analysis-models")
    desk.get_by_role("link", name="变化来源（示例）").click()
    expect(desk.locator("main")).to_contain_text("可靠性")
    look(desk, "analysis-shares")
    desk.goto("/r/situation-models/")
    desk.get_by_role("link", name="来件预测（示例）").click()
    desk.get_by_role("button", name="立即运行").click()
    expect(desk.locator("main")).to_contain_text("已运行")
    look(desk, "analysis-forecast")
    write_hot_ground(running_system)
    desk.goto("/r/situation-models/")
    desk.get_by_role("link", name="空间热点（示例）").click()
    expect(desk.locator("main")).to_contain_text("Getis-Ord")
    expect(desk.locator("canvas").first).to_be_visible()
    look(desk, "analysis-spots")
    hot = desk.url
    desk.goto("/r/warning-models/")
    desk.get_by_role("link", name="空间热点即报（示例）").click()
    expect(desk.locator("main")).to_contain_text("有新发现（空间热点）")
    look(desk, "model-of-discoveries")
    desk.set_viewport_size({"width": 1920, "height": 1080})
    desk.goto("/wall/situation/?turn=600")
    expect(desk.locator("canvas").first).to_be_visible()
    expect(desk.locator("[data-turn] > .card:visible")).to_have_count(1)
    look(desk, "wall-situation")
    sign_in(phone, running_system, "duty_chief1", "/situation/")
    look(phone, "phone-situation")
    phone.goto(hot)
    look(phone, "phone-spots")
