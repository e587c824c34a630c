"""Who lives where (人口、户、人房关系): 9.1.3-2-4.

What identifies a person stands sealed. A person's name is called `person_name` and not `name`, so that
whatever else points to a resident shows the number of the entry and never, by itself, the name.
"""

from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from hezhi.chapters.grassroots.registers.models.places import PRESENT, Home
from hezhi.engines.bulk.models import staging_of
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import level_column, within
from hezhi.engines.records.history import tracked
from hezhi.engines.records.set_keys import proven_in_sets
from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.engines.registry.dictionaries import DictionaryField
from hezhi.engines.registry.models import BroadRecord
from hezhi.ground.ids import new_id

HOME_KEYS = {"registers_home": ("home_id",), "registers_household": ("household_id",)}
"""What people share: their homes and households are proven once for all who are entered together (see `set_keys`)."""


def _days(first: str, last: str) -> Func:
    """From the first day on, up to the last and without it; open when there is no last day."""
    return Func(F(first), F(last), Value("[)"), function="daterange", output_field=DateRangeField())


@tracked(indexed=False)
class Resident(BroadRecord):
    """人口: one person who lives or is registered in the district; one entry, whatever facets he has.

    `home`, `household` and `relation` say where he lives today; the past stands in `Occupancy`.
    """

    purpose = "掌握实有人口底数，提供上门服务、应急联络和居住救助等便民事项"
    community = level_column("社区", db_index=False, db_constraint=False)  # the index with the kind finds it as well

    class Kind(models.TextChoices):
        REGISTERED = "registered", "户籍人口"
        MOBILE = "mobile", "流动人口"
        FOREIGN = "foreign", "境外人员"
        UNREGISTERED = "unregistered", "未落户人口"

    class State(models.TextChoices):
        PRESENT = "present", "在册"
        MOVED = "moved", "已迁出"
        DECEASED = "deceased", "已去世"

    number = models.CharField("人口编号", max_length=20, blank=True, help_text="留空由系统编号")
    kind = models.CharField("人口类别", max_length=12, choices=Kind.choices, default=Kind.REGISTERED)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PRESENT, editable=False)
    person_name = models.CharField("姓名", max_length=50)
    id_type = DictionaryField("证件种类", "document", max_length=3, default="111")
    id_number = SealedTextField("证件号码", max_length=30, blank=True, default="")
    id_blind = BlindIndexField(source="id_number", purpose="resident_id", verbose_name="证件号码索引", db_index=False)
    sex = DictionaryField("性别", "sex", max_length=1, blank=True)
    birth_date = models.DateField("出生日期", null=True, blank=True)
    phone = SealedTextField("联系电话", max_length=50, blank=True, default="")
    phone_blind = BlindIndexField(source="phone", purpose="phone", verbose_name="联系电话索引", db_index=False)
    hukou_code = models.CharField("户籍地行政区划", max_length=6, blank=True, help_text="6 位行政区划代码")
    hukou_address = SealedTextField("户籍地详址", max_length=80, blank=True, default="")
    home = models.ForeignKey(
        Home, models.PROTECT, null=True, blank=True, related_name="residents", verbose_name="现住房屋",
        db_constraint=False,
    )  # fmt: skip
    live_address = SealedTextField(
        "现住详址", max_length=80, blank=True, default="", help_text="住处不在房屋台账中时填写"
    )
    household = models.ForeignKey(
        "Household", models.PROTECT, null=True, blank=True, related_name="members", verbose_name="户", editable=False,
        db_constraint=False,
    )  # fmt: skip
    relation = DictionaryField("与户主关系", "relation", max_length=2, blank=True)
    labels = ArrayField(
        DictionaryField("代码", "service_label", max_length=2),
        verbose_name="服务标签",
        default=list,
        blank=True,
    )

    class Meta(BroadRecord.Meta):
        verbose_name = "人口"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=PRESENT, name="one_resident_per_number"),
            models.UniqueConstraint(
                fields=["id_blind"],
                condition=PRESENT & ~Q(id_blind=""),
                name="one_resident_per_id_number",
            ),
        ]
        indexes = [
            models.Index(fields=["person_name"], name="resident_name"),
            models.Index(fields=["id_blind"], name="resident_id_print"),
            models.Index(fields=["phone_blind"], name="resident_phone_print"),
            models.Index(fields=["community", "kind"], name="resident_community_kind"),
        ]
        triggers = proven_in_sets(beside=HOME_KEYS)

    def __str__(self) -> str:
        return self.number


StagedResident = staging_of(
    Resident,
    (
        "number", "kind", "person_name", "id_type", "id_number", "id_blind", "sex", "birth_date", "phone", "phone_blind",
        "hukou_code", "hukou_address", "home", "live_address", "relation",
        "labels",
        "district", "town", "community", "grid", "unit",
    ),
    {
        "household_new": models.UUIDField("新立的户", null=True),
        "occupancy_new": models.UUIDField("居住关系", null=True),
    },
)  # fmt: skip
"""暂存的人口: residents of a large import on their way; whoever founds a household brings its id."""


