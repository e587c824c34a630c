"""The small district, ready for each test of this room."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from hezhi.chapters.cases.intake.testkit import District, build, forget
from hezhi.ground.testkit.kept import kept


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[District]:
    """The district of all tests of a module; ask for `district`."""
    yield from kept(build, django_db_blocker)


@pytest.fixture
def district(made: District, db: None) -> District:
    """Two towns, six grids, units and people."""
    forget()
    return deepcopy(made)
