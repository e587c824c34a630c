"""The small district with people who appraise and are appraised, over a known November."""

import pytest
from django.test import Client

from hezhi.chapters.cases.appraisal.api import load_tables
from hezhi.chapters.cases.intake.testkit import District
from hezhi.chapters.cases.statistics.testkit import Hands, here, readers
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role, Unit
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit
from hezhi.ground import time

OWN = ("appraisal.view", "appraisal.object")


@pytest.fixture
def november():
    """The clock stands at the first working morning of November."""
    with time.frozen_at("2026-11-02 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    """The district of statistics, with a manager and two reviewers in an office of their own."""
    district = readers()
    for role in Role.objects.filter(code__in=("handler", "reviewer", "town_dispatcher", "grid_worker")):
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *OWN}))
    office = make_unit("office", Unit.Kind.CENTRE, name="示例区考核办", order=200)
    district.units["office"] = office
    manages = ("cases.view", "appraisal.view", "appraisal.results", "appraisal.manage", "appraisal.score")
    reviews = ("cases.view", "appraisal.view", "appraisal.results", "appraisal.review", "appraisal.score")
    manager = make_role("manager", manages, reach=Role.Reach.DISTRICT, name="考核员")
    reviewer = make_role("objections", reviews, reach=Role.Reach.DISTRICT, name="复核员")
    for name, role in (("office.manager", manager), ("office.reviewer", reviewer), ("office.second", reviewer)):
        district.people[name] = make_officer(name, role, office, f"示例{name}")
    load_tables(by=system("测试"))
    return district


@pytest.fixture
def hands(district: District) -> Hands:
    return Hands(district)


@pytest.fixture
def as_(district: District):
    """`as_("office.manager")`: a browser in which this person has signed in."""
    return lambda name: enter(Client(), district.people[name])


@pytest.fixture
def month(hands, november, district) -> dict:
    """Light bureau: three cases on time and one late; water bureau: one that waits beyond its limit."""
    cases = {name: hands.report(title=f"路灯不亮{name}") for name in ("a", "b", "c", "late", "water")}
    november.move_to(here("2026-11-02 09:10"))
    for name, case in cases.items():
        hands.accept(case)
        hands.dispatch(case, "water" if name == "water" else "light")
        hands.sign(case)
    november.move_to(here("2026-11-04 10:00"))
    for name in ("a", "b", "c"):
        hands.reply(cases[name])
        hands.review(cases[name])
        hands.call(cases[name])
    november.move_to(here("2026-11-11 10:00"))
    hands.reply(cases["late"])
    hands.review(cases["late"])
    hands.call(cases["late"], happy=False)
    november.move_to(here("2026-12-01 09:00"))
    return cases
