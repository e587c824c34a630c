"""The case and what belongs to it (事件): one matter, one truth (9.1.2-2)."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.array import ArrayOverlap  # type: ignore[attr-defined]
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat, Lower, Now
from django.db.models.lookups import Exact

from hezhi.engines.org.actor import Actor, Scope
from hezhi.engines.org.scope import Scoped, any_of, apart, level_column
from hezhi.engines.reach.news import tells_screens
from hezhi.engines.records.history import tracked
from hezhi.engines.records.vault.fields import BlindIndexField, SealedTextField
from hezhi.ground import lookups  # noqa: F401 - `among`
from hezhi.ground.ids import new_id


class Kind(models.TextChoices):
    """The three kinds of the clause (9.1.2-2)."""

    HOTLINE = "hotline", "热线事件"
    GRID = "grid", "网格事件"
    ONLINE_MEDIA = "online_media", "网媒事件"


class Source(models.TextChoices):
    """Where a message came from (来源)."""

    HOTLINE = "hotline", "12345热线"
    GRID = "grid", "网格上报"
    ONLINE_MEDIA = "online_media", "网络媒体"
    CITIZEN = "citizen", "市民通"
    WALK_IN = "walk_in", "来访窗口"
    POLICE_110 = "police_110", "110分流"
    SUPERIOR = "superior", "上级交办"
    SENSOR = "sensor", "物联感知"


class Urgency(models.TextChoices):
    """How urgent (紧急程度)."""

    CRITICAL = "critical", "特急"
    URGENT = "urgent", "紧急"
    NORMAL = "normal", "一般"


class Mark(models.TextChoices):
    """What the desk marks a matter as (标记): told before, or told by many."""

    REPEATED = "repeated", "重复件"
    GROUP = "group", "群体件"


class State(models.TextChoices):
    """Base states of a case (事件状态)."""

    TO_ACCEPT = "to_accept", "待受理"
    TO_SUPPLEMENT = "to_supplement", "待补充"
    TO_DISPATCH = "to_dispatch", "待派遣"
    TO_SIGN = "to_sign", "待签收"
    HANDLING = "handling", "处置中"
    ON_HOLD = "on_hold", "挂起"
    TO_REVIEW = "to_review", "待审核"
    TO_CALL_BACK = "to_call_back", "待回访"
    REDO = "redo", "重办"
    CLOSED = "closed", "已办结"
    NOT_ACCEPTED = "not_accepted", "不予受理"
    MERGED = "merged", "并入"
    VOID = "void", "作废"


ENDED = (State.CLOSED, State.NOT_ACCEPTED, State.MERGED, State.VOID)
NOT_ENDED = ~Q(state__in=["closed", "not_accepted", "merged", "void"])
COUNTED = Q(secret=False) & ~Q(state="void")
"""What statistics, walls and the leader's day count alike."""
HAS_LIMIT = Q(due_at__isnull=False)
HAS_LEAD = Q(lead_unit__isnull=False)
HAS_UNITS = ~Q(units=[])
"""Cases that a unit works on; a case that has just come in has none, and pays for none of their indexes."""


