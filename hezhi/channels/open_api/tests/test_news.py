"""What a platform hears of its matters (状态回推): every new state, signed, in the verb's own transaction, nothing personal."""

import json
from typing import Any

import pytest

from hezhi.channels.open_api.tests.world import Platform, make_key
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case
from hezhi.chapters.cases.intake.testkit import District, order_of
from hezhi.engines.connect.models import Webhook
from hezhi.engines.connect.rules import body_faults
from hezhi.ground.errors import NotAllowed

pytestmark = [pytest.mark.clause("9.1.2-1"), pytest.mark.api]


@pytest.fixture
def listening(district: District) -> Platform:
    """A platform that has given an address for news."""
    return Platform(webhook_url="https://hotline.example.cn/hezhi")


def brought(platform: Platform, **given: Any) -> Case:
    """A matter of this platform."""
    assert platform.report(**given).status_code == 201
    return Case.objects.latest("id")


def news() -> list[tuple[str, str, str]]:
    """What waits to be pushed, oldest first: verb, public state, unit."""
    rows = Webhook.objects.order_by("id")
    return [(row.body["verb"], row.body["state_name"], row.body.get("unit", "")) for row in rows]


def test_a_platform_hears_of_every_new_state_of_its_matter(listening: Platform, district: District) -> None:
    case = brought(listening)
    assert news() == [], "it knows itself that it has reported"
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    actions.dispatch(case.pk, by=district["centre.dispatcher"], lead_id=district.units["light"].pk)
    order = order_of(case.pk, district.units["light"])
    actions.sign(order.pk, by=district["light.handler"])
    actions.comment(case.pk, by=district["light.handler"], text="内部批注")
    actions.reply(order.pk, by=district["light.handler"], text="内部办理情况", public_reply="您好，已修好。")
    actions.review(order.pk, by=district["light.reviewer"])
    actions.call_back(case.pk, by=district["centre.caller"], reached=True, solved=True, satisfied=True)
    light = "示例区城市管理局"
    assert news() == [
        ("accept", "已受理", ""), ("dispatch", "已派单", light), ("sign", "办理中", light), ("reply", "办理中", light),
        ("review", "已答复", light), ("call_back", "已办结", light),
    ]  # fmt: skip
    last = Webhook.objects.latest("id").body
    assert (last["outside_number"], last["satisfied"], last["round"]) == ("Q-1", True, 1) and last["closed_at"]


def test_news_hold_no_person_and_no_free_text(listening: Platform, district: District) -> None:
    case = brought(listening, title="示例甲反映路灯", place="平江路 12 号")
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk, text="内部意见")
    body = Webhook.objects.get().body
    assert body_faults(body) == []
    whole = json.dumps(body, ensure_ascii=False)
    told = ("示例甲", "19900001111", "平江路", "内部意见", district.people["centre.acceptor"].full_name)
    assert not any(word in whole for word in told)


def test_a_secret_matter_tells_its_number_and_state_alone(listening: Platform, district: District) -> None:
    case = brought(listening, secret=True, text="举报某经办人吃拿卡要")
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    body = Webhook.objects.get().body
    assert body["number"] == case.number and not {"unit", "category", "outside_number"} & set(body)


def test_a_number_that_looks_like_a_phone_stops_no_verb(listening: Platform, district: District) -> None:
    case = brought(listening, outside_number="13800001111")
    actions.accept(case.pk, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    assert "outside_number" not in Webhook.objects.get().body


def test_matters_of_others_and_of_our_own_make_no_news(listening: Platform, district: District) -> None:
    make_key(system="quiet", name="没有登记回推地址的平台")
    for case in (district.report().id, brought(Platform(make_key(system="silent")), outside_number="S-1").pk):
        actions.accept(case, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    assert not Webhook.objects.exists()


def test_what_fails_makes_no_news(listening: Platform, district: District) -> None:
    case = brought(listening)
    with pytest.raises(NotAllowed):
        actions.accept(case.pk, by=district["light.handler"], category_id=district.categories["0101"].pk)
    assert not Webhook.objects.exists()


def test_the_platforms_own_verdict_is_not_told_back_to_it(listening: Platform) -> None:
    brought(listening)
    listening.call("PATCH", "/api/v1/reports/Q-1/", {"verdict": "平台判定属实"})
    assert not Webhook.objects.exists()
