"""Units, posts, people, roles, calendars, limits and message templates as registries.

The tables belong to the engines; here stand their screens. Accounts themselves (passwords, second factor,
posts held) are verbs of `appcentre.users`; here one reads people and corrects a name or a phone.
"""

import re
from typing import Any

from django import forms
from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Substr
from django_filters import ChoiceFilter

from hezhi.chapters.appcentre.dictionaries.limit_form import RULED, LimitRuleForm
from hezhi.chapters.appcentre.dictionaries.pages import STAGES, CalendarEdit, CalendarList, CalendarNew, LimitsPage
from hezhi.chapters.appcentre.dictionaries.rest import CalendarRest, move_limits
from hezhi.chapters.appcentre.users.api import open_work_of
from hezhi.chapters.cases.handling.api import Category, Kind, Urgency
from hezhi.engines.dossier.extra import ExtraFields as ExtraPart
from hezhi.engines.dossier.extra import forget as forget_extra
from hezhi.engines.dossier.models import ExtraField
from hezhi.engines.flow import limit_table
from hezhi.engines.flow.models import CalendarDay, LimitRule, WorkingHours
from hezhi.engines.flow.parts import Approval
from hezhi.engines.flow.rules.calendar import hours
from hezhi.engines.org import permissions
from hezhi.engines.org.actor import Actor
from hezhi.engines.org.models import Holding, Post, Role, Unit, User
from hezhi.engines.org.rules import phone_fault
from hezhi.engines.reach import words
from hezhi.engines.reach.models import MessageTemplate
from hezhi.engines.registry import dictionaries
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.filters import KeysFilter
from hezhi.engines.registry.models import Code
from hezhi.engines.registry.parts import Part
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register, registries
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow
from hezhi.ground.ui.fields import CodeField, form_field
from hezhi.ground.ui.shapes import Action

DICTIONARY = re.compile(r"[a-z][a-z0-9_]*")
ORG, RULES, WORDS = "组织与用户", "业务规则", "消息与接入"

ORG_UNITS = {
    "view": "org.view", "edit": "org.units", "import": "org.units", "export": "org.units", "delete": "org.units",
}  # fmt: skip


def one_right(permission: str) -> dict[str, str]:
    """One permission for everything a registry offers."""
    return dict.fromkeys(("view", "edit", "import", "export", "delete"), permission)


@register
class Units(Registry):
    """Units of the government, a tree with dates (单位)."""

    model = Unit
    slug, title, group, icon = "units", "单位", ORG, "building"
    clause = "10.1-3"
    right, scope = ORG_UNITS, public
    list = ("name", "code", "kind", "parent", "area", "phone", "valid_to")
    also = ("short_name", "duties", "order", "valid_from")
    filters = ("kind", "parent")
    search = ("name", "short_name", "code")
    ordering = ("order", "code")
    natural_key = ("code",)
    form = (
        ("基本信息", ("code", "name", "short_name", "kind", "parent", "area", "order", "valid_from")),
        ("职责与联系", ("duties", "phone")),
    )
    bulk = ("phone", "order")
    parts = (ExtraPart(),)

    def prepare(self, row: Unit, by: Actor) -> None:
        """The path follows from the parent; a unit never lies under itself."""
        above = row.parent
        if above is not None and not row._state.adding and above.path.startswith(self._path_now(row) or "\0"):
            raise BadInput({"parent": "上级单位不能是本单位或本单位的下级。"})
        row.path = f"{above.path if above else ''}{row.code}/"
        if len(row.path) > 400:
            raise BadInput({"parent": "单位层级过深。"})

    def check(self, row: Unit, by: Actor) -> None:
        """The telephone of a unit can be dialled."""
        if phone_fault(row.phone):
            raise BadInput({"phone": phone_fault(row.phone)})

    def after(self, verb: str, row: Unit, by: Actor) -> None:
        """The units below follow a unit that moved; a unit that is still needed is not closed."""
        if verb == "remove":
            self._may_close(row)
        stale = Unit.objects.filter(parent=row).exclude(path__startswith=row.path).order_by("code")
        for child in stale:
            old = child.path
            new = f"{row.path}{child.code}/"
            Unit.objects.filter(path__startswith=old).update(path=Concat(Value(new), Substr("path", len(old) + 1)))

    def _path_now(self, row: Unit) -> str:
        return Unit.objects.filter(pk=row.pk).values_list("path", flat=True).first() or ""

    def _may_close(self, row: Unit) -> None:
        work = open_work_of(row).told
        if work:
            raise NotNow(
                what=f"“{row.name}”现在不能停用：还有 {work}没有办结。",
                meaning="停用后这些工作就没有人负责，所以没有停用。",
                remedy="请先由派遣员把承办单转办给其他单位，或由本单位办结，再停用。",
                code="units.open_work",
            )
        below = Unit.objects.filter(parent=row, valid_to__isnull=True).count()
        held = Holding.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=time.now()), post__unit=row).count()
        if below or held:
            raise NotNow(
                what=f"“{row.name}”现在不能停用。",
                meaning=f"还有 {below} 个下级单位在用，{held} 人在岗。",
                remedy="请先调整下级单位和人员，再停用。",
                code="units.in_use",
            )


