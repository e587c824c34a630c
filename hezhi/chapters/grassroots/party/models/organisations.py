"""Party organisations (党组织): 9.1.3-3-1."""

from django.contrib.gis.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.party.models.base import APPROVED, DRAFT, ENDED, PRESENT, RETURNED, WAITING, Reviewed
from hezhi.engines.records.history import tracked


@tracked()
class PartyOrganisation(Reviewed):
    """党组织: a committee, general branch, branch or group, below another one; what is below moves with it.

    It lies in a community and may answer for one grid (网格党支部、楼栋党小组). Who holds a post in it stands in
    `Office`, so that no name is kept here.
    """

    class Kind(models.TextChoices):
        COMMITTEE = "committee", "党委"
        GENERAL = "general", "党总支"
        BRANCH = "branch", "党支部"
        GROUP = "group", "党小组"

    class State(models.TextChoices):
        DRAFT = DRAFT, "待提交"
        WAITING = WAITING, "待审批"
        RETURNED = RETURNED, "已退回"
        APPROVED = APPROVED, "在册"
        ENDED = ENDED, "已撤销"

    code = models.CharField("党组织编号", max_length=20)
    name = models.CharField("党组织全称", max_length=100)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级党组织"
    )
    founding_paper = models.CharField("建立文号", max_length=60, blank=True)
    founded_on = models.DateField("建立日期")
    term_from = models.DateField("本届起始", null=True, blank=True)
    term_until = models.DateField("本届届满", null=True, blank=True)
    address = models.CharField("活动场所", max_length=200, blank=True)
    point = models.PointField("位置", srid=4326, null=True, blank=True)
    office_phone = models.CharField("办公电话", max_length=20, blank=True)
    ended_on = models.DateField("撤销日期", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "党组织"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=PRESENT, name="one_party_organisation_per_code"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="party_organisation_not_below_itself"),
            models.CheckConstraint(
                condition=Q(term_until__isnull=True) | Q(term_from__isnull=True) | Q(term_until__gt=F("term_from")),
                name="party_term_ends_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(fields=["community", "kind"], name="party_org_community_kind"),
            models.Index(fields=["term_until"], name="party_org_term", condition=Q(state=APPROVED)),
        ]

    def __str__(self) -> str:
        return self.name
