"""Care files (帮扶档案) and what hangs on them: needs, plan, services, visits, referrals, consent, ties, emergency readings."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hezhi.chapters.grassroots.care.models.programmes import Programme
from hezhi.chapters.grassroots.care.models.reading import CareFileQuerySet, OfFileQuerySet, OwnQuerySet
from hezhi.chapters.grassroots.care.rules import CLOSING, FORMS, GLASS_REASONS
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault import SealedTextField
from hezhi.ground.ids import new_id

SIX_MONTHS = timedelta(days=184)
INSIDE = "compartment"


@tracked()
class CareFile(models.Model):
    """帮扶档案: one person in one programme, looked after by named people until somebody named closes it."""

    class State(models.TextChoices):
        WAITING = "waiting", "待受理"
        OPEN = "open", "在帮扶"
        CLOSED = "closed", "已结案"

    class BasisKind(models.TextChoices):
        CONSENT = "consent", "本人或监护人同意"
        DUTY = "duty", "法定职责"
        AUTHORITY = "authority", "主管部门文书"

    measures = {"visit_every": "天"}
    purposes = {"summary": "说明帮扶从何而起", "goal": "约定要达到什么", "closing_note": "说明如何结束"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField("档案编号", max_length=20, unique=True)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", verbose_name="帮扶项目")
    resident = models.ForeignKey("registers.Resident", models.CASCADE, related_name="+", verbose_name="帮扶对象")
    compartment = models.CharField("密钥分隔", max_length=32, blank=True, editable=False)
    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+", verbose_name="帮扶单位")
    town = models.ForeignKey("geo.Area", models.PROTECT, null=True, related_name="+", verbose_name="镇街")
    worker = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="帮扶人")
    deputy = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="替补人"
    )
    supervisor = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="督导人")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    basis_kind = models.CharField("依据", max_length=10, choices=BasisKind.choices)
    basis = models.CharField("同意书或文书编号", max_length=60)
    opened_on = models.DateField("建档日期")
    reviewed_on = models.DateField("最近复核")
    review_on = models.DateField("下次复核")
    ends_on = models.DateField("期限届满", null=True, blank=True)
    visit_every = models.PositiveSmallIntegerField("约定走访周期（天）", null=True, blank=True)
    two_go = models.BooleanField("双人上门", default=False)
    summary = SealedTextField("缘由", compartment=INSIDE, blank=True, default="")
    goal = SealedTextField("帮扶目标", compartment=INSIDE, blank=True, default="")
    closed_on = models.DateField("结案日期", null=True, blank=True)
    closed_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="结案人"
    )
    closing = models.CharField("结案原因", max_length=10, choices=list(CLOSING.items()), blank=True)
    closing_note = SealedTextField("结案说明", compartment=INSIDE, blank=True, default="")
    erase_on = models.DateField("删除日期", null=True, blank=True)
    revision = models.PositiveIntegerField("修订号", default=0, editable=False)

    objects = CareFileQuerySet.as_manager()

    class Meta:
        verbose_name = "帮扶档案"
        ordering = ["number"]
        indexes = [
            models.Index(fields=["worker"], name="care_worker"),
            models.Index(fields=["supervisor"], name="care_supervisor"),
            models.Index(fields=["review_on"], name="care_review", condition=Q(state="open")),
        ]
        constraints = [
            models.CheckConstraint(
                name="review_within_six_months", condition=Q(review_on__lte=F("reviewed_on") + SIX_MONTHS)
            ),
            models.CheckConstraint(
                name="a_person_closes_and_says_why",
                condition=~Q(state="closed")
                | (
                    Q(closed_on__isnull=False)
                    & Q(closed_by__isnull=False)
                    & ~Q(closing="")
                    & Q(erase_on__gte=F("closed_on"))
                ),
            ),
            models.CheckConstraint(
                name="two_names_watch_a_file", condition=~Q(worker=F("supervisor")) & ~Q(deputy=F("worker"))
            ),
        ]

    def __str__(self) -> str:
        return self.number


class OfFile(models.Model):
    """What hangs on a file: read by the file's own people, sealed in the file's compartment."""

    purposes = {"text": "帮扶所需"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file = models.ForeignKey(CareFile, models.CASCADE, related_name="%(class)ss", verbose_name="档案")
    compartment = models.CharField("密钥分隔", max_length=32, blank=True, editable=False)
    text = SealedTextField("内容", compartment=INSIDE, blank=True, default="")
    at = models.DateTimeField("登记时间", editable=False)
    by = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="登记人", editable=False)

    objects = OfFileQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["at"]


@tracked()
class Need(OfFile):
    """需求: what the person needs, in words he would use himself."""

    class Kind(models.TextChoices):
        HOUSING = "housing", "居住"
        INCOME = "income", "收入"
        HEALTH = "medical", "就医"
        FAMILY = "family", "家庭"
        SCHOOL = "school", "就学"
        WORK = "work", "就业"
        SAFETY = "safety", "安全"
        COMPANY = "company", "陪伴"

    kind = models.CharField("方面", max_length=8, choices=Kind.choices)
    met_on = models.DateField("解决日期", null=True, blank=True)

    class Meta(OfFile.Meta):
        verbose_name = "需求"


@tracked()
class PlanStep(OfFile):
    """计划步骤: what is done, by whom, until when."""

    doer = models.CharField("由谁办", max_length=30)
    due_on = models.DateField("何时完成")
    done_on = models.DateField("完成日期", null=True, blank=True)

    class Meta(OfFile.Meta):
        verbose_name = "计划步骤"


@tracked()
class Service(OfFile):
    """服务: help that was given."""

    name = models.CharField("服务名称", max_length=30)
    given_on = models.DateField("日期")
    giver = models.CharField("提供单位", max_length=40)

    class Meta(OfFile.Meta):
        verbose_name = "服务"


@tracked()
class Visit(OfFile):
    """走访: agreed with the person for a day, and made, or not made and told."""

    class Outcome(models.TextChoices):
        MET = "met", "见到本人"
        PHONED = "phoned", "电话联系"
        ABSENT = "absent", "未见到"
        DECLINED = "declined", "本人谢绝"
        OFF = "off", "结案取消"

    agreed_on = models.DateField("约定日期")
    doer = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="走访人")
    made_on = models.DateField("走访日期", null=True, blank=True)
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices, blank=True)
    told_on = models.DateField("已提醒", null=True, blank=True, editable=False)

    class Meta(OfFile.Meta):
        verbose_name = "走访"
        ordering = ["-agreed_on"]


@tracked()
class Referral(OfFile):
    """转介: a named person of a service gets the forms chosen, after consent, until a day; or the whole file passes on."""

    class Kind(models.TextChoices):
        REFERRAL = "referral", "转介"
        TRANSFER = "transfer", "移交"

    class State(models.TextChoices):
        ASKED = "asked", "待接收"
        ACCEPTED = "accepted", "已接收"
        REFUSED = "refused", "未接收"
        DONE = "done", "已完成"
        REVOKED = "revoked", "已撤回"

    kind = models.CharField("类别", max_length=8, choices=Kind.choices, default=Kind.REFERRAL)
    to_user = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="接收人")
    forms = ArrayField(
        models.CharField(max_length=10, choices=list(FORMS.items())), verbose_name="提供内容", default=list
    )
    due_on = models.DateField("至何时")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.ASKED)
    answered_on = models.DateField("答复日期", null=True, blank=True)

    class Meta(OfFile.Meta):
        verbose_name = "转介"


@tracked()
class Consent(OfFile):
    """同意: who may see what, for how long; given by the person or the guardian, taken back at any time."""

    class GivenBy(models.TextChoices):
        SELF = "self", "本人"
        GUARDIAN = "guardian", "监护人"

    given_by = models.CharField("同意人", max_length=8, choices=GivenBy.choices)
    given_on = models.DateField("同意日期")
    until = models.DateField("有效期至")
    scope = ArrayField(
        models.CharField(max_length=10, choices=list(FORMS.items())), verbose_name="同意范围", default=list
    )
    withdrawn_on = models.DateField("撤回日期", null=True, blank=True)

    class Meta(OfFile.Meta):
        verbose_name = "同意"


@tracked()
class Tie(OfFile):
    """联系人: a tie entered for care, depth one: no link to any other record, so nothing can be followed (P3)."""

    class Kind(models.TextChoices):
        HOUSEHOLD = "household", "同住家人"
        GUARDIAN = "guardian", "监护人"
        CARER = "carer", "照料人"
        CONTACT = "contact", "紧急联系人"
        WORKER = "worker", "帮扶人"
        SERVICE = "service", "服务单位"

    purposes = {"text": "备注如何联系", "person_name": "遇事联系", "phone": "遇事联系"}

    kind = models.CharField("关系", max_length=10, choices=Kind.choices)
    person_name = SealedTextField("姓名或单位", max_length=50, compartment=INSIDE)
    phone = SealedTextField("电话", max_length=30, compartment=INSIDE, blank=True, default="")
    source = models.CharField("来源", max_length=40, help_text="如：本人提供")
    entered_on = models.DateField("登记日期")
    purpose = models.CharField("用途", max_length=40, help_text="如：走失时联系")

    class Meta(OfFile.Meta):
        verbose_name = "联系人"


class Glass(models.Model):
    """紧急查阅: one file for one hour, read only, in danger; told at once and reviewed in three working days (P7)."""

    class Finding(models.TextChoices):
        RIGHT = "right", "查阅得当"
        DOUBTFUL = "doubtful", "理由不充分"
        WRONG = "wrong", "不应查阅"

    purposes = {"sentence": "说明为何紧急", "note": "复核意见"}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file = models.ForeignKey(CareFile, models.CASCADE, related_name="glasses", verbose_name="档案")
    by = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="查阅人")
    reason = models.CharField("情形", max_length=10, choices=list(GLASS_REASONS.items()))
    sentence = SealedTextField("理由")
    opened_at = models.DateTimeField("打开时间")
    until = models.DateTimeField("至")
    review_due = models.DateTimeField("复核期限")
    reviewed_at = models.DateTimeField("复核时间", null=True, blank=True)
    reviewed_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="复核人"
    )
    finding = models.CharField("复核结论", max_length=10, choices=Finding.choices, blank=True)
    note = SealedTextField("复核意见", blank=True, default="")

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "紧急查阅"
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(
                name="a_glass_lasts_an_hour", condition=Q(until__lte=F("opened_at") + timedelta(minutes=60))
            ),
            models.CheckConstraint(
                name="nobody_reviews_his_own_glass", condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("by"))
            ),
        ]


class Together(models.Model):
    """两人同时打开: one asks, the named officer joins; for half an hour both may read."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file = models.ForeignKey(CareFile, models.CASCADE, related_name="+", verbose_name="档案")
    asked_by = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="申请人")
    asked_at = models.DateTimeField("申请时间")
    joined_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="在场人")
    until = models.DateTimeField("至", null=True)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = "两人打开"
        constraints = [
            models.CheckConstraint(
                name="two_are_two_people", condition=Q(joined_by__isnull=True) | ~Q(joined_by=F("asked_by"))
            )
        ]
