"""Return visits (回访任务), the rules by which they are drawn, and verdicts left out of the rate (剔除)."""

from typing import Self

from django.db import models
from django.db.models import Q

from hezhi.chapters.cases.handling.api import Case, Kind
from hezhi.engines.org.api import Actor
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


@tracked()
class VisitRule(models.Model):
    """Who is called back, and what is asked (回访规则): for a category with all below it, a kind of case, or everybody.

    The most specific rule speaks. `share` is how many in a hundred are drawn; the draw follows from `seed` and the
    case's number alone, so that anybody can repeat it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("规则名称", max_length=60, unique=True)
    category = models.ForeignKey(
        "handling.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="类别",
        help_text="对其下各级同样适用，留空为所有类别",
    )  # fmt: skip
    kind = models.CharField("事件类型", max_length=16, choices=Kind.choices, blank=True)
    share = models.PositiveSmallIntegerField("抽取比例（%）", default=100, help_text="100 为逐件回访")
    seed = models.CharField("抽样种子", max_length=40, default="2026", help_text="同一种子和编号总得同一结果，可复核")
    script = models.TextField("回访话术", max_length=2000)
    most_tries = models.PositiveSmallIntegerField("最多联系次数", default=3)
    retry_hours = models.PositiveSmallIntegerField("未联系上再访间隔（工作小时）", default=4)
    basis = models.CharField("依据", max_length=200, blank=True)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "回访规则"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class VisitQuerySet(models.QuerySet["Visit"]):
    """Visits asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of cases that the reader sees."""
        return self.filter(case__in=Case.objects.visible_to(actor))


@tracked()
class Visit(models.Model):
    """One return visit (回访任务): why this case was drawn or not, how often it was tried, when to try again.

    `since` is the moment since which the case waits for it: a case that comes back waits anew.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待回访"
        DONE = "done", "已回访"
        UNREACHABLE = "unreachable", "联系不上"
        LEFT_OUT = "left_out", "未抽中"
        DROPPED = "dropped", "已取消"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+", verbose_name="事件")
    since = models.DateTimeField("待回访起点")
    rule = models.ForeignKey(VisitRule, models.PROTECT, null=True, related_name="+", verbose_name="回访规则")
    why = models.CharField("抽取说明", max_length=300)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField("联系次数", default=0)
    next_at = models.DateTimeField("下次联系", null=True, blank=True)
    told = models.JSONField("上报人自填", default=dict, blank=True)
    reason = models.TextField("上报人自填原因", blank=True)
    created_at = models.DateTimeField("产生时间")
    done_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = VisitQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "回访任务"
        ordering = ["created_at"]
        indexes = [models.Index(fields=["next_at"], name="visit_waiting", condition=Q(state="waiting"))]
        constraints = [models.UniqueConstraint(fields=["case", "since"], name="one_visit_per_waiting")]


@tracked()
class Exclusion(models.Model):
    """A verdict that is not to count (剔除): asked for by a unit with its evidence, decided by another one."""

    class Ground(models.TextChoices):
        UNREASONABLE = "unreasonable", "诉求明显不合理"
        UNTRUE = "untrue", "反映情况不实"
        SETTLED = "settled", "已依法终结"
        MALICIOUS = "malicious", "恶意重复投诉"
        NOT_OURS = "not_ours", "超出本级职责"

    class State(models.TextChoices):
        WAITING = "waiting", "待复核"
        GRANTED = "granted", "已剔除"
        REFUSED = "refused", "不予剔除"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+", verbose_name="事件")
    ground = models.CharField("剔除理由", max_length=16, choices=Ground.choices)
    reason = models.TextField("情况说明", max_length=1000)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    asked_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="申请人")
    asked_unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="申请单位")
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="复核人")
    decided_unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="复核单位")
    decided_at = models.DateTimeField("复核时间", null=True, blank=True)
    opinion = models.TextField("复核意见", blank=True)

    class Meta:
        verbose_name = "剔除"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=~Q(state="refused"), name="one_exclusion_per_case"
            ),
            models.CheckConstraint(
                name="no_unit_excludes_for_itself",
                condition=Q(decided_unit__isnull=True) | ~Q(decided_unit=models.F("asked_unit")),
            ),
        ]  # fmt: skip
