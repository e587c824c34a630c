"""What is asked about a key (密钥表单)."""

from typing import Any
from uuid import UUID

from django import forms

from hezhi.chapters.appcentre.users.pages.forms import MomentField
from hezhi.chapters.cases.handling.api import Source
from hezhi.engines.connect import scopes
from hezhi.engines.connect.actions import MOST_PER_MINUTE
from hezhi.engines.connect.models import ChannelKey
from hezhi.engines.geo.models import Area
from hezhi.ground.ids import new_id


class Reason(forms.Form):
    """Why it is done (事由), kept in the history."""

    reason = forms.CharField(
        label="事由", max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明事由，会记入历史和审计。"},
    )  # fmt: skip


class KeyFields(Reason):
    """What a key may do, and where the news go."""

    name = forms.CharField(label="系统名称", max_length=80, help_text="如：区12345热线平台。")
    scopes = forms.MultipleChoiceField(
        label="权限", widget=forms.CheckboxSelectMultiple, error_messages={"required": "请至少选择一项权限。"}
    )
    area = forms.ModelChoiceField(
        Area.objects.none(), label="取数范围", required=False, empty_label="全区", help_text="环节事实只给这个区域的。"
    )
    quota_per_minute = forms.IntegerField(
        label="每分钟上限（次）", min_value=1, max_value=MOST_PER_MINUTE, initial=600,
        error_messages={"max_value": f"最多 {MOST_PER_MINUTE} 次。", "min_value": "最少 1 次。"},
    )  # fmt: skip
    must_sign = forms.BooleanField(
        label="请求须签名", required=False, help_text="开启后，对方每次请求都要带签名，防篡改、防重放。"
    )
    webhook_url = forms.CharField(
        label="状态回推地址",
        required=False,
        max_length=200,
        help_text="事件办理有进展时推送到这里，建议用 https。不需要就留空。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = list(scopes.all_scopes().items())  # type: ignore[attr-defined]
        areas = Area.objects.filter(level__in=("town", "community"), valid_to__isnull=True)
        self.fields["area"].queryset = areas.only("full_name", "name", "level", "code").order_by("code")  # type: ignore[attr-defined]
        self.fields["area"].label_from_instance = lambda row: row.full_name or row.name  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The area goes to the verb by its id."""
        given = super().clean() or {}
        area = given.pop("area", None)
        return given | {"area_id": area.pk if area else None}


class NewKey(KeyFields):
    """A key for an outer system (新建密钥)."""

    system = forms.CharField(
        label="系统代码",
        max_length=40,
        help_text="字母、数字、连字符，如 hotline。同一系统轮换密钥时不变，之后不能修改。",
    )
    source = forms.ChoiceField(label="上报来源", choices=Source.choices, help_text="用这把密钥上报的事件记为这个来源。")
    valid_to = MomentField(label="有效期至", required=False, help_text="留空表示长期。")
    token = forms.UUIDField(widget=forms.HiddenInput)
    field_order = [
        "name", "system", "source", "scopes", "area", "quota_per_minute", "valid_to", "must_sign", "webhook_url", "reason", "token",
    ]  # fmt: skip

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"token": new_id()})

    def wanted(self) -> dict[str, Any]:
        """The fields as the verb takes them."""
        given = dict(self.cleaned_data)
        token: UUID = given.pop("token")
        return given | {"id": token}


class ChangeKey(KeyFields):
    """What may be changed of a key (修改密钥); the secrets stay as they are."""

    field_order = ["name", "scopes", "area", "quota_per_minute", "must_sign", "webhook_url", "reason"]

    def __init__(self, data: Any = None, *, row: ChannelKey) -> None:
        kept = ("name", "scopes", "area", "quota_per_minute", "must_sign", "webhook_url")
        super().__init__(data, initial={name: getattr(row, name) for name in kept})
