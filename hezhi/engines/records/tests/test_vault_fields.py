"""Sealed fields on a real table with a real history: clear in Python, never in the database."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.core.serializers import serialize
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.test import override_settings
from django.test.utils import isolate_apps

from hezhi.engines import records
from hezhi.engines.records import vault
from hezhi.engines.records.acting import tell_database
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault import fields, keys, rotation
from hezhi.ground.ids import new_id

PHONE, OTHER = "13800000000", "13900000000"


@pytest.fixture(scope="module")
def room(
    django_db_setup: None,
    django_db_blocker: Any,
    workshop: Any,
    database_server: tuple[str, str],
    database_name: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SimpleNamespace]:
    """A database of our own as its owner, with a table of people and its history, and a ring of keys."""
    from hezhi.wiring import testing

    name, kept, owner = f"{database_name}_vault", dict(connection.settings_dict), urlsplit(database_server[1])
    workshop.copy(testing.migrated_template(workshop), name)
    home = tmp_path_factory.mktemp("home")
    vault.create_key_ring(home / "keys")
    with isolate_apps("hezhi.engines.records"), django_db_blocker.unblock(), override_settings(HEZHI_HOME=home):
        keys.ring.cache_clear()
        connection.close()
        connection.settings_dict.update(NAME=name, USER=owner.username, PASSWORD=owner.password)
        furnished = _furnished(home)
        yield furnished
        _cleared(furnished)
        connection.close()
        connection.settings_dict.update(kept)
    keys.ring.cache_clear()
    workshop.drop(name)


def _furnished(home: Path) -> SimpleNamespace:
    @tracked()
    class Person(models.Model):
        id = models.UUIDField(primary_key=True, default=new_id)
        name = vault.SealedTextField("姓名", max_length=60)
        phone = vault.SealedTextField("电话", blank=True, default="")
        phone_blind = vault.BlindIndexField(source="phone")
        note = vault.SealedTextField("备注", null=True)

        class Meta:
            app_label = "records"
            db_table = "vault_person"

    history = Person.pgh_event_model
    with connection.schema_editor() as editor:
        editor.create_model(Person)
        editor.create_model(history)
    for model in (Person, history):
        for trigger in model._meta.triggers:
            trigger.register(model)
            trigger.install(model)
    return SimpleNamespace(Person=Person, history=history, home=home)


def _cleared(room: SimpleNamespace) -> None:
    """Take the table's triggers off pgtrigger's list: it counts for the whole process."""
    for model in (room.Person, room.history):
        for trigger in list(model._meta.triggers):
            trigger.unregister(model)
    delattr(records.models, room.history.__name__)


@pytest.fixture(autouse=True)
def _trace(room: SimpleNamespace) -> Iterator[None]:
    """Each test in a transaction that is taken back, with somebody who acts."""
    with transaction.atomic():
        tell_database(new_id(), '{"kind": "test"}')
        yield
        transaction.set_rollback(True)


def raw(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_code_sees_text_and_the_database_sees_none_of_it(room: SimpleNamespace) -> None:
    person = room.Person.objects.create(name="王芳", phone=PHONE)
    seen = room.Person.objects.get(pk=person.pk)
    assert (seen.name, seen.phone, seen.note) == ("王芳", PHONE, None)
    assert type(seen.name) is str and type(person.phone) is str
    stored = repr(raw("SELECT * FROM vault_person")) + repr(raw(f'SELECT * FROM "{room.history._meta.db_table}"'))
    assert "王芳" not in stored and PHONE not in stored and "v1." in stored
    assert list(room.Person.objects.values_list("phone", flat=True)) == [PHONE]


def test_a_person_is_found_by_the_whole_number_however_it_is_typed(room: SimpleNamespace) -> None:
    room.Person.objects.create(name="王芳", phone=PHONE)
    room.Person.objects.create(name="李强", phone=OTHER)
    for typed in (PHONE, "138 0000 0000", "+86 13800000000"):
        assert room.Person.objects.get(phone_blind=vault.blind("phone", typed)).name == "王芳"
    assert not room.Person.objects.filter(phone_blind=vault.blind("phone", "1380000")).exists()


def test_the_history_holds_ciphertext_and_reads_clear(room: SimpleNamespace) -> None:
    person = room.Person.objects.create(name="王芳", phone=PHONE)
    person.phone = OTHER
    person.save()
    versions = room.history.objects.filter(pgh_obj=person).order_by("pgh_id")
    assert [version.phone for version in versions] == [PHONE, OTHER]
    assert versions[1].phone_blind == vault.blind("phone", OTHER)


def test_saving_an_unchanged_row_stores_the_same_value(room: SimpleNamespace) -> None:
    person = room.Person.objects.create(name="王芳", phone=PHONE)
    before = raw("SELECT name, phone, phone_blind FROM vault_person")
    room.Person.objects.get(pk=person.pk).save()
    assert raw("SELECT name, phone, phone_blind FROM vault_person") == before


def test_many_rows_at_once_are_sealed_and_indexed_too(room: SimpleNamespace) -> None:
    room.Person.objects.bulk_create(room.Person(name=f"甲{n}", phone=PHONE) for n in range(5))
    assert room.Person.objects.filter(phone_blind=vault.blind("phone", PHONE)).count() == 5
    assert len(set(raw("SELECT phone FROM vault_person"))) == 5, "equal phones must not look equal"


def test_a_set_of_texts_is_sealed_and_indexed_as_each_of_them_is(room: SimpleNamespace) -> None:
    texts = [*(f"1391234{n:04d}" for n in range(20)), " 139-1234 5678 ", "样例路 3 号", "x"]
    rows = [str(new_id()) for _ in texts]
    one_by_one = [vault.seal("t.phone", text, row) for text, row in zip(texts, rows, strict=True)]
    assert vault.seal_many("t.phone", texts, rows) == one_by_one
    for kind in ("phone", "care.phone", "note"):
        assert vault.blind_many(kind, texts) == [str(vault.blind(kind, text)) for text in texts]
    assert vault.seal_many("t.phone", ["", "x"], rows[:2])[0] == ""


def test_an_update_that_would_leave_the_index_behind_is_refused(room: SimpleNamespace) -> None:
    person = room.Person.objects.create(name="王芳", phone=PHONE)
    with pytest.raises(TypeError, match="sealed_values"), transaction.atomic():
        room.Person.objects.update(phone=OTHER)
    person.phone = OTHER
    with pytest.raises(TypeError, match="phone_blind"):
        person.save(update_fields=["phone"])
    with pytest.raises(TypeError, match="sealed_values"), transaction.atomic():
        room.Person.objects.bulk_update([person], ["phone"])
    person.save(update_fields=["phone", "phone_blind"])
    assert room.Person.objects.filter(phone_blind=vault.blind("phone", OTHER)).exists()


def test_an_update_with_sealed_values_keeps_both_together(room: SimpleNamespace) -> None:
    room.Person.objects.create(name="王芳", phone=PHONE)
    room.Person.objects.update(**vault.sealed_values(room.Person, phone=OTHER))
    assert room.Person.objects.get(phone_blind=vault.blind("phone", OTHER)).phone == OTHER
    room.Person.objects.update(name="李强", note=None)
    assert room.Person.objects.get().name == "李强"
    with pytest.raises(TypeError, match="not sealed"):
        vault.sealed_values(room.Person, phone_blind="x")


def test_a_sealed_column_answers_only_whether_it_is_empty(room: SimpleNamespace) -> None:
    room.Person.objects.create(name="王芳")
    assert room.Person.objects.filter(phone="", note=None, name__isnull=False).count() == 1
    assert not room.Person.objects.exclude(phone="").exists()
    for lookup in ({"name": "王芳"}, {"name__contains": "王"}, {"name__in": ["王芳"]}, {"name__lt": "x"}):
        with pytest.raises(TypeError, match="blind index"):
            room.Person.objects.filter(**lookup).exists()


def test_a_value_changed_or_carried_inside_the_database_is_noticed(room: SimpleNamespace) -> None:
    room.Person.objects.create(name="王芳", phone=PHONE)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_person SET note = phone")
    with pytest.raises(vault.SealBroken):
        room.Person.objects.get()
    assert room.Person.objects.defer("note").get().phone == PHONE
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_person SET note = 'clear text written past the vault'")
    with pytest.raises(vault.SealBroken):
        room.Person.objects.get()


def test_after_a_rotation_old_and_new_read_alike_and_old_ones_are_sealed_anew(room: SimpleNamespace) -> None:
    people = [room.Person.objects.create(name=f"甲{n}", phone=f"1380000000{n}") for n in range(7)]
    version = keys.ring().current("field").version
    keys.rotate(room.home / "keys", "field")
    room.Person.objects.create(name="新", phone=OTHER)
    assert vault.versions_in_use(room.Person, "name") == {version: 7, version + 1: 1}
    history = room.history.objects.count()

    assert vault.reencrypt(room.Person, "name", batch=3) == 7
    assert vault.reencrypt(room.Person, "name", batch=3) == 0
    assert vault.reencrypt(room.history, "name", batch=3) == 7
    assert vault.versions_in_use(room.Person, "name") == vault.versions_in_use(room.history, "name") == {version + 1: 8}
    assert room.history.objects.count() == history, "sealing anew is no change of the row"
    assert {p.name for p in room.Person.objects.all()} == {"新", *(p.name for p in people)}
    assert {v.name for v in room.history.objects.all()} == {"新", *(p.name for p in people)}
    table = room.history._meta.db_table
    assert raw(f'SELECT count(*) FROM "{table}" e JOIN vault_person p ON p.id = e.pgh_obj_id AND p.name = e.name') == [
        (8,)
    ]


def test_during_a_rotation_of_the_blind_key_everybody_is_found(room: SimpleNamespace) -> None:
    room.Person.objects.create(name="王芳", phone=PHONE)
    keys.rotate(room.home / "keys", "blind")
    room.Person.objects.create(name="李强", phone=PHONE)
    print_ = vault.blind("phone", PHONE)
    assert print_.older
    assert room.Person.objects.filter(phone_blind=print_).count() == 2
    assert room.Person.objects.exclude(phone_blind=print_).count() == 0
    assert vault.reindex(room.Person, "phone_blind", batch=1) == 1
    assert vault.reindex(room.Person, "phone_blind") == 0
    assert room.Person.objects.filter(phone_blind=str(print_)).count() == 2
    with pytest.raises(TypeError, match="not a blind index"):
        vault.reindex(room.Person, "phone")
    with pytest.raises(TypeError, match="not sealed"):
        vault.reencrypt(room.Person, "phone_blind")


def test_a_reindex_finds_prints_that_were_spoilt(room: SimpleNamespace) -> None:
    room.Person.objects.create(name="王芳", phone=PHONE)
    room.Person.objects.update(phone_blind="spoilt")
    assert vault.reindex(room.Person, "phone_blind") == 1
    assert room.Person.objects.filter(phone_blind=vault.blind("phone", PHONE)).exists()


def test_the_job_over_all_tables_knows_the_ones_of_this_house(room: SimpleNamespace) -> None:
    """Every sealed field of the system is walked, each with its history where it has one."""
    found = {f"{model._meta.db_table}.{field.column}" for model, field in rotation.sealed_columns()}
    assert set(vault.reencrypt_all()) == found


def test_the_fields_can_be_written_into_a_migration(room: SimpleNamespace) -> None:
    for name in ("name", "phone_blind"):
        field = room.Person._meta.get_field(name)
        text, imports = MigrationWriter.serialize(field)
        assert "vault.fields" in text
        scope: dict[str, Any] = {}
        exec("\n".join(imports), scope)
        again = eval(text, scope)
        assert again.deconstruct()[1:] == field.deconstruct()[1:]
    pinned = fields.SealedTextField(bound_to="old_table.name")
    assert pinned.deconstruct()[3] == {"bound_to": "old_table.name"}
    assert pinned.bound_to == "old_table.name"


def test_a_history_copy_is_bound_to_the_table_it_is_the_history_of(room: SimpleNamespace) -> None:
    assert room.history._meta.get_field("phone").bound_to == "vault_person.phone"


def test_sealed_values_do_not_leave_by_dumpdata(room: SimpleNamespace) -> None:
    with pytest.raises(TypeError, match="dumpdata"):
        serialize("json", [room.Person(name="王芳")])


def test_wrong_declarations_are_found_by_the_check() -> None:
    with isolate_apps("hezhi.engines.records"):

        class Wrong(models.Model):
            name = vault.SealedTextField(unique=True)
            title = models.TextField()
            title_blind = vault.BlindIndexField(source="title")

            class Meta:
                app_label = "records"

        found = {fault.id for name in ("name", "title_blind") for fault in Wrong._meta.get_field(name).check()}
        assert {"vault.E001", "vault.E002"} <= found
        with pytest.raises(FieldDoesNotExist):
            Wrong._meta.get_field("nothing")


def test_a_short_sealed_field_has_a_short_input(room: SimpleNamespace) -> None:
    from django import forms

    assert isinstance(room.Person._meta.get_field("name").formfield().widget, forms.TextInput)
    assert isinstance(room.Person._meta.get_field("note").formfield().widget, forms.Textarea)
