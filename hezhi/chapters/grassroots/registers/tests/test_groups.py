"""Groups of neighbours (9.1.3-2-9): rota, activities with sign-in, hours on the card, and no number in clear."""

from collections.abc import Iterator
from datetime import time as at
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import override_settings

from hezhi.chapters.grassroots.registers import api, queries
from hezhi.chapters.grassroots.registers.models import GroupShift, SignIn, VolunteerGroup, VolunteerMember
from hezhi.engines.org.testkit import traced
from hezhi.engines.records import vault
from hezhi.engines.records.vault import keys
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
        "grid": str(quarter.grid.pk),
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


@pytest.fixture
def as_owner(
    django_db_setup: None, django_db_blocker: Any, workshop: Any, database_server: tuple[str, str], database_name: str,
    tmp_path: Any,
) -> Iterator[None]:  # fmt: skip
    """A database of our own, as its owner: only the owner may touch what has been."""
    from hezhi.wiring import testing

    name, kept, owner = f"{database_name}_landline", dict(connection.settings_dict), urlsplit(database_server[1])
    workshop.copy(testing.migrated_template(workshop), name)
    vault.create_key_ring(tmp_path / "keys")
    with django_db_blocker.unblock(), override_settings(HEZHI_HOME=tmp_path):
        keys.ring.cache_clear()
        connection.close()
        connection.settings_dict.update(NAME=name, USER=owner.username, PASSWORD=owner.password)
        yield
        connection.close()
        connection.settings_dict.update(kept)
    keys.ring.cache_clear()


def test_numbers_that_stood_in_clear_are_sealed_in_place_with_their_history(as_owner: None) -> None:
    from django.db import transaction

    moment = time.now()
    stamps = {"created_at": moment, "changed_at": moment}
    with transaction.atomic():
        traced()
        group = VolunteerGroup.objects.create(
            name="样例队", kind="02", guiding_department="样例", duties="巡逻", **stamps
        )
        row = VolunteerMember.objects.create(
            number="1",
            group=group,
            person_name="样例",
            sex="1",
            birth_date="1980-05-01",
            mobile="13900000001",
            **stamps,
        )
        with connection.cursor() as cursor:  # as the version before wrote it, its history with it
            cursor.execute("UPDATE registers_volunteermember SET telephone = %s", [LANDLINE])
    step = import_module("hezhi.chapters.grassroots.registers.migrations.0003_seal_member_telephone")
    with connection.schema_editor() as editor:
        step.seal_what_is_there(None, editor)
    stored = (
        "SELECT telephone FROM registers_volunteermember UNION ALL SELECT telephone FROM registers_volunteermemberevent"
    )
    with connection.cursor() as cursor:
        cursor.execute(stored)
        kept = [text for (text,) in cursor.fetchall() if text]
    assert len(kept) == 2 and all(text.startswith("v1.") for text in kept)
    assert VolunteerMember.objects.get(pk=row.pk).telephone == LANDLINE
    assert [each.telephone for each in row.versions.order_by("pgh_id")] == ["", LANDLINE]
    with connection.schema_editor() as editor:
        step.open_again(None, editor)
    with connection.cursor() as cursor:
        cursor.execute(stored)
        assert [text for (text,) in cursor.fetchall() if text] == [LANDLINE, LANDLINE]
