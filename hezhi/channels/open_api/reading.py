"""Reading a body (报文读取): strict, and every mistake told in Chinese at its field."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest

from hezhi.ground.errors import BadInput, Refusal

Body = TypeVar("Body")
MOST_JSON = 256 * 1024


class Unreadable(Refusal):
    """A body that is no JSON (报文格式)."""

    status = 400
    code = "api.unreadable"
    what = "请求的内容不是完整的 JSON"
    meaning = "请求没有被处理"
    remedy = "请检查引号、逗号和括号，以 UTF-8 编码发送"


class TooLarge(Refusal):
    """A body beyond its limit (报文过大)."""

    status = 413
    code = "api.too_large"
    what = "请求的内容过大"
    meaning = "请求没有被处理"
    remedy = "单次上报不超过 256 KB；附件请用附件接口逐个发送，每个不超过 20 MB"


_decoders: dict[type, msgspec.json.Decoder] = {}


def _decoder(kind: type[Body]) -> msgspec.json.Decoder:
    if kind not in _decoders:
        _decoders[kind] = msgspec.json.Decoder(kind)
    return _decoders[kind]


def read(request: HttpRequest, kind: type[Body]) -> Body:
    """The body of a request as this kind. Raises Unreadable, TooLarge, or BadInput at the field."""
    if int(request.headers.get("Content-Length") or 0) > MOST_JSON or len(request.body) > MOST_JSON:
        raise TooLarge
    try:
        body = _decoder(kind).decode(request.body)
    except msgspec.ValidationError as fault:
        field, sentence = told(str(fault))
        raise BadInput({field: [sentence]}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None
    _check_moments(body)
    return body


def _check_moments(body: Any) -> None:
    """Times long ago or far ahead are slips of a converter, and no calendar reaches them."""
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if isinstance(value, datetime) and not 1990 <= value.year <= 2100:
            raise BadInput({name: [f"{name} 应在 1990 年至 2100 年之间，现在是 {value.year} 年。"]})


# -- what the reader says, in Chinese --------------------------------------------------------------

_TYPES = {
    "str": "文字", "int": "整数", "float": "数字", "bool": "true 或 false", "object": "JSON 对象", "array": "数组",
    "datetime": "带时区的时间", "null": "空值",
}  # fmt: skip
Say = Callable[[re.Match[str]], tuple[str, str]]
_WORDS: tuple[tuple[re.Pattern[str], Say], ...] = (
    (re.compile(r"missing required field `(?P<name>[^`]+)`"), lambda m: (m["name"], "缺少这一项")),
    (re.compile(r"unknown field `(?P<name>.*)`", re.DOTALL), lambda m: (m["name"][:60], "没有这个字段，请核对拼写")),
    (re.compile(r"`str` of length <= (\d+)"), lambda m: ("", f"最多 {m[1]} 个字")),
    (re.compile(r"`str` of length >= (\d+)"), lambda m: ("", "不能为空")),
    (re.compile(r"`str` matching regex"), lambda m: ("", "不能含有空格、/、？、#、%、\\ 和控制符")),
    (re.compile(r"(?:RFC3339|datetime|timezone)"), lambda m: ("", "应为带时区的时间，例如 2026-03-05T09:30:00+08:00")),
    (re.compile(r"Invalid enum value"), lambda m: ("", "不在可选值之内，请查看接口说明")),
    (re.compile(r"Expected `([^`]+)`, got `([^`]+)`"), lambda m: ("", f"应为{_kinds(m[1])}，现在是{_kinds(m[2])}")),
    (re.compile(r"[Oo]ut of range|too big"), lambda m: ("", "数字超出范围")),
)  # fmt: skip


def told(fault: str) -> tuple[str, str]:
    """What msgspec says, as field and sentence."""
    words, _, path = fault.rpartition(" - at `$")
    words, path = (words, path.rstrip("`")) if words else (fault, "")
    field = path.lstrip(".").replace("[...]", "")
    for pattern, say in _WORDS:
        found = pattern.search(words)
        if found:
            name, sentence = say(found)
            field = ".".join(filter(None, (field, name)))
            return field, f"{field or '请求内容'} {sentence}。"
    return field, f"{field or '请求内容'} 的格式不对，请查看接口说明。"


def _kinds(names: str) -> str:
    return "或".join(_TYPES.get(name.strip(), name.strip()) for name in names.split("|"))
