"""Life cycles are checked before they take effect (流转规则检查)."""

from dataclasses import replace

import pytest

from hezhi.engines.flow.rules.life_cycle import (
    STAY,
    Field,
    Kind,
    LifeCycle,
    State,
    Tell,
    Verb,
    check,
    missing,
    next_verbs,
    role_table,
)
from hezhi.ground.errors import NotNow

STATES = (
    State("to_accept", "待受理", Kind.WAITING, "blue"),
    State("to_supplement", "待补充", Kind.WAITING),
    State("to_dispatch", "待派遣", Kind.WAITING),
    State("to_sign", "待签收", Kind.WAITING),
    State("handling", "处置中", Kind.OPEN),
    State("on_hold", "挂起", Kind.WAITING),
    State("to_review", "待审核", Kind.WAITING),
    State("to_call_back", "待回访", Kind.WAITING),
    State("redo", "重办", Kind.OPEN),
    State("closed", "已办结", Kind.CLOSED),
    State("not_accepted", "不予受理", Kind.CLOSED),
    State("merged", "并入", Kind.CLOSED),
    State("void", "作废", Kind.CLOSED),
)
WORK = ("to_sign", "handling", "to_review")


def verb(code, name, frm, to, who="受理员", **more):
    return Verb(code, name, tuple(frm.split()), to, right=more.pop("right", f"cases.{code}"), who=(who,), **more)


VERBS = (
    verb("accept", "受理", "to_accept", "to_dispatch", limit="total", stops=("accept",)),
    verb("ask_more", "要求补充", "to_accept", "to_supplement", pauses=("accept",), needs_reason=True),
    verb("supplement", "补充", "to_supplement", "to_accept", resumes=("accept",)),
    verb(
        "refuse",
        "不予受理",
        "to_accept to_dispatch",
        "not_accepted",
        approval="cases.approve_refusal",
        needs_reason=True,
    ),
    verb("merge", "并单", "to_accept to_dispatch", "merged"),
    verb("unmerge", "撤销并单", "merged", "to_accept", reopens=True),
    verb(
        "dispatch",
        "派遣",
        "to_dispatch redo",
        "to_sign",
        "派遣员",
        tells=("cases.assigned", Tell("cases.news", "reporter")),
    ),
    verb("work", "办理", " ".join(WORK), "standing_of_orders", "承办经办人", among=(*WORK, "to_call_back")),
    verb("urge", "催办", " ".join(WORK), STAY, "督查员"),
    verb("hold", "挂起", "handling", "on_hold", "承办经办人", approval="cases.approve_hold", guards=("has_reason",)),
    verb("resume", "恢复", "on_hold", "handling", "承办经办人"),
    verb(
        "call_back", "回访", "to_call_back", "closed", "回访员", form=(Field("satisfied", "是否满意", "yesno", True),)
    ),
    verb("redo", "重办", "to_call_back closed", "redo", "回访员", reopens=True),
    verb("void", "作废", "to_accept to_dispatch", "void", approval="cases.approve_void"),
)
CASE = LifeCycle("case", "事件", 1, STATES, VERBS, "to_accept", stages=("accept", "total"))


def codes(cycle, **more) -> list[tuple[str, str]]:
    return [(fault.code, fault.where) for fault in check(cycle, **more)]


def without(*gone: str) -> LifeCycle:
    return replace(CASE, verbs=tuple(one for one in VERBS if one.code not in gone))


def changed(code: str, **more) -> LifeCycle:
    return replace(CASE, verbs=tuple(replace(one, **more) if one.code == code else one for one in VERBS))


def test_the_life_of_a_case_is_sound():
    assert check(CASE) == []
    rights = {one.right for one in VERBS}
    assert check(CASE, rights=rights, rules={"standing_of_orders", "has_reason"}) == []


def test_a_state_that_nothing_leads_to_is_found():
    assert ("unreachable", "on_hold") in codes(without("hold"))


def test_a_state_that_leads_nowhere_is_found_and_named_in_chinese():
    cycle = without("resume")
    assert codes(cycle) == [("dead_end", "on_hold")]
    assert str(check(cycle)[0]) == "状态“挂起”走不到任何终结状态，事项会停在这里。"


def test_two_states_that_only_lead_to_each_other_are_dead_ends():
    states = (*STATES, State("limbo", "搁置", Kind.WAITING))
    verbs = (*VERBS, verb("park", "搁置", "handling", "limbo"), verb("repark", "再搁置", "limbo", STAY))
    assert codes(replace(CASE, states=states, verbs=verbs)) == [("dead_end", "limbo")]


def test_a_life_cycle_without_an_end_is_found():
    states = tuple(replace(state, kind=Kind.WAITING) for state in STATES)
    assert ("no_end", "case") in codes(replace(CASE, states=states))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"right": ""}, "no_right"),
        ({"who": ()}, "no_owner"),
        ({"frm": ()}, "never_possible"),
        ({"frm": ("handling", "handing")}, "undefined_state"),
        ({"to": "somewhere"}, "undefined_state"),
        ({"to": "somewhere", "among": ("elsewhere",)}, "undefined_state"),
        ({"limit": "totl"}, "unknown_stage"),
        ({"form": (Field("text", "说明"), Field("text", "备注"))}, "double_field"),
    ],
)
def test_a_verb_that_is_wrongly_written_is_found(change, fault):
    assert (fault, "urge") in codes(changed("urge", **change))


