"""What holds for every limit, on every calendar (时限的性质)."""

import random
import time
from datetime import timedelta

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hezhi.engines.flow.rules.clocks import Extension, Pause
from hezhi.engines.flow.rules.limits import Limit, Unit
from hezhi.engines.flow.rules.working_time import Cards, Term, due, moves, red_at, remaining, used, yellow_at
from hezhi.engines.flow.tests import worlds
from hezhi.engines.flow.tests.slow_clock import STEP, at_work, slow_due
from hezhi.ground.time import local

quick = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
MINUTE_UNITS = (Unit.MINUTES, Unit.HOURS, Unit.WORKING_MINUTES, Unit.WORKING_HOURS)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(worlds.terms(lasting=True))
def test_the_fast_rules_say_what_the_slow_obvious_ones_say(term):
    start, limit, calendar, pauses, extensions = term
    assert due(start, limit, calendar, pauses, extensions) == slow_due(start, limit, calendar, pauses, extensions)


@quick
@given(worlds.terms(), st.integers(0, 2000))
def test_who_comes_later_is_never_due_earlier(term, steps):
    start, limit, calendar, pauses, extensions = term
    later = start + steps * STEP
    assert due(start, limit, calendar, pauses, extensions) <= due(later, limit, calendar, pauses, extensions)


@quick
@given(worlds.terms())
def test_a_longer_limit_is_never_due_earlier_and_a_day_more_always_later(term):
    start, limit, calendar, pauses, extensions = term
    longer = Limit(limit.amount + 1, limit.unit)
    was, now = (due(start, one, calendar, pauses, extensions) for one in (limit, longer))
    assert was <= now
    if limit.unit is Unit.WORKING_DAYS and not extensions:
        assert local(was).date() < local(now).date()


@quick
@given(worlds.terms(), st.data())
def test_a_hold_never_brings_the_due_moment_nearer(term, data):
    start, limit, calendar, pauses, extensions = term
    more = data.draw(worlds.pauses(start))
    without = due(start, limit, calendar, pauses, extensions)
    assert without <= due(start, limit, calendar, (*pauses, *more), extensions)


@quick
@given(worlds.moments, worlds.calendars(), st.integers(1, 40), st.integers(0, 30), st.integers(0, 30))
def test_a_hold_moves_a_limit_in_hours_by_its_own_length(start, calendar, hours, after, length):
    assume(after < hours)
    limit = Limit(hours, Unit.HOURS)
    begin = start + timedelta(hours=after)
    held = due(start, limit, calendar, [Pause(begin, begin + timedelta(hours=length))])
    assert held == due(start, limit, calendar) + timedelta(hours=length)


@quick
@given(worlds.moments, worlds.calendars(), worlds.limits(MINUTE_UNITS), st.integers(0, 300), st.integers(0, 300))
def test_what_is_used_adds_up(start, calendar, limit, first, second):
    middle, end = start + first * STEP, start + (first + second) * STEP
    parts = used(start, middle, limit.unit, calendar) + used(middle, end, limit.unit, calendar)
    assert abs(parts - used(start, end, limit.unit, calendar)) < 1e-9


@quick
@given(worlds.moments, worlds.calendars(), st.integers(0, 900))
def test_working_time_used_is_the_time_at_work(start, calendar, steps):
    at_desk = sum(at_work(start + n * STEP, calendar) for n in range(steps))
    assert abs(used(start, start + steps * STEP, Unit.WORKING_MINUTES, calendar) - 5 * at_desk) < 1e-6


@quick
@given(worlds.terms())
def test_when_a_limit_is_due_it_is_used_up_and_nothing_is_left(term):
    start, limit, calendar, pauses, _ = term
    end = due(start, limit, calendar, pauses)
    assert used(start, end, limit.unit, calendar, pauses) >= limit.amount
    assert remaining(start, limit, calendar, end, pauses) == 0
    if not limit.unit.is_day:
        assert abs(used(start, end, limit.unit, calendar, pauses) - limit.amount) < 1e-9


