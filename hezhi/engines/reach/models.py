"""Messages on their way to people (消息): templates, outbox, inbox, delivery log, news for screens."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hezhi.engines.org.actor import Actor
from hezhi.engines.reach import call_rules as calling
from hezhi.engines.reach import news
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


class Channel(models.TextChoices):
    """The ways to a person (渠道); all but the inbox leave the house through a port."""

    INBOX = "inbox", "站内消息"
    SMS = "sms", "短信"
    EMAIL = "email", "邮件"
    SHANDONG_TONG = "shandong_tong", "山东通"
    AI_SHANDONG = "ai_shandong", "爱山东"


@tracked()
class MessageTemplate(models.Model):
    """The words of a message (消息模板), by code and channel; `{number}` and such are filled in.

    Which places may be filled is told by the code's line in `messages.toml` (see `words`).
    """

    Channel = Channel

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

    def __str__(self) -> str:
        return f"{self.code} {self.get_channel_display()}"


@tracked()
class QuietHours(models.Model):
    """When a channel keeps silent unless the message is urgent (免打扰时段), in Shanghai's time.

    A span may pass midnight (22:00 to 07:00). What falls into it waits until its end.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.CharField("渠道", max_length=16, choices=Channel.choices, unique=True)
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "免打扰时段"
        ordering = ["channel"]


class Outgoing(models.Model):
    """A message to be delivered (待发消息), written in the verb's own transaction, sent by a job.

    The receiver is a person of staff (`user`), the holders of a permission in a unit, or, with neither,
    the outside person that the matter's own chapter names at sending time: that address is never stored
    here. `not_before` is when it is tried next; while somebody tries, it stands a lease ahead, so that a
    message whose sender was killed comes up again by itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"
        DROPPED = "dropped", "不发送"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    event = models.CharField("事由", max_length=60)
    channel = models.CharField("渠道", max_length=16, choices=Channel.choices)
    user = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, blank=True, related_name="+")
    permission = models.CharField(max_length=60, blank=True, help_text="单位内须有此权限的人")
    told_by = models.UUIDField("发出人", null=True, help_text="本人不再收到自己发出的单位消息")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="copies", verbose_name="由哪一条分发或重发"
    )
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.UUIDField(null=True, blank=True)
    title = models.CharField("标题", max_length=200)
    text = models.TextField("内容")
    link = models.CharField("链接", max_length=200, blank=True)
    urgent = models.BooleanField("紧急", default=False)
    created_at = models.DateTimeField("产生时间")
    not_before = models.DateTimeField("下次发送")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField("次数", default=0)
    last_error = models.CharField("最近失败原因", max_length=300, blank=True)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)

    class Meta:
        verbose_name = "待发消息"
        indexes = [
            models.Index(fields=["not_before"], name="outgoing_waiting", condition=Q(state="waiting")),
            models.Index(fields=["created_at", "id"], name="outgoing_failed", condition=Q(state="failed")),
            models.Index(fields=["created_at", "id"], name="outgoing_newest"),
            models.Index(fields=["object_id"], name="outgoing_object"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def receiver_words(self) -> str:
        """Whom it is for, in words without a personal value (接收方)."""
        if self.user_id and self.user:
            return self.user.full_name
        if self.unit_id and self.unit:
            return self.unit.name
        return "上报人"


class InboxMessage(models.Model):
    """A message in a person's inbox (站内消息)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey("org.User", models.CASCADE, related_name="inbox")
    outgoing = models.ForeignKey(Outgoing, models.PROTECT, related_name="+")
    title = models.CharField("标题", max_length=200)
    text = models.TextField("内容")
    link = models.CharField(max_length=200, blank=True)
    urgent = models.BooleanField("紧急", default=False)
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = "站内消息"
        constraints = [models.UniqueConstraint(fields=["user", "outgoing"], name="told_once")]
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="inbox_user"),
            models.Index(fields=["user", "-at", "-id"], name="inbox_unread", condition=Q(read_at__isnull=True)),
        ]
        triggers = [*news.inbox_triggers()]


