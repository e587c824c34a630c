"""Grids as the office works in them (网格管理): kinds, members with duties, notes on the map, divisions.

The shape of a grid belongs to `geo.Area`; what stands here hangs on it.
"""

from typing import Any, ClassVar, Self

from django.contrib.gis.db import models
from django.db.models import Q

from hezhi.engines.geo.models import Area, AreaQuerySet
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import ScopedQuerySet
from hezhi.engines.records.history import tracked
from hezhi.engines.registry.models import Record
from hezhi.ground.ids import new_id


@tracked()
class GridKind(models.Model):
    """A kind of grid (网格类别): the basic one, dedicated ones, and each professional line (环保、城管、应急……).

    `precedence` says which line is asked first where several answer for the same ground.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("类别代码", max_length=20, unique=True)
    name = models.CharField("类别名称", max_length=30)
    kind = models.CharField("网格类型", max_length=12, choices=Area.Kind.choices)
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="牵头单位"
    )
    precedence = models.PositiveSmallIntegerField("先后次序", default=100, help_text="同一地点先问次序小的条线")
    households = models.PositiveIntegerField("每格户数标准", null=True, blank=True, help_text="超过即提示，留空不提示")
    about = models.CharField("说明", max_length=200, blank=True)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "网格类别"
        ordering = ["precedence", "code"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member is in his grid (网格内身份)."""

    HEAD = "head", "网格长"
    FULL_TIME = "full_time", "专职网格员"
    PART_TIME = "part_time", "兼职网格员"
    SPECIALIST = "specialist", "专业网格员"
    VOLUNTEER = "volunteer", "志愿者"


@tracked()
class DutyItem(models.Model):
    """One duty of a role in a kind of grid (职责清单), with the document it comes from."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.ForeignKey(GridKind, models.PROTECT, related_name="duty_items", verbose_name="网格类别")
    role = models.CharField("身份", max_length=12, choices=Role.choices)
    text = models.CharField("职责", max_length=200)
    basis = models.CharField("依据文件", max_length=120, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=100)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "职责事项"
        ordering = ["kind", "role", "order"]

    def __str__(self) -> str:
        return self.text


class GridQuerySet(AreaQuerySet):
    """Grids asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Grids of the reader's area, and those in which he has a duty; everything for the whole district."""
        scope = actor.scope
        if scope.everything:
            return self
        mine = Q(pk__in=GridDuty.objects.running().filter(user_id__in=[actor.user_id]).values("grid_id"))
        if scope.area:
            mine |= Q(pk=scope.area) if scope.level == "grid" else Q(**{f"{scope.level}_id": scope.area})
        return self.filter(mine)


class GridManager(models.Manager.from_queryset(GridQuerySet)):  # type: ignore[misc]
    """Only grids, and of a grid only itself, not its earlier shapes."""

    def get_queryset(self) -> GridQuerySet:
        return super().get_queryset().filter(level=Area.Level.GRID, version_of__isnull=True)


class Grid(Area):
    """A grid (网格): an area of the last level, seen from this room."""

    objects: ClassVar[GridManager] = GridManager()

    class Meta:
        proxy = True
        verbose_name = "网格"


class DutyQuerySet(ScopedQuerySet):
    """Duties asked for by day and reader."""

    def running(self) -> Self:
        """Duties that run today (现任)."""
        from hezhi.ground.time import today

        day = today()
        ended = Q(ends_on__isnull=True) | Q(ends_on__gt=day)
        return self.filter(ended, removed_at__isnull=True, starts_on__lte=day)


