"""Work orders, limits, to-dos and approvals (承办单、时限、待办、审批)."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


@tracked()
class CalendarDay(models.Model):
    """One exception of the working calendar (工作日历): a holiday or a make-up working day (法定节假日、调休)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    date = models.DateField("日期", unique=True)
    is_working = models.BooleanField("上班")
    name = models.CharField("名称", max_length=40, blank=True)
    source = models.CharField("依据", max_length=200, blank=True)
    provisional = models.BooleanField("暂定", default=False)

    class Meta:
        verbose_name = "日历特殊日"
        ordering = ["date"]


@tracked()
class WorkingHours(models.Model):
    """The hours of a working day (作息时间), valid from a date on.

    `spans` is a list of texts like `08:30-12:00` in local time, `weekdays` the working weekdays
    (0 Monday); the three switches say which day is day one for what arrives late or on a rest day.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    valid_from = models.DateField("启用日期", unique=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name="工作日(0 为周一)")
    spans = models.JSONField("时段")
    receipt_day_counts = models.BooleanField("收到当日计入", default=False)
    rest_day_moves = models.BooleanField("休息日收到视为下一工作日收到", default=False)
    after_hours_moves = models.BooleanField("下班后收到视为下一工作日收到", default=False)

    class Meta:
        verbose_name = "作息时间"
        ordering = ["-valid_from"]


@tracked()
class LimitRule(models.Model):
    """A time limit as data (时限规则): for which matters, which stage, how long, by which clock.

    Empty conditions fit all; the most specific valid rule wins.
    """

    class Unit(models.TextChoices):
        MINUTES = "minutes", "分钟"
        HOURS = "hours", "小时"
        DAYS = "days", "自然日"
        WORKING_MINUTES = "working_minutes", "工作分钟"
        WORKING_HOURS = "working_hours", "工作小时"
        WORKING_DAYS = "working_days", "工作日"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("名称", max_length=60)
    stage = models.CharField("环节", max_length=20, blank=True, help_text="留空为总时限")
    matter_kind = models.CharField("事件类型", max_length=20, blank=True)
    category = models.CharField("类别路径", max_length=120, blank=True, help_text="如 03/0301, 对其下各级同样适用")
    urgency = models.CharField("紧急程度", max_length=12, blank=True)
    amount = models.PositiveIntegerField("时长")
    unit = models.CharField("计时单位", max_length=16, choices=Unit.choices)
    basis = models.CharField("依据", max_length=200, blank=True)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "时限规则"
        ordering = ["stage", "name"]


@tracked()
class FlowVersion(models.Model):
    """流程版本: how a kind of matter uses a life cycle of the code, as data; the code's own is version 1."""

    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    cycle = models.CharField("流程", max_length=20)
    kind = models.CharField("事件类型", max_length=20)
    number = models.PositiveIntegerField("版本号")
    changes = models.JSONField("与系统流程的差别", default=dict, help_text="states_off、verbs")
    note = models.CharField("修改说明", max_length=200, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    made_by = models.CharField("拟稿人", max_length=60)
    made_at = models.DateTimeField("拟稿时间")
    published_by = models.CharField("发布人", max_length=60, blank=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    class Meta:
        verbose_name = "流程版本"
        ordering = ["cycle", "kind", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "kind", "number"], name="one_flow_version_per_number"),
            models.UniqueConstraint(
                fields=["cycle", "kind"], condition=models.Q(state="draft"), name="one_draft_per_flow"
            ),
        ]


