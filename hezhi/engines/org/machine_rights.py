"""Who may use the machine interface, and how it refuses (接口的权限和答复): for the whole house.

The settings name both: `DeclaredRight` for every view, `letter` for every exception. The interface of a
registry itself stands in `interface.py`, because the framework reads these two before it makes a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from hezhi.engines.org.actor import Actor
from hezhi.engines.org.rights import EVERYBODY, SIGNED_IN
from hezhi.ground.errors import BadInput, NotAllowed, NotFound, Refusal


class DeclaredRight(BasePermission):
    """Deny by default (默认拒绝): a view without a declared right opens to nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        rights: Sequence[str] | None = getattr(view, "rights", {}).get(getattr(view, "action", None))
        rights = rights or getattr(view, "right", None)
        if not rights:
            raise NotAllowed(
                code="api.no_declared_right", what="这个接口没有声明访问权限，系统按规定不予开放。",
                meaning="这是程序的疏漏，不是您的请求有误。", remedy="请把编号告诉系统管理员。",
            )  # fmt: skip
        if EVERYBODY in rights:
            return True
        if not request.user.is_authenticated:
            raise exceptions.NotAuthenticated
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if SIGNED_IN not in rights and not any(actor.may(right) for right in rights):
            actor.must(rights[0])
        return True


def letter(error: Exception, context: dict[str, Any]) -> Response | None:
    """Tell a refusal of the framework or of ours as our letter; anything else is a fault (500)."""
    refusal = error if isinstance(error, Refusal) else _as_refusal(error)
    if refusal is None:
        return None
    wait = getattr(error, "wait", None)
    headers = {"Retry-After": str(int(wait))} if wait else None
    return Response({"error": refusal.as_dict()}, status=refusal.status, headers=headers)


def _as_refusal(error: Exception) -> Refusal | None:
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return NotAllowed()
    if not isinstance(error, exceptions.APIException):
        return None
    if isinstance(error, exceptions.ValidationError):
        return BadInput(_flat(error.detail))
    # The framework turns 401 into 403 where no scheme of its own could be asked for; we say what it is.
    status = 401 if isinstance(error, exceptions.NotAuthenticated) else error.status_code
    what, remedy = _WORDS.get(status, ("请求没有办成。", "请核对请求后再试。"))
    refusal = Refusal(code=f"api.{error.default_code}", what=what, meaning=_meaning(status), remedy=remedy)
    refusal.status = status  # type: ignore[misc]
    return refusal


_WORDS = {
    400: ("请求的内容无法读取。", "请检查 JSON 的引号、逗号和括号。"),
    401: ("尚未登录，或登录已失效。", "请登录后再请求。"),
    403: ("这个请求没有获得许可。", "请核对权限；由网页发出的请求须带防伪标记（CSRF）。"),
    404: ("没有找到这个地址。", "请核对地址。"),
    405: ("这个地址不接受这种请求方法。", "请查看接口说明中允许的方法。"),
    406: ("不能按所要的格式返回。", "请接受 application/json。"),
    415: ("不支持这种内容类型。", "请以 application/json 发送。"),
    429: ("请求过于频繁。", "请按 Retry-After 等待后再试。"),
}


def _meaning(status: int) -> str:
    return "没有做任何改动。" if status != 401 else ""


def _flat(detail: Any, name: str = "") -> dict[str, list[str]]:
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for key, said in detail.items():
            here = "" if key == "non_field_errors" else str(key)
            flat |= _flat(said, ".".join(filter(None, (name, here))))
        return flat
    return {name: [str(s) for s in detail] if isinstance(detail, list) else [str(detail)]}
