"""Chromium for tests (浏览器测试): a desk, a phone, and what a page may weigh.

A page that throws a script error or breaks its own content security policy fails its test, whatever
else the test looked at.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = "Pixel 7"
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a microphone that hums: no machine of tests has one
    "--use-fake-ui-for-media-stream",  # and nobody there to allow it
]
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The lightest first: the shell has no window to draw, which is two thirds of the browser's own work."""
STILL = 1_500  # milliseconds
PATIENCE = 15_000  # milliseconds; two cores may be busy with other tests


def phone_profile(devices: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The phone, painted at one dot to the pixel unless pictures are asked for: the same page for a seventh of the painting."""
    profile = {name: value for name, value in devices[PHONE].items() if name != "default_browser_type"}
    return profile if _pictures_wanted() else profile | {"device_scale_factor": 1}


def launch(playwright: Playwright) -> Browser:
    """The machine's Chromium, or the one Playwright brought where there is none."""
    return playwright.chromium.launch(executable_path=_executable(), args=FLAGS)


def _executable() -> str | None:
    told = os.environ.get("HEZHI_CHROMIUM")
    found = (shutil.which(name) for name in PROGRAMS)
    return told or next((path for path in found if path), None)


@contextmanager
def page_on(browser: Browser, base_url: str, profile: dict[str, Any], shots: Path) -> Iterator[Page]:
    """A page in a fresh context; after a fault its picture lies in `shots`."""
    context = browser.new_context(
        base_url=base_url, locale="zh-CN", timezone_id="Asia/Shanghai", ignore_https_errors=True, **profile
    )
    context.set_default_timeout(PATIENCE)
    page, faults = context.new_page(), []
    _listen(context, faults)
    try:
        yield page
        assert not faults, "the page has faults of its own:\n" + "\n".join(faults)
    except BaseException:
        _picture(page, shots)
        raise
    finally:
        context.close()


def _listen(context: BrowserContext, faults: list[str]) -> None:
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on(
        "console",
        lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None,
    )


def _picture(page: Page, shots: Path) -> None:
    shots.parent.mkdir(parents=True, exist_ok=True)
    try:
        page.screenshot(path=shots.with_suffix(".png"), full_page=True)
        shots.with_suffix(".html").write_text(page.content())
    except Exception as error:  # the page may be gone; the test's own failure matters more
        shots.with_suffix(".txt").write_text(f"no picture: {error}")


def picture(page: Page, path: Path | str, *, full_page: bool = False) -> None:
    """Keep a picture for the eye, where HEZHI_PICTURES=1 asks for them: no test looks at it, and it costs its time.

    With or without a picture the page has come when this is over: a click is over when the next page has only begun.
    """
    page.wait_for_load_state("load")
    if _pictures_wanted():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(STILL)  # maps draw, and fly where they were sent
        page.screenshot(path=path, full_page=full_page)


def _pictures_wanted() -> bool:
    return os.environ.get("HEZHI_PICTURES") == "1"


@dataclass
class Transfers:
    """What the browser fetched, counted by Chromium's own protocol: requests, and bytes on the wire."""

    requests: list[tuple[str, str]] = field(default_factory=list)  # (kind, address)
    sizes: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # id: (kind, address, bytes)

    def bytes(self, kind: str = "") -> int:
        """Bytes of all transfers, or of one kind (Script, Stylesheet, Image, Document, XHR, Fetch)."""
        return sum(size for what, _, size in self.sizes.values() if not kind or what == kind)

    def table(self) -> str:
        """The transfers, the heaviest first, for the message of a failing test."""
        rows = sorted(self.sizes.values(), key=lambda row: -row[2])
        return "\n".join(f"{size:>9,d} {kind:<10} {address}" for kind, address, size in rows)


@contextmanager
def counting_transfers(page: Page) -> Iterator[Transfers]:
    """Count what the page fetches inside the block, with an empty cache."""
    counted, session, kinds = Transfers(), page.context.new_cdp_session(page), {}

    def asked(event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            kinds[event["requestId"]] = (event.get("type", ""), event["request"]["url"])
            counted.requests.append(kinds[event["requestId"]])

    def arrived(event: dict[str, Any]) -> None:
        if event["requestId"] in kinds:
            kind, address = kinds[event["requestId"]]
            counted.sizes[event["requestId"]] = (kind, address, int(event["encodedDataLength"]))

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", arrived)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    yield counted
    page.wait_for_load_state("networkidle")
    session.detach()
