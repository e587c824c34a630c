"""9.1.4 态势感知 at real screens, on some hundred messages that came in through the door of intake (`appeals`).

What many people report becomes an event, a warning, an answer; the situation counts what the sheets hold; an analyst's model
is built on them. Where the public appeals lie beside the project these are the messages, and more is asked of the outcome.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground import time
from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.wiring import system as systems
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.appeals import MANY_TOLD, Appeal, appeals, hand_over
from hezhi.wiring.tests.stories.people import passwords, press, sign_in, submit

pytestmark = pytest.mark.xdist_group("awareness")  # one system for the three stories, on one core
SHOTS = Path(CHECKOUT / "test-results" / "awareness")


@pytest.fixture(scope="module")
def running_system(database_server: tuple[str, str], database_name: str) -> Iterator[System]:
    """The demo district once more, for these messages alone."""
    kept = Path(os.environ["HEZHI_TEST_HOME"])
    with systems.running_system(*database_server, f"{database_name}_told", kept) as running:
        yield running


@pytest.fixture(scope="module")
def told(running_system: System, tmp_path_factory: pytest.TempPathFactory) -> list[Appeal]:
    """The messages, taken in and grouped, the watch gone its round."""
    found = appeals(running_system)
    hand_over(running_system, found, tmp_path_factory.mktemp("sheets"))
    return found


def look(page: Page, name: str) -> None:
    """Keep a picture for the eye, and let the machine look for barriers."""
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert accessibility_findings(page) == [], name


def of_the_sheets(told: list[Appeal]) -> str:
    """A condition of SQL: cases that these sheets brought."""
    return "outside_number in ({})".format(", ".join(f"'{each.number}'" for each in told))


def warned_of(system: System) -> tuple[str, str, str]:
    """The open warning with most messages, its event, and somebody of a unit that it was pushed to."""
    rows = system.sql(
        "select w.id, w.event_id, p.login_name from early_warning_warning w join org_post t on t.unit_id = any(w.units)"
        " join org_role r on r.id = t.role_id join org_holding h on h.post_id = t.id and h.valid_to is null"
        " join org_user p on p.id = h.user_id"
        " where w.state = 'open' and w.event_id is not null and r.permissions::text like '%%warnings.acknowledge%%'"
        " and p.login_name = any(%s) order by w.members desc, w.number, p.login_name limit 1", list(passwords(system)),
    )  # fmt: skip
    return rows[0]


def members(system: System, event: str) -> list[tuple[str, str, str | None]]:
    """Of each case in an event: its number outside, its channel, the case it was merged into."""
    return system.sql(
        "select c.outside_number, c.source, c.merged_into_id::text from analysis_eventmessage m"
        " join handling_case c on c.id = m.key where m.event_id = %s", event,
    )  # fmt: skip


def is_what_people_know(page: Page, inside: set[str], told: list[Appeal]) -> None:
    """Of the public appeals: the event is the matter that people call by one name, and it is beyond chance."""
    known = {each.number for each in told if each.event == MANY_TOLD}
    assert len(inside & known) > 0.9 * max(len(known), len(inside))
    expect(page.locator("main")).to_contain_text(re.compile(r"最近 3 天 \d+ 人反映.*超出偶然波动（"))


@pytest.mark.clause("9.1.4-1")
def test_what_many_tell_becomes_an_event_is_warned_of_made_one_case_and_judged(
    running_system: System, told: list[Appeal], desk: Page, phone: Page
) -> None:
    warning, event, login = warned_of(running_system)
    sign_in(desk, running_system, "acceptor1", "/warnings/events/")
    expect(desk.locator("h1")).to_contain_text("聚合事件")
    look(desk, "events")
    desk.goto(f"/warnings/events/{event}/")
    main = desk.locator("main")
    expect(main).to_contain_text(re.compile(r"热度 [\d.]+：共 \d+ 件、\d+ 人反映"))
    expect(desk.locator("canvas").first).to_be_visible()
    inside = members(running_system, event)
    assert len(inside) > 2 and len({channel for _, channel, _ in inside}) > 1
    expect(desk.locator("input[name=messages]")).to_have_count(len(inside))
    expect(desk.locator(".card", has_text="成员").locator("p.soft").first).to_contain_text(
        re.compile(r"\d+ 件，.+ \d+ 件")
    )
    if any(each.event == MANY_TOLD for each in told):
        is_what_people_know(desk, {number for number, *_ in inside}, told)
    look(desk, "event")
    press(desk, "命名", within=".page-actions")
    look(desk, "event-rename")
    desk.get_by_role("button", name="取消").click()
    desk.locator("input[name=messages]").nth(0).check()
    desk.get_by_label("移到").select_option("new")
    desk.get_by_role("button", name="移动").click()
    expect(main).to_contain_text("已拆出 1 件")
    desk.get_by_role("button", name="撤销").first.click()
    expect(main).to_contain_text("已撤销")

    sign_in(phone, running_system, login, f"/warnings/{warning}/")
    look(phone, "phone-warning")
    press(phone, "签收预警", within=".page-actions")
    phone.locator("#dialog").get_by_label("措施").fill("已派人到场核实（演示）")
    look(phone, "phone-acknowledge")
    submit(phone, "签收")

    desk.goto(f"/warnings/events/{event}/")
    press(desk, "并案办理", within=".page-actions")
    look(desk, "event-one-case")
    desk.locator("#dialog").get_by_role("button", name="并案办理", exact=True).click()
    expect(main).to_contain_text(re.compile(r"已把 \d+ 件并入主件"), timeout=60_000)  # each by a verb of its own
    assert sum(into is not None for *_, into in members(running_system, event)) > sum(
        into is not None for *_, into in inside
    )
    look(desk, "event-merged")

    press(phone, "评判", within=".page-actions")
    phone.locator("#dialog").get_by_label("报对了").check()
    submit(phone, "评判")
    expect(phone.locator("main")).to_contain_text("报对了")
    # A unit opens an event when it may open one of its cases; otherwise the warning alone tells it.
    told_of = phone.get_by_role("link", name="查看事件").count()
    answer = phone.goto(f"/warnings/events/{event}/")
    assert answer and answer.ok == bool(told_of)
    look(phone, "phone-event")
    sign_in(desk, running_system, "duty_chief1", f"/warnings/{warning}/")
    look(desk, "warning")
    desk.goto("/r/warnings/")
    look(desk, "warnings")
    desk.goto("/r/warning-models/")
    look(desk, "models")
    desk.get_by_role("link", name="同一事件短时集中反映").click()
    desk.get_by_role("link", name="试运行").click()
    expect(desk.locator("main")).to_contain_text("会预警")
    look(desk, "model-tried")
    desk.get_by_role("link", name="修改", exact=True).click()
    look(desk, "model-edit")


def shown(page: Page, label: str) -> int:
    """A figure of the page as a number."""
    return int(re.sub(r"\D", "", page.locator(".figure", has_text=label).first.locator("b").inner_text()))


@pytest.mark.clause("9.1.4-2-1")
def test_the_situation_counts_what_the_sheets_hold_and_opens_it(
    running_system: System, told: list[Appeal], desk: Page, phone: Page
) -> None:
    days = Counter(each.at.date() for each in told)
    last = max(days)
    first = last - timedelta(days=29)
    in_time = [each for each in told if first <= each.at.date()]
    ((others,),) = running_system.sql(
        "select count(*) from handling_case where not secret and state <> 'void' and received_at >= %s and received_at < %s"
        f" and not ({of_the_sheets(told)})", time.at_local(first), time.at_local(last + timedelta(days=1)),
    )  # fmt: skip
    period = f"first={first}&last={last}"
    sign_in(desk, running_system, "duty_chief1", f"/situation/?{period}")
    expect(desk.locator("canvas").nth(1)).to_be_visible()
    assert shown(desk, "诉求") == len(in_time) + others
    expect(desk.locator("main")).to_contain_text("天气来源：演示数据（虚构，不是实测）")
    expect(desk.locator("[data-chart] canvas").first).to_be_visible()
    words = desk.locator(".card", has_text="热词").locator("li")
    word = words.first.inner_text().split()[0]
    assert sum(word in each.title for each in in_time) >= 3
    look(desk, "situation")
    desk.locator(".figure", has_text="诉求").first.click()
    expect(desk.locator("main")).to_contain_text(f"{len(in_time) + others:,}")
    look(desk, "situation-list")
    for channel in ("hotline", "online_media"):
        one_day = max(days, key=lambda day: (days[day], day))
        desk.goto(f"/situation/?first={one_day}&last={one_day}&source={channel}")
        ((others,),) = running_system.sql(
            "select count(*) from handling_case where not secret and state <> 'void' and source = %s and received_at >= %s"
            f" and received_at < %s and not ({of_the_sheets(told)})",
            channel, time.at_local(one_day), time.at_local(one_day + timedelta(days=1)),
        )  # fmt: skip
        assert shown(desk, "诉求") == sum(e.channel == channel and e.at.date() == one_day for e in told) + others
    desk.goto("/situation/?first=2026-09-14&last=2026-10-13")
    expect(desk.locator("main")).to_contain_text("绿底为节假日，灰底为调休上班")
    look(desk, "situation-holidays")
    desk.locator("#main").get_by_role("link", name="逐日气象").click()
    expect(desk.locator("main")).to_contain_text("虚构")
    look(desk, "weather-days")
    desk.goto(f"/situation/?{period}")
    desk.get_by_label("管理单元").select_option("grid")
    desk.get_by_role("button", name="查询").click()
    line = desk.get_by_role("region", name="排名").locator("tr:has(a)").first
    many = int(line.locator("td").nth(0).inner_text())
    line.get_by_role("link").click()
    expect(desk.locator("main")).to_contain_text(f"{many}")
    desk.goto("/r/situation-templates/")
    look(desk, "templates")
    desk.get_by_role("link", name="社区月度态势（示例）").click()
    expect(desk.get_by_role("button", name="立即生成报告")).to_be_visible()
    desk.goto("/r/situation-reports/")
    look(desk, "reports")
    desk.locator("a[data-open]").first.click()
    look(desk, "report")
    desk.set_viewport_size({"width": 1920, "height": 1080})
    desk.goto("/wall/situation/?turn=600")
    expect(desk.locator("canvas").first).to_be_visible()
    expect(desk.locator("[data-turn] > .card:visible")).to_have_count(1)
    look(desk, "wall-situation")
    sign_in(phone, running_system, "duty_chief1", f"/situation/?{period}")
    look(phone, "phone-situation")


@pytest.mark.clause("9.1.4-2-2")
def test_an_analyst_builds_a_model_sees_how_far_it_may_be_trusted_and_lets_it_run_daily(
    running_system: System, told: list[Appeal], desk: Page, phone: Page
) -> None:
    sign_in(desk, running_system, "duty_chief1", "/r/situation-models/")
    look(desk, "analysis-models")
    desk.locator(".page-actions").get_by_role("link", name="登记分析模型").click()
    desk.get_by_label("模型名称").fill("诉求突变（演示）")
    desk.get_by_label("用途").fill("诉求突然增多时提前安排人手（演示）")
    desk.get_by_label("方法").select_option("breaks")
    desk.get_by_label("每天运行").check()
    look(desk, "analysis-new")
    desk.get_by_role("button", name="保存").first.click()
    desk.goto("/r/situation-models/")
    desk.get_by_role("link", name="诉求突变（演示）").click()
    expect(desk.locator("main")).to_contain_text("这个模型还没有运行过")
    desk.get_by_role("button", name="立即运行").click()
    expect(desk.locator("main")).to_contain_text("可靠性")
    look(desk, "analysis-breaks")
    desk.get_by_role("button", name="发布").click()
    expect(desk.locator("h1")).to_contain_text("已发布")
    press(desk, "接收单位", within=".page-actions")
    desk.locator("#dialog").get_by_role("checkbox").first.check()
    submit(desk, "保存")
    ((name, day, receivers),) = running_system.sql(
        "select name, next_on, cardinality(receivers) from situation_model where method = 'breaks' and name like '诉求突变%%'"
    )
    assert (day, receivers) == (time.today() + timedelta(days=1), 1), name
    desk.goto("/r/situation-models/")
    desk.get_by_role("link", name="变化来源（示例）").click()
    desk.get_by_role("button", name="立即运行").click()
    expect(desk.locator("main")).to_contain_text("可靠性")
    look(desk, "analysis-shares")
    desk.goto("/r/situation-models/")
    desk.get_by_role("link", name="来件预测（示例）").click()
    desk.get_by_role("button", name="立即运行").click()
    expect(desk.locator("main")).to_contain_text("已运行")
    look(desk, "analysis-forecast")
    desk.goto("/r/situation-models/")
    desk.get_by_role("link", name="空间热点（示例）").click()
    desk.get_by_role("button", name="立即运行").click()
    expect(desk.locator("main")).to_contain_text("Getis-Ord")
    expect(desk.locator("canvas").first).to_be_visible()
    look(desk, "analysis-spots")
    hot = desk.url
    desk.goto("/r/warning-models/")
    desk.get_by_role("link", name="空间热点即报（示例）").click()
    expect(desk.locator("main")).to_contain_text("有新发现（空间热点）")
    look(desk, "model-of-discoveries")
    desk.get_by_role("link", name="试运行").click()
    expect(desk.locator("main")).to_contain_text("按当时已登记的数据重算")
    look(desk, "model-of-discoveries-tried")
    sign_in(phone, running_system, "duty_chief1", "/r/situation-models/")
    phone.goto(hot)
    look(phone, "phone-spots")
