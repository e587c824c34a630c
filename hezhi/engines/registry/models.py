"""What people keep in a registry (常用筛选、显示列、导入和导出记录), and the base of their own registries."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import Scoped, level_column
from hezhi.engines.records.history import tracked
from hezhi.engines.records.set_keys import proven_in_sets
from hezhi.ground.ids import new_id


class Record(Scoped):
    """Base of a registry's own table (台账记录): lies in an area, belongs to a unit, can be removed.

    `revision` guards against two people at once; a row that was removed can be restored for 30 days.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    removed_at = models.DateTimeField("删除时间", null=True, blank=True, editable=False)
    removed_reason = models.CharField("删除原因", max_length=200, blank=True, editable=False)
    revision = models.PositiveIntegerField("修订号", default=0, editable=False)
    created_at = models.DateTimeField("登记时间", editable=False)
    created_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, related_name="+", verbose_name="登记人", editable=False
    )
    changed_at = models.DateTimeField("更新时间", editable=False)
    changed_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, related_name="+", verbose_name="更新人", editable=False
    )

    class Meta:
        abstract = True


def _writer(label: str) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        "org.User", models.PROTECT, null=True, related_name="+", verbose_name=label, editable=False, db_index=False,
        db_constraint=False,
    )  # fmt: skip


class BroadRecord(Record):
    """Base of a register of a million rows: where a row lies and who wrote it is proven in sets (see `set_keys`).

    The register's migration sets `kept_sql` up as well.
    """

    district = level_column("区", db_index=False, db_constraint=False)
    town = level_column("镇街", db_constraint=False)
    community = level_column("社区", db_constraint=False)
    grid = level_column("网格", db_constraint=False)
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属单位",
        db_constraint=False,
    )  # fmt: skip
    created_by = _writer("登记人")
    changed_by = _writer("更新人")

    class Meta:
        abstract = True
        triggers = proven_in_sets()


class OwnQuerySet(models.QuerySet[models.Model]):
    """Things that belong to a person in a registry."""

    def visible_to(self, actor: Actor) -> Self:
        """One's own, and nobody else's."""
        return self.filter(user_id=actor.user_id)


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Saved views asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """One's own and those shared in one's unit."""
        shared = models.Q(shared=True, unit_id=actor.unit_id) if actor.unit_id else models.Q(pk__in=())
        return self.filter(models.Q(user_id=actor.user_id) | shared)


