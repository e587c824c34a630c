"""Areas of the district (区域): the only owner of a grid's shape."""

from datetime import date

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.db.models import Q

from hezhi.ground.ids import new_id


class AreaQuerySet(models.QuerySet["Area"]):
    """Areas (区域); public data, so there is no reader's condition here."""

    def current(self) -> "AreaQuerySet":
        """Areas valid today (现行区域)."""
        return self.filter(valid_to__isnull=True)

    def grids(self) -> "AreaQuerySet":
        """Basic grids valid today (现行基础网格)."""
        return self.current().filter(level=Area.Level.GRID, kind=Area.Kind.BASIC)

    def valid_on(self, day: date) -> "AreaQuerySet":
        """Areas as they stood on a day (当时区域): earlier shapes of a grid count as rows of their own."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


class Area(models.Model):
    """A piece of ground with a name and a period of validity (区、镇街、社区、网格).

    Shapes are WGS 84 (EPSG:4326). An area keeps its id while its border moves; each earlier shape stays as
    a closed row (`version_of`, `valid_to`), so what happened is still counted in the grid it lay in
    («按当时网格») and in today's («按现在网格»). `valid_to` is the first day it is no longer valid. The
    ancestors stand in level columns beside `parent`, so that a data scope is one equality on one indexed column.
    """

    class Level(models.TextChoices):
        DISTRICT = "district", "区"
        TOWN = "town", "镇街"
        COMMUNITY = "community", "社区"
        GRID = "grid", "网格"

    class Kind(models.TextChoices):
        BASIC = "basic", "基础"
        DEDICATED = "dedicated", "专属"
        SPECIALISED = "specialised", "专业"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField("区域代码", max_length=32)
    name = models.CharField("名称", max_length=80)
    full_name = models.CharField("全称", max_length=200, help_text="镇街、社区、网格连写")
    level = models.CharField("层级", max_length=12, choices=Level.choices)
    kind = models.CharField("类型", max_length=12, choices=Kind.choices, default=Kind.BASIC)
    line = models.CharField("专业条线", max_length=20, blank=True, help_text="专业网格属于哪条线，基础网格留空")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级区域"
    )
    version_of = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="earlier", verbose_name="是谁的旧边界"
    )
    district = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="区")
    town = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="镇街")
    community = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="社区")
    shape = models.MultiPolygonField("范围", srid=4326, spatial_index=False)
    centre = models.PointField("中心点", srid=4326, spatial_index=False)
    source = models.CharField("来源", max_length=200, blank=True)
    source_crs = models.CharField("原坐标系", max_length=20, default="EPSG:4326")
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = "区域"
        ordering = ["code"]
        indexes = [
            GistIndex(fields=["shape"], name="area_shape"),
            models.Index(fields=["level", "code"], name="area_level_code"),
            models.Index(fields=["parent"], name="area_parent"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=models.Q(valid_to__isnull=True), name="area_code_once_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def ancestors(self) -> dict[str, object]:
        """Ids of this area and the areas above it, by level: what a row that lies here is stamped with."""
        own: dict[str, object] = {self.level: self.pk}
        above: dict[str, object] = {"district": self.district_id, "town": self.town_id, "community": self.community_id}
        return {"district": None, "town": None, "community": None, "grid": None} | above | own


class Place(models.Model):
    """A named place of the gazetteer (地名): roads, compounds and landmarks that the owner supplies."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("名称", max_length=80)
    kind = models.CharField("类别", max_length=20, help_text="道路、小区、地标等")
    area = models.ForeignKey(Area, models.PROTECT, verbose_name="所在区域")
    point = models.PointField("位置", srid=4326, null=True, blank=True)
    source = models.CharField("来源", max_length=200, blank=True)

    class Meta:
        verbose_name = "地名"
        indexes = [models.Index(fields=["name"], name="place_name")]

    def __str__(self) -> str:
        return self.name
