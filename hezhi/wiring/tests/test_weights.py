"""What the real pages weigh on the wire (页面重量), with an empty cache: the running system, not the gallery."""

from playwright.sync_api import Page

from hezhi.ground.testkit.browser import counting_transfers
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import passwords, sign_in

KIB = 1024


def test_the_phone_report_page_is_light(phone: Page) -> None:
    with counting_transfers(phone) as told:
        phone.goto("/c/report/")
    assert told.bytes() <= 60 * KIB, told.table()
    assert len(told.requests) <= 8, told.table()


def test_the_list_of_cases_and_the_map_of_a_case_are_light(desk: Page, running_system: System) -> None:
    dispatcher = next(name for name in passwords(running_system) if "dispatcher" in name)
    sign_in(desk, running_system, dispatcher, "/r/cases/")
    desk.goto("about:blank")
    with counting_transfers(desk) as told:
        desk.goto("/r/cases/?size=50", wait_until="load")
    assert told.bytes() <= 200 * KIB, told.table()
    case = desk.locator("a[href^='/cases/']").first.get_attribute("href") or ""
    row = desk.locator("tbody a[href^='/cases/']").first.get_attribute("href") or case
    with counting_transfers(desk) as drawn:
        desk.goto(row, wait_until="load")
    assert drawn.bytes("Script") <= 200 * KIB, drawn.table()
