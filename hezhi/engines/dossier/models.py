"""What gathers round a row of a registry (档案部件的表): visits, states, ties, labels, added fields, merges.

Each names its row by kind (`object_type`, the model's label) and id. None is read but through a row that the
reader may see.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault import SealedTextField
from hezhi.ground import time
from hezhi.ground.ids import new_id


class Beside(models.Model):
    """Base of what hangs on a row (附属记录): which row, and who entered it when."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    object_type = models.CharField("对象类型", max_length=60, editable=False)
    object_id = models.UUIDField("对象", editable=False)
    by_id = models.UUIDField("经办人编号", null=True, editable=False)
    by_name = models.CharField("经办人", max_length=60, editable=False)
    unit_name = models.CharField("单位", max_length=80, blank=True, editable=False)
    at = models.DateTimeField("记录时间", editable=False)

    class Meta:
        abstract = True

    @classmethod
    def of(cls, row: models.Model) -> models.QuerySet[Any]:
        """What hangs on this row."""
        return cls._default_manager.filter(object_type=row._meta.label_lower, object_id=row.pk)

    @classmethod
    def on(cls, row: models.Model, by: Actor, **values: Any) -> Any:
        """A new one on this row, by this person, now; not yet saved."""
        told = {"by_id": by.user_id, "by_name": by.name, "unit_name": by.unit_name, "at": time.now()}
        return cls(object_type=row._meta.label_lower, object_id=row.pk, **told, **values)


@tracked()
class Visit(Beside):
    """A visit (走访): when, who went, what for, what was found, when next. The finding is sealed (P9)."""

    visited_on = models.DateField("走访日期")
    visitor = models.CharField("走访人", max_length=60)
    purpose = models.CharField("走访事由", max_length=100)
    finding = SealedTextField("走访情况", max_length=2000)
    next_on = models.DateField("下次走访", null=True, blank=True)
    struck_reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "走访记录"
        indexes = [models.Index(fields=["object_id", "-visited_on"], name="visit_object")]


@tracked()
class Move(Beside):
    """A dated change of a row's state (状态变更): by which verb, from what to what, since when, why."""

    verb = models.CharField("动作", max_length=20)
    before = models.CharField("原状态", max_length=40, blank=True)
    after = models.CharField("新状态", max_length=40)
    since = models.DateField("生效日期")
    reason = models.CharField("原因", max_length=60)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "状态变更"
        indexes = [models.Index(fields=["object_id", "-since"], name="move_object")]


@tracked()
class Tie(Beside):
    """A named, dated relation between two rows (关系), entered by a person with its source and purpose (P3)."""

    kind = models.CharField("关系", max_length=20)
    other_type = models.CharField("对方类型", max_length=60, editable=False)
    other_id = models.UUIDField("对方", editable=False)
    since = models.DateField("起始日期")
    until = models.DateField("终止日期", null=True, blank=True)
    source = models.CharField("来源", max_length=100)
    purpose = models.CharField("用途", max_length=100, blank=True)

    class Meta:
        verbose_name = "关系"
        indexes = [
            models.Index(fields=["object_id"], name="tie_object"),
            models.Index(fields=["other_id"], name="tie_other"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id", "other_id"], condition=Q(until__isnull=True), name="one_tie_at_a_time"
            )
        ]


