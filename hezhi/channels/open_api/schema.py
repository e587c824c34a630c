"""The description of the whole machine interface (OpenAPI 3): the registries' by their declarations, this door's by its bodies.

`standard/openapi.json` is its snapshot: a change of the interface shows as a change of that file (see `snapshot`).
"""

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator

SNAPSHOT = Path(__file__).resolve().parents[3] / "standard" / "openapi.json"
TAG = "外部平台接入"
REFS = "#/components/schemas/{name}"
INTRO = """外部平台凭接入密钥上报诉求、查询进度；本系统的台账接口供已登录的工作人员使用。

**鉴权**：请求头 `Authorization: Bearer <密钥>`。要求签名的密钥还须带 `X-Hezhi-Timestamp`（秒）、`X-Hezhi-Nonce`（8 至 64 位，
不重复）和 `X-Hezhi-Signature`：以签名密钥对“时间戳、随机数、方法、路径（含查询）、报文的 SM3 摘要”五行文本作 HMAC-SM3，十六进制小写。

**幂等**：同一平台的同一编号只立一件；带 `Idempotency-Key` 的请求重发，得到第一次的答复（保留 30 天）。

**答复**：拒绝时都是 `{"error": {code, what, meaning, remedy, number, fields}}`；来电询问请报 `number`。用量超出为 429，按 `Retry-After` 等待。

**时间**一律带时区；**坐标**须注明坐标系，系统不猜测。"""

NUMBER = {
    "name": "outside_number", "in": "path", "required": True, "description": "来源平台的编号",
    "schema": {"type": "string", "minLength": 1, "maxLength": 60},
}  # fmt: skip
FILE_N = {
    "name": "n", "in": "path", "required": True, "description": "第几个附件，从 0 数起",
    "schema": {"type": "integer", "minimum": 0, "maximum": 19},
}  # fmt: skip
REQUEST_ID = {
    "name": "request_id", "in": "path", "required": True, "description": "申请的 id",
    "schema": {"type": "string", "format": "uuid"},
}  # fmt: skip
FIRST, LAST = (
    {
        "name": name,
        "in": "query",
        "required": True,
        "description": words,
        "schema": {"type": "string", "format": "date"},
    }
    for name, words in (("first", "收到日期自"), ("last", "收到日期至，含当日"))
)
FILE_NAME = {
    "name": "name",
    "in": "query",
    "description": "文件名，含后缀",
    "schema": {"type": "string", "maxLength": 120},
}
AFTER = {
    "name": "after", "in": "query", "description": "上一页的 next，首次为 0", "schema": {"type": "integer", "minimum": 0},
}  # fmt: skip
SIZE = {
    "name": "size", "in": "query", "description": "每页变动数",
    "schema": {"type": "integer", "minimum": 1, "maximum": 2000, "default": 500},
}  # fmt: skip
ONCE = {
    "name": "Idempotency-Key", "in": "header", "description": "幂等键，重发同一请求时不变",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": r"^[\x21-\x7e]+$"},
}  # fmt: skip


class Generator(SchemaGenerator):
    """The description of everything under `/api/`."""

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        """The registries' operations, and those for outer systems beside them."""
        told = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        told["info"]["description"] = INTRO
        told["paths"] = dict(sorted((told["paths"] | _paths()).items()))
        parts = told.setdefault("components", {})
        parts["schemas"] = dict(sorted((parts.get("schemas", {}) | _schemas()).items()))
        parts.setdefault("securitySchemes", {})["channelKey"] = {
            "type": "http", "scheme": "bearer", "description": "接入密钥，由系统管理员发放"
        }  # fmt: skip
        told["x-webhooks"] = _webhooks()
        return told  # type: ignore[no-any-return]


@cache
def description() -> dict[str, Any]:
    """The description as plain values; made once per process, because it cannot change while it runs."""
    made = Generator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return json.loads(json.dumps(made, default=str))  # type: ignore[no-any-return]


# -- this door's own operations --------------------------------------------------------------------


