"""The flows on paper are the flows in the code, and a faulty one never starts (9.1.2-2)."""

from dataclasses import replace

import pytest

from hezhi.chapters.cases.handling.flows import CASE, ORDER
from hezhi.engines.flow.rules.life_cycle import State, Verb
from hezhi.wiring import flow_book

pytestmark = pytest.mark.clause("9.1.2-2")


def test_the_document_says_what_the_code_says() -> None:
    assert flow_book.BOOK.read_text(encoding="utf-8") == flow_book.book(), "run: hezhi flows --write"


def test_the_flows_of_the_house_are_declared_and_without_a_fault() -> None:
    assert {cycle.code for cycle in flow_book.declared()} >= {CASE.code, ORDER.code}
    assert flow_book.check_flows() == []


def test_every_state_of_the_flow_is_a_state_of_the_table_and_the_other_way_round() -> None:
    from hezhi.chapters.cases.handling.models import State as CaseState
    from hezhi.engines.flow.models import WorkOrder

    assert {(s.code, s.name) for s in CASE.states} == set(CaseState.choices)
    assert {(s.code, s.name) for s in ORDER.states} == set(WorkOrder.State.choices)


FAULTS = {
    "没有任何动作能到达": replace(CASE, states=(*CASE.states, State("lost", "遗忘"))),
    "没有写明由哪个角色办理": replace(CASE, verbs=(*CASE.verbs, Verb("nod", "点头", ("handling",), "=", right="cases.view"))),
    "没有登记名称": replace(
        CASE, verbs=(*CASE.verbs, Verb("nod", "点头", ("handling",), "=", right="cases.nod", who=("受理员",)))
    ),
    "没有任何初始角色持有": replace(
        CASE, verbs=(*CASE.verbs, Verb("nod", "点头", ("handling",), "=", right="cases.idle", who=("受理员",)))
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_faulty_flow_stops_the_start_with_a_sentence(sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names, holders = flow_book.seed()
    monkeypatch.setattr(flow_book, "declared", lambda: [FAULTS[sentence]])
    monkeypatch.setattr(flow_book, "seed", lambda: (names | {"cases.idle": "闲置"}, holders))
    with pytest.raises(SystemExit, match=sentence):
        flow_book.refuse_faulty_flows()
