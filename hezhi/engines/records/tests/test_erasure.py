"""Erasing and making anonymous: rows, versions, files, remarks, with the audit that proves it (删除与匿名化)."""

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from hezhi.engines.org.models import Post, Role
from hezhi.engines.org.testkit import make_role, make_unit
from hezhi.engines.records import audit, comments, erasure, files, protection
from hezhi.engines.records.acting import acting
from hezhi.engines.records.history import versions_of
from hezhi.engines.records.models import Attachment, AuditEntry
from hezhi.ground.errors import BadInput


@pytest.fixture
def role(officer, home: Path) -> Role:
    """A row with three versions, a file and a remark."""
    role = make_role("any_row", name="甲的名字", description="甲的描述")
    for n in range(2):
        with acting(officer, verb="test.change"):
            role.name = f"甲的新名{n}"
            role.save()
    files.keep_files(officer, role, [SimpleUploadedFile("清单.csv", b"a,b\n1,2\n")])
    comments.add(role, "关于甲的意见", by=officer)
    return role


def versions(row) -> list:
    return list(versions_of(type(row)).objects.filter(pgh_obj_id=row.pk).order_by("pgh_id"))


def everything_about(text: str) -> list[str]:
    """Every table and column of the whole database in which a text stands."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'jsonb', 'ARRAY') AND table_name IN"
            " (SELECT tablename FROM pg_tables WHERE schemaname = 'public')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s LIMIT 1', [f"%{text}%"])
            if cursor.fetchone():
                found.append(f"{table}.{column}")
    return found


def test_nothing_is_left_of_an_erased_row_but_the_proof(officer, role, home: Path):
    assert {"org_role.name", "records_comment.text"} <= set(everything_about("甲"))
    done = erasure.erase(role, by=officer, reason="保存期满")
    assert everything_about("甲") == []
    assert (done.rows, done.versions, done.files, done.comments) == ({"org_role": 1}, 4, 1, 1)
    assert not versions_of(Role).objects.filter(pgh_obj_id=role.pk).exists()
    entry = AuditEntry.objects.latest("id")
    assert (entry.event, entry.object_type, entry.object_id) == ("records.erase", "org.role", role.pk)
    assert (entry.actor_name, entry.reason) == ("林雨桐", "保存期满")
    assert entry.detail == {"rows": {"org_role": 1}, "files": 1, "comments": 1}
    assert audit.is_intact(entry)
    assert AuditEntry.objects.filter(event="records.erase").count() == 1


def test_the_sealed_bytes_are_freed_after_the_commit(officer, role, home: Path, django_capture_on_commit_callbacks):
    assert [path for path in (home / "files").rglob("*") if path.is_file()]
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(role, by=officer, reason="保存期满")
    assert not [path for path in (home / "files").rglob("*") if path.is_file()]
    assert not Attachment.objects.exclude(sealed_key=b"").exists()


def test_what_hangs_on_a_row_goes_with_it_and_what_needs_it_stops_it(officer, role):
    with acting(officer, verb="test.make"):
        Post.objects.create(unit=make_unit("north"), role=role, title="甲岗", valid_from=date(2026, 1, 1))
    with pytest.raises(ProtectedError), transaction.atomic():
        erasure.erase(role, by=officer, reason="保存期满")
    assert Role.objects.filter(pk=role.pk).exists() and len(versions(role)) == 3
    assert Attachment.objects.get().sealed_key


def test_made_anonymous_the_row_stays_and_its_fields_are_blank_in_every_version(officer, role):
    done = erasure.anonymise(role, ["name", "description"], by=officer, reason="本人要求删除")
    assert (role.name, role.description) == ("", "")
    assert done.versions == 4
    assert {(v.name, v.description) for v in versions(role)} == {("", "")}
    assert {v.code for v in versions(role)} == {"any_row"}
    assert [v.pgh_context["name"] for v in versions(role)][-1] == "林雨桐", "who did it stays"
    assert AuditEntry.objects.latest("id").detail["columns"] == ["name", "description"]
    assert len(list(comments.comments_of(role))) == 1
    erasure.erase_beside(role, by=officer, reason="本人要求删除")
    assert everything_about("甲") == []


@pytest.mark.parametrize("name", ["id", "code", "kind_that_is_not", "clearance"])
def test_what_cannot_be_blank_is_a_fault_of_the_program(officer, role, name: str):
    with pytest.raises(Exception, match=r"blank|field"), transaction.atomic():
        erasure.anonymise(role, [name], by=officer, reason="测试")


def test_without_a_reason_nothing_is_erased(officer, role):
    for verb in (erasure.erase, erasure.erase_beside):
        with pytest.raises(BadInput):
            verb(role, by=officer, reason="  ")
    assert len(versions(role)) == 3


def test_when_the_audit_row_fails_nothing_is_erased(officer, role, monkeypatch):
    monkeypatch.setattr(erasure, "_as_json", lambda entry: "{}")
    with pytest.raises(DatabaseError, match="whole audit row"), transaction.atomic():
        erasure.erase(role, by=officer, reason="保存期满")
    assert Role.objects.filter(pk=role.pk).exists() and len(versions(role)) == 3


# -- the function itself, as an intruder with the application's role would call it -----------------


def call(entry: dict, plan: list) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT records_erase(%s::jsonb, %s::jsonb)", [json.dumps(entry, default=str), json.dumps(plan)])


def whole_entry(officer, role) -> dict:
    with acting(officer, verb="records.erase", reason="x"):
        made = audit.entry_of(officer, "records.erase", [("org.role", role.pk)], reason="x")
    return json.loads(erasure._as_json(made))


@pytest.mark.parametrize("lacking", ["event", "object_id", "deed_id", "reason", "actor_name", "mac"])
def test_the_function_does_nothing_without_a_whole_audit_row(officer, role, lacking: str):
    entry = whole_entry(officer, role)
    plan = [{"table": "org_role", "ids": [str(role.pk)], "columns": None}]
    with pytest.raises(DatabaseError, match="whole audit row"):
        call(entry | {lacking: None}, plan)
    assert len(versions(role)) == 3
    call(entry, plan)
    assert not versions(role)


def test_the_function_reaches_nothing_but_history(officer, role):
    entry = whole_entry(officer, role)
    before = AuditEntry.objects.count()
    ids = [str(role.pk)]
    for table in (
        "records_auditentry",
        "records_auditseal",
        "records_trackedroleevent",
        "org_role; DROP TABLE x",
        "geo_area",
    ):
        call(entry, [{"table": table, "ids": ids, "columns": None}])
    assert AuditEntry.objects.count() == before + 5, "each call left its row"
    assert len(versions(role)) == 3
    call(
        entry, [{"table": "org_role", "ids": ids, "columns": ["pgh_context", "pgh_label", "name\" = 'x', \"pgh_label"]}]
    )
    assert {v.pgh_label for v in versions(role)} == {"insert", "update"}


def test_the_triggers_stand_again_after_it(officer, role):
    erasure.anonymise(role, ["name"], by=officer, reason="x")
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('pgtrigger.ignore', true), '')")
        assert cursor.fetchone()[0] in ("", "{}")


def test_only_the_application_s_role_may_call_it(officer):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('hezhi_app', 'records_erase(jsonb, jsonb)', 'EXECUTE'),"
            " has_function_privilege('public', 'records_erase(jsonb, jsonb)', 'EXECUTE'),"
            " (SELECT prosecdef AND proconfig @> '{\"search_path=public, pg_temp\"}' FROM pg_proc WHERE proname = 'records_erase')"
        )
        assert cursor.fetchone() == (True, False, True)


def test_every_history_table_is_listed_with_its_rows(db):
    from hezhi.engines.records.models import HistoryTable

    # rooms that other tests furnish live in this process and in its database, but not in the house
    of_tests = ("room_of_", "room_in_")
    listed = dict(HistoryTable.objects.values_list("history_table", "row_table"))
    models = {m._meta.db_table: m.pgh_tracked_model._meta.db_table for m in protection.history_models()}
    listed, models = ({k: v for k, v in d.items() if not k.startswith(of_tests)} for d in (listed, models))
    assert listed == models
    assert listed["records_trackedroleevent"] == "org_role"
