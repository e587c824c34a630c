"""Keys and numbers (编号)."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.ground import ids
from hezhi.ground.time import frozen_at, real_milliseconds


def test_an_id_is_a_uuid_of_version_7_that_carries_its_time():
    before = real_milliseconds()
    made = ids.new_id()
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before - 1000 <= made.int >> 80 <= real_milliseconds() + 1000


def test_ids_rise_and_never_repeat():
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(set(made))


def test_many_ids_at_once_are_like_one_after_the_other():
    made = [str(ids.new_id()), *ids.new_ids(2000), str(ids.new_id()), *ids.new_ids(3)]
    assert made == sorted(set(made)) == [str(UUID(text)) for text in made]
    assert {UUID(text).version for text in made} == {7} and ids.new_ids(0) == []


def test_ids_of_many_threads_are_all_different():
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda _: [ids.new_id() for _ in range(500)], range(8)))
    assert len({one for row in rows for one in row}) == 4000
    assert all(row == sorted(row) for row in rows)


def test_ids_rise_also_when_the_machines_clock_steps_back(monkeypatch):
    moments = iter([5_000, 4_000, 4_999, 5_000, 5_001])
    maker = ids._Uuid7()
    monkeypatch.setattr(ids, "real_milliseconds", lambda: next(moments))
    made = [maker.make() for _ in range(5)]
    assert made == sorted(set(made))


def test_a_full_millisecond_runs_over_into_the_next(monkeypatch):
    maker = ids._Uuid7()
    monkeypatch.setattr(ids, "real_milliseconds", lambda: 5_000)
    first = maker.make()
    maker._counter = ids._COUNTER_TOP - 1
    after = maker.make()
    assert after > first
    assert (after.int >> 80, after.version) == (5_001, 7)


def test_a_frozen_clock_does_not_date_the_ids():
    with frozen_at(datetime(2001, 1, 1, tzinfo=UTC)):
        assert ids.new_id().int >> 80 > 1_600_000_000_000


def test_a_forked_child_does_not_repeat_its_parents_ids():
    ids.new_id()
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writable, ids.new_id().bytes)
        os._exit(0)
    ours = ids.new_id().bytes
    os.waitpid(child, 0)
    assert os.read(readable, 16) != ours
    os.close(readable)
    os.close(writable)


@pytest.mark.parametrize(
    ("n", "number"),
    [(1, "SJ26112200001"), (99_999, "SJ26112299999"), (100_000, "SJ261122100000")],
)
def test_a_short_number_can_be_read_out(n, number):
    assert ids.short_number("SJ", date(2026, 11, 22), n) == number


def test_a_running_number_starts_at_one():
    with pytest.raises(ValueError, match="starts at 1"):
        ids.short_number("SJ", date(2026, 11, 22), 0)


def test_follow_codes_have_eight_signs_that_nobody_confuses():
    codes = {ids.follow_code() for _ in range(300)}
    assert len(codes) == 300
    assert all(len(code) == 8 and set(code) <= set(ids.SIGNS) for code in codes)
    assert not set(ids.SIGNS) & set("01OILSBZV")


@given(st.text(alphabet=ids.SIGNS, min_size=8, max_size=8))
def test_a_code_is_known_again_however_it_was_typed(code):
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)
    for typed in (code.lower(), f" {code[:4]}-{code[4:]} ", wide):
        assert ids.clean_code(typed) == code
