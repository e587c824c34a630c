"""How the pages look and weigh, in a real browser: accessibility, rows in sight, bytes on the wire."""

import pytest
from playwright.sync_api import Browser, Page

from hezhi.ground.testkit import browser
from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.ground.ui import pages
from hezhi.ground.ui.tests.site import Site

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
WALL = {"viewport": {"width": 1920, "height": 1080}}
SHELLED = [name for name in pages.PATTERNS if name != "dialog-form"]


def profile_of(name: str) -> dict:
    return PHONE if name.startswith("phone") else WALL if name == "wall" else browser.DESK


@pytest.mark.parametrize("name", SHELLED)
def test_nothing_stands_in_anybodys_way(name: str, chromium: Browser, site: Site, tmp_path) -> None:
    """In the usual size, and in the large one: the same page with one class more."""
    site.fresh()
    with browser.page_on(chromium, site.origin, profile_of(name), tmp_path / name) as page:
        page.goto(f"/gallery/{name}")
        page.wait_for_load_state("load")
        for size in ("standard", "elder"):
            page.evaluate("size => document.documentElement.classList.toggle('elder', size === 'elder')", size)
            assert accessibility_findings(page) == [], size
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"the page scrolls sideways ({size})"


def test_a_class_without_its_rules_is_noticed(officer: Page) -> None:
    officer.goto("/gallery/list")
    officer.evaluate("document.querySelector('main').classList.add('accordion')")
    assert accessibility_findings(officer) == ["the build leaves out the rules of class accordion"]


def test_a_dialog_stands_in_nobodys_way(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.get_by_role("link", name="催办").click()
    officer.locator("dialog[open] textarea").wait_for()
    assert accessibility_findings(officer) == []


def test_sixteen_rows_are_in_sight(officer: Page) -> None:
    officer.goto("/gallery/list")
    seen = officer.evaluate(
        """() => {
          const box = document.querySelector('.table-wrap').getBoundingClientRect();
          return [...document.querySelectorAll('tr[data-row]')].filter((row) => {
            const { top, bottom } = row.getBoundingClientRect();
            return top >= box.top && bottom <= Math.min(box.bottom, innerHeight);
          }).length;
        }"""
    )
    assert seen >= 16


@pytest.mark.parametrize(("elder", "finger", "type_size"), [(False, 44, 17), (True, 60, 22)])
def test_a_finger_finds_its_target(elder: bool, finger: int, type_size: int, pocket: Page, site: Site) -> None:
    if elder:
        pocket.context.add_cookies([{"name": "elder", "value": "1", "url": site.origin}])
    pocket.goto("/gallery/phone-report")
    heights = pocket.evaluate(
        """() => [...document.querySelectorAll('button, .kind, .form-control, .photo-add')]
          .filter((one) => one.offsetParent).map((one) => [one.textContent.trim(), one.getBoundingClientRect().height])"""
    )
    assert [one for one in heights if one[1] < finger] == []
    assert float(pocket.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")) == type_size


def test_the_large_view_is_one_press_away_and_stays(pocket: Page) -> None:
    pocket.goto("/gallery/phone-list")
    pocket.get_by_role("button", name="大字").click()
    pocket.reload()
    assert "elder" in pocket.locator("html").get_attribute("class")
    pocket.get_by_role("button", name="标准").click()
    pocket.reload()
    assert "elder" not in pocket.locator("html").get_attribute("class")


def test_the_report_page_is_light(pocket: Page) -> None:
    with browser.counting_transfers(pocket) as told:
        pocket.goto("/gallery/phone-report")
        pocket.wait_for_function("() => document.documentElement.dataset.ready")
    assert told.bytes() <= 60 * 1024, told.table()
    assert len(told.requests) <= 8, told.table()


def test_the_list_page_is_light(officer: Page) -> None:
    with browser.counting_transfers(officer) as told:
        officer.goto("/gallery/list")
    assert told.bytes() <= 200 * 1024, told.table()


@pytest.mark.parametrize("name", ["parts", "map-editor"])
def test_the_script_of_a_map_is_light(name: str, officer: Page) -> None:
    with browser.counting_transfers(officer) as told:
        officer.goto(f"/gallery/{name}")
    assert told.bytes("Script") <= 200 * 1024, told.table()


def test_paper_shows_the_case_and_not_the_menu(officer: Page) -> None:
    officer.goto("/gallery/detail")
    officer.emulate_media(media="print")
    assert officer.locator(".side").is_hidden()
    assert officer.locator(".page-actions").is_hidden()
    assert officer.get_by_text("更换灯头四只").is_visible()


def test_nothing_on_the_wall_is_too_small_to_read(hall: Page) -> None:
    hall.goto("/gallery/wall")
    small = hall.evaluate(
        """() => [...document.querySelectorAll('body *')]
          .filter((one) => one.offsetParent && [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
          .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 14)
          .map((one) => one.textContent.trim())"""
    )
    assert small == []
    assert hall.evaluate("document.documentElement.scrollHeight") <= 1080
