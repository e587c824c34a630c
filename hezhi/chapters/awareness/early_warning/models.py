"""Events as they stand, warning models as data, and the warnings they raised (聚合事件态势、预警模型、预警; 9.1.4-1)."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from hezhi.engines.org.api import Actor, Scoped
from hezhi.engines.org.scope import any_of, ways
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


class Level(models.IntegerChoices):
    """The four colours (预警等级)."""

    RED = 1, "红色"
    ORANGE = 2, "橙色"
    YELLOW = 3, "黄色"
    BLUE = 4, "蓝色"


class Feed(models.Model):
    """How far what came in has been read (入流进度): one row. `seen` is the last number read, below `settled` nothing follows."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seen = models.BigIntegerField("已读至", default=0)
    settled = models.BigIntegerField("已核对至", default=0)
    compared_on = models.DateField("夜间比对日期", null=True)

    class Meta:
        verbose_name = "入流进度"


class Standing(models.Model):
    """How an event stands now (事件态势): heat and burst, worked out by the clock. It holds no word of any message."""

    event = models.OneToOneField("analysis.Event", models.CASCADE, primary_key=True, related_name="standing")
    heat = models.FloatField("热度", default=0)
    messages = models.PositiveIntegerField("诉求数", default=0)
    reporters = models.PositiveIntegerField("反映人数", default=0)
    recent = models.PositiveIntegerField("近 3 天反映人数", default=0)
    usual = models.PositiveIntegerField("此前 28 天同类", default=0)
    ratio = models.FloatField("与平时之比", default=0)
    chance = models.FloatField("偶然概率", default=1)
    beyond = models.BooleanField("超出偶然", default=False)
    place = models.ForeignKey("geo.Area", models.SET_NULL, null=True, related_name="+", verbose_name="地点")
    category = models.ForeignKey("handling.Category", models.SET_NULL, null=True, related_name="+", verbose_name="类别")
    sources = ArrayField(models.CharField(max_length=16), verbose_name="渠道", default=list)
    units = ArrayField(models.UUIDField(), verbose_name="责任单位", default=list)
    first_at = models.DateTimeField("首件时间")
    last_at = models.DateTimeField("最近一件")
    at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = "事件态势"
        indexes = [models.Index(fields=["-heat"], name="standing_hottest")]


@tracked()
class WarningModel(models.Model):
    """预警模型: under which conditions an event is warned of, at which level, to whom, and what follows.

    Its object is a matter at a place. There is no field that could mean a person, and words that do are refused.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("模型名称", max_length=60, unique=True)
    level = models.PositiveSmallIntegerField("预警等级", choices=Level.choices, default=Level.YELLOW)
    basis = models.CharField("依据", max_length=200, blank=True)
    days = models.PositiveSmallIntegerField("观察天数", default=3, help_text="统计最近几天的反映人数，1 至 14 天")
    reporters = models.PositiveSmallIntegerField(
        "反映人数满", default=0, help_text="同一人多次反映只计一次；0 为不设条件"
    )
    heat = models.FloatField("热度满", default=0, help_text="0 为不设条件")
    ratio = models.FloatField("为平时的倍数满", default=0, help_text="与当地此前 28 天同类诉求相比；0 为不设条件")
    beyond_chance = models.BooleanField(
        "须超出偶然波动", default=True, help_text="不勾选时，未超出偶然波动的一律不作橙色、红色预警"
    )
    category = models.ForeignKey(
        "handling.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="类别",
        help_text="对其下各级同样适用；不选为全部类别",
    )  # fmt: skip
    area = models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区域", help_text="不选为全区"
    )
    words = models.CharField(
        "关键词", max_length=200, blank=True, help_text="标题提到任一词即可，用空格分开；只写事、写地点，不得写人"
    )
    urgent = models.BooleanField("须有紧急件", default=False)
    unresolved_hours = models.PositiveSmallIntegerField("未办结满几小时", default=0, help_text="0 为不设条件")
    analysis = models.ForeignKey(
        "situation.Model", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="分析模型的新发现",
        help_text="突变点、异常日、空间热点或预测越界；选了就只按它的新发现预警，不再填上面的条件",
    )  # fmt: skip
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="推送单位",
        help_text="不选则推送给该事件的责任单位",
    )  # fmt: skip
    acknowledge_minutes = models.PositiveSmallIntegerField("签收时限（分钟）", default=120)
    escalate_to = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="逾期升级到",
        help_text="不选则升级到区社会治理中心",
    )  # fmt: skip
    quiet_hours = models.PositiveSmallIntegerField(
        "静默期（小时）", default=72, help_text="同一事件在此期间不重复预警，等级升高除外"
    )
    active = models.BooleanField("启用", default=True)
    created_on = models.DateField("建立日期", editable=False, null=True)

    class Meta:
        verbose_name = "预警模型"
        ordering = ["level", "name"]
        constraints = [
            models.CheckConstraint(
                name="a_warning_model_has_a_condition",
                condition=Q(reporters__gt=0) | Q(heat__gt=0) | Q(ratio__gt=0) | Q(unresolved_hours__gt=0) | Q(urgent=True)
                | Q(analysis__isnull=False),
                violation_error_message="请至少填一个条件：人数、热度、倍数、未办结时长、紧急件，或选择分析模型的新发现。",
            ),
            models.CheckConstraint(
                name="a_warning_looks_back_some_days", condition=Q(days__gte=1, days__lte=14),
                violation_error_message="观察天数为 1 至 14 天。",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class WarningQuerySet(models.QuerySet["Warning"]):
    """Warnings asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Warnings of the reader's area, or to one of his units."""
        mine = ways(actor.scope)
        if actor.scope.units and not actor.scope.everything:
            mine.append(Q(units__overlap=list(actor.scope.units)))
        return self.filter(any_of(mine))


