"""Units, posts, people and what they may see (组织、岗位、人员、数据范围)."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from hezhi.engines.org import exclusion
from hezhi.ground.ids import new_id


class Unit(models.Model):
    """A unit of the government (单位): centre, department, town, community, grid.

    A tree with dates of validity: 区 → 镇街 → 社区 → 网格, the departments (部门) beside it. A unit that
    answers for a piece of ground carries its area.
    """

    class Kind(models.TextChoices):
        CENTRE = "centre", "区级中心"
        DEPARTMENT = "department", "区直部门"
        TOWN = "town", "镇街"
        COMMUNITY = "community", "社区"
        GRID = "grid", "网格"
        OUTSIDE = "outside", "外部单位"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField("单位代码", max_length=32, unique=True)
    name = models.CharField("单位名称", max_length=80)
    short_name = models.CharField("简称", max_length=20, blank=True)
    kind = models.CharField("单位类型", max_length=12, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级单位"
    )
    path = models.CharField("层级路径", max_length=400, editable=False, help_text="上级到本级的单位代码, 以/分隔并收尾")
    area = models.ForeignKey(
        "geo.Area", models.PROTECT, null=True, blank=True, related_name="units", verbose_name="辖区"
    )
    duties = models.TextField("职责", blank=True)
    phone = models.CharField("值班电话", max_length=20, blank=True)
    order = models.PositiveIntegerField("排序", default=100)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "单位"
        ordering = ["order", "code"]
        indexes = [
            models.Index(fields=["path"], name="unit_path", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["area"], name="unit_area"),
            # Every incoming case asks for its desk.
            models.Index(
                fields=["order", "code"], name="unit_desk", condition=models.Q(kind="centre", valid_to__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """What a post may do and how far it sees (角色): permissions and data scope, as data.

    The three administrators (系统、安全、审计管理员) exclude one another and every business role; the
    database refuses a person who would hold both.
    """

    class Kind(models.TextChoices):
        BUSINESS = "business", "业务"
        SYSTEM_ADMIN = "system_admin", "系统管理"
        SECURITY_ADMIN = "security_admin", "安全管理"
        AUDIT_ADMIN = "audit_admin", "审计管理"

    class Reach(models.TextChoices):
        NOTHING = "nothing", "不看业务数据"
        OWN_UNIT = "own_unit", "本单位"
        UNIT_TREE = "unit_tree", "本单位及下级"
        AREA = "area", "本辖区"
        DISTRICT = "district", "全区"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("角色代码", max_length=40, unique=True)
    name = models.CharField("角色名称", max_length=40)
    kind = models.CharField("角色类型", max_length=16, choices=Kind.choices, default=Kind.BUSINESS)
    reach = models.CharField("数据范围", max_length=12, choices=Reach.choices, default=Reach.OWN_UNIT)
    matter_kinds = ArrayField(
        models.CharField(max_length=20),
        verbose_name="事件类型",
        default=list,
        blank=True,
        help_text="留空表示不限",
    )
    permissions = ArrayField(models.CharField(max_length=60), verbose_name="权限", default=list, blank=True)
    clearance = models.PositiveSmallIntegerField("密级", default=1, help_text="0 至 4")
    description = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "角色"
        ordering = ["kind", "code"]
        constraints = [
            models.CheckConstraint(
                name="administrators_see_no_business_data",
                condition=models.Q(kind="business") | models.Q(reach="nothing"),
            )
        ]
        triggers = [exclusion.ON_ROLE]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds accounts by login name; accounts are made by `org.actions`, never here."""

    def get_by_natural_key(self, login_name: str | None) -> "User":
        return self.get(login_name=login_name)


