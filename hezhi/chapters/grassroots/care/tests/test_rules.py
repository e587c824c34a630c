"""The rules of care (帮扶规则): dates, who sees what, and the table from which no small count can be worked out."""

from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from hezhi.chapters.grassroots.care import rules
from hezhi.chapters.grassroots.care.rules import FEWEST_TOLD, TOTAL, published

pytestmark = [pytest.mark.clause("9.1.3-2-6"), pytest.mark.clause("9.1.3-2-7")]

COUNTS = st.integers(1, 5).flatmap(
    lambda r: st.integers(1, 4).flatmap(
        lambda c: st.lists(
            st.one_of(st.integers(0, 14), st.integers(0, 200)), min_size=r * c, max_size=r * c
        ).map(lambda v: {(f"r{i}", f"c{j}"): v[i * c + j] for i, j in product(range(r), range(c))})
    )
)  # fmt: skip


def most_it_could_be(table: rules.Published, place) -> float:
    """The largest value a reader cannot exclude for a cell, from all that is shown: by linear programming, not by our rule."""
    names = [(r, c) for r in (*table.rows, TOTAL) for c in (*table.columns, TOTAL)]
    at = {name: n for n, name in enumerate(names)}
    equal, right = [], []

    def line(plus, minus):
        row = np.zeros(len(names))
        row[[at[p] for p in plus]] += 1
        row[at[minus]] -= 1
        equal.append(row)
        right.append(0.0)

    for r in (*table.rows, TOTAL):
        line([(r, c) for c in table.columns], (r, TOTAL))
    for c in (*table.columns, TOTAL):
        line([(r, c) for r in table.rows], (TOTAL, c))
    bounds = [(0, 100_000) if table.cells[n] is None else (table.cells[n], table.cells[n]) for n in names]
    aim = np.zeros(len(names))
    aim[at[place]] = -1
    found = linprog(aim, A_eq=np.array(equal), b_eq=right, bounds=bounds, method="highs")
    assert found.status == 0
    return -found.fun


@settings(max_examples=150, deadline=None)
@given(COUNTS)
def test_no_count_under_ten_is_shown_nor_can_be_worked_out(counts):
    table = published(counts)
    rows, columns = (*table.rows, TOTAL), (*table.columns, TOTAL)
    true = {
        (r, c): sum(v for (a, b), v in counts.items() if (r in (a, TOTAL)) and (c in (b, TOTAL)))
        for r in rows
        for c in columns
    }
    for place, value in true.items():
        assert table.cells[place] in (None, value)
        if value < FEWEST_TOLD:
            assert table.cells[place] is None
            assert most_it_could_be(table, place) >= FEWEST_TOLD - 1e-6


def test_large_counts_are_told_whole():
    table = published({("甲", "x"): 30, ("甲", "y"): 20, ("乙", "x"): 40, ("乙", "y"): 50})
    assert table.cells["甲", TOTAL] == 50 and table.cells[TOTAL, TOTAL] == 140 and None not in table.cells.values()


def test_one_small_count_takes_others_with_it():
    table = published({("甲", "x"): 3, ("甲", "y"): 20, ("乙", "x"): 40, ("乙", "y"): 50})
    assert table.shown("甲", "x") == "—" and table.shown(TOTAL, TOTAL) == "113"
    assert sum(value is None for value in table.cells.values()) >= 4


def test_a_table_of_one_small_count_tells_nothing():
    assert set(published({("甲", "x"): 4}).cells.values()) == {None}
    assert published({}).rows == ()


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.integers(1, 40))
def test_a_review_is_never_more_than_six_months_away(day, months):
    due = rules.next_review(day, months)
    assert day < due <= day + rules.LONGEST_REVIEW and due <= rules.months_later(day, 6)


def test_a_review_falls_no_later_than_the_end():
    day = date(2026, 11, 26)
    assert rules.next_review(day, 6, day + timedelta(days=40)) == day + timedelta(days=40)


def test_a_programme_for_minors_ends_with_the_eighteenth_birthday():
    assert rules.ends_on(date(2026, 11, 26), longest_months=None, ends_at_age=18, born=date(2010, 2, 28)) == date(
        2028, 2, 28
    )
    assert rules.ends_on(date(2026, 11, 26), longest_months=36, ends_at_age=None, born=None) == date(2029, 11, 26)


@pytest.mark.parametrize(
    ("standing", "granted", "open_"),
    [
        ("worker", (), ["needs", "plan", "services", "visits", "ties"]),
        ("referred", ("needs",), ["needs"]),
        ("referred", (), []),
    ],
)
def test_a_service_sees_what_its_referral_carries(standing, granted, open_):
    items = ["carer", "needs", "plan", "help", "visits"]
    assert rules.forms_open_to(standing, items, granted) == open_


def test_a_programme_knows_no_form_for_what_it_may_not_hold():
    health = next(p for p in rules.seed_programmes() if p["code"] == "health_a")
    assert rules.forms_open_to("worker", health["items"]) == ["services", "ties"]


def test_a_grid_worker_reads_a_neutral_task_or_nothing():
    assert rules.grid_task("task", two_go=True) == "关爱服务上门（双人上门）"
    assert rules.grid_task("nothing", two_go=True) == ""


def test_every_seed_programme_is_of_the_standard():
    told = {(p["group"], p["category"]) for p in rules.seed_programmes()}
    assert told == {
        ("help", "艾滋病危险人员"), ("help", "重点青少年"), ("help", "涉军人员"), ("help", "留守人员"), ("help", "鳏寡孤独人员"),
        ("special", "刑满释放人员"), ("special", "社区矫正人员"), ("special", "严重精神障碍患者"), ("special", "吸毒人员"),
    }  # fmt: skip
    assert {p["code"] for p in rules.seed_programmes() if not p["on"]} == {"health_a", "youth_01", "youth_02"}
