"""9.1.3: care told at real screens: a file by its team, an emergency reading, a petition matter, the promises on /conformance."""

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.testkit.browser import picture
from hezhi.ground.time import real_now
from hezhi.wiring.places import CHECKOUT
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import press, sign_in, submit

SHOTS = CHECKOUT / "test-results" / "care"


def look(page: Page, name: str) -> None:
    """Keep a picture, and find nothing wrong with the page."""
    picture(page, SHOTS / f"{name}.png", full_page=True)
    assert accessibility_findings(page) == []


@pytest.mark.clause("9.1.3-2-6")
def test_a_worker_finds_his_files_and_writes_down_a_need(running_system: System, desk: Page) -> None:
    sign_in(desk, running_system, "grid_worker1", "/care/")
    expect(desk.locator("h1")).to_have_text("我的档案")
    look(desk, "my-files")
    desk.get_by_role("row", name=re.compile("示例甲")).get_by_role("link").click()
    expect(desk.locator("main")).to_contain_text("示例路 1 号")
    look(desk, "file")
    desk.get_by_role("link", name="需求", exact=True).click()
    press(desk, "登记需求", within="main")
    desk.locator("#dialog").get_by_label("哪一方面").select_option("medical")
    desk.locator("#dialog textarea").fill("想有人陪同去医院（示例）")
    look(desk, "need-dialog")
    submit(desk, "确定")
    expect(desk.locator("main")).to_contain_text("陪同去医院")
    look(desk, "needs")
    desk.get_by_role("link", name="查阅记录", exact=True).click()
    look(desk, "readers")
    desk.goto("/care/visits/")
    look(desk, "visits")


@pytest.mark.clause("9.1.3-2-6")
def test_the_same_on_the_phone(running_system: System, phone: Page) -> None:
    sign_in(phone, running_system, "grid_worker1", "/care/visits/")
    look(phone, "phone-visits")
    phone.goto("/care/")
    look(phone, "phone-my-files")


@pytest.mark.clause("9.1.3-2-7")
def test_the_duty_chief_breaks_the_glass_and_the_officer_hears_of_it(
    running_system: System, desk: Page, one_story_factors: None
) -> None:
    ((number,),) = running_system.sql(
        "select f.number from care_carefile f join care_programme p on p.id = f.programme_id where p.code = 'mental'"
    )
    sign_in(desk, running_system, "duty_chief1", "/care/glass/")
    code = _second_factor(desk)
    desk.goto("/care/glass/")
    desk.get_by_label("档案编号或完整的证件号码").fill(number)
    desk.get_by_label("紧急情形").select_option("missing")
    desk.get_by_label("为何紧急").fill("有人")
    desk.get_by_label("验证码").fill(code)
    desk.get_by_role("button", name="打开").click()
    expect(desk.locator("main")).to_contain_text("至少用 15 个字".replace("至少用", "至少"))
    look(desk, "glass-refused")
    desk.get_by_label("为何紧急").fill("示例丙在示例路走失，须马上联系家属（演示）")
    desk.get_by_label("验证码").fill(code)
    desk.get_by_role("button", name="打开").click()
    expect(desk.locator("h1")).to_contain_text("紧急查阅，只读")
    look(desk, "glass-open")
    sign_in(desk, running_system, "acceptor2", "/care/protection/", post="个人信息保护负责人")
    expect(desk.locator("main")).to_contain_text(number)
    look(desk, "protection")
    desk.goto("/care/programmes/")
    look(desk, "programmes")
    desk.get_by_role("link", name="健康关爱 A").click()
    look(desk, "programme")
    desk.goto("/care/requests/")
    look(desk, "requests")


@pytest.fixture
def one_story_factors(running_system: System) -> Iterator[None]:
    """A second factor set up in one story is taken down after it: the people of the demo serve the other stories too."""
    yield
    running_system.sql("delete from mfa_authenticator")


def _second_factor(page: Page) -> str:
    """Set up the authenticator as a person does; gives a code that has not been used."""
    page.goto("/accounts/2fa/totp/activate/")
    if page.locator("input[name=password]").count():
        pytest.fail("the page asks for the password again: the session is not fresh")
    found = re.search(r"<code>([A-Z2-7]+)</code>", page.content())
    assert found is not None
    step = int(real_now().timestamp()) // 30
    page.fill("input[name=code]", format_hotp_value(hotp_value(found[1], step)))
    page.press("input[name=code]", "Enter")
    page.wait_for_load_state("load")
    return format_hotp_value(hotp_value(found[1], step + 1))


@pytest.mark.clause("9.1.3-2-6")
def test_a_supervisor_reviews_and_the_petition_office_handles_matters(running_system: System, desk: Page) -> None:
    sign_in(desk, running_system, "supervisor1", "/care/desk/", post="帮扶督导人")
    look(desk, "desk")
    desk.goto("/care/new/")
    look(desk, "new-file")
    desk.goto("/care/")
    desk.get_by_role("row", name=re.compile("示例乙")).get_by_role("link").click()
    press(desk, "复核")
    desk.locator("#dialog textarea").fill("每月联系一次，冬季检查取暖（示例复核）")
    submit(desk, "确定")
    expect(desk.locator("main")).to_contain_text("示例复核")
    sign_in(desk, running_system, "caller1", "/r/petition-matters/", post="信访工作人员")
    look(desk, "petitions")
    desk.get_by_role("link", name="XF-示例-001").click()
    desk.get_by_role("link", name="办理", exact=True).click()
    options = desk.locator("select[name=office] option").all_text_contents()
    assert "区住房和城乡建设局" not in options and "区交通运输局" in options
    look(desk, "petition")
