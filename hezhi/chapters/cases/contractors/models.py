"""What a contractor is asked to do (外协委托), and every opening of its link (打开记录)."""

from typing import Self

from django.db import models

from hezhi.chapters.cases.handling.api import Case
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


class CommissionQuerySet(models.QuerySet["Commission"]):
    """Commissions asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Only of cases that the reader may see."""
        return self.filter(case__in=Case.objects.visible_to(actor))


@tracked()
class Commission(models.Model):
    """外协委托: one firm, one order, one link. The link shows what stands here and nothing else of the case.

    `code_digest` is of the short code that another device is asked for, `device` of the one that opened it first.
    """

    class State(models.TextChoices):
        OPEN = "open", "办理中"
        DONE = "done", "已完成待验收"
        ACCEPTED = "accepted", "已验收"
        REVOKED = "revoked", "已收回"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+", verbose_name="事件")
    order = models.ForeignKey("flow.WorkOrder", models.CASCADE, related_name="+", verbose_name="承办单")
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="委托单位")
    firm = models.CharField("外协单位", max_length=60)
    request = models.TextField("委托内容", max_length=1000, blank=True)
    place = models.CharField("地点", max_length=200, blank=True)
    code_digest = models.CharField("验证码摘要", max_length=64)
    device = models.CharField("首次打开的设备", max_length=64, blank=True)
    expires_at = models.DateTimeField("链接有效至")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    report = models.TextField("完成情况", max_length=1000, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)
    made_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="委托人")
    made_at = models.DateTimeField("委托时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    opinion = models.CharField("验收意见", max_length=300, blank=True)

    objects = CommissionQuerySet.as_manager()

    class Meta:
        verbose_name = "外协委托"
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["case", "-made_at"], name="commission_case")]

    def __str__(self) -> str:
        return f"{self.firm} {self.get_state_display()}"


class Opening(models.Model):
    """打开记录: what somebody did with a link, from which address; thrown away after half a year."""

    class What(models.TextChoices):
        SHOWN = "shown", "查看"
        FIRST = "first", "首次打开"
        CODE = "code", "验证码通过"
        WRONG = "wrong", "验证码不对"
        PHOTOS = "photos", "上传照片"
        DONE = "done", "报告完成"
        OVER = "over", "链接已失效"

    id = models.BigAutoField(primary_key=True)
    commission = models.ForeignKey(Commission, models.CASCADE, related_name="openings")
    what = models.CharField("事项", max_length=8, choices=What.choices)
    at = models.DateTimeField("时间")
    address = models.GenericIPAddressField("地址", null=True)

    class Meta:
        verbose_name = "外协链接打开记录"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["commission", "-at"], name="opening_newest")]
