"""The interface says what it is (接口说明): to machines, to people, and to whoever changes it."""

import re
from typing import Any

import pytest
from django.test import Client

from hezhi.channels.open_api import schema
from hezhi.channels.open_api.tests.world import Platform, told
from hezhi.chapters.cases.intake.testkit import District
from hezhi.engines.org.testkit import enter

pytestmark = [pytest.mark.clause("9.1.2-1"), pytest.mark.api]


def test_the_description_is_for_officers_and_for_platforms_and_for_nobody_else(
    platform: Platform, district: District
) -> None:
    assert Client().get("/api/schema/").status_code == 401
    assert Client().get("/api/docs/").status_code == 302
    for answer in (
        platform.call("GET", "/api/schema/"),
        enter(Client(), district.people["centre.acceptor"]).get("/api/schema/"),
    ):
        assert answer.status_code == 200
        paths = told(answer)["paths"]
        assert {"/api/v1/reports/", "/api/v1/cases/", "/api/v1/units/"} <= set(paths)


def test_every_operation_has_words_an_owner_and_its_refusals() -> None:
    seen: set[str] = set()
    for path, methods in schema.description()["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"] and operation["tags"], where
            assert operation["operationId"] not in seen, where
            seen.add(operation["operationId"])
            assert {"401", "403"} <= set(operation["responses"]), where


def test_every_reference_leads_somewhere() -> None:
    names = set(schema.description()["components"]["schemas"])
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', schema.text()))
    assert used <= names


def test_the_page_tells_the_door_and_each_registry_without_a_script_or_a_style_inside(district: District) -> None:
    page = enter(Client(), district.people["centre.acceptor"]).get("/api/docs/").content.decode()
    for words in (
        "外部平台接入",
        "/api/v1/reports/{outside_number}/files/{n}/",
        "Idempotency-Key",
        "事件类别",
        "outside_due_at",
    ):
        assert words in page
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", page)


def test_the_description_is_the_one_in_the_snapshot() -> None:
    changed = schema.drift()
    assert not changed, (
        "the interface has changed; look at it, then renew standard/openapi.json with"
        " «python -m hezhi.channels.open_api.snapshot --write»:\n" + "\n".join(changed)
    )


def test_a_change_of_the_interface_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(schema, "SNAPSHOT", tmp_path / "openapi.json")
    assert schema.drift(), "no snapshot at all"
    schema.SNAPSHOT.write_text(schema.text().replace("上报诉求", "上报"), "utf-8")
    assert any("上报诉求" in line for line in schema.drift())