@tracked(indexed=False)
class Household(BroadRecord):
    """户: people who keep house together in one home, from a day to a day; its card is the 户卡.

    `sole`: it has the home to itself, so no other such household may be there in the same days.
    """

    class Kind(models.TextChoices):
        FAMILY = "family", "家庭户"
        COLLECTIVE = "collective", "集体户"

    number = models.CharField("户编号", max_length=20, blank=True, help_text="留空由系统编号")
    register_number = models.CharField("户口簿户号", max_length=50, blank=True)
    kind = models.CharField("户类型", max_length=10, choices=Kind.choices, default=Kind.FAMILY)
    home = models.ForeignKey(Home, models.PROTECT, related_name="households", verbose_name="住房")
    head = models.ForeignKey(
        Resident, models.PROTECT, null=True, blank=True, related_name="headed", verbose_name="户主", editable=False
    )
    sole = models.BooleanField("独住", default=True)
    since = models.DateField("立户日期")
    until = models.DateField("销户日期", null=True, blank=True, editable=False)

    class Meta(BroadRecord.Meta):
        verbose_name = "户"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=PRESENT, name="one_household_per_number"),
            ExclusionConstraint(
                name="one_sole_household_in_a_home",
                expressions=[("home", RangeOperators.EQUAL), (_days("since", "until"), RangeOperators.OVERLAPS)],
                condition=PRESENT & Q(sole=True),
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="household_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ThroughHomeQuerySet(models.QuerySet[models.Model]):
    """Who was where, asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of homes in the reader's data scope (按房屋的数据范围)."""
        return self.filter(home__in=Home.objects.filter(within(actor.scope)))

    def on(self, day: object) -> Self:
        """Those that held on a day (某日在住、在租、持有)."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=day), since__lte=day)


@tracked(indexed=False)
class Occupancy(models.Model):
    """人房关系: a person owned, rented or lived in a home from a day up to a day.

    An owner who is no resident of the district stands here by name and phone, sealed. `until` is the first
    day on which it no longer holds; None while it holds.
    """

    class Role(models.TextChoices):
        OWNER = "owner", "产权人"
        TENANT = "tenant", "承租人"
        LIVES = "lives", "居住"

    purpose = "说明房屋由谁持有、由谁居住，入户服务和安全提示时联系到人"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    home = models.ForeignKey(
        Home, models.PROTECT, related_name="occupancies", verbose_name="房屋", db_index=False, db_constraint=False
    )
    resident = models.ForeignKey(
        Resident, models.PROTECT, null=True, blank=True, related_name="occupancies", verbose_name="人口", db_index=False
    )
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="occupancies", verbose_name="户", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    role = models.CharField("关系", max_length=8, choices=Role.choices)
    relation = DictionaryField("与户主关系", "relation", max_length=2, blank=True)
    outside_name = SealedTextField("姓名", max_length=50, blank=True, default="")
    outside_phone = SealedTextField("电话", max_length=50, blank=True, default="")
    outside_phone_blind = BlindIndexField(
        source="outside_phone", purpose="phone", verbose_name="电话索引", db_index=False
    )
    share = models.DecimalField("产权份额（%）", max_digits=5, decimal_places=2, null=True, blank=True)
    contract_until = models.DateField("租约到期", null=True, blank=True)
    since = models.DateField("开始日期")
    until = models.DateField("结束日期", null=True, blank=True)
    end_reason = DictionaryField("结束原因", "end_reason", max_length=2, blank=True)
    source = models.CharField("来源", max_length=20, default="登记")
    entered_at = models.DateTimeField("登记时间", editable=False)

    objects = ThroughHomeQuerySet.as_manager()

    class Meta:
        verbose_name = "人房关系"
        ordering = ["-since", "-id"]
        indexes = [
            models.Index(fields=["home", "role", "-since"], name="occupancy_home"),
            models.Index(fields=["resident", "-since"], name="occupancy_resident"),
            models.Index(fields=["household"], name="occupancy_household"),
            models.Index(
                fields=["outside_phone_blind"], name="occupancy_phone_print", condition=~Q(outside_phone_blind="")
            ),
        ]
        constraints = [
            ExclusionConstraint(
                name="a_person_lives_in_one_home",
                expressions=[("resident", RangeOperators.EQUAL), (_days("since", "until"), RangeOperators.OVERLAPS)],
                condition=Q(role="lives"),
            ),
            ExclusionConstraint(
                name="a_person_holds_a_home_once",
                expressions=[
                    ("home", RangeOperators.EQUAL),
                    ("resident", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (_days("since", "until"), RangeOperators.OVERLAPS),
                ],
                condition=~Q(role="lives"),  # who lives in one home at a time does not live in it twice
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="occupancy_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(resident__isnull=False) | ~Q(outside_name=""), name="occupancy_has_somebody"
            ),
        ]
        triggers = proven_in_sets({}, beside=HOME_KEYS)


@tracked()
class ChangeReport(models.Model):
    """变动线索: what a grid worker saw at a home, for the community to look into and enter.

    It changes nothing by itself; the community confirms it, by entering what is true, or sets it aside.
    """

    class Kind(models.TextChoices):
        MOVED_OUT = "moved_out", "人已搬走"
        NEW_TENANT = "new_tenant", "新来租户"
        EMPTY = "empty", "房屋空置"
        WRONG = "wrong", "登记有误"
        OTHER = "other", "其他变动"

    class State(models.TextChoices):
        WAITING = "waiting", "待核实"
        CONFIRMED = "confirmed", "已更新"
        DISMISSED = "dismissed", "不属实"

    purpose = "核实人房变动，保持人口和房屋台账准确"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    home = models.ForeignKey(Home, models.PROTECT, related_name="change_reports", verbose_name="房屋")
    kind = models.CharField("变动", max_length=12, choices=Kind.choices)
    text = SealedTextField("情况", max_length=500, blank=True, default="")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    reported_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="报告人")
    reported_at = models.DateTimeField("报告时间")
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="核实人")
    decided_at = models.DateTimeField("核实时间", null=True)
    answer = models.CharField("核实结果", max_length=200, blank=True)

    objects = ThroughHomeQuerySet.as_manager()

    class Meta:
        verbose_name = "变动线索"
        ordering = ["-reported_at", "-id"]
        indexes = [models.Index(fields=["home", "-reported_at"], name="change_report_home")]


class FacetQuerySet(models.QuerySet[models.Model]):
    """Facets asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of people in the reader's data scope (按人口的数据范围)."""
        return self.filter(resident__in=Resident.objects.filter(within(actor.scope)))


class Facet(models.Model):
    """What only some people have (人口类别专项信息): one row beside the resident, asked for by one purpose."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    objects = FacetQuerySet.as_manager()

    class Meta:
        abstract = True


@tracked()
class RegisteredResident(Facet):
    """户籍人口专项信息: how the household register has it."""

    resident = models.OneToOneField(Resident, models.CASCADE, related_name="registered", verbose_name="人口")
    match = DictionaryField("人户一致标识", "match", max_length=2)
    register_number = models.CharField("户号", max_length=50, blank=True)
    relation = DictionaryField("户口簿与户主关系", "relation", max_length=2)

    class Meta:
        verbose_name = "户籍人口信息"


@tracked()
class MobileResident(Facet):
    """流动人口专项信息: why somebody came, and the residence permit."""

    resident = models.OneToOneField(Resident, models.CASCADE, related_name="mobile", verbose_name="人口")
    inflow_reason = DictionaryField("流入原因", "inflow_reason", max_length=2)
    permit = DictionaryField("办证类型", "permit", max_length=2)
    permit_number = SealedTextField("居住证号码", max_length=22, blank=True, default="")
    registered_on = models.DateField("登记日期")
    permit_until = models.DateField("证件到期日期", null=True, blank=True)
    dwelling = DictionaryField("住所类型", "dwelling", max_length=2)

    class Meta:
        verbose_name = "流动人口信息"
        indexes = [models.Index(fields=["permit_until"], name="mobile_permit_until")]


@tracked()
class LeftBehindResident(Facet):
    """留守人员专项信息: whom to call when help is needed. Shown to those who serve the home, on no map and no wall."""

    resident = models.OneToOneField(Resident, models.CASCADE, related_name="left_behind", verbose_name="人口")
    kind = DictionaryField("留守人员类型", "left_behind", max_length=2)
    match = DictionaryField("人户一致标识", "match", max_length=2, blank=True)
    kin_name = SealedTextField("联系亲属姓名", max_length=50, blank=True, default="")
    kin_relation = DictionaryField("亲属关系", "relation", max_length=2, blank=True)
    kin_phone = SealedTextField("联系亲属电话", max_length=50, blank=True, default="")
    needs = SealedTextField("困难及诉求", max_length=1024, blank=True, default="")

    class Meta:
        verbose_name = "留守人员信息"


@tracked()
class ForeignResident(Facet):
    """境外人员专项信息: name as in the passport, purpose and days of the stay."""

    resident = models.OneToOneField(Resident, models.CASCADE, related_name="foreign", verbose_name="人口")
    surname = models.CharField("外文姓", max_length=40)
    given_name = models.CharField("外文名", max_length=40)
    nationality = DictionaryField("国籍（地区）", "nationality", max_length=3)
    id_until = models.DateField("证件有效期", null=True, blank=True)
    visit_purpose = DictionaryField("来华目的", "visit_purpose", max_length=2)
    arrived_on = models.DateField("抵达日期")
    leaves_on = models.DateField("预计离开日期", null=True, blank=True)

    class Meta:
        verbose_name = "境外人员信息"
