"""9.1.2-1 公开地图和地点订阅: public matters with a blurred place, by map and by feed; nothing of a person goes out."""

from xml.etree import ElementTree

import pytest
from django.test import Client

from hezhi.channels.citizen import rules
from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.models import Case, Category
from hezhi.chapters.cases.intake.testkit import District, build
from hezhi.engines.org.testkit import enter, traced

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


NEAR = "/c/near/?lng=120.00543&lat=36.00587&kind=01"


def test_what_is_near_is_told_by_category_day_and_distance_and_in_no_word_of_a_reporter(district: District) -> None:
    """The number in the title, the closed category, the secret, the void and the not yet accepted one stay with us."""
    more = {"title": "找示例丁 19900003333 修路灯", "lon": 120.00543, "lat": 36.00587}
    fresh = district.report(**(SAID | more))
    (told,) = Client().get(NEAR).json()["reports"]
    assert told["text"].startswith("路灯照明，约 50 米（") and "已有人反映" in told["text"]
    actions.accept(fresh.id, by=district["centre.acceptor"], category_id=district.categories["0101"].pk)
    for door in (
        Client().get(NEAR),
        enter(Client(), district.people["grid11.grid_worker"]).get(NEAR.replace("/c/", "/g/")),
    ):
        said = door.json()["reports"]
        assert len(said) == 2 and not any(word in str(said) for word in (*SECRETS, "3333", "供水排水", "找示例"))
    assert Client().get(NEAR.replace("kind=01", "kind=02")).json()["reports"] == []
    Category.objects.filter(code="0101").update(public=False)
    assert Client().get(NEAR).json()["reports"] == [], "the rule of the public map and no other"


def test_asking_from_many_sides_tells_no_nearer_place_than_the_map(district: District) -> None:
    """Two matters of one blurred place answer alike from everywhere, however far from each other they are."""

    def seen() -> list[str]:
        sides = [(n / 4000, m / 4000) for n in range(-8, 9, 4) for m in range(-8, 9, 4)]
        asked = (f"/c/near/?lng={120.00543 + x}&lat={36.00587 + y}&kind=01" for x, y in sides)
        return [one["text"] for url in asked for one in Client().get(url).json()["reports"]]

    before = seen()
    traced()
    Case.objects.filter(point__isnull=False).update(point="SRID=4326;POINT(120.00459 36.00641)")
    assert seen() == before and before


def test_near_places_are_asked_for_as_people_do_and_not_by_the_thousand(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_LOOKS_PER_HOUR", 3)
    phone = Client(REMOTE_ADDR="192.0.2.77")
    assert [phone.get(NEAR).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert Client(REMOTE_ADDR="192.0.2.78").get(NEAR).status_code == 200
    for n, odd in enumerate(("lng=nan&lat=36", "lng=inf&lat=36", "lng=1e999&lat=36", "lng=x&lat=36")):
        assert Client(REMOTE_ADDR=f"192.0.2.{n}").get(f"/c/near/?{odd}").json() == {"reports": []}
