"""The demo district shows every state a case can be in, and the ways that few cases go (演示数据, 9.1.2-2)."""

import pytest

from hezhi.chapters.cases.handling.flows import CASE

pytestmark = pytest.mark.clause("9.1.2-2")
RARER = {
    "merge", "unmerge", "answer_apart", "split", "void", "pass_down", "whistle", "ask_dispute",
    "rule_dispute", "ask_return", "extend", "hold", "not_accept", "redo",
}  # fmt: skip


def test_a_newcomer_finds_a_case_in_every_state_and_each_of_the_rarer_ways(running_system):
    states = {state for (state,) in running_system.sql("select distinct state from handling_case")}
    assert states == {state.code for state in CASE.states}
    gone = {verb for (verb,) in running_system.sql("select distinct verb from handling_step")}
    assert gone >= RARER


def test_what_is_joined_has_a_main_case_at_work(running_system):
    asked = "select m.state from handling_case c left join handling_case m on m.id = c.merged_into_id where c.state = 'merged'"
    mains = {state for (state,) in running_system.sql(asked)}
    assert mains and not mains & {"closed", "not_accepted", "void", "merged", None}


def test_on_any_day_some_cases_are_at_work_and_within_their_time(running_system):
    asked = "select count(*) from handling_case c where c.state in ('to_sign', 'handling') and c.due_at > now()"
    unwatched = " and not exists (select from supervision_matter m where m.case_id = c.id)"
    assert running_system.sql(asked + unwatched)[0][0] > 0


def test_on_any_day_a_case_of_a_grid_worker_is_at_work_and_followed_by_the_campaign(running_system):
    followed = running_system.sql(
        "select count(*) from supervision_campaign p join supervision_matter m on m.campaign_id = p.id"
        " join handling_case c on c.id = m.case_id where p.title = '网格事件清零专项（示例）' and c.kind = 'grid'"
    )
    assert followed[0][0] > 0
