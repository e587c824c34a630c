"""How long a reporter's name is kept (保存期限), and what each run did (匿名批次)."""

from django.db import models

from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


class Kind(models.TextChoices):
    """What ends when a term is over."""

    REPORTER = "reporter", "上报人信息"
    CASE = "case", "事件本身"


@tracked()
class Term(models.Model):
    """保存期限: months after the end of a matter in which its reporter may still have to be asked, or it may be looked up.

    The newest row of a kind holds. Without a row nothing is done: a district must have settled its term, with its basis.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("对象", max_length=8, choices=Kind.choices, default=Kind.REPORTER)
    months = models.PositiveSmallIntegerField("办结后保存月数")
    basis = models.CharField("依据", max_length=200)
    nightly = models.BooleanField("每晚自动执行", default=False)
    set_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="核定人")
    set_at = models.DateTimeField("核定时间")

    class Meta:
        verbose_name = "保存期限"
        ordering = ["-set_at"]

    def __str__(self) -> str:
        return f"办结后 {self.months} 个月"


class Run(models.Model):
    """处理批次: a trial (试算) or a run (执行): up to which day, how many by year and source, how many stay and why.

    The trial of an erasure carries the approval that it was given, and when all of it was done.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("对象", max_length=8, choices=Kind.choices, default=Kind.REPORTER)
    trial = models.BooleanField("试算")
    edge = models.DateTimeField("办结早于")
    months = models.PositiveSmallIntegerField("保存月数")
    counts = models.JSONField("结果", default=dict)
    by_name = models.CharField("执行人", max_length=60)
    by_id = models.UUIDField(null=True)
    at = models.DateTimeField("时间")
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)
    approved_by = models.CharField("批准人", max_length=60, blank=True)
    finished_at = models.DateTimeField("清除完成", null=True, blank=True)

    class Meta:
        verbose_name = "处理批次"
        ordering = ["-at", "-id"]


class Erased(models.Model):
    """清除登记: one line of the list of what was erased (清册), which says that something was there and nothing of what."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.OneToOneField("handling.Case", models.PROTECT, related_name="+", verbose_name="事件")
    run = models.ForeignKey(Run, models.PROTECT, related_name="erased", verbose_name="批次")
    number = models.CharField("编号", max_length=24)
    category = models.CharField("类别", max_length=200, blank=True)
    unit = models.CharField("主办单位", max_length=80, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True)
    at = models.DateTimeField("清除时间")
    files = models.PositiveSmallIntegerField("附件数", default=0)
    remarks = models.PositiveSmallIntegerField("批注数", default=0)

    class Meta:
        verbose_name = "清除登记"
        ordering = ["number"]
