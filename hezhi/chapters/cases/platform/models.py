"""Outside platforms (来源平台, 9.1.2-1): how they are kept in step, what waits for their yes, where their list differs."""

from typing import Self

from django.db import models
from django.db.models import Q

from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.flow.models import LimitRule
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.ground.ids import new_id


@tracked()
class Platform(models.Model):
    """来源平台: an outside system that brings matters, and how we keep in step with it.

    `code` is the system's code of its key (接入密钥) and stands on its cases as `outside_channel`.
    """

    class Way(models.TextChoices):
        INTERFACE = "interface", "接口"
        HAND = "hand", "人工回填"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("系统代码", max_length=40, unique=True, help_text="与接入密钥的系统代码一致")
    name = models.CharField("平台名称", max_length=60)
    way = models.CharField("对接方式", max_length=10, choices=Way.choices, default=Way.HAND)
    margin = models.PositiveSmallIntegerField(
        "时限提前量", default=4, help_text="本系统时限比平台时限提前多少，0 为与平台时限相同"
    )
    clock = models.CharField("提前量单位", max_length=16, choices=LimitRule.Unit.choices, default="working_hours")
    confirms_return = models.BooleanField("退单须平台确认", default=True)
    confirms_extension = models.BooleanField("延期须平台确认", default=True)
    confirms_close = models.BooleanField("办结须平台确认", default=True)
    state_words = models.TextField(
        "平台状态用语", blank=True, max_length=2000,
        help_text="每行一条“平台用语=归类”，归类为待办理、办理中、已答复、已办结、已退回或作废；通行用语不必填写",
    )  # fmt: skip
    code_system = models.CharField(
        "类别编码体系", max_length=20, blank=True, choices=[("hotline_39666", "政府热线（GB/T 39666）"), ("city_events", "城市管理事件"), ("disputes", "矛盾纠纷（GB/T 31000）")],
        help_text="平台送来的类别编码属于哪个体系，留空为本系统编码",
    )  # fmt: skip
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "来源平台"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CodeSystem(models.TextChoices):
    """The code systems that stand beside our own categories (类别编码体系)."""

    HOTLINE = "hotline_39666", "政府热线（GB/T 39666）"
    CITY = "city_events", "城市管理事件"
    DISPUTE = "disputes", "矛盾纠纷（GB/T 31000）"


@tracked()
class CodeMapping(models.Model):
    """编码对照: which of our categories a code of another system means; a class of codes may stand in one line."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    system = models.CharField("编码体系", max_length=20, choices=CodeSystem.choices)
    code = models.CharField("编码", max_length=20, help_text="填大类编码的，其下没有单列的编码都按它对照")
    category = models.ForeignKey("handling.Category", models.PROTECT, related_name="+", verbose_name="本系统类别")
    preferred = models.BooleanField("导出时优先", default=True, help_text="同一类别对应多个编码时，导出取优先的")
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "编码对照"
        ordering = ["system", "code"]
        constraints = [models.UniqueConstraint(fields=["system", "code"], name="one_mapping_per_code")]

    def __str__(self) -> str:
        return f"{self.get_system_display()} {self.code}"


@tracked()
class ReplyField(models.Model):
    """平台答复字段: one field of the platform's own form, and what of our case stands in it."""

    class Source(models.TextChoices):
        REPLY = "reply", "答复内容"
        STATE = "state", "办理状态"
        UNIT = "unit", "主办单位"
        NUMBER = "number", "本系统编号"
        CATEGORY = "category", "类别"
        CODE = "category_code", "平台类别编码"
        REPLIED = "replied_at", "答复时间"
        CLOSED = "closed_at", "办结时间"
        TRUE = "true_matter", "是否属实"
        CONTACTED = "reached", "是否联系诉求人"
        SOLVED = "solved", "是否解决"
        SATISFIED = "satisfied", "是否满意"
        FIXED = "fixed", "固定文字"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(Platform, models.PROTECT, related_name="reply_fields", verbose_name="来源平台")
    order = models.PositiveSmallIntegerField("顺序", default=1)
    name = models.CharField("平台字段名", max_length=40)
    source = models.CharField("填入内容", max_length=14, choices=Source.choices, default=Source.REPLY)
    fixed = models.CharField("固定文字", max_length=200, blank=True)
    most = models.PositiveSmallIntegerField("字数上限", null=True, blank=True)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "平台答复字段"
        ordering = ["platform", "order"]
        constraints = [models.UniqueConstraint(fields=["platform", "name"], name="one_reply_field_per_name")]

    def __str__(self) -> str:
        return self.name


class OfCaseQuerySet(models.QuerySet["OfCase"]):
    """What hangs on cases, asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Only where the case itself may be seen."""
        return self.filter(case__in=Case.objects.visible_to(actor))


