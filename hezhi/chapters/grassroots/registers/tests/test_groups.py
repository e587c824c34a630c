"""Groups of neighbours (9.1.3-2-9): rota, activities with sign-in, hours on the card, and no number in clear."""

from datetime import time as at
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from hezhi.chapters.grassroots.registers import api, queries
from hezhi.chapters.grassroots.registers.models import GroupShift, SignIn, VolunteerGroup, VolunteerMember
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput

pytestmark = pytest.mark.clause("9.1.3-2-9")
LANDLINE = "0532-86001234"


@pytest.fixture
def patrol(quarter) -> VolunteerGroup:
    """A group of three in the first grid."""
    by = quarter.by(quarter.clerk)
    group = registry_actions.create(
        site.get("volunteer-groups"),
        {
            "name": "样例义务巡逻队", "kind": "02", "level": "06", "guiding_department": "样例综治中心", "grid": str(quarter.grid.pk),
            "duties": "夜间巡逻", "member_count": "3", "head_name": "安样例", "head_phone": "13900000001",
        }, by=by,
    )  # fmt: skip
    for n in range(3):
        member(quarter, group, n)
    return group


def member(quarter, group: VolunteerGroup, n: int, **more: str) -> VolunteerMember:
    data = {
        "group": str(group.pk), "person_name": "样例队员", "sex": "1", "birth_date": "1980-05-01",
        "mobile": f"1390000000{n}", "telephone": LANDLINE, "skills": "15",
    }  # fmt: skip
    return registry_actions.create(site.get("volunteer-members"), data | more, by=quarter.by(quarter.clerk))


def members(group: VolunteerGroup) -> list[VolunteerMember]:
    return list(group.members.order_by("number"))


def test_a_group_without_head_and_a_member_under_age_are_refused(quarter, patrol) -> None:
    data = {
        "name": "样例无头队", "kind": "02", "level": "06", "guiding_department": "样例", "duties": "巡逻", "head_phone": "13900000001",
        "member_count": "3", "grid": str(quarter.grid.pk),
    }  # fmt: skip
    for head in ("", "安"):
        with pytest.raises(BadInput) as refused:
            registry_actions.create(
                site.get("volunteer-groups"), data | {"head_name": head}, by=quarter.by(quarter.clerk)
            )
        assert "head_name" in refused.value.fields
    young = (time.today() - timedelta(days=17 * 365)).isoformat()
    with pytest.raises(BadInput) as refused:
        member(quarter, patrol, 9, birth_date=young)
    assert "18 周岁" in str(refused.value.fields["birth_date"])


def shift(quarter, group: VolunteerGroup, who: VolunteerMember, **more: str) -> GroupShift:
    data = {
        "group": str(group.pk), "member": str(who.pk), "day": time.today().isoformat(), "starts": "19:00", "ends": "21:00",
        "spot": "样例花园东门", "state": "planned",
    }  # fmt: skip
    return registry_actions.create(site.get("volunteer-shifts"), data | more, by=quarter.by(quarter.clerk))


def test_nobody_is_on_duty_twice_at_once_nor_for_another_group(quarter, patrol) -> None:
    one, two, _ = members(patrol)
    shift(quarter, patrol, one)
    shift(quarter, patrol, two)
    with pytest.raises(BadInput) as refused:
        shift(quarter, patrol, one, starts="20:00", ends="22:00")
    assert "19:00 至 21:00" in str(refused.value.fields)
    shift(quarter, patrol, one, starts="21:00", ends="22:00")
    ahead = (time.today() + timedelta(days=1)).isoformat()
    for wrong in ({"day": ahead, "state": "done"}, {"starts": "22:00", "ends": "06:00"}):
        with pytest.raises(BadInput):
            shift(quarter, patrol, two, **wrong)


def test_who_came_is_written_down_and_the_hours_stand_on_the_card(quarter, patrol) -> None:
    one, two, _ = members(patrol)
    activity = registry_actions.create(
        site.get("volunteer-activities"),
        {
            "group": str(patrol.pk), "name": "防汛演练", "kind": "drill", "day": time.today().isoformat(), "starts": "09:00",
            "ends": "11:30", "spot": "样例花园广场",
        }, by=quarter.by(quarter.clerk),
    )  # fmt: skip
    shift(quarter, patrol, one, state="done", starts="19:00", ends="20:00")
    browser, url = quarter.browser(quarter.clerk), f"/r/volunteer-activities/{activity.pk}/?tab=sign_in"
    page = browser.get(url).content.decode()
    assert 'value="2.5"' in page and "样***" in page and "样例队员" not in page
    sent = {"came": [str(one.pk), str(two.pk)], f"hours_{one.pk}": "2.5", f"hours_{two.pk}": "两"}
    assert browser.post(url, sent).status_code == 422
    browser.post(url, sent | {f"hours_{two.pk}": "1.5"})
    assert dict(SignIn.objects.values_list("member", "hours")) == {one.pk: Decimal("2.5"), two.pk: Decimal("1.5")}
    assert queries.service_of(one.pk)[0] == Decimal("3.5")
    assert "共 3.5 小时" in browser.get(f"/r/volunteer-members/{one.pk}/?tab=service").content.decode()
    browser.post(url, {"came": [str(one.pk)], f"hours_{one.pk}": "2"})
    assert dict(SignIn.objects.values_list("member", "hours")) == {one.pk: Decimal(2)}
    assert quarter.browser(quarter.neighbour).post(url, {}).status_code == 404


def test_a_command_room_learns_which_groups_can_be_called_and_no_names(quarter, patrol) -> None:
    one, *_ = members(patrol)
    now = time.local(time.now())
    around = {"starts": at(0, 0).isoformat(), "ends": at(23, 59).isoformat(), "day": now.date().isoformat()}
    shift(quarter, patrol, one, **around)
    (force,) = api.forces(by=quarter.by(quarter.clerk), area=quarter.community.pk, skill="15")
    assert (force.name, force.members, force.on_duty) == ("样例义务巡逻队", 3, 1)
    assert "安样例" not in repr(force) and "1390000" not in repr(force)
    assert api.forces(by=quarter.by(quarter.clerk), skill="19") == []
    assert api.forces(by=quarter.by(quarter.neighbour)) == []


# -- the landline is sealed --------------------------------------------------------------------------


def test_a_landline_stands_in_clear_nowhere_in_the_database(quarter, patrol) -> None:
    with connection.cursor() as cursor:
        for table in ("registers_volunteermember", "registers_volunteermemberevent"):
            cursor.execute(f"SELECT count(*), count(*) FILTER (WHERE t::text LIKE %s) FROM {table} t", ["%86001234%"])
            many, clear = cursor.fetchone()
            assert many >= 3 and clear == 0
    assert members(patrol)[0].telephone == LANDLINE
