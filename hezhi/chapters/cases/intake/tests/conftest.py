"""The small district, ready for each test of this room."""

import pytest

from hezhi.chapters.cases.intake.testkit import District, build


@pytest.fixture
def district(db: None) -> District:
    """Two towns, six grids, units and people."""
    return build()