@register
class Posts(Registry):
    """Posts of the units (岗位): the places work is given to."""

    model = Post
    slug, title, group, icon = "posts", "岗位", ORG, "id-badge"
    clause = "10.1-3"
    right, scope = ORG_UNITS, public
    list = ("title", "unit", "role", "valid_from", "valid_to")
    filters = ("unit", "role")
    search = ("title", "unit__name")
    ordering = ("unit__order", "unit__code", "title")
    natural_key = ("unit", "title")
    form = (("岗位", ("unit", "title", "role", "valid_from")),)
    named_by = "title"

    def check(self, row: Post, by: Actor) -> None:
        """What a post may do is decided by its role, and who holds it was granted that and no more."""
        before = Post.objects.filter(pk=row.pk).values_list("role_id", flat=True).first()
        if before and before != row.role_id and row.holdings.exists():
            raise BadInput({"role": "岗位已有人任职，不能更换角色。请另设岗位，由安全管理员重新授予。"})

    def after(self, verb: str, row: Post, by: Actor) -> None:
        """A post that somebody holds is not closed: nothing is left without an owner."""
        current = Q(valid_to__isnull=True) | Q(valid_to__gt=time.now())
        if verb == "remove" and row.holdings.filter(current).exists():
            raise NotNow(
                what="岗位现有人任职，不能停用。", remedy="请先由安全管理员结束任职并移交工作。", code="posts.held"
            )


class AccountButton(Part):
    """Leads from a person to his account (账号管理)."""

    def actions(self, registry: Registry, row: Any, by: Actor) -> tuple[Action, ...]:
        return (Action("账号管理", f"/users/accounts/{row.pk}/"),) if by.may("org.view") else ()


@register
class People(Registry):
    """Members of staff (人员): name and work telephone; everything about the account is in 账号管理."""

    model = User
    slug, title, group, icon = "people", "人员", ORG, "users"
    clause = "10.1-3"
    right = {"view": "org.view", "edit": "org.accounts", "export": "org.accounts"}
    scope = public
    offers = ("view", "edit", "export", "api")
    removal = ""
    list = ("full_name", "login_name", "posts_held", "work_phone", "is_active")
    also = ("email", "expires_at")
    filters = ("is_active",)
    more_filters = {"unit": KeysFilter(field_name="holdings__post__unit", label="单位", target=Unit, distinct=True)}
    search = ("full_name", "login_name", "work_phone")
    ordering = ("login_name",)
    form = (("联系方式", ("full_name", "work_phone", "email")),)
    personal = ("full_name", "work_phone", "email")
    purpose = "办理公务时联系工作人员"
    parts = (AccountButton(), Approval("org.approve"))

    def with_columns(self, rows: QuerySet[Any], columns: Any) -> QuerySet[Any]:
        """The posts held come with the rows, as one text each."""
        now = time.now()
        held: QuerySet[Any] = Holding.objects.filter(user=OuterRef("pk"), valid_from__lte=now)
        held = held.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now)).order_by().values("user")
        named = held.annotate(
            told=StringAgg(Concat("post__unit__name", Value(" "), "post__title"), "；", order_by="post__title")
        )
        return super().with_columns(rows, columns).annotate(posts_text=Subquery(named.values("told")))

    def check(self, row: User, by: Actor) -> None:
        """The telephone of a colleague can be dialled."""
        if phone_fault(row.work_phone):
            raise BadInput({"work_phone": phone_fault(row.work_phone)})

    @column("现任岗位")
    def posts_held(self, row: Any) -> str:
        """The posts a person holds now."""
        if not hasattr(row, "posts_text"):
            row = self.with_columns(User.objects.filter(pk=row.pk), []).get()
        return row.posts_text or ""


