"""The roster: somebody answers at every hour, and somebody else when he does not."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.engines.org import actions, duty
from hezhi.engines.org.duty import Turn, uncovered, whose_turn
from hezhi.engines.org.models import DutyShift, Unit
from hezhi.engines.org.testkit import make_unit, make_user
from hezhi.ground.errors import BadInput

EIGHT = datetime(2026, 11, 22, 0, tzinfo=UTC)
spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)).map(lambda s: (s[0], s[0] + s[1])), max_size=8)


def at(minute: float) -> datetime:
    return EIGHT + timedelta(minutes=minute)


@given(spans, st.integers(0, 40), st.integers(1, 60))
def test_a_minute_is_a_gap_exactly_when_no_shift_covers_it(shifts, start, length):
    end = start + length
    found = uncovered([(at(a), at(b)) for a, b in shifts], at(start), at(end))
    for minute in range(start, end):
        covered = any(a <= minute < b for a, b in shifts)
        assert covered != any(a <= at(minute) < b for a, b in found)
    assert all(a < b for a, b in found)
    assert all(found[i][1] < found[i + 1][0] for i in range(len(found) - 1))


@given(st.lists(st.integers(1, 15), min_size=1, max_size=5), st.integers(0, 90))
def test_everybody_is_called_for_his_own_minutes_in_turn(lengths, waited):
    order = [Turn(UUID(int=i), minutes) for i, minutes in enumerate(lengths)]
    minute_by_minute = [turn for turn in order for _ in range(turn.minutes)]
    expected = minute_by_minute[waited] if waited < len(minute_by_minute) else order[-1]
    assert whose_turn(order, timedelta(minutes=waited)) == expected


def test_nobody_is_called_from_an_empty_roster():
    assert whose_turn([], timedelta(0)) is None


@pytest.fixture
def town(db) -> Unit:
    return make_unit("town1", Unit.Kind.TOWN, parent=make_unit())


def shift(unit, user, start, end, rank=1, answer_within=10) -> DutyShift:
    return actions.put_on_duty(unit, user, starts_at=at(start), ends_at=at(end), rank=rank, answer_within=answer_within)


def test_the_first_is_called_then_the_second_then_the_unit_above(town):
    first, second, above = make_user("first.one"), make_user("second.one"), make_user("above.one")
    shift(town, first, 0, 480)
    shift(town, second, 0, 480, rank=2)
    shift(town.parent, above, 0, 480)
    called = [duty.next_to_call(town, at(60), at(60 + waited)).user for waited in (0, 9, 10, 19, 20, 300)]
    assert called == [first, first, second, second, above, above]


def test_a_new_shift_is_called_from_its_first_because_it_has_heard_nothing(town):
    early, late, late_second = make_user("early.one"), make_user("late.one"), make_user("late.two")
    shift(town, early, 0, 60)
    shift(town, late, 60, 120)
    shift(town, late_second, 60, 120, rank=2)
    assert duty.next_to_call(town, at(50), at(59)).user == early
    assert duty.next_to_call(town, at(50), at(64)).user == late
    assert duty.next_to_call(town, at(50), at(71)).user == late_second


def test_a_person_whose_account_was_closed_is_not_called(town):
    gone, here = make_user("gone.one", is_active=False), make_user("here.one")
    shift(town, gone, 0, 60)
    shift(town, here, 0, 60, rank=2)
    assert [s.user for s in duty.on_duty(town, at(5))] == [here]
    assert duty.next_to_call(town, at(5), at(5)).user == here


def test_with_nobody_on_duty_up_to_the_top_there_is_nobody_to_call(town):
    assert duty.next_to_call(town, at(0), at(1)) is None


def test_the_empty_hours_of_a_roster_are_found(town):
    shift(town, make_user("day.one"), 60, 120)
    assert duty.gaps(town, at(0), at(180)) == [(at(0), at(60)), (at(120), at(180))]
    assert duty.gaps(town, at(60), at(120)) == []


@pytest.mark.parametrize(("rank", "same_person", "word"), [(1, False, "顺位"), (2, True, "一个顺位")])
def test_two_shifts_do_not_run_over_each_other(town, rank, same_person, word):
    first, other = make_user("first.one"), make_user("other.one")
    shift(town, first, 0, 60)
    with pytest.raises(BadInput, match=word):
        shift(town, first if same_person else other, 30, 90, rank=rank)
    assert shift(town, other, 60, 90).pk


def test_a_shift_that_ends_before_it_starts_is_refused(town):
    with pytest.raises(BadInput, match="晚于"):
        shift(town, make_user("first.one"), 60, 60)
