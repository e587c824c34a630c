"""9.1.2-1: an acceptor looks up how far the suggested categories can be trusted."""

import pytest
from playwright.sync_api import Page, expect

from hezhi.ground.testkit.accessibility import accessibility_findings
from hezhi.wiring.system import System
from hezhi.wiring.tests.stories.people import sign_in


@pytest.mark.clause("9.1.2-1")
def test_the_model_behind_the_suggestions_shows_its_figures_and_its_limits(desk: Page, running_system: System) -> None:
    sign_in(desk, running_system, "acceptor1", "/cases/model/")
    expect(desk.get_by_role("heading", name="类别模型", exact=True)).to_be_visible()
    expect(desk.get_by_role("region", name="混淆情况").get_by_role("row")).to_have_count(8)
    expect(desk.get_by_text("最常见的误判")).to_contain_text("误为")
    expect(desk.get_by_text("局限：")).to_be_visible()
    assert accessibility_findings(desk) == []
    for width in (1440, 390):
        desk.set_viewport_size({"width": width, "height": 900})
        assert desk.evaluate("document.documentElement.scrollWidth") <= width, "wide tables scroll in their own frame"
        assert accessibility_findings(desk) == []
