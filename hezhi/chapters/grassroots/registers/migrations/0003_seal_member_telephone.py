"""The landline of a group's member is sealed like his mobile (固定电话加密); what stood in clear is sealed in place.

History is sealed with it, so that no earlier version keeps the number. Versions are append-only for
everybody else; here the triggers are passed over, as the vault's own rotation does.
"""

from collections.abc import Callable
from typing import Any

import pgtrigger
from django.db import migrations

import hezhi.engines.records.vault.fields

BOUND_TO = "registers_volunteermember.telephone"
PLACES = (
    ("registers_volunteermember", "id", "id"),
    ("registers_volunteermemberevent", "pgh_id", "pgh_obj_id"),
)
"""Table, its key, and the row the number belongs to."""


def _put_in_place(schema_editor: Any, made: Callable[[str, str], str]) -> None:
    with pgtrigger.ignore(), schema_editor.connection.cursor() as cursor:
        for table, key, row in PLACES:
            cursor.execute(f"SELECT {key}, {row}, telephone FROM {table} WHERE telephone <> ''")  # noqa: S608
            fresh = [(made(text, str(of)), id_) for id_, of, text in cursor.fetchall()]
            for values in fresh:
                cursor.execute(f"UPDATE {table} SET telephone = %s WHERE {key} = %s", values)  # noqa: S608


def seal_what_is_there(apps: Any, schema_editor: Any) -> None:
    """Seal every number that stands in clear (已有号码加密)."""
    from hezhi.engines.records.vault import seal

    _put_in_place(schema_editor, lambda text, row: seal(BOUND_TO, text, row=row))


def open_again(apps: Any, schema_editor: Any) -> None:
    """Back to clear text, for going back one step (回退)."""
    from hezhi.engines.records.vault import unseal

    _put_in_place(schema_editor, lambda text, row: unseal(BOUND_TO, text))


class Migration(migrations.Migration):
    dependencies = [("registers", "0002_numbers")]
    operations = [
        *[
            migrations.AlterField(
                model_name=name,
                name="telephone",
                field=hezhi.engines.records.vault.fields.SealedTextField(
                    blank=True, default="", max_length=18, verbose_name="固定电话"
                ),
            )
            for name in ("volunteermember", "volunteermemberevent")
        ],
        migrations.RunPython(seal_what_is_there, open_again),
    ]