@tracked()
class Category(models.Model):
    """What a matter is about (事件类别): a tree as data, two or three levels."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField("类别代码", max_length=40, unique=True)
    name = models.CharField("类别名称", max_length=60)
    full_name = models.CharField("完整名称", max_length=200, editable=False)
    path = models.CharField("类别路径", max_length=120, editable=False, help_text="各级代码以/相连")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name="上级类别"
    )
    label = models.CharField("文本分类标签", max_length=40, blank=True)
    aliases = ArrayField(models.CharField(max_length=40), verbose_name="别名", default=list, blank=True)
    urgency = models.CharField("默认紧急程度", max_length=12, choices=Urgency.choices, default=Urgency.NORMAL)
    questions = models.JSONField("补充询问", default=list, blank=True)
    needs_place = models.BooleanField("立案须有地点", default=False)
    needs_contact = models.BooleanField("立案须有联系方式", default=False)
    needs_result = models.BooleanField("结案须填办理结果", default=False)
    needs_talk = models.BooleanField("结案须联系上报人", default=False)
    needs_site_check = models.BooleanField("结案须现场核查", default=False)
    needs_photo = models.BooleanField("结案须有处置后照片", default=False)
    active = models.BooleanField("启用", default=True)
    valid_from = models.DateField("启用日期", null=True, blank=True, help_text="到这一天自动启用，留空为已启用")
    valid_to = models.DateField("停用日期", null=True, blank=True, help_text="到这一天自动停用，留空为不停用")
    public = models.BooleanField(
        "对外公开", default=False, db_default=False, help_text="经 Open311 接口公开类别、状态和大致位置，不含内容"
    )

    class Meta:
        verbose_name = "事件类别"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.full_name or self.name


@tracked()
class RoutingRule(models.Model):
    """Who usually handles what (派单目录): category × area → unit, with the reason to show.

    A rule with a professional line (专业条线) asks the professional grid over the place for its unit; `unit`
    then stands in where no such grid is. `automatic`: the case is dispatched as soon as it is accepted.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.ForeignKey(Category, models.PROTECT, related_name="rules", verbose_name="类别")
    area = models.ForeignKey(
        "geo.Area",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="区域",
        help_text="留空表示全区",
    )
    unit = models.ForeignKey(
        "org.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="承办单位",
        help_text="留空表示属地镇街",
    )
    line = models.ForeignKey(
        "grids.GridKind",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="专业条线",
        help_text="选了条线，由发生地所在的专业网格确定承办单位",
    )
    when = models.CharField(
        "适用时间", max_length=8, blank=True, choices=[("working", "工作时间"), ("off", "非工作时间")], help_text="留空为任何时候",
        default="", db_default="",
    )  # fmt: skip
    hours = models.CharField(
        "适用时段", max_length=20, blank=True, default="", db_default="", help_text="如 22:00-06:00，可跨午夜；留空不限"
    )
    question = models.CharField(
        "补充询问", max_length=60, blank=True, default="", db_default="", help_text="按哪一问的答复派单，与答复同填"
    )
    answer = models.CharField("须答", max_length=60, blank=True, default="", db_default="")
    automatic = models.BooleanField("自动派单", default=False, help_text="受理后由系统直接派给专业网格的责任单位")
    basis = models.CharField("依据", max_length=200, blank=True)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "派单规则"
        ordering = ["category"]


