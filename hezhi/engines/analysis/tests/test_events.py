"""Messages find their event in one pass; people and places keep events apart (事件发现)."""

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hezhi.engines.analysis.events.kept import packed, unpacked
from hezhi.engines.analysis.events.measure import Known, event_figures, read_known, stream_events, tell
from hezhi.engines.analysis.events.scores import agreement
from hezhi.engines.analysis.events.stream import Settings, Stream
from hezhi.engines.analysis.events.terms import terms_of
from hezhi.engines.analysis.events.titles import Member, name_of
from hezhi.ground.errors import BadInput

DAY = 86400.0
STORY = "从上周开始水压不足，五楼以上几乎没有水，物业说要等加压泵配件，请水务部门协调尽快解决居民用水。"
TALK = [
    ("海棠苑小区五楼以上没有水", "海棠苑小区" + STORY),
    ("星河路夜间施工吵人", "星河路改造工地半夜还在打桩，附近居民睡不着，请城管部门管一管。"),
    ("海棠苑停水好几天了", "我家住海棠苑小区，水压不足好几天，加压泵坏了没人修，居民用水困难。"),
    ("春风小学门口堵车", "每天放学春风小学门口车辆乱停，孩子过马路危险，请交警疏导。"),
    ("星河路工地半夜打桩扰民", "星河路改造工地夜间施工打桩噪音太大，投诉几次没有效果。"),
]


def _fill(stream: Stream, messages: list[tuple[str, str]], at: float = 0.0) -> list[object]:
    start = len(stream)
    return [stream.add(t, at, start + n).event for n, t in enumerate(terms_of(messages))]


def test_messages_about_one_matter_at_one_place_become_one_event() -> None:
    found = _fill(Stream(), TALK)
    assert found[0] == found[2] and found[1] == found[4]
    assert len(set(found)) == 3


def test_the_same_text_about_two_places_stays_two_events_and_the_likeness_is_told() -> None:
    stream = Stream()
    one, other = terms_of([TALK[0], ("润芳园小区五楼以上没有水", "润芳园小区" + STORY)])
    first = stream.add(one, 0.0, "first")
    second = stream.add(other, 0.0, "second")
    assert (first.event, second.event, second.opened, second.alike) == ("first", "second", True, "first")


def test_a_message_older_than_the_window_joins_nothing_and_names_what_it_resembles() -> None:
    stream = Stream(Settings(window=30 * DAY))
    [terms, other] = terms_of([TALK[0], TALK[2]])
    stream.add(terms, 100 * DAY, "open")
    late = stream.add(other, 60 * DAY, "late")
    assert (late.event, late.late, late.alike) == ("late", True, "open")
    assert len(stream) == 1 and stream.add(other, 101 * DAY, "new").event == "open"


def test_the_longer_the_time_between_two_messages_the_less_they_are_one_matter() -> None:
    [first, second] = terms_of([TALK[0], TALK[2]])
    scores = []
    for days in (0, 10, 60, 170):
        stream = Stream()
        stream.add(first, 0.0, "first")
        scores.append(stream.add(second, days * DAY, "second").score)
    assert scores == sorted(scores, reverse=True) and scores[0] > scores[-1] > 0


def test_an_event_closes_with_its_last_message_and_is_not_opened_again() -> None:
    stream = Stream(Settings(window=30 * DAY))
    [terms, again] = terms_of([TALK[0], TALK[2]])
    stream.add(terms, 0.0, "old")
    after = stream.add(again, 31 * DAY, "new")
    assert (after.event, after.closed) == ("new", ("old",))


def test_memory_is_flat_the_oldest_leave_when_there_is_no_room() -> None:
    stream = Stream(Settings(capacity=50))
    _fill(stream, [(f"第{n}路口的信号灯坏了", f"{n}号路口信号灯不亮") for n in range(200)])
    assert len(stream) == 50
    counted = (stream._df - Stream(stream.settings)._df).sum(dtype=float)
    assert counted == (stream._loud > 0).sum(), "what left is not counted any more"


