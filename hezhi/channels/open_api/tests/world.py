"""An outer platform for the tests (测试用外部平台); invented."""

import json
from typing import Any

from django.test import Client

from hezhi.engines.connect import rules
from hezhi.engines.connect.actions import NewKey, create_key
from hezhi.engines.org.actor import Actor
from hezhi.ground import time

ADMIN = Actor(name="系统管理员", permissions=frozenset({"channels.edit"}))
REPORTS = "/api/v1/reports/"
GOOD: dict[str, Any] = {
    "outside_number": "Q-1", "title": "路灯不亮", "text": "12 号楼前路灯已有三天不亮。", "lon": 120.005, "lat": 36.005,
    "crs": "EPSG:4326", "name": "示例甲", "phone": "19900001111",
}  # fmt: skip


def make_key(**more: Any) -> NewKey:
    """The key of an invented hotline platform."""
    usual = {"by": ADMIN, "name": "示例热线平台", "system": "hotline", "source": "hotline", "scopes": ["reports.write"]}
    return create_key(**(usual | more))


class Platform:
    """The platform as it calls us, with its key and, when it must, its signature."""

    def __init__(self, key: NewKey | None = None, **more: Any) -> None:
        self.key = key or make_key(**more)
        self.client = Client(raise_request_exception=False)
        self.signs = self.key.row.must_sign
        self.sent = 0

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request; a body that is no bytes goes as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        headers = {"Authorization": f"Bearer {self.key.key}"} | self._signed(method, path, content) | headers
        return self.client.generic(
            method, path, content, content_type=headers.pop("Content-Type", kind), headers=headers
        )

    def _signed(self, method: str, path: str, content: bytes) -> dict[str, str]:
        if not self.signs:
            return {}
        self.sent += 1
        stamp, nonce = str(int(time.now().timestamp())), f"nonce-{self.sent:06d}"
        text = rules.request_text(stamp, nonce, method, path, content)
        signature = rules.signature(self.key.signing_secret, text)
        return {"X-Hezhi-Timestamp": stamp, "X-Hezhi-Nonce": nonce, "X-Hezhi-Signature": signature}

    def report(self, *, key: str = "", **given: Any) -> Any:
        """Report something; what is given as None is left out."""
        body = {name: value for name, value in (GOOD | given).items() if value is not None}
        return self.call("POST", REPORTS, body, **({"Idempotency-Key": key} if key else {}))


def told(answer: Any) -> dict[str, Any]:
    """The JSON of an answer."""
    found: dict[str, Any] = json.loads(answer.content)
    return found


def sentences(answer: Any) -> str:
    """Everything a refusal says, its fields too."""
    error = told(answer)["error"]
    return "".join([error["what"], *(s for said in error.get("fields", {}).values() for s in said)])
