"""Events found in the messages of all channels (事件发现), and what is kept of facts that are counted (多维计数)."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.scope import Scoped, within
from hezhi.engines.records.history import tracked
from hezhi.ground.ids import new_id


class EventQuerySet(models.QuerySet["Event"]):
    """Events asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Events with at least one message in the reader's data scope."""
        if actor.scope.everything:
            return self
        own = EventMessage.objects.filter(within(actor.scope), event=OuterRef("pk"))
        return self.filter(Exists(own))


@tracked()
class Event(models.Model):
    """Messages about one matter at one place (事件): found by the stream, put right by people."""

    class State(models.TextChoices):
        OPEN = "open", "进行中"
        CLOSED = "closed", "已结束"
        MERGED = "merged", "已并入"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    title = models.CharField("标题", max_length=120)
    named_by_person = models.BooleanField("人工命名", default=False)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name="并入"
    )
    opened_at = models.DateTimeField("首件时间")

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = "聚合事件"
        ordering = ["-opened_at", "-id"]
        indexes = [models.Index(fields=["state", "-opened_at"], name="event_state_opened")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="merged_event_says_into",
            )
        ]

    def __str__(self) -> str:
        return self.title


class EventMessage(Scoped):
    """A message as the stream keeps it (事件成员): where it belongs, and its terms while the window lasts.

    The text stays with its owner; kept are the title with numbers of persons masked, the places it names and
    numbers made from its words. When the message leaves the window the numbers go, the membership stays.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.CharField("来源", max_length=40)
    key = models.UUIDField("来源编号")
    title = models.CharField("标题", max_length=200)
    at = models.DateTimeField("发送时间")
    event = models.ForeignKey(Event, models.PROTECT, related_name="messages", verbose_name="事件")
    by_person = models.BooleanField("人工归并", default=False)
    score = models.FloatField("相似度", default=0)
    fingerprint = models.CharField("原文指纹", max_length=32)
    alive = models.BooleanField("在窗口内", default=True)
    terms = models.BinaryField(default=bytes)
    places = ArrayField(models.CharField(max_length=40), verbose_name="地点", default=list)
    areas = ArrayField(models.CharField(max_length=40), verbose_name="区域", default=list)

    class Meta:
        verbose_name = "事件成员"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["event", "at"], name="event_message_event"),
            models.Index(fields=["id"], name="event_message_alive", condition=Q(alive=True)),
        ]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="message_in_one_event")]

    def __str__(self) -> str:
        return self.title


@tracked()
class Regrouping(models.Model):
    """Something a person did to the grouping (归并记录): which messages went from where to where; can be undone."""

    class Kind(models.TextChoices):
        JOIN = "join", "移入"
        SPLIT = "split", "拆出"
        MERGE = "merge", "合并"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("方式", max_length=8, choices=Kind.choices)
    event = models.ForeignKey(Event, models.PROTECT, related_name="regroupings", verbose_name="归入事件")
    moved = models.JSONField("移动的消息", default=dict, help_text="消息编号和移动前所在的事件")
    at = models.DateTimeField("时间")
    by_name = models.CharField("操作人", max_length=60)
    reason = models.CharField("理由", max_length=200, blank=True)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)

    class Meta:
        verbose_name = "归并记录"
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.get_kind_display()


@tracked()
class EventProposal(models.Model):
    """Something the stream noticed and does not decide (归并建议)."""

    class Kind(models.TextChoices):
        MERGE = "merge", "疑似同一事件"
        COPY = "copy", "同文不同地"
        LATE = "late", "迟到消息"
        NEAR = "near", "同类同地"

    class State(models.TextChoices):
        WAITING = "waiting", "待确认"
        ACCEPTED = "accepted", "已采纳"
        REFUSED = "refused", "不是同一事件"
        OVER = "over", "已失效"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    one = models.ForeignKey(Event, models.CASCADE, related_name="+", verbose_name="事件")
    other = models.ForeignKey(Event, models.CASCADE, related_name="+", verbose_name="另一事件")
    score = models.FloatField("相似度")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "归并建议"
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="one_proposal_for_two_events"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="proposal_of_two_events"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class EventsApart(models.Model):
    """Two events that a person holds to be different (非同一事件): joining them is not proposed again."""

    id = models.BigAutoField(primary_key=True)
    one = models.ForeignKey(Event, models.CASCADE, related_name="+")
    other = models.ForeignKey(Event, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "非同一事件"
        constraints = [models.UniqueConstraint(fields=["one", "other"], name="events_apart_once")]


class StreamState(models.Model):
    """The one row every writer of the grouping locks first (事件流状态): its stamp changes with each writing."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    stamp = models.UUIDField(default=new_id)

    class Meta:
        verbose_name = "事件流状态"


def ordered(one: Any, other: Any) -> tuple[Any, Any]:
    """Two keys in one order, so that a pair is stored once."""
    return (one, other) if str(one) < str(other) else (other, one)


# -- counting (see the folder cube) ------------------------------------------------------------------------


class CubeKeys(models.Model):
    """What facts are told apart by; empty where a kept sum does not tell it apart."""

    town = models.UUIDField(null=True)
    community = models.UUIDField(null=True)
    grid = models.UUIDField(null=True)
    category = models.UUIDField(null=True)
    channel = models.CharField(max_length=16, null=True)
    kind = models.CharField(max_length=16, null=True)
    x = models.IntegerField(null=True)
    y = models.IntegerField(null=True)

    class Meta:
        abstract = True


class CubeChange(CubeKeys):
    """Something that came into the count, left it or changed in it (计数变动), written by the database with the row itself.

    What changes is two rows: the old with a minus, the new with a plus. `merged` says that the roll-ups hold it; it goes
    when the Parquet files hold it too.
    """

    id = models.BigAutoField(primary_key=True)
    cube = models.CharField(max_length=16)
    day = models.DateField()
    n = models.IntegerField("件数")
    ended = models.IntegerField("办结")
    happy = models.IntegerField("满意")
    rated = models.IntegerField("有评价")
    merged = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = "计数变动"
        indexes = [models.Index(fields=["cube", "day"], name="cube_change_waiting", condition=Q(merged=False))]


def running(label: str) -> Any:
    """Thirty-one numbers: how many from the first of the month to this day."""
    return ArrayField(models.IntegerField(), verbose_name=label)


class CubeCell(CubeKeys):
    """A kept sum (汇总): of one roll-up, the running sums of a month, so that any days of it are one difference."""

    id = models.BigAutoField(primary_key=True)
    rollup = models.CharField(max_length=40)
    start = models.DateField()
    n = running("件数")
    ended = running("办结")
    happy = running("满意")
    rated = running("有评价")

    class Meta:
        verbose_name = "计数汇总"
        constraints = [
            models.UniqueConstraint(
                fields=["rollup", "start", "town", "community", "grid", "category", "channel", "kind", "x", "y"],
                nulls_distinct=False, name="one_cell_for_its_keys",
            )
        ]  # fmt: skip


class CubePartition(models.Model):
    """The Parquet file that holds a month (分区), and up to which change it holds it (水位)."""

    id = models.BigAutoField(primary_key=True)
    cube = models.CharField(max_length=16)
    month = models.DateField()
    file = models.CharField(max_length=80)
    rows = models.IntegerField()
    upto = models.BigIntegerField("水位")
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "计数分区"
        constraints = [models.UniqueConstraint(fields=["cube", "month"], name="one_file_for_a_month")]