class Delivery(models.Model):
    """One attempt to deliver (发送记录); the receiver is written masked."""

    id = models.BigAutoField(primary_key=True)
    outgoing = models.ForeignKey(Outgoing, models.CASCADE, related_name="deliveries")
    at = models.DateTimeField("时间")
    ok = models.BooleanField("成功")
    receiver = models.CharField("接收方", max_length=60, blank=True, help_text="已脱敏")
    answer = models.CharField("回执", max_length=300, blank=True)

    class Meta:
        verbose_name = "发送记录"
        ordering = ["id"]


class LocalCopy(models.Model):
    """What a channel that is not connected would have sent (本地演示通道的留存), the receiver masked.

    One row per message, so that a message tried twice is seen once.
    """

    id = models.BigAutoField(primary_key=True)
    outgoing = models.OneToOneField(Outgoing, models.CASCADE, related_name="local_copy")
    channel = models.CharField("渠道", max_length=16, choices=Channel.choices)
    receiver = models.CharField("接收方", max_length=60, help_text="已脱敏")
    title = models.CharField("标题", max_length=200)
    text = models.TextField("内容")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "本地演示通道留存"


class NewsItem(models.Model):
    """A word to open screens that some rows are new or changed (屏幕更新), kept for an hour.

    Written by triggers (`news.tells_screens`). `xact` is the number of the transaction that wrote it: with
    it a reader asks for «everything I could not see yet» without missing what was committed late.
    """

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=20)
    ids = ArrayField(models.UUIDField())
    xact = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = "屏幕更新"
        indexes = [models.Index(fields=["xact"], name="news_xact"), models.Index(fields=["at"], name="news_at")]


class CallQuerySet(models.QuerySet["Call"]):
    """Calls asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """His own calls alone: those he makes, those made to him."""
        return (
            self.filter(Q(caller=actor.user_id) | Q(invited__contains=[actor.user_id]))
            if actor.user_id
            else self.none()
        )

    def living(self) -> Self:
        """Calls that ring or are talked in (进行中的通话)."""
        return self.exclude(state=calling.ENDED)


class Call(models.Model):
    """A call by voice or video about a matter (音视频通话): who, whom, when, how long, and how it ended.

    Neither sound nor picture is kept anywhere; this row is part of the matter's file. `invited` are the people of
    the called unit who may answer. `caller_seen` and `callee_seen` are the last signs of life of their pages.
    """

    class State(models.TextChoices):
        RINGING = calling.RINGING, "呼叫中"
        TALKING = calling.TALKING, "通话中"
        ENDED = calling.ENDED, "已结束"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    title = models.CharField("事项编号", max_length=40)
    link = models.CharField(max_length=200, blank=True)
    video = models.BooleanField("视频", default=False)
    room = models.CharField("通话室", max_length=32, unique=True)
    caller = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="主叫")
    caller_post = models.CharField("主叫岗位", max_length=60, blank=True)
    caller_unit = models.CharField("主叫单位", max_length=80, blank=True)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="被叫单位")
    invited = ArrayField(models.UUIDField(), verbose_name="被叫人员")
    declined = ArrayField(models.UUIDField(), verbose_name="拒接人员", default=list)
    answered_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="接听人"
    )
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.RINGING)
    result = models.CharField("结果", max_length=8, blank=True, choices=list(calling.RESULTS.items()))
    note = models.CharField("结束原因", max_length=60, blank=True)
    asked_at = models.DateTimeField("呼叫时间")
    answered_at = models.DateTimeField("接听时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    seconds = models.PositiveIntegerField("通话秒数", default=0)
    caller_seen = models.DateTimeField(null=True, blank=True)
    callee_seen = models.DateTimeField(null=True, blank=True)

    objects = CallQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "音视频通话"
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["object_id", "asked_at"], name="call_object"),
            models.Index(fields=["asked_at"], name="call_living", condition=~Q(state="ended")),
        ]
        constraints = [
            models.CheckConstraint(
                name="an_ended_call_says_how",
                condition=Q(state="ended", ended_at__isnull=False) & ~Q(result="") | ~Q(state="ended") & Q(result=""),
            ),
            models.CheckConstraint(
                name="who_answered_and_when",
                condition=Q(answered_by__isnull=True, answered_at__isnull=True) | Q(answered_by__isnull=False, answered_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.title} {'视频' if self.video else '语音'}"
