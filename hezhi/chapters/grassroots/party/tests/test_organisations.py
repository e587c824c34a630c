"""9.1.3-3-1: organisations in a tree, new, changed and ended by two people, and the board that counts them."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hezhi.chapters.grassroots.party import actions, jobs, queries, rules
from hezhi.chapters.grassroots.party.models import Office
from hezhi.engines.org.actor import system
from hezhi.engines.reach.api import load_templates
from hezhi.engines.reach.models import Outgoing
from hezhi.engines.registry import actions as registry_actions
from hezhi.engines.registry import site
from hezhi.ground import time
from hezhi.ground.errors import BadInput, NotAllowed, NotNow

pytestmark = pytest.mark.clause("9.1.3-3-1")


def test_a_new_organisation_takes_effect_by_a_second_person(party) -> None:
    row = party.organisation("ZB02", "branch", party.top)
    assert row.state == "draft" and row not in queries.organisations(party.by(party.secretary))
    page = party.browser(party.secretary).post(f"/party/submit/party-organisations/{row.pk}/")
    assert page.status_code == 302
    asked = party.waiting()
    with pytest.raises(NotAllowed):
        party.answer(asked, party.secretary)
    with pytest.raises(NotNow, match="正在等待审批"):
        party.change(row, name="改名的样例")
    party.answer(asked, party.officer, grant=False, opinion="请补建立文件")
    row.refresh_from_db()
    assert (row.state, row.returned_because) == ("returned", "请补建立文件")
    party.change(row, name="样例第二党支部")
    party.answer(actions.submit(row, by=party.by(party.secretary)), party.second)
    row.refresh_from_db()
    assert (row.state, row.edition, row.name) == ("approved", 1, "样例第二党支部")


def test_a_branch_moves_with_all_below_it_when_the_move_is_approved(party) -> None:
    other = party.approved("DW02", "committee", party.top)
    group = party.approved("XZ01", "group", party.branch)
    by = party.by(party.officer)
    with pytest.raises(NotNow, match="须经审批"):
        party.change(party.branch, parent=str(other.pk))
    party.branch.refresh_from_db()
    assert party.branch.parent == party.top and set(queries.below(other, by)) == set()
    party.answer(party.waiting(), party.officer)
    party.branch.refresh_from_db()
    assert (party.branch.parent, party.branch.edition) == (other, 2)
    assert set(queries.below(other, by)) == {party.branch, group}
    assert [(depth, row.code) for depth, row in queries.tree_of(by)] == [
        (0, "DW01"),
        (1, "DW02"),
        (2, "ZB01"),
        (3, "XZ01"),
    ]


def test_no_circle_and_no_organisation_below_a_lower_one(party) -> None:
    low = party.organisation("DW03", "committee", party.top)
    with pytest.raises(BadInput) as refused:
        party.organisation("DW04", "committee", party.branch)
    assert "不能设在党支部之下" in str(refused.value.fields)
    draft_top = party.organisation("DW05", "committee")
    party.change(low, parent=str(draft_top.pk))
    with pytest.raises(BadInput) as refused:
        party.change(draft_top, parent=str(low.pk))
    assert "自己的下级" in str(refused.value.fields)


def test_what_has_members_or_others_below_is_not_ended(party) -> None:
    party.member(party.quarter.person(1))
    by = party.by(party.secretary)
    with pytest.raises(NotNow, match="还有党员"):
        actions.ask_dissolve(party.branch, by=by, reason="合并")
    with pytest.raises(NotNow, match="下面还有党组织"):
        actions.ask_dissolve(party.top, by=by, reason="合并")
    empty = party.approved("ZB09", "branch", party.top)
    page = party.browser(party.secretary).post(
        f"/party/organisations/{empty.pk}/dissolve/", {"reason": "人员已转出（样例）"}
    )
    assert page.status_code == 302
    person = party.member(party.quarter.person(2), empty)
    with pytest.raises(NotNow, match="还有党员"):
        party.answer(party.waiting(), party.officer)
    registry_actions.remove(site.get("party-members"), person.pk, by=party.by(party.officer), reason="登记有误")
    party.answer(party.waiting(), party.officer)
    empty.refresh_from_db()
    assert (empty.state, empty.ended_on) == ("ended", time.today())
    assert not registry_actions.is_removed(site.get("party-organisations"), empty)
    with pytest.raises(NotNow, match="不能删除"):
        registry_actions.remove(site.get("party-organisations"), empty.pk, by=party.by(party.officer), reason="清理")


def test_one_secretary_at_a_time_named_only_to_the_branch(party) -> None:
    first, second = (party.member(party.quarter.person(n, name)) for n, name in ((1, "林清样"), (2, "顾若样")))
    url = f"/r/party-organisations/{party.branch.pk}/?tab=committee"
    desk = party.browser(party.secretary)
    typed = {"member": first.number, "post": "secretary", "since": "2024-01-01"}
    assert desk.post(url, typed).status_code == 302
    refused = desk.post(url, typed | {"member": second.number})
    assert refused.status_code == 422 and "已有人担任" in refused.content.decode()
    assert "林清样" in desk.get(url).content.decode()
    listed = desk.get("/r/party-organisations/").content.decode()
    assert "林**" in listed and "林清样" not in listed
    office = Office.objects.get()
    assert desk.post(url, {"relieve": str(office.pk)}).status_code == 302
    assert desk.post(url, typed | {"member": second.number}).status_code == 302


def test_the_board_counts_what_the_reader_sees_and_hides_small_numbers(party) -> None:
    with pytest.raises(NotNow, match="须经审批"):
        party.change(party.branch, term_until=str(time.today() + timedelta(days=30)))
    told = party.answer(party.waiting(), party.officer)
    assert told.state == "approved"
    assert jobs.remind() == 0  # no message is in force yet
    load_templates(by=system("测试"))
    assert (jobs.remind(), jobs.remind()) == (1, 0)  # told once, and not again for a month
    told = Outgoing.objects.filter(event="party.term_ends").values_list("user", "object_id")
    assert set(told) == {(party.secretary.pk, party.branch.pk)}
    for n in range(1, 5):
        party.member(party.quarter.person(n))
    board = queries.board(party.by(party.officer))
    assert {code: many for code, _, many in board.kinds} == {"committee": 1, "general": 0, "branch": 1, "group": 0}
    assert [(row.code, left) for row, left in board.ending] == [("ZB01", 30)]
    # two communities of two grids each; one grid has its branch
    assert (board.grids, board.covered, len(board.bare)) == (4, 1, 3)
    assert board.members.shown("", "") == "—"
    page = party.browser(party.officer).get("/party/board/")
    assert page.status_code == 200 and "不满 10 人的不显示" in page.content.decode()
    for n in range(5, 13):
        party.member(party.quarter.person(n))
    assert queries.board(party.by(party.officer)).members.shown("", "") == "12"
    elsewhere = queries.board(party.by(party.other_secretary))
    assert (elsewhere.grids, sum(many for *_, many in elsewhere.kinds)) == (2, 0)


keys = st.integers(0, 12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(keys, st.one_of(st.none(), keys), max_size=12))
def test_a_tree_shows_each_row_once_right_below_its_own(told: dict[int, int | None]) -> None:
    """Whatever is moved: every row stands once, one step below what it belongs to, and what is below is what is inside."""
    parents: dict[object, object | None] = {
        key: above if above is not None and above < key else None for key, above in told.items()
    }
    lines = rules.tree(parents)
    assert sorted(line.id for line in lines) == sorted(parents)
    depths = {line.id: line.depth for line in lines}
    for key, above in parents.items():
        assert depths[key] == (depths[above] + 1 if above in parents else 0)
        inside = rules.everything_below(key, parents)
        assert all(parents[each] in inside for each in inside - {key})