@tracked()
class UrgencyRule(models.Model):
    """When a report is urgent from the start (紧急程度规则): by its words, its category, the words of its place.

    What is left empty fits all; of several rules that speak the gravest counts. An officer may always change it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("规则名称", max_length=60, unique=True)
    urgency = models.CharField(
        "紧急程度",
        max_length=12,
        choices=[(Urgency.CRITICAL, "特急"), (Urgency.URGENT, "紧急")],
        default=Urgency.URGENT,
    )
    words = ArrayField(
        models.CharField(max_length=40),
        verbose_name="诉求含有",
        default=list,
        blank=True,
        help_text="含其中一个词即符合",
    )
    places = ArrayField(
        models.CharField(max_length=40), verbose_name="地点含有", default=list, blank=True, help_text="如学校、医院"
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="类别",
        help_text="对其下各级同样适用，留空为所有类别",
    )  # fmt: skip
    basis = models.CharField("依据", max_length=200, blank=True)
    valid_from = models.DateField("启用日期")
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        verbose_name = "紧急程度规则"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@tracked()
class AnswerTemplate(models.Model):
    """Words officers use again and again (答复模板): for one step, for a category with all below it or for every one."""

    class Step(models.TextChoices):
        REPLY = "reply", "反馈"
        ANSWER_DIRECTLY = "answer_directly", "直接答复"
        ASK_SUPPLEMENT = "ask_supplement", "请补充"
        NOT_ACCEPT = "not_accept", "不予受理"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField("模板名称", max_length=40, unique=True)
    step = models.CharField("用于环节", max_length=20, choices=Step.choices)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="类别",
        help_text="对其下各级同样适用，留空为所有类别",
    )  # fmt: skip
    text = models.TextField(
        "模板内容", max_length=2000, help_text="可用 {编号}、{类别}、{单位}、{收到日期}、{今天}，套用时自动填写"
    )
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "答复模板"
        ordering = ["step", "name"]

    def __str__(self) -> str:
        return self.name


UNITS = ArrayField(models.UUIDField())
HELPERS = Func("units", "lead_unit", function="array_remove", output_field=UNITS)
"""The units at work beside the leading one (协办单位), as the database works them out."""
HAS_HELPERS = ~Q(Exact(HELPERS, Value([], output_field=UNITS)))
"""Said apart from `HAS_UNITS`: of two partial indexes with one condition the database never lays one over the other."""


def _ways(scope: Scope) -> list[Q]:
    """How a case comes into a scope: it lies in the area, or one of the units has work in it."""
    if scope.everything:
        return [Q()]
    area = [Q(**{f"{scope.level}_id": scope.area})] if scope.area else []
    return [*area, _worked_on(scope.units, first_looked=bool(area))] if scope.units else area


def _worked_on(units: Sequence[UUID], *, first_looked: bool = False) -> Q:
    """Cases on which one of these units works.

    `first_looked`: where rows are read in order and most are not theirs, the first two units of a case are looked up
    before whole lists are laid over each other, which with the eighty units of a town costs ten times as much.
    """
    overlap = Q(units__overlap=list(units))
    first = Q(units__0__in=units) | Q(units__1__in=units) | Q(units__2__isnull=False)
    return HAS_UNITS & first & overlap if first_looked else HAS_UNITS & overlap


def _branches(scope: Scope) -> list[Q]:
    """The ways of a scope without overlap; where units alone count, the cases they lead and those they help in.

    That a helper is among the units is said once more: it tells the database that such cases are rare.
    """
    if scope.everything or scope.area or not scope.units:
        return apart(_ways(scope))
    units = list(scope.units)
    leads = Q(lead_unit__in=units, lead_unit__among=F("units"))
    return [leads, HAS_HELPERS & Q(ArrayOverlap(HELPERS, units)) & _worked_on(units) & ~leads]


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases asked for with the reader in hand."""

    def visible_to(self, actor: Actor) -> Self:
        """Cases in the reader's area, or in which one of his units has work, of the kinds he may see."""
        return self._of_kinds(actor).filter(any_of(_ways(actor.scope)))

    def branches(self, actor: Actor) -> list[Self]:
        """The same cases in branches without overlap, for counting."""
        return [self._of_kinds(actor).filter(condition) for condition in _branches(actor.scope)] or [self.none()]

    def ordered_branches(self, actor: Actor) -> list[Self]:
        """The same cases in branches of which each can be read in order.

        A reader with an area of his own gets one: few cases outside it are his, and to find them in order
        would mean to pass all the others.
        """
        return [self.visible_to(actor)] if actor.scope.area else self.branches(actor)

    def _of_kinds(self, actor: Actor) -> Self:
        """Cases of the kinds that the reader's post sees, without those he is kept out of."""
        kinds = actor.scope.matter_kinds
        return (self.filter(kind__in=kinds) if kinds else self).not_barred_to(actor)

    def not_barred_to(self, actor: Actor) -> Self:
        """Without the secret cases that complain of the reader's own unit or of one above it (被反映单位回避).

        Wherever the case lies and however far the reader sees.
        """
        return self.exclude(Q(secret=True) & Q(barred_unit__in=actor.above)) if actor.above else self

    def counted(self) -> Self:
        """Cases that figures of what came in and was closed count (计入统计): neither secret nor entered by mistake."""
        return self.filter(COUNTED)

    def open(self) -> Self:
        """Cases not yet ended (未结事件)."""
        return self.filter(NOT_ENDED)


