"""Outer systems (外部系统): keys, idempotent requests, webhooks."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


@tracked(exclude=["last_used_at"])
class ChannelKey(models.Model):
    """The key of an outer system (接入密钥): what it may do, how much, until when. Only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("系统名称", max_length=80)
    prefix = models.CharField("密钥前缀", max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="权限")
    source = models.CharField("来源代码", max_length=20, help_text="以此密钥上报的事件来源")
    quota_per_minute = models.PositiveIntegerField("每分钟上限", default=600)
    webhook_url = models.URLField("状态回推地址", blank=True)
    webhook_secret = models.CharField(max_length=300, blank=True, editable=False)
    valid_from = models.DateTimeField("启用时间")
    valid_to = models.DateTimeField("停用时间", null=True, blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)

    class Meta:
        verbose_name = "接入密钥"


class KeyUse(models.Model):
    """How often a key was used in a minute (用量), for the quota."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(ChannelKey, models.CASCADE, related_name="+")
    minute = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "minute"], name="one_use_row_per_minute")]


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
        constraints = [models.UniqueConstraint(fields=["channel", "key"], name="one_answer_per_key")]


class Webhook(models.Model):
    """News for an outer system (状态回推), signed, retried with growing pauses."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    key = models.ForeignKey(ChannelKey, models.PROTECT, related_name="webhooks")
    event = models.CharField(max_length=60)
    body = models.JSONField()
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "状态回推"
        indexes = [
            models.Index(
                fields=["next_try_at"], name="webhook_waiting", condition=models.Q(delivered_at__isnull=True)
            )
        ]
