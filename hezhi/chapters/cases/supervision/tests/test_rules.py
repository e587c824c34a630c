"""How supervision thinks (督办规则): no database, no clock but the one that is given."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.supervision import rules
from hezhi.engines.flow.rules.calendar import shipped_calendar
from hezhi.ground.time import SHANGHAI

pytestmark = pytest.mark.clause("9.1.2-3-1")
CALENDAR = shipped_calendar()
DUE = datetime(2026, 11, 20, 16, 0, tzinfo=SHANGHAI)  # a Friday


def facts(**more) -> rules.Facts:
    told = {
        "due_at": DUE,
        "urgency": "normal",
        "category": ("01", "0101"),
        "appeal": "help",
        "redos": 0,
        "received_at": DUE,
    }
    return rules.Facts(**told | more)


def watch(**more) -> rules.Watch:
    return rules.Watch(
        **{"key": "a", "name": "一般超期", "kind": "overdue", "order": 1, "rung": "催办", "late": 4} | more
    )


def test_a_weekend_does_not_make_a_case_later():
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI)
    assert rules.why(watch(), facts(), monday, CALENDAR) == ""
    assert "4 小时（工作时间）" in rules.why(watch(), facts(), monday + timedelta(hours=6), CALENDAR)


def test_the_sentence_names_rule_delay_condition_rung_and_basis():
    told = rules.why(
        watch(late=1, urgency="urgent", basis="示例办法"), facts(urgency="urgent"), DUE + timedelta(days=4), CALENDAR
    )
    for word in ("「一般超期」", "已满 1 小时", "紧急", "催办", "示例办法", "系统自动"):
        assert word in told


@pytest.mark.parametrize(
    "more", [{"urgency": "critical"}, {"category": ("02",)}, {"appeal": "complaint"}, {"redos": 1}]
)
def test_a_condition_that_does_not_hold_silences_the_rule(more):
    assert rules.why(watch(**more), facts(), DUE + timedelta(days=30), CALENDAR) == ""


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 40)), min_size=1, max_size=6), st.integers(0, 400))
def test_the_highest_rung_that_speaks_opens_and_waiting_never_lowers_it(rows, hours):
    watches = [watch(key=str(n), order=order, late=late) for n, (order, late) in enumerate(rows)]
    found = rules.best(watches, facts(), DUE + timedelta(hours=hours), CALENDAR)
    later = rules.best(watches, facts(), DUE + timedelta(hours=hours + 24), CALENDAR)
    if found is not None:
        assert later is not None and later[0].order >= found[0].order
        assert found[0].order == max(
            w.order for w in watches if rules.why(w, facts(), DUE + timedelta(hours=hours), CALENDAR)
        )


@given(st.lists(st.sampled_from(["to_sign", "handling", "to_review", "done", "released"]), max_size=5))
def test_a_matter_waits_for_review_only_when_nobody_works_on_it_any_more(parts):
    working = not parts or bool({"to_sign", "handling"} & set(parts))
    assert (rules.state_of(parts) == "open") is working
