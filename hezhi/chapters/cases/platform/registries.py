"""Platforms and the fields of their reply forms as registries (来源平台、平台答复字段; 9.1.2-1)."""

from typing import Any

from hezhi.chapters.cases.platform.models import Platform, ReplyField
from hezhi.chapters.cases.platform.rules import state_words
from hezhi.engines.org.api import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground.errors import BadInput

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
        ("平台", ("name", "code", "way", "active")),
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
    ordering = ("platform", "order")
    form = (("字段", ("platform", "order", "name", "source", "fixed", "most", "active")),)

    def check(self, row: ReplyField, by: Actor) -> None:
        """A fixed text must be given where one is promised."""
        if row.source == ReplyField.Source.FIXED and not row.fixed.strip():
            raise BadInput({"fixed": "选择固定文字的，请填写文字。"})
