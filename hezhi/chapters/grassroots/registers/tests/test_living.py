"""Moving, owning, letting: dated, never two at once, and readable for any day (9.1.3-2-3, 9.1.3-2-4)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.actions import (
    decide_report,
    end_holding,
    generate_homes,
    let_home,
    move_in,
    move_out,
    name_head,
    report_change,
    set_owner,
)
from hezhi.chapters.grassroots.registers.actions.holding import Holder
from hezhi.chapters.grassroots.registers.models import ChangeReport, Home, Household, Occupancy, Resident
from hezhi.chapters.grassroots.registers.rules import DoorStyle, Span, plan_flats
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow, Refusal

TODAY = time.today()


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.clause("9.1.3-2-3")
def test_flats_are_made_once(quarter) -> None:
    plan = plan_flats(2, 1, 3, 2, DoorStyle.FLOOR)
    assert len(quarter.homes()) == 12
    assert generate_homes(quarter.building.pk, plan, by=quarter.by(quarter.clerk)) == 0
    home = quarter.homes()[0]
    assert home.full_name == "样例花园3号楼1单元101"
    assert home.number == f"{quarter.building.code}-1-101"
    assert (home.grid_id, home.use) == (quarter.grid.pk, "unverified")


@pytest.mark.clause("9.1.3-2-4")
def test_a_family_moves_in_and_the_card_of_a_past_day_shows_the_old_members(quarter) -> None:
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    head, wife, son = (quarter.person(n, name) for n, name in ((1, "林清样"), (2, "顾若样"), (3, "林屿样")))
    first = move_in(home.pk, head.pk, by=by, since=ago(400))
    for person, relation in ((wife, "10"), (son, "20")):
        move_in(home.pk, person.pk, by=by, since=ago(300), household_id=first.household_id, relation=relation)
    move_out(son.pk, by=by, until=ago(100))
    home.refresh_from_db()
    assert (home.people_count, home.use) == (2, "own")
    names = lambda day: {o.resident.person_name for o in queries.living_in(home.pk, by=by, on=day)}  # noqa: E731
    assert names(ago(350)) == {"林清样"}
    assert names(ago(200)) == {"林清样", "顾若样", "林屿样"}
    assert names(TODAY) == {"林清样", "顾若样"}
    son.refresh_from_db()
    assert (son.state, son.home_id, son.community_id) == ("moved", None, quarter.community.pk)


@pytest.mark.clause("9.1.3-2-4")
def test_moving_on_ends_the_former_home_the_same_day(quarter) -> None:
    by, (one, two, *_) = quarter.by(quarter.clerk), quarter.homes()
    person = quarter.person(1)
    move_in(one.pk, person.pk, by=by, since=ago(90))
    move_in(two.pk, person.pk, by=by, since=ago(30))
    past = queries.homes_of(person.pk, by=by)
    assert [(o.home_id, o.since, o.until) for o in past] == [(two.pk, ago(30), None), (one.pk, ago(90), ago(30))]
    assert Household.objects.get(home=one).until == ago(30), "an empty household is closed"
    with pytest.raises(NotNow):
        move_in(two.pk, person.pk, by=by, since=ago(10))
    with pytest.raises(BadInput):
        move_in(one.pk, person.pk, by=by, since=ago(60))
    with pytest.raises(BadInput):
        move_in(one.pk, person.pk, by=by, since=TODAY + timedelta(days=3))


@pytest.mark.clause("9.1.3-2-4")
def test_a_household_that_loses_its_head_gets_the_eldest_left(quarter) -> None:
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    head, other = quarter.person(30), quarter.person(2)
    moved = move_in(home.pk, head.pk, by=by, since=ago(90))
    move_in(home.pk, other.pk, by=by, since=ago(80), household_id=moved.household_id, relation="10")
    move_out(head.pk, by=by, until=TODAY, end_reason="04")
    household = Household.objects.get(pk=moved.household_id)
    head.refresh_from_db()
    assert (household.head_id, household.until, head.state) == (other.pk, None, "deceased")
    with pytest.raises(NotNow):
        move_in(home.pk, head.pk, by=by, since=TODAY)
    with pytest.raises(NotNow):
        move_out(head.pk, by=by, until=TODAY)


@pytest.mark.clause("9.1.3-2-4")
def test_another_member_can_become_head(quarter) -> None:
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    head, wife = quarter.person(1), quarter.person(2)
    moved = move_in(home.pk, head.pk, by=by, since=ago(90))
    move_in(home.pk, wife.pk, by=by, since=ago(80), household_id=moved.household_id, relation="10")
    name_head(moved.household_id, wife.pk, by=by)
    relations = dict(Resident.objects.filter(household=moved.household_id).values_list("pk", "relation"))
    assert relations == {wife.pk: "02", head.pk: ""}
    with pytest.raises(BadInput):
        name_head(moved.household_id, quarter.person(4).pk, by=by)


@pytest.mark.clause("9.1.3-2-4")
def test_two_households_in_one_home_are_no_longer_sole(quarter) -> None:
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    for n in (1, 2):
        move_in(home.pk, quarter.person(n).pk, by=by, since=ago(90 - n))
    assert list(Household.objects.filter(home=home).values_list("sole", flat=True)) == [False, False]


@pytest.mark.clause("9.1.3-2-4")
def test_a_household_entered_late_shares_its_days_with_one_that_has_ended_since(quarter) -> None:
    by, (one, two, *_) = quarter.by(quarter.clerk), quarter.homes()
    first, second = quarter.person(1), quarter.person(2)
    move_in(two.pk, first.pk, by=by, since=ago(31))
    move_in(one.pk, first.pk, by=by, since=TODAY)
    move_in(two.pk, second.pk, by=by, since=ago(27))
    assert list(Household.objects.filter(home=two).values_list("sole", flat=True)) == [False, False]


@pytest.mark.clause("9.1.3-2-4")
def test_whatever_is_asked_nobody_lives_in_two_homes_and_no_two_sole_households_overlap(quarter) -> None:
    homes, people = quarter.homes()[:4], [quarter.person(n) for n in (1, 2, 3)]
    by = quarter.by(quarter.clerk)
    step = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 60), st.booleans())

    @settings(max_examples=15, deadline=None, database=None)
    @given(steps=st.lists(step, max_size=8))
    def after_any_steps(steps: list[tuple[int, int, int, bool]]) -> None:
        with transaction.atomic():
            for who, where, back, leaves in steps:
                try:
                    if leaves:
                        move_out(people[who].pk, by=by, until=ago(back))
                    else:
                        move_in(homes[where].pk, people[who].pk, by=by, since=ago(back))
                except Refusal:
                    continue  # an impossible day or step is refused in words, and changes nothing
            _nothing_overlaps(people, homes)
            transaction.set_rollback(True)

    after_any_steps()


def _nothing_overlaps(people: list[Resident], homes: list[Home]) -> None:
    for person in people:
        spans = [Span(o.since, o.until) for o in Occupancy.objects.filter(resident=person, role="lives")]
        assert not any(a.meets(b) for n, a in enumerate(spans) for b in spans[n + 1 :])
        person.refresh_from_db()
        now = Occupancy.objects.filter(resident=person, role="lives", until__isnull=True).first()
        assert person.home_id == (now.home_id if now else None)
    for home in homes:
        spans = [Span(h.since, h.until) for h in Household.objects.filter(home=home, sole=True)]
        assert not any(a.meets(b) for n, a in enumerate(spans) for b in spans[n + 1 :])
        home.refresh_from_db()
        assert home.people_count == Occupancy.objects.filter(home=home, role="lives", until__isnull=True).count()


@pytest.mark.clause("9.1.3-2-4")
def test_the_database_itself_refuses_two_homes_at_once(quarter) -> None:
    by, (one, two, *_) = quarter.by(quarter.clerk), quarter.homes()
    person = quarter.person(1)
    move_in(one.pk, person.pk, by=by, since=ago(90))
    from hezhi.engines.org.testkit import traced

    traced()
    with pytest.raises(IntegrityError), transaction.atomic():
        Occupancy.objects.create(home=two, resident=person, role="lives", since=ago(10), entered_at=time.now())


@pytest.mark.clause("9.1.3-2-3")
def test_a_home_is_let_and_the_tenancy_ends(quarter) -> None:
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    tenant = quarter.person(1)
    set_owner(home.pk, Holder(name="黎砚样", phone="13900001234"), by=by, since=ago(900))
    row = let_home(home.pk, Holder(resident_id=tenant.pk), by=by, since=ago(60), contract_until=TODAY, rental_use="02")
    people = [quarter.person(n) for n in (2, 3)]
    moved = move_in(home.pk, tenant.pk, by=by, since=ago(60))
    for person in people:
        move_in(home.pk, person.pk, by=by, since=ago(60), household_id=moved.household_id, relation="80")
    home.refresh_from_db()
    assert (home.use, home.people_count) == ("let", 3)
    for person in (tenant, *people):
        move_out(person.pk, by=by, until=ago(2))
    end_holding(row.pk, by=by, until=ago(2))
    home.refresh_from_db()
    assert (home.use, home.people_count) == ("empty", 0)
    assert len(queries.history_of_home(home.pk, by=by, on=ago(30))) == 5
    assert [o.role for o in queries.history_of_home(home.pk, by=by, on=TODAY)] == ["owner"]
    with pytest.raises(NotNow):
        end_holding(row.pk, by=by, until=TODAY)


@pytest.mark.clause("9.1.3-2-3")
def test_shares_never_pass_the_whole_and_a_sale_ends_the_owners_before(quarter) -> None:
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    for name, share in (("林样一", 60), ("林样二", 40)):
        holder = Holder(name=name.replace("一", "甲").replace("二", "乙"))
        set_owner(home.pk, holder, by=by, since=ago(90), share=Decimal(share), alone=False)
    with pytest.raises(BadInput):
        set_owner(home.pk, Holder(name="林样丙"), by=by, since=ago(80), share=Decimal(1), alone=False)
    set_owner(home.pk, Holder(name="沈样丁"), by=by, since=ago(10))
    assert Occupancy.objects.filter(home=home, role="owner", until__isnull=True).count() == 1
    with pytest.raises(BadInput):
        set_owner(home.pk, Holder(name="3", phone="12"), by=by, since=TODAY)


@pytest.mark.clause("9.1.3-2-4")
def test_somebody_from_another_community_moves_with_his_whole_id_number(quarter) -> None:
    away = quarter.person(7, "温棠样", by=quarter.neighbour)
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    assert queries.resident_by_id_number(away.id_number, by=by) is None
    with pytest.raises(NotFound):
        move_in(home.pk, away.pk, by=by, since=TODAY)
    move_in(home.pk, away.pk, by=by, since=TODAY, id_number=away.id_number)
    assert queries.resident_by_id_number(away.id_number, by=by) == away
    assert queries.resident_by_id_number(away.id_number, by=quarter.by(quarter.neighbour)) is None


@pytest.mark.clause("9.1.3-2-3")
def test_a_report_changes_nothing_until_the_community_has_looked(quarter) -> None:
    worker, clerk, home = quarter.by(quarter.worker), quarter.by(quarter.clerk), quarter.homes()[0]
    report = report_change(home.pk, by=worker, kind="new_tenant", text="搬来两人", id=home.pk)
    assert report_change(home.pk, by=worker, kind="new_tenant", text="搬来两人", id=home.pk) == report
    home.refresh_from_db()
    assert (home.use, ChangeReport.objects.count()) == ("unverified", 1)
    with pytest.raises(NotAllowed):
        decide_report(report.pk, by=worker, true=True)
    with pytest.raises(BadInput):
        decide_report(report.pk, by=clerk, true=False)
    decide_report(report.pk, by=clerk, true=True)
    with pytest.raises(NotNow):
        decide_report(report.pk, by=clerk, true=True)
    with pytest.raises(BadInput):
        report_change(home.pk, by=worker, kind="other")
    with pytest.raises(NotFound):
        report_change(home.pk, by=quarter.by(quarter.next_worker), kind="empty")


@pytest.mark.clause("9.1.3-2-1")
def test_what_is_not_empty_is_not_removed(quarter) -> None:
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    person = quarter.person(1)
    move_in(home.pk, person.pk, by=by, since=ago(9))
    for slug, row in (
        ("compounds", quarter.compound), ("buildings", quarter.building), ("homes", home), ("residents", person),
    ):  # fmt: skip
        with pytest.raises(NotNow):
            registry_actions.remove(site.get(slug), row.pk, by=by, reason="样例")


@pytest.mark.clause("9.1.3-2-1")
def test_a_compound_gets_another_name_and_its_homes_follow(quarter) -> None:
    by = quarter.by(quarter.clerk)
    registry_actions.change(site.get("compounds"), quarter.compound.pk, {"name": "样例新苑"}, by=by, only={"name"})
    assert quarter.homes()[0].full_name == "样例新苑3号楼1单元101"
