"""Where a person lies and who entered him is proven in sets, and holds as firmly as any foreign key."""

import pytest
from django.db import IntegrityError, connection, transaction

from hezhi.chapters.grassroots.registers.actions.living import HEAD
from hezhi.chapters.grassroots.registers.models import Occupancy, Resident
from hezhi.chapters.grassroots.registers.models.people import HOME_KEYS
from hezhi.chapters.grassroots.registers.tests.conftest import Quarter
from hezhi.engines.org.actor import system
from hezhi.engines.records.acting import acting
from hezhi.engines.records.set_keys import KEYS
from hezhi.ground import time
from hezhi.ground.ids import new_id

COLUMNS = [column for columns in KEYS.values() for column in columns]
pytestmark = pytest.mark.clause("9.1.3-2-4")


def refused(statement: str, *values: object) -> None:
    """The database refuses it, at the latest when the piece of work is whole."""
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        acting(system("核对"), verb="test.keys"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_no_row_points_to_what_is_not_there(quarter: Quarter) -> None:
    row = quarter.person(1)
    for column in COLUMNS:
        refused(f"UPDATE registers_resident SET {column} = %s WHERE id = %s", new_id(), row.pk)
        twin = Resident(number=f"T{column[:8]}", person_name="样例", created_at=time.now(), changed_at=time.now())
        setattr(twin, column, new_id())
        with pytest.raises(IntegrityError), transaction.atomic(), acting(system("核对"), verb="test.keys"):
            Resident.objects.bulk_create([twin])


def test_what_a_row_points_to_is_not_deleted(quarter: Quarter) -> None:
    row = quarter.person(1)
    for table, columns in KEYS.items():
        pointed = {getattr(row, column) for column in columns} - {None}
        assert pointed, f"the test row points to no {table}"
        for key in pointed:
            refused(f"UPDATE {table} SET id = %s WHERE id = %s", new_id(), key)


def test_homes_and_households_are_there_as_long_as_somebody_lives_in_them(quarter: Quarter) -> None:
    row = quarter.person(2, home=str(quarter.homes()[0].pk), relation=HEAD)
    lives = Occupancy.objects.get(resident=row)
    assert lives.household_id and lives.home_id == row.home_id
    for table, (column,) in HOME_KEYS.items():
        refused(f"UPDATE {table} SET id = %s WHERE id = %s", new_id(), getattr(row, column))
        refused(f"UPDATE registers_resident SET {column} = %s WHERE id = %s", new_id(), row.pk)
        refused(f"UPDATE registers_occupancy SET {column} = %s WHERE id = %s", new_id(), lives.pk)
        twin = Occupancy(home_id=lives.home_id, resident=row, role="owner", since=time.today(), entered_at=time.now())
        setattr(twin, column, new_id())
        with pytest.raises(IntegrityError), transaction.atomic(), acting(system("核对"), verb="test.keys"):
            Occupancy.objects.bulk_create([twin])


def test_the_database_has_both_sides_and_no_row_by_row_key_beside_them(quarter: Quarter) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE %s OR tgname LIKE %s",
            ["pgtrigger_keys_of_%", "registers_kept"],
        )
        there = {table for table, _ in cursor.fetchall()}
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'registers_resident'::regclass"
            " AND confrelid IN ('geo_area'::regclass, 'org_unit'::regclass, 'org_user'::regclass,"
            " 'registers_home'::regclass, 'registers_household'::regclass)"
        )
        assert cursor.fetchone() == (0,)
    assert there == {"registers_resident", "registers_household", "registers_occupancy", *KEYS, *HOME_KEYS}
