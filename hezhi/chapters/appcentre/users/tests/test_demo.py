"""The demo district: every unit of a small ground has people, and the roster has no empty hour."""

from datetime import timedelta

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon

from hezhi.chapters.appcentre.users import demo
from hezhi.engines.geo.models import Area
from hezhi.engines.org.api import Unit, User, gaps, holders_of, next_to_call, on_duty, unit_for, unit_tree, units_for
from hezhi.engines.org.testkit import PASSWORD, actor, traced
from hezhi.ground import time

pytestmark = pytest.mark.django_db


def square(code, name, level, parent=None):
    shape = MultiPolygon(Polygon.from_bbox((120, 35.8, 120.1, 35.9)), srid=4326)
    above = parent.ancestors() if parent else {}
    return Area.objects.create(
        code=code, name=name, full_name=name, level=level, parent=parent, shape=shape, centre=shape.centroid,
        valid_from=time.today(), **{f"{k}_id": v for k, v in above.items() if k != "grid"},
    )  # fmt: skip


@pytest.fixture
def ground():
    """A district with two towns, each with a community of two grids."""
    traced()
    district = square("9", "海风区", "district")
    for t in (1, 2):
        town = square(f"90{t}", "听潮街道" if t == 1 else "望岛镇", "town", district)
        community = square(f"90{t}1", f"潮声{t}社区", "community", town)
        for g in (1, 2):
            square(f"90{t}1A{g}", f"潮声{t}社区第{g}网格", "grid", community)
    return Area.objects.all()


@pytest.fixture
def accounts(ground):
    return demo.load()


def test_each_seed_role_has_an_account_that_can_sign_in(client, accounts, settings):
    settings.DEMO = True
    told = {login.rstrip("0123456789") for login, *_ in accounts}
    assert told == {
        "acceptor", "dispatcher", "town_dispatcher", "handler", "reviewer", "grid_worker", "caller", "duty_chief",
        "supervisor", "district_leader", "system_admin", "security_admin", "audit_admin", "data_keeper",
    }  # fmt: skip
    login, name, unit, _, password = accounts[0]
    assert password != PASSWORD
    client.post("/accounts/login/", {"login": login, "password": password})
    page = client.get("/account/").content.decode()
    assert name in page
    assert unit in page


def test_the_others_hold_posts_but_cannot_sign_in(accounts):
    told = {login for login, *_ in accounts}
    silent = User.objects.exclude(login_name__in=told)
    assert silent.exists()
    assert not any(user.has_usable_password() for user in silent)
    assert all(2 <= len(user.full_name) <= 10 for user in User.objects.all())


def test_no_department_town_or_community_is_without_somebody_to_sign_for_it(accounts):
    for unit in Unit.objects.filter(kind__in=["department", "outside", "town", "community"]):
        assert holders_of("cases.sign", unit), unit


def test_a_second_load_changes_nothing(accounts):
    before = User.objects.count()
    assert demo.load() == []
    assert User.objects.count() == before


def test_the_roster_has_no_empty_hour_at_the_centre(accounts):
    centre = Unit.objects.get(kind="centre")
    now = time.now()
    assert gaps(centre, now - timedelta(days=6), now + timedelta(days=29)) == []
    assert [shift.rank for shift in on_duty(centre, now)] == [1, 2]
    assert next_to_call(centre, now, now).user.login_name.startswith("duty_chief")


def test_units_answer_for_their_ground(accounts):
    grid = Area.objects.get(code="9021A2")
    found = {kind: unit_for(grid.pk, kind) for kind in ("centre", "town", "community", "grid")}
    assert [unit.name for unit in found.values()] == [
        "区社会治理中心",
        "望岛镇人民政府",
        "潮声2社区",
        "潮声2社区第2网格",
    ]
    assert units_for(grid.pk) == found
    assert unit_for(grid.pk, "department") is None
    assert unit_for(grid.parent_id, "grid") is None


def test_one_query_finds_the_unit_of_a_place(accounts, django_assert_num_queries):
    grid = Area.objects.get(code="9021A2")
    with django_assert_num_queries(1):
        unit_for(grid.pk, "town")


def test_the_tree_goes_from_the_centre_to_the_grid(accounts):
    depths = {unit.name: depth for depth, unit in unit_tree()}
    assert depths["区社会治理中心"] == 0
    assert depths["听潮街道办事处"] == depths["区民政局"] == 1
    assert depths["潮声1社区第1网格"] == 3


def test_a_town_sees_its_area_and_a_grid_worker_his_grid(accounts):
    town = Unit.objects.get(name="听潮街道办事处")
    dispatcher = actor(holders_of("cases.transfer", town)[0])
    assert (dispatcher.scope.level, dispatcher.scope.area) == ("town", town.area_id)
    grid = Unit.objects.get(name="潮声1社区第1网格")
    worker = actor(holders_of("cases.verify", grid)[0])
    assert (worker.scope.level, worker.scope.area) == ("grid", grid.area_id)
    assert actor(User.objects.get(login_name="audit_admin1")).scope.nothing
