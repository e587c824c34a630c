"""Homes split and combined with their plates, checks of small places, rota and activities of groups (9.1.3-2-3, -8, -9)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import hezhi.engines.registry.dictionaries
import hezhi.ground.ids
import pghistory.utils
import pgtrigger
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


def add_the_reason(apps, schema_editor):
    """A list of reasons that was loaded before gets the new one (结束原因“房屋拆分合并”)."""
    Code = apps.get_model("registry", "Code")
    like = Code.objects.filter(dictionary="end_reason").order_by("-order").first()
    if like is not None and not Code.objects.filter(dictionary="end_reason", code="07").exists():
        told = {"dictionary_name": like.dictionary_name, "source": like.source, "valid_from": like.valid_from}
        with pgtrigger.ignore():
            Code.objects.create(dictionary="end_reason", code="07", label="房屋拆分合并", order=like.order, **told)


class Migration(migrations.Migration):
    dependencies = [
        ("geo", "0002_earlier_borders_and_lines"),
        ("org", "0002_desk_index"),
        ("registry", "0002_dictionaries"),
        ("registers", "0003_seal_member_telephone"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CheckItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=20, unique=True, verbose_name="代码")),
                ("text", models.CharField(max_length=120, verbose_name="检查内容")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=hezhi.engines.registry.dictionaries.DictionaryField(
                            dictionary="small_place", max_length=2, verbose_name="代码"
                        ),
                        blank=True,
                        default=list,
                        help_text="不选为全部类别",
                        size=None,
                        verbose_name="适用类别",
                    ),
                ),
                ("hint", models.CharField(blank=True, max_length=200, verbose_name="怎么看")),
                (
                    "hazard",
                    hezhi.engines.registry.dictionaries.DictionaryField(
                        default="01", dictionary="home_hazard", max_length=2, verbose_name="隐患类型"
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(default=7, verbose_name="整改天数")),
                ("basis", models.CharField(blank=True, max_length=120, verbose_name="依据")),
                ("order", models.PositiveSmallIntegerField(default=100, verbose_name="排序")),
                ("active", models.BooleanField(default=True, verbose_name="启用")),
            ],
            options={
                "verbose_name": "检查项",
                "ordering": ["order", "code"],
            },
        ),
        migrations.CreateModel(
            name="CheckItemEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                ("code", models.SlugField(db_index=False, max_length=20, verbose_name="代码")),
                ("text", models.CharField(max_length=120, verbose_name="检查内容")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=hezhi.engines.registry.dictionaries.DictionaryField(
                            dictionary="small_place", max_length=2, verbose_name="代码"
                        ),
                        blank=True,
                        default=list,
                        help_text="不选为全部类别",
                        size=None,
                        verbose_name="适用类别",
                    ),
                ),
                ("hint", models.CharField(blank=True, max_length=200, verbose_name="怎么看")),
                (
                    "hazard",
                    hezhi.engines.registry.dictionaries.DictionaryField(
                        default="01", dictionary="home_hazard", max_length=2, verbose_name="隐患类型"
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(default=7, verbose_name="整改天数")),
                ("basis", models.CharField(blank=True, max_length=120, verbose_name="依据")),
                ("order", models.PositiveSmallIntegerField(default=100, verbose_name="排序")),
                ("active", models.BooleanField(default=True, verbose_name="启用")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GroupActivity",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="删除时间")),
                (
                    "removed_reason",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="删除原因"),
                ),
                ("revision", models.PositiveIntegerField(default=0, editable=False, verbose_name="修订号")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="登记时间")),
                ("changed_at", models.DateTimeField(editable=False, verbose_name="更新时间")),
                ("name", models.CharField(max_length=60, verbose_name="活动名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("patrol", "巡逻"),
                            ("mediation", "纠纷劝导"),
                            ("training", "培训"),
                            ("drill", "演练"),
                            ("publicity", "宣传"),
                            ("help", "应急支援"),
                            ("other", "其他"),
                        ],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                ("starts", models.TimeField(verbose_name="开始")),
                ("ends", models.TimeField(verbose_name="结束")),
                ("spot", models.CharField(max_length=60, verbose_name="集合地点")),
                ("about", models.CharField(blank=True, max_length=300, verbose_name="内容")),
            ],
            options={
                "verbose_name": "群防群治活动",
                "ordering": ["-day", "-starts"],
            },
        ),
        migrations.CreateModel(
            name="GroupActivityEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="删除时间")),
                (
                    "removed_reason",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="删除原因"),
                ),
                ("revision", models.PositiveIntegerField(default=0, editable=False, verbose_name="修订号")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="登记时间")),
                ("changed_at", models.DateTimeField(editable=False, verbose_name="更新时间")),
                ("name", models.CharField(max_length=60, verbose_name="活动名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("patrol", "巡逻"),
                            ("mediation", "纠纷劝导"),
                            ("training", "培训"),
                            ("drill", "演练"),
                            ("publicity", "宣传"),
                            ("help", "应急支援"),
                            ("other", "其他"),
                        ],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                ("starts", models.TimeField(verbose_name="开始")),
                ("ends", models.TimeField(verbose_name="结束")),
                ("spot", models.CharField(max_length=60, verbose_name="集合地点")),
                ("about", models.CharField(blank=True, max_length=300, verbose_name="内容")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="GroupShift",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="删除时间")),
                (
                    "removed_reason",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="删除原因"),
                ),
                ("revision", models.PositiveIntegerField(default=0, editable=False, verbose_name="修订号")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="登记时间")),
                ("changed_at", models.DateTimeField(editable=False, verbose_name="更新时间")),
                ("day", models.DateField(verbose_name="日期")),
                ("starts", models.TimeField(verbose_name="开始")),
                ("ends", models.TimeField(verbose_name="结束")),
                ("spot", models.CharField(max_length=60, verbose_name="值勤地点")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "已排班"), ("done", "已值勤"), ("excused", "已请假")],
                        default="planned",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
            ],
            options={
                "verbose_name": "值勤",
                "ordering": ["-day", "starts"],
            },
        ),
        migrations.CreateModel(
            name="GroupShiftEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="删除时间")),
                (
                    "removed_reason",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="删除原因"),
                ),
                ("revision", models.PositiveIntegerField(default=0, editable=False, verbose_name="修订号")),
                ("created_at", models.DateTimeField(editable=False, verbose_name="登记时间")),
                ("changed_at", models.DateTimeField(editable=False, verbose_name="更新时间")),
                ("day", models.DateField(verbose_name="日期")),
                ("starts", models.TimeField(verbose_name="开始")),
                ("ends", models.TimeField(verbose_name="结束")),
                ("spot", models.CharField(max_length=60, verbose_name="值勤地点")),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "已排班"), ("done", "已值勤"), ("excused", "已请假")],
                        default="planned",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HomeDescent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("split", "拆分"), ("combined", "合并")], max_length=10, verbose_name="方式"
                    ),
                ),
                ("since", models.DateField(verbose_name="生效日期")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="原因")),
                ("decided_at", models.DateTimeField(verbose_name="办理时间")),
            ],
            options={
                "verbose_name": "房屋沿革",
                "ordering": ["-since", "-id"],
            },
        ),
        migrations.CreateModel(
            name="HomeDescentEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("split", "拆分"), ("combined", "合并")], max_length=10, verbose_name="方式"
                    ),
                ),
                ("since", models.DateField(verbose_name="生效日期")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="原因")),
                ("decided_at", models.DateTimeField(verbose_name="办理时间")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="KeeperCode",
            fields=[
                (
                    "place",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="keeper_code",
                        serialize=False,
                        to="registers.smallplace",
                        verbose_name="场所",
                    ),
                ),
                ("print", models.CharField(max_length=64, verbose_name="自查码索引")),
                ("made_at", models.DateTimeField(verbose_name="发放时间")),
            ],
            options={
                "verbose_name": "自查码",
            },
        ),
        migrations.CreateModel(
            name="KeeperCodeEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("print", models.CharField(max_length=64, verbose_name="自查码索引")),
                ("made_at", models.DateTimeField(verbose_name="发放时间")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlaceCheck",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("grid", "网格检查"), ("self", "场所自查"), ("recheck", "复查")],
                        max_length=8,
                        verbose_name="方式",
                    ),
                ),
                (
                    "place_kind",
                    hezhi.engines.registry.dictionaries.DictionaryField(
                        dictionary="small_place", max_length=2, verbose_name="检查时的场所类别"
                    ),
                ),
                ("day", models.DateField(verbose_name="检查日期")),
                ("answers", models.JSONField(default=dict, verbose_name="检查结果")),
                ("faults", models.PositiveSmallIntegerField(default=0, verbose_name="不合格项")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="登记时间")),
            ],
            options={
                "verbose_name": "场所检查",
                "ordering": ["-day", "-at"],
            },
        ),
        migrations.CreateModel(
            name="PlaceCheckEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                (
                    "way",
                    models.CharField(
                        choices=[("grid", "网格检查"), ("self", "场所自查"), ("recheck", "复查")],
                        max_length=8,
                        verbose_name="方式",
                    ),
                ),
                (
                    "place_kind",
                    hezhi.engines.registry.dictionaries.DictionaryField(
                        dictionary="small_place", max_length=2, verbose_name="检查时的场所类别"
                    ),
                ),
                ("day", models.DateField(verbose_name="检查日期")),
                ("answers", models.JSONField(default=dict, verbose_name="检查结果")),
                ("faults", models.PositiveSmallIntegerField(default=0, verbose_name="不合格项")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="登记时间")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlaceFinding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("item", models.CharField(max_length=20, verbose_name="检查项")),
                ("text", models.CharField(max_length=120, verbose_name="检查内容")),
                (
                    "hazard",
                    hezhi.engines.registry.dictionaries.DictionaryField(
                        dictionary="home_hazard", max_length=2, verbose_name="隐患类型"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="情况")),
                ("due", models.DateField(verbose_name="整改期限")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待整改"), ("closed", "已整改")],
                        default="open",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
            ],
            options={
                "verbose_name": "检查发现",
                "ordering": ["due", "item"],
            },
        ),
        migrations.CreateModel(
            name="PlaceFindingEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                ("item", models.CharField(max_length=20, verbose_name="检查项")),
                ("text", models.CharField(max_length=120, verbose_name="检查内容")),
                (
                    "hazard",
                    hezhi.engines.registry.dictionaries.DictionaryField(
                        dictionary="home_hazard", max_length=2, verbose_name="隐患类型"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="情况")),
                ("due", models.DateField(verbose_name="整改期限")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待整改"), ("closed", "已整改")],
                        default="open",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Plate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=16, unique=True, verbose_name="门牌码")),
                ("made_at", models.DateTimeField(verbose_name="制作时间")),
            ],
            options={
                "verbose_name": "门牌码",
            },
        ),
        migrations.CreateModel(
            name="PlateEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                ("code", models.CharField(max_length=16, verbose_name="门牌码")),
                ("made_at", models.DateTimeField(verbose_name="制作时间")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=hezhi.ground.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("hours", models.DecimalField(decimal_places=1, max_digits=4, verbose_name="服务时长（小时）")),
                ("at", models.DateTimeField(verbose_name="签到时间")),
            ],
            options={
                "verbose_name": "签到",
            },
        ),
        migrations.CreateModel(
            name="SignInEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("pgh_context", pghistory.utils.JSONField()),
                ("pgh_context_id", models.UUIDField()),
                ("id", models.UUIDField(default=hezhi.ground.ids.new_id, editable=False, serialize=False)),
                ("hours", models.DecimalField(decimal_places=1, max_digits=4, verbose_name="服务时长（小时）")),
                ("at", models.DateTimeField(verbose_name="签到时间")),
            ],
            options={
                "abstract": False,
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="checkitem",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_checkitemevent" ("active", "basis", "code", "days", "hazard", "hint", "id", "kinds", "order", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text") SELECT new_values."active", new_values."basis", new_values."code", new_values."days", new_values."hazard", new_values."hint", new_values."id", new_values."kinds", new_values."order", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."text" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="08469ac6ec8fca827be83937d97ae2d83ecad745",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9d8e3",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_checkitem",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="checkitem",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_checkitemevent" ("active", "basis", "code", "days", "hazard", "hint", "id", "kinds", "order", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text") SELECT new_values."active", new_values."basis", new_values."code", new_values."days", new_values."hazard", new_values."hint", new_values."id", new_values."kinds", new_values."order", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."text" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="4aa72e2dcf1631d206d7f24dcb25b9b7a87c8b7e",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_16ef0",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_checkitem",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="checkitem",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_checkitemevent" ("active", "basis", "code", "days", "hazard", "hint", "id", "kinds", "order", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "text") SELECT old_values."active", old_values."basis", old_values."code", old_values."days", old_values."hazard", old_values."hint", old_values."id", old_values."kinds", old_values."order", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."text" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="a57ce622dcbfe9475cfad59681173385a5a22212",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_17213",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_checkitem",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="checkitemevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.checkitem",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="changed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="更新人",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="community",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="社区",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="登记人",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="district",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="区",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="grid",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="网格",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="activities",
                to="registers.volunteergroup",
                verbose_name="组织",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="town",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="镇街",
            ),
        ),
        migrations.AddField(
            model_name="groupactivity",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.unit",
                verbose_name="所属单位",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="changed_by",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="更新人",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="community",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="社区",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="created_by",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="登记人",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="district",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="区",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="grid",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="网格",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="group",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.volunteergroup",
                verbose_name="组织",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.groupactivity",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="town",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="镇街",
            ),
        ),
        migrations.AddField(
            model_name="groupactivityevent",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="org.unit",
                verbose_name="所属单位",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="changed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="更新人",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="community",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="社区",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="登记人",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="district",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="区",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="grid",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="网格",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shifts",
                to="registers.volunteergroup",
                verbose_name="组织",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shifts",
                to="registers.volunteermember",
                verbose_name="队员编号",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="town",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="geo.area",
                verbose_name="镇街",
            ),
        ),
        migrations.AddField(
            model_name="groupshift",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="org.unit",
                verbose_name="所属单位",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="changed_by",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="更新人",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="community",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="社区",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="created_by",
            field=models.ForeignKey(
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="登记人",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="district",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="区",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="grid",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="网格",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="group",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.volunteergroup",
                verbose_name="组织",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="member",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.volunteermember",
                verbose_name="队员编号",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.groupshift",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="town",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="geo.area",
                verbose_name="镇街",
            ),
        ),
        migrations.AddField(
            model_name="groupshiftevent",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="org.unit",
                verbose_name="所属单位",
            ),
        ),
        migrations.AddField(
            model_name="homedescent",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="办理人",
            ),
        ),
        migrations.AddField(
            model_name="homedescent",
            name="former",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="went_into",
                to="registers.home",
                verbose_name="原房屋",
            ),
        ),
        migrations.AddField(
            model_name="homedescent",
            name="later",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="came_from",
                to="registers.home",
                verbose_name="现房屋",
            ),
        ),
        migrations.AddField(
            model_name="homedescentevent",
            name="decided_by",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="办理人",
            ),
        ),
        migrations.AddField(
            model_name="homedescentevent",
            name="former",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.home",
                verbose_name="原房屋",
            ),
        ),
        migrations.AddField(
            model_name="homedescentevent",
            name="later",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.home",
                verbose_name="现房屋",
            ),
        ),
        migrations.AddField(
            model_name="homedescentevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.homedescent",
            ),
        ),
        migrations.AddField(
            model_name="keepercode",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="发放人",
            ),
        ),
        migrations.AddField(
            model_name="keepercodeevent",
            name="made_by",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="发放人",
            ),
        ),
        migrations.AddField(
            model_name="keepercodeevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.keepercode",
            ),
        ),
        migrations.AddField(
            model_name="keepercodeevent",
            name="place",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                serialize=False,
                to="registers.smallplace",
                verbose_name="场所",
            ),
        ),
        migrations.AddField(
            model_name="placecheck",
            name="checked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="检查人",
            ),
        ),
        migrations.AddField(
            model_name="placecheck",
            name="place",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="checks",
                to="registers.smallplace",
                verbose_name="场所",
            ),
        ),
        migrations.AddField(
            model_name="placecheckevent",
            name="checked_by",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="检查人",
            ),
        ),
        migrations.AddField(
            model_name="placecheckevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.placecheck",
            ),
        ),
        migrations.AddField(
            model_name="placecheckevent",
            name="place",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.smallplace",
                verbose_name="场所",
            ),
        ),
        migrations.AddField(
            model_name="placefinding",
            name="closed_in",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="closed",
                to="registers.placecheck",
                verbose_name="复查",
            ),
        ),
        migrations.AddField(
            model_name="placefinding",
            name="found_in",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="found",
                to="registers.placecheck",
                verbose_name="检查",
            ),
        ),
        migrations.AddField(
            model_name="placefinding",
            name="place",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="findings",
                to="registers.smallplace",
                verbose_name="场所",
            ),
        ),
        migrations.AddField(
            model_name="placefindingevent",
            name="closed_in",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.placecheck",
                verbose_name="复查",
            ),
        ),
        migrations.AddField(
            model_name="placefindingevent",
            name="found_in",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.placecheck",
                verbose_name="检查",
            ),
        ),
        migrations.AddField(
            model_name="placefindingevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.placefinding",
            ),
        ),
        migrations.AddField(
            model_name="placefindingevent",
            name="place",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.smallplace",
                verbose_name="场所",
            ),
        ),
        migrations.AddField(
            model_name="plate",
            name="home",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="plate",
                to="registers.home",
                verbose_name="房屋",
            ),
        ),
        migrations.AddField(
            model_name="plate",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="制作人",
            ),
        ),
        migrations.AddField(
            model_name="plate",
            name="place",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="plate",
                to="registers.smallplace",
                verbose_name="九小场所",
            ),
        ),
        migrations.AddField(
            model_name="plateevent",
            name="home",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.home",
                verbose_name="房屋",
            ),
        ),
        migrations.AddField(
            model_name="plateevent",
            name="made_by",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="制作人",
            ),
        ),
        migrations.AddField(
            model_name="plateevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.plate",
            ),
        ),
        migrations.AddField(
            model_name="plateevent",
            name="place",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.smallplace",
                verbose_name="九小场所",
            ),
        ),
        migrations.AddField(
            model_name="signin",
            name="activity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sign_ins",
                to="registers.groupactivity",
                verbose_name="活动",
            ),
        ),
        migrations.AddField(
            model_name="signin",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sign_ins",
                to="registers.volunteermember",
                verbose_name="队员",
            ),
        ),
        migrations.AddField(
            model_name="signinevent",
            name="activity",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.groupactivity",
                verbose_name="活动",
            ),
        ),
        migrations.AddField(
            model_name="signinevent",
            name="member",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="registers.volunteermember",
                verbose_name="队员",
            ),
        ),
        migrations.AddField(
            model_name="signinevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="versions",
                related_query_name="version",
                to="registers.signin",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="checkitemevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="fe5c5eee7931d6e8c39f6ee538a89b94343ffbac",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8fda4",
                    table="registers_checkitemevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="groupactivity",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at__isnull", True)),
                fields=("group", "name", "day"),
                name="one_activity_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupactivity",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("starts"))), name="an_activity_ends_after_it_begins"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupactivity",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_groupactivityevent" ("about", "changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "day", "district_id", "ends", "grid_id", "group_id", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removed_at", "removed_reason", "revision", "spot", "starts", "town_id", "unit_id") SELECT new_values."about", new_values."changed_at", new_values."changed_by_id", new_values."community_id", new_values."created_at", new_values."created_by_id", new_values."day", new_values."district_id", new_values."ends", new_values."grid_id", new_values."group_id", new_values."id", new_values."kind", new_values."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."removed_at", new_values."removed_reason", new_values."revision", new_values."spot", new_values."starts", new_values."town_id", new_values."unit_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="fb1e82ac6f11936df36c268b2d086626706de2be",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_98199",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_groupactivity",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupactivity",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_groupactivityevent" ("about", "changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "day", "district_id", "ends", "grid_id", "group_id", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removed_at", "removed_reason", "revision", "spot", "starts", "town_id", "unit_id") SELECT new_values."about", new_values."changed_at", new_values."changed_by_id", new_values."community_id", new_values."created_at", new_values."created_by_id", new_values."day", new_values."district_id", new_values."ends", new_values."grid_id", new_values."group_id", new_values."id", new_values."kind", new_values."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."removed_at", new_values."removed_reason", new_values."revision", new_values."spot", new_values."starts", new_values."town_id", new_values."unit_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="7a1d1db0d554cf1909f962d42c96eb204413657f",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8686f",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_groupactivity",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupactivity",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_groupactivityevent" ("about", "changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "day", "district_id", "ends", "grid_id", "group_id", "id", "kind", "name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removed_at", "removed_reason", "revision", "spot", "starts", "town_id", "unit_id") SELECT old_values."about", old_values."changed_at", old_values."changed_by_id", old_values."community_id", old_values."created_at", old_values."created_by_id", old_values."day", old_values."district_id", old_values."ends", old_values."grid_id", old_values."group_id", old_values."id", old_values."kind", old_values."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."removed_at", old_values."removed_reason", old_values."revision", old_values."spot", old_values."starts", old_values."town_id", old_values."unit_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="00ce53ac793e904c55bfe28f5c605611427d72f7",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_3ad54",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_groupactivity",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupactivityevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e89f0656fffbc723303d8b683067fe34900ff33b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_bd304",
                    table="registers_groupactivityevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="groupshift",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at__isnull", True)),
                fields=("member", "day", "starts"),
                name="one_shift_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupshift",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("starts"))), name="a_shift_ends_after_it_begins"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupshift",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_groupshiftevent" ("changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "day", "district_id", "ends", "grid_id", "group_id", "id", "member_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removed_at", "removed_reason", "revision", "spot", "starts", "state", "town_id", "unit_id") SELECT new_values."changed_at", new_values."changed_by_id", new_values."community_id", new_values."created_at", new_values."created_by_id", new_values."day", new_values."district_id", new_values."ends", new_values."grid_id", new_values."group_id", new_values."id", new_values."member_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."removed_at", new_values."removed_reason", new_values."revision", new_values."spot", new_values."starts", new_values."state", new_values."town_id", new_values."unit_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="059ca69f8aa807cb098ef9134e2ba78d2a92211f",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_204a9",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_groupshift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupshift",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_groupshiftevent" ("changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "day", "district_id", "ends", "grid_id", "group_id", "id", "member_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removed_at", "removed_reason", "revision", "spot", "starts", "state", "town_id", "unit_id") SELECT new_values."changed_at", new_values."changed_by_id", new_values."community_id", new_values."created_at", new_values."created_by_id", new_values."day", new_values."district_id", new_values."ends", new_values."grid_id", new_values."group_id", new_values."id", new_values."member_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."removed_at", new_values."removed_reason", new_values."revision", new_values."spot", new_values."starts", new_values."state", new_values."town_id", new_values."unit_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="ac4ef4cf4c980596518facb703b3685041c272bd",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_66b42",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_groupshift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupshift",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_groupshiftevent" ("changed_at", "changed_by_id", "community_id", "created_at", "created_by_id", "day", "district_id", "ends", "grid_id", "group_id", "id", "member_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "removed_at", "removed_reason", "revision", "spot", "starts", "state", "town_id", "unit_id") SELECT old_values."changed_at", old_values."changed_by_id", old_values."community_id", old_values."created_at", old_values."created_by_id", old_values."day", old_values."district_id", old_values."ends", old_values."grid_id", old_values."group_id", old_values."id", old_values."member_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."removed_at", old_values."removed_reason", old_values."revision", old_values."spot", old_values."starts", old_values."state", old_values."town_id", old_values."unit_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="dd3cd951545935b773269822ae8288a6a4bf010b",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_65c21",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_groupshift",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="groupshiftevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b09d13f803a3fe52453590c16adccf7e18893b51",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8d36c",
                    table="registers_groupshiftevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="homedescent",
            constraint=models.UniqueConstraint(fields=("former", "later"), name="one_descent_per_pair"),
        ),
        migrations.AddConstraint(
            model_name="homedescent",
            constraint=models.CheckConstraint(
                condition=models.Q(("former", models.F("later")), _negated=True), name="descent_is_between_two"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homedescent",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_homedescentevent" ("decided_at", "decided_by_id", "former_id", "id", "kind", "later_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "since") SELECT new_values."decided_at", new_values."decided_by_id", new_values."former_id", new_values."id", new_values."kind", new_values."later_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."reason", new_values."since" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="e82b16a05fa7afc675233f4900054c39bccc6e1c",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_33fab",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_homedescent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homedescent",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_homedescentevent" ("decided_at", "decided_by_id", "former_id", "id", "kind", "later_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "since") SELECT new_values."decided_at", new_values."decided_by_id", new_values."former_id", new_values."id", new_values."kind", new_values."later_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."reason", new_values."since" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="af9b8236b5513f12d19781bd7eb6f190071bdc84",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_417c4",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_homedescent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homedescent",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_homedescentevent" ("decided_at", "decided_by_id", "former_id", "id", "kind", "later_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "since") SELECT old_values."decided_at", old_values."decided_by_id", old_values."former_id", old_values."id", old_values."kind", old_values."later_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."reason", old_values."since" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="a7f08a65fc62b70f19b3da4490121285519cf15f",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_2e1d0",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_homedescent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="homedescentevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a77870932ce1b8dcfe6d7c7cee17a36aa2a5c891",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8f736",
                    table="registers_homedescentevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="keepercode",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_keepercodeevent" ("made_at", "made_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "print") SELECT new_values."made_at", new_values."made_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."place_id", new_values."place_id", new_values."print" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="b3ba6f7dda94c146ca01e48c7af20e9cb56bf2e4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_3bad0",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_keepercode",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="keepercode",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_keepercodeevent" ("made_at", "made_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "print") SELECT new_values."made_at", new_values."made_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."place_id", new_values."place_id", new_values."print" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."place_id") = (new_values."place_id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="14dbc37fccf5de89815e92ee6fa5fad565ee9b17",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_08eb8",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_keepercode",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="keepercode",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_keepercodeevent" ("made_at", "made_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "print") SELECT old_values."made_at", old_values."made_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."place_id", old_values."place_id", old_values."print" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="395c3d689c573026831d80c2faa968cd29078be5",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_ca2c2",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_keepercode",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="keepercodeevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="a9a0c1cefe0c99aa83bcf4545d6ea1d09f19f048",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_5f5e9",
                    table="registers_keepercodeevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="placecheck",
            index=models.Index(fields=["place", "-day"], name="place_check_place"),
        ),
        migrations.AddConstraint(
            model_name="placecheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("checked_by__isnull", True), ("way", "self")),
                    models.Q(models.Q(("way", "self"), _negated=True), ("checked_by__isnull", False)),
                    _connector="OR",
                ),
                name="keepers_check_without_account",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placecheck",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_placecheckevent" ("answers", "at", "checked_by_id", "day", "faults", "id", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "place_kind", "way") SELECT new_values."answers", new_values."at", new_values."checked_by_id", new_values."day", new_values."faults", new_values."id", new_values."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."place_id", new_values."place_kind", new_values."way" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="288be9d314ea3de6a73109d03924ad79c5e993f3",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_971b0",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_placecheck",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placecheck",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_placecheckevent" ("answers", "at", "checked_by_id", "day", "faults", "id", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "place_kind", "way") SELECT new_values."answers", new_values."at", new_values."checked_by_id", new_values."day", new_values."faults", new_values."id", new_values."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."place_id", new_values."place_kind", new_values."way" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="11108f5fc0adb8fc0670acab2c6e4ea7cef9f4f0",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_edd10",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_placecheck",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placecheck",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_placecheckevent" ("answers", "at", "checked_by_id", "day", "faults", "id", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "place_kind", "way") SELECT old_values."answers", old_values."at", old_values."checked_by_id", old_values."day", old_values."faults", old_values."id", old_values."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."place_id", old_values."place_kind", old_values."way" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="1228e6c2103fac42ba518006153880b782c6baaf",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_7a3c9",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_placecheck",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placecheckevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="3764cff6f7f0802dd5ea6345d010ff320cbe2efa",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_17f99",
                    table="registers_placecheckevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="placefinding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("place", "item"), name="a_fault_is_open_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="placefinding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_in__isnull", True), ("state", "open")),
                    models.Q(("closed_in__isnull", False), ("state", "closed")),
                    _connector="OR",
                ),
                name="a_fault_is_closed_by_a_check",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placefinding",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_placefindingevent" ("closed_in_id", "due", "found_in_id", "hazard", "id", "item", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "state", "text") SELECT new_values."closed_in_id", new_values."due", new_values."found_in_id", new_values."hazard", new_values."id", new_values."item", new_values."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."place_id", new_values."state", new_values."text" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="5474671783c461cf5f80ac125795ca531ef4cd19",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_cf097",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_placefinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placefinding",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_placefindingevent" ("closed_in_id", "due", "found_in_id", "hazard", "id", "item", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "state", "text") SELECT new_values."closed_in_id", new_values."due", new_values."found_in_id", new_values."hazard", new_values."id", new_values."item", new_values."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."place_id", new_values."state", new_values."text" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="9d057a010bdddd435d22bfd94c6710fdf2fb40d4",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_236d7",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_placefinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placefinding",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_placefindingevent" ("closed_in_id", "due", "found_in_id", "hazard", "id", "item", "note", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id", "state", "text") SELECT old_values."closed_in_id", old_values."due", old_values."found_in_id", old_values."hazard", old_values."id", old_values."item", old_values."note", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."place_id", old_values."state", old_values."text" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="858651e070b9a280d047e473d8dd404a6e740e55",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_9f483",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_placefinding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="placefindingevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="0ebf19bfbfd34edeee2c988de55942a325376418",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_cabbf",
                    table="registers_placefindingevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="plate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("home__isnull", False), ("place__isnull", True)),
                    models.Q(("home__isnull", True), ("place__isnull", False)),
                    _connector="OR",
                ),
                name="a_plate_is_at_one_door",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plate",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_plateevent" ("code", "home_id", "id", "made_at", "made_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id") SELECT new_values."code", new_values."home_id", new_values."id", new_values."made_at", new_values."made_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id", new_values."place_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="dd93c937f000717df2988bc086983d151a5bcf37",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_9148d",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_plate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plate",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_plateevent" ("code", "home_id", "id", "made_at", "made_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id") SELECT new_values."code", new_values."home_id", new_values."id", new_values."made_at", new_values."made_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id", new_values."place_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="53a22b1e41b635c6d1ed2f9a8975a0c392f237c2",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_99b9e",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_plate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plate",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_plateevent" ("code", "home_id", "id", "made_at", "made_by_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_id") SELECT old_values."code", old_values."home_id", old_values."id", old_values."made_at", old_values."made_by_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id", old_values."place_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="f26293d9b0b82f54a2532a8ac10bc974ecf25d8e",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_94704",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_plate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="plateevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="5503f344b1b7e1f8c62d7853b5171c7556355b2d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b25b7",
                    table="registers_plateevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="signin",
            constraint=models.UniqueConstraint(fields=("activity", "member"), name="a_member_signs_in_once"),
        ),
        migrations.AddConstraint(
            model_name="signin",
            constraint=models.CheckConstraint(
                condition=models.Q(("hours__gt", 0), ("hours__lte", 24)), name="hours_of_one_day"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signin",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_signinevent" ("activity_id", "at", "hours", "id", "member_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."activity_id", new_values."at", new_values."hours", new_values."id", new_values."member_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', new_values."id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="8c1d8323a89d0ee0fc7531371c528dcdafe8d4c5",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_e4724",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="registers_signin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signin",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_signinevent" ("activity_id", "at", "hours", "id", "member_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT new_values."activity_id", new_values."at", new_values."hours", new_values."id", new_values."member_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', new_values."id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="1dbbbae6bc6ee51416b81b22f08d5c63376e1a03",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_f92be",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="registers_signin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signin",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "registers_signinevent" ("activity_id", "at", "hours", "id", "member_id", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") SELECT old_values."activity_id", old_values."at", old_values."hours", old_values."id", old_values."member_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'delete\', old_values."id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="ab215cc6ef2e76a15792e5aabbfb93b35bfcedd6",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_c6184",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="registers_signin",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="signinevent",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="c1e4a6bf7ca096eef859fe6842ff13f30ab805d9",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_9b1a5",
                    table="registers_signinevent",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunPython(add_the_reason, migrations.RunPython.noop),
    ]