class User(AbstractBaseUser):
    """A member of staff with an account (人员与账号): one account per person, no shared ones.

    Citizens have no account here. `email` is kept for the sign-in library and may stay empty.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login_name = models.CharField("登录名", max_length=40, unique=True)
    full_name = models.CharField("姓名", max_length=40)
    work_phone = models.CharField("工作电话", max_length=20, blank=True)
    email = models.EmailField("邮箱", blank=True)
    is_active = models.BooleanField("启用", default=True)
    is_demo = models.BooleanField("演示账号", default=False, editable=False)
    must_change_password = models.BooleanField("须修改口令", default=True)
    password_changed_at = models.DateTimeField("口令修改时间", null=True, blank=True)
    expires_at = models.DateTimeField("账号有效期至", null=True, blank=True)
    last_seen_at = models.DateTimeField("最近使用", null=True, blank=True)

    objects = UserManager()
    USERNAME_FIELD = "login_name"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = "人员"
        ordering = ["login_name"]

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name

    def has_perm(self, permission: str, obj: object = None) -> bool:
        """Django's own question; answered «no», because rights belong to the post in use (see `org.actor`)."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Post(models.Model):
    """A post in a unit (岗位): the place work is given to, so that people may come and go."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts", verbose_name="单位")
    role = models.ForeignKey(Role, models.PROTECT, related_name="posts", verbose_name="角色")
    title = models.CharField("岗位名称", max_length=60)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "岗位"
        ordering = ["unit", "title"]
        triggers = [exclusion.ON_POST]

    def __str__(self) -> str:
        return f"{self.unit} {self.title}"


class Holding(models.Model):
    """A person holding a post for a time (任职); `deputy_of` marks a stand-in (代理).

    `moved_at` and `moved_back_at` say when open work changed hands at the beginning and the end of a
    stand-in, or at the end of a holding, so that a job does it once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    post = models.ForeignKey(Post, models.PROTECT, related_name="holdings", verbose_name="岗位")
    user = models.ForeignKey(User, models.PROTECT, related_name="holdings", verbose_name="人员")
    deputy_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="deputies", verbose_name="代理谁的任职"
    )
    reason = models.CharField("事由", max_length=200, blank=True)
    valid_from = models.DateTimeField("开始")
    valid_to = models.DateTimeField("结束", null=True, blank=True)
    moved_at = models.DateTimeField("工作移交", null=True, blank=True, editable=False)
    moved_back_at = models.DateTimeField("工作交回", null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "任职"
        indexes = [models.Index(fields=["user", "valid_to"], name="holding_user")]
        constraints = [
            models.CheckConstraint(
                name="holding_ends_after_it_starts",
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
            ),
            models.CheckConstraint(
                name="stand_in_has_an_end",
                condition=models.Q(deputy_of__isnull=True) | models.Q(valid_to__isnull=False),
            ),
        ]
        triggers = [exclusion.ON_HOLDING]

    def __str__(self) -> str:
        return f"{self.user} · {self.post}"


class DutyShift(models.Model):
    """One line of the duty roster (值班表): who answers for a unit from when to when.

    `rank` 1 is called first; after `answer_within` minutes without acknowledgement the next rank is called.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="shifts", verbose_name="单位")
    user = models.ForeignKey(User, models.PROTECT, related_name="shifts", verbose_name="值班人")
    rank = models.PositiveSmallIntegerField("顺位", default=1)
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    answer_within = models.PositiveSmallIntegerField("应答时限(分钟)", default=10)

    class Meta:
        verbose_name = "值班"
        ordering = ["starts_at", "rank"]
        indexes = [models.Index(fields=["unit", "starts_at", "ends_at"], name="shift_unit_time")]
        constraints = [
            models.CheckConstraint(
                name="shift_ends_after_it_starts", condition=models.Q(ends_at__gt=models.F("starts_at"))
            )
        ]


class SignInFailure(models.Model):
    """A failed sign-in (登录失败), counted per account and per address across all workers."""

    id = models.BigAutoField(primary_key=True)
    login_name = models.CharField(max_length=40)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "登录失败"
        indexes = [
            models.Index(fields=["login_name", "at"], name="failure_name"),
            models.Index(fields=["address", "at"], name="failure_address"),
        ]


class OldPassword(models.Model):
    """Hash of an earlier password (历史口令): the last five may not come again."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="old_passwords")
    password = models.CharField(max_length=200)
    at = models.DateTimeField()


class SessionSeat(models.Model):
    """The one session a person may have in a channel (同一渠道只有一个会话).

    `previous_key` is the session that the present one ended, so that its browser can be told why.
    """

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="seats")
    channel = models.CharField("渠道", max_length=20)
    session_key = models.CharField(max_length=40)
    previous_key = models.CharField(max_length=40, blank=True, db_index=True)
    since = models.DateTimeField()

    class Meta:
        verbose_name = "会话"
        constraints = [models.UniqueConstraint(fields=["user", "channel"], name="one_seat_per_channel")]
