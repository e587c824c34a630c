"""Organisations, small places and groups of neighbours (经济社会组织、九小场所、群防群治组织)."""

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Q

from hezhi.chapters.grassroots.registers.models.people import Resident
from hezhi.chapters.grassroots.registers.models.places import PRESENT, Building
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.engines.registry.dictionaries import DictionaryField
from hezhi.engines.registry.models import Record


class Organisation(Record):
    """What economic and social organisations have in common (经济社会组织)."""

    class Status(models.TextChoices):
        OPEN = "open", "存续"
        CLOSED = "closed", "注销"
        REVOKED = "revoked", "吊销"

    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("名称", max_length=100)
    status = models.CharField("状态", max_length=8, choices=Status.choices, default=Status.OPEN)
    address = models.CharField("地址", max_length=200)
    point = models.PointField("位置", srid=4326, null=True, blank=True)
    phone = models.CharField("单位电话", max_length=50, blank=True)
    rep_name = models.CharField("法定代表人", max_length=80)
    rep_phone = SealedTextField("法定代表人电话", max_length=50, blank=True, default="")
    security_name = models.CharField("治保负责人", max_length=50, blank=True)
    security_phone = SealedTextField("治保负责人电话", max_length=50, blank=True, default="")
    staff_count = models.PositiveIntegerField("员工数", default=0)
    has_party = models.BooleanField("有党组织", default=False)
    party_members = models.PositiveIntegerField("党员数", default=0)
    has_union = models.BooleanField("有工会", default=False)
    union_members = models.PositiveIntegerField("工会会员数", default=0)
    has_league = models.BooleanField("有团组织", default=False)
    league_members = models.PositiveIntegerField("团员数", default=0)
    has_women = models.BooleanField("有妇联组织", default=False)
    women_count = models.PositiveIntegerField("妇女数", default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


@tracked()
class Enterprise(Organisation):
    """非公有制经济组织: a private firm or a shopkeeper."""

    kind = DictionaryField("企业类别", "enterprise_class", max_length=2)
    hazchem = models.BooleanField("危化企业", default=False)
    hazchem_licence = models.CharField("危化品许可证号", max_length=50, blank=True)
    hazard = DictionaryField("安全隐患类型", "organisation_hazard", max_length=2, default="00")
    attention = DictionaryField("单位关注程度", "attention", max_length=2, default="03")
    party_possible = models.BooleanField("具备建立党组织条件", default=False)
    last_inspected_on = models.DateField("最近检查日期", null=True, blank=True)

    class Meta:
        verbose_name = "非公有制经济组织"
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["uscc"], condition=PRESENT, name="one_enterprise_per_uscc")]


@tracked()
class SocialOrganisation(Organisation):
    """社会组织: an association, a private non-profit body or a foundation."""

    kind = DictionaryField("社会组织类型", "social_kind", max_length=2)
    certificate = models.CharField("登记证号", max_length=32)
    authority = models.CharField("登记管理机关代码", max_length=50)
    approved_on = models.DateField("批准日期")
    head_name = models.CharField("负责人", max_length=80)
    head_phone = SealedTextField("负责人电话", max_length=50, blank=True, default="")
    office = models.CharField("办公地址", max_length=200, blank=True)
    funding = models.CharField("资金来源", max_length=100, blank=True)
    foreign_link = models.BooleanField("有境外背景", default=False)

    class Meta:
        verbose_name = "社会组织"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["uscc"], condition=PRESENT, name="one_social_organisation_per_uscc")
        ]


