"""The browser fixtures see what they are there to see (浏览器测试工具)."""

import pytest

from hezhi.ground.testkit import browser
from hezhi.ground.testkit.tests.conftest import SCRIPT

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("path", "word"), [("/inline", "Content Security Policy"), ("/broken", "坏了")])
def test_a_page_with_faults_of_its_own_fails_its_test_and_leaves_a_picture(open_page, tmp_path, path, word):
    with pytest.raises(AssertionError, match=word), open_page() as page:
        page.goto(path)
        page.wait_for_load_state("networkidle")
    assert (tmp_path / "shot.png").exists()


def test_what_a_page_weighs_is_counted_on_the_wire(open_page):
    with open_page() as page:
        with browser.counting_transfers(page) as fetched:
            page.goto("/heavy")
        scripts = [address for kind, address in fetched.requests if kind == "Script"]
        assert [address.rpartition("/")[2] for address in scripts] == ["heavy.js"]
        assert len(SCRIPT) < fetched.bytes("Script") < len(SCRIPT) + 600
        assert fetched.bytes() > fetched.bytes("Script")
        assert "heavy.js" in fetched.table()


def test_the_phone_is_a_phone(chromium, open_page):
    with open_page(browser.phone_profile(chromium.devices)) as page:
        page.goto("/good")
        assert page.evaluate("innerWidth") < 1000
        assert "Mobile" in page.evaluate("navigator.userAgent")