@register
class Roles(Registry):
    """What a post may do and how far it sees (角色). Read here; changed by the security administrator."""

    model = Role
    slug, title, group, icon = "roles", "角色", ORG, "shield"
    clause = "10.1-3"
    right, scope = {"view": "org.view"}, public
    offers = ("view", "api")
    list = ("name", "code", "kind", "reach", "clearance", "description")
    also = ("may",)
    filters = ("kind", "reach")
    search = ("name", "code")
    ordering = ("kind", "code")

    @column("权限")
    def may(self, row: Role) -> str:
        """The permissions by name."""
        return "、".join(permissions.name_of(code) for code in row.permissions)

    def examples(self, n: int) -> dict[str, Any]:
        return {"kind": Role.Kind.BUSINESS, "clearance": n % 5}


# -- rules of time ---------------------------------------------------------------------------------


@register
class CalendarDays(Registry):
    """Days that are not what their weekday says (法定节假日、调休)."""

    model = CalendarDay
    slug, title, group, icon = "calendar-days", "工作日历", RULES, "calendar"
    clause = "9.1.2-2"
    right, scope = one_right("calendars.edit"), public
    offers = ("view", "add", "edit", "import", "export", "api")
    list = ("date", "is_working", "name", "source", "provisional")
    filters = ("date", "is_working", "provisional")
    search = ("name",)
    ordering = ("-date",)
    natural_key = ("date",)
    form = (("日期", ("date", "is_working", "name", "source", "provisional")),)
    named_by = "date"
    pages = {"list": CalendarList, "new": CalendarNew, "edit": CalendarEdit, "limits/": LimitsPage}
    rest = CalendarRest

    def after_batch(self, verb: str, by: Actor) -> None:
        """A file of days moves the open limits like a change on the page."""
        move_limits(by, "撤销导入的工作日历" if verb == "undo" else "导入工作日历")


@register
class Hours(Registry):
    """Working hours from a day on (作息时间)."""

    model = WorkingHours
    slug, title, group, icon = "working-hours", "作息时间", RULES, "clock"
    clause = "9.1.2-2"
    right, scope = one_right("calendars.edit"), public
    offers = ("view", "add", "edit", "api")
    list = ("valid_from", "weekdays_told", "spans_told", "receipt_day_counts", "rest_day_moves", "after_hours_moves")
    ordering = ("-valid_from",)
    form = (
        ("作息", ("valid_from", "weekdays", "spans")),
        ("从哪天算起", ("receipt_day_counts", "rest_day_moves", "after_hours_moves")),
    )
    named_by = "valid_from"
    pages = {"list": CalendarList, "new": CalendarNew, "edit": CalendarEdit}
    rest = CalendarRest

    @column("工作日")
    def weekdays_told(self, row: WorkingHours) -> str:
        """The working weekdays in words."""
        return "、".join(f"周{'一二三四五六日'[n]}" for n in sorted(row.weekdays) if 0 <= n <= 6)

    @column("时段", reads=("spans",))
    def spans_told(self, row: WorkingHours) -> str:
        """The hours as they hang on the door."""
        return "、".join(row.spans)

    def check(self, row: WorkingHours, by: Actor) -> None:
        """Hours must be readable, in order, and of real weekdays."""
        if not row.weekdays or not all(0 <= n <= 6 for n in row.weekdays):
            raise BadInput({"weekdays": "工作日请填 0 至 6，0 为周一，至少一天。"})
        try:
            hours(*row.spans)
        except (ValueError, TypeError, AttributeError):
            raise BadInput({"spans": '时段请写成 ["08:30-12:00", "13:30-17:30"]，先后有序、互不重叠。'}) from None

    def examples(self, n: int) -> dict[str, Any]:
        return {"weekdays": [0, 1, 2, 3, 4], "spans": ["08:30-12:00", "13:30-17:30"]}


