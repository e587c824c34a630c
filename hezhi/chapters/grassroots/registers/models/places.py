"""Where people live and work (小区、建筑、房屋): 9.1.3-2-1 to 9.1.3-2-3."""

from typing import Any, ClassVar, Self

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.db.models import Q

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import within
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import SealedTextField
from hezhi.engines.registry.dictionaries import DictionaryField
from hezhi.engines.registry.models import Record
from hezhi.ground.ids import new_id

PRESENT = Q(removed_at__isnull=True)


@tracked()
class Compound(Record):
    """小区: a housing estate, a village or a dormitory area, with its outline and its managers."""

    code = models.CharField("小区编号", max_length=30, blank=True, help_text="留空由系统编号")
    name = models.CharField("小区名称", max_length=100)
    alias = models.CharField("别名", max_length=100, blank=True)
    kind = DictionaryField("小区类型", "compound_kind", max_length=2)
    address = models.CharField("地址", max_length=200)
    point = models.PointField("位置", srid=4326, null=True, blank=True)
    outline = models.PolygonField("范围", srid=4326, null=True, blank=True, spatial_index=False)
    built_year = models.PositiveSmallIntegerField("建成年份", null=True, blank=True)
    planned_homes = models.PositiveIntegerField("规划户数", null=True, blank=True)
    gates = models.PositiveSmallIntegerField("出入口数", null=True, blank=True)
    parking = models.PositiveIntegerField("车位数", null=True, blank=True)
    facilities = models.CharField("配套设施", max_length=200, blank=True)
    property_company = models.CharField("物业企业", max_length=100, blank=True)
    property_phone = models.CharField("物业电话", max_length=50, blank=True)
    property_until = models.DateField("物业合同到期", null=True, blank=True)
    red_property = models.BooleanField("红色物业", default=False)
    committee = models.BooleanField("已成立业委会", default=False)
    committee_until = models.DateField("业委会届满", null=True, blank=True)

    class Meta:
        verbose_name = "小区"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=PRESENT, name="one_compound_per_code"),
            models.UniqueConstraint(fields=["community", "name"], condition=PRESENT, name="one_compound_per_name"),
        ]
        indexes = [GistIndex(fields=["outline"], name="compound_outline")]

    def __str__(self) -> str:
        return self.name


@tracked()
class Building(Record):
    """建筑: one building, in a compound or by itself at a road."""

    compound = models.ForeignKey(
        Compound, models.PROTECT, null=True, blank=True, related_name="buildings", verbose_name="所属小区"
    )
    number = models.CharField("楼号", max_length=60, help_text="如 3号楼；不属于小区的写路名门牌，如 样例路88号")
    code = models.CharField("建筑编号", max_length=40, blank=True, help_text="留空由系统编号")
    full_name = models.CharField("建筑名称", max_length=160, editable=False)
    kind = DictionaryField("建筑类别", "building_kind", max_length=2)
    building_use = DictionaryField("建筑用途", "building_use", max_length=2)
    address = models.CharField("地址", max_length=200, blank=True)
    point = models.PointField("位置", srid=4326, null=True, blank=True)
    outline = models.PolygonField("轮廓", srid=4326, null=True, blank=True, spatial_index=False)
    floors_up = models.PositiveSmallIntegerField("地上层数", default=1)
    floors_down = models.PositiveSmallIntegerField("地下层数", default=0)
    entrances = models.PositiveSmallIntegerField("单元数", default=1)
    homes_per_floor = models.PositiveSmallIntegerField("每单元每层户数", default=2)
    floor_area = models.DecimalField("建筑面积（平方米）", max_digits=10, decimal_places=2, null=True, blank=True)
    structure = DictionaryField("建筑结构", "structure", max_length=2, blank=True)
    built_year = models.PositiveSmallIntegerField("建成年份", null=True, blank=True)
    lifts = models.PositiveSmallIntegerField("电梯数", null=True, blank=True)
    lift_checked_on = models.DateField("电梯检验日期", null=True, blank=True)
    safety_grade = DictionaryField("安全鉴定等级", "safety_grade", max_length=1, blank=True)
    safety_checked_on = models.DateField("鉴定日期", null=True, blank=True)
    fire_access = models.BooleanField("消防通道畅通", default=True)
    head_name = models.CharField("楼栋长", max_length=50, blank=True)
    head_phone = SealedTextField("楼栋长电话", max_length=50, blank=True, default="")

    class Meta:
        verbose_name = "建筑"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["compound", "number"], condition=PRESENT, name="one_building_per_number"),
            models.UniqueConstraint(fields=["code"], condition=PRESENT, name="one_building_per_code"),
        ]
        indexes = [GinIndex(fields=["full_name"], name="building_search", opclasses=["gin_trgm_ops"])]

    def __str__(self) -> str:
        return self.full_name


