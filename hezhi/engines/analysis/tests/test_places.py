"""Places are guesses, and each says how it was made (地点识别)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.analysis.text.places import HOW, Gazetteer, Place, looks_like_places, named_places

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


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
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
def test_known_names_are_read_and_say_how(gazetteer: Gazetteer, text: str, code: str, how: str) -> None:
    guess = gazetteer.best(text)
    assert guess is not None
    assert (guess.code, guess.how) == (code, how)
    assert HOW[how] in guess.why


def test_a_name_that_two_places_bear_is_settled_by_the_town_beside_it(gazetteer: Gazetteer) -> None:
    settled = gazetteer.best("大场镇和平村的路坏了")
    assert settled is not None and settled.code == "0201"
    assert gazetteer.best("和平村的路坏了") is None
    [left_open] = gazetteer.find("和平村的路坏了")
    assert (left_open.code, left_open.level) == ("", "community")


def test_a_short_name_of_two_signs_is_too_little_to_be_sure(gazetteer: Gazetteer) -> None:
    assert gazetteer.best("柳溪边上的树") is None


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
    gazetteer = Gazetteer(Place(f["code"], f["name"], "community", f["town"]) for f in facts)
    found = [(gazetteer.best(f"{row['title']}。{row['detail']}"), row["community_code"]) for row in rows]
    right = [guess.code == code for guess, code in found if guess]
    assert len(right) > len(rows) / 2
    assert sum(right) / len(right) > 0.98
