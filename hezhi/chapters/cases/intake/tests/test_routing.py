"""9.1.2-2 派单目录: category, place, time and answers lead to a unit, and what is left out says why."""

from datetime import datetime, time

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.handling import actions, queries, rules
from hezhi.chapters.cases.handling.models import RoutingRule
from hezhi.chapters.cases.intake.testkit import FROM, District, build, case_of
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground import time as clock

pytestmark = pytest.mark.clause("9.1.2-2")
MINUTES = st.integers(0, 24 * 60 - 1)


def hm(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@given(MINUTES, MINUTES, MINUTES)
def test_a_moment_lies_in_a_span_or_in_the_rest_of_the_day_never_in_both(first: int, last: int, now: int) -> None:
    if first == last:
        return
    moment = time(now // 60, now % 60)
    assert rules.within(moment, f"{hm(first)}-{hm(last)}") != rules.within(moment, f"{hm(last)}-{hm(first)}")


@given(
    st.sampled_from(["", "working", "off"]),
    st.booleans(),
    st.dictionaries(st.just("冒烟"), st.sampled_from(["是", "否"])),
)
def test_a_rule_is_left_out_exactly_when_one_condition_fails(when: str, working: bool, answers: dict[str, str]) -> None:
    asked = rules.Conditions(when=when, question="冒烟", answer="是")
    why = rules.why_not(asked, now=datetime(2026, 3, 2, 9, tzinfo=clock.SHANGHAI), working=working, answers=answers)
    holds = (when != "working" or working) and (when != "off" or not working) and answers.get("冒烟") == "是"
    assert bool(why) != holds


@pytest.fixture
def district(db: None) -> District:
    """At night the water bureau takes lamps, and the house bureau those whose pole smokes."""
    with clock.frozen_at("2026-11-26 08:00"):
        district = build()
    traced()
    lamp = district.categories["0101"]
    common = {"category": lamp, "valid_from": FROM}
    RoutingRule.objects.create(unit=district.units["water"], when="off", basis="夜间联勤办法", **common)
    RoutingRule.objects.create(unit=district.units["house"], question="是否冒烟", answer="是", **common)
    return district


def test_time_and_answers_choose_the_unit_and_the_rest_says_why(district: District) -> None:
    with clock.frozen_at("2026-11-26 10:00"):
        case = case_of(district.report(answers={"是否冒烟": "否"}))
        actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
        case = queries.case_for(district["centre.dispatcher"], case.pk)
        assert [choice.unit.code for choice in queries.suggested_units(case)] == ["light", "town1"]
        page = enter(Client(), district.people["centre.dispatcher"]).get(f"/cases/{case.pk}/routing/").content.decode()
        assert "只用于非工作时间，现在是工作时间" in page and "这件答的是“否”" in page
    with clock.frozen_at("2026-11-26 23:00"):
        smoking = case_of(district.report(answers={"是否冒烟": "是"}))
        traced()
        smoking.category = district.categories["0101"]
        chosen = queries.suggested_units(smoking)
        assert {choice.unit.code for choice in chosen[:2]} == {"water", "house"} and chosen[2].unit.code == "light"
        assert any("非工作时间" in choice.reason and "夜间联勤办法" in choice.reason for choice in chosen)