@tracked()
class Tag(models.Model):
    """A label of a registry (标签), data of the unit that owns it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registry = models.CharField("台账", max_length=60)
    name = models.CharField("标签", max_length=20)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="所属单位")
    created_at = models.DateTimeField("建立时间", editable=False)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "标签"
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["registry", "unit", "name"], name="one_tag_per_name")]

    def __str__(self) -> str:
        return self.name


@tracked()
class Tagged(Beside):
    """A label put on a row (贴标签)."""

    tag = models.ForeignKey(Tag, models.PROTECT, related_name="uses", verbose_name="标签")

    class Meta:
        verbose_name = "已贴标签"
        constraints = [models.UniqueConstraint(fields=["object_id", "tag"], name="one_tag_once")]


@tracked()
class ExtraField(models.Model):
    """A field that an administrator adds to a registry as data (扩展字段): typed, labelled, owned, dated."""

    class Kind(models.TextChoices):
        TEXT = "text", "文字"
        NUMBER = "number", "数字"
        DAY = "day", "日期"
        YES_NO = "yes_no", "是否"
        CHOICE = "choice", "选项"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registry = models.CharField("台账", max_length=60)
    code = models.CharField("代码", max_length=20, help_text="小写字母、数字和下划线，建立后不改。")
    label = models.CharField("名称", max_length=20)
    kind = models.CharField("类型", max_length=8, choices=Kind.choices, default=Kind.TEXT)
    choices = ArrayField(models.CharField(max_length=40), verbose_name="选项", default=list, blank=True)
    required = models.BooleanField("必填", default=False)
    help = models.CharField("填写说明", max_length=100, blank=True)
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属单位"
    )
    order = models.PositiveSmallIntegerField("顺序", default=0)
    personal = models.BooleanField("是个人信息", default=False)
    purpose = models.CharField("处理目的", max_length=100, blank=True)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "扩展字段"
        ordering = ["registry", "order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "code"], name="one_extra_field_per_code"),
            models.CheckConstraint(
                condition=Q(personal=False) | ~Q(purpose=""),
                name="personal_extra_field_names_its_purpose",
                violation_error_message="个人信息须写明处理目的，否则不能收集。",
            ),
        ]

    def __str__(self) -> str:
        return self.label


@tracked()
class ExtraValues(models.Model):
    """The values of the added fields of one row (扩展字段内容), by their codes."""

    object_id = models.UUIDField("对象", primary_key=True)
    object_type = models.CharField("对象类型", max_length=60)
    values = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = "扩展字段内容"
        indexes = [GinIndex(fields=["values"], opclasses=["jsonb_path_ops"], name="extra_values_inside")]


@tracked()
class Merging(Beside):
    """Two rows made one (合并): the kept one is the object; what moved stands in `moved`, never a value."""

    gone_id = models.UUIDField("并入的记录")
    deed = models.UUIDField("留痕编号")
    moved = models.JSONField("随迁", default=list)
    reason = models.CharField("原因", max_length=200)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        verbose_name = "合并记录"
        indexes = [models.Index(fields=["object_id"], name="merging_object")]


@tracked()
class ChangeRequest(Beside):
    """A change that a higher level decides (变更申请): the proposed values are sealed, the labels are told."""

    class State(models.TextChoices):
        WAITING = "waiting", "待审核"
        APPROVED = "approved", "已同意"
        RETURNED = "returned", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    registry = models.CharField("台账", max_length=60)
    title = models.CharField("对象名称", max_length=200)
    level = models.CharField("审核层级", max_length=12)
    unit_id = models.UUIDField("申请单位", null=True)
    fields = ArrayField(models.CharField(max_length=60), verbose_name="项目", default=list)
    proposal = SealedTextField("拟改内容")
    seen = models.CharField("申请时版本", max_length=40)
    reason = models.CharField("申请理由", max_length=200, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    decided_at = models.DateTimeField("审核时间", null=True)
    decided_by = models.CharField("审核人", max_length=60, blank=True)
    opinion = models.CharField("审核意见", max_length=200, blank=True)

    class Meta:
        verbose_name = "变更申请"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["registry", "state", "-at"], name="change_request_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["object_id"], condition=Q(state="waiting"), name="one_open_change_request")
        ]


@tracked()
class Verification(Beside):
    """Somebody has looked and says that a row is still right (核实)."""

    note = models.CharField("核实说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "核实记录"
        indexes = [models.Index(fields=["object_id", "-at"], name="verification_object")]
