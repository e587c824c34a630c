"""Indicators, templates, rounds and what they give (业务考核, 9.1.2-5): all of it data, frozen with its rules when it counts."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q

from hezhi.chapters.cases.handling.api import Kind, Source, Urgency
from hezhi.chapters.cases.statistics.models import FactQuerySet, StageFacts
from hezhi.chapters.cases.statistics.rules import MEASURES
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id

MEASURE_CHOICES = [(measure.code, measure.name) for measure in MEASURES.values()]


class Level(models.TextChoices):
    """Whom a template appraises (考核层级)."""

    DEPARTMENT = "department", "部门"
    TOWN = "town", "镇街"
    GRID_MEMBER = "grid_member", "网格员"


class Shape(models.TextChoices):
    """How a number becomes points (计分方式): the seven ways found in practice."""

    RATE = "rate", "比率 × 权重"
    INVERSE = "inverse", "（1 − 比率）× 权重"
    STEP = "step", "按件扣分"
    BONUS = "bonus", "按件加分"
    BANDS = "bands", "分档扣分"
    PER_BASE = "per_base", "按面积或人口折算"
    MANUAL = "manual", "人工评分"


class Base(models.TextChoices):
    """What a number is divided by (折算基数): published figures of a place, never the people in a register."""

    AREA = "area", "面积（平方公里）"
    POPULATION = "population", "常住人口（万人，公报数）"


def in_points(label: str, **more: object) -> models.DecimalField:
    """A number of points with two decimals."""
    return models.DecimalField(label, max_digits=7, decimal_places=2, **more)  # type: ignore[arg-type,misc]


@tracked()
class Indicator(models.Model):
    """考核指标: one number about the duties of a unit or a grid member, counted from facts of cases or given by hand.

    Numerator and denominator are chosen from the measures of statistics; there is none that counts people.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("指标代码", max_length=30, unique=True)
    name = models.CharField("指标名称", max_length=40)
    shape = models.CharField("计分方式", max_length=10, choices=Shape.choices)
    numerator = models.CharField("分子", max_length=24, choices=MEASURE_CHOICES, blank=True)
    denominator = models.CharField("分母", max_length=24, choices=MEASURE_CHOICES, blank=True)
    kind = models.CharField("只计事件类型", max_length=16, choices=Kind.choices, blank=True)
    source = models.CharField("只计渠道", max_length=16, choices=Source.choices, blank=True)
    urgency = models.CharField("只计紧急程度", max_length=12, choices=Urgency.choices, blank=True)
    category = models.ForeignKey(
        "handling.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="只计类别",
        help_text="对其下各级同样适用",
    )  # fmt: skip
    step = in_points("每件分值", default=Decimal(0), help_text="按件扣分、按件加分用")
    most = in_points("加分上限", default=Decimal(0), help_text="按件加分用")
    bands = models.CharField(
        "分档",
        max_length=200,
        blank=True,
        help_text="如 90:0, 75:2, 0:5，即比率 90% 以上不扣，75% 以上扣 2 分，其余扣 5 分",
    )
    base = models.CharField("折算基数", max_length=12, choices=Base.choices, blank=True)
    target = in_points("折算目标值", default=Decimal(0), help_text="每单位基数不超过此数得满分")
    means = models.CharField("口径说明", max_length=300, blank=True)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "考核指标"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


@tracked()
class Template(models.Model):
    """考核模板: indicators with their weights, for one level."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("模板名称", max_length=40, unique=True)
    level = models.CharField("考核层级", max_length=12, choices=Level.choices)
    basis = models.CharField("依据", max_length=200, blank=True)
    good = in_points("优秀线", default=Decimal(90))
    fair = in_points("合格线", default=Decimal(60))
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "考核模板"
        ordering = ["level", "name"]

    def __str__(self) -> str:
        return self.name


@tracked()
class TemplateItem(models.Model):
    """One indicator in a template with its weight (模板指标项)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(Template, models.PROTECT, related_name="items", verbose_name="模板")
    indicator = models.ForeignKey(Indicator, models.PROTECT, related_name="+", verbose_name="指标")
    weight = in_points("权重（分）")
    order = models.PositiveSmallIntegerField("顺序", default=1)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "模板指标项"
        ordering = ["template", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "indicator"], condition=Q(active=True), name="an_indicator_once_in_a_template"
            ),
            models.CheckConstraint(condition=Q(weight__gt=0, weight__lte=100), name="a_weight_of_up_to_a_hundred"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.indicator}"


