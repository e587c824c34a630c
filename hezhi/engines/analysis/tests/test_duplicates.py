"""Candidates for the same matter, with reasons, never a decision (疑似重复)."""

from collections import Counter
from dataclasses import replace

import pytest

from hezhi.engines.analysis.text.duplicates import Message, candidates, digest

STORY = "从昨天夜里开始就没有水，物业说是主管道爆了，家里有老人和孩子，请尽快安排送水车并说明恢复时间。"
ONE = Message("1", "海棠苑小区停水", "海棠苑小区" + STORY, area="370211005")


def test_the_same_text_is_a_twin_whatever_its_punctuation() -> None:
    other = Message("2", "海棠苑小区  停水!", ("海棠苑小区" + STORY).replace("，", ", "), area="370211005")
    [found] = candidates(ONE, [other])
    assert (found.kind, found.score, found.same_place) == ("twin", 1.0, True)
    assert "文字完全相同" in found.reasons
    assert digest(ONE.title, ONE.text) == digest(other.title, other.text)


def test_one_letter_sent_about_two_places_is_shown_but_not_as_one_place() -> None:
    other = Message("2", "润芳园小区停水", "润芳园小区" + STORY, area="370211005")
    [found] = candidates(ONE, [other])
    assert found.kind == "near"
    assert found.same_place is False
    assert any("海棠苑小区" in reason and "请核实" in reason for reason in found.reasons)


def test_twins_far_apart_are_told_apart_by_their_areas() -> None:
    plain = Message("1", "路灯不亮", "晚上黑灯瞎火，请来人修一下，已经三天了。", area="a")
    [found] = candidates(plain, [replace(plain, id="2", area="b")])
    assert found.kind == "twin"
    assert found.same_place is False


def test_the_place_is_unknown_when_nobody_named_one() -> None:
    plain = Message("1", "没有水", "早上起来就没有水，到现在也没有来，着急用水。")
    [found] = candidates(plain, [replace(plain, id="2")])
    assert found.same_place is None


def test_other_words_at_the_same_spot_are_proposed_with_the_distance() -> None:
    here = Message("1", "井盖丢了", "井口敞着，晚上看不见。", point=(120.1, 35.9), category="0205")
    near = Message("2", "有个洞没人盖", "路当中一个黑窟窿。", point=(120.1004, 35.9003), category="0205")
    far = replace(near, id="3", point=(120.2, 35.9))
    [found] = candidates(here, [near, far])
    assert (found.id, found.kind) == ("2", "beside")
    assert any("米" in reason for reason in found.reasons)
    assert "类别相同" in found.reasons


def test_certain_candidates_come_first_and_a_message_never_meets_itself() -> None:
    twin = replace(ONE, id="2")
    elsewhere = Message("3", "润芳园小区停水", "润芳园小区" + STORY)
    found = candidates(ONE, [elsewhere, ONE, twin])
    assert [c.id for c in found] == ["2", "3"]


def test_the_list_is_short() -> None:
    assert len(candidates(ONE, [replace(ONE, id=str(n)) for n in range(100, 200)], most=5)) == 5


def test_empty_and_broken_texts_do_no_harm() -> None:
    nothing = Message("1", "", "")
    assert candidates(nothing, [replace(nothing, id="2"), Message("3", "😀", "\ud800")]) == []


def test_in_the_demo_district_events_are_found_and_strangers_left_alone(
    rows: list[dict[str, str]], messages: list[Message]
) -> None:
    events = {row["number"]: row["event"] for row in rows}
    proposed: Counter[bool] = Counter()
    met: set[object] = set()
    for at, message in enumerate(messages):
        nearby = [other for other in messages[:at] if other.area == message.area]
        for found in candidates(message, nearby):
            right = bool(events[str(message.id)]) and events[str(message.id)] == events[str(found.id)]
            proposed[right] += 1
            met |= {message.id, found.id} if right else set()
    members = [number for number, event in events.items() if event]
    assert proposed[True] / proposed.total() >= 0.95
    assert len(met) / len(members) >= 0.75


@pytest.mark.parametrize("other", ["", "完全不同的另一件事情，说的是学校食堂的饭菜太凉。"])
def test_another_matter_in_the_same_grid_is_not_proposed(other: str) -> None:
    assert candidates(ONE, [Message("2", other[:6], other, area=ONE.area)]) == []
