"""Messages on their way to people (消息): outbox, inbox, templates, delivery log."""

from django.db import models

from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


@tracked()
class MessageTemplate(models.Model):
    """The words of a message (消息模板), by code and channel; `{number}` and such are filled in."""

    class Channel(models.TextChoices):
        INBOX = "inbox", "站内消息"
        SMS = "sms", "短信"
        EMAIL = "email", "邮件"
        SHANDONG_TONG = "shandong_tong", "山东通"
        AI_SHANDONG = "ai_shandong", "爱山东"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField("模板代码", max_length=60)
    channel = models.CharField("渠道", max_length=16, choices=Channel.choices)
    title = models.CharField("标题", max_length=100)
    text = models.TextField("内容")
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "消息模板"
        ordering = ["code", "channel"]
        constraints = [models.UniqueConstraint(fields=["code", "channel"], name="one_template_per_channel")]


class Outgoing(models.Model):
    """A message to be delivered (待发消息), written in the verb's own transaction, sent by a job.

    The receiver is a person of staff, a post's unit, or the reporter of a case (then the address is read
    from the sealed field at sending time and never stored here).
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "失败"
        DROPPED = "dropped", "不发送"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.CharField("事由", max_length=60)
    channel = models.CharField("渠道", max_length=16)
    user = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, blank=True, related_name="+")
    permission = models.CharField(max_length=60, blank=True, help_text="单位内须有此权限的人")
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.UUIDField(null=True, blank=True)
    title = models.CharField("标题", max_length=200)
    text = models.TextField("内容")
    link = models.CharField("链接", max_length=200, blank=True)
    urgent = models.BooleanField("紧急", default=False)
    created_at = models.DateTimeField("产生时间")
    not_before = models.DateTimeField("最早发送", null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    last_error = models.CharField("最近失败原因", max_length=300, blank=True)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)

    class Meta:
        verbose_name = "待发消息"
        indexes = [
            models.Index(fields=["created_at"], name="outgoing_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["object_id"], name="outgoing_object"),
        ]


class InboxMessage(models.Model):
    """A message in a person's inbox (站内消息)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey("org.User", models.CASCADE, related_name="inbox")
    outgoing = models.ForeignKey(Outgoing, models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    text = models.TextField()
    link = models.CharField(max_length=200, blank=True)
    urgent = models.BooleanField(default=False)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "站内消息"
        constraints = [models.UniqueConstraint(fields=["user", "outgoing"], name="told_once")]
        indexes = [
            models.Index(fields=["user", "at"], name="inbox_user"),
            models.Index(fields=["user"], name="inbox_unread", condition=models.Q(read_at__isnull=True)),
        ]


class Delivery(models.Model):
    """One attempt to deliver (发送记录)."""

    id = models.BigAutoField(primary_key=True)
    outgoing = models.ForeignKey(Outgoing, models.CASCADE, related_name="deliveries")
    at = models.DateTimeField()
    ok = models.BooleanField()
    receiver = models.CharField("接收方", max_length=60, blank=True, help_text="已脱敏")
    answer = models.CharField("回执", max_length=300, blank=True)

    class Meta:
        verbose_name = "发送记录"