def _paths() -> dict[str, Any]:
    one = "/api/v1/reports/{outside_number}/"
    return {
        "/api/v1/reports/": {
            "post": _operation(
                "reports_add", "上报诉求", "reports.write", {201: "MachineReceipt", 200: "MachineReceipt"}, body="MachineReport",
                parameters=[ONCE], refusals=(400, 409, 413, 422),
                note="同一编号再次上报不会重复立件：答复 200，`new` 为 false。没有标题时取内容第一句。",
            )
        },
        one: {
            "get": _operation(
                "reports_read", "查询进度", "reports.read 或 reports.write", {200: "MachineStatus"}, parameters=[NUMBER], refusals=(404,)
            ),
            "patch": _operation(
                "reports_change", "告知来源平台的结论和时限", "reports.write", {200: "MachineStatus"}, body="MachineChange",
                parameters=[NUMBER], refusals=(400, 404, 413, 422),
                note="与本系统的状态和时限并列保存，不改变办理。",
            ),
        },
        f"{one}supplement/": {
            "post": _operation(
                "reports_supplement", "补充内容", "reports.write", {200: "MachineReceipt"}, body="MachineSupplement",
                parameters=[NUMBER, ONCE], refusals=(400, 404, 409, 413, 422),
                note="请补充的，补充后恢复计时；办理中的，并入办理过程；已结束的答复 409。",
            )
        },
        f"{one}files/{{n}}/": {
            "put": _operation(
                "reports_attach", "附件", "reports.write", {201: "MachineFile", 200: "MachineFile"}, body="",
                parameters=[NUMBER, FILE_N, FILE_NAME], refusals=(404, 409, 413, 422),
                note="报文就是文件本身，不超过 20 MB；收图片、PDF、Word、Excel、CSV。同一序号重发同一文件只保存一次。",
            )
        },
        f"{one}requests/": {
            "get": _operation(
                "reports_requests", "本系统向来源平台的申请", "reports.read 或 reports.write", {200: "MachineRequests"},
                parameters=[NUMBER], refusals=(404,), note="退单、延期、办结须平台确认的，以回推 report.request 通知，理由在此查询。",
            )
        },
        f"{one}requests/{{request_id}}/": {
            "post": _operation(
                "reports_answer_request", "答复申请", "reports.write", {200: "MachineRequest"}, body="MachineDecision",
                parameters=[NUMBER, REQUEST_ID], refusals=(400, 404, 409, 413, 422),
                note="同意后本系统随即退单、延长时限或办结；不同意办结的重新办理。",
            )
        },
        f"{one}follow-ups/": {
            "post": _operation(
                "reports_follow_up", "告知平台回访或重办", "reports.write", {201: "MachineFollowed"}, body="MachineFollowUp",
                parameters=[NUMBER], refusals=(400, 404, 413, 422), note="与首件关联；同一平台编号再次告知不会重复办理。",
            )
        },
        "/api/v1/reconciliation/": {
            "get": _operation(
                "reconciliation_ours", "取本系统清单", "reports.read 或 reports.write", {200: "MachineOurList"},
                parameters=[FIRST, LAST], refusals=(404, 422),
            ),
            "post": _operation(
                "reconciliation_check", "对账", "reports.write", {201: "MachineChecked"}, body="MachineList",
                refusals=(400, 404, 413, 422), note="逐件核对缺件、状态、时限和答复；差异由工作人员处理。",
            ),
        },
        "/api/v1/facts/": {
            "get": _operation(
                "facts_feed", "取环节事实", "facts.read", {200: "MachineFacts"}, parameters=[AFTER, SIZE], refusals=(422,),
                note="供数据仓库增量读取：从 after=0 开始，每页以 next 接着取；约十分钟前的变动才会出现，以免漏取。只给密钥取数范围内的事件，时间到小时，地点到社区；另有 facts.grid 权限的到网格。",
            )
        },
        "/api/v1/report-categories/": {
            "get": _operation("report_categories_list", "事件类别", "reports.read 或 reports.write", {200: "MachineCategories"})
        },
    }  # fmt: skip


def _operation(
    operation_id: str, summary: str, scope: str, answers: dict[int, str], *, body: str | None = None,
    parameters: list[dict[str, Any]] | None = None, refusals: tuple[int, ...] = (), note: str = "",
) -> dict[str, Any]:  # fmt: skip
    told: dict[str, Any] = {
        "operationId": operation_id, "summary": summary, "tags": [TAG], "security": [{"channelKey": []}],
        "description": "\n\n".join(filter(None, (note, f"密钥权限：{scope}。"))), "parameters": parameters or [],
    }  # fmt: skip
    if body is not None:
        content = {"application/json": {"schema": {"$ref": REFS.format(name=body)}}}
        if not body:
            content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        told["requestBody"] = {"required": True, "content": content}
    told["responses"] = {str(code): _answer(_DONE[code], name) for code, name in sorted(answers.items())}
    told["responses"] |= {
        str(code): _answer(_REFUSED[code], "Letter") for code in sorted({401, 403, 405, 429, *refusals})
    }
    return told


