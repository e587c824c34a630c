"""9.1.3-2-9: numbers that stood in clear before are sealed in place by their migration, history with them."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import override_settings

from hezhi.chapters.grassroots.registers.models import VolunteerGroup, VolunteerMember
from hezhi.engines.org.testkit import traced
from hezhi.engines.records import vault
from hezhi.engines.records.vault import keys
from hezhi.ground import time
from hezhi.wiring import testing

pytestmark = pytest.mark.clause("9.1.3-2-9")
LANDLINE = "0532-86001234"


@pytest.fixture
def as_owner(
    django_db_setup: None, django_db_blocker: Any, workshop: Any, database_server: tuple[str, str], database_name: str,
    tmp_path: Any,
) -> Iterator[None]:  # fmt: skip
    """A database of our own, as its owner: only the owner may touch what has been."""
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
