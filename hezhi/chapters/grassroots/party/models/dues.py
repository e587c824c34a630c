"""Dues of the Party (党费): 9.1.3-3-1. What each pays tells his income: sealed, opened by his own branch alone.

The sheet keeps the sums; the levels above read those for whole communities (`queries.dues`), never for a person.
"""

from decimal import Decimal

from django.db import models
from django.db.models import Q

from hezhi.chapters.grassroots.party.models.base import PRESENT
from hezhi.chapters.grassroots.party.models.members import OfMember
from hezhi.chapters.grassroots.party.models.organisations import PartyOrganisation
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.engines.registry.models import Record

DUES_PURPOSE = "党支部收缴党费并向党员本人公布"


@tracked()
class DuesSheet(Record):
    """党费月度台账: what an organisation should collect in a month, what it has, and what it handed up."""

    measures = {"due": "元", "paid": "元", "handed_up": "元"}

    organisation = models.ForeignKey(PartyOrganisation, models.PROTECT, related_name="dues", verbose_name="党组织")
    month = models.DateField("月份", help_text="填当月任意一天，按整月登记")
    title = models.CharField("台账", max_length=12, editable=False)
    due = models.DecimalField("应交（元）", max_digits=10, decimal_places=2, default=Decimal(0), editable=False)
    paid = models.DecimalField("已交（元）", max_digits=10, decimal_places=2, default=Decimal(0), editable=False)
    open_entries = models.PositiveIntegerField("未交清（笔）", default=0, editable=False)
    handed_up = models.DecimalField(
        "上缴（元）",
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="上缴上级党组织的金额，未上缴留空",
    )
    handed_up_on = models.DateField("上缴日期", null=True, blank=True)
    note = models.CharField("说明", max_length=100, blank=True)

    class Meta:
        verbose_name = "党费月度台账"
        ordering = ["-month", "organisation__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "month"], condition=PRESENT, name="one_dues_sheet_per_month",
                violation_error_message="这个党组织本月的台账已经建立。",
            ),
            models.CheckConstraint(
                condition=Q(handed_up__isnull=True, handed_up_on__isnull=True)
                | Q(handed_up__gt=0, handed_up_on__isnull=False),
                name="dues_handed_up_on_a_day", violation_error_message="上缴金额和上缴日期要一起填写，金额应大于 0。",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["month", "community"], name="party_dues_month")]

    def __str__(self) -> str:
        return self.title


@tracked()
class DuesEntry(OfMember):
    """党员交纳情况: what one member owes and has paid in a month, in yuan; both sealed, read by his branch alone."""

    purpose = DUES_PURPOSE

    sheet = models.ForeignKey(DuesSheet, models.CASCADE, related_name="entries", verbose_name="台账")
    due = SealedTextField("应交（元）", max_length=10, blank=True, default="")
    paid = SealedTextField("已交（元）", max_length=10, blank=True, default="")
    paid_on = models.DateField("交纳日期", null=True, blank=True)

    class Meta:
        verbose_name = "党员党费"
        ordering = ["member__number"]
        constraints = [models.UniqueConstraint(fields=["sheet", "member"], name="dues_of_a_member_once_a_month")]
