"""Party members (党员): 9.1.3-3-2. Political status is sensitive: one room, few roles, sealed, masked, never exported.

A member is a resident with an organisation; the person is kept once, in the register of residents. Nothing
points from a resident to this room, so no other list and no filter can tell who is a member.
"""

from typing import Self

from django.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.party.models.base import PRESENT
from hezhi.chapters.grassroots.party.models.organisations import PartyOrganisation
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import within
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.engines.registry.models import Record
from hezhi.ground.ids import new_id

PURPOSE = "党组织管理党员组织关系、通知和记录组织生活"


@tracked()
class Member(Record):
    """党员: a resident's one membership, in one organisation; it lies where the organisation lies."""

    purpose = PURPOSE

    class Kind(models.TextChoices):
        FULL = "full", "正式党员"
        PROBATIONARY = "probationary", "预备党员"

    class Flow(models.TextChoices):
        NONE = "none", "不流动"
        OUT = "out", "流出"
        IN = "in", "流入"

    number = models.CharField("党员编号", max_length=20, blank=True, help_text="留空由系统编号")
    resident = models.OneToOneField(
        "registers.Resident", models.CASCADE, related_name="+", verbose_name="人员",
        error_messages={"unique": "此人已登记组织关系，一名党员只能在一个党组织；请办理转接，已删除的请恢复。"},
    )  # fmt: skip
    organisation = models.ForeignKey(
        PartyOrganisation, models.PROTECT, related_name="members", verbose_name="所在党组织"
    )
    kind = models.CharField("党员类别", max_length=14, choices=Kind.choices, default=Kind.FULL)
    joined_on = SealedTextField("入党日期", max_length=10, help_text="如 2001-07-01")
    full_on = SealedTextField("转正日期", max_length=10, blank=True, default="", help_text="预备党员留空")
    flow = models.CharField("流动情况", max_length=6, choices=Flow.choices, default=Flow.NONE)
    reports_to = models.ForeignKey(
        PartyOrganisation, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="双报到社区党组织"
    )
    reported_on = models.DateField("报到日期", null=True, blank=True)
    hardship = SealedTextField("困难情况", max_length=500, blank=True, default="")
    account = models.ForeignKey(
        "org.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="本人账号",
        help_text="有工作账号的填登录名，可在手机上报名、签到",
    )  # fmt: skip

    own_code_salt = models.CharField("签到码底码", max_length=16, blank=True, default="", editable=False)

    class Meta:
        verbose_name = "党员"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=PRESENT, name="one_party_member_per_number"),
            models.UniqueConstraint(
                fields=["account"], condition=PRESENT & Q(account__isnull=False), name="one_member_per_account",
                violation_error_message="这个账号已经关联另一名党员。",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["organisation", "kind"], name="party_member_organisation")]

    def __str__(self) -> str:
        return self.number


class ThroughMemberQuerySet(models.QuerySet[models.Model]):
    """What hangs on a member, asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Of members of organisations in the reader's data scope (按党员所在组织的数据范围)."""
        return self.filter(member__in=Member.objects.filter(within(actor.scope)))


class OfMember(models.Model):
    """Base of what is written down beside a member."""

    purpose = PURPOSE

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="%(class)ss", verbose_name="党员")

    objects = ThroughMemberQuerySet.as_manager()

    class Meta:
        abstract = True


@tracked()
class Office(OfMember):
    """任职: a member's post in an organisation from a day to a day; the open ones are its committee (班子)."""

    class Post(models.TextChoices):
        SECRETARY = "secretary", "书记"
        DEPUTY = "deputy", "副书记"
        ORGANISER = "organiser", "组织委员"
        PUBLICITY = "publicity", "宣传委员"
        DISCIPLINE = "discipline", "纪检委员"
        MEMBER = "member", "委员"

    organisation = models.ForeignKey(PartyOrganisation, models.CASCADE, related_name="offices", verbose_name="党组织")
    post = models.CharField("职务", max_length=12, choices=Post.choices)
    since = models.DateField("任职日期")
    until = models.DateField("免职日期", null=True, blank=True)

    class Meta:
        verbose_name = "党内任职"
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], condition=Q(post="secretary", until__isnull=True), name="one_secretary"
            ),
            models.UniqueConstraint(
                fields=["organisation", "member", "post"], condition=Q(until__isnull=True), name="one_party_post_once"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="office_ends_after_it_begins"
            ),
        ]


@tracked()
class MapConsent(OfMember):
    """上图同意: the member agreed, on a day, to be counted at his building on the Party map; he may take it back."""

    class How(models.TextChoices):
        PAPER = "paper", "签署书面同意"
        SPOKEN = "spoken", "当面告知并同意"

    given_on = models.DateField("同意日期")
    how = models.CharField("同意方式", max_length=8, choices=How.choices)
    withdrawn_on = models.DateField("撤回日期", null=True, blank=True)

    class Meta:
        verbose_name = "上图同意"
        ordering = ["-given_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(withdrawn_on__isnull=True), name="one_open_map_consent"
            )
        ]


@tracked()
class ServiceRecord(OfMember):
    """服务时长: what a member did for the community on a day, in hours; a record of his own, never compared."""

    measures = {"hours": "小时"}

    done_on = models.DateField("服务日期")
    hours = models.DecimalField("时长（小时）", max_digits=4, decimal_places=1)
    what = models.CharField("服务内容", max_length=100)

    class Meta:
        verbose_name = "服务记录"
        ordering = ["-done_on", "-id"]
        constraints = [models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=24), name="service_within_a_day")]


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Transfers asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those that leave or reach an organisation in the reader's data scope (转出方和接收方)."""
        mine = PartyOrganisation.objects.filter(within(actor.scope))
        return self.filter(Q(from_organisation__in=mine) | Q(to_organisation__in=mine))


@tracked()
class Transfer(OfMember):
    """组织关系转接: a member goes from one organisation to another when both sides have confirmed."""

    class State(models.TextChoices):
        OPEN = "open", "待确认"
        DONE = "done", "已转接"
        REFUSED = "refused", "未同意"

    from_organisation = models.ForeignKey(
        PartyOrganisation, models.PROTECT, related_name="+", verbose_name="转出党组织"
    )
    to_organisation = models.ForeignKey(PartyOrganisation, models.PROTECT, related_name="+", verbose_name="接收党组织")
    reason = models.CharField("转接原因", max_length=100)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    asked_at = models.DateTimeField("提出时间", editable=False)
    released_by = models.ForeignKey(
        "org.User", models.SET_NULL, null=True, related_name="+", verbose_name="转出方确认人"
    )
    received_by = models.ForeignKey(
        "org.User", models.SET_NULL, null=True, related_name="+", verbose_name="接收方确认人"
    )
    answered_at = models.DateTimeField("办结时间", null=True, editable=False)
    answer = models.CharField("不同意的理由", max_length=100, blank=True)

    objects = TransferQuerySet.as_manager()  # type: ignore[assignment, misc]

    class Meta:
        verbose_name = "组织关系转接"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(state="open"), name="one_open_transfer"),
            models.CheckConstraint(
                condition=~Q(from_organisation=F("to_organisation")), name="transfer_to_another_organisation"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(released_by=F("received_by")), name="transfer_by_two_people"
            ),
        ]
