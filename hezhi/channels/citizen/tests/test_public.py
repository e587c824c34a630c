"""9.1.2-1 公开地图和地点订阅: public matters with a blurred place, by map and by feed; nothing of a person goes out."""

from xml.etree import ElementTree

import pytest
from django.test import Client

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Category
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.testkit import traced

pytestmark = pytest.mark.clause("9.1.2-1")
SAID = {
    "title": "示例丁反映路灯",
    "text": "我是示例丁，路灯不亮",
    "name": "示例丁",
    "phone": "19900003333",
    "place": "示例小区7号楼2单元",
}
SECRETS = ("示例丁", "1990000", "7号楼", "路灯不亮", "SJ2")


@pytest.fixture
def district(db: None) -> District:
    """Lamps are public, water is not: one public matter, one secret, one of a closed category, one void."""
    district = build()
    traced()
    Category.objects.filter(code="0101").update(public=True)
    for code, more in (("0101", {}), ("0101", {"secret": True}), ("0102", {})):
        receipt = district.report(**(SAID | {"lon": 120.00543, "lat": 36.00587} | more))
        actions.accept(receipt.id, by=district["centre.acceptor"], category_id=district.categories[code].pk)
    void = district.report(**SAID)
    actions.accept(void.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    asked = actions.ask_void(void.id, by=district["centre.acceptor"], reason="误报")
    actions.decide(asked.pk, by=district["centre.duty_chief"], grant=True)
    return district


def test_the_public_map_shows_category_state_and_a_hundred_metres_and_nothing_else(district: District) -> None:
    page = Client().get("/c/open/").content.decode()
    assert "路灯照明" in page and "已受理" in page and "供水排水" not in page
    (point,) = Client().get("/c/open/points/").json()["features"]
    assert point == {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [120.005, 36.006]},
        "properties": {"name": "路灯照明", "state": "已受理"},
    }  # fmt: skip
    assert not any(word in page for word in SECRETS)
    assert Client().get("/c/open/points/?area=t2").json()["features"] == []
    assert Client().get("/c/open/?area=g11").status_code == 404, "nothing as near as a grid"


def test_whoever_subscribes_to_a_place_leaves_nothing_and_hears_of_each_state(district: District) -> None:
    page = Client().get("/c/open/?area=t1").content.decode()
    assert "/c/open/t1.atom" in page and "和安1社区" in page
    answer = Client().get("/c/open/c1.atom")
    assert answer["Content-Type"].startswith("application/atom+xml") and not any(
        word in answer.content.decode() for word in SECRETS
    )
    ns = "{http://www.w3.org/2005/Atom}"
    (entry,) = ElementTree.fromstring(answer.content).findall(f"{ns}entry")
    assert entry.find(f"{ns}title").text == "路灯照明：已受理（东1街道和安1社区）"
    assert ElementTree.fromstring(Client().get("/c/open/c2.atom").content).findall(f"{ns}entry") == []
    assert Client().get("/c/open/nowhere.atom").status_code == 404
