"""Small places looked after (九小场所检查): lists by kind, checks by grid workers and keepers, what was found (9.1.3-2-8)."""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from hezhi.chapters.grassroots.registers.models.organisations import SmallPlace
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import within
from hezhi.engines.records.history import tracked
from hezhi.engines.registry.dictionaries import DictionaryField
from hezhi.ground.ids import new_id


class OfPlaceQuerySet(models.QuerySet[models.Model]):
    """What hangs on a small place, asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """That of places in the reader's data scope (按场所的数据范围)."""
        return self.filter(place__in=SmallPlace.objects.filter(within(actor.scope)))


@tracked()
class CheckItem(models.Model):
    """检查项: one line of the list that is gone through at a place; without kinds it holds for all nine."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField("代码", max_length=20, unique=True)
    text = models.CharField("检查内容", max_length=120)
    kinds = ArrayField(
        DictionaryField("代码", "small_place", max_length=2), verbose_name="适用类别", default=list, blank=True,
        help_text="不选为全部类别",
    )  # fmt: skip
    hint = models.CharField("怎么看", max_length=200, blank=True)
    hazard = DictionaryField("隐患类型", "home_hazard", max_length=2, default="01")
    days = models.PositiveSmallIntegerField("整改天数", default=7)
    basis = models.CharField("依据", max_length=120, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=100)
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "检查项"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.text


@tracked()
class PlaceCheck(models.Model):
    """场所检查: the list was gone through on a day, as the place was then.

    `answers` keeps for each item its text of then, the result (ok, fault, none) and a note; so a place that
    changes its kind, and a list that changes, leave what was looked at untouched.
    """

    class Way(models.TextChoices):
        GRID = "grid", "网格检查"
        SELF = "self", "场所自查"
        RECHECK = "recheck", "复查"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(SmallPlace, models.CASCADE, related_name="checks", verbose_name="场所")
    way = models.CharField("方式", max_length=8, choices=Way.choices)
    place_kind = DictionaryField("检查时的场所类别", "small_place", max_length=2)
    day = models.DateField("检查日期")
    answers = models.JSONField("检查结果", default=dict)
    faults = models.PositiveSmallIntegerField("不合格项", default=0)
    note = models.CharField("说明", max_length=300, blank=True)
    checked_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="检查人")
    at = models.DateTimeField("登记时间")

    objects: ClassVar[Any] = OfPlaceQuerySet.as_manager()

    class Meta:
        verbose_name = "场所检查"
        ordering = ["-day", "-at"]
        indexes = [models.Index(fields=["place", "-day"], name="place_check_place")]
        constraints = [
            models.CheckConstraint(
                condition=Q(way="self", checked_by__isnull=True) | (~Q(way="self") & Q(checked_by__isnull=False)),
                name="keepers_check_without_account",
            )
        ]


@tracked()
class PlaceFinding(models.Model):
    """检查发现的问题: what a grid worker found wrong, until when it is to be put right, which re-check closed it."""

    class State(models.TextChoices):
        OPEN = "open", "待整改"
        CLOSED = "closed", "已整改"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    place = models.ForeignKey(SmallPlace, models.CASCADE, related_name="findings", verbose_name="场所")
    found_in = models.ForeignKey(PlaceCheck, models.CASCADE, related_name="found", verbose_name="检查")
    item = models.CharField("检查项", max_length=20)
    text = models.CharField("检查内容", max_length=120)
    hazard = DictionaryField("隐患类型", "home_hazard", max_length=2)
    note = models.CharField("情况", max_length=200, blank=True)
    due = models.DateField("整改期限")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    closed_in = models.ForeignKey(
        PlaceCheck, models.CASCADE, null=True, blank=True, related_name="closed", verbose_name="复查"
    )

    objects: ClassVar[Any] = OfPlaceQuerySet.as_manager()

    class Meta:
        verbose_name = "检查发现"
        ordering = ["due", "item"]
        constraints = [
            models.UniqueConstraint(fields=["place", "item"], condition=Q(state="open"), name="a_fault_is_open_once"),
            models.CheckConstraint(
                condition=Q(state="open", closed_in__isnull=True) | Q(state="closed", closed_in__isnull=False),
                name="a_fault_is_closed_by_a_check",
            ),
        ]


@tracked()
class KeeperCode(models.Model):
    """自查码: what a keeper types to check his own place without an account; only its print is kept."""

    place = models.OneToOneField(
        SmallPlace, models.CASCADE, primary_key=True, related_name="keeper_code", verbose_name="场所"
    )
    print = models.CharField("自查码索引", max_length=64)
    made_at = models.DateTimeField("发放时间")
    made_by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="发放人")

    objects: ClassVar[Any] = OfPlaceQuerySet.as_manager()

    class Meta:
        verbose_name = "自查码"