@tracked()
class GridDuty(Record):
    """A person with a duty in a grid (定员、定责): who, as what, from when to when.

    `ends_on` is the first day without the duty.
    """

    user = models.ForeignKey("org.User", models.PROTECT, related_name="+", verbose_name="人员")
    role = models.CharField("身份", max_length=12, choices=Role.choices)
    more = models.CharField("补充职责", max_length=300, blank=True, help_text="职责清单以外另行指定的事项")
    starts_on = models.DateField("任职日期")
    ends_on = models.DateField("卸任日期", null=True, blank=True)
    why_second = models.CharField(
        "兼任原因", max_length=120, blank=True, help_text="同一人任第二个网格的专职网格员时须写明"
    )

    objects: ClassVar[Any] = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = "网格人员"
        ordering = ["grid", "role", "starts_on"]
        constraints = [
            models.CheckConstraint(
                name="grid_duty_ends_after_it_starts",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
            ),
            models.UniqueConstraint(
                fields=["grid", "user", "role", "starts_on"], condition=Q(removed_at__isnull=True), name="one_duty_once"
            ),
        ]
        indexes = [models.Index(fields=["user", "ends_on"], name="grid_duty_user")]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()}"


@tracked()
class Annotation(Record):
    """A note on the map of a grid (网格标注): a point, a line or an area; places and hazards, never people.

    `point` lies on the shape and says in which grid the note stands.
    """

    class Kind(models.TextChoices):
        HAZARD = "hazard", "隐患点"
        ENTRANCE = "entrance", "出入口"
        HYDRANT = "hydrant", "消防栓"
        SHELTER = "shelter", "避难场所"
        SERVICE = "service", "便民服务点"
        PATROL = "patrol", "巡查点"
        NOTICE = "notice", "公示牌"
        OTHER = "other", "其他"

    name = models.CharField("标注名称", max_length=40)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    text = models.CharField("说明", max_length=300, blank=True)
    shape = models.GeometryField("图形", srid=4326, help_text="点、线或面；线用于巡查路线、管线，面用于积水区、作业区")
    point = models.PointField("位置", srid=4326, editable=False)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True, help_text="过期的标注在地图上变淡")
    no_person = models.BooleanField("已核对：名称和说明中没有居民姓名", default=False)

    class Meta:
        verbose_name = "网格标注"
        ordering = ["-starts_on"]

    def __str__(self) -> str:
        return self.name


@tracked(exclude=["undo", "features", "before"])
class Division(Record):
    """A division of a community into basic grids (网格划分): drawn or proposed, then put in force on a day.

    `features` is what is to stand, `before` what stood when it was put in force; both as plain lists of
    key, name and GeoJSON. `base` is the print of the grids it was drawn on, so that two people cannot
    undo each other's work unseen.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "草案"
        SCHEDULED = "scheduled", "待生效"
        IN_FORCE = "in_force", "已生效"
        WITHDRAWN = "withdrawn", "已作废"
        UNDONE = "undone", "已撤销"

    class Origin(models.TextChoices):
        PLOTTED = "plotted", "地图标绘"
        PROPOSED = "proposed", "系统建议"
        IMPORTED = "imported", "文件导入"

    title = models.CharField("名称", max_length=80)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    origin = models.CharField("来源", max_length=10, choices=Origin.choices, default=Origin.PLOTTED)
    reason = models.CharField("调整原因", max_length=300, blank=True)
    source = models.CharField("依据", max_length=200, blank=True, help_text="批复文号、会议纪要或文件名")
    effective_on = models.DateField("生效日期")
    features = models.JSONField("划分范围", default=list)
    before = models.JSONField("调整前范围", default=list)
    base = models.CharField(max_length=64, editable=False)
    told = models.JSONField("调整结果", default=dict, blank=True)
    undo = models.JSONField(default=dict, editable=False)
    decided_at = models.DateTimeField("办理时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="办理人"
    )

    class Meta:
        verbose_name = "网格划分"
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["state", "effective_on"], name="division_state")]

    def __str__(self) -> str:
        return self.title


@tracked()
class SpecialGrid(models.Model):
    """What a professional or dedicated grid is made of (专业网格构成): basic grids, or a boundary of its own."""

    area = models.OneToOneField(
        "geo.Area", models.CASCADE, primary_key=True, related_name="special", verbose_name="网格"
    )
    made_of = models.JSONField("由哪些基础网格组成", default=list, blank=True)
    why_cut = models.CharField("切分基础网格的原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "专业网格构成"
