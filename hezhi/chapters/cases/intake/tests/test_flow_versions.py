"""9.1.2-2 flows on screen: a kind's flow is drafted, checked, published; what is under way stays on its version."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from hezhi.chapters.cases.handling import actions
from hezhi.chapters.cases.handling.flows import CASE
from hezhi.chapters.cases.handling.queries import flow_of
from hezhi.chapters.cases.intake.testkit import District, build, case_of
from hezhi.engines.flow import versions
from hezhi.engines.flow.models import FlowVersion
from hezhi.engines.org.models import Role
from hezhi.engines.org.testkit import enter, traced
from hezhi.ground.errors import NotNow

pytestmark = pytest.mark.clause("9.1.2-2")
RIGHTS = {right for verb in CASE.verbs for right in (verb.right, verb.approval) if right}
VERBS = st.sampled_from([verb.code for verb in CASE.verbs])


@given(st.sets(VERBS, max_size=6), st.sets(st.sampled_from([s.code for s in CASE.states]), max_size=3))
def test_what_passes_the_check_can_always_be_ended(off: set[str], states: set[str]) -> None:
    changes = {"verbs": {code: {"off": True} for code in off}, "states_off": sorted(states)}
    cycle = versions.shaped(CASE, changes)
    assert not off & {verb.code for verb in cycle.verbs} and not states & {state.code for state in cycle.states}
    if versions.faults(CASE, changes, RIGHTS):
        return
    reached, waiting = set(), [cycle.start]
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            for verb in cycle.verbs_from(state):
                waiting += [verb.to] if verb.to in {s.code for s in cycle.states} else list(verb.among)
    assert reached == {state.code for state in cycle.states} and "closed" in reached


@pytest.fixture
def district(db: None) -> District:
    district = build()
    traced()
    role = Role.objects.get(code="duty_chief")
    Role.objects.filter(pk=role.pk).update(
        permissions=sorted({*role.permissions, *RIGHTS, "cases.flows", "calendars.edit"})
    )
    versions.forget()
    yield district
    versions.forget()


def sent(**changed: object) -> dict[str, object]:
    """The form as it is opened, with some fields otherwise."""
    told: dict[str, object] = {"states": [s.code for s in CASE.states], "note": "演示"}
    for verb in CASE.verbs:
        told |= {f"{verb.code}.on": "on", f"{verb.code}.name": verb.name, f"{verb.code}.frm": list(verb.frm)}
    told |= {name.replace("__", "."): value for name, value in changed.items()}
    return {name: value for name, value in told.items() if value is not None}


def test_a_draft_is_checked_and_published_and_the_cases_under_way_keep_their_flow(district: District) -> None:
    chief = enter(Client(), district.people["centre.duty_chief"])
    before = district.report(source="grid")
    assert chief.post("/cases/flows/grid/edit/", sent(dispatch__on=None)).status_code == 302
    page = chief.get("/cases/flows/grid/").content.decode()
    assert "检查没有通过" in page and "状态“待签收”没有任何动作能到达" in page and "停用动作“派遣”" in page
    refused = chief.post("/cases/flows/grid/publish/", follow=True).content.decode()
    assert "没有任何动作能到达" in refused and FlowVersion.objects.get().state == "draft"
    good = sent(answer_directly__on=None, accept__name="立案", accept__required=["text"])
    assert chief.post("/cases/flows/grid/edit/", good).status_code == 302
    page = chief.get("/cases/flows/grid/").content.decode()
    assert "停用动作“直接答复”" in page and "动作“受理”改称“立案”" in page and "动作“立案”须填写说明" in page
    assert chief.post("/cases/flows/grid/publish/").status_code == 302
    after, hotline = district.report(source="grid", text="井盖缺失"), district.report()
    assert [flow_of(case_of(each)).version for each in (before, after, hotline)] == [1, 2, 1]
    acceptor = district["centre.acceptor"]
    with pytest.raises(NotNow, match="网格事件的流程里没有「直接答复」"):
        actions.answer_directly(after.id, by=acceptor, reply="您好，已处理。")
    assert actions.answer_directly(before.id, by=acceptor, reply="您好，已处理。").state == "to_call_back"
    desk = enter(Client(), district.people["centre.acceptor"])
    new, old = (desk.get(f"/cases/{each.id}/").content.decode() for each in (after, hotline))
    assert "立案" in new and "直接答复" not in new and "直接答复" in old
    empty = {"category": str(district.categories["0101"].pk), "urgency": "normal", "text": ""}
    answer = desk.post(f"/cases/{after.id}/do/accept/", empty)
    assert answer.status_code == 422 and "请填写说明" in answer.content.decode()
    assert enter(Client(), district.people["light.handler"]).get("/cases/flows/").status_code == 403


def test_a_verb_that_no_role_may_do_is_refused_with_a_sentence(district: District) -> None:
    traced()
    for role in Role.objects.filter(permissions__contains=["cases.merge"]):
        Role.objects.filter(pk=role.pk).update(permissions=[p for p in role.permissions if p != "cases.merge"])
    found = versions.faults(CASE, {}, versions.held_rights())
    assert found == [
        "动作“标记”要求的权限没有任何角色持有，会无人能办。",
        "动作“并单”要求的权限没有任何角色持有，会无人能办。",
        "动作“撤销并单”要求的权限没有任何角色持有，会无人能办。",
    ]


def test_limits_are_tried_out_before_they_bind(district: District) -> None:
    chief = enter(Client(), district.people["centre.duty_chief"])
    asked = {"kind": "hotline", "urgency": "critical", "category": "", "at": "2026-11-26T09:00"}
    page = chief.get("/cases/flows/limits/", asked).content.decode()
    assert "2026-11-26 11:00" in page and "特急事项" in page and "2026-11-26 09:30" in page