class SavedView(models.Model):
    """A saved set of filters, order and columns (常用筛选), for oneself or for one's unit."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registry = models.CharField("台账", max_length=60)
    user = models.ForeignKey("org.User", models.CASCADE, related_name="+", verbose_name="建立人")
    unit = models.ForeignKey("org.Unit", models.CASCADE, null=True, related_name="+", verbose_name="单位")
    name = models.CharField("名称", max_length=20)
    query = models.CharField("条件", max_length=2000)
    shared = models.BooleanField("本单位共享", default=False)
    created_at = models.DateTimeField("建立时间")

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = "常用筛选"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["registry", "user", "name"], name="one_saved_view_per_name"),
        ]
        indexes = [models.Index(fields=["registry", "unit"], name="saved_view_unit", condition=models.Q(shared=True))]

    def __str__(self) -> str:
        return self.name


class ColumnChoice(models.Model):
    """Which columns a person wants to see in a registry, and how many rows (显示列)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registry = models.CharField("台账", max_length=60)
    user = models.ForeignKey("org.User", models.CASCADE, related_name="+", verbose_name="人员")
    columns = ArrayField(models.CharField(max_length=60), verbose_name="列", default=list)
    size = models.PositiveSmallIntegerField("每页条数", default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "显示列"
        constraints = [models.UniqueConstraint(fields=["registry", "user"], name="one_column_choice_per_person")]


class ImportRun(models.Model):
    """One imported file (导入批次): checked first, written only after somebody confirmed.

    `report` holds the refused rows: row number, and by field what is wrong; values stand in the file only,
    which is destroyed when the batch is given up or a day old. `deed` is the verb that wrote the batch: by
    it the history knows the batch's rows, so that it can be taken back as a whole.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "正在预检"
        CHECKED = "checked", "待确认"
        WRITING = "writing", "正在写入"
        WRITTEN = "written", "已写入"
        FAILED = "failed", "未写入"
        GIVEN_UP = "given_up", "已放弃"
        UNDOING = "undoing", "正在撤销"
        UNDONE = "undone", "已撤销"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registry = models.CharField("台账", max_length=60)
    user = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="导入人")
    post_id = models.UUIDField("岗位", null=True)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="单位")
    name = models.CharField("文件名", max_length=200)
    file = models.CharField("文件", max_length=200, blank=True)
    lane = models.CharField("导入通道", max_length=10, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKING)
    rows = models.PositiveIntegerField("行数", default=0)
    new = models.PositiveIntegerField("新增", default=0)
    changed = models.PositiveIntegerField("变更", default=0)
    unchanged = models.PositiveIntegerField("未变", default=0)
    refused = models.PositiveIntegerField("退回", default=0)
    report = models.JSONField("退回原因", default=list)
    failure = models.CharField("未写入原因", max_length=500, blank=True)
    deed = models.UUIDField("写入批次号", null=True, blank=True)
    created_at = models.DateTimeField("上传时间")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "导入批次"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["registry", "user", "-created_at"], name="import_run_own")]

    def __str__(self) -> str:
        return self.name


class ExportRun(models.Model):
    """One export (导出): asked for, let through its gate, made by a job, fetched within 24 hours."""

    class State(models.TextChoices):
        WAITING_APPROVAL = "approval", "待审批"
        WAITING = "waiting", "排队中"
        RUNNING = "running", "正在生成"
        DONE = "done", "可下载"
        FAILED = "failed", "未生成"
        REFUSED = "refused", "未获批准"
        EXPIRED = "expired", "已过期"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    registry = models.CharField("台账", max_length=60)
    user = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="导出人")
    post_id = models.UUIDField("岗位", null=True)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="单位")
    query = models.CharField("条件", max_length=2000, blank=True)
    format = models.CharField("格式", max_length=4, default="xlsx")
    reason = models.CharField("用途", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    personal = models.BooleanField("含个人信息", default=False)
    rows = models.PositiveIntegerField("行数", default=0)
    cut = models.BooleanField("超出上限被截断", default=False)
    file = models.CharField("文件", max_length=200, blank=True)
    failure = models.CharField("未生成原因", max_length=500, blank=True)
    created_at = models.DateTimeField("申请时间")
    finished_at = models.DateTimeField("生成时间", null=True, blank=True)
    expires_at = models.DateTimeField("有效期至", null=True, blank=True)
    fetched = models.PositiveSmallIntegerField("下载次数", default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "导出"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="export_run_own"),
            models.Index(fields=["expires_at"], name="export_run_expiry", condition=models.Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"{self.registry} {self.created_at:%Y-%m-%d}"


@tracked()
class Code(models.Model):
    """One code of a dictionary (字典项): its label, since when and until when it is valid, where it comes from.

    `checked` is false while nobody has compared it with the printed source (待核对). A code is never changed
    into another: a new label is a new version of it, valid from a day on.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    dictionary = models.CharField("字典", max_length=40)
    dictionary_name = models.CharField("字典名称", max_length=60)
    code = models.CharField("代码", max_length=40)
    label = models.CharField("名称", max_length=100)
    order = models.PositiveIntegerField("顺序", default=0)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)
    source = models.CharField("来源", max_length=200, blank=True)
    checked = models.BooleanField("已核对", default=False)

    class Meta:
        verbose_name = "字典项"
        ordering = ["dictionary", "order", "code", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["dictionary", "code", "valid_from"], name="one_version_of_a_code_per_day"),
            models.UniqueConstraint(
                fields=["dictionary", "code"],
                condition=models.Q(valid_to__isnull=True),
                name="one_open_version_of_a_code",
            ),
        ]

    def __str__(self) -> str:
        return self.label
