"""Forms of account administration (用户管理表单): what is asked, and how a person or a unit is named."""

from typing import Any

from django import forms

from hezhi.chapters.appcentre.users import queries
from hezhi.engines.org.api import Post, Role, Unit, User, units
from hezhi.engines.org.permissions import all_permissions
from hezhi.engines.org.rules import plain_login_name, role_fault
from hezhi.ground.ui.fields import SuggestInput


class PersonField(forms.CharField):
    """A colleague, named by login name, or by full name where only one person bears it."""

    widget = SuggestInput("users_pick", "people", "输入姓名或登录名")

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).strip()
        if not text:
            return None
        active = User.objects.filter(is_active=True)
        found = list(active.filter(login_name=plain_login_name(text)) or active.filter(full_name=text)[:2])
        if not found:
            raise forms.ValidationError(f"没有找到「{text}」，请填写登录名或姓名全称。")
        if len(found) > 1:
            raise forms.ValidationError(f"有多位「{text}」，请填写其登录名：{queries.told_apart(text)}。")
        return found[0]


class UnitField(forms.CharField):
    """A unit, named by code or by its full name."""

    widget = SuggestInput("users_pick", "units", "输入单位名称或代码")

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value)).strip()
        found = list(units().filter(code=text) or units().filter(name=text)[:2])
        if not found:
            raise forms.ValidationError(f"没有找到单位「{text}」，请填写单位代码或全称。")
        if len(found) > 1:
            raise forms.ValidationError(f"有多个单位叫「{text}」，请填写单位代码。")
        return found[0]


class MomentField(forms.DateTimeField):
    """A moment, typed in Shanghai's time."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class Reason(forms.Form):
    """Why it is done (事由), kept in the history."""

    reason = forms.CharField(label="事由", max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class NewAccount(forms.Form):
    """A new account (新建账号)."""

    login_name = forms.CharField(label="登录名", max_length=40, help_text="小写字母开头，可含数字、点、横线和下划线。")
    full_name = forms.CharField(label="姓名", max_length=40)
    work_phone = forms.CharField(label="工作电话", max_length=20, required=False)
    expires_at = MomentField(label="有效期至", required=False, help_text="临时账号填写，到期自动停用。")


class Expiry(Reason):
    """When an account runs out (调整有效期): never, only when that is chosen."""

    lasting = forms.ChoiceField(
        label="有效期", choices=[("until", "到指定时间"), ("forever", "长期有效")], widget=forms.RadioSelect,
        error_messages={"required": "请选择到指定时间，还是长期有效。"},
    )  # fmt: skip
    expires_at = MomentField(label="有效期至", required=False, help_text="选“长期有效”的，不看这一项。")
    field_order = ["lasting", "expires_at", "reason"]

    def clean(self) -> dict[str, Any]:
        """The moment as the verb takes it; None only for an account that is to last."""
        typed: dict[str, Any] = super().clean() or {}
        lasting, moment = typed.pop("lasting", ""), typed.get("expires_at")
        if lasting == "until" and moment is None and "expires_at" not in self.errors:
            self.add_error("expires_at", "请填写有效期至哪一天，或改选“长期有效”。")
        return typed | {"expires_at": moment if lasting == "until" else None}


class Leaving(Reason):
    """Somebody leaves a post or the service (离任), and who goes on with the open work."""

    successor = PersonField(
        label="接任人", required=False, help_text="登录名或姓名。须已任同单位同类岗位；留空则由同岗位同事接办。"
    )
    field_order = ["successor", "reason"]


class Grant(Reason):
    """A post for a person (授予岗位)."""

    unit = UnitField(label="单位", help_text="输入几个字，从提示中选；也可填单位代码或全称。")
    role = forms.ModelChoiceField(label="角色", queryset=Role.objects.all(), empty_label="请选择")
    valid_to = MomentField(label="至", required=False, help_text="临时任职填写；留空表示长期。")
    field_order = ["unit", "role", "valid_to", "reason"]

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        unit, role = typed.get("unit"), typed.get("role")
        if isinstance(unit, Unit) and isinstance(role, Role):
            typed["post"] = Post.objects.filter(unit=unit, role=role, valid_to__isnull=True).first()
            if typed["post"] is None:
                self.add_error("role", f"「{unit}」没有设「{role}」岗位，请先由系统管理员设岗。")
        return typed


class Deputy(Reason):
    """Who stands in while one is away (指定代理人)."""

    deputy = PersonField(label="代理人", help_text="登录名或姓名。")
    starts = MomentField(label="开始")
    ends = MomentField(label="结束")
    field_order = ["deputy", "starts", "ends", "reason"]


class OwnDeputy(Deputy):
    """Who stands in for oneself (指定代理人): without suggestions, which are the administrators'."""

    deputy = PersonField(label="代理人", help_text="本单位同事的登录名或姓名。", widget=forms.TextInput)


class RoleRights(Reason):
    """What a role may do and how far it sees (角色授权)."""

    reach = forms.ChoiceField(label="数据范围", choices=Role.Reach.choices)
    permissions = forms.MultipleChoiceField(label="权限", widget=forms.CheckboxSelectMultiple, required=False)
    field_order = ["reach", "permissions", "reason"]

    def __init__(self, data: Any = None, *, role: Role) -> None:
        super().__init__(data, initial={"reach": role.reach, "permissions": role.permissions})
        allowed = [
            (code, name) for code, name in all_permissions().items() if not role_fault(role.kind, [code], role.reach)
        ]
        self.fields["permissions"].choices = allowed  # type: ignore[attr-defined]
