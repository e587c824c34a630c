"""An outer system for the tests (测试用外部系统); invented."""

from django.http import HttpRequest
from django.test import RequestFactory

from hezhi.engines.connect import rules
from hezhi.engines.connect.actions import NewKey, create_key
from hezhi.engines.org.actor import Actor
from hezhi.ground import time

ADMIN = Actor(name="系统管理员", permissions=frozenset({"channels.edit"}))
STRANGER = Actor(name="受理员", permissions=frozenset({"cases.view"}))


def make_key(**more: object) -> NewKey:
    """A key of the hotline platform that may report cases; made on a day before all that these tests tell."""
    usual = {
        "by": ADMIN,
        "name": "热线平台",
        "system": "hotline-12345",
        "source": "hotline",
        "scopes": ["cases.report"],
    }
    with time.frozen_at("2026-11-01 09:00"):
        return create_key(**(usual | more))


def asked(key: str, body: bytes = b"{}", **headers: str) -> HttpRequest:
    """A request as the outer system sends it."""
    return RequestFactory().post(
        "/api/v1/cases?x=1", body, content_type="application/json", headers={"Authorization": f"Bearer {key}"} | headers
    )


def signed(
    made: NewKey, body: bytes = b"{}", *, nonce: str = "n0nce-n0nce", at: int = 0, path: str = "/api/v1/cases?x=1"
) -> dict[str, str]:
    """The headers of a signature for that request, `at` seconds from now."""
    stamp = str(int(time.now().timestamp()) + at)
    text = rules.request_text(stamp, nonce, "POST", path, body)
    return {
        "X-Hezhi-Timestamp": stamp,
        "X-Hezhi-Nonce": nonce,
        "X-Hezhi-Signature": rules.signature(made.signing_secret, text),
    }
