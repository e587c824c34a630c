"""How messages come in (事件汇聚, 9.1.2-1): batches, refused rows, corrections of suggestions."""

from typing import Self

from django.db import models

from hezhi.engines.org.actor import Actor
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.ground.ids import new_id


class BatchQuerySet(models.QuerySet["Batch"]):
    """Batches asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """One's own, and those of colleagues in the same unit who may import."""
        if not actor.may("cases.import"):
            return self.none()
        mine = models.Q(by_id=actor.user_id)
        return self.filter(mine | models.Q(unit_id=actor.unit_id) if actor.unit_id else mine)


class Batch(models.Model):
    """One imported file (导入批次): looked through, matched, checked, confirmed, written; can be looked up afterwards.

    The file itself is kept sealed (`Attachment` of this row) until it is written, given up or a day old.
    `done` is the number of the last row whose transaction has committed: a killed job goes on behind it.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", "待选对照表"
        CHECKING = "checking", "正在预检"
        CHECKED = "checked", "待确认"
        WRITING = "writing", "正在写入"
        WRITTEN = "written", "已写入"
        FAILED = "failed", "未写入"
        DROPPED = "dropped", "已放弃"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("文件名", max_length=200)
    source = models.CharField("来源", max_length=16, blank=True)
    mapping = models.CharField("对照表", max_length=40, blank=True)
    options = models.JSONField("导入选项", default=dict, help_text="坐标系、不带位置、时限起算、外部平台")
    headings = models.JSONField("表头", default=list)
    file = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField("行数", default=0)
    new = models.PositiveIntegerField("新增", default=0)
    known = models.PositiveIntegerField("已有", default=0)
    refused = models.PositiveIntegerField("退回", default=0)
    personal = models.PositiveIntegerField("内容含个人信息的行", default=0)
    done = models.PositiveIntegerField("写到第几行", default=0)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.UPLOADED)
    failure = models.CharField("未写入原因", max_length=500, blank=True)
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="导入人")
    post_id = models.UUIDField("岗位", null=True)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="单位")
    at = models.DateTimeField("上传时间")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = "导入批次"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["unit", "-at"], name="batch_unit")]


class RefusedRow(models.Model):
    """A row that could not be taken in (退回行), with its reasons and the row itself, so nothing is lost.

    The cells hold names and phones, so they are sealed; the rows of a batch are destroyed after thirty days.
    """

    purpose = "更正后重新导入"

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="refused_rows")
    row = models.PositiveIntegerField("行号")
    cells = SealedTextField("原行内容", help_text="JSON 列表")
    reasons = models.JSONField("原因")

    class Meta:
        verbose_name = "退回行"
        ordering = ["row"]


@tracked(exclude=["next_read_at", "last_read_at", "last_result", "failures"])
class Feed(models.Model):
    """网媒订阅源: a public feed (RSS, Atom) of a platform on which people turn to the government.

    Its entries become messages: the words, the link, the time. Nothing of who wrote them is kept.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("名称", max_length=40, unique=True)
    channel = models.SlugField(
        "平台代码", max_length=40, unique=True, help_text="字母、数字、连字符；同一平台代码下同一帖子只成一件事件"
    )
    url = models.CharField("订阅地址", max_length=300, help_text="RSS 或 Atom 的地址，须以 https:// 开头")
    every = models.PositiveSmallIntegerField("间隔（分钟）", default=30, help_text="10 至 1440")
    words = models.CharField(
        "关键词", max_length=300, blank=True, help_text="标题或正文含其中一个才收，以空格或顿号隔开；留空全收"
    )
    days = models.PositiveSmallIntegerField("只收几天内的", default=3, help_text="1 至 30；没有时间的帖子都收")
    active = models.BooleanField("启用", default=True)
    next_read_at = models.DateTimeField("下次读取", null=True, blank=True)
    last_read_at = models.DateTimeField("最近读取", null=True, blank=True)
    last_result = models.CharField("最近结果", max_length=200, blank=True)
    failures = models.PositiveSmallIntegerField("连续未读成", default=0)

    class Meta:
        verbose_name = "网媒订阅源"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Correction(models.Model):
    """An officer's choice against the suggested category (更正): what the classifier learns from."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+")
    suggested = models.CharField(max_length=40, blank=True)
    chosen = models.CharField(max_length=40)
    at = models.DateTimeField()
    learnt_at = models.DateTimeField(null=True, blank=True)
