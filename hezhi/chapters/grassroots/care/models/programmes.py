"""Care programmes (帮扶项目): what may be held about whom, on which law, for how long, read by whom."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


@tracked()
class Programme(models.Model):
    """帮扶项目: the purpose record of one category; without its assessment on file no file is opened in it."""

    class Group(models.TextChoices):
        HELP = "help", "重点帮扶关注人员"
        SPECIAL = "special", "特殊人群"

    class GridSees(models.TextChoices):
        NOTHING = "nothing", "不知情"
        TASK = "task", "只见上门任务"
        NEEDS = "needs", "照料所需"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("项目代码", max_length=20, unique=True)
    name = models.CharField("项目名称", max_length=40)
    category = models.CharField("标准中的类别", max_length=20)
    group = models.CharField("所属", max_length=8, choices=Group.choices)
    clause = models.CharField("条款", max_length=20)
    purpose = models.CharField("处理目的", max_length=200)
    basis = models.CharField("法律依据", max_length=300)
    duty_holder = models.CharField("履职单位", max_length=60)
    items = ArrayField(models.CharField(max_length=24), verbose_name="登记内容")
    recipients = models.CharField("接收方", max_length=200)
    keep_months = models.PositiveSmallIntegerField("结案后保存月数")
    notice = models.TextField("告知内容")
    team = ArrayField(models.CharField(max_length=30), verbose_name="团队")
    ends_when = models.CharField("何时结束", max_length=100)
    longest_months = models.PositiveSmallIntegerField("最长月数", null=True, blank=True)
    ends_at_age = models.PositiveSmallIntegerField("满几周岁结束", null=True, blank=True)
    least_age = models.PositiveSmallIntegerField("最低年龄", null=True, blank=True)
    review_months = models.PositiveSmallIntegerField("复核周期（月）", default=6)
    strict = models.BooleanField("严格保密", default=False)
    mirror = models.BooleanField("依主管部门档案建立", default=False)
    needs_order = models.BooleanField("须凭主管部门文件", default=False)
    two_people = models.BooleanField("两人同时打开", default=False)
    grid_sees = models.CharField("网格员所见", max_length=8, choices=GridSees.choices, default=GridSees.TASK)
    offered = models.BooleanField("新装时提供", default=False)
    order_number = models.CharField("主管部门文件编号", max_length=60, blank=True)
    officer = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="指定专人"
    )
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="主管单位"
    )
    assessed_on = models.DateField("影响评估日期", null=True, blank=True)
    assessment = models.CharField("影响评估编号", max_length=60, blank=True)
    assessed_until = models.DateField("下次评估", null=True, blank=True)
    enabled = models.BooleanField("已启用", default=False)
    revision = models.PositiveIntegerField("修订号", default=0, editable=False)

    class Meta:
        verbose_name = "帮扶项目"
        ordering = ["group", "code"]
        constraints = [
            models.CheckConstraint(
                name="programme_opens_with_its_assessment",
                condition=Q(enabled=False)
                | (Q(assessed_on__isnull=False) & Q(assessed_until__gt=F("assessed_on")) & ~Q(assessment="")),
            ),
            models.CheckConstraint(
                name="programme_opens_with_its_order",
                condition=Q(enabled=False) | Q(needs_order=False) | (~Q(order_number="") & Q(officer__isnull=False)),
            ),
            models.CheckConstraint(
                name="programme_reviews_within_six_months", condition=Q(review_months__gte=1) & Q(review_months__lte=6)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def compartment(self) -> str:
        """The compartment in which its narratives lie sealed; the common one unless it is strict (P6)."""
        return f"care_{self.code}" if self.strict else ""
