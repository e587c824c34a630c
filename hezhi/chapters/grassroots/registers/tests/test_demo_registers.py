"""The invented registers of the demo district (演示登记簿), loaded into an empty house."""

import pytest

from hezhi.chapters.grassroots.registers import demo
from hezhi.chapters.grassroots.registers.models import Home, Household, Resident
from hezhi.chapters.grassroots.registers.tests.conftest import square
from hezhi.engines.org.testkit import make_unit, traced
from hezhi.engines.registry.contract import forget_who_made_this
from hezhi.ground.identifiers import check_resident_id

pytestmark = pytest.mark.clause("9.1.3-2-4")


def test_the_demo_registers_hold_to_their_own_rules(db) -> None:
    traced()
    district = square("9", "district", 120.0, 0.4)
    town = square("901", "town", 120.0, 0.4, district)
    for n in (1, 2, 3):
        community = square(f"901{n}", "community", 119.9 + n / 10, 0.1, town)
        for g in (1, 2):
            square(f"901{n}{g}", "grid", 119.9 + n / 10 + g / 30, 0.03, community)
        make_unit(f"901{n}", "community", area=community)

    forget_who_made_this()
    demo.load()
    demo.load()
    assert 1_300 <= Home.objects.count() <= 1_600
    assert 2_400 <= Resident.objects.count() <= 3_600
    cards = [p.id_number for p in Resident.objects.filter(id_type="111").only("id_number")]
    assert len(set(cards)) == len(cards)
    assert all(check_resident_id(number).ok and number.startswith("999999") for number in cards)
    assert not Household.objects.filter(head__isnull=True).exists()
    longest = max(len(p.person_name) for p in Resident.objects.only("person_name"))
    assert longest >= 9, "long names stand in the demo, so that screens are tried with them"