@tracked()
class SmallPlace(Record):
    """九小场所: a small shop, eatery, inn or workshop that is looked after for fire safety."""

    number = models.CharField("场所编号", max_length=20, blank=True, help_text="留空由系统编号")
    name = models.CharField("场所名称", max_length=100)
    kind = DictionaryField("场所类别", "small_place", max_length=2)
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True)
    address = models.CharField("地址", max_length=200)
    building = models.ForeignKey(
        Building, models.PROTECT, null=True, blank=True, related_name="small_places", verbose_name="所在建筑"
    )
    point = models.PointField("位置", srid=4326, null=True, blank=True)
    keeper_name = models.CharField("负责人", max_length=50)
    keeper_phone = SealedTextField("负责人电话", max_length=50, default="")
    floor_area = models.DecimalField("面积（平方米）", max_digits=8, decimal_places=2, null=True, blank=True)
    floors = models.PositiveSmallIntegerField("层数", null=True, blank=True)
    staff_count = models.PositiveIntegerField("从业人数", default=0)
    capacity = models.PositiveIntegerField("床位、餐位或学位数", null=True, blank=True)
    licence = models.CharField("许可证号", max_length=50, blank=True)
    licence_until = models.DateField("许可证到期", null=True, blank=True)
    fire_checked_on = models.DateField("消防检查日期", null=True, blank=True)
    sleeps_on_site = models.BooleanField("留人住宿", default=False)
    gas = models.BooleanField("使用燃气", default=False)
    extinguishers = models.PositiveSmallIntegerField("灭火器数", null=True, blank=True)
    hazard = DictionaryField("隐患类型", "home_hazard", max_length=2, default="00")
    hazard_note = models.CharField("隐患说明", max_length=200, blank=True)
    rectify_until = models.DateField("整改期限", null=True, blank=True)
    last_inspected_on = models.DateField("最近检查日期", null=True, blank=True)
    inspect_every = models.PositiveSmallIntegerField("检查周期（天）", default=90)

    class Meta:
        verbose_name = "九小场所"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["number"], condition=PRESENT, name="one_place_per_number")]
        indexes = [models.Index(fields=["community", "kind"], name="place_community_kind")]

    def __str__(self) -> str:
        return self.name


@tracked()
class VolunteerGroup(Record):
    """群防群治组织: neighbours and guards who look after safety together."""

    name = models.CharField("组织名称", max_length=100)
    kind = DictionaryField("组织类型", "volunteer_kind", max_length=2)
    level = DictionaryField("组织层级", "level", max_length=2, default="06")
    guiding_department = models.CharField("业务指导部门", max_length=200)
    member_count = models.PositiveIntegerField("人员数量", default=0)
    duties = models.CharField("主要职能", max_length=1024)
    head_name = models.CharField("负责人", max_length=50)
    head_phone = SealedTextField("负责人电话", max_length=50, default="")
    address = models.CharField("驻地", max_length=200, blank=True)
    point = models.PointField("位置", srid=4326, null=True, blank=True)
    equipment = models.CharField("装备", max_length=200, blank=True)

    class Meta:
        verbose_name = "群防群治组织"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["community", "name"], condition=PRESENT & Q(community__isnull=False), name="one_group_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class VolunteerMember(Record):
    """群防群治队伍成员: somebody of age who joined a group."""

    purpose = "通知群防群治队伍成员值勤和集合"

    number = models.CharField("队员编号", max_length=20, blank=True, help_text="留空由系统编号")
    group = models.ForeignKey(VolunteerGroup, models.PROTECT, related_name="members", verbose_name="所属组织")
    person_name = models.CharField("姓名", max_length=50)
    sex = DictionaryField("性别", "sex", max_length=1)
    birth_date = models.DateField("出生日期", help_text="须年满 18 周岁")
    post = models.CharField("职务", max_length=30, blank=True)
    skills = ArrayField(
        DictionaryField("代码", "skill", max_length=2), verbose_name="专业特长", default=list, blank=True
    )
    mobile = SealedTextField("手机号码", max_length=18)
    telephone = SealedTextField("固定电话", max_length=18, blank=True, default="")
    trained_on = models.DateField("最近培训日期", null=True, blank=True)
    insured_until = models.DateField("保险到期", null=True, blank=True)
    resident = models.ForeignKey(
        Resident, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="人口", editable=False
    )

    class Meta:
        verbose_name = "群防群治队员"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["number"], condition=PRESENT, name="one_member_per_number")]

    def __str__(self) -> str:
        return self.number