_DONE = {200: "已有，或已办好", 201: "新立"}
_REFUSED = {
    400: "报文不是完整的 JSON", 401: "密钥或签名无效", 403: "密钥没有此项权限", 404: "没有这个编号", 405: "方法不支持",
    409: "幂等键已用于别的请求，或事项状态不允许", 413: "报文过大", 422: "内容有误，逐项说明", 429: "超出用量",
}  # fmt: skip


def _answer(words: str, name: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": {"$ref": REFS.format(name=name)}}}}


def _schemas() -> dict[str, Any]:
    """The shapes of the bodies, under names of their own."""
    from hezhi.channels.open_api import bodies, exchange

    names = {
        "Report": "MachineReport", "Supplement": "MachineSupplement", "Change": "MachineChange",
        "Receipt": "MachineReceipt", "Status": "MachineStatus", "PublicStep": "MachineStep", "Kept": "MachineFile",
        "Kind": "MachineCategory", "Kinds": "MachineCategories", "Facts": "MachineFacts", "FactItem": "MachineFactItem",
    }  # fmt: skip
    kinds = [getattr(bodies, name) for name in names] + [getattr(exchange, name) for name in exchange.SHAPES]
    names |= exchange.SHAPES
    _, made = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/Machine-{name}")
    text = json.dumps({names[name]: _in_3_0(shape) for name, shape in made.items()})
    for name, ours in names.items():
        text = text.replace(f'/Machine-{name}"', f'/{ours}"')
    return json.loads(text)  # type: ignore[no-any-return]


def _in_3_0(shape: Any) -> Any:
    """A JSON Schema as OpenAPI 3.0 says it: «nullable» instead of a type `null`."""
    if isinstance(shape, list):
        return [_in_3_0(each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    told = {name: _in_3_0(value) for name, value in shape.items()}
    kinds = told.pop("anyOf", None)
    if kinds is not None:
        real = [kind for kind in kinds if kind.get("type") != "null"]
        told = (real[0] if len(real) == 1 else {"anyOf": real}) | told
        if len(real) < len(kinds):
            told["nullable"] = True
    if "enum" in told:
        told.setdefault("type", "string")
    told.pop("propertyNames", None)
    for name in [name for name, empty in (("default", None), ("required", [])) if told.get(name, 0) == empty]:
        del told[name]
    return told


def _webhooks() -> dict[str, Any]:
    """What we push to a platform that has given an address for news."""
    from hezhi.engines.connect.rules import PUSHED

    data = {"type": "object", "properties": {name: {} for name in sorted(PUSHED)}}
    shape = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "event": {"type": "string", "enum": ["report.changed", "report.request"]},
            "at": {"type": "string", "format": "date-time"}, "data": data,
        },
    }  # fmt: skip
    return {
        "report.changed": {
            "post": {
                "summary": "状态回推",
                "description": (
                    "事项状态变化时（report.changed）、有申请待来源平台确认时（report.request）推送到密钥登记的地址。`X-Hezhi-Signature` 是以回推密钥对“X-Hezhi-Timestamp、一个点、报文”作的"
                    " HMAC-SM3；请核对签名和时间，按 `id` 去重，10 秒内以 2xx 答复。未接收的在两天内重推 11 次。"
                    "报文只有编号、状态、时间、单位和类别，没有个人信息和自由文字。"
                ),
                "requestBody": {"content": {"application/json": {"schema": shape}}},
                "responses": {"200": {"description": "已接收"}},
            }
        }
    }


# -- the snapshot ----------------------------------------------------------------------------------


def text() -> str:
    """The description as it stands in the snapshot."""
    return json.dumps(description(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def drift() -> list[str]:
    """How the interface differs from its snapshot (接口快照核对), as lines of a difference; none when it does not."""
    before = SNAPSHOT.read_text("utf-8") if SNAPSHOT.exists() else ""
    lines = difflib.unified_diff(
        before.splitlines(), text().splitlines(), "standard/openapi.json", "now", lineterm="", n=1
    )
    return list(lines)[:200]
