"""How a repeating roster is worked out (排班规则)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.appcentre.roster.rules import Rotation, planned, read_turns, week_of
from hezhi.engines.org.duty import uncovered
from hezhi.ground.errors import BadInput
from hezhi.ground.time import at_local

pytestmark = pytest.mark.clause("10.1-3")

EARLY_LATE = read_turns("早班 08:30-17:30\n晚班 17:30-次日08:30")
MONDAY = date(2026, 11, 23)
names = st.lists(st.sampled_from("甲乙丙丁戊己"), min_size=1, max_size=6, unique=True)
days = st.integers(0, 60)


def test_turns_are_read_as_people_write_them() -> None:
    for text in ("早班 08:30-17:30", "早班08:30–17:30", "早班 8:30 至 17:30", "早班 8：30到17：30"):
        (turn,) = read_turns(text)
        assert (turn.name, f"{turn.starts:%H:%M}", f"{turn.ends:%H:%M}") == ("早班", "08:30", "17:30")
    (whole,) = read_turns("00:00-24:00")
    start, end = whole.on(MONDAY)
    assert end - start == timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "said"), [("", "至少写一个班次"), ("早班", "第 1 行"), ("甲 25:00-26:00", "看不明白")]
)
def test_turns_that_cannot_be_read_are_told_by_their_line(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_turns(text)
    assert said in str(refused.value.fields["turns"])


@given(names, st.integers(0, 6), days, st.sampled_from(list(Rotation)))
def test_round_the_clock_means_no_minute_is_left_out_and_none_is_double(people, weekday, length, rotation) -> None:
    first = MONDAY + timedelta(days=weekday)
    last = first + timedelta(days=length)
    made = planned(people, EARLY_LATE, first, last, rotation, range(7))
    assert len(made) == 2 * (length + 1)
    spans = [(starts, ends) for _, starts, ends in made]
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    assert uncovered(spans, spans[0][0], spans[-1][1]) == []
    assert {person for person, *_ in made} <= set(people)


@given(names, days)
def test_by_the_shift_everybody_gets_as_many_turns_as_the_others_or_one_less(people, length) -> None:
    made = [p for p, *_ in planned(people, EARLY_LATE, MONDAY, MONDAY + timedelta(days=length), "shift", range(7))]
    counts = [made.count(person) for person in people]
    assert max(counts) - min(counts) <= 1


def test_by_the_week_early_and_late_change_hands_on_monday() -> None:
    made = planned(["甲", "乙"], EARLY_LATE, MONDAY, MONDAY + timedelta(days=13), "week", range(7))
    who = {starts: person for person, starts, _ in made}
    assert who[EARLY_LATE[0].on(MONDAY)[0]] == "甲" and who[EARLY_LATE[1].on(MONDAY)[0]] == "乙"
    sunday, next_monday = MONDAY + timedelta(days=6), MONDAY + timedelta(days=7)
    assert who[EARLY_LATE[0].on(sunday)[0]] == "甲"
    assert who[EARLY_LATE[0].on(next_monday)[0]] == "乙" and who[EARLY_LATE[1].on(next_monday)[0]] == "甲"


def test_by_the_day_one_person_has_all_turns_of_a_day_and_left_out_days_do_not_skip_anybody() -> None:
    made = planned(["甲", "乙", "丙"], EARLY_LATE, MONDAY, MONDAY + timedelta(days=7), "day", (0, 2, 4))
    assert [person for person, *_ in made] == ["甲", "甲", "乙", "乙", "丙", "丙", "甲", "甲"]
    assert all(starts.astimezone(at_local(MONDAY).tzinfo) for _, starts, _ in made)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"people": []}, "people"), ({"last": MONDAY - timedelta(days=1)}, "last"),
     ({"last": MONDAY + timedelta(days=92)}, "last"), ({"weekdays": ()}, "weekdays")],
)  # fmt: skip
def test_what_makes_no_roster_is_told_at_its_field(changed, field) -> None:
    given = {
        "people": ["甲"],
        "turns": EARLY_LATE,
        "first": MONDAY,
        "last": MONDAY,
        "rotation": "day",
        "weekdays": (0,),
    }
    with pytest.raises(BadInput) as refused:
        planned(**(given | changed))
    assert field in refused.value.fields


def test_a_week_begins_on_monday() -> None:
    assert week_of(MONDAY + timedelta(days=6)) == (MONDAY, MONDAY + timedelta(days=7))
