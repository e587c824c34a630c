"""Feeds of web media as a registry (网媒订阅源): an administrator says what is read, how often, for which words."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from hezhi.chapters.cases.intake import feeds
from hezhi.chapters.cases.intake.models import Feed
from hezhi.engines.connect.rules import url_fault
from hezhi.engines.org.actor import Actor
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.pages.base import RegistryPage
from hezhi.engines.registry.parts import Part
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground.errors import BadInput, Refusal
from hezhi.ground.ui.shapes import Action

MANAGE = "channels.edit"


class ReadPage(RegistryPage):
    """Have a feed read within a minute; only by POST."""

    capability: ClassVar[str] = "edit"

    def post(self, request: HttpRequest, id: UUID) -> HttpResponse:
        row = self.row(id)
        try:
            feeds.read_soon(row, by=self.by)
            told = "一分钟内读取，稍后刷新查看结果。"
        except Refusal as refusal:
            told = str(refusal)
        return self.done(told, self.registry.url(row.pk))


class Reading(Part):
    """The button that has a feed read at once (尽快读取), and its page."""

    def actions(self, registry: Registry, row: Any, by: Actor) -> list[Action]:
        return [Action("尽快读取", registry.url(row.pk, "read"), opens="post")] if row.active and by.may(MANAGE) else []

    def pages(self, registry: Registry) -> dict[str, Any]:
        return {"<uuid:id>/read/": ReadPage}


@register
class Feeds(Registry):
    """Public feeds whose entries become messages through the one intake (网媒订阅源)."""

    model = Feed
    slug, title, group, icon = "media-feeds", "网媒订阅源", "消息与接入", "route"
    clause = "9.1.2-1"
    right = dict.fromkeys(("view", "edit", "delete"), MANAGE)
    offers = ("view", "add", "edit", "delete")
    scope = public
    list = ("name", "every", "words", "active", "last_read_at", "last_result")
    also = ("channel", "url", "days", "next_read_at", "failures")
    filters = ("active",)
    search = ("name", "channel", "url")
    ordering = ("name",)
    form = (("订阅源", ("name", "channel", "url", "active")), ("读取", ("every", "words", "days")))
    parts = (Reading(),)

    def check(self, row: Feed, by: Actor) -> None:
        """An address that can be read, and a rhythm that burdens nobody."""
        faults: dict[str, list[str]] = {}
        if fault := url_fault(row.url):
            faults["url"] = [f"{fault}。"]
        if not 10 <= row.every <= 1440:
            faults["every"] = ["间隔请填 10 到 1440 分钟。"]
        if not 1 <= row.days <= 30:
            faults["days"] = ["天数请填 1 到 30。"]
        if faults:
            raise BadInput(faults)

    def examples(self, n: int) -> dict[str, Any]:
        return {
            "name": f"示例平台{n}", "channel": f"example-{n}", "url": f"https://media{n}.example/feed.xml",
            "every": 30, "days": 3,
        }  # fmt: skip
