"""Platforms and the fields of their reply forms as registries (来源平台、平台答复字段; 9.1.2-1)."""

from typing import Any

from django.db.models import QuerySet

from hezhi.chapters.cases.handling.api import Category
from hezhi.chapters.cases.platform import queries
from hezhi.chapters.cases.platform.models import CodeMapping, CodeSystem, Platform, ReplyField
from hezhi.chapters.cases.platform.rules import state_words
from hezhi.engines.org.api import Actor
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.dictionaries import Labels
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground.errors import BadInput
from hezhi.ground.ui.spans import NOTHING

RULES = "业务规则"


@register
class Platforms(Registry):
    """The platforms that bring matters, and how we keep in step with each (来源平台)."""

    model = Platform
    slug, title, group, icon = "platforms", "来源平台", RULES, "route"
    clause = "9.1.2-1"
    right = dict.fromkeys(("view", "edit"), "platform.edit")
    offers = ("view", "add", "edit")
    scope = public
    list = (
        "name",
        "code",
        "way",
        "margin",
        "clock",
        "confirms_return",
        "confirms_extension",
        "confirms_close",
        "active",
    )
    search = ("name", "code")
    ordering = ("name",)
    form = (
        ("平台", ("name", "code", "way", "code_system", "active")),
        ("时限", ("margin", "clock")),
        ("须平台确认", ("confirms_return", "confirms_extension", "confirms_close")),
        ("对账", ("state_words",)),
    )

    def check(self, row: Platform, by: Actor) -> None:
        """Every line of the words must be understood, or a comparison would be wrong later."""
        state_words(row.state_words)

    def examples(self, n: int) -> dict[str, Any]:
        return {"code": f"hotline-{n}", "name": f"示例热线平台{n}", "state_words": "流转中=办理中"}


@register
class CodeMappings(Registry):
    """Which of our categories the codes of other systems mean (编码对照): 12345, city management, disputes."""

    model = CodeMapping
    slug, title, group, icon = "code-mappings", "编码对照", RULES, "category"
    clause = "9.1.2-1"
    right = dict.fromkeys(("view", "edit", "import", "export", "delete"), "dictionaries.edit")
    scope = public
    removal = ""
    offers = ("view", "add", "edit", "import", "export")
    list = ("system", "code", "code_name", "category", "preferred", "note")
    filters = ("system", "category")
    search = ("code", "note", "category__full_name")
    ordering = ("system", "code")
    natural_key = ("system", "code")
    form = (("对照", ("system", "code", "category", "preferred", "note")),)
    named_by = "code"

    def choices_for(self, name: str, actor: Actor) -> QuerySet[Any] | None:
        """Categories in use."""
        return Category.objects.filter(active=True).order_by("code") if name == "category" else None

    @column("编码名称")
    def code_name(self, row: CodeMapping) -> str:
        """What the code is called in its own system, where its list is known here."""
        return Labels(row.system).get(row.code, NOTHING)

    def after(self, verb: str, row: CodeMapping, by: Actor) -> None:
        """The door of the machines reads the mapping afresh."""
        queries.forget()

    def examples(self, n: int) -> dict[str, Any]:
        return {"system": CodeSystem.CITY, "code": f"{n:04d}"}


@register
class ReplyFields(Registry):
    """The fields of a platform's own form, and what of a case stands in them (平台答复字段)."""

    model = ReplyField
    slug, title, group, icon = "platform-fields", "平台答复字段", RULES, "route"
    clause = "9.1.2-1"
    right = dict.fromkeys(("view", "edit"), "platform.edit")
    offers = ("view", "add", "edit")
    scope = public
    list = ("platform", "order", "name", "source", "fixed", "most", "active")
    filters = ("platform",)
    search = ("name",)
    ordering = ("platform__name", "order")
    form = (("字段", ("platform", "order", "name", "source", "fixed", "most", "active")),)

    def check(self, row: ReplyField, by: Actor) -> None:
        """A fixed text must be given where one is promised."""
        if row.source == ReplyField.Source.FIXED and not row.fixed.strip():
            raise BadInput({"fixed": "选择固定文字的，请填写文字。"})
