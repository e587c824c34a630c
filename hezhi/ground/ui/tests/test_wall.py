"""The hall screen: the stream, the flash, and the truth about a cut line."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.ui import examples
from hezhi.ground.ui.tests.site import Site, event

pytestmark = pytest.mark.browser


def test_a_new_row_comes_first_and_flashes(hall: Page, site: Site) -> None:
    hall.goto("/gallery/wall")
    row = {"id": "new", "at": "09:31", "text": "长江路街道 燃气泄漏", "url": "#", "level": 1}
    site.inbox.stream.append(event("rows", {"list": "live", "rows": [row]}))
    first = hall.locator(".live li").first
    expect(first).to_contain_text("燃气泄漏")
    expect(first).to_contain_text("红 I")
    expect(first).to_have_class("is-new")


def test_the_list_keeps_its_length_and_renews_what_it_knows(hall: Page, site: Site) -> None:
    hall.goto("/gallery/wall")
    rows = [{"id": f"n{i}", "at": "09:31", "text": f"事件 {i}", "url": "#"} for i in range(20)]
    site.inbox.stream.append(event("rows", {"list": "live", "rows": rows}))
    expect(hall.locator(".live li")).to_have_count(12)
    expect(hall.locator(".live li").first).to_contain_text("事件 0")
    site.inbox.stream.append(event("rows", {"list": "live", "rows": [{**rows[3], "text": "事件 3 已办结"}]}))
    expect(hall.locator(".live li").nth(3)).to_contain_text("已办结")
    expect(hall.locator(".live li")).to_have_count(12)


def test_a_text_of_the_stream_stays_a_text(hall: Page, site: Site) -> None:
    hall.goto("/gallery/wall")
    bad = "<img src=x onerror=alert(1)>"
    site.inbox.stream.append(
        event("rows", {"list": "live", "rows": [{"id": "x", "at": "09:31", "text": bad, "url": ""}]})
    )
    expect(hall.locator(".live li").first).to_contain_text(bad)


def test_figures_follow_the_stream(hall: Page, site: Site) -> None:
    hall.goto("/gallery/wall")
    site.inbox.stream.append(event("figures", {"new": "215"}))
    expect(hall.locator('[data-figure="new"]')).to_have_text("215")


def changed() -> dict[str, Any]:
    """What the house answers once something new has come."""
    known = [{**row, "level": 0} for row in examples.live_rows()]
    fresh = {"id": "fresh", "at": "09:32", "text": "长江路街道 刚刚上报", "url": "#"}
    return {"figures": {"new": 216}, "rows": [fresh, *known]}


def test_a_hint_of_change_makes_the_screen_ask(hall: Page, site: Site) -> None:
    with hall.expect_response("**/wall/figures.json"):
        hall.goto("/gallery/wall")
    site.inbox.figures = changed()
    site.inbox.stream.append(event("wall", {"ids": ["1"]}))
    expect(hall.locator('[data-figure="new"]')).to_have_text("216")
    expect(hall.locator(".live li").first).to_contain_text("刚刚上报")
    flashing = hall.locator(".live .is-new")
    expect(flashing).to_have_count(1)


def test_what_changed_while_the_screen_was_opening_is_asked_for(hall: Page, site: Site) -> None:
    site.inbox.figures = changed()
    hall.goto("/gallery/wall")
    expect(hall.locator('[data-figure="new"]')).to_have_text("216")
    expect(hall.locator(".live li").first).to_contain_text("刚刚上报")


def test_a_cut_line_says_since_when_and_heals(hall: Page, site: Site) -> None:
    site.inbox.stream.append(event("beat", {}))
    hall.goto("/gallery/wall")
    expect(hall.locator("[data-cut]")).to_be_hidden()
    site.inbox.stream_open = False
    expect(hall.locator("[data-cut]")).to_have_text(re.compile(r"数据中断自 \d\d:\d\d:\d\d"))
    site.inbox.stream_open = True
    expect(hall.locator("[data-cut]")).to_be_hidden(timeout=15_000)


def test_the_clock_shows_beijing_time(hall: Page) -> None:
    hall.goto("/gallery/wall")
    expect(hall.locator("[data-clock]")).to_have_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))
