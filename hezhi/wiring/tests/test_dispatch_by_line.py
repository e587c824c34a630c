"""9.1.3-1-1: an accepted case finds the professional grid over its place, and goes there by itself where a rule says so."""

import pytest

from hezhi.chapters.cases.handling.actions import accept
from hezhi.chapters.cases.handling.models import Case, RoutingRule
from hezhi.chapters.cases.handling.queries import left_out, suggested_units
from hezhi.chapters.cases.handling.registries import RoutingRules
from hezhi.chapters.cases.intake.testkit import FROM, District, build
from hezhi.chapters.grassroots.grids.models import GridDuty, GridKind
from hezhi.engines.flow.models import ToDo, WorkOrder
from hezhi.engines.geo.models import Area
from hezhi.engines.org.models import User
from hezhi.engines.org.testkit import traced
from hezhi.engines.reach.models import Outgoing
from hezhi.ground import time
from hezhi.ground.errors import BadInput

pytestmark = [pytest.mark.clause("9.1.3-1-1"), pytest.mark.django_db]


@pytest.fixture
def district() -> District:
    """The small district with a line 城市管理, whose grid covers the first basic grid only."""
    district = build()
    traced()
    line = GridKind.objects.create(
        code="city", name="城市管理", kind=Area.Kind.SPECIALISED, unit=district.units["house"], precedence=40
    )
    basic = district.areas["g11"]
    grid = Area.objects.create(
        code="s1", name="城管第1责任区", full_name="城管第1责任区", level="grid", kind=Area.Kind.SPECIALISED, line="city",
        parent=basic.town, town=basic.town, district_id=basic.district_id, shape=basic.shape, centre=basic.centre,
        valid_from=FROM,
    )  # fmt: skip
    district.areas["s1"] = grid
    GridDuty.objects.create(
        user=district.people["water.handler"], role="specialist", starts_on=FROM, grid=grid, town=basic.town,
        created_at=time.now(), changed_at=time.now(),
    )  # fmt: skip
    RoutingRule.objects.filter(category=district.categories["0101"]).update(line=line, automatic=True)
    return district


def accepted(district: District, **more: object) -> Case:
    receipt = district.report(**more)
    return accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)


def test_a_case_in_a_professional_grid_goes_to_its_unit_and_the_basic_grid_is_told(district: District) -> None:
    case = accepted(district)
    order = WorkOrder.objects.get(matter_id=case.pk)
    assert (case.state, case.lead_unit, order.unit) == ("to_sign", district.units["water"], district.units["water"])
    step = case.steps.get(verb="dispatch")
    assert (step.by_name, step.by_id) == ("自动派单", None)
    assert not ToDo.objects.filter(object_id=case.pk, step="dispatch", done_at=None).exists(), "nobody need dispatch it"
    told = Outgoing.objects.filter(event="cases.in_your_grid")
    assert {each.unit for each in told} == {district.units["grid11"]} and told[0].permission == "cases.sign"


def test_who_names_a_unit_while_accepting_is_not_overtaken(district: District) -> None:
    receipt = district.report()
    by, category = district["centre.acceptor"], district.categories["0101"].pk
    case = accept(receipt.id, by=by, category_id=category, by_itself=False)
    assert (case.state, WorkOrder.objects.count()) == ("to_dispatch", 0)


def test_a_rule_for_the_category_above_holds_for_those_below(district: District) -> None:
    RoutingRule.objects.update(category=district.categories["0101"].parent)
    assert accepted(district).lead_unit == district.units["water"]


def test_outside_every_professional_grid_a_person_dispatches_with_the_rule_s_own_unit_proposed(
    district: District,
) -> None:
    case = accepted(district, lon=120.015)
    assert (case.state, WorkOrder.objects.count()) == ("to_dispatch", 0)
    first = suggested_units(case)[0]
    assert (first.unit, first.automatic) == (district.units["light"], False)


def test_without_the_word_automatic_the_professional_grid_is_only_proposed(district: District) -> None:
    RoutingRule.objects.update(automatic=False)
    case = accepted(district)
    first = suggested_units(case)[0]
    assert (case.state, first.unit) == ("to_dispatch", district.units["water"])
    assert "城管第1责任区" in first.reason and "派单目录" in first.reason


def test_a_grid_with_a_unit_of_its_own_asks_that_and_an_empty_one_the_leading_unit(district: District) -> None:
    traced()
    GridDuty.objects.all().delete()
    assert accepted(district).lead_unit == district.units["house"]
    type(district.units["light"]).objects.filter(pk=district.units["light"].pk).update(area=district.areas["s1"])
    assert accepted(district, title="另一处").lead_unit == district.units["light"]


def test_secret_cases_and_those_about_a_unit_wait_for_a_person(district: District) -> None:
    assert accepted(district, secret=True).state == "to_dispatch"
    receipt = district.report(title="反映单位")
    Case.objects.filter(pk=receipt.id).update(barred_unit=district.units["water"])
    case = accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    assert case.state == "to_dispatch" and district.units["water"] not in {c.unit for c in suggested_units(case)}


def test_only_a_rule_with_a_line_may_dispatch_by_itself(district: District) -> None:
    rule = RoutingRule(category=district.categories["0102"], automatic=True, valid_from=FROM)
    with pytest.raises(BadInput, match="专业条线"):
        RoutingRules().check(rule, district["centre.dispatcher"])


def test_where_nobody_could_sign_a_case_is_taken_up_all_the_same_and_waits_for_a_person(district: District) -> None:
    traced()
    User.objects.filter(pk=district.people["water.handler"].pk).update(is_active=False)
    case = accepted(district)
    assert (case.state, WorkOrder.objects.count()) == ("to_dispatch", 0)
    assert (district.units["water"].name, "暂无签收人") in left_out(case)
