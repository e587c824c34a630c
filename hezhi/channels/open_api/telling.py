"""The description of the interface as a person reads it (接口说明页的内容): operations by chapter, fields as rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hezhi.channels.open_api.schema import TAG, description


@dataclass(frozen=True)
class Line:
    """One parameter or field (参数、字段)."""

    name: str
    kind: str
    required: bool
    words: str


@dataclass(frozen=True)
class Shape:
    """What is sent or comes back (报文)."""

    title: str
    lines: tuple[Line, ...]
    words: str = ""


@dataclass(frozen=True)
class Operation:
    """One operation (接口)."""

    id: str
    method: str
    path: str
    summary: str
    words: str
    parameters: tuple[Line, ...]
    body: Shape | None
    answers: tuple[Shape, ...]
    refusals: str


@dataclass(frozen=True)
class Chapter:
    """Operations about one thing (一组接口)."""

    title: str
    operations: tuple[Operation, ...] = field(default_factory=tuple)


@cache
def chapters() -> list[Chapter]:
    """Every operation, those for outer systems first."""
    found: dict[str, list[Operation]] = {TAG: []}
    for path, methods in description()["paths"].items():
        for method, told in methods.items():
            found.setdefault((told.get("tags") or ["其他"])[0], []).append(_operation(path, method, told))
    return [Chapter(title, tuple(operations)) for title, operations in found.items()]


def _operation(path: str, method: str, told: Mapping[str, Any]) -> Operation:
    answers, refused = [], []
    for code, answer in told["responses"].items():
        if code.startswith("2"):
            answers.append(_shape(f"{code} {answer.get('description', '')}".strip(), answer.get("content", {})))
        else:
            refused.append(code)
    body = told.get("requestBody")
    return Operation(
        id=told["operationId"], method=method.upper(), path=path, summary=told.get("summary", ""),
        words=told.get("description", ""), parameters=tuple(map(_parameter, told.get("parameters", ()))),
        body=_shape("请求报文", body["content"]) if body else None, answers=tuple(answers), refusals="、".join(refused),
    )  # fmt: skip


def _parameter(told: Mapping[str, Any]) -> Line:
    places = {"path": "路径", "query": "查询", "header": "请求头", "cookie": "Cookie"}
    return Line(
        told["name"],
        f"{places[told['in']]} {_kind(told['schema'])}",
        told.get("required", False),
        told.get("description", ""),
    )


def _shape(title: str, content: Mapping[str, Any]) -> Shape:
    kind, shape = next(iter(content.items()), ("", {"schema": {}}))
    schema = _resolved(shape["schema"])
    needed = schema.get("required", ())
    lines = [
        line
        for name, each in schema.get("properties", {}).items()
        for line in _lines(name, each, required=name in needed)
    ]
    return Shape(title, tuple(lines), "" if lines or not kind else kind)


def _lines(name: str, told: Mapping[str, Any], *, required: bool) -> list[Line]:
    """A field, and the fields of the things in it when it is a list of them."""
    words = told.get("description") or _resolved(told).get("description", "")
    inner = _resolved(_resolved(told).get("items", {})).get("properties", {})
    below = [Line(f"{name}[].{part}", _kind(each), True, each.get("description", "")) for part, each in inner.items()]
    return [Line(name, _kind(told), required, words), *below]


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = next(iter(schema["allOf"]), {}) if "allOf" in schema else schema
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


_KINDS = {"string": "文字", "integer": "整数", "number": "数字", "boolean": "真假", "object": "对象", "array": "列表"}
_FORMATS = {"date-time": "时间", "date": "日期", "uuid": "UUID", "binary": "文件"}
_MOST_CODES = 12


def _kind(schema: Mapping[str, Any]) -> str:
    schema = _resolved(schema)
    if schema.get("enum"):
        codes = [str(code) for code in schema["enum"] if code not in ("", None)]
        return "、".join(codes[:_MOST_CODES]) + ("…" if len(codes) > _MOST_CODES else "")
    if schema.get("type") == "array":
        return f"列表：{_kind(schema.get('items', {}))}"
    return _FORMATS.get(schema.get("format", ""), _KINDS.get(schema.get("type", ""), "任意"))
