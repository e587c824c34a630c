"""What is written down about every row (记录): audit, seals, files, comments."""

import pgtrigger
from django.db import models
from django.db.models import Q

from hezhi.engines.records.fields import CurrentTransaction, TransactionField
from hezhi.ground.ids import new_id
from hezhi.ground.uploads import FILMED, SOUNDS


class AuditEntry(models.Model):
    """One line of the audit (审计记录), append-only: the application's role may insert and read, no more.

    `deed_id` is the trace that the history rows of the same verb carry: they are the values before and
    after. `mac` proves the line unchanged (see `audit.canonical`), `xact` says when it became visible.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField("时间")
    actor_kind = models.CharField("行为人类型", max_length=10)
    actor_id = models.UUIDField("行为人", null=True)
    actor_name = models.CharField("姓名", max_length=60)
    post_title = models.CharField("岗位", max_length=60, blank=True)
    unit_id = models.UUIDField("单位", null=True)
    channel = models.CharField("渠道", max_length=20, blank=True)
    address = models.GenericIPAddressField("来源地址", null=True)
    request_id = models.CharField("请求编号", max_length=40, blank=True)
    event = models.CharField("行为", max_length=60)
    object_type = models.CharField("对象类型", max_length=60, blank=True)
    object_id = models.UUIDField("对象", null=True)
    result = models.CharField("结果", max_length=10, default="ok")
    reason = models.CharField("事由", max_length=500, blank=True)
    purpose = models.CharField("查阅目的", max_length=200, blank=True)
    detail = models.JSONField("细节", default=dict)
    deed_id = models.UUIDField("留痕编号", null=True)
    mac = models.BinaryField("完整性校验", default=bytes)
    xact = TransactionField(db_default=CurrentTransaction())

    class Meta:
        verbose_name = "审计记录"
        indexes = [
            models.Index(fields=["at", "id"], name="audit_at"),
            models.Index(fields=["object_id", "at", "id"], name="audit_object"),
            models.Index(fields=["actor_id", "at", "id"], name="audit_actor"),
            models.Index(fields=["event", "at", "id"], name="audit_event"),
            models.Index(fields=["address", "at", "id"], name="audit_address"),
            models.Index(fields=["xact"], name="audit_xact"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class AuditSeal(models.Model):
    """A link of the SM3 chain (审计封存): seals the rows that were committed since the link before."""

    id = models.BigAutoField(primary_key=True)
    sealed_at = models.DateTimeField("封存时间")
    rows = models.PositiveIntegerField("条数")
    members = models.JSONField("记录号段", help_text="[[起, 止], …],按封存顺序")
    previous = models.BinaryField("上一封存值")
    digest = models.BinaryField("封存值")
    mac = models.BinaryField("完整性校验", default=bytes)
    snapshot = models.TextField("数据库快照", blank=True)
    cluster = models.CharField("数据库实例", max_length=20, blank=True)
    floor = models.BigIntegerField("起始记录号", default=0)

    class Meta:
        verbose_name = "审计封存"
        indexes = [models.Index(fields=["sealed_at", "id"], name="seal_at")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class AuditCheck(models.Model):
    """One examination of the audit's integrity (完整性校验记录): what was looked at and what was found."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField("校验时间")
    since = models.DateTimeField("起始时间", null=True)
    seconds = models.FloatField("用时(秒)")
    seals = models.PositiveIntegerField("封存数")
    rows = models.PositiveBigIntegerField("条数")
    tail = models.PositiveIntegerField("未封存条数")
    findings = models.JSONField("问题", default=list)
    by_name = models.CharField("校验人", max_length=60)

    class Meta:
        verbose_name = "完整性校验记录"
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class Alarm(models.Model):
    """Something an audit administrator must look at (安全告警), once per occasion."""

    class Kind(models.TextChoices):
        BULK_READING = "bulk_reading", "短时间大量查看个人信息"
        NIGHT_READING = "night_reading", "夜间查看个人信息"
        INTEGRITY = "integrity", "审计完整性校验发现问题"
        INFECTED = "infected", "附件查出恶意代码"
        CARE_READING = "care_reading", "一天内打开过多帮扶档案"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("类别", max_length=16, choices=Kind.choices)
    at = models.DateTimeField("时间")
    occasion = models.CharField("场合", max_length=80)
    actor_id = models.UUIDField("行为人", null=True)
    actor_name = models.CharField("姓名", max_length=60, blank=True)
    detail = models.JSONField("细节", default=dict)
    seen_at = models.DateTimeField("处置时间", null=True)
    seen_by = models.CharField("处置人", max_length=60, blank=True)
    note = models.CharField("处置说明", max_length=500, blank=True)

    class Meta:
        verbose_name = "安全告警"
        constraints = [models.UniqueConstraint(fields=["kind", "occasion"], name="one_alarm_per_occasion")]
        indexes = [models.Index(fields=["-at"], name="alarm_newest")]