@tracked(exclude=["search_text"], indexed=False)
class Case(Scoped):
    """事件: a matter that came in, gets an owner and a time limit, is dealt with, answered and counted.

    One case is one order number with one reporter. `merged_into` joins the handling of several, never
    their answers: each keeps number, reporter, clock and reply. The state is derived from the verbs and,
    while units work, from the tree of work orders. `revision` guards against two people at once.

    For a secret case (保密件) `title` and `text` hold the redacted version that others may read; what
    reveals the reporter stands sealed in `Reporter` and `sealed_text`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Every index costs every intake: there is none that no query asks for, none that another one covers, and none
    # that holds what a case that has just come in has not got yet.
    unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="所属单位", db_index=False
    )
    town = level_column("镇街", db_index=False)
    community = level_column("社区", db_index=False)
    grid = level_column("网格", db_index=False)
    number = models.CharField("编号", max_length=24)
    kind = models.CharField("事件类型", max_length=16, choices=Kind.choices)
    source = models.CharField("来源", max_length=16, choices=Source.choices)
    outside_channel = models.CharField("外部平台", max_length=40, blank=True)
    outside_number = models.CharField("外部编号", max_length=60, blank=True)
    outside_due_at = models.DateTimeField("外部时限", null=True, blank=True)
    outside_verdict = models.CharField("外部结论", max_length=60, blank=True)

    title = models.CharField("标题", max_length=120)
    text = models.TextField("内容")
    sealed_text = SealedTextField("保密内容", blank=True, default="")
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name="类别", db_index=False
    )
    answers = models.JSONField("补充询问答复", default=dict, blank=True)
    urgency = models.CharField("紧急程度", max_length=12, choices=Urgency.choices, default=Urgency.NORMAL)
    appeal = models.CharField(
        "诉求类型", max_length=12, default="help", help_text="咨询、求助、投诉、举报、建议、表扬、其他"
    )

    place = models.CharField("地点", max_length=200, blank=True)
    point = models.PointField("位置", srid=4326, null=True, blank=True, spatial_index=False)
    place_guessed = models.BooleanField("地点为推测", default=False)
    occurred_at = models.DateTimeField("发生时间", null=True, blank=True)
    received_at = models.DateTimeField("受理时间起点", help_text="诉求到达本系统或外部平台的时间")
    recorded_at = models.DateTimeField("登记时间")

    state = models.CharField("状态", max_length=16, choices=State.choices, default=State.TO_ACCEPT)
    state_since = models.DateTimeField("进入状态时间")
    held_from = models.CharField("挂起前状态", max_length=16, blank=True)
    desk = models.ForeignKey(
        "org.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="派遣台",
        help_text="现在由哪个中心派遣",
        db_index=False,
    )
    lead_unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="主办单位", db_index=False
    )
    units = ArrayField(models.UUIDField(), verbose_name="参与单位", default=list)
    due_at = models.DateTimeField("时限", null=True, blank=True)
    yellow_at = models.DateTimeField("黄牌时间", null=True, blank=True)
    review_on = models.DateField("挂起复核日期", null=True, blank=True)

    followers = ArrayField(models.UUIDField(), verbose_name="关注人", default=list, db_default=[])
    mark = models.CharField("标记", max_length=8, choices=Mark.choices, blank=True, default="", db_default="")
    secret = models.BooleanField("保密件", default=False)
    barred_unit = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="被反映单位", db_index=False
    )
    on_the_spot = models.BooleanField("当场处理", default=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name="并入", db_index=False
    )
    split_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", verbose_name="拆分自", db_index=False
    )
    waits_for_parts = models.BooleanField("等拆出的事项", default=False, db_default=False)
    registered_by = models.ForeignKey(
        "org.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    accepted_by = models.ForeignKey("org.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)

    reply = models.TextField("答复内容", blank=True)
    replied_at = models.DateTimeField("答复时间", null=True, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    close_reason = models.CharField("结论", max_length=200, blank=True)
    returns = models.PositiveSmallIntegerField("退回次数", default=0)
    redos = models.PositiveSmallIntegerField("重办次数", default=0)
    urged = models.PositiveSmallIntegerField("催办次数", default=0)
    satisfied = models.BooleanField("满意", null=True, blank=True)

    suggestion = models.JSONField("智能建议", default=dict, blank=True)
    search_text = models.GeneratedField(
        expression=Lower(Concat("number", Value(" "), "title", Value(" "), "place")),
        output_field=models.TextField(),
        db_persist=True,
    )
    revision = models.PositiveIntegerField("修订号", default=0)

    objects = CaseQuerySet.as_manager()  # type: ignore[assignment,misc]  # the plugin makes managers of strangers

    class Meta:
        verbose_name = "事件"
        ordering = ["-received_at", "-id"]
        # The order of the list behind what is equal in it, so that a page is read and not searched for. Work that
        # is not ended has small indexes of its own: it stays a few thousand rows while the ended ones pile up.
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="case_newest"),
            models.Index(fields=["town", "-received_at", "-id"], name="case_town"),
            models.Index(fields=["community", "-received_at", "-id"], name="case_community"),
            models.Index(fields=["grid", "-received_at", "-id"], name="case_grid"),
            models.Index(fields=["state", "-received_at", "-id"], name="case_state"),
            models.Index(
                fields=["category", "-received_at", "-id"], name="case_category", condition=Q(category__isnull=False)
            ),
            models.Index(fields=["lead_unit", "-received_at", "-id"], name="case_lead_newest", condition=HAS_LEAD),
            models.Index(fields=["lead_unit", "state", "-received_at", "-id"], name="case_lead", condition=HAS_LEAD),
            models.Index(fields=["due_at", "id"], name="case_due"),
            models.Index(fields=["state_since", "id"], name="case_to_call_back", condition=Q(state="to_call_back")),
            models.Index(fields=["closed_at", "id"], name="case_closed"),
            # The newest cases are open: whoever lists the closed ones would pass all those in the order of the whole.
            models.Index(fields=["-received_at", "-id"], name="case_closed_newest", condition=Q(state="closed")),
            models.Index(
                fields=["town", "state", "-received_at", "-id"],
                # What the counts above the list ask of a row, so that they need not go and see it.
                include=["secret", "barred_unit", "kind", "source", "urgency", "category", "due_at"],
                name="case_open_town",
                condition=NOT_ENDED,
            ),
            # The same order for what is ended: no case pays for it when it comes in.
            models.Index(
                fields=["town", "state", "-received_at", "-id"],
                name="case_town_ends",
                condition=Q(state__in=["closed", "not_accepted", "merged", "void"]),
            ),
            models.Index(fields=["lead_unit", "state"], name="case_open_lead", condition=NOT_ENDED & HAS_LEAD),
            GinIndex(fields=["units"], name="case_open_units", condition=NOT_ENDED & HAS_UNITS),
            models.Index(fields=["-received_at", "-id", "due_at"], name="case_limit_newest", condition=HAS_LIMIT),
            models.Index(
                fields=["lead_unit", "-received_at", "-id", "due_at"],
                name="case_limit_lead",
                condition=HAS_LIMIT & HAS_LEAD,
            ),
            GistIndex(fields=["point"], name="case_point"),
            GinIndex(fields=["units"], name="case_units", condition=HAS_UNITS),
            GinIndex(HELPERS, name="case_helpers", condition=HAS_HELPERS),
            GinIndex(OpClass(Lower("number"), "gin_trgm_ops"), name="case_number"),
            models.Index(fields=["merged_into"], name="case_merged", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["split_from"], name="case_split", condition=Q(split_from__isnull=False)),
            models.Index(fields=["registered_by"], name="case_registered", condition=Q(registered_by__isnull=False)),
        ]
        constraints = [
            # As a rule of the table, because a field that says so itself gets a second index, for searches by beginning.
            models.UniqueConstraint(fields=["number"], name="one_case_per_number"),
            models.UniqueConstraint(
                fields=["outside_channel", "outside_number"],
                condition=~Q(outside_number=""),
                name="one_case_per_outside_number",
            ),
        ]
        triggers = tells_screens("cases")

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Reporter(models.Model):
    """Who told us (上报人): sealed, apart from the case, opened only with a reason that is logged."""

    purpose = "联系上报人核实、答复和回访"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.OneToOneField(Case, models.CASCADE, related_name="reporter", verbose_name="事件")
    anonymous = models.BooleanField("匿名", default=False)
    name = SealedTextField("姓名", blank=True, default="")
    phone = SealedTextField("电话", blank=True, default="")
    phone_blind = BlindIndexField(source="phone", purpose="phone", verbose_name="电话索引", db_index=False)
    address = SealedTextField("住址", blank=True, default="")
    follow_digest = models.CharField("查询码摘要", max_length=64, blank=True)
    platform_reference = models.CharField("平台帖子标识", max_length=200, blank=True)
    wants_answer = models.BooleanField("需要答复", default=True)

    class ToldBy(models.TextChoices):
        """How he wants to be told (告知渠道)."""

        SMS = "sms", "短信"
        AI_SHANDONG = "ai_shandong", "爱山东消息"
        NOTHING = "none", "不用告知，我自己查"

    told_by = models.CharField("告知渠道", max_length=12, choices=ToldBy.choices, default=ToldBy.SMS, db_default="sms")
    every_step = models.BooleanField("每一步都告知", default=False, db_default=False)

    class Meta:
        verbose_name = "上报人"
        indexes = [models.Index(fields=["phone_blind"], name="reporter_phone", condition=~Q(phone_blind=""))]


class Step(models.Model):
    """One step of the handling (办理过程): what the timeline shows, in the words of the office."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="steps", verbose_name="事件", db_index=False)
    verb = models.CharField("动作", max_length=30)
    title = models.CharField("动作名称", max_length=40)
    from_state = models.CharField(max_length=16, blank=True)
    to_state = models.CharField(max_length=16, blank=True)
    order = models.ForeignKey("flow.WorkOrder", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField("办理人", max_length=60)
    post_title = models.CharField("岗位", max_length=60, blank=True)
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    unit_name = models.CharField("单位", max_length=80, blank=True)
    channel = models.CharField("渠道", max_length=20, blank=True)
    at = models.DateTimeField("时间")
    text = models.TextField("说明", blank=True)
    public_text = models.TextField("上报人可见", blank=True)
    answered_by = models.CharField(
        "答复单位", max_length=80, blank=True, db_default="",
        help_text="答复以哪个单位的名义作出；办完最后一步的可能是协办单位",
    )  # fmt: skip
    fields = models.JSONField("表单内容", default=dict)

    class Meta:
        verbose_name = "办理过程"
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["case", "at"], name="step_case"),
            models.Index(fields=["order"], name="step_order", condition=Q(order__isnull=False)),
        ]

    @property
    def public_title(self) -> str:
        """What the reporter reads as its name: «答复» for the step that brings the answer, whatever the office calls it."""
        return "答复" if self.to_state == "to_call_back" != self.from_state else self.title

    @property
    def public_unit(self) -> str:
        """The unit that speaks to the reporter in this step (答复单位)."""
        return self.answered_by or self.unit_name


