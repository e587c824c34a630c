"""Outer systems (外部系统): keys, idempotent requests, webhooks."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.ground.ids import new_id


@tracked(exclude=["last_used_at", "digest", "signing_secret", "webhook_secret"])
class ChannelKey(models.Model):
    """The key of an outer system (接入密钥): what it may do, how much, until when.

    Of the key itself only an SM3 digest is kept. The two secrets for signatures must be computed with, so
    they are sealed instead. `system` names the outer system and stays the same when a key is rotated.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("系统名称", max_length=80)
    system = models.SlugField("系统代码", max_length=40, default="")
    prefix = models.CharField("密钥前缀", max_length=12, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="权限")
    source = models.CharField("来源代码", max_length=20, help_text="以此密钥上报的事件来源")
    area = models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="取数范围",
        help_text="只能取这个区域的环节事实；留空为全区",
    )  # fmt: skip
    quota_per_minute = models.PositiveIntegerField("每分钟上限", default=600)
    must_sign = models.BooleanField("请求须签名", default=False)
    signing_secret = SealedTextField(blank=True, default="", editable=False)
    webhook_url = models.URLField("状态回推地址", blank=True)
    webhook_secret = SealedTextField(blank=True, default="", editable=False)
    valid_from = models.DateTimeField("启用时间")
    valid_to = models.DateTimeField("停用时间", null=True, blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaces")
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)

    class Meta:
        verbose_name = "接入密钥"
        ordering = ["name", "-valid_from"]

    def __str__(self) -> str:
        return self.name


class KeyUse(models.Model):
    """How often a key was used in a minute (用量), for the quota."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(ChannelKey, models.CASCADE, related_name="uses")
    minute = models.DateTimeField("分钟")
    count = models.PositiveIntegerField("次数", default=0)

    class Meta:
        verbose_name = "密钥用量"
        constraints = [models.UniqueConstraint(fields=["key", "minute"], name="one_use_row_per_minute")]


class UsedNonce(models.Model):
    """A signed request that was taken (已用随机数), so that nobody sends it a second time."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(ChannelKey, models.CASCADE, related_name="+", db_index=False)
    nonce = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "已用随机数"
        constraints = [models.UniqueConstraint(fields=["key", "nonce"], name="nonce_once")]
        indexes = [models.Index(fields=["at"], name="nonce_at")]


class IdempotentRequest(models.Model):
    """An answer kept for a repeated request (幂等): same channel and key, same answer, nothing done twice."""

    id = models.BigAutoField(primary_key=True)
    channel = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    digest = models.CharField("请求摘要", max_length=64)
    object_id = models.UUIDField(null=True)
    answer = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "幂等请求"
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["at"], name="idempotent_at")]


class Webhook(models.Model):
    """News for an outer system (状态回推), signed, retried with growing pauses.

    While somebody tries, `next_try_at` stands a lease ahead; a killed sender's news comes up again. After
    the last try `given_up_at` lays it before a person.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.ForeignKey(ChannelKey, models.PROTECT, related_name="webhooks")
    event = models.CharField("事项", max_length=60)
    body = models.JSONField("内容")
    created_at = models.DateTimeField("产生时间")
    next_try_at = models.DateTimeField("下次推送")
    tries = models.PositiveSmallIntegerField("次数", default=0)
    delivered_at = models.DateTimeField("送达时间", null=True, blank=True)
    given_up_at = models.DateTimeField("放弃时间", null=True, blank=True)
    last_answer = models.CharField("最近回应", max_length=300, blank=True)

    class Meta:
        verbose_name = "状态回推"
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                name="webhook_waiting",
                condition=Q(delivered_at__isnull=True, given_up_at__isnull=True),
            ),
            models.Index(fields=["-created_at", "-id"], name="webhook_newest"),
        ]
