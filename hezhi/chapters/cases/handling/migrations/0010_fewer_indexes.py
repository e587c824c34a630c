"""Indexes of cases that no query asks for, or that hold what a case which has just come in has not got, end here."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import hezhi.engines.records.vault.fields
from django.conf import settings
from django.db import migrations, models

# By a piece of a number: the database takes any such piece for frequent and would read the cases in order.
NUMBERED = """
create function handling_numbered(pattern text, most int) returns setof uuid
language sql stable set enable_seqscan = off set enable_indexscan = off as $$
  select id from handling_case where lower(number) like pattern limit most;
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("flow", "0005_fewer_indexes"),
        ("geo", "0002_earlier_borders_and_lines"),
        ("handling", "0009_words"),
        ("org", "0002_desk_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="case",
            name="case_town_state",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_category",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_lead",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_units",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_search",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_lead_newest",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_open_town",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_open_lead",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_open_units",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_limit_lead",
        ),
        migrations.RemoveIndex(
            model_name="case",
            name="case_helpers",
        ),
        migrations.AlterField(
            model_name="case",
            name="accepted_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="barred_unit",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.unit",
                verbose_name="被反映单位",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="desk",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="现在由哪个中心派遣",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.unit",
                verbose_name="派遣台",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="number",
            field=models.CharField(max_length=24, verbose_name="编号"),
        ),
        migrations.AlterField(
            model_name="case",
            name="registered_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="split_from",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="handling.case",
                verbose_name="拆分自",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.unit",
                verbose_name="所属单位",
            ),
        ),
        migrations.AlterField(
            model_name="reporter",
            name="phone_blind",
            field=hezhi.engines.records.vault.fields.BlindIndexField(
                blank=True,
                db_index=False,
                default="",
                editable=False,
                max_length=64,
                purpose="phone",
                source="phone",
                verbose_name="电话索引",
            ),
        ),
        migrations.AlterField(
            model_name="step",
            name="case",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="handling.case",
                verbose_name="事件",
            ),
        ),
        migrations.AlterField(
            model_name="step",
            name="order",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="flow.workorder",
            ),
        ),
        migrations.AlterField(
            model_name="step",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.unit",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("category__isnull", False)),
                fields=["category", "-received_at", "-id"],
                name="case_category",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("lead_unit__isnull", False)),
                fields=["lead_unit", "-received_at", "-id"],
                name="case_lead_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("lead_unit__isnull", False)),
                fields=["lead_unit", "state", "-received_at", "-id"],
                name="case_lead",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "not_accepted", "merged", "void"]), _negated=True),
                fields=["town", "state", "-received_at", "-id"],
                include=("secret", "barred_unit", "kind", "source", "urgency", "category", "due_at"),
                name="case_open_town",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state__in", ["closed", "not_accepted", "merged", "void"])),
                fields=["town", "state", "-received_at", "-id"],
                name="case_town_ends",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    models.Q(("state__in", ["closed", "not_accepted", "merged", "void"]), _negated=True),
                    ("lead_unit__isnull", False),
                ),
                fields=["lead_unit", "state"],
                name="case_open_lead",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    models.Q(("state__in", ["closed", "not_accepted", "merged", "void"]), _negated=True),
                    models.Q(("units", []), _negated=True),
                ),
                fields=["units"],
                name="case_open_units",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("lead_unit__isnull", False)),
                fields=["lead_unit", "-received_at", "-id", "due_at"],
                name="case_limit_lead",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("units", []), _negated=True), fields=["units"], name="case_units"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    "units",
                    "lead_unit",
                    function="array_remove",
                    output_field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                condition=models.Q(
                    django.db.models.lookups.Exact(
                        models.Func(
                            "units",
                            "lead_unit",
                            function="array_remove",
                            output_field=django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), size=None
                            ),
                        ),
                        models.Value(
                            [],
                            output_field=django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), size=None
                            ),
                        ),
                    ),
                    _negated=True,
                ),
                name="case_helpers",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("number"), "gin_trgm_ops"
                ),
                name="case_number",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("split_from__isnull", False)), fields=["split_from"], name="case_split"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("registered_by__isnull", False)), fields=["registered_by"], name="case_registered"
            ),
        ),
        migrations.AddIndex(
            model_name="reporter",
            index=models.Index(
                condition=models.Q(("phone_blind", ""), _negated=True), fields=["phone_blind"], name="reporter_phone"
            ),
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(condition=models.Q(("order__isnull", False)), fields=["order"], name="step_order"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.UniqueConstraint(fields=("number",), name="one_case_per_number"),
        ),
        migrations.RunSQL(NUMBERED, "drop function handling_numbered(text, int);"),
    ]
