"""The small district with readers of statistics, under a clock that can be moved."""

import pytest
from django.test import Client

from hezhi.chapters.cases.intake.testkit import District
from hezhi.chapters.cases.statistics.testkit import readers
from hezhi.engines.org.testkit import enter
from hezhi.ground import time


@pytest.fixture
def november():
    """The clock stands at the first working morning of November."""
    with time.frozen_at("2026-11-02 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    """Readers of the whole district, of a town, of a department; the plans of reports."""
    return readers()


@pytest.fixture
def as_(district: District):
    """`as_("centre.duty_chief")`: a browser in which this person has signed in."""
    return lambda name: enter(Client(), district.people[name])
