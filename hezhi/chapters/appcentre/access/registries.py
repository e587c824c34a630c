"""Keys of outer systems as a registry (接入渠道): the list; what is done with a key stands on its own page."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from hezhi.chapters.appcentre.access.queries import standing
from hezhi.chapters.cases.handling.api import Source
from hezhi.engines.connect import scopes
from hezhi.engines.connect.models import ChannelKey
from hezhi.engines.connect.queries import MANAGE, used_today, with_use
from hezhi.engines.registry.asking import Asked
from hezhi.engines.registry.columns import column
from hezhi.engines.registry.declaration import Registry
from hezhi.engines.registry.pages.lists import ListPage
from hezhi.engines.registry.scope import public
from hezhi.engines.registry.site import register
from hezhi.ground.ui.shapes import Action


class KeyList(ListPage):
    """The list of keys, with the way to make one and to what was pushed."""

    def actions(self, asked: Asked) -> list[Action]:
        return [
            Action("推送记录", reverse("channel-deliveries")),
            Action("新建密钥", reverse("channel-new"), kind="primary", icon="plus"),
        ]


@register
class ChannelKeys(Registry):
    """Keys of outer systems (接入密钥): what each may do; the key itself is shown nowhere."""

    model = ChannelKey
    slug, title, group, icon = "channel-keys", "接入渠道", "消息与接入", "key"
    clause = "10.1-1-1"
    right, scope = {"view": MANAGE}, public
    offers = ("view",)
    list = ("name", "system", "source_told", "scopes_told", "quota_per_minute", "used", "last_used_at", "stands")
    also = ("prefix", "must_sign", "webhook_url", "valid_from", "valid_to")
    filters = ("must_sign",)
    search = ("name", "system", "prefix")
    ordering = ("name", "-valid_from")
    pages = {"list": KeyList, "detail": None}
    needs = ("source", "scopes", "replaced_by_id", "valid_from", "valid_to")

    def url_of(self, row: Any) -> str:
        return reverse("channel", args=[row.pk])

    def with_columns(self, rows: QuerySet[Any], columns: Any) -> QuerySet[Any]:
        """The uses of today come with the rows."""
        return with_use(super().with_columns(rows, columns))

    @column("来源")
    def source_told(self, row: Any) -> str:
        """Under which source its reports are counted."""
        return dict(Source.choices).get(row.source, row.source)

    @column("权限")
    def scopes_told(self, row: Any) -> str:
        """What the key may do, in words."""
        return "；".join(scopes.name_of(code) for code in row.scopes)

    @column("今日用量")
    def used(self, row: Any) -> str:
        """Requests since midnight."""
        return f"{row.__dict__['used'] if 'used' in row.__dict__ else used_today(row)} 次"

    @column("状态")
    def stands(self, row: Any) -> str:
        """Whether it opens the door now."""
        return standing(row)[1]