@register
class LimitRules(Registry):
    """Time limits as data (时限规则)."""

    model = LimitRule
    slug, title, group, icon = "limit-rules", "时限规则", RULES, "hourglass"
    clause = "9.1.2-2"
    right, scope = one_right("calendars.edit"), public
    list = ("name", "stage", "matter_kind", "category", "urgency", "amount", "unit", "basis", "valid_from", "valid_to")
    filters = ("unit", "valid_from")
    more_filters = {
        "stage": ChoiceFilter(field_name="stage", label="环节", choices=[*RULED.items()]),
        "matter_kind": ChoiceFilter(field_name="matter_kind", label="事件类型", choices=Kind.choices),
        "urgency": ChoiceFilter(field_name="urgency", label="紧急程度", choices=Urgency.choices),
    }
    search = ("name", "category", "basis")
    ordering = ("stage", "name")
    natural_key = ("name", "valid_from")
    form = LimitRuleForm

    def with_columns(self, rows: QuerySet[Any], columns: Any) -> QuerySet[Any]:
        """The name of the category comes with the rows."""
        named = Category.objects.filter(path=OuterRef("category")).order_by("code").values("full_name")[:1]
        return super().with_columns(rows, columns).annotate(category_told=Subquery(named))

    @column("环节", value="stage", order="stage")
    def stage(self, row: LimitRule) -> str:
        """The stage by its name."""
        return STAGES.get(row.stage, row.stage)

    @column("事件类型", value="matter_kind", order="matter_kind")
    def matter_kind(self, row: LimitRule) -> str:
        """The kind by its name."""
        return dict(Kind.choices).get(row.matter_kind, row.matter_kind) or "全部"

    @column("类别路径", value="category", order="category")
    def category(self, row: LimitRule) -> str:
        """The category by its full name."""
        if not row.category:
            return "全部"
        if not hasattr(row, "category_told"):
            row = self.with_columns(LimitRule.objects.filter(pk=row.pk), []).get()
        told: str = getattr(row, "category_told", "") or row.category
        return told

    @column("紧急程度", value="urgency", order="urgency")
    def urgency(self, row: LimitRule) -> str:
        """The urgency by its name."""
        return dict(Urgency.choices).get(row.urgency, row.urgency) or "全部"

    def check(self, row: LimitRule, by: Actor) -> None:
        """A limit of nothing is no limit; no matter may be left without one, nor with two that contradict each other."""
        if not row.amount:
            raise BadInput({"amount": "时长应大于 0。"})
        limit_table.may_write(row, STAGES)

    def after_batch(self, verb: str, by: Actor) -> None:
        """A file taken back gives rules their former words without asking each: the table as a whole must stand."""
        limit_table.must_stand(STAGES)

    def examples(self, n: int) -> dict[str, Any]:
        stages, kinds, urgencies = (["", *names] for names in (RULED, Kind.values, Urgency.values))
        which, rest = divmod(n, len(stages))
        kind = kinds[rest % len(kinds)]
        urgency = urgencies[which % len(urgencies)]
        return {"stage": stages[rest], "matter_kind": kind, "category": "", "urgency": urgency, "amount": n + 1}


# -- lists and fields that are data ---------------------------------------------------------------


@register
class Codes(Registry):
    """Code lists (字典): each code with label, validity, source and whether it was compared with it (待核对)."""

    model = Code
    slug, title, group, icon = "codes", "字典", RULES, "list"
    clause = "10.1-3"
    right = dict.fromkeys(("view", "edit", "import", "export", "delete"), "dictionaries.edit")
    scope = public
    list = ("dictionary_name", "code", "label", "valid_from", "valid_to", "source", "checked")
    also = ("dictionary", "order")
    filters = ("dictionary", "checked")
    search = ("dictionary_name", "dictionary", "code", "label")
    ordering = ("dictionary", "order", "code", "valid_from")
    natural_key = ("dictionary", "code", "valid_from")
    form = (
        ("字典项", ("dictionary", "dictionary_name", "code", "label", "order")),
        ("效力和来源", ("valid_from", "source", "checked")),
    )
    bulk = ("source", "checked")
    named_by = "label"

    def check(self, row: Code, by: Actor) -> None:
        """A code that rows already carry is never made into another; a new label is a new version."""
        if not DICTIONARY.fullmatch(row.dictionary):
            raise BadInput({"dictionary": "字典代号只用小写字母、数字和下划线。"})
        before = Code.objects.filter(pk=row.pk).values_list("dictionary", "code").first()
        if before and before != (row.dictionary, row.code):
            raise BadInput({"code": "字典和代码登记后不能改。请停用这一项，另行登记。"})

    def after(self, verb: str, row: Code, by: Actor) -> None:
        """What was read of the list is forgotten, so that the change is seen at once."""
        dictionaries.forget()

    def examples(self, n: int) -> dict[str, Any]:
        return {"dictionary": "yangli", "dictionary_name": "样例字典", "code": f"{n}", "label": f"样例项{n}"}