@tracked()
class UnitBase(models.Model):
    """Published size of a unit's ground (考核基数): area and resident population by the statistical bulletin, by year."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="单位")
    year = models.PositiveSmallIntegerField("年份")
    area = models.DecimalField("面积（平方公里）", max_digits=9, decimal_places=2, null=True, blank=True)
    population = models.DecimalField("常住人口（万人）", max_digits=9, decimal_places=2, null=True, blank=True)
    origin = models.CharField("数据来源", max_length=100)

    class Meta:
        verbose_name = "考核基数"
        ordering = ["unit", "-year"]
        constraints = [models.UniqueConstraint(fields=["unit", "year"], name="one_base_per_unit_and_year")]

    def __str__(self) -> str:
        return f"{self.unit} {self.year}"


class RoundState(models.TextChoices):
    """How a round stands (考核任务状态)."""

    DRAFT = "draft", "拟定"
    RUNNING = "running", "考核中"
    SCORED = "scored", "得分公示"
    FINAL = "final", "已定档"


class RoundQuerySet(models.QuerySet["Round"]):
    """Rounds asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """All for who manages or reviews over the whole district; else the published ones in which he or his unit is appraised."""
        if sees_all(actor):
            return self
        mine = Line.objects.visible_to(actor).values("round")
        return self.filter(pk__in=mine).exclude(state=RoundState.DRAFT)


def sees_all(actor: Actor) -> bool:
    """Whether the reader runs the appraisal of the district (考核主管)."""
    rights = ("appraisal.manage", "appraisal.review", "appraisal.results")
    return actor.scope.everything and any(actor.may(right) for right in rights)


@tracked()
class Round(models.Model):
    """考核任务: a template over a period for some units or grid members.

    When its scores come out, the facts and the rules are frozen: the facts as rows of their own with a digest, the
    rules as `rules`. From then on every number is counted from these and nothing else.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField("任务名称", max_length=60)
    template = models.ForeignKey(Template, models.PROTECT, related_name="+", verbose_name="考核模板")
    level = models.CharField("考核层级", max_length=12, choices=Level.choices)
    first = models.DateField("考核期起")
    last = models.DateField("考核期止")
    state = models.CharField("状态", max_length=8, choices=RoundState.choices, default=RoundState.DRAFT)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="组织单位")
    ordered = models.BooleanField("单位按得分排列", default=False, help_text="只用于部门和镇街；网格员一律不排")
    rules = models.JSONField("冻结的规则", default=dict)
    bases = models.JSONField("冻结的基数", default=dict)
    as_of = models.DateTimeField("数据时点", null=True)
    digest = models.CharField("事实摘要", max_length=64, blank=True)
    objections_until = models.DateField("异议截止", null=True)
    made_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="拟定人")
    made_at = models.DateTimeField("拟定时间")
    published_at = models.DateTimeField("发布时间", null=True)
    scored_at = models.DateTimeField("出分时间", null=True)
    final_at = models.DateTimeField("定档时间", null=True)

    objects = RoundQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "考核任务"
        ordering = ["-last", "title"]
        constraints = [
            models.CheckConstraint(
                name="grid_members_stand_in_no_order", condition=~Q(level=Level.GRID_MEMBER) | Q(ordered=False)
            ),
            models.CheckConstraint(name="an_appraisal_has_days", condition=Q(last__gte=F("first"))),
        ]

    def __str__(self) -> str:
        return self.title


class LineQuerySet(models.QuerySet["Line"]):
    """Results asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """One's own and that of the units below; a person's result also for the head of his unit (P1, P14)."""
        if sees_all(actor):
            return self
        if not actor.may("appraisal.view"):
            return self.none()
        mine = [unit for unit in (actor.unit_id, *actor.scope.units) if unit]
        seen = Q(user__isnull=True, unit__in=mine)
        if actor.user_id:
            seen |= Q(user=actor.user_id)
        if actor.may("appraisal.object"):  # the head of a unit, for the people in the units below
            seen |= Q(user__isnull=False, unit__in=[unit for unit in actor.scope.units if unit != actor.unit_id])
        return self.filter(seen)


