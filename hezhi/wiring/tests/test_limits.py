"""The forbidden things (禁止清单): forty-three patches that cross a limit are refused by name; their innocent neighbours are not.

Patches with a `probe` change how the software behaves; the care room's own tests lay them on (test_probes).
"""

import pytest

from hezhi.wiring.limits import LIMITS, everywhere, world
from hezhi.wiring.limits.guards import check_limits
from hezhi.wiring.tests.forbidden_house import FORBIDDEN, INNOCENT, Patch, laid_over, only, patches

pytestmark = [pytest.mark.clause("9.1.3-2-6"), pytest.mark.clause("9.1.3-2-7"), pytest.mark.clause("12.3-1")]

ALL = patches(FORBIDDEN)
STATIC = [patch for patch in ALL if not patch.probe]


@pytest.fixture(scope="module")
def house():
    """The house as it stands, looked at once."""
    return world()


def test_each_limit_has_three_patches_that_cross_it_or_more():
    counted = {limit: sum(p.limit == limit for p in ALL) for limit in LIMITS}
    assert min(counted.values()) >= 3, counted


def test_the_house_itself_crosses_no_limit(house):
    assert [str(finding) for finding in everywhere(house)] == []


@pytest.mark.parametrize("patch", STATIC, ids=lambda patch: patch.name)
def test_a_patch_that_crosses_a_limit_is_refused_by_name(house, patch: Patch):
    with laid_over(house, patch) as changed:
        found = only(everywhere(changed), patch.limit)
    assert found, f"{patch.name} ({patch.story}) went through"
    assert str(found[0]).startswith(f"{patch.limit}（{LIMITS[patch.limit]}）：")


@pytest.mark.parametrize("patch", patches(INNOCENT), ids=lambda patch: patch.name)
def test_an_innocent_neighbour_stays_green(house, patch: Patch):
    with laid_over(house, patch) as changed:
        assert [str(finding) for finding in everywhere(changed)] == []


def test_the_program_does_not_start_with_a_crossed_limit(house, monkeypatch):
    from hezhi.wiring.limits import guards

    with laid_over(house, next(p for p in ALL if p.name == "P01-a")) as changed:
        monkeypatch.setattr(guards, "world", lambda: changed)
        (message,) = check_limits(None)
    assert message.is_serious() and "P1" in message.msg and "care.CareFile.risk" in message.msg
