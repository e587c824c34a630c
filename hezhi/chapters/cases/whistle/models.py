"""Who may whistle for whom (吹哨规则), and what the caller says of those who came (到场评价)."""

from typing import Self

from django.db import models

from hezhi.chapters.cases.handling.models import Case
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Unit
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


@tracked()
class Rule(models.Model):
    """吹哨规则: units of a kind, or one of them, may call units of a kind, or one of them; for all matters or a category."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    caller = models.CharField("吹哨单位类型", max_length=12, choices=Unit.Kind.choices)
    caller_unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="限某单位吹哨",
        help_text="留空为这一类型的全部单位",
    )  # fmt: skip
    called = models.CharField("可请到场的类型", max_length=12, choices=Unit.Kind.choices)
    called_unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="限请某单位",
        help_text="留空为这一类型的全部单位",
    )  # fmt: skip
    category = models.ForeignKey(
        "handling.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="限某类别",
        help_text="对其下各级同样适用，留空不限",
    )  # fmt: skip
    basis = models.CharField("依据", max_length=200, blank=True)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "吹哨规则"
        ordering = ["caller", "called", "id"]

    def __str__(self) -> str:
        return f"{self.get_caller_display()}可请{self.get_called_display()}"


class RatingQuerySet(models.QuerySet["Rating"]):
    """Ratings asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Only of cases that the reader may see."""
        return self.filter(case__in=Case.objects.visible_to(actor))


class Rating(models.Model):
    """到场评价: what the caller says of one called unit; once for each call."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey("handling.Case", models.CASCADE, related_name="+", verbose_name="事件")
    order = models.OneToOneField("flow.WorkOrder", models.CASCADE, related_name="+", verbose_name="吹哨单")
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="被吹哨单位")
    in_time = models.BooleanField("按时到场")
    stars = models.PositiveSmallIntegerField("评分")
    solved = models.BooleanField("到场后解决了问题", null=True)
    text = models.CharField("评价意见", max_length=300, blank=True)
    by_name = models.CharField("评价人", max_length=60)
    by_unit = models.CharField("吹哨单位", max_length=80)
    at = models.DateTimeField("评价时间")

    objects = RatingQuerySet.as_manager()

    class Meta:
        verbose_name = "到场评价"
        ordering = ["-at"]
        constraints = [
            models.CheckConstraint(condition=models.Q(stars__gte=1, stars__lte=5), name="one_to_five_stars_for_coming")
        ]