class CallBack(models.Model):
    """A call back to the one who reported (回访), with a structured result."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="call_backs", verbose_name="事件")
    by = models.ForeignKey("org.User", models.PROTECT, null=True, related_name="+", verbose_name="回访人")
    at = models.DateTimeField("回访时间")
    way = models.CharField("方式", max_length=8, default="phone", help_text="phone 电话，link 上报人填写")
    reached = models.BooleanField("已联系上")
    true_matter = models.BooleanField("诉求属实", null=True)
    solved = models.BooleanField("已解决", null=True)
    satisfied = models.BooleanField("满意", null=True)
    satisfied_attitude = models.BooleanField("对办理过程满意", null=True)
    contacted = models.BooleanField("承办单位联系过", null=True)
    reason = models.CharField("不满意原因", max_length=300, blank=True)
    note = models.TextField("备注", blank=True)

    class Meta:
        verbose_name = "回访"


class Rating(models.Model):
    """What the reporter said of the result (评价), once per round of handling."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="ratings", verbose_name="事件")
    round = models.PositiveSmallIntegerField(default=1)
    stars = models.PositiveSmallIntegerField("评分")
    solved = models.BooleanField("已解决", null=True)
    text = models.CharField("意见", max_length=500, blank=True)
    at = models.DateTimeField("评价时间")

    class Meta:
        verbose_name = "评价"
        constraints = [
            models.UniqueConstraint(fields=["case", "round"], name="one_rating_per_round"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="one_to_five_stars"),
        ]


class Moved(models.Model):
    """A case that moved and of which something is to be made anew (待更新标记); the database itself puts it there.

    Statement triggers of `handling_case` write it in the mover's own transaction (decision 0050), so a verb pays no
    statement for it and a bulk import forgets none. The round that keeps the facts works it off.
    """

    id = models.BigAutoField(primary_key=True)
    case_id = models.UUIDField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "待更新标记"


class CaseWords(models.Model):
    """By which pairs of signs a case is found (检索词对, decision 0101): of number, title, text and place, each with its season.

    Digits in a row of five or more are left out, and secret cases (保密件) have no row. A round fills it, so it only
    narrows a search: what is found is what stands in the case now (`queries.words`).
    """

    # Without a constraint: its check would lock the case, and the round would wait for whoever works on it.
    case = models.OneToOneField(
        Case, models.CASCADE, primary_key=True, related_name="+", verbose_name="事件", db_constraint=False
    )
    keys = ArrayField(models.IntegerField(), verbose_name="词对")

    class Meta:
        verbose_name = "检索词对"
        indexes = [GinIndex(fields=["keys"], name="case_words", fastupdate=False)]
