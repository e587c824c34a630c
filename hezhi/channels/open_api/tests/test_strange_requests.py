"""Requests made up from the description itself (接口模糊测试): whatever is sent, no answer is a fault of ours.

Each request runs in a transaction of its own that is taken back, so none depends on another. How many are
made up per operation stands in HEZHI_STRANGE_REQUESTS (20 for the door, less for the registries' many).
"""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from hezhi.channels.open_api import schema
from hezhi.channels.open_api.tests.world import REPORTS, Platform
from hezhi.chapters.cases.intake.testkit import District
from hezhi.engines.org.permissions import all_permissions
from hezhi.engines.org.testkit import enter, hold, make_role, make_user
from hezhi.engines.registry.site import registries

pytestmark = [pytest.mark.clause("9.1.2-1"), pytest.mark.api]

MOST = int(os.environ.get("HEZHI_STRANGE_REQUESTS", "20"))
MOST_PER_REGISTRY_OPERATION = int(os.environ.get("HEZHI_STRANGE_REQUESTS", "2"))
MILLISECONDS = 5_000
IN_THE_DISTRICT = {"lon": 120.005, "lat": 36.005, "crs": "EPSG:4326", "phone": None, "name": None, "text": "路灯不亮"}


def operations(ours: bool) -> Iterator[Any]:
    """The operations of this door, or those of the registries."""
    described = schemathesis.openapi.from_dict(schema.description())
    for result in described.get_all_operations():
        operation = result.ok()
        if operation.path.startswith(("/api/v1/reports/", "/api/v1/report-categories/")) == ours:
            yield operation


def strange(operation: Any) -> st.SearchStrategy[Any]:
    """Requests after the description, and some against it."""
    fitting = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    try:
        return st.one_of(fitting, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    except schemathesis.errors.SchemathesisError:
        return fitting


def send(call: Callable[..., Any], case: Any, ids: dict[str, str]) -> None:
    """Send one made-up request and look at the answer."""
    where = {name: quote(str(ids.get(name, value)), safe="") for name, value in (case.path_parameters or {}).items()}
    path = case.operation.path.format(**where)
    if case.query:
        path = f"{path}?{urlencode(case.query, doseq=True)}"
    body = case.body if not isinstance(case.body, schemathesis.core.NotSet) else b""
    if ids and isinstance(body, dict) and "outside_number" in body:
        body |= IN_THE_DISTRICT  # or no made-up report would ever come through
    content = body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    headers = {name: value for name, value in (case.headers or {}).items() if name.lower() == "idempotency-key"}
    headers = {name: str(value).encode("latin-1", "replace").decode("latin-1") for name, value in headers.items()}
    with transaction.atomic():
        answer = call(case.method, path, content, kind, headers)
        transaction.set_rollback(True)
    told = answer.content[:300].decode("utf-8", "replace")
    assert answer.status_code < 500, f"{case.method} {path}\n{content[:1500]!r}\n{answer.status_code} {told}"
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/json" and json.loads(answer.content)["error"]["number"], told


def try_all(operation: Any, most: int, call: Callable[..., Any], known: dict[str, str]) -> None:
    """Send so many requests to one operation; half of them to a row that is there."""

    @settings(
        max_examples=most, deadline=MILLISECONDS, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strange(operation), st.booleans())
    def sent(case: Any, at_home: bool) -> None:
        send(call, case, known if at_home else {})

    sent()


def test_the_door_for_outer_systems_answers_every_strange_request_with_a_letter(
    platform: Platform, district: District
) -> None:
    platform.key.row.quota_per_minute = 60_000
    roomy = Platform(system="roomy", quota_per_minute=60_000)
    assert roomy.report().status_code == 201

    def call(method: str, path: str, content: bytes, kind: str, headers: dict[str, str]) -> Any:
        return roomy.call(method, path, content, **({"Content-Type": kind} | headers))

    tried = 0
    for operation in operations(ours=True):
        try_all(operation, MOST, call, {"outside_number": "Q-1"})
        tried += 1
    assert tried == 9 and roomy.call("GET", f"{REPORTS}Q-1/").status_code == 200


def test_the_registries_answer_every_strange_request_with_a_letter(district: District) -> None:
    officer = make_user("all.rights", "示例全权")
    hold(officer, make_role("all_rights", sorted(all_permissions()), reach="district"), district.units["centre"])
    client = enter(Client(raise_request_exception=False), officer)
    known = {registry.slug: _some_row(registry) for registry in registries()}

    def call(method: str, path: str, content: bytes, kind: str, headers: dict[str, str]) -> Any:
        return client.generic(method, path, content, content_type=kind)

    for operation in operations(ours=False):
        slug = operation.path.removeprefix("/api/v1/").partition("/")[0]
        try_all(operation, MOST_PER_REGISTRY_OPERATION, call, {"id": known[slug]} if known.get(slug) else {})


def _some_row(registry: Any) -> str:
    row = registry.model._default_manager.order_by("pk").first()
    return str(row.pk) if row is not None else ""