class Deadline(models.Model):
    """A running or finished limit of a matter or a work order (时限).

    It stores its rule, start, due moment, pauses and extensions, so that «为什么是这个时限» can always be
    answered, and a change of the calendar can move it with a log.
    """

    class State(models.TextChoices):
        RUNNING = "running", "计时中"
        PAUSED = "paused", "暂停"
        MET = "met", "按时"
        MISSED = "missed", "超时"
        DROPPED = "dropped", "取消"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    stage = models.CharField("环节", max_length=20, blank=True, help_text="留空为总时限")
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    rule = models.ForeignKey(LimitRule, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField("依据", max_length=300, blank=True)
    amount = models.PositiveIntegerField("时长")
    clock = models.CharField("计时单位", max_length=16, choices=LimitRule.Unit.choices)
    started_at = models.DateTimeField("起算")
    due_at = models.DateTimeField("到期", null=True, blank=True, help_text="暂停时为空")
    yellow_at = models.DateTimeField("黄牌时间", null=True, blank=True)
    finished_at = models.DateTimeField("完成", null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    pauses = models.JSONField("暂停段", default=list, help_text="[起, 止或空, 事由]")
    extensions = models.JSONField("延期", default=list, help_text="[时长, 单位, 事由, 时间]")
    warned = models.CharField("已亮牌", max_length=6, blank=True, help_text="yellow / red")
    log = models.JSONField("调整记录", default=list)
    latest_at = models.DateTimeField("最晚到期", null=True, blank=True, help_text="外部平台的时限减去提前量")
    latest_why = models.CharField("最晚到期的依据", max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "时限"
        indexes = [
            models.Index(fields=["object_id"], name="deadline_object"),
            models.Index(fields=["due_at"], name="deadline_running", condition=models.Q(state="running")),
            models.Index(fields=["unit"], name="deadline_unit", condition=models.Q(unit__isnull=False)),
        ]


AT_WORK = ("to_sign", "handling", "on_hold", "to_review")
"""States in which an order is its unit's to do, or waits for one (在办)."""


@tracked()
class WorkOrder(models.Model):
    """承办单: one unit's part in a matter. Work is a tree of these, not a field of the matter.

    Down it goes 区 → 镇街 → 社区 → 网格; up it goes by 吹哨报到 (a lower unit calls others). `path` keeps the
    ids of the orders above, so that one query reads the tree.
    """

    class Part(models.TextChoices):
        LEAD = "lead", "主办"
        ASSIST = "assist", "协办"

    class State(models.TextChoices):
        TO_SIGN = "to_sign", "待签收"
        HANDLING = "handling", "处置中"
        ON_HOLD = "on_hold", "挂起"
        TO_REVIEW = "to_review", "待审签"
        DONE = "done", "已办结"
        RETURNED = "returned", "已退回"
        RELEASED = "released", "已解除"
        WITHDRAWN = "withdrawn", "已撤回"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    matter_type = models.CharField(max_length=60)
    matter_id = models.UUIDField()
    number = models.CharField("承办单号", max_length=40)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级承办单"
    )
    depth = models.PositiveSmallIntegerField(default=0)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="承办单位")
    issued_by_unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="派单单位")
    part = models.CharField("主协办", max_length=8, choices=Part.choices, default=Part.LEAD)
    called = models.BooleanField("吹哨报到", default=False)
    arrival_due_at = models.DateTimeField("到场时限", null=True, blank=True)
    arrived_at = models.DateTimeField("到场时间", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.TO_SIGN)
    request = models.TextField("办理要求", blank=True)
    holder = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    issued_at = models.DateTimeField("派单时间")
    signed_at = models.DateTimeField("签收时间", null=True, blank=True)
    due_at = models.DateTimeField("时限", null=True, blank=True)
    own_days = models.PositiveSmallIntegerField(
        "单独时限（工作日）", null=True, blank=True, help_text="协办单位自己的时限，不晚于本件时限"
    )
    sign_due_at = models.DateTimeField("签收时限", null=True, blank=True)
    sign_amount = models.PositiveIntegerField("签收时长", null=True, blank=True)
    sign_clock = models.CharField(
        "签收计时单位", max_length=16, choices=LimitRule.Unit.choices, blank=True, default="", db_default=""
    )
    warned = models.CharField("已提醒", max_length=4, blank=True, default="", db_default="", help_text="sign / due")
    reply = models.TextField("办理情况", blank=True)
    public_reply = models.TextField("答复内容", blank=True)
    result = models.JSONField("办理结果", default=dict, blank=True)
    replied_at = models.DateTimeField("反馈时间", null=True, blank=True)
    replied_by = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField("审签时间", null=True, blank=True)
    reviewed_by = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    end_reason = models.CharField("结束事由", max_length=500, blank=True)
    review_unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审签单位"
    )
    may_not_return = models.BooleanField("不得再退", default=False)
    round = models.PositiveSmallIntegerField("办理轮次", default=1)

    class Meta:
        verbose_name = "承办单"
        indexes = [
            models.Index(fields=["matter_id"], name="order_matter"),
            models.Index(
                fields=["unit", "state", "due_at"],
                name="order_open",
                condition=models.Q(state__in=list(AT_WORK)),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def awaited_at(self) -> datetime | None:
        """When its unit is awaited on the spot (应到场时间), as long as it has not come."""
        open_ = self.state in (self.State.TO_SIGN, self.State.HANDLING)
        return self.arrival_due_at if open_ and self.arrived_at is None else None

    @property
    def pressing_at(self) -> datetime | None:
        """What its unit has to keep first (最先到期): to be on the spot, to sign for it, or the whole."""
        to_sign = self.sign_due_at if self.state == self.State.TO_SIGN else None
        return self.awaited_at or to_sign or self.due_at


class ToDo(models.Model):
    """A piece of work waiting for a post (待办): any holder may claim it; unclaimed at shift end it falls back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    number = models.CharField("编号", max_length=40)
    title = models.CharField("标题", max_length=200)
    step = models.CharField("环节", max_length=20)
    permission = models.CharField("所需权限", max_length=60)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="单位", db_index=False)
    claimed_by = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    claimed_until = models.DateTimeField(null=True, blank=True)
    urgency = models.CharField("紧急程度", max_length=12, default="normal")
    created_at = models.DateTimeField("产生时间")
    due_at = models.DateTimeField("时限", null=True, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = "待办"
        indexes = [
            models.Index(
                fields=["unit", "permission", "due_at"], name="todo_open", condition=models.Q(done_at__isnull=True)
            ),
            models.Index(fields=["object_id"], name="todo_object"),
            models.Index(fields=["claimed_by"], name="todo_claimed", condition=models.Q(claimed_by__isnull=False)),
        ]


class Lent(models.Model):
    """A piece of work that a stand-in holds for one who is away (代办件): at the end it goes back, his own stays."""

    stand_in = models.ForeignKey("org.Holding", models.PROTECT, related_name="+", verbose_name="代理任职")
    object_id = models.UUIDField("承办单或待办所指事项")

    class Meta:
        verbose_name = "代办件"
        constraints = [models.UniqueConstraint(fields=["stand_in", "object_id"], name="lent_once")]


@tracked()
class Approval(models.Model):
    """A request that somebody else must decide (审批): extension, return, hold, void, not accepted …

    Nobody decides his own request.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待审批"
        APPROVED = "approved", "同意"
        RETURNED = "returned", "不同意"
        WITHDRAWN = "withdrawn", "已撤回"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("事项", max_length=30)
    object_type = models.CharField(max_length=60)
    object_id = models.UUIDField()
    number = models.CharField("编号", max_length=40)
    title = models.CharField("标题", max_length=200)
    asked_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="申请人")
    asked_unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="申请单位")
    asked_at = models.DateTimeField("申请时间")
    reason = models.TextField("理由")
    proposal = models.JSONField("申请内容", default=dict)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="审批单位")
    permission = models.CharField("审批权限", max_length=60)
    delegated_to = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+")
    cosigners = models.JSONField("会签", default=list)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField("审批时限", null=True, blank=True)
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    opinion = models.TextField("审批意见", blank=True)

    class Meta:
        verbose_name = "审批"
        indexes = [
            models.Index(fields=["object_id"], name="approval_object"),
            models.Index(fields=["unit", "permission"], name="approval_waiting", condition=models.Q(state="waiting")),
        ]
        constraints = [
            models.CheckConstraint(
                name="nobody_approves_his_own",
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("asked_by")),
            )
        ]
