"""In which order the tests run (测试顺序)."""

import pytest

from hezhi.wiring.testrun import GROUPS


def test_the_quick_groups_run_first(request: pytest.FixtureRequest):
    """Nothing waits for the migrations while there are tests that need no database; other plugins sort the tests too."""
    places = [
        max((GROUPS.index(mark.name) + 1 for mark in item.iter_markers() if mark.name in GROUPS), default=0)
        for item in request.session.items
    ]
    assert places == sorted(places)


def test_a_test_of_the_browser_has_a_browser(request: pytest.FixtureRequest):
    """A desk may be a person of the test's own as well; then it is no test of the browser and waits for none."""
    marked = [item for item in request.session.items if item.get_closest_marker("browser")]
    assert [item.nodeid for item in marked if "chromium" not in item.fixturenames] == []