@quick
@given(worlds.terms(), st.lists(st.integers(0, 4000), min_size=2, max_size=2))
def test_what_is_left_only_shrinks(term, steps):
    start, limit, calendar, pauses, extensions = term
    earlier, later = (start + n * STEP for n in sorted(steps))
    left = [remaining(start, limit, calendar, at, pauses, extensions) for at in (earlier, later)]
    assert left[0] >= left[1]


@quick
@given(worlds.moments, worlds.limits(), worlds.calendars(), st.integers(0, 400), st.integers(0, 400))
def test_while_a_hold_lasts_what_is_left_stands_still_and_no_moment_is_due(start, limit, calendar, first, more):
    begin = start + first * STEP
    assume(begin < due(start, limit, calendar))
    lasting = [Pause(begin, None, "等待法院判决")]
    assert due(start, limit, calendar, lasting) is None
    assert yellow_at(start, limit, calendar, lasting) is red_at(start, limit, calendar, lasting) is None
    left = {remaining(start, limit, calendar, begin + n * STEP, lasting) for n in (0, more)}
    assert left == {remaining(start, limit, calendar, begin)}


@quick
@given(worlds.terms(), st.booleans())
def test_the_yellow_card_falls_between_receipt_and_due_and_the_red_one_after(term, next_day):
    start, limit, calendar, pauses, extensions = term
    cards = Cards(red_next_working_day=next_day)
    end = due(start, limit, calendar, pauses, extensions)
    yellow = yellow_at(start, limit, calendar, pauses, extensions, cards)
    assert start <= yellow <= end
    assert red_at(start, limit, calendar, pauses, extensions, cards) >= end


@quick
@given(worlds.moments, st.integers(2, 15), worlds.calendars())
def test_at_the_yellow_card_one_working_day_is_left(start, days, calendar):
    limit = Limit(days, Unit.WORKING_DAYS)
    end = due(start, limit, calendar)
    yellow = yellow_at(start, limit, calendar)
    assert remaining(start, limit, calendar, yellow) == calendar.working_minutes(local(end).date())


@quick
@given(worlds.moments, st.integers(1, 10), st.integers(-3, 45))
def test_a_changed_day_moves_exactly_the_limits_that_it_touches(start, days, offset):
    calendar = worlds.CHINA
    term = Term(start, Limit(days, Unit.WORKING_DAYS))
    day = local(start).date() + timedelta(days=offset)
    changed = calendar.with_day(day, not calendar.works(day))
    was = term.due(calendar)
    found = moves({"limit": term}, calendar, changed)
    touched = local(start).date() < day <= local(was).date()
    assert bool(found) == touched
    if touched:
        later = calendar.works(day)
        assert (found[0].now > was) == later
        assert (found[0].key, found[0].was) == ("limit", was)


@quick
@given(worlds.moments, st.integers(1, 5), st.integers(1, 5), worlds.calendars())
def test_an_extension_on_the_same_clock_is_a_longer_limit(start, days, more, calendar):
    extended = due(start, Limit(days, Unit.WORKING_DAYS), calendar, (), [Extension(Limit(more, Unit.WORKING_DAYS))])
    assert extended == due(start, Limit(days + more, Unit.WORKING_DAYS), calendar)


def test_ten_thousand_limits_are_reckoned_in_a_second():
    dice = random.Random(20261122)
    starts = [worlds.at_local(worlds.AUTUMN) + timedelta(minutes=dice.randrange(500_000)) for _ in range(10_000)]
    limit = Limit(5, Unit.WORKING_DAYS)
    began = time.process_time()
    for start in starts:
        due(start, limit, worlds.CHINA, [Pause(start + timedelta(hours=3), start + timedelta(days=2))])
    assert time.process_time() - began < 1
