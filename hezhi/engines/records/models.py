"""What is written down about every row (记录): audit, seals, files, comments."""

import pgtrigger
from django.db import models
from django.db.models import Q

from hezhi.ground.ids import new_id


class AuditEntry(models.Model):
    """One line of the audit (审计记录), append-only: the application's role may insert and read, no more."""

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
    mac = models.BinaryField("完整性校验", default=bytes)

    class Meta:
        verbose_name = "审计记录"
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["object_id", "at"], name="audit_object"),
            models.Index(fields=["actor_id", "at"], name="audit_actor"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class AuditSeal(models.Model):
    """A link of the SM3 chain (审计封存): seals a run of audit rows in commit order."""

    id = models.BigAutoField(primary_key=True)
    sealed_at = models.DateTimeField("封存时间")
    rows = models.PositiveIntegerField("条数")
    members = models.JSONField("记录号段", help_text="按封存顺序的记录号")
    previous = models.BinaryField("上一封存值")
    digest = models.BinaryField("封存值")

    class Meta:
        verbose_name = "审计封存"
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


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
