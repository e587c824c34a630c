"""Proving once more who sits at the screen (再次验证第二因素, P7): asked for in the demonstration as well."""

from typing import Any

from allauth.mfa.models import Authenticator

from hezhi.engines.org import failures
from hezhi.engines.org.api import Actor, User
from hezhi.engines.records.used_codes import first_use
from hezhi.engines.registry.scope import person as who
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotNow


def must_prove(by: Actor, code: str) -> None:
    """Refuse unless the code of the second factor fits now; tries are counted as failed sign-ins are.

    Raises NotNow for who has no second factor yet or is locked out, BadInput for a wrong code.
    """
    user = User.objects.get(pk=who(by))
    if not has_factor(user):
        raise NotNow(
            "紧急查阅和启动应急名单须再次验证第二因素，您还没有设置动态验证码。",
            "演示环境也不例外；通行密钥只用于登录。", "请先在“账号与安全”里设置动态验证码。",
            code="care.no_factor",
        )  # fmt: skip
    if failures.is_locked(user.login_name, by.address, time.now()):
        raise NotNow(
            "验证码多次不对，暂时锁定。", "为防他人冒用。", "如有生命危险，请立即拨打 110、120。", code="care.locked"
        )
    if not proved(user, code):
        failures.note(user.login_name, by.address, time.now())
        raise BadInput({"code": "验证码不对，请填写手机上现在显示的 6 位数字。"}, code="care.wrong_code")


def has_factor(user: User) -> bool:
    """Whether this person can prove himself by an authenticator."""
    return bool(_authenticators(user))


def proved(user: User, code: str) -> bool:
    """Whether the code fits one of the person's authenticators now; each code works once, that of signing in too."""
    code = code.strip()
    return any(each.wrap().validate_code(code) and first_use(each, code) for each in _authenticators(user))


def _authenticators(user: User) -> list[Any]:
    return list(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP))
