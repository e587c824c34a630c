"""Facts of stages (环节事实, 9.1.2-4), and the reports that are kept as files."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case as When
from django.db.models import F, Func, IntegerField, Q, Value
from django.db.models import When as Then
from django.db.models.functions import Cast, Floor, TruncDate

from hezhi.chapters.cases.handling.api import Case, Kind, Source, Urgency
from hezhi.chapters.cases.handling.models import CaseQuerySet
from hezhi.engines.analysis.cube.facts import Cube, Rollup
from hezhi.engines.org.actor import Actor
from hezhi.engines.records.history import tracked
from hezhi.ground import time
from hezhi.ground.ids import new_id


def loose(to: str, label: str) -> models.ForeignKey[Any, Any]:
    """A pointer without a promise: a fact stays what it was, whatever becomes of the row it points to."""
    return models.ForeignKey(
        to, models.DO_NOTHING, null=True, verbose_name=label, related_name="+", db_constraint=False, db_index=False
    )


class Outcome(models.TextChoices):
    """How a round of handling ended (结果); empty while it goes on."""

    CLOSED = "closed", "办结"
    REDONE = "redone", "返工重办"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    VOID = "void", "作废"


class StageFacts(models.Model):
    """One round of handling of one case, as moments and counts without a word of the case (环节事实).

    Stage by stage: when it was due and when it was done. Whether something is late is never stored, since that
    would change with the clock; it is asked with the moment in hand (`rules.Measure`). Working times are seconds
    of working time, pauses left out.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = loose("handling.Case", "事件")
    round = models.PositiveSmallIntegerField("办理轮次", default=1)
    kind = models.CharField("事件类型", max_length=16, choices=Kind.choices)
    source = models.CharField("渠道", max_length=16, choices=Source.choices)
    urgency = models.CharField("紧急程度", max_length=12, choices=Urgency.choices)
    appeal = models.CharField("诉求类型", max_length=12)
    category = loose("handling.Category", "类别")
    category_path = models.CharField("类别路径", max_length=120, blank=True)

    district = loose("geo.Area", "区")
    town = loose("geo.Area", "镇街")
    community = loose("geo.Area", "社区")
    grid = loose("geo.Area", "当时网格")
    grid_now = loose("geo.Area", "现在网格")
    lead_unit = loose("org.Unit", "主办单位")
    units = ArrayField(models.UUIDField(), verbose_name="参与单位", default=list)
    worker = loose("org.User", "网格员")
    worker_unit = loose("org.Unit", "网格")
    secret = models.BooleanField("保密件", default=False)
    barred_unit = loose("org.Unit", "被反映单位")

    began_at = models.DateTimeField("本轮起点")
    received_at = models.DateTimeField("收到时间")
    accept_due = models.DateTimeField("应受理", null=True)
    accepted_at = models.DateTimeField("受理", null=True)
    dispatch_due = models.DateTimeField("应派遣", null=True)
    dispatched_at = models.DateTimeField("派遣", null=True)
    sign_due = models.DateTimeField("应签收", null=True)
    signed_at = models.DateTimeField("签收", null=True)
    handle_due = models.DateTimeField("应处置", null=True)
    handled_at = models.DateTimeField("处置", null=True)
    check_due = models.DateTimeField("应核查", null=True)
    checked_at = models.DateTimeField("核查", null=True)
    close_due = models.DateTimeField("应结案", null=True)
    ended_at = models.DateTimeField("结束", null=True)
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True)
    rated_at = models.DateTimeField("评价时间", null=True)
    satisfied = models.BooleanField("满意", null=True)

    settled_at = models.DateTimeField("最后时点", help_text="此后不再有时限、结束或评价；未结束的为极远")

    dispatches = models.PositiveSmallIntegerField("派遣次数", default=0)
    returns = models.PositiveSmallIntegerField("退回次数", default=0)
    extensions = models.PositiveSmallIntegerField("延期次数", default=0)
    holds = models.PositiveSmallIntegerField("挂账次数", default=0)
    send_backs = models.PositiveSmallIntegerField("审签退回次数", default=0)
    urged = models.PositiveSmallIntegerField("催办次数", default=0)
    on_the_spot = models.BooleanField("自行处置", default=False)
    answered_directly = models.BooleanField("直接答复", default=False)

    work_accept = models.PositiveIntegerField("受理用时", null=True)
    work_dispatch = models.PositiveIntegerField("派遣用时", null=True)
    work_sign = models.PositiveIntegerField("签收用时", null=True)
    work_handle = models.PositiveIntegerField("处置用时", null=True)
    work_check = models.PositiveIntegerField("核查用时", null=True)
    work_total = models.PositiveIntegerField("全程用时", null=True)

    class Meta:
        abstract = True


class FactQuerySet(CaseQuerySet):
    """Facts asked for with the reader in hand: they carry the columns by which a case is seen, so the rule is the same."""

    def counted(self) -> Self:
        """Without what was void: it leaves all counts (作废件不计)."""
        return self.exclude(outcome=Outcome.VOID)


