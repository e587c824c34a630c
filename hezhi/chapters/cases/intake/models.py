"""How messages come in (事件汇聚, 9.1.2-1): batches, refused rows, corrections of suggestions."""

from django.db import models

from hezhi.ground.ids import new_id


class Batch(models.Model):
    """One imported file (导入批次): dry run first, then written; can be looked up afterwards."""

    class State(models.TextChoices):
        CHECKED = "checked", "已预检"
        WRITTEN = "written", "已写入"
        FAILED = "failed", "失败"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("文件名", max_length=200)
    source = models.CharField("来源", max_length=16)
    mapping = models.CharField("对照表", max_length=40)
    file = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField("行数", default=0)
    new = models.PositiveIntegerField("新增", default=0)
    known = models.PositiveIntegerField("已有", default=0)
    refused = models.PositiveIntegerField("退回", default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CHECKED)
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "导入批次"


class RefusedRow(models.Model):
    """A row that could not be taken in (退回行), with its reasons and the row itself, so nothing is lost."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="refused_rows")
    row = models.PositiveIntegerField("行号")
    values = models.JSONField()
    reasons = models.JSONField()


class Correction(models.Model):
    """An officer's choice against the suggested category (更正): what the classifier learns from."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+")
    suggested = models.CharField(max_length=40, blank=True)
    chosen = models.CharField(max_length=40)
    at = models.DateTimeField()
    learnt_at = models.DateTimeField(null=True, blank=True)