class OfCase(models.Model):
    """Something that hangs on a case and is seen by who sees the case."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+", verbose_name="事件")

    objects = OfCaseQuerySet.as_manager()

    class Meta:
        abstract = True


class Request(OfCase):
    """待来源平台确认: what we ask the platform for, and its answer. Free words are empty for a secret case."""

    class Kind(models.TextChoices):
        RETURN = "return", "退单"
        EXTENSION = "extension", "延期"
        CLOSE = "close", "办结"

    class State(models.TextChoices):
        WAITING = "waiting", "待来源平台确认"
        GRANTED = "granted", "平台已同意"
        REFUSED = "refused", "平台不同意"
        WITHDRAWN = "withdrawn", "已撤回"

    platform = models.ForeignKey(Platform, models.PROTECT, related_name="requests", verbose_name="来源平台")
    kind = models.CharField("申请事项", max_length=10, choices=Kind.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField("理由", max_length=500, blank=True)
    until = models.DateTimeField("申请延至", null=True, blank=True)
    asked_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="申请人")
    asked_name = models.CharField("申请人", max_length=60)
    asked_unit = models.CharField("申请单位", max_length=80, blank=True)
    asked_at = models.DateTimeField("申请时间")
    answer = models.CharField("平台答复", max_length=500, blank=True)
    answered_by = models.CharField("答复登记", max_length=80, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    new_due_at = models.DateTimeField("平台新时限", null=True, blank=True)

    class Meta:
        verbose_name = "平台确认申请"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"], condition=Q(state="waiting"), name="one_waiting_request_per_kind"
            )
        ]


class FollowUp(OfCase):
    """来源后续: what the platform did itself after our answer, linked to the first order."""

    class Kind(models.TextChoices):
        CALL_BACK = "call_back", "平台回访"
        REDO = "redo", "平台重办"

    platform = models.ForeignKey(Platform, models.PROTECT, related_name="follow_ups", verbose_name="来源平台")
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    outside_number = models.CharField("平台新编号", max_length=60, blank=True)
    solved = models.BooleanField("已解决", null=True)
    satisfied = models.BooleanField("满意", null=True)
    text = models.CharField("说明", max_length=1000, blank=True)
    did = models.CharField("本系统处理", max_length=40)
    by_name = models.CharField("登记", max_length=80)
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "来源后续"
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "outside_number"], condition=~Q(outside_number=""), name="one_follow_up_per_number"
            )
        ]


class BackFill(OfCase):
    """回填: that an officer has put our reply into the platform's own form; `digest` tells which words."""

    round = models.PositiveSmallIntegerField("轮次", default=1)
    digest = models.CharField(max_length=64)
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="回填人")
    by_name = models.CharField("回填人", max_length=60)
    at = models.DateTimeField("回填时间")
    undone_at = models.DateTimeField("须重新回填", null=True, blank=True)

    class Meta:
        verbose_name = "回填记录"
        ordering = ["-at"]
        indexes = [models.Index(fields=["case", "-at"], name="back_fill_case")]


class Sheet(models.Model):
    """对账: one comparison of a platform's list with ours over some days; the file itself is not kept."""

    class Way(models.TextChoices):
        INTERFACE = "interface", "接口"
        FILE = "file", "表格"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    platform = models.ForeignKey(Platform, models.PROTECT, related_name="sheets", verbose_name="来源平台")
    way = models.CharField("方式", max_length=10, choices=Way.choices)
    first = models.DateField("自")
    last = models.DateField("至")
    ours = models.PositiveIntegerField("本系统件数", default=0)
    theirs = models.PositiveIntegerField("平台件数", default=0)
    same = models.PositiveIntegerField("一致", default=0)
    by_name = models.CharField("对账人", max_length=80)
    at = models.DateTimeField("对账时间")

    class Meta:
        verbose_name = "对账"
        ordering = ["-at"]


class DifferenceQuerySet(models.QuerySet["Difference"]):
    """Differences asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of cases the reader may see, and what is missing here for who sees the whole district."""
        seen = Q(case__in=Case.objects.visible_to(actor))
        return self.filter(seen | Q(case__isnull=True) if actor.scope.everything else seen)


class Difference(models.Model):
    """差异: one matter that stands otherwise there than here, until it is taken or explained."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", "本系统缺件"
        MISSING_THERE = "missing_there", "平台缺件"
        STATE = "state", "状态不一致"
        DEADLINE = "deadline", "时限不一致"
        REPLY = "reply", "答复不一致"

    class State(models.TextChoices):
        OPEN = "open", "待处理"
        TAKEN = "taken", "已处理"
        EXPLAINED = "explained", "已说明"

    purpose = "核对来源平台送来的诉求是否漏收"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sheet = models.ForeignKey(Sheet, models.CASCADE, related_name="differences", verbose_name="对账")
    case = models.ForeignKey("handling.Case", models.CASCADE, null=True, related_name="+", verbose_name="事件")
    outside_number = models.CharField("平台编号", max_length=60, blank=True)
    kind = models.CharField("差异", max_length=14, choices=Kind.choices)
    ours = models.CharField("本系统", max_length=300, blank=True)
    theirs = models.CharField("平台", max_length=300, blank=True)
    due_at = models.DateTimeField("平台时限", null=True, blank=True)
    facts = SealedTextField("平台原文", blank=True, default="", help_text="本系统缺件时平台给出的标题和内容，JSON")
    state = models.CharField("处理", max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField("说明", max_length=300, blank=True)
    done_by = models.CharField("处理人", max_length=80, blank=True)
    done_at = models.DateTimeField("处理时间", null=True, blank=True)

    objects = DifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = "对账差异"
        ordering = ["kind", "outside_number", "id"]


class TakeOver(models.Model):
    """旧系统接管: that running cases of an old system were taken over, with the comparison that balanced."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    system = models.SlugField("旧系统代码", max_length=40)
    name = models.CharField("旧系统名称", max_length=60)
    rows = models.PositiveIntegerField("件数")
    lines = models.JSONField("对账", default=list, help_text="[项目, 清单, 本系统]")
    by_name = models.CharField("接管人", max_length=60)
    at = models.DateTimeField("接管时间")

    class Meta:
        verbose_name = "旧系统接管"
        ordering = ["-at"]
