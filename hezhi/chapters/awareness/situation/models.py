"""Saved questions and the reports they gave, models and what they found (热点分析模板、态势报告、分析模型; 9.1.4-2)."""

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

    def __str__(self) -> str:
        return self.title


@tracked()
class Model(models.Model):
    """信息数据分析模型: one measure of matters at places over time, one method, how good it is, whom it informs.

    The unit of analysis is area × kind × day. No column that means a person can be chosen, because none is offered.
    """

    class Measure(models.TextChoices):
        RECEIVED = "received", "来件数"
        URGENT = "urgent", "紧急件数"
        ENDED = "ended", "办结数"
        UNSATISFIED = "unsatisfied", "不满意件数"
        REDONE = "redone", "重办件数"

    class Method(models.TextChoices):
        TREND = "trend", "长期趋势"
        BREAKS = "breaks", "突变点"
        ANOMALIES = "anomalies", "异常日"
        FORECAST = "forecast", "预测"
        SHARES = "shares", "变化来源"
        SPOTS = "spots", "空间热点"

    class Ground(models.TextChoices):
        GRID = "grid", "网格"
        COMMUNITY = "community", "社区"
        SQUARE = "square", "方格"

    class Parts(models.TextChoices):
        TOWN_KIND = "town_kind", "镇街和类别"
        TOWN = "town", "镇街"
        COMMUNITY = "community", "社区"
        KIND = "kind", "类别"
        SOURCE = "source", "渠道"

    class State(models.TextChoices):
        DRAFT = "draft", "试用"
        PUBLISHED = "published", "已发布"
        RETIRED = "retired", "已停用"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("模型名称", max_length=60, unique=True)
    aim = models.CharField("用途", max_length=200)
    measure = models.CharField("指标", max_length=12, choices=Measure.choices, default=Measure.RECEIVED)
    method = models.CharField("方法", max_length=10, choices=Method.choices)
    days = models.PositiveSmallIntegerField(
        "取数天数", default=180, choices=[(60, "60 天"), (180, "180 天"), (365, "一年"), (730, "两年")]
    )
    category = models.ForeignKey(
        "handling.Category",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="类别",
        help_text="不选为全部",
    )
    town = models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="镇街", help_text="不选为全区"
    )
    horizon = models.PositiveSmallIntegerField("预测天数", default=14, help_text="只用于预测，1 至 28 天")
    ground = models.CharField(
        "统计单元", max_length=10, choices=Ground.choices, default=Ground.GRID,
        help_text="只用于空间热点；方格全区为 2 公里，一个镇街内为 500 米",
    )  # fmt: skip
    parts = models.CharField(
        "分解维度", max_length=10, choices=Parts.choices, default=Parts.TOWN_KIND, help_text="只用于变化来源"
    )
    limits = models.CharField("适用范围和局限", max_length=300, blank=True)
    weekly = models.BooleanField("每周一运行", default=False)
    daily = models.BooleanField("每天运行", default=False)
    receivers = ArrayField(
        models.UUIDField(), verbose_name="推送单位", default=list, blank=True, help_text="有新发现时告知"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    edition = models.PositiveSmallIntegerField("版本", default=1, editable=False)
    next_on = models.DateField("下次运行", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "分析模型"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="a_forecast_looks_ahead_some_days", condition=Q(horizon__gte=1, horizon__lte=28),
                violation_error_message="预测天数为 1 至 28 天。",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


@tracked()
class Finding(Scoped):
    """模型成果: what a model gave on one day for one unit's part of the district, with how far it may be trusted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    model = models.ForeignKey(Model, models.PROTECT, related_name="findings", verbose_name="分析模型")
    edition = models.PositiveSmallIntegerField("模型版本")
    made_at = models.DateTimeField("运行时间")
    first = models.DateField("取数自")
    last = models.DateField("取数至")
    told = models.CharField("结论", max_length=400)
    trust = models.CharField("可靠性", max_length=300)
    usable = models.BooleanField("可以采用", default=False)
    alert = models.BooleanField("有新情况", default=False)
    content = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = "模型成果"
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["model", "-made_at"], name="situation_finding_newest")]

    def __str__(self) -> str:
        return f"{self.model} {self.last}"


@tracked()
class Weather(models.Model):
    """逐日气象: what the weather of the district was on a day, and who says so. What is not known stays empty."""

    class Warned(models.TextChoices):
        BLUE = "blue", "蓝色"
        YELLOW = "yellow", "黄色"
        ORANGE = "orange", "橙色"
        RED = "red", "红色"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    date = models.DateField("日期", unique=True)
    high = models.FloatField("最高气温（℃）", null=True, blank=True, help_text="不清楚留空")
    low = models.FloatField("最低气温（℃）", null=True, blank=True, help_text="不清楚留空")
    rain = models.FloatField("降水量（毫米）", null=True, blank=True, help_text="无降水填 0，不清楚留空")
    wind = models.PositiveSmallIntegerField("最大风力（级）", null=True, blank=True, help_text="不清楚留空")
    warned = models.CharField(
        "最高预警等级", max_length=8, choices=Warned.choices, blank=True, default="", help_text="没有预警留空"
    )
    warned_of = models.CharField("预警种类", max_length=40, blank=True, help_text="如暴雨、大风")
    source = models.CharField("来源", max_length=80, help_text="由哪个单位提供")

    class Meta:
        verbose_name = "逐日气象"
        ordering = ["-date"]
        constraints = [
            models.CheckConstraint(
                name="weather_rain_is_not_negative", condition=Q(rain__isnull=True) | Q(rain__gte=0, rain__lte=2000),
                violation_error_message="降水量应在 0 至 2000 毫米之间。",
            ),
            models.CheckConstraint(
                name="weather_low_below_high", condition=Q(low__isnull=True) | Q(high__isnull=True) | Q(low__lte=models.F("high")),
                violation_error_message="最低气温不能高于最高气温。",
            ),
            models.CheckConstraint(
                name="weather_wind_has_a_force", condition=Q(wind__isnull=True) | Q(wind__lte=18),
                violation_error_message="风力应在 0 至 18 级之间。",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.date:%Y-%m-%d}"