class ExtraFieldForm(forms.ModelForm):
    """An added field as it is entered: the registry is chosen among those that take one."""

    registry = CodeField(label="台账", choices=lambda: [("", "请选择"), *takers()])
    sections = (
        ("字段", ("registry", "code", "label", "kind", "choices", "required", "help", "order")),
        ("归属和效力", ("unit", "valid_from")),
        ("个人信息", ("personal", "purpose")),
    )

    class Meta:
        model = ExtraField
        fields = (
            "registry", "code", "label", "kind", "choices", "required", "help", "order", "unit", "valid_from",
            "personal", "purpose",
        )  # fmt: skip
        formfield_callback = form_field


def takers() -> list[tuple[str, str]]:
    """The registries that take added fields, by slug and title."""
    return [(r.slug, r.title) for r in registries() if any(isinstance(part, ExtraPart) for part in r.parts)]


@register
class ExtraFields(Registry):
    """Fields added to registries as data (扩展字段); a personal one names its purpose."""

    model = ExtraField
    slug, title, group, icon = "extra-fields", "扩展字段", RULES, "columns"
    clause = "10.1-3"
    right = dict.fromkeys(("view", "edit", "delete"), "dictionaries.edit")
    scope = public
    offers = ("view", "add", "edit", "delete", "api")
    list = ("registry_title", "label", "code", "kind", "required", "unit", "order", "valid_from", "valid_to")
    also = ("personal", "purpose", "help")
    filters = ("registry", "kind", "unit")
    search = ("label", "code", "registry")
    ordering = ("registry", "order", "code")
    natural_key = ("registry", "code")
    form = ExtraFieldForm
    named_by = "label"

    @column("台账", value="registry")
    def registry_title(self, row: ExtraField) -> str:
        """The registry by its title."""
        return dict(takers()).get(row.registry, row.registry)

    def check(self, row: ExtraField, by: Actor) -> None:
        """The code stays what it is; a choice has choices; a person's data has a purpose."""
        if not DICTIONARY.fullmatch(row.code):
            raise BadInput({"code": "代码只用小写字母、数字和下划线，以字母开头。"})
        before = ExtraField.objects.filter(pk=row.pk).values_list("registry", "code", "kind").first()
        if before and before != (row.registry, row.code, row.kind):
            raise BadInput({"code": "台账、代码和类型登记后不能改。请停用这个字段，另行登记。"})
        if row.kind == ExtraField.Kind.CHOICE and not row.choices:
            raise BadInput({"choices": "选项类型的字段至少要有一个选项。"})
        if row.personal and not row.purpose.strip():
            raise BadInput({"purpose": "个人信息须写明处理目的，否则不能收集。"})
        if row.personal:  # decision 0062
            raise BadInput(
                {"personal": "扩展字段不能用来收集个人信息。确需收集的，须在台账定义中写明目的、加密、脱敏和保存期。"}
            )

    def after(self, verb: str, row: ExtraField, by: Actor) -> None:
        """The change is seen at once."""
        forget_extra()

    def prepare(self, row: ExtraField, by: Actor) -> None:
        """It belongs to the unit of who enters it, unless another was chosen."""
        row.unit_id = row.unit_id or by.unit_id

    def examples(self, n: int) -> dict[str, Any]:
        return {"registry": "units", "code": f"yangli{n}", "kind": "text", "personal": False}


# -- messages --------------------------------------------------------------------------------------


@register
class MessageTemplates(Registry):
    """The words of the messages the system sends (消息模板)."""

    model = MessageTemplate
    slug, title, group, icon = "message-templates", "消息模板", WORDS, "message"
    clause = "9.1.2-2"
    right, scope = one_right("templates.edit"), public
    offers = ("view", "edit", "delete", "export", "api")
    list = ("code", "channel", "title", "active")
    also = ("text",)
    filters = ("channel", "active")
    search = ("code", "title", "text")
    ordering = ("code", "channel")
    form = (("内容", ("title", "text")),)
    named_by = "title"

    def check(self, row: MessageTemplate, by: Actor) -> None:
        """Only places that the message can fill may stand in its words."""
        words.check(row.code, row.title, row.text)
