"""People of the demo district at their screens (故事里的人): signing in, opening dialogs, pressing what an officer presses."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from hezhi.wiring.system import System


def passwords(system: System) -> dict[str, str]:
    """Login name → password, from the file that only the installation's owner can read."""
    lines = (Path(system.home) / "demo-accounts.txt").read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[0]: line.split("\t")[1] for line in lines if "\t" in line}


_sessions: dict[tuple[str, str, str, int], list[Any]] = {}
"""The cookies of a session by system, person, post and width of the page: a person comes in by the door once."""


def sign_in(page: Page, system: System, login_name: str, to: str = "/", *, post: str = "") -> Page:
    """Sign in as one of the demo people, signing the one before out; `post` is the title of another of his posts.

    Whoever was here before takes up his session, while it lasts: a new one would end it.
    """
    page.goto("about:blank")  # no stream of the page before may answer into the fresh session
    page.context.clear_cookies()
    who = (system.url, login_name, post, (page.viewport_size or {"width": 0})["width"])
    if _sessions.get(who):
        page.context.add_cookies(_sessions[who])
        page.goto(to)
        if "/accounts/" not in page.url:
            return page
        page.context.clear_cookies()
    _through_the_door(page, system, login_name, "/" if post else to)
    if post:
        take_post(page, post)
        page.goto(to)
    _sessions[who] = page.context.cookies()
    return page


def _through_the_door(page: Page, system: System, login_name: str, to: str) -> None:
    page.goto(f"/accounts/login/?next={to}")
    page.fill("input[name=login]", login_name)
    page.fill("input[name=password]", passwords(system)[login_name])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile(r"^(?!.*login).*$"))
    assert "/2fa/" not in page.url, f"{login_name} has a second factor that an earlier story left behind"
    if to != "/" and not page.url.endswith(to):  # a post may have to be chosen first
        page.goto(to)


def take_post(page: Page, post: str) -> None:
    """Switch to another of one's posts (换岗)."""
    page.locator("header summary").click()
    page.locator("header").get_by_role("button", name=re.compile(post)).click()
    page.wait_for_load_state("load")


def press(page: Page, name: str, *, within: str = "body") -> None:
    """Open the dialog of a step by its button."""
    page.locator(within).get_by_role("link", name=name, exact=True).first.click()
    expect(page.locator("#dialog[open]")).to_be_visible()


def submit(page: Page, name: str) -> None:
    """Send the open dialog and wait until the next page has come: the dialog closes as soon as the step is done."""
    page.evaluate("() => { window.thePageBefore = true; }")
    page.locator("#dialog").get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#dialog[open]")).to_have_count(0)
    page.wait_for_function("() => !window.thePageBefore")
    page.wait_for_load_state("load")


def order_box(page: Page, unit: str) -> str:
    """The box of a unit's newest work order on the case page, as a selector."""
    return f"section.order:has(b:text-is('{unit}')) >> nth=-1"