class Line(models.Model):
    """One appraised unit or grid member in a round (考核对象) with its result."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    round = models.ForeignKey(Round, models.CASCADE, related_name="lines", verbose_name="考核任务")
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="单位")
    user = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="网格员")
    total = in_points("总分", null=True)
    grade = models.CharField("等次", max_length=8, blank=True)

    objects = LineQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "考核对象"
        constraints = [
            models.UniqueConstraint(
                fields=["round", "unit", "user"], nulls_distinct=False, name="appraised_once_in_a_round"
            )
        ]

    def __str__(self) -> str:
        return str(self.user or self.unit)


@tracked()
class Score(models.Model):
    """One indicator of one line (指标得分): what was counted, the points that follow, and those given by hand."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    line = models.ForeignKey(Line, models.CASCADE, related_name="scores", verbose_name="考核对象")
    item = models.CharField("指标代码", max_length=30)
    numerator = models.IntegerField("分子", null=True)
    denominator = models.DecimalField("分母", max_digits=12, decimal_places=2, null=True)
    gained = in_points("得分", null=True)
    given = in_points("人工评分", null=True)
    reason = models.CharField("评分理由", max_length=500, blank=True)
    given_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="评分人")
    given_at = models.DateTimeField("评分时间", null=True)

    class Meta:
        verbose_name = "指标得分"
        constraints = [models.UniqueConstraint(fields=["line", "item"], name="one_score_per_item")]


@tracked()
class Objection(models.Model):
    """异议: what an appraised unit says against a score; reviewed by somebody who gave none of the scores.

    With a case named, granting it takes that case out of the count (剔除).
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待复核"
        GRANTED = "granted", "成立"
        REFUSED = "refused", "不成立"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    line = models.ForeignKey(Line, models.CASCADE, related_name="objections", verbose_name="考核对象")
    item = models.CharField("指标代码", max_length=30, blank=True)
    case_id = models.UUIDField("事件", null=True)
    text = models.CharField("异议内容", max_length=1000)
    asked_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="提出人")
    asked_at = models.DateTimeField("提出时间")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    reviewed_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="复核人")
    reviewed_at = models.DateTimeField("复核时间", null=True)
    opinion = models.CharField("复核意见", max_length=500, blank=True)

    class Meta:
        verbose_name = "考核异议"
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                name="nobody_reviews_his_own_objection",
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("asked_by")),
            )
        ]


@tracked()
class Exclusion(models.Model):
    """剔除: a case that does not count for a line, with the reason and the objection that led to it, if any."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    line = models.ForeignKey(Line, models.CASCADE, related_name="exclusions", verbose_name="考核对象")
    case_id = models.UUIDField("事件")
    reason = models.CharField("理由", max_length=300)
    objection = models.ForeignKey(Objection, models.PROTECT, null=True, related_name="+", verbose_name="异议")
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="决定人")
    at = models.DateTimeField("决定时间")

    class Meta:
        verbose_name = "剔除"
        constraints = [models.UniqueConstraint(fields=["line", "case_id"], name="taken_out_once")]


class FrozenFact(StageFacts):
    """A fact as it stood when the scores came out (冻结的事实); nothing changes it afterwards."""

    appraisal = models.ForeignKey(Round, models.CASCADE, related_name="facts", verbose_name="考核任务")

    objects = FactQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "冻结的事实"
        indexes = [models.Index(fields=["appraisal", "lead_unit"], name="frozen_fact_unit")]
