"""The demo messages are whole, invented, and stand where they say (演示数据)."""

import csv
import json
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from shapely.geometry import Point, shape

from hezhi.ground.masks import find_personal

HOUSE = Path(__file__).resolve().parents[3]
CASES = HOUSE / "chapters" / "cases"
COMMUNITIES = HOUSE / "engines/geo/demo/huangdao_demo_communities.geojson"
CHANNELS = {"hotline", "grid", "online_media", "citizen", "walk_in", "police_110", "superior", "sensor"}
SHORTEST_BORROWED = 12


@pytest.fixture(scope="module")
def categories() -> dict[str, dict[str, object]]:
    facts = tomllib.loads((CASES / "handling/data/categories.toml").read_text(encoding="utf-8"))["category"]
    return {row["code"]: row for row in facts}


def test_every_row_can_be_taken_in(rows: list[dict[str, str]], categories: dict[str, dict[str, object]]) -> None:
    assert len(rows) >= 600
    assert {row["channel"] for row in rows} == CHANNELS
    for row in rows:
        assert row["title"] and row["detail"] and len(row["title"]) <= 120
        assert "parent" in categories[row["category"]]
        assert row["urgency"] in ("critical", "urgent", "normal")
        assert 0 < float(row["occurred"]) <= 45 * 1440


def test_every_category_occurs(rows: list[dict[str, str]], categories: dict[str, dict[str, object]]) -> None:
    assert {row["category"] for row in rows} == {code for code, row in categories.items() if "parent" in row}


def test_points_lie_in_the_communities_they_name(rows: list[dict[str, str]]) -> None:
    features = json.loads(COMMUNITIES.read_text(encoding="utf-8"))["features"]
    shapes = {f["properties"]["code"]: shape(f["geometry"]) for f in features}
    for row in rows:
        if row["lon"]:
            assert shapes[row["community_code"]].contains(Point(float(row["lon"]), float(row["lat"]))), row["title"]


def test_events_are_told_through_three_channels_in_different_words(rows: list[dict[str, str]]) -> None:
    events = defaultdict(list)
    for row in rows:
        if row["event"]:
            events[row["event"]].append(row)
    assert len(events) >= 12
    for members in events.values():
        assert 4 <= len(members) <= 25
        assert len({row["channel"] for row in members}) >= 3
        assert len({row["title"] for row in members}) == len(members)


def test_phones_and_numbers_in_the_texts_are_of_nobody(rows: list[dict[str, str]]) -> None:
    spans = [span for row in rows for span in find_personal(f"{row['title']}\n{row['detail']}")]
    assert {span.kind.name for span in spans} >= {"PHONE", "RESIDENT_ID", "BANK_CARD"}
    for span in spans:
        assert span.value.startswith(("1990000", "370200", "620000000000"))
    assert all(not row["reporter_phone"] or row["reporter_phone"].startswith("1990000") for row in rows)


def test_a_reader_of_fifty_rows_meets_no_sentence_twice(rows: list[dict[str, str]]) -> None:
    repeated = 0
    for start in range(0, len(rows) - 50, 50):
        sentences = [s for row in rows[start : start + 50] for s in re.split("[。！？；]", row["detail"]) if len(s) > 7]
        repeated += len(sentences) - len(set(sentences))
    assert repeated <= 12


def test_replies_belong_to_categories_and_to_messages(
    rows: list[dict[str, str]], categories: dict[str, dict[str, object]]
) -> None:
    titles = {row["title"]: row["category"] for row in rows}
    with (CASES / "handling/demo/replies.csv").open(encoding="utf-8", newline="") as file:
        replies = list(csv.DictReader(file))
    assert len(replies) >= 60
    for reply in replies:
        assert reply["solved"] in ("0", "1") and reply["text"] and reply["public_reply"].startswith("您好")
        assert not reply["answers"] or titles[reply["answers"]] == reply["category"]
    general = {reply["category"] for reply in replies if not reply["answers"]}
    assert general == {code for code, row in categories.items() if "parent" not in row}


def test_nothing_is_borrowed_from_real_messages(rows: list[dict[str, str]], shared: Path) -> None:
    ours = set()
    for row in rows:
        ours |= _runs(row["title"]) | _runs(row["detail"])
    # Masked numbers of the real messages (0000-00000000) are nobody's words.
    ours = {run for run in ours if sum(sign.isdigit() for sign in run) < 6}
    csv.field_size_limit(1 << 24)
    for name in ("messages_labelled_train", "messages_events"):
        with (shared / f"data/appeals-teddy2020/{name}.csv").open(encoding="utf-8", newline="") as file:
            for real in csv.DictReader(file):
                assert not ours & (_runs(real["title"]) | _runs(real["detail"]))


def _runs(text: str) -> set[str]:
    signs = re.sub(r"[\W_]", "", text)
    return {signs[i : i + SHORTEST_BORROWED] for i in range(len(signs) - SHORTEST_BORROWED + 1)}