class Attachment(models.Model):
    """A file that belongs to a row (附件), served only after the row's own permission check.

    `object_type`/`object_id` name the row; `visibility` says who of its readers may open the file.
    What lies in the store is sealed under a key of this file alone, which stands here sealed under the
    ring's `file` key: without this value nobody can read the content again, backups included (8.1.4.10).
    """

    class State(models.TextChoices):
        CLEAN = "clean", "可用"
        WAITING = "waiting", "待查毒"
        QUARANTINED = "quarantined", "隔离"

    class Visibility(models.TextChoices):
        READERS = "readers", "可见事项者"
        SECRET = "secret", "仅保密件经办"
        REPORTER = "reporter", "含上报人"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    name = models.CharField("文件名", max_length=200)
    kind = models.CharField("类别", max_length=20)
    content_type = models.CharField("内容类型", max_length=100)
    size = models.PositiveIntegerField("字节数")
    digest = models.CharField("SM3 摘要", max_length=64)
    sealed_key = models.BinaryField("文件密钥密文", default=bytes)
    file = models.CharField("存储位置", max_length=200)
    thumbnail = models.CharField("缩略图", max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.CLEAN)
    visibility = models.CharField(max_length=12, choices=Visibility.choices, default=Visibility.READERS)
    stage = models.CharField("环节", max_length=20, blank=True)
    uploaded_by = models.CharField("上传人", max_length=60, blank=True)
    uploaded_by_id = models.UUIDField(null=True, editable=False)
    uploaded_at = models.DateTimeField("上传时间")
    removed_at = models.DateTimeField("删除时间", null=True, blank=True)

    class Meta:
        verbose_name = "附件"
        indexes = [
            models.Index(fields=["object_id"], name="attachment_object"),
            models.Index(fields=["id"], name="attachment_waiting", condition=Q(state="waiting")),
        ]
        constraints = [
            # A report that is sent again after a lost answer brings its photos again.
            models.UniqueConstraint(
                fields=["object_id", "digest", "stage", "visibility"],
                condition=Q(removed_at__isnull=True),
                name="one_file_once_per_row",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Whether it has a small view (缩略图)."""
        return bool(self.thumbnail)

    @property
    def plays(self) -> str:
        """«audio» or «video» for what is listened to or watched (录音、视频); empty for any other file."""
        return "audio" if self.kind in SOUNDS else "video" if self.kind in FILMED else ""


class Comment(models.Model):
    """A remark among officers on a row (批注、意见), or a message to the one who reported."""

    class Audience(models.TextChoices):
        INTERNAL = "internal", "内部"
        REPORTER = "reporter", "上报人可见"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    text = models.TextField("内容")
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.INTERNAL)
    by_id = models.UUIDField("行为人", null=True)
    by_name = models.CharField("姓名", max_length=60)
    unit_name = models.CharField("单位", max_length=80, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "意见"
        indexes = [models.Index(fields=["object_id", "at"], name="comment_object")]


class HistoryTable(models.Model):
    """Which table keeps the versions of which (历史表登记): written by the owner after each migration."""

    history_table = models.CharField(max_length=63, primary_key=True)
    row_table = models.CharField(max_length=63)

    class Meta:
        verbose_name = "历史表"


from hezhi.engines.records import org_history  # noqa: E402,F401  (its proxy models belong to this app)
