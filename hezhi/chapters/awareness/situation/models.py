"""Saved questions and the reports they gave (热点分析模板、态势报告; 9.1.4-2-1)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hezhi.engines.org.api import Scoped
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


class Level(models.TextChoices):
    """The units of ground that are compared (管理单元)."""

    TOWN = "town", "镇街"
    COMMUNITY = "community", "社区"
    GRID = "grid", "网格"


class Span(models.IntegerChoices):
    """How far back (统计期)."""

    WEEK = 7, "最近 7 天"
    MONTH = 30, "最近 30 天"
    QUARTER = 90, "最近 90 天"
    YEAR = 365, "最近一年"


@tracked()
class Template(models.Model):
    """热点分析模板: a question that is asked again: which areas, which days, which matters; when, and for whom."""

    class Schedule(models.TextChoices):
        NONE = "", "不定时"
        DAILY = "daily", "每天"
        WEEKLY = "weekly", "每周一"
        MONTHLY = "monthly", "每月 1 日"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("模板名称", max_length=60, unique=True)
    level = models.CharField("管理单元", max_length=10, choices=Level.choices, default=Level.TOWN)
    days = models.PositiveSmallIntegerField("统计期", choices=Span.choices, default=Span.WEEK)
    category = models.ForeignKey(
        "handling.Category",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="类别",
        help_text="不选为全部",
    )
    source = models.CharField("渠道", max_length=16, blank=True, help_text="不选为全部")
    schedule = models.CharField("定时", max_length=8, choices=Schedule.choices, blank=True, default="")
    receivers = ArrayField(models.UUIDField(), verbose_name="接收单位", default=list, blank=True)
    next_on = models.DateField("下次生成", null=True, blank=True, editable=False)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "热点分析模板"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@tracked()
class Report(Scoped):
    """态势报告: what a question gave for one unit on one day, with the rights of that unit; kept as it was.

    It holds figures, names of areas and general words, and never a word that only one message had; hot events are kept
    by their ids, so that what they are called is read when the report is opened.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(Template, models.PROTECT, related_name="reports", verbose_name="模板")
    title = models.CharField("标题", max_length=120)
    made_at = models.DateTimeField("生成时间")
    first = models.DateField("统计自")
    last = models.DateField("统计至")
    total = models.PositiveIntegerField("诉求数")
    content = models.JSONField("内容", default=dict)
    events = ArrayField(models.UUIDField(), verbose_name="热点事件", default=list)

    class Meta:
        verbose_name = "态势报告"
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["-made_at", "-id"], name="situation_report_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "unit", "last"], condition=Q(unit__isnull=False), name="one_report_a_day_for_a_unit"
            )
        ]

    def __str__(self) -> str:
        return self.title
