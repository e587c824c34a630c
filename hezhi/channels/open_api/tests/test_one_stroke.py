"""A report is one statement (一句入件): nothing of what it promises is lost on the short way, also where it commits."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.db import close_old_connections, connection, connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from hezhi.channels.open_api.tests.world import GOOD, REPORTS, Platform, sentences, told
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.connect import keys
from hezhi.engines.connect.models import IdempotentRequest
from hezhi.engines.records import audit
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.vault import KeyRingRefused
from hezhi.ground.events import _listeners, listens

pytestmark = [pytest.mark.clause("9.1.2-1"), pytest.mark.api]


@pytest.fixture
def at_work(committing_db: None) -> Platform:
    """The platform over a database in which its requests commit, warm from a first report."""
    with transaction.atomic():
        build()
        keys.forget()
        platform = Platform()
    assert platform.report(key="first").status_code == 201
    return platform


def test_a_report_with_its_key_is_one_statement(at_work: Platform) -> None:
    with CaptureQueriesContext(connection) as sent:
        assert at_work.report(outside_number="Q-2", key="second").status_code == 201
    assert len(sent) <= 1, [each["sql"][:60] for each in sent]


def test_a_repetition_gets_the_first_answer_and_another_body_under_the_key_is_refused(at_work: Platform) -> None:
    first = at_work.report(outside_number="Q-2", key="k")
    again = at_work.report(outside_number="Q-2", key="k")
    assert (again.status_code, told(again), again["Idempotent-Replayed"]) == (201, told(first), "true")
    other = at_work.report(outside_number="Q-3", key="k")
    assert other.status_code == 409 and told(other)["error"]["code"] == "connect.key_reused"
    assert sorted(Case.objects.values_list("outside_number", flat=True)) == ["Q-1", "Q-2"]
    kept = IdempotentRequest.objects.get(key="report:k")
    assert kept.answer == {"told": told(first), "status": 201}


def test_the_same_key_many_times_at_once_makes_one_case_and_one_answer(at_work: Platform) -> None:
    def send(_: int) -> tuple[int, dict[str, Any]]:
        close_old_connections()
        try:
            answer = Platform(at_work.key).report(outside_number="Q-2", key="storm")
            return answer.status_code, told(answer)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(8)))
    assert all(answer == answers[0] for answer in answers) and answers[0][0] == 201
    assert Case.objects.filter(outside_number="Q-2").count() == 1


def test_a_place_outside_the_district_is_told_and_leaves_the_key_free(at_work: Platform) -> None:
    wrong = at_work.report(outside_number="Q-2", key="k", lon=10.0)
    assert wrong.status_code == 422 and "不在本区范围内" in sentences(wrong)
    assert not IdempotentRequest.objects.filter(key="report:k").exists()
    assert at_work.report(outside_number="Q-2", key="k").status_code == 201


def test_its_audit_row_is_whole_and_carries_the_trace_of_its_history(at_work: Platform) -> None:
    answer = at_work.report(outside_number="Q-2", key="k")
    case = Case.objects.get(outside_number="Q-2")
    entry = AuditEntry.objects.get(object_id=case.pk)
    assert audit.is_intact(entry) and (entry.event, entry.result) == ("cases.report", "ok")
    assert entry.request_id == answer["X-Request-Id"] and entry.address == "127.0.0.1"
    version = case.versions.get()
    assert version.pgh_context_id == entry.deed_id
    assert version.pgh_context["name"] == "示例热线平台" and version.pgh_context["verb"] == "cases.report"


def test_when_the_audit_cannot_be_written_there_is_no_case(at_work: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> bytes:
        raise KeyRingRefused("密钥文件夹里缺少 audit 的密钥")

    monkeypatch.setattr(audit, "mac", broken)
    assert at_work.report(outside_number="Q-2", key="k").status_code == 503
    assert not Case.objects.filter(outside_number="Q-2").exists()
    assert not IdempotentRequest.objects.filter(key="report:k").exists()


def test_what_a_listener_writes_stands_or_falls_with_the_case(at_work: Platform) -> None:
    @listens("cases.arrived")
    def refuse(**_: Any) -> None:
        raise KeyRingRefused("听者不能写下")

    try:
        assert at_work.report(outside_number="Q-2", key="k").status_code == 503
    finally:
        _listeners["cases.arrived"].remove(refuse)
    assert not Case.objects.filter(outside_number="Q-2").exists()


def test_a_rollback_that_makes_the_driver_forget_does_not_stop_the_next_report(at_work: Platform) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert at_work.report(outside_number="Q-2", key="k").status_code == 201


def test_a_connection_that_the_server_ended_is_replaced_before_the_next_report(at_work: Platform) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    close_old_connections()
    assert at_work.report(outside_number="Q-2", key="k").status_code == 201


def test_a_number_of_a_case_made_secret_later_is_known_all_the_same(platform: Platform, district: District) -> None:
    first = told(platform.report(key="a"))
    case = Case.objects.get()
    acceptor = district["centre.acceptor"]
    by = replace(acceptor, permissions=acceptor.permissions | {"cases.make_secret"})
    actions.claim_secret(case.pk, by=by, title="保密诉求", text="内容已隐去")
    again = platform.report(key="b")
    assert (again.status_code, told(again)["number"], told(again)["new"]) == (200, first["number"], False)
    assert Case.objects.count() == 1


# -- the short way ---------------------------------------------------------------------------------

HEADERS = (
    "X-Request-Id", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy",
    "Content-Security-Policy", "Permissions-Policy", "Cache-Control", "Content-Length",
)  # fmt: skip


def test_the_short_way_gives_the_same_headers_as_the_long_one(platform: Platform) -> None:
    short = platform.report()
    short_way = "hezhi.wiring.middleware.MachineDoor"
    with override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != short_way]):
        long = Platform(platform.key).report()
    assert short.status_code == 201 and long.status_code == 200
    assert [name for name in HEADERS if not short.has_header(name)] == []
    same = [name for name in HEADERS if name not in ("X-Request-Id", "Content-Length")]
    assert {name: short[name] for name in same} == {name: long[name] for name in same}
    assert not short.cookies and "Vary" not in short


def test_a_strange_host_is_refused_on_the_short_way_too(platform: Platform) -> None:
    answer = platform.call("POST", REPORTS, GOOD, Host="elsewhere.example")
    assert answer.status_code == 400 and not Case.objects.exists()


def test_a_fault_of_ours_is_a_letter_with_the_requests_number(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("hezhi.channels.open_api.rest.take_in", broken)
    answer = platform.report()
    error = told(answer)["error"]
    assert answer.status_code == 500 and error["code"] == "wiring.fault"
    assert answer["X-Request-Id"].endswith(error["number"])


def test_what_declares_no_right_does_not_go_the_short_way(platform: Platform) -> None:
    door = import_string("hezhi.wiring.middleware.MachineDoor")(lambda request: None)
    assert door._view(REPORTS) is not None and door._view(f"{REPORTS}Q-1/files/0") is not None
    assert door._view("/api/docs/") is None and door._view("/api/v1/cases/") is None
