"""A small district and a platform that brings it matters."""

import pytest

from hezhi.channels.open_api.tests.world import Platform
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.connect import keys


@pytest.fixture
def district(db: None) -> District:
    """Two towns, six grids, units and people."""
    return build()


@pytest.fixture
def platform(district: District) -> Platform:
    """The invented hotline platform."""
    keys.forget()
    return Platform()