class Fact(StageFacts):
    """The facts as they stand now, kept up as cases move, made again from history at any time."""

    objects = FactQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "环节事实"
        indexes = [
            models.Index(fields=["settled_at", "began_at"], name="fact_settled"),
            models.Index(fields=["received_at"], name="fact_received"),
            models.Index(fields=["case"], name="fact_case"),
        ]
        constraints = [models.UniqueConstraint(fields=["case", "round"], name="one_fact_per_round")]


class Rhythm(models.TextChoices):
    """How often a report is written (报告周期)."""

    DAILY = "daily", "日报"
    WEEKLY = "weekly", "周报"
    MONTHLY = "monthly", "月报"
    OWN = "own", "专报"


@tracked()
class ReportPlan(models.Model):
    """A report that writes itself (定期报告): the rhythm, and for which area; the receivers are told by message."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    rhythm = models.CharField("周期", max_length=8, choices=[c for c in Rhythm.choices if c[0] != "own"])
    area = models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="范围", help_text="留空为全区"
    )
    receivers = models.ForeignKey(
        "org.Unit",
        models.PROTECT,
        related_name="+",
        verbose_name="送达单位",
        help_text="该单位有统计权限的岗位会收到消息",
    )
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "定期报告"
        ordering = ["rhythm"]

    def __str__(self) -> str:
        return f"{self.area.name if self.area else '全区'}{self.get_rhythm_display()}"


class ReportQuerySet(models.QuerySet["Report"]):
    """Kept reports asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Whole-district reports for who sees the district; a town's for that town; one's own always.

        A report holds figures of all kinds of case, so who may see some kinds only opens just his own.
        """
        own = Q(made_by=actor.user_id, made_by__isnull=False)
        if actor.scope.matter_kinds:
            return self.filter(own)
        if actor.scope.everything:
            return self.filter(own | Q(made_by__isnull=True))
        area = Q(made_by__isnull=True, area=actor.scope.area, area__isnull=False)
        return self.filter(own | area)


class Report(models.Model):
    """A report as it was written (统计报告): for which days, when, by whom; the document is kept with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField("标题", max_length=80)
    rhythm = models.CharField("周期", max_length=8, choices=Rhythm.choices)
    area = models.ForeignKey("geo.Area", models.PROTECT, null=True, related_name="+", verbose_name="范围")
    start = models.DateField("起始日期")
    end = models.DateField("结束日期")
    plan = models.ForeignKey(ReportPlan, models.PROTECT, null=True, related_name="reports", verbose_name="定期报告")
    made_at = models.DateTimeField("生成时间")
    made_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="生成人")
    made_by_name = models.CharField("生成人姓名", max_length=60)
    query = models.CharField("统计条件", max_length=500, blank=True)

    objects = ReportQuerySet.as_manager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = "统计报告"
        ordering = ["-made_at"]
        constraints = [models.UniqueConstraint(fields=["plan", "start"], name="one_report_per_plan_and_period")]

    def __str__(self) -> str:
        return self.title


# -- cases as they are counted (多维计数) --------------------------------------------------------------------

NET = (0.0056, 0.0045)
"""Sides of a square of the finest net in degrees: about 500 m. Four by four of them make a square of 2 km."""
WIDE = 4


def _square(axis: str, side: float) -> Any:
    return Cast(Floor(Func(F("point"), function=axis, output_field=models.FloatField()) / Value(side)), IntegerField())


def _one(**when: Any) -> Any:
    return When(Then(**when, then=Value(1)), default=Value(0), output_field=IntegerField())


CASES = Cube(
    name="cases",
    # Never a secret case (保密件) nor one entered by mistake (作废件). The triggers of migration 0003 say the same.
    rows=lambda: Case.objects.filter(secret=False).exclude(state="void"),
    moment="received_at",
    columns={
        "day": TruncDate("received_at", tzinfo=time.SHANGHAI), "town": F("town_id"), "community": F("community_id"),
        "grid": F("grid_id"), "category": F("category_id"), "channel": F("source"), "kind": F("kind"),
        "x": _square("ST_X", NET[0]), "y": _square("ST_Y", NET[1]), "n": Value(1, IntegerField()),
        "ended": _one(state="closed"), "happy": _one(satisfied=True), "rated": _one(satisfied__isnull=False),
    },
    rollups=(
        Rollup("channel", ("channel", "kind")),
        Rollup("category", ("category", "kind")),
        Rollup("town", ("town", "channel", "kind")),
        Rollup("community", ("town", "community")),
        Rollup("square", ("x", "y"), WIDE),
        Rollup("matter", ("town", "category", "kind")),
        Rollup("grid", ("town", "community", "grid")),
        Rollup("block", ("town", "x", "y")),
    ),
)  # fmt: skip
"""Cases by day, place, matter and channel; the roll-ups are those by which the situation is shown."""
