"""What a shift answers for (值班与交接班): urgent calls, promised call-backs, and the handing over itself."""

from typing import Self

from django.db import models
from django.db.models import Q

from hezhi.chapters.cases.handling.models import Case, State
from hezhi.engines.org.actor import Actor
from hezhi.ground.ids import new_id


class OfCasesQuerySet(models.QuerySet["OfCases"]):
    """What hangs on cases, asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Only where the case itself may be seen."""
        return self.filter(case__in=Case.objects.visible_to(actor))


class OfCases(models.Model):
    """Something that hangs on a case and is seen by who sees the case."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+", verbose_name="事件")

    objects = OfCasesQuerySet.as_manager()

    class Meta:
        abstract = True


class Call(OfCases):
    """紧急呼叫: an urgent case before who is on duty, rank after rank, until somebody acknowledges it.

    `heard` keeps who was called when. It ends acknowledged, or when the case has gone on without it.
    """

    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="值班单位")
    round = models.PositiveSmallIntegerField("轮次", default=1)
    asked_at = models.DateTimeField("发起时间")
    called = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="正在呼叫")
    called_at = models.DateTimeField("呼叫时间", null=True)
    answer_by = models.DateTimeField("应答时限", null=True)
    heard = models.JSONField("呼叫过程", default=list, help_text="[姓名, 时间]")
    acknowledged_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="应答人")
    acknowledged_at = models.DateTimeField("应答时间", null=True)
    note = models.CharField("说明", max_length=200, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = "紧急呼叫"
        ordering = ["-asked_at"]
        constraints = [models.UniqueConstraint(fields=["case", "unit", "round"], name="one_call_per_unit_and_round")]
        indexes = [models.Index(fields=["asked_at"], name="call_open", condition=Q(ended_at__isnull=True))]


class Promise(OfCases):
    """约定回电: that somebody will ring the one who reported at a time agreed on."""

    at = models.DateTimeField("约定时间")
    note = models.CharField("约定事项", max_length=200, blank=True)
    by_name = models.CharField("约定人", max_length=60)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name="单位")
    made_at = models.DateTimeField("登记时间")
    kept_at = models.DateTimeField("回电时间", null=True)
    kept_by = models.CharField("回电人", max_length=60, blank=True)

    class Meta:
        verbose_name = "约定回电"
        ordering = ["at"]
        indexes = [models.Index(fields=["unit", "at"], name="promise_open", condition=Q(kept_at__isnull=True))]


class HandoverQuerySet(models.QuerySet["Handover"]):
    """Handovers asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of the reader's own unit and of the units below; a district sees all."""
        return self if actor.scope.everything else self.filter(Q(unit__in=actor.scope.units) | Q(unit=actor.unit_id))


class Handover(models.Model):
    """交接班: one shift gives what is open to the next; it ends only when the next has taken over, both by name."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="单位")
    out_by = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="交班人")
    out_name = models.CharField("交班人", max_length=60)
    out_at = models.DateTimeField("交班时间")
    out_note = models.TextField("交班说明", max_length=1000, blank=True)
    in_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="接班人")
    in_name = models.CharField("接班人", max_length=60, blank=True)
    in_at = models.DateTimeField("接班时间", null=True)
    in_note = models.TextField("接班说明", max_length=1000, blank=True)
    reminded_at = models.DateTimeField("提醒时间", null=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = "交接班"
        ordering = ["-out_at"]
        constraints = [
            models.UniqueConstraint(fields=["unit"], condition=Q(in_at__isnull=True), name="one_open_handover_per_unit")
        ]


class Item(OfCases):
    """交接事项: one open matter as it stood at the handing over."""

    class Kind(models.TextChoices):
        CALL = "call", "未应答呼叫"
        URGENT = "urgent", "紧急事件"
        OVERDUE = "overdue", "超期事件"
        PROMISE = "promise", "约定回电"

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="items", verbose_name="交接班")
    kind = models.CharField("事项", max_length=8, choices=Kind.choices)
    state = models.CharField("当时状态", max_length=16)
    due_at = models.DateTimeField("时限", null=True)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "交接事项"
        ordering = ["kind", "due_at", "id"]

    @property
    def state_name(self) -> str:
        """The state of the case at the handing over, in words."""
        return str(State(self.state).label)
