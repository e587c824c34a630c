"""People of the demo district at their screens (故事里的人): signing in, opening dialogs, pressing what an officer presses."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from hezhi.wiring.system import System


def passwords(system: System) -> dict[str, str]:
    """Login name → password, from the file that only the installation's owner can read."""
    lines = (Path(system.home) / "demo-accounts.txt").read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[0]: line.split("\t")[1] for line in lines if "\t" in line}


def sign_in(page: Page, system: System, login_name: str, to: str = "/") -> Page:
    """Sign in as one of the demo people, signing the one before out."""
    page.goto("about:blank")  # no stream of the page before may answer into the fresh session
    page.context.clear_cookies()
    page.goto(f"/accounts/login/?next={to}")
    page.fill("input[name=login]", login_name)
    page.fill("input[name=password]", passwords(system)[login_name])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile(r"^(?!.*login).*$"))
    assert "/2fa/" not in page.url, f"{login_name} has a second factor that an earlier story left behind"
    if to != "/" and not page.url.endswith(to):  # a post may have to be chosen first
        page.goto(to)
    return page


def press(page: Page, name: str, *, within: str = "body") -> None:
    """Open the dialog of a step by its button."""
    page.locator(within).get_by_role("link", name=name, exact=True).first.click()
    expect(page.locator("#dialog[open]")).to_be_visible()


def submit(page: Page, name: str) -> None:
    """Send the open dialog and wait until the page behind it has changed."""
    page.locator("#dialog").get_by_role("button", name=name, exact=True).click()
    expect(page.locator("#dialog[open]")).to_have_count(0)
    page.wait_for_load_state("load")


def order_box(page: Page, unit: str) -> str:
    """The box of a unit's newest work order on the case page, as a selector."""
    return f"section.order:has(b:text-is('{unit}')) >> nth=-1"
