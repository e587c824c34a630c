"""9.1.3-3-1: dues by organisation and month: each member's only in his branch, the levels above see sums of areas."""

from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from hezhi.chapters.grassroots.party import queries, rules
from hezhi.chapters.grassroots.party.models import DuesSheet
from hezhi.chapters.grassroots.party.tests.conftest import Party, make_party
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput

pytestmark = pytest.mark.clause("9.1.3-3-1")


def sheet(party, day: str = "2026-11-26") -> DuesSheet:
    """The branch's sheet of a month."""
    told = {"organisation": str(party.branch.pk), "month": day, "note": ""}
    return registry_actions.create(site.get("party-dues"), told, by=party.by(party.secretary))


@pytest.fixture
def party(db: None) -> Party:
    """Made for each test while its clock stands, so that nobody's post begins only later."""
    return make_party()


@pytest.fixture
def clock():
    """Noon of a day in November; ask for it before `party`."""
    with time.frozen_at("2026-11-26 12:00") as stopped:
        yield stopped


def test_a_month_is_paid_told_to_the_branch_and_summed_for_those_above(clock, party) -> None:
    people = [party.member(party.quarter.person(n, "林清样")) for n in range(1, 12)]
    row = sheet(party)
    assert (row.month.day, row.entries.count()) == (1, 11)
    with pytest.raises(BadInput) as refused:
        sheet(party, "2026-11-02")
    assert "已经建立" in str(refused.value.fields)
    desk, tab = party.browser(party.secretary), f"/r/party-dues/{row.pk}/?tab=entries"
    typed = {f"due-{each.pk}": "12.5" for each in people} | {f"paid-{each.pk}": "12.50" for each in people[1:]}
    wrong = desk.post(tab, typed | {f"paid-{people[0].pk}": "一百"})
    assert wrong.status_code == 422 and "一百" in wrong.content.decode() and "12.5" in wrong.content.decode()
    row.refresh_from_db()
    assert row.paid == 0  # one wrong line writes nothing
    assert desk.post(tab, typed).status_code == 302
    row.refresh_from_db()
    assert (row.due, row.paid, row.open_entries) == (Decimal("137.50"), Decimal("125.00"), 1)
    assert "林清样" in desk.get(tab).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("select due, paid from party_duesentry where sheet_id = %s", [row.pk])
        assert not any("12.5" in value for line in cursor.fetchall() for value in line)
    # those above: the sum of the area, no list, no person
    above = party.browser(party.officer)
    assert above.get("/r/party-dues/").status_code == 403 and above.get(tab).status_code == 403
    [line] = [each for each in queries.dues(party.by(party.officer), row.month) if each.recorded]
    assert (line.due, line.paid, line.behind) == (Decimal("137.50"), Decimal("125.00"), 1)
    assert "137.50" in above.get("/party/board/").content.decode()
    assert party.browser(party.other_secretary).get(tab).status_code == 404
    # a branch of few: the area's sum would tell what one pays
    registry_actions.remove(site.get("party-members"), people[0].pk, by=party.by(party.officer), reason="登记有误")
    registry_actions.remove(site.get("party-members"), people[1].pk, by=party.by(party.officer), reason="登记有误")
    [line] = [each for each in queries.dues(party.by(party.officer), row.month) if each.recorded]
    assert (line.due, line.paid) == (None, None)
    # handed up: not more than was collected; the next month begins with what was owed
    for told in ({"handed_up": "200", "handed_up_on": "2026-11-26"}, {"handed_up": "100", "handed_up_on": ""}):
        with pytest.raises(BadInput):
            party.change(row, "party-dues", **told)
    party.change(row, "party-dues", handed_up="125", handed_up_on="2026-11-26")
    clock.advance(days=5)
    assert sheet(party, "2026-12-01").due == Decimal("12.50") * 9
    assert "逾期未交清" in party.browser(party.secretary).get("/r/party-dues/").content.decode()


amounts = st.one_of(st.none(), st.decimals(0, 999, places=2))


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(amounts, amounts), max_size=12))
def test_sums_are_those_of_the_lines_and_nobody_is_behind_who_owes_nothing(entries) -> None:
    told = rules.sums(entries)
    assert told.due == sum((due or Decimal(0) for due, _ in entries), Decimal(0))
    assert told.open_entries == len([1 for due, paid in entries if (due or 0) > (paid or 0)])
    for due, paid in entries:
        for value in (due, paid):
            assert rules.amount("" if value is None else f" {value} 元") == value