def test_events_that_a_person_took_apart_are_not_proposed_again() -> None:
    def proposed(apart: bool) -> set[object]:
        stream = Stream()
        messages = [(f"海棠苑小区停水{n}天", STORY) for n in (2, 3)] + [(f"海棠苑小区停水{n}天", STORY) for n in (4, 5)]
        for n, t in enumerate(terms_of(messages)):
            kept = stream.add(t, 0.0, n).kept
            del kept
        stream.regroup(["a", "a", "b", "b"])
        if apart:
            stream.hold_apart([("a", "b")])
        [t] = terms_of([("海棠苑小区停水一周", STORY)])
        merge = stream.add(t, 0.0, "c").merge
        return {merge[0]} if merge else set()

    assert proposed(apart=False) <= {"a", "b"} and proposed(apart=False)
    assert not proposed(apart=True)


def test_after_a_split_new_messages_go_to_the_side_they_are_nearest_to() -> None:
    stream = Stream()
    many = [(f"星河路工地半夜打桩吵人{n}", TALK[1][1]) for n in range(4)]
    split = ("星河路工地扬尘没有遮盖", "星河路改造工地半夜打桩，渣土不盖网，扬尘很大，附近居民不敢开窗。")
    _fill(stream, [*many, split])
    stream.regroup(["noise"] * 4 + ["dust"])
    stream.hold_apart([("noise", "dust")])
    [t] = terms_of([split])
    assert stream.add(t, 0.0, "fresh").event == "dust"


@given(st.permutations(range(len(TALK))), st.integers(1, len(TALK)))
@settings(max_examples=25, deadline=None)
def test_what_is_recalled_answers_like_what_was_never_lost(order: list[int], cut: int) -> None:
    lived, recalled = Stream(), Stream()
    terms = terms_of([TALK[i] for i in order])
    for n, t in enumerate(terms[:cut]):
        decision = lived.add(t, float(n), n)
        kept = unpacked(packed(decision.kept), decision.kept.places, decision.kept.areas)
        recalled.recall(kept, float(n), decision.event)
    for n, t in enumerate(terms[cut:], cut):
        one, other = lived.add(t, float(n), n), recalled.add(t, float(n), n)
        assert (one.event, one.score, one.merge) == (other.event, other.score, other.merge)
    assert (lived._df == recalled._df).all()


def test_bytes_that_are_not_terms_are_refused() -> None:
    for data in (b"", b"\x01", b"\x01\x00\x00"):
        with pytest.raises(ValueError, match="terms"):
            unpacked(data, frozenset(), frozenset())


@pytest.mark.parametrize("odd", ["", "\ud83d", "\x00\x00", "？！", "A" * 5000, "楼" * 5000, "12345 678"])
def test_odd_messages_do_no_harm(odd: str) -> None:
    stream = Stream()
    found = _fill(stream, [(odd, odd), TALK[0], (odd, ""), ("", odd), TALK[2]])
    assert found[1] == found[4]


@pytest.mark.parametrize(("title", "told"), [
    ("韩守田家楼上漏水没人管", "韩**家楼上漏水没人管"), ("反映李建国主任态度差", "反映李**主任态度差"), ("患者赵大海投诉医院", "患者赵**投诉医院"),
    ("高源村村长不管事", "高源村村长不管事"), ("楚瑞家近期白蚁成灾", "楚瑞家近期白蚁成灾"), ("请张书记帮忙", "请张书记帮忙"),
])  # fmt: skip
def test_a_title_names_nobody_and_keeps_its_places(title: str, told: str) -> None:
    assert name_of([Member(title, date(2026, 3, 1))]).title == told


