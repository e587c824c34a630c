"""Taking messages in (9.1.2-1): once, in the right grid, with its clock; and refusals that say what is wrong."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hezhi.chapters.cases.handling.models import Case, Category, Reporter, Step
from hezhi.chapters.cases.intake.testkit import FROM, District, case_of, forget
from hezhi.engines.flow.models import Deadline, LimitRule, ToDo
from hezhi.engines.org.testkit import traced
from hezhi.engines.records.models import AuditEntry
from hezhi.engines.records.vault import blind
from hezhi.ground import time
from hezhi.ground.errors import BadInput

pytestmark = pytest.mark.clause("9.1.2-1")


def test_a_message_gets_a_grid_a_desk_a_limit_and_a_to_do(district: District) -> None:
    receipt = district.report(name="示例甲", phone="19900001111")
    case = case_of(receipt)
    assert (case.grid, case.town, case.desk) == (
        district.areas["g11"], district.areas["t1"], district.units["centre"],
    )  # fmt: skip
    assert case.suggestion["category"] == "0101"
    assert Deadline.objects.get(object_id=case.pk).stage == "accept"
    assert ToDo.objects.get(object_id=case.pk).permission == "cases.accept"
    assert Step.objects.get(case=case).verb == "report"
    assert AuditEntry.objects.filter(object_id=case.pk, event="cases.report").count() == 1
    assert case.versions.count() == 1, "the history sees the row of the hot path too"


def test_the_reporter_is_sealed_and_found_only_by_the_whole_phone(district: District) -> None:
    district.report(name="示例甲", phone="199 0000 1111")
    with connection.cursor() as cursor:
        cursor.execute("select name, phone from handling_reporter")
        (row,) = cursor.fetchall()
    assert "示例甲" not in str(row) and "19900001111" not in str(row)
    found = Reporter.objects.get(phone_blind=blind("phone", "19900001111"))
    assert found.name == "示例甲"


def test_the_same_outside_number_gives_the_same_case(district: District) -> None:
    first = district.report(outside_channel="12345", outside_number="Q-1")
    again = district.report("换了说法", outside_channel="12345", outside_number="Q-1")
    assert (again.number, again.new) == (first.number, False)
    assert Case.objects.count() == 1


def test_a_message_without_a_point_is_placed_by_its_words_and_marked_as_a_guess(district: District) -> None:
    receipt = district.report("和安2社区路口的路灯不亮", lon=None, lat=None, crs="")
    case = case_of(receipt)
    assert case.community == district.areas["c2"] and case.grid is None and case.place_guessed


def test_what_was_dealt_with_on_the_spot_is_a_numbered_case_without_dispatch(district: District) -> None:
    receipt = district.report(source="grid", by="grid11.grid_worker", spot_result="已清理路面散落的树枝。")
    case = case_of(receipt)
    assert (case.state, case.on_the_spot, case.reply) == ("closed", True, "已清理路面散落的树枝。")
    assert not ToDo.objects.filter(object_id=case.pk).exists()


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"lon": 10.0, "lat": 10.0}, "place", "不在本区范围内"),
        ({"crs": ""}, "crs", "不猜测坐标系"),
        ({"crs": "EPSG:9999"}, "crs", "不猜测坐标系"),
        ({"lat": None}, "lon", "同时填写"),
        ({"lon": 36.0, "lat": 120.0}, "lon", "写反"),
        ({"lon": float("nan")}, "lon", "不是有效数字"),
        ({"source": "pigeon"}, "source", "不在名单内"),
        ({"urgency": "super"}, "urgency", "紧急程度"),
        ({"name": "长" * 10_000}, "name", "最多 60 个字"),
        ({"text": "", "title": ""}, "text", "请写明"),
        ({"text": "长" * 5_001}, "text", "最多 5000 个字"),
        ({"phone": "12"}, "phone", "联系电话"),
    ],
)  # fmt: skip
def test_a_wrong_message_is_refused_with_a_sentence_at_its_field(
    district: District, given: dict[str, object], field: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        district.report(**({"text": "路灯不亮"} | given))  # type: ignore[arg-type]
    assert any(said in sentence for sentence in refused.value.fields[field])
    assert Case.objects.count() == 0


def test_a_time_in_the_future_is_refused(district: District) -> None:
    with pytest.raises(BadInput, match="将来"):
        district.report(occurred_at=time.now() + timedelta(days=1))


def test_a_script_in_a_title_stays_text(district: District) -> None:
    receipt = district.report(title="<script>alert(1)</script>")
    assert case_of(receipt).title == "<script>alert(1)</script>"


def test_the_limit_to_accept_is_that_of_the_category_where_nobody_says_how_urgent(district: District) -> None:
    traced()
    Category.objects.filter(code="0101").update(urgency="critical")
    LimitRule.objects.create(
        name="特急受理", stage="accept", urgency="critical", amount=15, unit="minutes", valid_from=FROM
    )
    forget()
    words = {"category": "0101", "text": "需要处理一下", "title": "需要处理"}
    silent, said, plain = (district.report(**words, urgency=urgency) for urgency in ("", "critical", "normal"))
    limits = {d.object_id: (d.amount, d.clock) for d in Deadline.objects.filter(stage="accept")}
    assert Case.objects.get(pk=silent.id).urgency == "critical"
    assert limits[silent.id] == limits[said.id] != limits[plain.id]


def test_an_unknown_category_leaves_the_suggestion_to_the_desk(district: District) -> None:
    receipt = district.report(category="9999")
    assert case_of(receipt).category is None


def test_taking_in_costs_few_statements(district: District) -> None:
    district.report()
    by = district["centre.acceptor"]
    from hezhi.chapters.cases.intake.api import Message, take_in

    with CaptureQueriesContext(
        connection,
    ) as queries:
        take_in(Message(source="hotline", text="再来一件", lon=120.005, lat=36.005, crs="EPSG:4326"), by=by)
    statements = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(statements) <= 3, "\n".join(s[:90] for s in statements)