def test_a_right_and_a_rule_that_nobody_wrote_are_found():
    faults = codes(CASE, rights={one.right for one in VERBS} - {"cases.urge"}, rules=set())
    assert faults == [("unknown_rule", "work"), ("unknown_right", "urge"), ("unknown_rule", "hold")]


def test_two_ways_for_one_verb_from_one_state_are_found():
    twice = replace(CASE, verbs=(*VERBS, verb("accept", "受理", "to_accept", "to_sign")))
    assert codes(twice) == [("double_verb", "accept")]
    elsewhere = replace(CASE, verbs=(*VERBS, verb("accept", "受理", "to_supplement", "to_dispatch")))
    assert codes(elsewhere) == []


def test_a_closed_state_is_only_left_by_a_verb_that_reopens():
    assert codes(changed("unmerge", reopens=False)) == [("closed_is_left", "unmerge")]
    assert codes(replace(CASE, verbs=(*VERBS, verb("note", "备注", "closed", STAY)))) == []


def test_a_state_written_twice_and_an_unknown_start_are_found():
    assert ("double_state", "closed") in codes(replace(CASE, states=(*STATES, STATES[9])))
    assert ("undefined_state", "nowhere") in codes(replace(CASE, start="nowhere"))


def test_a_person_sees_the_verbs_of_the_state_and_of_his_rights():
    names = [one.name for one in next_verbs(CASE, "to_accept", {"cases.accept", "cases.void", "cases.dispatch"})]
    assert names == ["受理", "作废"]
    assert next_verbs(CASE, "void", {one.right for one in VERBS}) == []


def test_a_verb_that_is_not_possible_now_is_refused_with_what_is():
    assert CASE.verb("urge", "handling").name == "催办"
    with pytest.raises(NotNow, match=r"本事件现在是“挂起”，不能受理.*此状态下可以办理：恢复"):
        CASE.verb("accept", "on_hold")
    with pytest.raises(NotNow, match="请刷新后查看最新状态"):
        CASE.verb("accept", "void")


def test_a_verb_or_a_state_that_does_not_exist_is_a_fault_of_the_program():
    for ask in (lambda: CASE.verb("fly", "handling"), lambda: CASE.state("moon")):
        with pytest.raises(KeyError):
            ask()


def test_a_verb_that_needs_a_reason_always_asks_for_it():
    refuse = CASE.verb("refuse", "to_accept")
    assert [field.label for field in refuse.fields] == ["理由"]
    assert missing(refuse, {"reason": "  "}) == {"reason": ["请填写“理由”"]}
    assert missing(refuse, {"reason": "属于已依法处理的事项"}) == {}
    own = replace(refuse, form=(Field("reason", "不予受理的情形", required=True),))
    assert len(own.fields) == 1


def test_a_form_says_what_it_lacks_and_what_is_too_long():
    call = replace(
        CASE.verb("call_back", "to_call_back"),
        form=(Field("satisfied", "是否满意", "yesno", True), Field("words", "原话", max_length=5)),
    )
    assert missing(call, {"words": "说得很长很长"}) == {
        "satisfied": ["请填写“是否满意”"],
        "words": ["“原话”最多 5 字，现为 6 字"],
    }
    assert missing(call, {"satisfied": False, "words": "好"}) == {}


def test_nobody_approves_his_own_request_unless_the_rule_says_so():
    hold = CASE.verb("hold", "handling")
    assert not hold.may_be_approved_by("王敏", "王敏")
    assert hold.may_be_approved_by("李建国", "王敏")
    assert replace(hold, self_approval=True).may_be_approved_by("王敏", "王敏")


def test_messages_have_one_shape_however_they_are_written():
    assert CASE.verb("dispatch", "redo").messages == (Tell("cases.assigned"), Tell("cases.news", "reporter"))


def test_the_role_table_has_a_row_for_each_verb_and_a_column_for_each_role():
    lines = role_table(CASE).splitlines()
    assert lines[0] == "| 动作 | 由状态 | 到状态 | 权限 | 需审批 | 受理员 | 派遣员 | 承办经办人 | 督查员 | 回访员 |"
    assert len(lines) == 2 + len(VERBS)
    assert "| 受理 | 待受理 | 待派遣 | cases.accept |  | ● |  |  |  |  |" in lines
    assert "| 办理 | 待签收、处置中、待审核 | 待签收、处置中、待审核、待回访 | cases.work |  |  |  | ● |  |  |" in lines
    assert "| 催办 | 待签收、处置中、待审核 | 不变 | cases.urge |  |  |  |  | ● |  |" in lines
    assert "| 挂起 | 处置中 | 挂起 | cases.hold | 是 |  |  | ● |  |  |" in lines
