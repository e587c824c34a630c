"""Activities of the branches (党支部活动): 9.1.3-3-3."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.party.models.base import (
    APPROVED,
    DRAFT,
    ENDED,
    RETURNED,
    WAITING,
    Reviewed,
)
from hezhi.chapters.grassroots.party.models.members import PURPOSE, Member
from hezhi.chapters.grassroots.party.models.organisations import PartyOrganisation
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import ScopedQuerySet, within
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.ground.ids import new_id


@tracked()
class ActivityKind(models.Model):
    """活动类别: 三会一课、主题党日 and the like, and how often in a year which organisations owe it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("代码", max_length=20, unique=True)
    name = models.CharField("活动类别", max_length=20)
    yearly = models.PositiveSmallIntegerField("每年至少（次）", default=0, help_text="0 表示没有次数要求")
    owed_by = ArrayField(
        models.CharField("党组织类别", max_length=10, choices=PartyOrganisation.Kind.choices),
        verbose_name="由哪类党组织开展", default=list, blank=True,
    )  # fmt: skip
    basis = models.CharField("依据", max_length=100, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=10)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "活动类别"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class ActivityQuerySet(ScopedQuerySet):
    """Activities asked for with the reader in hand."""

    def open_to_member(self, member: Member) -> Self:
        """What this member may take part in: approved, of his organisation, or open to those below it."""
        above = [member.organisation_id]
        here = member.organisation.parent
        while here is not None:
            above.append(here.pk)
            here = here.parent
        whole = Q(organisation__in=above, reaches=Activity.Reaches.BELOW)
        own = Q(organisation=member.organisation_id)
        return self.filter(own | whole, state__in=(APPROVED, "held"), removed_at__isnull=True)

    def of_member(self, actor: Actor) -> Self:
        """What this person took part in, by his own account (我参与的)."""
        taken = Participation.objects.filter(member__account=actor.user_id, member__removed_at__isnull=True)
        return self.filter(pk__in=taken.values("activity"))


@tracked()
class Activity(Reviewed):
    """党支部活动: proposed, approved by a second person, held, written down."""

    class State(models.TextChoices):
        DRAFT = DRAFT, "待提交"
        WAITING = WAITING, "待审批"
        RETURNED = RETURNED, "已退回"
        APPROVED = APPROVED, "已通过"
        HELD = "held", "已记录"
        ENDED = ENDED, "已取消"

    class Reaches(models.TextChoices):
        OWN = "own", "本组织党员"
        BELOW = "below", "本组织及下级党员"

    organisation = models.ForeignKey(
        PartyOrganisation, models.PROTECT, related_name="activities", verbose_name="主办党组织"
    )
    kind = models.ForeignKey(ActivityKind, models.PROTECT, related_name="+", verbose_name="活动类别")
    title = models.CharField("活动主题", max_length=60)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    place = models.CharField("地点", max_length=100)
    reaches = models.CharField("参加范围", max_length=6, choices=Reaches.choices, default=Reaches.OWN)
    agenda = models.TextField("议程和安排", max_length=2000)
    minutes = models.TextField("活动记录", max_length=4000, blank=True, editable=False)

    objects = ActivityQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = "党支部活动"
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="activity_ends_after_it_begins")
        ]
        indexes = [
            models.Index(fields=["organisation", "-starts_at"], name="party_activity_organisation"),
            models.Index(fields=["community", "-starts_at"], name="party_activity_community"),
        ]

    def __str__(self) -> str:
        return self.title


class ParticipationQuerySet(models.QuerySet["Participation"]):
    """Who takes part, asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """In activities of the reader's data scope (按活动的数据范围)."""
        return self.filter(activity__in=Activity.objects.filter(within(actor.scope)))


@tracked()
class Participation(models.Model):
    """参加情况: a member signed up, asked leave, or was there; once for each activity."""

    purpose = PURPOSE

    class State(models.TextChoices):
        SIGNED_UP = "signed_up", "已报名"
        LEAVE = "leave", "请假"
        PRESENT = "present", "已到"

    class How(models.TextChoices):
        CODE = "code", "本人扫码"
        OWN_CODE = "own_code", "本人凭码"
        RECORDED = "recorded", "会务登记"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="participations", verbose_name="活动")
    member = models.ForeignKey(Member, models.CASCADE, related_name="participations", verbose_name="党员")
    state = models.CharField("参加情况", max_length=10, choices=State.choices)
    how = models.CharField("登记方式", max_length=10, choices=How.choices, blank=True)
    leave_reason = SealedTextField("请假事由", max_length=100, blank=True, default="")
    changed_at = models.DateTimeField("登记时间", editable=False)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        verbose_name = "活动参加情况"
        ordering = ["changed_at", "id"]
        constraints = [models.UniqueConstraint(fields=["activity", "member"], name="a_member_takes_part_once")]
