"""Places are guesses, and each says how it was made (地点识别)."""

import json
from pathlib import Path

import pytest
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.analysis import gazetteer
from hezhi.engines.analysis.text.places import HOW, Gazetteer, Place, looks_like_places, may_be_one, named_places
from hezhi.engines.geo.models import Area
from hezhi.engines.geo.models import Place as Named
from hezhi.engines.org.testkit import traced
from hezhi.ground import time

COMMUNITIES = Path(__file__).resolve().parents[2] / "geo/demo/huangdao_demo_communities.geojson"
PLACES = [
    Place("01", "长江路街道", "town"),
    Place("02", "大场镇", "town"),
    Place("0101", "长江中路社区", "community", "01"),
    Place("0102", "世纪新村第一社区", "community", "01"),
    Place("0103", "和平村", "community", "01"),
    Place("0201", "和平村", "community", "02"),
    Place("0202", "柳溪村", "community", "02"),
    Place("0203", "凤凰山社区", "community", "02"),
    Place("0102003", "世纪新村第一社区第3网格", "grid", "0102"),
    Place("0102012", "世纪新村第一社区第12网格", "grid", "0102"),
]


@pytest.fixture(scope="module", name="names")
def _names() -> Gazetteer:
    return Gazetteer(PLACES)


@pytest.mark.parametrize(
    ("text", "code", "how"),
    [
        ("家住长江中路社区三号楼", "0101", "full"),
        ("长江中路堵得厉害", "0101", "road"),
        ("凤凰山这边没有信号", "0203", "short"),
        ("大场镇有人倒垃圾", "02", "full"),
        ("世纪新村第一社区第3网格井盖丢了", "0102003", "full"),
        ("世纪新村第一社区十二号网格", "0102012", "full"),
        ("世纪新村第一社区３网格", "0102003", "full"),
        ("世纪新村第一社区第9网格", "0102", "full"),
    ],
)
def test_known_names_are_read_and_say_how(names: Gazetteer, text: str, code: str, how: str) -> None:
    guess = names.best(text)
    assert guess is not None
    assert (guess.code, guess.how) == (code, how)
    assert HOW[how] in guess.why


def test_a_name_that_two_places_bear_is_settled_by_the_town_beside_it(names: Gazetteer) -> None:
    settled = names.best("大场镇和平村的路坏了")
    assert settled is not None and settled.code == "0201"
    assert names.best("和平村的路坏了") is None
    [left_open] = names.find("和平村的路坏了")
    assert (left_open.code, left_open.level) == ("", "community")


def test_a_short_name_of_two_signs_is_too_little_to_be_sure(names: Gazetteer) -> None:
    assert names.best("柳溪边上的树") is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("请问锦绣花园小区什么时候供暖", {"锦绣花园小区"}),
        ("我们住在海棠苑，门口是晨帆小学", {"海棠苑", "晨帆小学"}),
        ("A3区学士路与枫林路交叉口", {"学士路", "枫林路"}),
        ("这条路没有路灯", set()),
        ("公路边的村民", set()),
        ("", set()),
    ],
)
def test_unknown_places_are_read_off_their_endings(text: str, names: set[str]) -> None:
    assert named_places(text) == names


@given(st.text(alphabet="我们在的路村长江中社区小学和平大场镇第3网格，。A1 ", max_size=60))
def test_a_guess_always_stands_where_it_says(text: str) -> None:
    for guess in [*Gazetteer(PLACES).find(text), *looks_like_places(text)]:
        assert text[guess.start : guess.end] == guess.text
        assert guess.text


def test_places_of_the_demo_messages_lie_where_the_messages_lie(rows: list[dict[str, str]]) -> None:
    features = json.loads(COMMUNITIES.read_text(encoding="utf-8"))["features"]
    facts = [feature["properties"] for feature in features]
    own = Gazetteer(Place(f["code"], f["name"], "community", f["town"]) for f in facts)
    found = [(own.best(f"{row['title']}。{row['detail']}"), row["community_code"]) for row in rows]
    right = [guess.code == code for guess, code in found if guess]
    assert len(right) > len(rows) / 2
    assert sum(right) / len(right) > 0.98


def test_roads_and_compounds_of_the_district_are_guesses_too_and_say_how() -> None:
    own = Gazetteer(
        [
            *PLACES,
            Place("0101", "海棠苑小区", "compound", "01"),
            Place("0101", "海棠苑", "compound", "01"),
            Place("02", "星河路", "road"),
            Place("0202", "柳溪书院", "landmark", "02"),
            Place("0101", "东路", "road", "01"),
        ]
    )
    compound = own.best("星河路边上的海棠苑小区停水")
    assert compound is not None and (compound.text, compound.code, compound.level) == ("海棠苑小区", "0101", "compound")
    road = own.best("星河路路灯不亮")
    assert road is not None and (road.how, road.code) == ("road", "02")
    assert own.best("柳溪书院门口堵车") is not None
    assert [guess.how for guess in own.find("星河东路的红旗小区")] == ["rule", "rule"], "two signs alone are no name"
    assert own.areas("海棠苑停水，大场镇也停了") == {"01", "02"}
    community = own.best("世纪新村第一社区第3网格", grids=False)
    assert community is not None and community.code == "0102"


@pytest.mark.django_db
def test_the_district_s_tables_and_the_registers_fill_the_gazetteer() -> None:
    traced()
    square = MultiPolygon(Polygon(((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))), srid=4326)
    more = {"shape": square, "centre": Point(0.5, 0.5, srid=4326), "valid_from": time.today()}
    town = Area.objects.create(code="370211901", name="示例街道", full_name="示例街道", level="town", **more)
    own = Area.objects.create(code="370211901001", name="杏林社区", full_name="示例街道杏林社区", level="community",
                              parent=town, town=town, **more)  # fmt: skip
    Named.objects.create(name="杏林北路", kind="道路", area=town)
    gazetteer._read.cache_clear()
    gazetteer.also(_compounds)
    try:
        names, ids = gazetteer.gazetteer(), gazetteer.area_ids()
        for text, code in (("杏林社区停水", own.code), ("杏林北路塌了", town.code), ("杏花春雨苑的电梯", own.code)):
            guess = names.best(text)
            assert guess is not None and guess.code == code and guess.code in ids
        assert names.areas("杏花春雨苑的电梯坏了") == {town.code}
    finally:
        gazetteer._sources.remove(_compounds)
        gazetteer._read.cache_clear()


def _compounds() -> list[Place]:
    return [Place("370211901001", "杏花春雨苑", "compound", "370211901")]


@pytest.mark.parametrize(("one", "other", "may"), [
    ("海棠小区", "海棠新城小区", True), ("海棠新城小区", "海棠新城社区", True), ("春风中学", "春风实验中学", True),
    ("春风中学", "春风中学", True), ("实验小学", "实验中学", False), ("阳光一小区", "阳光二小区", False),
    ("星河东路", "星河西路", False), ("海棠苑小区", "润芳园小区", False), ("东六路", "东四线", False),
])  # fmt: skip
def test_two_names_may_mean_one_place_when_they_begin_alike(one: str, other: str, may: bool) -> None:
    assert may_be_one(one, other) is may_be_one(other, one) is may
