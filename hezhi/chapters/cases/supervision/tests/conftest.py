"""The small district with supervisors, a leader, a ladder and rules."""

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions as handling
from hezhi.chapters.cases.handling.api import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.chapters.cases.supervision.actions import load_tables
from hezhi.engines.org.actor import system
from hezhi.engines.org.models import Role, Unit
from hezhi.engines.org.testkit import enter, make_officer, make_role, make_unit, traced
from hezhi.ground import time

ANSWERS = ("supervision.view", "supervision.answer", "reach.inbox")
LEADS = ("cases.view", "supervision.view", "supervision.lead", "supervision.rules", "reach.inbox")


@pytest.fixture
def november():
    """The clock stands at a Thursday morning; the district is built under it."""
    with time.frozen_at("2026-11-26 09:00") as clock:
        yield clock


@pytest.fixture
def district(db: None, november) -> District:
    """Two supervisors of an office of their own, one who sits in the light bureau, and a district leader."""
    district = build()
    traced()
    for code in ("handler", "town_dispatcher", "dispatcher"):
        role = Role.objects.get(code=code)
        Role.objects.filter(pk=role.pk).update(permissions=sorted({*role.permissions, *ANSWERS}))
    office = make_unit("office", Unit.Kind.CENTRE, name="示例区督查室", order=200)
    supervisor = make_role("supervisor", LEADS, reach=Role.Reach.DISTRICT, name="督查员")
    leader = make_role(
        "district_leader", ("cases.view", "supervision.view", "supervision.instruct"), reach=Role.Reach.DISTRICT
    )
    district.units["office"] = office
    for name, role, unit in (
        ("office.supervisor", supervisor, office), ("office.second", supervisor, office),
        ("light.supervisor", supervisor, district.units["light"]), ("office.leader", leader, office),
    ):  # fmt: skip
        district.people[name] = make_officer(name, role, unit, f"示例{name}")
    load_tables(by=system("测试"))
    return district


@pytest.fixture
def as_(district: District):
    """`as_("office.leader")`: a browser in which this person has signed in."""
    return lambda name: enter(Client(), district.people[name])


@pytest.fixture
def case(district: District) -> Case:
    """A case that the light bureau and the water bureau work on; five working days."""
    receipt = district.report()
    handling.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    lead, assist = district.units["light"].pk, [district.units["water"].pk]
    return handling.dispatch(receipt.id, by=district["centre.dispatcher"], lead_id=lead, assist_ids=assist)
