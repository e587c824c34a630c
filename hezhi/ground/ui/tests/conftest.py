"""Fixtures of the kit's browser tests: its own small site, a desk and a phone on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page

from hezhi.ground.testkit import browser
from hezhi.ground.ui.tests import settings as alone
from hezhi.ground.ui.tests.site import Site

SHOTS = Path("test-results") / "ui"


@pytest.fixture(autouse=True)
def kit_by_itself(settings) -> None:
    """No context processor of the project: a page of the kit must not need the floors above."""
    settings.TEMPLATES = alone.TEMPLATES


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The style page and a server that can misbehave."""
    assert finders.find("hezhi/desk.js"), "The front end is not built: run `npm ci && npm run build` first."
    running = Site()
    yield running
    running.close()


def _shots(request: pytest.FixtureRequest) -> Path:
    return SHOTS / re.sub(r"[^\w.-]+", "-", request.node.name)


@pytest.fixture
def officer(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A desk of 1440×900 on the style page."""
    site.fresh()
    with browser.page_on(chromium, site.origin, browser.DESK, _shots(request)) as page:
        yield page


@pytest.fixture
def pocket(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone of 390×844 on the style page."""
    site.fresh()
    profile = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with browser.page_on(chromium, site.origin, profile, _shots(request)) as page:
        yield page


@pytest.fixture
def hall(chromium: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A hall screen of 1920×1080 on the style page."""
    site.fresh()
    profile = {"viewport": {"width": 1920, "height": 1080}}
    with browser.page_on(chromium, site.origin, profile, _shots(request)) as page:
        yield page