@tracked(indexed=False)
class Home(Record):
    """房屋: one flat, house or shop: what a person lives in and a household is entered for.

    `use` says how it is used now, never what kind of person lives there. Who owns it and who lives in it
    stands in `Occupancy`, with dates.
    """

    class Use(models.TextChoices):
        OWN = "own", "自住"
        LET = "let", "出租"
        EMPTY = "empty", "空置"
        BUSINESS = "business", "经营办公"
        UNVERIFIED = "unverified", "待核实"

    building = models.ForeignKey(Building, models.PROTECT, related_name="homes", verbose_name="所在建筑")
    number = models.CharField("房屋编号", max_length=50, blank=True, help_text="留空由系统编号")
    full_name = models.CharField("房屋名称", max_length=200, editable=False)
    entrance = models.PositiveSmallIntegerField("单元", default=1)
    floor = models.SmallIntegerField("楼层", help_text="地下为负数")
    door = models.CharField("户室号", max_length=20)
    building_use = DictionaryField("建筑用途", "building_use", max_length=2, default="01")
    use = models.CharField("使用情况", max_length=12, choices=Use.choices, default=Use.UNVERIFIED)
    floor_area = models.DecimalField("建筑面积（平方米）", max_digits=8, decimal_places=2, null=True, blank=True)
    rental_use = DictionaryField("出租用途", "rental_use", max_length=2, blank=True)
    hazard = DictionaryField("隐患类型", "home_hazard", max_length=2, default="00")
    hazard_until = models.DateField("隐患整改期限", null=True, blank=True)
    most_people = models.PositiveSmallIntegerField("核定居住人数", null=True, blank=True)
    people_count = models.PositiveSmallIntegerField("居住人数", default=0, editable=False)

    class Meta:
        verbose_name = "房屋"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=PRESENT, name="one_home_per_number"),
            models.UniqueConstraint(
                fields=["building", "entrance", "door"], condition=PRESENT, name="one_home_per_door"
            ),
        ]
        indexes = [
            GinIndex(fields=["full_name"], name="home_search", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["full_name"], name="home_full_name"),  # whole names, asked for by the thousand
        ]

    def __str__(self) -> str:
        return self.full_name


class DescentQuerySet(models.QuerySet[models.Model]):
    """Lineages asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Those of homes in the reader's data scope (按房屋的数据范围)."""
        return self.filter(former__in=Home.objects.filter(within(actor.scope)))


@tracked()
class HomeDescent(models.Model):
    """房屋沿革: one home went over into another on a day, because it was split or several were combined.

    The former home leaves the register and keeps its number, its people of then and its visits; so an old
    address is still found, and leads on.
    """

    class Kind(models.TextChoices):
        SPLIT = "split", "拆分"
        COMBINED = "combined", "合并"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("方式", max_length=10, choices=Kind.choices)
    former = models.ForeignKey(Home, models.PROTECT, related_name="went_into", verbose_name="原房屋")
    later = models.ForeignKey(Home, models.PROTECT, related_name="came_from", verbose_name="现房屋")
    since = models.DateField("生效日期")
    reason = models.CharField("原因", max_length=200, blank=True)
    decided_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="办理人")
    decided_at = models.DateTimeField("办理时间")

    objects: ClassVar[Any] = DescentQuerySet.as_manager()

    class Meta:
        verbose_name = "房屋沿革"
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["former", "later"], name="one_descent_per_pair"),
            models.CheckConstraint(condition=~Q(former=models.F("later")), name="descent_is_between_two"),
        ]


@tracked()
class Plate(models.Model):
    """门牌码: the sign at a door whose two-dimensional code leads to this place, and says nothing by itself.

    `code` is drawn at random, so that nobody comes from one door to the next by counting.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField("门牌码", max_length=16, unique=True)
    home = models.OneToOneField(Home, models.PROTECT, null=True, related_name="plate", verbose_name="房屋")
    place = models.OneToOneField(
        "registers.SmallPlace", models.CASCADE, null=True, related_name="plate", verbose_name="九小场所"
    )
    made_at = models.DateTimeField("制作时间")
    made_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="制作人")

    class Meta:
        verbose_name = "门牌码"
        constraints = [
            models.CheckConstraint(
                condition=Q(home__isnull=False, place__isnull=True) | Q(home__isnull=True, place__isnull=False),
                name="a_plate_is_at_one_door",
            )
        ]
