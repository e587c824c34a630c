"""Supervised matters (督办事项, 9.1.2-3): the rule that opened them, the ladder they climb, the campaign they belong to."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from hezhi.engines.flow.models import LimitRule
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import Scoped, any_of, ways
from hezhi.engines.records.history import tracked
from hezhi.ground import lookups  # noqa: F401 - `among`
from hezhi.ground.ids import new_id

OPEN_STATES = ("open", "to_review")
ENDED = ("closed", "cancelled")


class Kind(models.TextChoices):
    """The five kinds of the clause (9.1.2-3-1 to 9.1.2-3-5)."""

    OVERDUE = "overdue", "超期跟踪督办"
    ASSIGNED = "assigned", "交办督办"
    KEY = "key", "重点事件督办"
    SPECIAL = "special", "专项事件督导"
    TASK = "task", "任务督导"


class State(models.TextChoices):
    """How a matter stands (督办状态)."""

    OPEN = "open", "督办中"
    TO_REVIEW = "to_review", "待审核"
    CLOSED = "closed", "已销号"
    CANCELLED = "cancelled", "已撤销"


@tracked()
class Rung(models.Model):
    """One step of the ladder (督办阶梯) as data: what it is called, and how long an answer is waited for on it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("代码", max_length=20, unique=True)
    order = models.PositiveSmallIntegerField("顺序", unique=True)
    name = models.CharField("名称", max_length=20)
    wait = models.PositiveSmallIntegerField(
        "等待时长", null=True, blank=True, help_text="未反馈满此时长即升级，留空为最后一级"
    )
    clock = models.CharField("计时单位", max_length=16, choices=LimitRule.Unit.choices, default="working_hours")
    numbered = models.BooleanField("出具督办单", default=False, help_text="到这一级时编号并可打印督办单")
    to_leaders = models.BooleanField("告知区领导", default=False)

    class Meta:
        verbose_name = "督办阶梯"
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name


@tracked()
class WatchRule(models.Model):
    """When a case is supervised without anybody asking (督办规则): the conditions, and the rung to begin on."""

    class Kind(models.TextChoices):
        OVERDUE = "overdue", "超期跟踪督办"
        KEY = "key", "重点事件督办"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("规则名称", max_length=60)
    kind = models.CharField("督办类型", max_length=10, choices=Kind.choices)
    late = models.PositiveSmallIntegerField("超期满", default=0, help_text="超期督办用；0 为一超期即督办")
    clock = models.CharField("计时单位", max_length=16, choices=LimitRule.Unit.choices, default="working_hours")
    urgency = models.CharField(
        "紧急程度", max_length=12, blank=True, choices=[("critical", "特急"), ("urgent", "紧急"), ("normal", "一般")]
    )
    category = models.ForeignKey(
        "handling.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="类别",
        help_text="对其下各级同样适用",
    )  # fmt: skip
    appeal = models.CharField("诉求类型", max_length=12, blank=True, help_text="如投诉（complaint）")
    redos = models.PositiveSmallIntegerField("重办满几次", default=0)
    rung = models.ForeignKey(Rung, models.PROTECT, related_name="+", verbose_name="起始阶梯")
    days = models.PositiveSmallIntegerField("反馈时限（工作日）", default=2)
    basis = models.CharField("依据", max_length=200, blank=True)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "督办规则"
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name


class CampaignQuerySet(models.QuerySet["Campaign"]):
    """Campaigns asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the reader's own unit and, within his scope, of the units below; a district sees all."""
        return self.filter(any_of(ways(actor.scope)) if actor.scope.everything else Q(unit__in=actor.scope.units))


@tracked()
class Campaign(models.Model):
    """专项: a supervision over a set of cases (专项事件督导) or of tasks (任务督导), with its progress."""

    class Kind(models.TextChoices):
        CASES = "cases", "专项事件督导"
        TASKS = "tasks", "任务督导"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    title = models.CharField("专项名称", max_length=80)
    request = models.TextField("工作要求", max_length=2000)
    query = models.CharField("事件条件", max_length=2000, blank=True)
    filter_name = models.CharField("所用常用筛选", max_length=40, blank=True)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="组织单位")
    opened_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="发起人")
    opened_at = models.DateTimeField("发起时间")
    ends_on = models.DateField("完成期限")
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    result = models.TextField("总结", max_length=2000, blank=True)
    revision = models.PositiveIntegerField("修订号", default=0)

    objects = CampaignQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "督导专项"
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return self.title


