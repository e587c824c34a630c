"""How long a reporter's name is kept (保存期限), and what each run did (匿名批次)."""

from django.db import models

from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


@tracked()
class Term(models.Model):
    """保存期限: months after the end of a matter in which its reporter may still have to be asked.

    The newest row holds. Without a row nothing is done: a district must have settled its term, with its basis.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
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
    """匿名批次: a trial (试算) or a run (执行): up to which day, how many by year and source, how many stay and why."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    trial = models.BooleanField("试算")
    edge = models.DateTimeField("办结早于")
    months = models.PositiveSmallIntegerField("保存月数")
    counts = models.JSONField("结果", default=dict)
    by_name = models.CharField("执行人", max_length=60)
    by_id = models.UUIDField(null=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "匿名批次"
        ordering = ["-at", "-id"]
