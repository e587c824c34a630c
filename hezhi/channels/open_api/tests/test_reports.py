"""Outer systems report, follow and add (开放接口, 9.1.2-1): once, in its grid, in public words, each for himself."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import close_old_connections, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from PIL import Image

from hezhi.channels.open_api.tests.world import GOOD, REPORTS, Platform, make_key, sentences, told
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case, Reporter, Step
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.connect import keys
from hezhi.engines.records.models import Attachment, AuditEntry

pytestmark = [pytest.mark.clause("9.1.2-1"), pytest.mark.api]


def test_a_report_becomes_a_case_in_its_grid_and_the_same_number_gives_the_same_case(
    platform: Platform, district: District
) -> None:
    first = platform.report()
    assert first.status_code == 201, first.content
    receipt = told(first)
    case = Case.objects.get(number=receipt["number"])
    assert (case.grid, case.source, case.outside_channel) == (district.areas["g11"], "hotline", "hotline")
    assert (receipt["state_name"], receipt["new"]) == ("已收到", True)
    assert Reporter.objects.get(case=case).phone == "19900001111"
    entry = AuditEntry.objects.get(object_id=case.pk, event="cases.report")
    assert (entry.actor_kind, entry.actor_name) == ("channel", "示例热线平台")
    again = platform.report(text="换了说法")
    assert (again.status_code, told(again)["number"], told(again)["new"]) == (200, receipt["number"], False)
    assert Case.objects.count() == 1


def test_two_platforms_may_use_the_same_number(platform: Platform) -> None:
    other = Platform(system="police", name="示例 110", source="police_110")
    assert platform.report().status_code == 201 and other.report().status_code == 201
    assert Case.objects.count() == 2


def test_a_number_that_came_by_file_is_known_at_the_door(platform: Platform, district: District) -> None:
    district.report(outside_channel="hotline", outside_number="Q-1")
    assert told(platform.report())["new"] is False


def test_a_request_sent_again_with_its_key_gets_the_first_answer(platform: Platform) -> None:
    first, again = platform.report(key="try-1"), platform.report(key="try-1")
    assert (again.status_code, told(again)) == (first.status_code, told(first))
    assert again["Idempotent-Replayed"] == "true"
    other = platform.report(key="try-1", outside_number="Q-2")
    assert other.status_code == 409 and "已用于另一份" in sentences(other)
    assert platform.report(key="零").status_code == 422
    assert Case.objects.count() == 1


def test_a_refused_request_keeps_its_key_for_the_next_try(platform: Platform) -> None:
    assert platform.report(key="try-2", lon=10.0).status_code == 422
    assert platform.report(key="try-2").status_code == 201, "nothing was done under it"


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"outside_number": None}, "outside_number", "缺少这一项"),
    ({"outside_number": ""}, "outside_number", "不能为空"),
    ({"outside_number": "9" * 61}, "outside_number", "最多 60 个字"),
    ({"outside_number": "a b"}, "outside_number", "不能含有空格"),
    ({"outside_number": "a\x00"}, "outside_number", "不能含有空格"),
    ({"outside_number": ".."}, "outside_number", "不能只有点号"),
    ({"title": 5}, "title", "应为文字"),
    ({"titel": "路灯"}, "titel", "没有这个字段"),
    ({"lon": "120"}, "lon", "应为数字"),
    ({"crs": None}, "crs", "系统不猜测坐标系"),
    ({"crs": "EPSG:9999"}, "crs", "不在可选值之内"),
    ({"lon": 10.0, "lat": 10.0}, "place", "不在本区范围内"),
    ({"lat": None}, "lon", "同时填写"),
    ({"name": "长" * 10_000}, "name", "最多 60 个字"),
    ({"phone": "12"}, "phone", ""),
    ({"occurred_at": "2099-01-01T00:00:00+08:00"}, "occurred_at", "将来"),
    ({"occurred_at": "2026-03-05 09:30"}, "occurred_at", "带时区的时间"),
    ({"occurred_at": "2026-03-05T09:30:00"}, "occurred_at", "带时区的时间"),
    ({"received_at": "0001-01-01T00:00:00+14:00"}, "received_at", "1990"),
    ({"urgency": "super"}, "urgency", "不在可选值之内"),
    ({"answers": {"问": "长" * 201}}, "answers", "最多 200 个字"),
    ({"answers": {str(n): "答" for n in range(31)}}, "answers", "最多 30 项"),
    ({"title": "", "text": ""}, "text", "请写明反映的问题"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "field", "said"), WRONG, ids=[f"{f}-{n}" for n, (_, f, _) in enumerate(WRONG)])
def test_a_wrong_report_is_refused_with_a_sentence_at_its_field(
    platform: Platform, given: dict[str, Any], field: str, said: str
) -> None:
    answer = platform.report(**given)
    assert answer.status_code == 422, answer.content
    error = told(answer)["error"]
    assert field in error["fields"] and said in sentences(answer)
    assert error["number"] and error["remedy"] and not Case.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "不是完整的 JSON"),
        (b"\xff\xfe", 400, "不是完整的 JSON"),
        (b"[]", 422, "应为JSON 对象"),
        (b"", 400, "不是完整的 JSON"),
        (b'{"outside_number": "\\ud800"}', 400, ""),
        (b'{"lon": 1e999, "outside_number": "1"}', 422, ""),
        (b"[" * 100_000, 400, ""),
        (b" " * (300 * 1024), 413, "过大"),
        (b" " * (6 * 1024 * 1024), 413, "过大"),
    ],
    ids=["cut", "no utf-8", "a list", "nothing", "half a pair", "too big a number", "deep", "300 KB", "6 MB"],
)
def test_a_body_that_is_no_report_is_refused_with_a_letter(
    platform: Platform, body: bytes, status: int, said: str
) -> None:
    answer = platform.call("POST", REPORTS, body, **{"Content-Type": "application/json"})
    assert answer.status_code in ({status, 422} if body[:1] in (b"[", b"{") else {status}), answer.content
    assert said in sentences(answer)


def test_without_a_right_key_nothing_opens(platform: Platform) -> None:
    for key in ("", "Bearer nonsense", f"Bearer {platform.key.row.prefix}.wrong", "Basic x"):
        answer = platform.call("POST", REPORTS, GOOD, Authorization=key)
        assert answer.status_code == 401 and told(answer)["error"]["code"] == "connect.unknown_key"
    reader = Platform(make_key(system="reader", scopes=["reports.read"]))
    assert reader.report().status_code == 403
    assert reader.call("GET", f"{REPORTS}Q-1/").status_code == 404
    assert Platform(make_key(system="none", scopes=["other.things"])).call("GET", f"{REPORTS}Q-1/").status_code == 403


def test_a_platform_that_asks_too_often_is_told_when_to_come_again(district: District) -> None:
    hasty = Platform(system="hasty", quota_per_minute=2)
    answers = [hasty.call("GET", f"{REPORTS}X/") for _ in range(3)]
    assert [a.status_code for a in answers] == [404, 404, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60


def test_a_signed_request_is_taken_once_and_a_changed_one_never(district: District) -> None:
    signing = Platform(must_sign=True)
    assert signing.report().status_code == 201
    signing.sent -= 1
    assert signing.report(outside_number="Q-2").status_code == 401, "the same nonce again"
    signing.signs = False
    assert signing.report(outside_number="Q-3").status_code == 401, "no signature"
    assert Case.objects.count() == 1


def test_the_progress_is_told_in_public_words_and_only_to_its_own_platform(
    platform: Platform, district: District
) -> None:
    platform.report(outside_due_at="2026-12-01T18:00:00+08:00")
    case = Case.objects.get()
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk, text="内部意见")
    actions.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    answer = platform.call("GET", f"{REPORTS}Q-1/")
    progress = told(answer)
    assert (progress["state_name"], progress["unit"]) == ("已派单", "示例区城市管理局")
    assert progress["outside_due_at"] == "2026-12-01T10:00:00Z" and progress["due_at"]
    assert progress["category"] == "市政设施/路灯照明" and progress["steps"][0]["text"] == "已收到您反映的问题。"
    assert "内部意见" not in answer.content.decode() and "19900001111" not in answer.content.decode()
    other = Platform(system="other", name="别的平台")
    assert other.call("GET", f"{REPORTS}Q-1/").status_code == 404
    assert platform.call("GET", f"{REPORTS}Q-9/").status_code == 404
    assert platform.call("GET", f"{REPORTS}%00/").status_code == 404


def test_a_secret_report_shows_its_number_and_state_alone(platform: Platform, district: District) -> None:
    assert platform.report(secret=True, text="举报某经办人吃拿卡要").status_code == 201
    assert told(platform.report(secret=True))["new"] is False, "its number lies sealed and is known all the same"
    assert "吃拿卡要" not in Case.objects.get().text
    shown = told(platform.call("GET", f"{REPORTS}Q-1/"))
    assert shown["state_name"] == "已收到" and (shown["steps"], shown["reply"], shown["unit"]) == ([], "", "")
    platform.call("POST", f"{REPORTS}Q-1/supplement/", {"text": "还有录音为证"})
    case = Case.objects.get()
    assert "录音" in case.sealed_text
    assert not any("录音" in step.text + case.text for step in Step.objects.all())
    platform.call("PUT", f"{REPORTS}Q-1/files/0/", picture())
    assert Attachment.objects.get().visibility == "secret"


def test_the_platforms_verdict_and_limit_are_kept_beside_ours(platform: Platform) -> None:
    platform.report()
    before = Case.objects.get()
    answer = platform.call(
        "PATCH", f"{REPORTS}Q-1/", {"verdict": "平台判定属实", "outside_due_at": "2026-12-24T00:00:00Z"}
    )
    assert answer.status_code == 200 and told(answer)["outside_verdict"] == "平台判定属实"
    case = Case.objects.get()
    assert (case.state, case.due_at) == (before.state, before.due_at)
    assert Step.objects.filter(verb="note_outside").count() == 1
    again = platform.call("PATCH", f"{REPORTS}Q-1/", {"verdict": "平台判定属实"})
    assert again.status_code == 200 and Step.objects.filter(verb="note_outside").count() == 1
    platform.call("PATCH", f"{REPORTS}Q-1/", {"outside_due_at": None})
    assert Case.objects.get().outside_due_at is None
    assert case.versions.count() >= 2
    assert platform.call("PATCH", f"{REPORTS}Q-1/", {"verdict": "长" * 61}).status_code == 422
    assert platform.call("PATCH", f"{REPORTS}Q-9/", {"verdict": "x"}).status_code == 404


def test_what_the_desk_asked_for_can_be_supplied_and_the_clock_goes_on(platform: Platform, district: District) -> None:
    platform.report()
    case = Case.objects.get()
    actions.ask_supplement(case.pk, by=district["centre.acceptor"], reason="请补充楼栋")
    assert told(platform.call("GET", f"{REPORTS}Q-1/"))["state_name"] == "请补充"
    path = f"{REPORTS}Q-1/supplement"
    first = platform.call("POST", path, {"text": "在 12 号楼北侧"}, **{"Idempotency-Key": "s-1"})
    again = platform.call("POST", path, {"text": "在 12 号楼北侧"}, **{"Idempotency-Key": "s-1"})
    assert (first.status_code, told(first)) == (200, told(again))
    case.refresh_from_db()
    assert case.state == "to_accept" and case.text.count("12 号楼北侧") == 1
    more = platform.call("POST", path, {"text": "另有两盏也不亮"})
    assert more.status_code == 200 and Step.objects.filter(verb="add_from_outside", text="另有两盏也不亮").exists()
    assert platform.call("POST", path, {"text": " "}).status_code == 422


def test_a_matter_that_has_ended_takes_no_more_words(platform: Platform, district: District) -> None:
    platform.report()
    case = Case.objects.get()
    actions.answer_directly(
        case.pk, by=district["centre.acceptor"], reply="已答复", category_id=district.categories["0101"].pk
    )
    actions.call_back(case.pk, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    answer = platform.call("POST", f"{REPORTS}Q-1/supplement/", {"text": "还有一点"})
    assert answer.status_code == 409 and "已经结束" in sentences(answer)
    assert told(platform.call("GET", f"{REPORTS}Q-1/"))["reply"] == "已答复"


def picture(colour: str = "red", size: int = 40) -> bytes:
    """A small photo."""
    Image.new("RGB", (size, size), colour).save(out := io.BytesIO(), "JPEG")
    return out.getvalue()


def test_files_come_one_by_one_and_each_is_kept_once(platform: Platform) -> None:
    platform.report()
    path = f"{REPORTS}Q-1/files/0?name=%E7%8E%B0%E5%9C%BA.jpg"
    first = platform.call("PUT", path, picture())
    assert first.status_code == 201 and told(first)["name"] == "现场.jpg"
    again = platform.call("PUT", path, picture())
    assert (again.status_code, again.content) == (200, first.content)
    assert platform.call("PUT", path, picture("blue")).status_code == 409, "another file under the same number"
    assert platform.call("PUT", f"{REPORTS}Q-1/files/1/", picture("blue")).status_code == 201
    assert told(platform.call("GET", f"{REPORTS}Q-1/"))["files"] == 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("Q-1/files/20/", b"x", 422),
        ("Q-9/files/0/", b"x", 404),
        ("Q-1/files/0/", b"", 422),
        ("Q-1/files/0/", b"MZ" + b"\0" * 200, 422),
        ("Q-1/files/0/?name=x.jpg", b"%PDF-1.7 nonsense", 422),
        ("Q-1/files/0/", b"0" * (20 * 1024 * 1024 + 1), 413),
        ("Q-1/files/99999999999999999999/", b"x", 422),
    ],
    ids=["twenty-first", "no such report", "nothing", "a program", "disguised", "20 MB", "far number"],
)
def test_a_file_that_cannot_be_kept_is_refused(platform: Platform, path: str, body: bytes, status: int) -> None:
    platform.report()
    answer = platform.call("PUT", f"{REPORTS}{path}", body)
    assert answer.status_code == status, answer.content
    assert not Attachment.objects.exists()


def test_a_photo_of_ten_megabytes_passes_under_a_signature(district: District) -> None:
    signing = Platform(must_sign=True)
    signing.report()
    noise = Image.effect_noise((2600, 2600), 120).convert("RGB")
    noise.save(out := io.BytesIO(), "JPEG", quality=98)
    assert len(out.getvalue()) > 5 * 1024 * 1024
    assert signing.call("PUT", f"{REPORTS}Q-1/files/0/", out.getvalue()).status_code == 201


def test_categories_can_be_read(platform: Platform) -> None:
    items = told(platform.call("GET", "/api/v1/report-categories/"))["items"]
    assert {"code": "0101", "name": "路灯照明", "full_name": "市政设施/路灯照明", "parent": "01"} in items


def test_an_unknown_category_is_kept_for_the_desk(platform: Platform) -> None:
    assert platform.report(category="X9", category_name="照明类").status_code == 201
    case = Case.objects.get()
    assert case.category is None and case.answers == {"来源类别": "照明类"}


def test_a_method_an_address_does_not_take_is_refused_with_the_ones_it_takes(platform: Platform) -> None:
    answer = platform.call("DELETE", f"{REPORTS}Q-1/")
    assert answer.status_code == 405 and answer["Allow"] == "GET, PATCH"


def test_one_machine_report_costs_few_statements(committing_db: None) -> None:
    """Counted where it commits, so that no savepoint of the test itself is among them."""
    with transaction.atomic():
        build()
        keys.forget()
        platform = Platform()
    platform.report(key="warm")
    keys.forget()
    assert statements_of(lambda: platform.report(outside_number="Q-2", key="cold")) <= 9, "the key is read afresh"
    assert statements_of(lambda: platform.report(outside_number="Q-3", key="more")) <= 6, "key, audit, idempotency"
    assert statements_of(lambda: platform.report(outside_number="Q-4")) <= 4, "the outside number alone"
    assert statements_of(lambda: platform.report(outside_number="Q-4", key="again")) <= 8, "known already"


def statements_of(send: Callable[[], Any]) -> int:
    """How many statements a request costs the database."""
    with CaptureQueriesContext(connection) as queries:
        assert send().status_code in (200, 201)
    return len(queries)


def test_two_at_once_with_the_same_number_make_one_case(committing_db: None) -> None:
    with transaction.atomic():
        build()
        keys.forget()
        key = make_key()

    def send(_: int) -> int:
        close_old_connections()
        try:
            return int(Platform(key).report().status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(send, range(4)))
    assert statuses == [200, 200, 200, 201] and Case.objects.count() == 1


def test_json_numbers_and_texts_survive_as_sent(platform: Platform) -> None:
    strange = "引号\" 斜杠\\ 表情😀 <script>alert(1)</script> ' OR 1=1 --"
    assert platform.report(title=strange, text=strange).status_code == 201
    assert Case.objects.get().title == strange