@tracked()
class Warning(Scoped):
    """预警: that an event met a model's condition, or that an analysis found something new; who was told, who acknowledged, and how it was judged later.

    It keeps figures and never a word of the messages; what the event is called stands with the event alone.
    """

    class State(models.TextChoices):
        OPEN = "open", "待签收"
        ACKNOWLEDGED = "acknowledged", "已签收"
        JUDGED = "judged", "已评判"

    class Verdict(models.TextChoices):
        HIT = "hit", "报对了"
        MISS = "miss", "误报"
        LATE = "late", "报晚了"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField("预警编号", max_length=24, unique=True)
    model = models.ForeignKey(WarningModel, models.PROTECT, related_name="warnings", verbose_name="预警模型")
    event = models.ForeignKey(
        "analysis.Event", models.SET_NULL, null=True, related_name="warnings", verbose_name="事件"
    )
    finding = models.ForeignKey(
        "situation.Finding", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="模型成果"
    )
    found_on = models.DateField("发现的日期", null=True, blank=True, help_text="分析模型的新发现是哪一天的")
    level = models.PositiveSmallIntegerField("等级", choices=Level.choices)
    state = models.CharField("状态", max_length=14, choices=State.choices, default=State.OPEN)
    why = models.CharField("预警理由", max_length=400)
    raised_at = models.DateTimeField("预警时间")
    members = models.PositiveIntegerField("预警时件数")
    reporters = models.PositiveIntegerField("预警时人数")
    heat = models.FloatField("预警时热度")
    usual = models.PositiveIntegerField("此前 28 天同类")
    ratio = models.FloatField("与平时之比")
    chance = models.FloatField("偶然概率")
    units = ArrayField(models.UUIDField(), verbose_name="推送单位", default=list)
    due_at = models.DateTimeField("签收时限")
    escalated_at = models.DateTimeField("升级时间", null=True, blank=True)
    acknowledged_at = models.DateTimeField("签收时间", null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="签收人"
    )
    measure = models.CharField("已采取措施", max_length=500, blank=True)
    verdict = models.CharField("评判", max_length=6, choices=Verdict.choices, blank=True)
    verdict_note = models.CharField("评判说明", max_length=300, blank=True)
    judged_at = models.DateTimeField("评判时间", null=True, blank=True)
    judged_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="评判人"
    )

    objects = WarningQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "预警"
        ordering = ["-raised_at", "-id"]
        indexes = [
            models.Index(fields=["-raised_at", "-id"], name="warning_newest"),
            models.Index(fields=["due_at"], name="warning_due", condition=Q(state="open", escalated_at__isnull=True)),
            GinIndex(fields=["units"], name="warning_units"),
        ]

    def __str__(self) -> str:
        return self.number
