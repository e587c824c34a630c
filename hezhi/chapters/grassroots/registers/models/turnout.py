"""Groups of neighbours on duty and at work (群防群治值勤和活动): 9.1.3-2-9.

Hours are written down for the member's own card. Nobody is compared by them, and no place is ever asked for.
"""

from django.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.registers.models.organisations import VolunteerGroup, VolunteerMember
from hezhi.chapters.grassroots.registers.models.places import PRESENT
from hezhi.engines.records.history import tracked
from hezhi.engines.registry.models import Record
from hezhi.ground.ids import new_id


@tracked()
class GroupShift(Record):
    """值勤: a member is on duty on a day, from an hour to an hour, at a place."""

    class State(models.TextChoices):
        PLANNED = "planned", "已排班"
        DONE = "done", "已值勤"
        EXCUSED = "excused", "已请假"

    purpose = VolunteerMember.purpose

    group = models.ForeignKey(VolunteerGroup, models.CASCADE, related_name="shifts", verbose_name="组织")
    member = models.ForeignKey(VolunteerMember, models.CASCADE, related_name="shifts", verbose_name="队员编号")
    day = models.DateField("日期")
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")
    spot = models.CharField("值勤地点", max_length=60)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.PLANNED)

    class Meta:
        verbose_name = "值勤"
        ordering = ["-day", "starts"]
        constraints = [
            models.UniqueConstraint(fields=["member", "day", "starts"], condition=PRESENT, name="one_shift_at_a_time"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="a_shift_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.starts:%H:%M}"


@tracked()
class GroupActivity(Record):
    """活动: the group comes together, who came signs in."""

    class Kind(models.TextChoices):
        PATROL = "patrol", "巡逻"
        MEDIATION = "mediation", "纠纷劝导"
        TRAINING = "training", "培训"
        DRILL = "drill", "演练"
        PUBLICITY = "publicity", "宣传"
        HELP = "help", "应急支援"
        OTHER = "other", "其他"

    group = models.ForeignKey(VolunteerGroup, models.CASCADE, related_name="activities", verbose_name="组织")
    name = models.CharField("活动名称", max_length=60)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices)
    day = models.DateField("日期")
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")
    spot = models.CharField("集合地点", max_length=60)
    about = models.CharField("内容", max_length=300, blank=True)

    class Meta:
        verbose_name = "群防群治活动"
        ordering = ["-day", "-starts"]
        constraints = [
            models.UniqueConstraint(fields=["group", "name", "day"], condition=PRESENT, name="one_activity_once"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="an_activity_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class SignIn(models.Model):
    """签到: a member came to an activity and was there so many hours; who wrote it down stands in the history."""

    purpose = VolunteerMember.purpose
    measures = {"hours": "小时"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    activity = models.ForeignKey(GroupActivity, models.CASCADE, related_name="sign_ins", verbose_name="活动")
    member = models.ForeignKey(VolunteerMember, models.CASCADE, related_name="sign_ins", verbose_name="队员")
    hours = models.DecimalField("服务时长（小时）", max_digits=4, decimal_places=1)
    at = models.DateTimeField("签到时间")

    class Meta:
        verbose_name = "签到"
        constraints = [
            models.UniqueConstraint(fields=["activity", "member"], name="a_member_signs_in_once"),
            models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=24), name="hours_of_one_day"),
        ]
