"""Homes split and combined, and the codes at their doors (9.1.3-2-3)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from hezhi.chapters.grassroots.registers import queries
from hezhi.chapters.grassroots.registers.actions import (
    combine_homes,
    let_home,
    make_plates,
    move_in,
    set_owner,
    split_home,
)
from hezhi.chapters.grassroots.registers.actions.holding import Holder
from hezhi.chapters.grassroots.registers.models import Home, Household, Occupancy, Plate
from hezhi.chapters.grassroots.registers.rules import SplitPart, read_parts, split_fault
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import imports, site
from hezhi.engines.registry.models import ImportRun
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, NotNow, Refusal

pytestmark = pytest.mark.clause("9.1.3-2-3")
TODAY = time.today()
OWNER_PHONE = "13900001234"


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def lived_in(quarter):
    """A home with an owner from outside, a tenant, and two households."""
    by, home = quarter.by(quarter.clerk), quarter.homes()[0]
    set_owner(home.pk, Holder(name="黎砚样", phone=OWNER_PHONE), by=by, since=ago(900), share=Decimal(60))
    first, second, tenant = (quarter.person(n, name) for n, name in ((1, "林清样"), (2, "顾若样"), (3, "林屿样")))
    move_in(home.pk, first.pk, by=by, since=ago(400))
    move_in(home.pk, second.pk, by=by, since=ago(300))
    let_home(home.pk, Holder(resident_id=tenant.pk), by=by, since=ago(60))
    return home


def test_a_home_becomes_two_and_everybody_goes_on_in_one_of_them(quarter, lived_in) -> None:
    by = quarter.by(quarter.clerk)
    households = list(Household.objects.filter(home=lived_in).order_by("since"))
    tenancy = Occupancy.objects.get(home=lived_in, role="tenant")
    parts = read_parts("101A 45.5\n101B 44")
    one, two = split_home(
        lived_in.pk, parts, by=by, on=ago(10), goes={households[1].pk: "101B", tenancy.pk: "101B"}, reason="分户改造"
    )
    assert [(each.door, each.floor_area, each.people_count, each.use) for each in (one, two)] == [
        ("101A", Decimal("45.50"), 1, "own"), ("101B", Decimal("44.00"), 1, "let"),
    ]  # fmt: skip
    for home in (one, two):
        owner = Occupancy.objects.get(home=home, role="owner")
        assert (owner.outside_phone, owner.share, owner.since) == (OWNER_PHONE, Decimal(60), ago(10))
    homes_of_households = dict(Household.objects.filter(until__isnull=True).values_list("number", "home__door"))
    assert homes_of_households == {households[0].number: "101A", households[1].number: "101B"}
    assert Household.objects.filter(home=one, sole=True).exists(), "whoever is alone now has the home to himself"

    names = lambda home, day: {o.resident.person_name for o in queries.living_in(home, by=by, on=day)}  # noqa: E731
    assert names(lived_in.pk, ago(20)) == {"林清样", "顾若样"}, "a past day still knows the old home"
    assert (names(lived_in.pk, TODAY), names(one.pk, TODAY)) == (set(), {"林清样"})
    with pytest.raises(NotFound):
        move_in(lived_in.pk, quarter.person(9).pk, by=by, since=TODAY)


def test_an_old_address_is_found_and_leads_on_over_several_changes(quarter, lived_in) -> None:
    by, number = quarter.by(quarter.clerk), lived_in.number
    beside = Home.objects.get(building=quarter.building, entrance=1, door="102")
    one, two = split_home(lived_in.pk, [SplitPart("101A"), SplitPart("101B")], by=by, on=ago(10))
    made = combine_homes([two.pk, beside.pk], "102", by=by, on=ago(5))
    assert [home.door for home in queries.later_homes(lived_in.pk)] == ["101A", "102"]
    assert lived_in.pk in {home.pk for home in queries.find_homes(number, by=by)}
    assert (made.number, Home.objects.filter(number=made.number).count()) == (beside.number, 2)

    browser = quarter.browser(quarter.clerk)
    page = browser.get(f"/r/homes/{lived_in.pk}/").content.decode()
    assert "已拆分为 101A、101B" in page and f"/r/homes/{made.pk}/" in page
    assert "101A" in browser.get(f"/r/homes/{one.pk}/?tab=lineage").content.decode()
    with pytest.raises(NotNow):
        registry_actions.restore(site.get("homes"), lived_in.pk, by=by)
    assert quarter.browser(quarter.worker).get(f"/g/homes/{lived_in.pk}/").content.decode().count("102") >= 1


def test_a_sheet_means_the_home_that_stands_and_not_the_one_before(quarter) -> None:
    by = quarter.by(quarter.clerk)
    ids = [Home.objects.get(building=quarter.building, entrance=1, door=door).pk for door in ("101", "102")]
    made = combine_homes(ids, "101", by=by, on=ago(5))
    registry = site.get("homes")
    run = imports.Batch(registry, by, imports.lookups_of(registry, by))
    assert run._known_by_key([(quarter.building.pk, 1, "101")]) == {(quarter.building.pk, 1, "101"): made}
    assert ImportRun.objects.count() == 0


def test_homes_become_one_and_who_owned_both_owns_it_once(quarter) -> None:
    by, (one, two, *_) = quarter.by(quarter.clerk), quarter.homes()
    owner, other = quarter.person(1), quarter.person(2)
    for home in (one, two):
        set_owner(home.pk, Holder(resident_id=owner.pk), by=by, since=ago(500), share=Decimal(100))
    move_in(one.pk, owner.pk, by=by, since=ago(400))
    move_in(two.pk, other.pk, by=by, since=ago(300))
    made = combine_homes([one.pk, two.pk], "101", by=by, on=TODAY, floor_area=Decimal(120))
    assert (made.door, made.floor_area, made.people_count) == ("101", Decimal(120), 2)
    assert Occupancy.objects.filter(home=made, role="owner").count() == 1
    assert list(Household.objects.filter(home=made).values_list("sole", flat=True)) == [False, False]
    owner.refresh_from_db()
    assert owner.home_id == made.pk


@pytest.mark.parametrize(
    ("typed", "said"),
    [("101A", "2 至 20"), ("101A\n101A", "写了两次"), ("101A\n102", "102 已有"), ("101A 60\n101B 50", "大于原房屋")],
)
def test_a_plan_that_cannot_be_is_refused_in_words(typed: str, said: str) -> None:
    assert said in split_fault(read_parts(typed), Decimal(90), {"102"})


def test_a_day_that_contradicts_the_register_is_refused_and_changes_nothing(quarter, lived_in) -> None:
    by, parts = quarter.by(quarter.clerk), [SplitPart("101A"), SplitPart("101B")]
    for day in (ago(100), TODAY + timedelta(days=1)):
        with pytest.raises(BadInput):
            split_home(lived_in.pk, parts, by=by, on=day)
    assert Occupancy.objects.filter(home=lived_in, until__isnull=True).count() == 4
    with pytest.raises(NotAllowed):
        split_home(lived_in.pk, parts, by=quarter.by(quarter.worker), on=TODAY)
    with pytest.raises(NotFound):
        split_home(lived_in.pk, parts, by=quarter.by(quarter.neighbour), on=TODAY)


def test_whatever_is_split_and_combined_nobody_is_lost_or_lives_twice(quarter) -> None:
    by, people = quarter.by(quarter.clerk), [quarter.person(n) for n in (1, 2, 3, 4)]
    for home, person in zip(quarter.homes(), people, strict=False):
        move_in(home.pk, person.pk, by=by, since=ago(90))
    step = st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 20), st.integers(0, 30))

    @settings(max_examples=12, deadline=None, database=None)
    @given(steps=st.lists(step, max_size=6))
    def after_any_steps(steps: list[tuple[bool, int, int, int]]) -> None:
        with transaction.atomic():
            for n, (splits, one, two, back) in enumerate(steps):
                homes = quarter.building.homes.filter(removed_at__isnull=True).order_by("number", "pk")
                a, b = homes[one % len(homes)], homes[two % len(homes)]
                try:
                    if splits:
                        split_home(a.pk, [SplitPart(f"甲{n}"), SplitPart(f"乙{n}")], by=by, on=ago(back))
                    else:
                        combine_homes([a.pk, b.pk], f"合{n}", by=by, on=ago(back))
                except Refusal:
                    continue  # an impossible step is refused in words
            for person in people:
                person.refresh_from_db()
                (now,) = Occupancy.objects.filter(resident=person, role="lives", until__isnull=True)
                assert (person.home_id, now.home.removed_at) == (now.home_id, None)
                assert now.household.home_id == now.home_id
            counted = Home.objects.filter(building=quarter.building, removed_at__isnull=True)
            assert sum(home.people_count for home in counted) == len(people)
            transaction.set_rollback(True)

    after_any_steps()


# -- codes at doors ----------------------------------------------------------------------------------


def test_a_code_at_a_door_tells_a_stranger_the_address_only_and_leads_the_worker_in(quarter, lived_in) -> None:
    by = quarter.by(quarter.clerk)
    (plate,) = make_plates(by=by, homes=[lived_in.pk])
    assert make_plates(by=by, homes=[lived_in.pk]) == [], "a sign stays with its door"
    told = Client().get(f"/c/q/{plate.code}/").content.decode()
    assert lived_in.full_name in told and "/c/report/?address=" in told
    for secret in ("林清样", "顾若样", "黎砚样", OWNER_PHONE, "1990000", str(lived_in.pk), "自住", "出租"):
        assert secret not in told
    assert quarter.browser(quarter.worker).get(f"/c/q/{plate.code}/")["Location"] == f"/g/homes/{lived_in.pk}/"
    assert quarter.browser(quarter.neighbour).get(f"/c/q/{plate.code}/").status_code == 200
    assert Client().get("/c/q/AAAAAAAAAA/").status_code == 404

    split_home(lived_in.pk, [SplitPart("101A"), SplitPart("101B")], by=by, on=TODAY)
    assert "现为：" in Client().get(f"/c/q/{plate.code}/").content.decode()
    report = Client().get("/c/report/?address=样例花园3号楼1单元101").content.decode()
    assert 'value="样例花园3号楼1单元101"' in report


def test_a_building_prints_its_signs_once_made(quarter) -> None:
    browser, url = quarter.browser(quarter.clerk), f"/registers/buildings/{quarter.building.pk}/plates/"
    assert "制作缺少的 12 个" in browser.get(url).content.decode()
    page = browser.post(url, follow=True).content.decode()
    assert page.count("<svg") >= 12 and Plate.objects.count() == 12
    assert len(set(Plate.objects.values_list("code", flat=True))) == 12
    worker = quarter.browser(quarter.next_worker)
    assert worker.get(url).status_code == 404, "a building of another grid"