@given(st.lists(st.text("海棠苑小区没水停电路灯坏了", min_size=2, max_size=9), min_size=1, max_size=12))
def test_the_name_is_the_title_nearest_to_all_others_whatever_their_order_of_claims(titles: list[str]) -> None:
    def pairs(text: str) -> set[str]:
        return {text[i : i + 2] for i in range(len(text) - 1)}

    def near(one: str) -> float:
        return sum(len(pairs(one) & pairs(o)) / (len(pairs(one)) * len(pairs(o))) ** 0.5 for o in titles)

    name = name_of([Member(title, date(2026, 3, 1)) for title in titles])
    assert near(name.title) == pytest.approx(max(map(near, titles)))
    assert name == name_of([Member(title, date(2026, 3, 1)) for title in titles])


def test_an_event_is_named_by_its_most_central_title_with_places_and_period() -> None:
    days = [date.fromisoformat(day) for day in ("2026-03-02", "2026-03-05", "2026-03-09")]
    titles = ["没水了怎么办", "海棠苑小区五楼以上没有水", "海棠苑小区五楼没有水好几天"]
    name = name_of([Member(title, day) for title, day in zip(titles, days, strict=True)])
    assert name.title == titles[1]
    assert name.places == ("海棠苑小区",)
    assert str(name) == "海棠苑小区五楼以上没有水，2026-03-02 至 2026-03-09 共 3 件"


def test_agreement_is_whole_for_the_same_grouping_and_counts_what_is_wrong() -> None:
    same = agreement(["a", "a", "b"], [1, 1, 2])
    assert (same.b3_f1, same.pairwise_f1, same.ari) == (1, 1, 1)
    alone = agreement(["a", "a", "b"], [1, 2, 3])
    assert (alone.b3_precision, alone.pairwise_f1, alone.ari) == (1, 0, 0)
    assert alone.b3_recall == pytest.approx(2 / 3)


def test_the_demo_district_s_events_are_found(rows: list[dict[str, str]]) -> None:
    messages = [(row["title"], row["detail"]) for row in rows]
    events = [row["event"] or ("alone", n) for n, row in enumerate(rows)]
    order = sorted(range(len(rows)), key=lambda i: int(rows[i]["occurred"]), reverse=True)
    found = stream_events([messages[i] for i in order])
    scored = agreement([events[i] for i in order], found)
    assert scored.b3_f1 > 0.86 and scored.b3_precision > 0.95


def test_the_command_tells_ours_beside_the_peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No figure is judged here, and a worker of tests has much to look through.
    monkeypatch.setattr("gc.collect", lambda: 0)
    messages, gold = tmp_path / "messages.csv", tmp_path / "gold.csv"
    lines = ["msg_id,time,title,detail", *(f"{n},2026-03-0{n + 1} 08:00:00,{t},{x}" for n, (t, x) in enumerate(TALK))]
    messages.write_text("\n".join(lines), encoding="utf-8")
    gold.write_text(
        "msg_id,cluster_id,kind\n0,1,cluster\n2,1,cluster\n3,2,singleton\n1,3,ambiguous\n", encoding="utf-8"
    )
    said = event_figures(read_known(messages, gold), grow_to=1100)
    assert said["scored_messages"] == 3 and said["b3_f1"] == 1 and said["worst_shuffle_b3_f1"] == 1
    assert said["growth"]["messages"] == 1100 and said["rate_last_over_first"] > 0
    assert {"leader", "dbscan", "hdbscan_lsa"} <= set(said) and "LSA + HDBSCAN" in tell(said)
    messages.write_text("编号,标题\n", encoding="utf-8")
    with pytest.raises(BadInput):
        read_known(messages, gold)


def test_real_messages_are_put_together_as_people_did(shared: Path) -> None:
    folder = shared / "data/appeals-teddy2020"
    known = read_known(folder / "messages_events.csv", folder / "events_gold.csv")
    order = list(range(len(known.messages)))
    for seed in (None, 7):
        if seed is not None:
            random.Random(seed).shuffle(order)
        part = Known([known.messages[i] for i in order], [known.events[i] for i in order], [known.at[i] for i in order])
        found = stream_events(part.messages, part.at)
        pairs = [(e, f) for e, f in zip(part.events, found, strict=True) if e is not None]
        assert agreement([e for e, _ in pairs], [f for _, f in pairs]).b3_f1 > 0.935