class CampaignCase(models.Model):
    """One case of a campaign (专项内事件), fixed when the campaign began, so that progress cannot run away."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="members", verbose_name="专项")
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+", verbose_name="事件")

    class Meta:
        verbose_name = "专项内事件"
        constraints = [models.UniqueConstraint(fields=["campaign", "case"], name="case_once_in_campaign")]


class MatterQuerySet(models.QuerySet["Matter"]):
    """Supervised matters asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Matters of the reader's area or units; never one about a secret case that complains of his own unit."""
        scope = actor.scope
        mine = ways(scope)
        if scope.units and not scope.everything:
            mine.append(Q(units__overlap=list(scope.units)))
        rows = self.filter(any_of(mine))
        if scope.matter_kinds:
            rows = rows.filter(Q(case__isnull=True) | Q(case__kind__in=scope.matter_kinds))
        return rows.exclude(case__secret=True, case__barred_unit__in=actor.above) if actor.above else rows

    def running(self) -> Self:
        """Matters not closed yet (在督事项)."""
        return self.filter(state__in=OPEN_STATES)


@tracked(indexed=False)
class Matter(Scoped):
    """督办事项: what is watched until it is answered and closed by another unit than the one it is about.

    `unit` supervises; `units` are supervised, each with an order of its own (`flow.WorkOrder`). `why` says in a
    sentence which rule or person opened it. Of a secret case (保密件) it keeps the number alone.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField("督办编号", max_length=24, unique=True)
    kind = models.CharField("督办类型", max_length=10, choices=Kind.choices)
    title = models.CharField("督办事项", max_length=120)
    request = models.TextField("督办要求", max_length=2000)
    why = models.CharField("督办缘由", max_length=400)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    case = models.ForeignKey(
        "handling.Case", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所督事件"
    )
    source_due_at = models.DateTimeField("所超时限", null=True, blank=True)
    rule = models.ForeignKey(
        WatchRule, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="督办规则"
    )
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="matters", verbose_name="督导专项"
    )
    units = ArrayField(models.UUIDField(), verbose_name="承办单位", default=list)
    rung = models.ForeignKey(Rung, models.PROTECT, related_name="+", verbose_name="督办阶梯")
    rung_since = models.DateTimeField("到本级时间")
    next_at = models.DateTimeField("下次升级", null=True, blank=True)
    sheet_number = models.CharField("督办单号", max_length=40, blank=True)
    sheet_at = models.DateTimeField("督办单时间", null=True, blank=True)
    opened_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发起人"
    )
    opened_at = models.DateTimeField("发起时间")
    due_at = models.DateTimeField("反馈时限", null=True, blank=True)
    case_ended_at = models.DateTimeField("事件办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="销号人"
    )
    closed_unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="销号单位"
    )
    closed_at = models.DateTimeField("销号时间", null=True, blank=True)
    result = models.TextField("督办结论", max_length=2000, blank=True)
    revision = models.PositiveIntegerField("修订号", default=0)

    objects = MatterQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "督办事项"
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="matter_newest"),
            models.Index(fields=["state", "-opened_at", "-id"], name="matter_state"),
            models.Index(fields=["next_at"], name="matter_climbs", condition=Q(state="open")),
            GinIndex(fields=["units"], name="matter_units"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(case__isnull=False, state__in=OPEN_STATES),
                name="one_running_matter_of_a_kind_per_case",
            ),
            models.UniqueConstraint(
                fields=["case", "rule", "source_due_at"], condition=Q(rule__isnull=False), nulls_distinct=False,
                name="a_rule_opens_once_per_limit",
            ),
            models.CheckConstraint(
                name="nobody_closes_his_own_matter",
                condition=Q(closed_unit__isnull=True) | ~Q(closed_unit__among=F("units")),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Step(models.Model):
    """One step of a supervision (督办过程): what the timeline shows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="steps", verbose_name="督办事项")
    verb = models.CharField("动作", max_length=30)
    title = models.CharField("动作名称", max_length=60)
    text = models.TextField("说明", blank=True)
    to_state = models.CharField(max_length=10, blank=True)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField("办理人", max_length=60)
    post_title = models.CharField("岗位", max_length=60, blank=True)
    unit_name = models.CharField("单位", max_length=80, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "督办过程"
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["matter", "at"], name="supervision_step_at")]


class SheetCounter(models.Model):
    """The last number of a year's supervision sheets (督办单流水号): counted without a gap."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    year = models.PositiveSmallIntegerField("年度", unique=True)
    last = models.PositiveIntegerField("末号", default=0)

    class Meta:
        verbose_name = "督办单流水号"
