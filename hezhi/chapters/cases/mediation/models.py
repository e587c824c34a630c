"""Disputes and their mediation (矛盾纠纷, GB/T 31000): what is asked is what mediation needs; people and narratives are sealed."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import Scoped, any_of, ways
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.engines.registry.dictionaries import DictionaryField
from hezhi.ground.ids import new_id


class State(models.TextChoices):
    """How a dispute stands (调解状态)."""

    REGISTERED = "registered", "待征询意愿"
    READY = "ready", "待调解"
    MEDIATING = "mediating", "调解中"
    AGREED = "agreed", "已达成协议"
    FAILED = "failed", "调解不成"
    REFERRED = "referred", "已转出"
    CLOSED = "closed", "已结案"


ENDED = (State.CLOSED,)


class DisputeQuerySet(models.QuerySet["Dispute"]):
    """Disputes asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the reader's area or unit, those he mediates; of a secret case only where the case may be seen."""
        mine = ways(actor.scope)
        if actor.user_id and not actor.scope.everything:
            mine = [*mine, models.Q(mediator=actor.user_id)]
        rows = self.filter(any_of(mine))
        return rows.exclude(case__secret=True, case__barred_unit__in=actor.above) if actor.above else rows


@tracked(exclude=["summary", "result"])
class Dispute(Scoped):
    """矛盾纠纷: one dispute from its register to its end. Narratives are sealed; parties stand apart (`Party`)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField("纠纷编号", max_length=24, unique=True)
    case = models.ForeignKey(
        "handling.Case", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="来源事件"
    )
    name = models.CharField("事件名称", max_length=100)
    on = models.DateField("发生日期")
    address = models.CharField("发生地点", max_length=100)
    scale = DictionaryField("事件规模", "dispute_scale", default="01")
    category = DictionaryField("事件类别", "disputes")
    people = models.PositiveIntegerField("涉及人数", default=2)
    units = models.CharField("涉及单位", max_length=100, blank=True)
    summary = SealedTextField("事件简述", help_text="2000 字以内")
    due_on = models.DateField("化解时限")
    method = DictionaryField("化解方式", "dispute_method", default="01")
    mediator_org = models.CharField("化解组织", max_length=100)
    mediator = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="化解负责人"
    )
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.REGISTERED)
    resolved = models.BooleanField("化解成功", null=True, blank=True)
    result = SealedTextField("化解情况", blank=True, default="")
    registered_at = models.DateTimeField("登记时间")
    closed_at = models.DateTimeField("结案时间", null=True, blank=True)
    revision = models.PositiveIntegerField("修订号", default=0)

    objects = DisputeQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "矛盾纠纷"
        ordering = ["-registered_at", "-id"]
        indexes = [models.Index(fields=["-registered_at", "-id"], name="dispute_newest")]

    def __str__(self) -> str:
        return self.number


class OfDispute(models.Model):
    """Something that belongs to one dispute."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="+", verbose_name="纠纷")

    class Meta:
        abstract = True


class Party(OfDispute):
    """当事人: only name and how to reach him; number, sex, ethnicity and schooling are not asked for."""

    class Side(models.TextChoices):
        ASKS = "asks", "申请人"
        OTHER = "other", "被申请人"
        THIRD = "third", "第三人"

    class How(models.TextChoices):
        FACE = "face", "当面"
        PHONE = "phone", "电话"
        WRITTEN = "written", "书面"

    purpose = "通知当事人参加调解、核对身份和回访"

    side = models.CharField("身份", max_length=6, choices=Side.choices)
    name = SealedTextField("姓名")
    phone = SealedTextField("联系电话", blank=True, default="")
    address = SealedTextField("住址", blank=True, default="")
    consents = models.BooleanField("同意调解", null=True)
    consent_how = models.CharField("征询方式", max_length=8, choices=How.choices, blank=True)
    consent_at = models.DateTimeField("征询时间", null=True)

    class Meta:
        verbose_name = "当事人"
        ordering = ["side", "id"]


class Session(OfDispute):
    """调解会: when, where, which parties came, what was said (sealed), how it ended."""

    class Outcome(models.TextChoices):
        GO_ON = "go_on", "继续调解"
        AGREED = "agreed", "达成协议"
        FAILED = "failed", "调解不成"

    at = models.DateTimeField("时间")
    place = models.CharField("地点", max_length=100)
    present = ArrayField(models.UUIDField(), verbose_name="到场当事人", default=list)
    notes = SealedTextField("调解记录", help_text="2000 字以内")
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices)
    by_name = models.CharField("主持人", max_length=60)

    class Meta:
        verbose_name = "调解会"
        ordering = ["at", "id"]


class Agreement(OfDispute):
    """调解协议: what the parties have agreed, by when it is to be done, whether it was."""

    class Kind(models.TextChoices):
        WRITTEN = "written", "书面协议"
        ORAL = "oral", "口头协议"

    kind = models.CharField("形式", max_length=8, choices=Kind.choices)
    content = SealedTextField("协议内容", help_text="2000 字以内")
    signed_on = models.DateField("达成日期")
    perform_by = models.DateField("履行期限", null=True)
    performed = models.BooleanField("已履行", null=True)

    class Meta:
        verbose_name = "调解协议"
        ordering = ["signed_on", "id"]


class Referral(OfDispute):
    """转出: to arbitration, court, petition office …; open until its receipt (回执) is here."""

    class To(models.TextChoices):
        ARBITRATION = "arbitration", "仲裁"
        COURT = "court", "诉讼"
        PETITION = "petition", "信访"

    to = models.CharField("转往", max_length=12, choices=To.choices)
    organ = models.CharField("受理机关", max_length=100)
    reason = models.CharField("转出理由", max_length=300)
    at = models.DateTimeField("转出时间")
    by_name = models.CharField("经办人", max_length=60)
    receipt = models.CharField("回执编号", max_length=60, blank=True)
    accepted = models.BooleanField("已受理", null=True)
    receipt_at = models.DateTimeField("回执时间", null=True)

    class Meta:
        verbose_name = "纠纷转出"
        ordering = ["at", "id"]


class FollowUp(OfDispute):
    """回访: whether the agreement is kept and the parties are content."""

    at = models.DateTimeField("回访时间")
    performed = models.BooleanField("协议已履行")
    satisfied = models.BooleanField("当事人满意", null=True)
    note = SealedTextField("回访情况", blank=True, default="")
    by_name = models.CharField("回访人", max_length=60)

    class Meta:
        verbose_name = "纠纷回访"
        ordering = ["at", "id"]


class Step(OfDispute):
    """调解过程: one line of the timeline, in the words of the office and without the parties' own."""

    title = models.CharField("动作", max_length=60)
    text = models.CharField("说明", max_length=300, blank=True)
    to_state = models.CharField(max_length=12, blank=True)
    by_name = models.CharField("办理人", max_length=60)
    unit_name = models.CharField("单位", max_length=80, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "调解过程"
        ordering = ["at", "id"]
