"""A note is a point, a line or an area (网格标注：点、线、面); the points that stand become shapes, history with them."""

from typing import Any

import django.contrib.gis.db.models.fields
import pgtrigger
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


def points_become_shapes(apps: Any, schema_editor: Any) -> None:
    """What a note is drawn as is its point, until somebody draws it anew."""
    with pgtrigger.ignore(), schema_editor.connection.cursor() as cursor:
        for table in ("grids_annotation", "grids_annotationevent"):
            cursor.execute(f"UPDATE {table} SET shape = point")  # noqa: S608


def _shape(**more: Any) -> Any:
    return django.contrib.gis.db.models.fields.GeometryField(
        help_text="点、线或面；线用于巡查路线、管线，面用于积水区、作业区", srid=4326, verbose_name="图形", **more
    )


class Migration(migrations.Migration):
    dependencies = [("grids", "0001_initial")]
    operations = [
        *[
            migrations.AddField(model_name=name, name="shape", field=_shape(null=True))
            for name in ("annotation", "annotationevent")
        ],
        migrations.RunPython(points_become_shapes, migrations.RunPython.noop),
        *[
            migrations.AlterField(model_name=name, name="shape", field=_shape())
            for name in ("annotation", "annotationevent")
        ],
        pgtrigger.migrations.RemoveTrigger(
            model_name="annotation",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="annotation",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="annotation",
            name="delete_delete",
        ),
        migrations.AlterField(
            model_name="annotation",
            name="point",
            field=django.contrib.gis.db.models.fields.PointField(editable=False, srid=4326, verbose_name="位置"),
        ),
        migrations.AlterField(
            model_name="annotationevent",
            name="point",
            field=django.contrib.gis.db.models.fields.PointField(editable=False, srid=4326, verbose_name="位置"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="annotation",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "grids_annotationevent" ("changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "district_id", "ends_on", "grid_id", "id", "kind", "name", "no_person", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "point", "removed_at", "removed_reason", "revision", "shape", "starts_on", "text", "town_id", "unit_id") SELECT new_values."changed_at", new_values."changed_by_id", new_values."community_id", new_values."created_at", new_values."created_by_id", new_values."district_id", new_values."ends_on", new_values."grid_id", new_values."id", new_values."kind", new_values."name", new_values."no_person", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."point", new_values."removed_at", new_values."removed_reason", new_values."revision", new_values."shape", new_values."starts_on", new_values."text", new_values."town_id", new_values."unit_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="43062ce18c51fe7a3106490777f1efc370078396",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_78247",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="grids_annotation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="annotation",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "grids_annotationevent" ("changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "district_id", "ends_on", "grid_id", "id", "kind", "name", "no_person", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "point", "removed_at", "removed_reason", "revision", "shape", "starts_on", "text", "town_id", "unit_id") SELECT new_values."changed_at", new_values."changed_by_id", new_values."community_id", new_values."created_at", new_values."created_by_id", new_values."district_id", new_values."ends_on", new_values."grid_id", new_values."id", new_values."kind", new_values."name", new_values."no_person", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."point", new_values."removed_at", new_values."removed_reason", new_values."revision", new_values."shape", new_values."starts_on", new_values."text", new_values."town_id", new_values."unit_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="44e5a088d131ec95c58a78acf799fb762a0a2c5a",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_e3d82",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="grids_annotation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="annotation",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "grids_annotationevent" ("changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "district_id", "ends_on", "grid_id", "id", "kind", "name", "no_person", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "point", "removed_at", "removed_reason", "revision", "shape", "starts_on", "text", "town_id", "unit_id") SELECT old_values."changed_at", old_values."changed_by_id", old_values."community_id", old_values."created_at", old_values."created_by_id", old_values."district_id", old_values."ends_on", old_values."grid_id", old_values."id", old_values."kind", old_values."name", old_values."no_person", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."point", old_values."removed_at", old_values."removed_reason", old_values."revision", old_values."shape", old_values."starts_on", old_values."text", old_values."town_id", old_values."unit_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="b56bae8a4e6dde1c72695d56b00dd8f3c048c458",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_7e084",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="grids_annotation",
                    when="AFTER",
                ),
            ),
        ),
    ]
