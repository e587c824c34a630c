"""The small district with readers of statistics, under a clock that can be moved."""

import pytest
from django.test import Client

from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.chapters.cases.statistics.api import load_tables
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time

READERS = ("duty_chief", "town_dispatcher", "handler", "reviewer")


@pytest.fixture
def november():
    """The clock stands at the first working morning of November."""
    with time.frozen_at("2026-11-02 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    """Readers of the whole district, of a town, of a department; the plans of reports."""
    district = build()
    traced()
    for role in Role.objects.filter(code__in=READERS):
        Role.objects.filter(pk=role.pk).update(
            permissions=sorted({*role.permissions, "statistics.view", "statistics.plans", "reach.inbox"})
        )
    load_tables(by=system("测试"))
    return district


@pytest.fixture
def as_(district: District):
    """`as_("centre.duty_chief")`: a browser in which this person has signed in."""
    return lambda name: enter(Client(), district.people[name])
