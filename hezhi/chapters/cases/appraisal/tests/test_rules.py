"""9.1.2-5 业务考核: how a number becomes points, in the seven shapes, and what a total is."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.appraisal import rules
from hezhi.chapters.cases.appraisal.models import MEASURE_CHOICES
from hezhi.chapters.cases.appraisal.rules import Rule
from hezhi.chapters.cases.statistics.api import MEASURES
from hezhi.chapters.cases.statistics.models import Fact


def rule(shape: str, weight: int = 20, **more: object) -> Rule:
    return Rule(f"r-{shape}", shape, D(weight), shape, "handled", "to_handle", **more)  # type: ignore[arg-type]


@pytest.mark.clause("9.1.2-5-1")
@pytest.mark.parametrize(
    ("told", "top", "whole", "points"),
    [
        (rule("rate"), 3, D(4), D("15.00")),
        (rule("rate"), 0, D(0), None),  # nothing to judge by is no value, and not full marks
        (rule("inverse"), 1, D(4), D("15.00")),
        (rule("step", step=D("0.5")), 3, None, D("18.50")),
        (rule("step", step=D(5)), 9, None, D("0.00")),
        (rule("bonus", 3, step=D("0.1"), most=D(3)), 12, None, D("1.20")),
        (rule("bonus", 3, step=D("0.1"), most=D(3)), 99, None, D("3.00")),
        (rule("bands", 5, bands="90:0, 75:2, 0:5"), 9, D(10), D("5.00")),
        (rule("bands", 5, bands="90:0，75：2，0:5"), 8, D(10), D("3.00")),
        (rule("bands", 5, bands="90:0, 75:2, 0:5"), 7, D(10), D("0.00")),
        (rule("per_base", target=D(2), base="area"), 20, D(10), D("20.00")),
        (rule("per_base", target=D(2), base="area"), 40, D(10), D("10.00")),
        (rule("per_base", target=D(2), base="area"), 40, None, None),
    ],
)
def test_each_shape_gives_its_points(told, top, whole, points):
    assert rules.points(told, top, whole) == points
    assert rules.Rule.thawed(told.frozen()) == told


RATED = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(lambda pair: (min(pair), max(pair)))


@pytest.mark.clause("9.1.2-5-4")
@given(counts=st.lists(RATED, min_size=1, max_size=6))
def test_a_total_stays_within_the_full_marks_and_leaves_out_what_has_no_value(counts):
    items = [Rule(f"r{n}", "率", D(20), "rate", "handled", "to_handle") for n in range(len(counts))]
    gained = {item.code: rules.points(item, top, D(whole)) for item, (top, whole) in zip(items, counts, strict=True)}
    total = rules.total(items, gained)
    judged = sum(1 for _, whole in counts if whole)
    assert (total is None) == (judged * 2 < len(counts) or not judged), "less than half is too little for a total"
    if total is not None:
        assert 0 <= total <= 20 * len(items)
        if all(top == whole for top, whole in counts if whole):
            assert total == 20 * len(items)


@pytest.mark.clause("9.1.2-5-1")
def test_nobody_is_counted_and_grid_members_are_not_judged_by_their_reports():
    """P1, P14: the measures are of cases; a count of registered people cannot be written down."""
    assert [code for code, _ in MEASURE_CHOICES] == list(MEASURES)
    targets = {f.related_model._meta.label for f in Fact._meta.get_fields() if f.related_model}
    assert targets == {"handling.Case", "handling.Category", "geo.Area", "org.Unit", "org.User"}, "no person's register"
    bonus = Rule("b", "上报加分", D(5), "bonus", "reported", step=D(1))
    assert rules.faults(bonus, "grid_member") and not rules.faults(bonus, "town")
